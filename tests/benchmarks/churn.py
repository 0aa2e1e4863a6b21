"""Rewrites files of many runs at a steady rate until its input is closed. Usage: churn.py RUNS PER_SECOND.

Prints `ready` when it has begun, and the rate it kept when it ends.
"""

import contextlib
import itertools
import sys
import threading
import time
from pathlib import Path


def main(runs: Path, rate: float) -> int:
    """Rewrite receipts in place, in turn, until standard input is closed."""
    receipts = list(itertools.islice(runs.glob("run-*/build/receipts/*.json"), 5_000))
    texts = [path.read_bytes() for path in receipts]
    stop = threading.Event()
    threading.Thread(target=_wait_for_end, args=(stop,), daemon=True).start()
    print("ready", flush=True)  # noqa: T201
    started, done = time.perf_counter(), 0
    while not stop.is_set():
        due = int((time.perf_counter() - started) * rate)
        for number in range(done, due):
            receipts[number % len(receipts)].write_bytes(texts[number % len(texts)])
        done = due
        stop.wait(0.01)
    with contextlib.suppress(BrokenPipeError):
        print(round(done / (time.perf_counter() - started), 1), flush=True)  # noqa: T201
    return 0


def _wait_for_end(stop: threading.Event) -> None:
    sys.stdin.read()
    stop.set()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), float(sys.argv[2])))
