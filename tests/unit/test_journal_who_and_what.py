"""Who acts, and which entries belong to a run, a person, a time."""

import os
import pwd
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cockpit.journal.actor import current_actor, shown
from cockpit.journal.query import concerns, select, timeline
from cockpit.models.journal import Actor, Entry

T0 = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ME = pwd.getpwuid(os.geteuid()).pw_name


@pytest.fixture
def unset(tmp_path: Path) -> Path:
    """A kernel that does not know who logged in."""
    path = tmp_path / "loginuid"
    path.write_text("4294967295")
    return path


def test_without_sudo_the_user_is_the_real_user(tmp_path: Path) -> None:
    actor = current_actor({}, tmp_path / "absent")
    assert (actor.user, actor.real_user, actor.ssh_peer) == (ME, ME, None)
    assert shown(actor) == ME


def test_the_kernels_login_uid_beats_the_environment(tmp_path: Path) -> None:
    kernel = tmp_path / "loginuid"
    kernel.write_text("1234567\n")
    actor = current_actor({"SUDO_USER": "mallory"}, kernel)
    assert actor.real_user == "1234567"
    assert shown(actor) == f"{ME} (1234567)"


def test_sudo_names_the_person_behind_root(unset: Path) -> None:
    assert current_actor({"SUDO_USER": "alice", "LOGNAME": "root"}, unset).real_user == "alice"


def test_a_name_from_the_environment_is_made_safe(unset: Path) -> None:
    real = current_actor({"SUDO_USER": "a\x1b]52;c;x\x07b\n" + "c" * 500}, unset).real_user
    assert real.isprintable()
    assert len(real) <= 65


@pytest.mark.parametrize(
    ("env", "peer"),
    [
        ({"SSH_CONNECTION": "192.0.2.7 50000 198.51.100.1 22"}, "192.0.2.7"),
        ({"SSH_CLIENT": "2001:db8::1 50000 22"}, "2001:db8::1"),
        ({"SSH_CONNECTION": "\x1b[31m x"}, None),
        ({"SSH_CONNECTION": " "}, None),
        ({}, None),
    ],
)
def test_the_ssh_peer_is_an_address_or_nothing(env: dict[str, str], peer: str | None, unset: Path) -> None:
    assert current_actor(env, unset).ssh_peer == peer


def test_the_tty_is_that_of_a_standard_stream(unset: Path) -> None:
    master, terminal = os.openpty()
    saved = os.dup(0)
    try:
        os.dup2(terminal, 0)
        assert current_actor({}, unset).tty == os.ttyname(terminal)
    finally:
        os.dup2(saved, 0)
        for fd in (saved, master, terminal):
            os.close(fd)


def entry(seq: int, kind: str = "a.b", user: str = "alice", real: str | None = None, **data: Any) -> Entry:
    actor = Actor(user=user, real_user=real or user)
    return Entry(seq=seq, at=T0 + timedelta(minutes=seq), actor=actor, kind=kind, data=data, prev="", hash="")


ENTRIES = (
    entry(1, "checklist.start", target="run-1", playbook="failed-run"),
    entry(2, "action.planned", user="root", real="bob", plan={"run": "run-1", "run_key": "fs:/r/run-1"}),
    entry(3, "action.started", user="bob", run="run-1", run_key="fs:/other/run-1"),
    entry(4, "incident.declared", runs=["run-1", "run-2"]),
    entry(5, "checklist.tick", target="run-2"),
    entry(6, "actions.other", run=["run-1"], runs="run-1", target=None, plan="run-1"),
)


def seqs(entries: Any) -> list[int]:
    return [each.seq for each in entries]


def test_the_timeline_of_a_run_is_every_entry_that_names_it() -> None:
    assert seqs(timeline(ENTRIES, "run-1")) == [1, 2, 3, 4]
    assert seqs(timeline(ENTRIES, "run-2")) == [4, 5]
    assert seqs(timeline(ENTRIES, "nothing")) == []


def test_a_namesake_under_another_root_is_left_out_when_the_key_is_known() -> None:
    assert seqs(timeline(ENTRIES, "run-1", "fs:/r/run-1")) == [1, 2, 4]


def test_a_part_of_an_id_is_not_the_id() -> None:
    assert not concerns(entry(1, run="run-10"), frozenset({"run-1"}))


def test_selecting_combines_every_condition() -> None:
    assert seqs(select(ENTRIES)) == [1, 2, 3, 4, 5, 6]
    assert seqs(select(ENTRIES, actor="bob")) == [2, 3]
    assert seqs(select(ENTRIES, since=T0 + timedelta(minutes=2), until=T0 + timedelta(minutes=4))) == [2, 3]
    assert seqs(select(ENTRIES, kind="action")) == [2, 3]
    assert seqs(select(ENTRIES, kind="action.started")) == [3]
    assert seqs(select(ENTRIES, run="run-1", actor="alice")) == [1, 4]
    assert seqs(select(ENTRIES, incident="INC-1")) == []
