"""`audit` and `audit verify`: who did what, found by any of its sides, and whether the record still stands."""

import json
import os
import re
from pathlib import Path

import pytest

from cockpit.clock import fixed_clock
from cockpit.errors import ExitCode
from cockpit.journal.log import Journal
from cockpit.models.journal import Actor
from tests.builders import START
from tests.cli.conftest import DONE, FAILED, Cli
from tests.samples import FORBIDDEN

ADA = Actor(user="root", real_user="ada", tty="/dev/pts/3", ssh_peer="192.0.2.7")
BOB = Actor(user="bob", real_user="bob", tty="/dev/pts/4")


@pytest.fixture
def journal(root: Path) -> Path:
    """A record of two people, their actions and refusals."""
    path = root / ".cockpit" / "journal.jsonl"
    ada, bob = (Journal(path, actor, fixed_clock(START)) for actor in (ADA, BOB))
    about = {"action": "retry", "run": FAILED, "plan": "abcdef0123456789" * 4}
    ada.append("action.started", {**about, "argv": ["make", "x"], "job": "j1"})
    ada.append("action.ended", {**about, "state": "failed", "outcome": "exit 2 after 1.0 s", "job": "j1"})
    bob.append("action.refused", {"action": "archive", "run": DONE, "reason": "read-only: why"})
    bob.append("checklist.tick", {"target": FAILED, "item": "failed-run/receipt", "text": "look"})
    ada.append("checklist.untick", {"target": FAILED, "item": "failed-run/receipt", "text": "look", "undoes": 4})
    return path


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ([], [1, 2, 3, 4, 5]),
        (["--actor", "ada"], [1, 2, 5]),
        (["--actor", "root"], [1, 2, 5]),
        (["--actor", "nobody"], []),
        (["--action", "retry"], [1, 2]),
        (["--action", "archive"], [3]),
        (["--action", "retr"], []),
        (["--kind", "action.refused"], [3]),
        (["--kind", "checklist"], [4, 5]),
        (["--kind", "action"], [1, 2, 3]),
        (["--kind", "act"], []),
        (["--run", FAILED], [1, 2, 4, 5]),
        (["--run", FAILED, "--kind", "action", "--actor", "ada"], [1, 2]),
        (["--since", "2026-11-21T04:00:00Z"], [1, 2, 3, 4, 5]),
        (["--since", "2026-11-21T04:00:01Z"], []),
        (["--since", "1m"], [1, 2, 3, 4, 5]),
        (["--since", "59s"], []),
    ],
)
def test_events_are_found_by_any_of_their_sides(cli: Cli, journal: Path, filters: list[str], found: list[int]) -> None:
    assert journal.exists()
    assert [entry["seq"] for entry in cli("audit", "--json", *filters).ok().json] == found


def test_a_line_tells_who_from_where_what_with_which_plan_and_result(cli: Cli, journal: Path) -> None:
    assert journal.exists()
    heading, *lines = cli("audit").ok().out.splitlines()
    assert heading.split() == ["#", "AT", "WHO", "FROM", "WHAT", "RUN", "DETAILS"]
    for text in ("ada as root", "192.0.2.7", "action.ended", FAILED, "exit 2 after 1.0 s", "plan abcdef012345"):
        assert text in lines[1]
    assert "pts/4" in lines[2]
    assert "read-only: why" in lines[2]
    assert "undoes #4" in lines[4]


def test_columns_in_which_nothing_stands_are_left_out(cli: Cli, root: Path) -> None:
    Journal(root / ".cockpit" / "journal.jsonl", Actor(user="x", real_user="x"), fixed_clock(START)).append("note", {})
    assert cli("audit").ok().out.splitlines()[0].split() == ["#", "AT", "WHO", "WHAT"]


def test_hostile_text_in_the_record_is_shown_clean(cli: Cli, root: Path) -> None:
    nasty = "\x1b]52;c;aGk=\x07[red]x[/]\x9b31m\u202e"
    actor = Actor(user=nasty, real_user=nasty, tty=nasty, ssh_peer=nasty)
    journal = Journal(root / ".cockpit" / "journal.jsonl", actor, fixed_clock(START))
    journal.append("action.started", {"action": nasty, "run": nasty, "plan": nasty, "reason": nasty, "undoes": nasty})
    journal.append("action.started", {"action": 5, "run": ["x"], "plan": {"a": 1}, "undoes": True})
    printed = cli("audit").ok()
    assert not FORBIDDEN.search(printed.out.replace("\n", ""))
    assert cli("audit", "--json").ok().json[0]["data"]["run"] == nasty


def test_a_sound_chain_is_proven(cli: Cli, journal: Path) -> None:
    (proof,) = cli("audit", "verify", "--json").ok().json
    last = json.loads(journal.read_bytes().splitlines()[-1])
    assert proof == {
        "path": str(journal), "ok": True, "entries": 5, "line": None, "reason": None, "torn": 0, "note": None,
        "head": last["hash"],
    }  # fmt: skip
    assert cli("audit", "verify").ok().out == f"{journal}: 5 entries, ok\n"


@pytest.mark.parametrize("line", [1, 3, 5])
def test_a_changed_line_is_named_with_exit_4(cli: Cli, journal: Path, line: int) -> None:
    lines = journal.read_bytes().splitlines(keepends=True)
    lines[line - 1] = lines[line - 1].replace(b'"bob"', b'"eve"').replace(b'"ada"', b'"eve"')
    journal.write_bytes(b"".join(lines))
    broken = cli("audit", "verify")
    assert broken.code == ExitCode.AUDIT
    assert f"BROKEN at line {line}: changed after it was written" in broken.out
    (proof,) = cli("audit", "verify", "--json").json
    assert (proof["ok"], proof["line"], proof["entries"]) == (False, line, line - 1)


def test_a_torn_last_line_is_told_then_set_aside_and_recorded(cli: Cli, journal: Path) -> None:
    with journal.open("ab") as file:
        file.write(b'{"actor":{"rea')
    told = cli("audit", "verify").ok()
    assert "14 bytes after the last entry" in told.err
    assert cli("audit", "verify", "--json").ok().json[0]["torn"] == 14
    assert len(cli("audit", "--json").ok().json) == 5
    cli("retry", FAILED, "--read-only")
    repaired = cli("audit", "--json", "--kind", "journal").ok().json
    assert [entry["kind"] for entry in repaired] == ["journal.repaired"]
    assert (journal.parent / repaired[0]["data"]["file"]).read_bytes() == b'{"actor":{"rea'
    assert cli("audit", "verify").ok().err == ""


def test_a_missing_anchor_is_told(cli: Cli, journal: Path) -> None:
    journal.with_name("journal.jsonl.lock").write_bytes(b"\0" * 20)
    told = cli("audit", "verify").ok()
    assert "anchor is missing or torn" in told.err
    assert cli("audit", "verify", "--json").ok().json[0]["note"]


def test_doctor_tells_of_a_broken_chain_and_of_the_state_of_its_disk(cli: Cli, journal: Path) -> None:
    names = {each["name"]: each["ok"] for each in cli("doctor", "--json").json}
    assert names["record"] is True
    assert {"state", "disk", "room", "inotify"} <= set(names)
    journal.write_bytes(journal.read_bytes().replace(b'"bob"', b'"eve"', 1))
    doctor = cli("doctor")
    assert doctor.code == 1
    assert "broken at line 3" in doctor.out


def test_whatever_is_done_to_a_run_is_on_record_with_actor_plan_and_result(
    cli: Cli, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.7 50000 198.51.100.1 22")
    cli("retry", FAILED, "--yes").ok()
    os.mkfifo(root.parent / "gate")
    job = cli("retry", FAILED, "--step", "branch", "--yes", "--no-wait", "--json").ok().json["id"]
    cli("jobs", job, "--cancel").ok()
    assert cli("retry", FAILED, "--yes", "--plan", "0" * 64).code == ExitCode.MOVED
    cli("archive", DONE, "--yes", "--remove").ok()
    cli("undo", "--yes").ok()
    events = sorted(cli("audit", "--json").ok().json, key=lambda each: int(each["seq"]))
    told = [(each["kind"].partition(".")[2], each["data"]["action"]) for each in events]
    start = ("planned", "confirmed", "started")
    assert told == [
        *((kind, "retry") for kind in (*start, "ended")),
        *((kind, "retry") for kind in (*start, "cancelled", "ended")),
        ("refused", "retry"),
        *((kind, "archive") for kind in (*start, "ended")),
        *((kind, "restore") for kind in (*start, "ended")),
    ]  # fmt: skip
    for each in events:
        assert re.fullmatch("[0-9a-f]{64}", each["data"]["plan"]), each
        assert each["actor"]["ssh_peer"] == "192.0.2.7"
        assert each["actor"]["user"]
        assert each["actor"]["real_user"]
    ends = [each["data"] for each in events if each["kind"] == "action.ended"]
    assert [end["state"] for end in ends] == ["succeeded", "cancelled", "succeeded", "succeeded"]
    assert all(end["outcome"] for end in ends)
    assert len({each["data"]["plan"] for each in events if each["data"]["action"] == "archive"}) == 1
    archived = [each for each in events if each["data"]["action"] == "archive" and each["kind"] == "action.started"]
    undo = [each for each in events if each["data"]["action"] == "restore" and each["kind"] != "action.ended"]
    assert {each["data"]["undoes"] for each in undo} == {archived[0]["seq"]}
    cli("audit", "verify").ok()
