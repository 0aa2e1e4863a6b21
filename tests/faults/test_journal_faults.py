"""The journal under kill -9, several writers and full disks: what was acknowledged is there, nothing else matters."""

import os
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cockpit.clock import Clock
from cockpit.journal.log import REPAIRED, Journal
from cockpit.journal.verify import verify
from cockpit.models.journal import Actor

REPOSITORY = Path(__file__).resolve().parents[2]
ALICE = Actor(user="alice", real_user="alice")

PRELUDE = """
import os, signal, sys
from pathlib import Path
from cockpit.clock import system_clock
from cockpit.journal import anchor, files, log
from cockpit.journal.log import Journal
from cockpit.models.journal import Actor

path, name = Path(sys.argv[1]), sys.argv[2]
journal = Journal(path, Actor(user=name, real_user=name), system_clock, wait_s=60)

def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def journal(tmp_path: Path, clock: Clock) -> Journal:
    return Journal(tmp_path / ".cockpit" / "journal.jsonl", ALICE, clock)


@contextmanager
def writer(code: str, path: Path, name: str = "w") -> Iterator[subprocess.Popen[str]]:
    """A process that runs `code` with a journal at hand; killed at the end if it still runs."""
    with subprocess.Popen(
        [sys.executable, "-c", PRELUDE + textwrap.dedent(code), str(path), name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def run(code: str, path: Path) -> tuple[int, str]:
    with writer(code, path) as process:
        out, _ = process.communicate(timeout=60)
        return process.returncode, out


def test_two_processes_append_200_entries_each_and_lose_none(journal: Journal) -> None:
    code = """
        print("ready", flush=True)
        sys.stdin.readline()
        for number in range(200):
            journal.append("a.b", {"n": number})
    """
    with writer(code, journal.path, "one") as one, writer(code, journal.path, "two") as two:
        for process in (one, two):
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in (one, two):
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        # And a third, in this process, while they write.
        for number in range(50):
            journal.append("a.b", {"n": number})
        assert (one.wait(60), two.wait(60)) == (0, 0)
    entries = list(journal.entries())
    assert Counter(entry.actor.user for entry in entries) == {"one": 200, "two": 200, "alice": 50}
    for name, count in (("one", 200), ("two", 200), ("alice", 50)):
        assert [entry.data["n"] for entry in entries if entry.actor.user == name] == list(range(count))
    assert [entry.seq for entry in entries] == list(range(1, 451))
    assert verify(journal.path).ok


def test_a_forked_child_does_not_share_its_parents_lock(journal: Journal) -> None:
    code = """
        journal.append("a.b", {"n": 0})
        child = os.fork()
        for number in range(100):
            journal.append("a.b", {"n": number})
        if child:
            assert os.waitpid(child, 0)[1] == 0
    """
    assert run(code, journal.path) == (0, "")
    assert len(list(journal.entries())) == 201
    assert verify(journal.path).ok


def test_a_child_forked_inside_the_lock_does_not_keep_it(journal: Journal) -> None:
    code = """
        with files.locked(anchor.lock_path(path), 1):
            child = os.fork()
            if not child:
                # Holds a copy of the lock's descriptor until its parent is done.
                sys.stdin.read()
                os._exit(0)
        print(Journal(path, journal.actor, system_clock, wait_s=0.5).append("a.b").seq, flush=True)
        sys.stdin.close()
    """
    path = journal.path
    path.parent.mkdir()
    with writer(code, path) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "1\n"
        process.stdin.close()
        assert process.wait(30) == 0


KILLS = {
    "before anything is written": "files.write_all = die",
    "in the middle of the line": """
        def half(fd, data, offset):
            os.pwrite(fd, data[:len(data) // 2], offset)
            die()
        files.write_all = half
    """,
    "one byte before its end": """
        def nearly(fd, data, offset):
            os.pwrite(fd, data[:-1], offset)
            die()
        files.write_all = nearly
    """,
    "written but not synced": "os.fsync = die",
    "synced but not anchored": "anchor.store = die",
    "in the middle of the anchor": """
        real = files.write_all
        def half_anchor(fd, data, offset):
            if data.startswith(b'{"hash"'):
                os.pwrite(fd, data[:20], offset)
                die()
            real(fd, data, offset)
        files.write_all = half_anchor
    """,
}


@pytest.mark.parametrize("where", KILLS)
def test_kill_9_in_the_middle_of_an_append(journal: Journal, where: str) -> None:
    acknowledged = journal.append("a.b", {"n": 1})
    code = textwrap.dedent(KILLS[where]) + '\njournal.append("a.b", {"n": 2})\nprint("acknowledged")\n'
    assert run(code, journal.path) == (-signal.SIGKILL, "")
    assert next(iter(journal.entries())) == acknowledged
    torn = journal.path.read_bytes().rpartition(b"\n")[2]
    assert verify(journal.path).ok
    after = journal.append("a.b", {"n": 3})
    entries = list(journal.entries())
    assert (entries[0], entries[-1]) == (acknowledged, after)
    assert (REPAIRED in [entry.kind for entry in entries]) == bool(torn)
    assert verify(journal.path).ok
    if torn:
        assert [path.read_bytes() for path in journal.path.parent.glob("*.torn-*")] == [torn]


REPAIR_KILLS = {
    "before the torn bytes are saved": "files.keep_aside = die",
    "while they are saved": """
        def half(fd, data, offset):
            os.pwrite(fd, data[:len(data) // 2], offset)
            die()
        files.write_all = half
    """,
    "saved, nothing written yet": "log._commit = die",
    "half of the repair written over them": """
        def partly(fd, end, blob):
            os.pwrite(fd, blob[:len(blob) // 4], end.offset)
            die()
        log._commit = partly
    """,
    "the repair written, the entry not": """
        def partly(fd, end, blob):
            os.pwrite(fd, blob[:blob.index(b"\\n") + 1], end.offset)
            die()
        log._commit = partly
    """,
    "everything written, the rest not cut off": "os.ftruncate = die",
}


@pytest.mark.parametrize("size", [40, 4000], ids=["short", "long"])
@pytest.mark.parametrize("where", REPAIR_KILLS)
def test_kill_9_in_the_middle_of_a_repair_never_loses_the_torn_bytes(journal: Journal, where: str, size: int) -> None:
    acknowledged = journal.append("a.b", {"n": 1})
    torn = (b"torn bytes " * 1000)[:size]
    with journal.path.open("ab") as file:
        file.write(torn)
    code = textwrap.dedent(REPAIR_KILLS[where]) + '\njournal.append("a.b", {"n": 2})\nprint("acknowledged")\n'
    assert run(code, journal.path) == (-signal.SIGKILL, "")
    kept = [path.read_bytes() for path in journal.path.parent.glob("*.torn-*")]
    assert torn in kept or journal.path.read_bytes().endswith(torn)

    after = journal.append("a.b", {"n": 3})
    entries = list(journal.entries())
    assert (entries[0], entries[-1]) == (acknowledged, after)
    assert verify(journal.path).ok
    repairs = [entry.data for entry in entries if entry.kind == REPAIRED]
    recorded = [name for data in repairs for name in (data["file"], *data["earlier"])]
    assert torn in [journal.path.with_name(name).read_bytes() for name in recorded]
    assert journal.path.read_bytes().endswith(b"\n")


def test_kill_9_at_any_moment_keeps_every_acknowledged_entry(journal: Journal) -> None:
    code = """
        number = 0
        while True:
            print(journal.append("a.b", {"n": number, "text": "x" * 3000}).hash, flush=True)
            number += 1
    """
    acknowledged: list[str] = []
    for count in (1, 3, 7, 12, 20):
        with writer(code, journal.path) as process:
            assert process.stdout is not None
            acknowledged += [process.stdout.readline().strip() for _ in range(count)]
            process.kill()
            acknowledged += [line.strip() for line in process.stdout if line.endswith("\n")]
    journal.append("a.b")
    hashes = [entry.hash for entry in journal.entries()]
    assert len(acknowledged) >= 43
    assert [each for each in hashes if each in set(acknowledged)] == acknowledged
    assert verify(journal.path).ok


FILL = """
    from cockpit.journal.files import JournalError
    written = 0
    try:
        for number in range(10_000):
            journal.append("a.b", {"n": number, "text": "x" * 3000})
            written += 1
    except JournalError as error:
        print(error)
        size = path.stat().st_size
        try:
            journal.append("a.b", {"text": "x" * 3000})
        except JournalError:
            pass
        else:
            raise SystemExit("the disk is not full")
        assert path.stat().st_size == size
    from cockpit.journal.verify import verify
    print(written, verify(path).entries, verify(path).ok, verify(path).torn)
"""


def test_a_file_size_limit_leaves_only_whole_entries(journal: Journal) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
    code, out = run(limit + textwrap.dedent(FILL), journal.path)
    assert code == 0
    message, counts = out.splitlines()
    assert str(journal.path) in message
    assert "nothing was recorded" in message
    written = len(list(journal.entries()))
    assert counts == f"{written} {written} True 0"
    assert 20 < written < 40
    assert journal.append("a.b").seq == written + 1


def test_a_full_disk_leaves_only_whole_entries(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    # In a mount namespace of its own: nothing stays mounted, whatever happens.
    mount = [
        "unshare",
        "-m",
        "sh",
        "-c",
        'mount -t tmpfs -o size=128k none "$1" && shift && exec "$@"',
        "sh",
        str(small),
    ]
    try:
        probe = subprocess.run([*mount, "true"], capture_output=True, check=False, timeout=30)
    except FileNotFoundError:
        pytest.skip("no unshare(1) on this host")
    if probe.returncode != 0:
        pytest.skip("this user may not mount a small file system")
    done = subprocess.run(
        [*mount, sys.executable, "-c", PRELUDE + textwrap.dedent(FILL), str(small / "state" / "journal.jsonl"), "w"],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    message, counts = done.stdout.splitlines()
    assert "No space left on device" in message
    written, proven, ok, torn = counts.split()
    assert (written, ok, torn) == (proven, "True", "0")
    assert int(written) > 10
