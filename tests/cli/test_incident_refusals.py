"""What incidents refuse on the command line: clearly, with exit code 2, and with nothing recorded."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import FAILED, Cli, program

INC = "inc-20261121-01"
DECLARE = ("incident", "declare", "--title", "t")


def journal(root: Path) -> list[dict[str, object]]:
    path = root / ".cockpit" / "journal.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (DECLARE, "a severity is needed"),
        ((*DECLARE, "--answers", "y"), "answer 2 is missing: Is data lost or security compromised?"),
        ((*DECLARE, "--answers", "yny"), "too many"),
        ((*DECLARE, "--answers", "yn", "--severity", "SEV1"), "not both"),
        ((*DECLARE, "--severity", "P9"), "no severity 'P9'"),
        ((*DECLARE, "--severity", "P1", "--run", "nope"), "no run 'nope'"),
        ((*DECLARE, "--severity", "P1", "--playbook", "nope"), "no playbook 'nope'"),
        ((*DECLARE, "--severity", "P1", "--detected-at", "tomorrow"), "write an ISO time"),
        ((*DECLARE, "--severity", "P1", "--finding", "x"), "name the run with --run"),
        ((*DECLARE, "--severity", "P1", "--run", FAILED, "--finding", "x"), "has no finding 'x'; it has: "),
        (("incident", "show", "inc-20261121-09"), "no incident 'inc-20261121-09'; none was declared"),
        (("gate", "nope"), "no incident 'nope'"),
    ],
)
def test_nothing_is_declared_that_is_not_clear(cli: Cli, root: Path, arguments: tuple[str, ...], message: str) -> None:
    refused = cli(*arguments)
    assert (refused.code, refused.out) == (2, "")
    assert message in refused.err
    assert journal(root) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("phase", INC, "nope"), "no phase 'nope'"),
        (("phase", INC, "detect"), "in phase detect already"),
        (("severity", INC, "SEV2", "--reason", "x"), "is SEV2 already"),
        (("severity", INC, "--reason", "x"), "a severity is needed"),
        (("note", INC, " "), "a note is needed"),
        (("note", INC, "x", "--at", "2027-01-01"), "still to come"),
        (("pin", INC, "../x"), "not a path below the root"),
        (("pin", INC, "/etc/hostname"), "not below"),
        (("pin", INC, "nope.json"), "no such file"),
        (("pin", INC, f"{FAILED}/meta.json:99999"), "has no line 99999"),
        (("task", INC, "x"), "--owner, --due, --verify missing"),
        (("task", INC, "x", "--owner", "a", "--due", "2020-01-01", "--verify", "v"), "is over"),
        (("task", INC, "two", "words"), "the text as one word"),
        (("task", "done", INC), "task done INC ID"),
        (("task", "done", INC, "t1"), "no task 't1'"),
        (("role", INC, "boss", "me"), "no role 'boss'"),
        (("role", INC, "scribe", "me", "--leave"), "is not scribe"),
        (("escalate", INC, "L9", "--reason", "x"), "no level 'L9'"),
        (("escalate", INC, "L2"), "needs its --reason"),
        (("escalate", INC, "--answered", "e1"), "waits for an answer"),
        (("section", INC, "nope", "x"), "no section 'nope'"),
        (("section", INC, "summary"), "what does it say?"),
        (("describe", INC), "nothing was said"),
        (("reopen", INC), "is open"),
        (("update", INC, "x", "--next", "yesterday"), "write an ISO time"),
    ],
)
def test_what_makes_no_sense_is_refused(cli: Cli, root: Path, arguments: tuple[str, ...], message: str) -> None:
    cli(*DECLARE, "--severity", "SEV2").ok()
    before = journal(root)
    refused = cli("incident", *arguments)
    assert refused.code in (1, 2)
    assert message in refused.err
    assert journal(root) == before


def test_an_open_incident_keeps_its_run_to_itself(cli: Cli, root: Path) -> None:
    assert root.is_dir()
    cli(*DECLARE, "--severity", "SEV2", "--run", FAILED).ok()
    refused = cli(*DECLARE, "--severity", "SEV2", "--run", FAILED)
    assert refused.code == 2
    assert f"belongs to the open incident {INC} already" in refused.err
    cli(*DECLARE, "--severity", "SEV2", "--run", FAILED, "--again").ok()


def test_an_override_says_why_and_is_on_record(cli: Cli, root: Path) -> None:
    cli(*DECLARE, "--severity", "SEV2").ok()
    assert cli("incident", "close", INC, "--override", " ").code == 3
    closed = cli("incident", "close", INC, "--override", "false alarm", "--json").ok().json
    (change,) = closed["phases"]
    assert change["override"] == "false alarm"
    assert len(change["missing"]) > 10
    last = journal(root)[-1]
    assert (last["kind"], last["incident"]) == ("incident.closed", INC)
    data = last["data"]
    assert isinstance(data, dict)
    assert data["override"] == "false alarm"


WRITES = [
    (*DECLARE, "--severity", "SEV2", "--run", FAILED), ("incident", "phase", INC, "contain"),
    ("incident", "note", INC, "x"), ("incident", "pin", INC, f"{FAILED}/meta.json"), ("incident", "close", INC),
    ("incident", "attach", INC, FAILED), ("incident", "task", INC, "a", "--owner", "b", "--due", "1d", "--verify", "c"),
    ("incident", "section", INC, "summary", "x"), ("incident", "escalate", INC, "L1", "--reason", "x"),
]  # fmt: skip


@pytest.mark.parametrize("write", WRITES)
def test_read_only_refuses_and_says_so_in_the_audit(cli: Cli, root: Path, write: tuple[str, ...]) -> None:
    cli(*DECLARE, "--severity", "SEV2").ok()
    refused = cli(*write, "--read-only")
    assert refused.code == 2
    assert "read-only" in refused.err
    assert [entry["kind"] for entry in journal(root)][-1] == "action.refused"
    assert sum(str(entry["kind"]).startswith("incident.") for entry in journal(root)) == 1
    for looks in (("incident", "list"), ("incident", "show", INC), ("incident", "timeline", INC), ("gate", INC)):
        assert cli(*looks, "--read-only").code in (0, 3)


def test_command_changes_hands_between_two_people(root: Path) -> None:
    """Two logins of one host: `LOGNAME` is who logged in before `su`, where no login uid says otherwise."""

    def ask(who: str, *arguments: str) -> tuple[int, str, str]:
        done = program("incident", *arguments, LOGNAME=who, COCKPIT_TEST="1")
        return done.code, done.out, done.err

    assert ask("ada", "declare", "--title", "t", "--severity", "SEV2")[0] == 0
    assert ask("ada", "role", INC, "ic", "me")[0] == 0
    first = journal(root)[-1]
    actor = first["actor"]
    assert isinstance(actor, dict)
    if actor["real_user"] != "ada":
        pytest.skip("this login's name is fixed by the kernel")
    code, _, err = ask("bob", "role", INC, "ic", "me")
    assert (code, "ada has the command" in err) == (2, True)
    assert ask("ada", "role", INC, "ic", "bob")[0] == 0
    assert ask("ada", "role", INC, "ic", "bob")[0] == 2
    assert ask("eve", "role", INC, "ic", "eve")[0] == 2
    code, out, _ = ask("bob", "role", INC, "ic", "me", "--json")
    assert (code, json.loads(out)["commander"]) == (0, "bob")
    assert [entry["kind"] for entry in journal(root)][-2:] == ["incident.role_offered", "incident.role_accepted"]
    assert ask("ada", "role", INC, "ic", "me", "--override", "bob is offline")[0] == 0


def test_roots_add_up_at_every_level_of_words(cli: Cli, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cli(*DECLARE, "--severity", "SEV2").ok()
    monkeypatch.delenv("COCKPIT_ROOT")
    other = root.parent.parent / "other"
    other.mkdir()
    for arguments in (
        ("--root", str(root), "incident", "list", "--json"), ("incident", "--root", str(root), "list", "--json"),
        ("incident", "list", "--json", "--root", str(root)),
        ("--root", str(other), "incident", "--root", str(root), "list", "--json"),
    ):  # fmt: skip
        assert [each["id"] for each in cli(*arguments).ok().json] == [INC]
    ambiguous = cli("--root", str(other), "--root", str(root), *DECLARE, "--severity", "SEV2")
    assert "several roots are watched" in ambiguous.err
