"""Who is here: shown while they live, gone with their process, and never in anybody's way."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cockpit.clock import Clock
from cockpit.models.journal import Actor
from cockpit.presence import FOLDER, Person, Presence, people, tell_when_gone
from cockpit.presenters.checklist import here_now
from tests.conftest import NOW, REPOSITORY
from tests.samples import HOSTILE, assert_clean
from tests.workshop import until

ALICE = Actor(user="alice", real_user="alice", tty="/dev/pts/1")
ROOT_BOB = Actor(user="root", real_user="bob", ssh_peer="10.0.0.7")
COCKPIT = """
import sys
from pathlib import Path
from cockpit.clock import system_clock
from cockpit.models.journal import Actor
from cockpit.presence import Presence
here = Presence(Path(sys.argv[1]), Actor(user="carol", real_user="carol"), system_clock)
here.show("run-1")
print(here.name, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / ".cockpit"


def names(state: Path) -> list[tuple[str, str]]:
    return sorted((one.who, one.target) for one in people(state))


def test_people_come_move_and_go(state: Path, clock: Clock) -> None:
    assert people(state) == ()
    alice, bob = Presence(state, ALICE, clock), Presence(state, ROOT_BOB, clock)
    alice.show("run-1")
    bob.show("run-1")
    assert names(state) == [("alice", "run-1"), ("root (bob)", "run-1")]
    (other,) = people(state, but=alice.name)
    assert (other.who, other.tty, other.since) == ("root (bob)", None, NOW)
    bob.show("run-2")
    assert names(state) == [("alice", "run-1"), ("root (bob)", "run-2")]
    bob.show(None)
    assert names(state) == [("alice", "run-1")]
    bob.show("run-3")
    alice.leave()
    alice.leave()
    alice.show("run-1")
    assert names(state) == [("root (bob)", "run-3")]
    bob.leave()
    assert list((state / FOLDER).iterdir()) == []


def test_the_same_checklist_is_not_written_again(state: Path, clock: Clock) -> None:
    alice = Presence(state, ALICE, clock)
    alice.show("run-1")
    (path,) = (state / FOLDER).glob("*.json")
    inode = path.stat().st_ino
    alice.show("run-1")
    assert path.stat().st_ino == inode
    alice.leave()


def test_a_cockpit_that_was_killed_is_gone_at_once(state: Path) -> None:
    gone = threading.Event()
    with subprocess.Popen(
        [sys.executable, "-c", COCKPIT, str(state)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=REPOSITORY,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        name = process.stdout.readline().strip()
        assert [one.name for one in people(state)] == [name]
        tell_when_gone(state, name, gone.set)
        assert not gone.is_set()
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert gone.wait(20), "told without looking"
    assert people(state) == ()
    until(lambda: not list((state / FOLDER).iterdir()) or not people(state), "what it left is cleared away")
    assert list((state / FOLDER).iterdir()) == []


def test_one_that_is_gone_before_anybody_waits_is_told_too(state: Path) -> None:
    gone = threading.Event()
    tell_when_gone(state, "1-abc", gone.set)
    assert gone.wait(20)


def test_where_nothing_can_be_written_nothing_fails(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "state").write_text("a file is in the way")
    alice = Presence(tmp_path / "state", ALICE, clock)
    alice.show("run-1")
    alice.show("run-2")
    assert alice.name is None
    assert people(tmp_path / "state") == ()
    alice.leave()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"who": 1, "target": "t"}',
        b'{"who": "", "target": "t"}',
        b'{"who": "a"}',
        b"\xff",
        b"[" * 99,
    ],
)
def test_a_broken_file_shows_nobody(state: Path, clock: Clock, content: bytes) -> None:
    alice = Presence(state, ALICE, clock)
    alice.show("run-1")
    (path,) = (state / FOLDER).glob("*.json")
    path.write_bytes(content)
    assert people(state) == ()
    alice.leave()


def test_what_is_left_over_is_cleared_but_nothing_else(state: Path, clock: Clock) -> None:
    alice = Presence(state, ALICE, clock)
    alice.show("run-1")
    for name in ("9-dead.lock", "9-dead.json", "notes.txt"):
        (state / FOLDER / name).write_text("{}")
    assert [one.who for one in people(state)] == ["alice"]
    assert sorted(path.name for path in (state / FOLDER).iterdir() if "dead" in path.name) == []
    assert (state / FOLDER / "notes.txt").exists()
    assert len(people(state)) == 1
    alice.leave()


def person(who: str, tty: str | None = None) -> Person:
    return Person(name=f"{who}{tty}", who=who, tty=tty, target="t")


def test_who_is_here_in_words() -> None:
    assert here_now([person("bob")]).text == "bob is here"
    assert here_now([person("bob"), person("carol")]).text == "bob and carol are here"
    assert here_now([person("bob", "/dev/pts/1"), person("bob", "/dev/pts/2")]).text == (
        "bob (pts/1) and bob (pts/2) are here"
    )
    assert here_now([person("bob", "/dev/pts/1")], me="bob").text == "bob (pts/1) is here"
    assert here_now([person(name) for name in "abc"]).text == "3 others are here"
    for text in HOSTILE:
        assert_clean(here_now([person(text or "x")]))


def test_the_lock_is_not_inherited(state: Path, clock: Clock) -> None:
    """A job started by a cockpit outlives it; it must not keep it present."""
    alice = Presence(state, ALICE, clock)
    alice.show("run-1")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False) as child:
        assert alice._lock is not None
        assert not os.get_inheritable(alice._lock)
        alice.leave()
        assert people(state) == ()
        child.kill()
