"""`verify`, `claim`, `unclaim`, and the live states of `checklist`."""

import json
from pathlib import Path
from typing import Any

import pytest

from cockpit.presence import Presence
from tests.builders import FlowStudioRun
from tests.cli.conftest import DONE, FAILED, NOW, Cli, build_failed, program
from tests.conftest import NOW as MOMENT

ITEM = "failed-run/verify-receipt"
FIELDS = {
    "id", "text", "playbook", "state", "by", "at", "evidence", "note", "check", "claimed_by", "fingerprint", "why",
    "found", "stamps",
}  # fmt: skip


@pytest.fixture
def started(cli: Cli, root: Path) -> Path:
    cli("checklist", FAILED, "--playbook", "failed-run").ok()
    return root


def item(cli: Cli, name: str = ITEM) -> dict[str, Any]:
    items = cli("checklist", FAILED, "--json").ok().json["items"]
    return dict(next(each for each in items if each["id"] == name))


def repair(root: Path) -> None:
    """build.implement runs again and goes well, and the run with it."""
    run = FlowStudioRun(root, FAILED)
    run.step("build", "implement", "code-implementer", at=30)
    run.meta("running", at=32)


def test_a_tick_against_the_evidence_is_told_and_shown(cli: Cli, started: Path) -> None:
    assert started.is_dir()
    ticked = cli("tick", FAILED, "verify-receipt").ok()
    assert "the evidence says otherwise: the newest receipt of build.implement says failed" in ticked.err
    assert "[!]" in ticked.out
    assert "     contradicted: the newest receipt of build.implement says failed" in ticked.out
    wrong = item(cli)
    assert set(wrong) >= FIELDS
    assert (wrong["state"], wrong["found"]["outcome"]) == ("contradicted", "not met")
    assert wrong["why"].startswith("the newest receipt of build.implement says failed")
    assert wrong["fingerprint"].startswith("sha256:")
    assert [entry["kind"] for entry in cli("audit", "--json").json] == ["checklist.start", "checklist.tick"]


def test_verify_says_what_was_found_and_exits_by_it(cli: Cli, started: Path) -> None:
    cli("tick", FAILED, "verify-receipt").ok()
    bad = cli("verify", FAILED)
    assert bad.code == 1
    line = next(each for each in bad.out.splitlines() if ITEM in each)
    assert line.startswith("[!]")
    assert "not met  contradicted" in line
    assert f"{FAILED}/build/receipts/implement-code-implementer.json" in line
    assert "1 contradicted" in bad.out
    repair(started)
    good = cli("verify", FAILED, "--json").ok()
    assert good.json["confirmed"] == [ITEM]
    assert good.json["target"] == FAILED
    found = item(cli)
    assert (found["state"], found["check"], found["why"]) == ("verified", "receipt-succeeded", None)
    assert found["evidence"][0]["path"] == f"{FAILED}/build/receipts/implement-code-implementer.json"
    again = cli("verify", FAILED).ok()
    assert "0 verified now, 1 in all" in again.out
    assert [entry["kind"] for entry in cli("audit", "--json").json][-1] == "checklist.verified"
    assert len(cli("audit", "--json").json) == 3


def test_an_item_goes_stale_with_its_file(cli: Cli, started: Path) -> None:
    cli("tick", FAILED, "receipt").ok()
    repair(started)
    found = item(cli, "failed-run/receipt")
    path = f"{FAILED}/build/receipts/implement-code-implementer.json"
    assert (found["state"], found["why"]) == ("stale", f"{path} was changed since")
    assert "     stale: " in cli("checklist", FAILED).out
    assert cli("verify", FAILED).code == 0, "stale is no contradiction"


def test_one_item_can_be_verified(cli: Cli, started: Path) -> None:
    repair(started)
    assert cli("verify", FAILED, "verify-receipt", "--json").ok().json["confirmed"] == [ITEM]
    refused = cli("verify", FAILED, "fix")
    assert (refused.code, refused.out) == (2, "")
    assert "names no check" in refused.err
    assert cli("verify", FAILED, "nope").code == 2


def test_verify_needs_a_checklist(cli: Cli, root: Path) -> None:
    refused = cli("verify", DONE)
    assert (refused.code, refused.out) == (2, "")
    assert "start one with a playbook" in refused.err
    assert cli("verify", "no-such-run").code == 2
    assert not (root / ".cockpit").exists()


def test_claims(cli: Cli, started: Path) -> None:
    assert started.is_dir()
    mine = cli("claim", FAILED, "fix").ok()
    who = item(cli, "failed-run/fix")["claimed_by"]
    assert f"{who} works on it" in mine.out
    assert cli("tick", FAILED, "fix").ok().err == ""
    cli("untick", FAILED, "fix").ok()
    cli("claim", FAILED, "fix", "--owner", "bob [/x]").ok()
    assert item(cli, "failed-run/fix")["claimed_by"] == "bob [/x]"
    assert "bob [/x] was working on failed-run/fix" in cli("tick", FAILED, "fix").ok().err
    assert item(cli, "failed-run/fix")["claimed_by"] is None
    refused = cli("unclaim", FAILED, "fix")
    assert (refused.code, refused.out) == (2, "")
    cli("claim", FAILED, "cause").ok()
    assert item(cli, "failed-run/cause")["claimed_by"] == who
    cli("unclaim", FAILED, "cause").ok()
    assert item(cli, "failed-run/cause")["claimed_by"] is None
    assert cli("claim", FAILED, "cause", "--owner", " ").code == 2


def test_read_only_verifies_claims_and_ticks_nothing(cli: Cli, started: Path) -> None:
    assert started.is_dir()
    before = len(cli("audit", "--json").json)
    for words in (["verify", FAILED], ["claim", FAILED, "fix"], ["unclaim", FAILED, "fix"], ["tick", FAILED, "fix"]):
        refused = cli(*words, "--read-only")
        assert (refused.code, refused.out) == (2, "")
        assert "read-only" in refused.err
    kinds = [entry["kind"] for entry in cli("audit", "--json").json[before:]]
    assert set(kinds) == {"action.refused"}
    assert cli("checklist", FAILED, "--read-only").ok().out


def test_who_has_it_open_is_told(cli: Cli, started: Path) -> None:
    from cockpit.clock import fixed_clock
    from cockpit.models.journal import Actor

    bob = Presence(started / ".cockpit", Actor(user="bob", real_user="bob"), fixed_clock(MOMENT))
    bob.show(FAILED)
    try:
        assert cli("checklist", FAILED).ok().out.endswith("bob is here\n")
        (here,) = cli("checklist", FAILED, "--json").json["here"]
        assert (here["who"], here["target"], here["since"]) == ("bob", FAILED, "2026-11-21T12:00:00Z")
        bob.show("another-run")
        assert cli("checklist", FAILED, "--json").json["here"] == []
    finally:
        bob.leave()


def test_an_incident_s_checklist_is_about_its_runs(cli: Cli, root: Path) -> None:
    from cockpit.clock import fixed_clock
    from cockpit.incidents.events import DECLARED, RUN_ADDED
    from cockpit.journal.log import Journal
    from cockpit.models.journal import Actor

    journal = Journal(root / ".cockpit" / "journal.jsonl", Actor(user="ada", real_user="ada"), fixed_clock(MOMENT))
    inc = "inc-20261121-01"
    journal.append(DECLARED, {"title": "It burns", "severity": "SEV2"}, inc)
    about = {"run": FAILED, "run_key": f"flow-studio:{root}/{FAILED}", "flow": "build", "step": "implement"}
    journal.append(RUN_ADDED, about | {"evidence": [], "failed_at": "2026-11-21T04:00:04Z"}, inc)
    cli("checklist", inc, "--playbook", "failed-run").ok()
    cli("tick", inc, "verify-receipt").ok()
    assert cli("verify", inc).code == 1
    repair(root)
    assert cli("verify", inc, "--json").ok().json["confirmed"] == [ITEM]
    assert cli("checklist", FAILED, "--json").ok().json["items"] == []


def test_names_of_runs_are_never_commands_or_markup(cli: Cli, root: Path) -> None:
    name = "$(touch pwned) [b]x"
    build_failed(root, name)
    cli("checklist", name, "--playbook", "failed-run").ok()
    cli("tick", name, "verify-receipt").ok()
    shown = cli("verify", name)
    assert shown.code == 1
    assert "\x1b" not in shown.out
    assert not list(root.parent.rglob("pwned"))


def test_another_process_verifies_what_this_one_ticked(cli: Cli, started: Path) -> None:
    cli("tick", FAILED, "verify-receipt").ok()
    repair(started)
    other = program("verify", FAILED, "--json", "--now", NOW).ok()
    assert other.json["confirmed"] == [ITEM]
    assert item(cli)["state"] == "verified"
    assert json.loads(program("audit", "verify", "--json").ok().out)[0]["entries"] == 3
