"""The baseline of reading: plain Python over the same files. Usage: plain.py read|stat|fold PATH."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path


def files(root: str) -> Iterator[os.DirEntry[str]]:
    """Every file under a directory."""
    pending = [root]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                else:
                    yield entry


def read(root: str) -> int:
    """Read every file, parse JSON and JSONL; how many documents there were."""
    count = 0
    for entry in files(root):
        data = Path(entry.path).read_bytes()
        if entry.name.endswith(".jsonl"):
            count += sum(1 for line in data.splitlines() if json.loads(line) is not None)
        elif entry.name.endswith(".json"):
            count += json.loads(data) is not None
    return count


def stat(root: str) -> int:
    """Stat every file; how many there were."""
    return sum(entry.stat(follow_symlinks=False).st_size >= 0 for entry in files(root))


def fold(path: str) -> int:
    """Parse every line of a JSONL file; how many there were."""
    with Path(path).open("rb") as stream:
        return sum(1 for line in stream if json.loads(line) is not None)


def main(words: list[str]) -> int:
    """Run one baseline."""
    done = {"read": read, "stat": stat, "fold": fold}[words[0]](words[1])
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
