"""What `doctor` says of the record: who is sent where, whether it is sound, and whether its disk keeps it."""

import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from cockpit import health, locations
from cockpit.actions.supervisor import SUPERVISOR
from cockpit.clock import Clock
from cockpit.health import Finding
from cockpit.journal.log import Journal
from cockpit.models.journal import Actor
from cockpit.runtime.inotify import Usage, directories, usage
from tests.faults.test_archive import small_disk
from tests.unit.test_archive import open_folder
from tests.workshop import Workshop, gone, until

__all__ = ["open_folder", "small_disk"]

REPOSITORY = Path(__file__).resolve().parents[2]
NOBODY = 65534
ADA = Actor(user="ada", real_user="ada")
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")


def worst(findings: list[Finding]) -> bool | None:
    """False where anything is bad, `None` where anything is told, else true."""
    marks = [each.ok for each in findings]
    return False if False in marks else None if None in marks else True


def told(findings: list[Finding]) -> str:
    return "\n".join(each.told for each in findings)


# Where the record is kept.

AS_NOBODY = """
import json, os, sys
from pathlib import Path
from cockpit import health, locations
os.environ["HOME"], os.environ["XDG_STATE_HOME"] = sys.argv[2], sys.argv[2]
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
root = Path(sys.argv[1])
state = locations.state_dir(root)
print(json.dumps([str(state), [[each.name, each.ok, each.told] for each in health.place(root, state, chosen=False)]]))
"""


def as_nobody(root: Path, home: Path) -> tuple[Path, list[Finding]]:
    """Where an ordinary user's record of a root goes, and what is said about that."""
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, str(root), str(home)], check=False, capture_output=True, text=True,
        cwd=REPOSITORY, env=os.environ | {"PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    if done.returncode and "Operation not permitted" in done.stderr:
        pytest.skip("this root may not become somebody else")
    assert done.returncode == 0, done.stderr
    state, findings = json.loads(done.stdout)
    return Path(state), [Finding(*each) for each in findings]


@pytest.fixture
def root(open_folder: Path) -> Path:
    """A root that an ordinary user owns, and a home for them beside it."""
    root = open_folder / "runs"
    root.mkdir()
    (open_folder / "home").mkdir()
    if os.geteuid() == 0:
        for path in (root, open_folder / "home"):
            os.chown(path, NOBODY, NOBODY)
    return root


@root_only
def test_a_record_that_root_made_for_itself_is_told_to_root_and_to_who_is_sent_away(
    root: Path, open_folder: Path, clock: Clock
) -> None:
    Journal(root / ".cockpit" / "journal.jsonl", ADA, clock).append("note", {})
    state, findings = as_nobody(root, open_folder / "home")
    assert state != root / ".cockpit"
    assert worst(findings) is False
    assert f"{root / '.cockpit'} belongs to root and is closed to you" in told(findings)
    assert str(state) in told(findings)
    mine = health.place(root, root / ".cockpit", chosen=False)
    assert worst(mine) is False
    assert "belongs to root alone" in told(mine)
    assert f"chown -R --reference={root}" in told(mine)
    # What it says helps.
    subprocess.run(["chown", "-R", f"--reference={root}", root / ".cockpit"], check=True)
    assert worst(health.place(root, root / ".cockpit", chosen=False)) is True
    state, findings = as_nobody(root, open_folder / "home")
    assert state == root / ".cockpit"
    assert worst(findings) is True


@root_only
def test_root_is_warned_before_it_makes_a_record_of_its_own(root: Path, open_folder: Path) -> None:
    findings = health.place(root, root / ".cockpit", chosen=False)
    assert worst(findings) is None
    assert "made by root" in told(findings)
    root.chmod(0o2775)
    assert worst(health.place(root, root / ".cockpit", chosen=False)) is True
    assert worst(health.place(root, open_folder / "chosen", chosen=True)) is True


@root_only
def test_a_root_that_is_closed_to_the_user_keeps_a_record_apart(root: Path, open_folder: Path) -> None:
    os.chown(root, 0, 0)
    root.chmod(0o755)
    state, findings = as_nobody(root, open_folder / "home")
    assert worst(findings) is None
    assert f"{root} cannot be written" in told(findings)
    assert str(state) in told(findings)


@root_only
def test_a_journal_that_is_closed_inside_an_open_directory_is_bad(root: Path, open_folder: Path, clock: Clock) -> None:
    Journal(root / ".cockpit" / "journal.jsonl", ADA, clock).append("note", {})
    os.chown(root / ".cockpit", NOBODY, NOBODY)
    state, findings = as_nobody(root, open_folder / "home")
    assert state == root / ".cockpit"
    assert worst(findings) is False
    assert "journal.jsonl belongs to root and is closed to you: nothing you do can be recorded" in told(findings)


def test_a_record_of_before_is_remembered(tmp_path: Path) -> None:
    own = locations.user_state_dir() / "roots" / locations.root_slug(tmp_path) / "journal.jsonl"
    own.parent.mkdir(parents=True)
    own.touch()
    (tmp_path / ".cockpit").mkdir()
    findings = health.place(tmp_path, tmp_path / ".cockpit", chosen=False)
    assert str(own) in told(findings)
    assert str(own) not in told(health.place(tmp_path, tmp_path / ".cockpit", chosen=True))


# Whether it is sound.


def test_the_chain_is_told(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "journal.jsonl"
    for _ in range(3):
        Journal(path, ADA, clock).append("note", {})
    assert health.chain(path) == Finding("record", True, "3 entries, the chain holds")
    with path.open("ab") as file:
        file.write(b"torn")
    assert health.chain(path).ok is None
    assert "4 bytes after the last entry" in health.chain(path).told
    path.with_name("journal.jsonl.lock").unlink()
    assert "anchor is missing" in health.chain(path).told
    path.write_bytes(path.read_bytes().replace(b'"seq":2', b'"seq":7'))
    broken = health.chain(path)
    assert broken.ok is False
    assert "broken at line 2" in broken.told


def test_lost_jobs_are_told_and_their_orphans_are_bad(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    assert health.lost_jobs(shop.state) == []
    job = shop.sh("echo up; exec sleep 600")
    until(lambda: shop.output(job) == b"up\n", "the command runs")
    facts = json.loads((shop.dir(job) / SUPERVISOR).read_text())
    os.kill(facts["pid"], signal.SIGKILL)
    until(lambda: gone(facts["pid"]), "its supervisor is gone")
    (found,) = health.lost_jobs(shop.state)
    assert found.ok is False
    assert f"{job.id} (retry of run-1): process {facts['child']}" in found.told
    psutil.Process(facts["child"]).kill()
    until(lambda: gone(facts["child"]), "its command, too")
    (found,) = health.lost_jobs(shop.state)
    assert found.ok is None
    assert job.id in found.told


# Whether the disk keeps it.


@pytest.mark.parametrize(
    ("kind", "ok", "word"),
    [
        ("ext4", True, "ext4"),
        ("nfs4", None, "server"),
        ("fuse.sshfs", None, "server"),
        ("tmpfs", None, "in memory"),
        ("vfat", False, "neither owners nor modes"),
    ],
)
def test_filesystems_are_judged_by_what_they_keep(tmp_path: Path, kind: str, ok: bool | None, word: str) -> None:
    found = health.disk(tmp_path, f"1 0 8:1 / / rw - {kind} /dev/x rw\n".encode())
    assert found.ok is ok
    assert word in found.told


def test_a_filesystem_without_locks_is_bad(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    Journal(tmp_path / "journal.jsonl", ADA, clock).append("note", {})
    mountinfo = b"1 0 8:1 / / rw - nfs /dev/x rw\n"
    assert health.disk(tmp_path, mountinfo).ok is None

    def refuse(_fd: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    found = health.disk(tmp_path, mountinfo)
    assert found.ok is False
    assert "no file locks" in found.told


def test_little_room_is_bad(tmp_path: Path, small_disk: Path) -> None:
    found = health.room(small_disk / "not" / "there" / "yet")
    assert found.ok is False
    assert "1 MB free" in found.told
    assert health.room(tmp_path).name == "room"


def test_few_inodes_are_bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.statvfs(tmp_path)
    fields = {name: getattr(real, name) for name in dir(real) if name.startswith("f_")}
    fake = type("Facts", (), fields | {"f_bavail": 10**9, "f_frsize": 4096, "f_files": 10**6, "f_favail": 12})
    monkeypatch.setattr(os, "statvfs", lambda _path: fake)
    found = health.room(tmp_path)
    assert (found.ok, found.told.partition(" ")[0]) == (False, "12")


# Whether changes are noticed.


@pytest.mark.parametrize(
    ("used", "ok", "word"),
    [
        (Usage(0, 0, 100_000, 128), True, "12 watches needed, 100,000 granted"),
        (Usage(99_990, 1, 100_000, 128), False, "too few"),
        (Usage(0, 128, 100_000, 128), False, "instances are in use"),
        (Usage(0, 0, 20, 128), None, "only their active runs are watched"),
        (Usage(0, 0, None, None), None, "again and again"),
    ],
)
def test_watches_are_counted_against_what_is_needed(tmp_path: Path, used: Usage, ok: bool | None, word: str) -> None:
    for number in range(11):
        (tmp_path / str(number)).mkdir()
    found = health.watches([tmp_path], used)
    assert found.ok is ok
    assert word in found.told


def test_directories_are_counted_up_to_a_limit_and_links_are_none(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "up").symlink_to("..")
    (tmp_path / "file").touch()
    assert directories(tmp_path, 3) == 3
    assert directories(tmp_path, 2) is None
    assert directories(tmp_path / "nothing", 5) == 1


def test_what_is_in_use_is_read_from_the_kernel_as_it_tells_it(tmp_path: Path) -> None:
    proc, limits = tmp_path / "proc", tmp_path / "limits"
    (proc / "12" / "fd").mkdir(parents=True)
    (proc / "12" / "fdinfo").mkdir()
    (proc / "13").mkdir()
    limits.mkdir()
    for fd, target in {"3": "anon_inode:inotify", "4": "/etc/hosts", "5": "anon_inode:inotify"}.items():
        (proc / "12" / "fd" / fd).symlink_to(target)
        (proc / "12" / "fdinfo" / fd).write_text("pos:\t0\ninotify wd:1 ino:2\ninotify wd:2 ino:3\n")
    (limits / "max_user_watches").write_text("77\n")
    (limits / "max_user_instances").write_text("junk")
    assert usage(proc.stat().st_uid, proc, limits) == Usage(4, 2, 77, None)
    assert usage(4242, proc, limits).watches == 0
    assert usage(1, tmp_path / "no", tmp_path / "no") == Usage()
