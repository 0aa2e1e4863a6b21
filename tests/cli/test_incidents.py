"""Incidents on the command line: a whole life, and what is printed."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cockpit.journal.verify import verify
from tests.cli.conftest import DONE, FAILED, LIVE, Cli
from tests.samples import FORBIDDEN

INC = "inc-20261121-01"
INCIDENT = {
    "id", "title", "severity", "priority", "label", "phase", "status", "declared_at", "declared_by", "detected_at",
    "detection", "symptoms", "finding", "runs", "playbooks", "acknowledged_at", "acknowledged_by", "contained_at",
    "resolved_at", "closed_at", "closed_by", "close_reason", "reopened", "commander", "responders", "hand_overs",
    "tasks", "decisions", "updates", "pins", "notes", "phases", "severities", "escalations", "sections",
    "notifications", "next_update_due", "clocks", "signatures", "detected_seq", "acknowledged_seq",
}  # fmt: skip
PROTOCOL = "response-protocol"
RECEIPT = f"{FAILED}/build/receipts/implement-code-implementer.json"


def declare(cli: Cli, *more: object) -> Any:
    return cli("incident", "declare", "--title", "Builds time out", "--answers", "yn", "--json", *more).ok().json


def tick(cli: Cli, *names: str) -> None:
    for name in names:
        cli("tick", INC, f"{PROTOCOL}/{name}").ok()


def test_a_whole_life_ends_in_evidence(cli: Cli, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = declare(cli, "--run", FAILED, "--how", "failed run", "--detected-at", "2026-11-21T04:00:30Z")
    assert set(made) == INCIDENT
    assert (made["id"], made["severity"], made["phase"], made["status"]) == (INC, "SEV2", "detect", "open")
    assert made["playbooks"] == [PROTOCOL, "failed-run"]
    (link,) = made["runs"]
    assert (link["id"], link["state"], link["flow"], link["step"]) == (FAILED, "failed", "build", "implement")
    assert link["failed_at"] == "2026-11-21T04:00:04Z"
    assert {each["name"]: each["due"] for each in made["clocks"]} == {
        "acknowledge": "2026-11-21T05:01:00Z", "contain": "2026-11-22T00:00:00Z", "update": "2026-11-21T06:01:00Z",
    }  # fmt: skip
    assert cli("gate", INC).ok().out.startswith(f"{INC}  gate of detect  met")
    cli("incident", "phase", INC, "contain").ok()

    gate = cli("gate", INC, "--json")
    assert (gate.code, gate.json["met"], gate.json["phase"], len(gate.json["missing"])) == (3, False, "contain", 5)
    refused = cli("incident", "phase", INC, "diagnose")
    assert refused.code == 3
    assert "cannot leave contain yet" in refused.err
    assert "The scope of the impact is known" in refused.err
    tick(cli, "contain-harm-stopped", "contain-scope", "contain-documented", "contain-notified")
    assert cli("gate", INC, "--json").json["missing"] == [
        "L0 is told (High, Critical or repeated Medium): SEV2 is High: escalate to L0"
    ]
    cli("incident", "escalate", INC, "L0", "--reason", "High").ok()
    contained = cli("incident", "phase", INC, "diagnose", "--json").ok().json
    assert contained["contained_at"] == "2026-11-21T04:01:00Z"

    cli("incident", "pin", INC, f"{RECEIPT}:1", "--note", "the error").ok()
    cli("incident", "section", INC, "root-cause", "The limit is too low.").ok()
    cli("incident", "phase", INC, "fix").ok()
    cli("incident", "decide", INC, "Raise the limit", "--because", "it is safe", "--instead-of", "a smaller step").ok()
    tick(cli, "fix-root-cause", "fix-tested", "fix-rollback-plan")
    cli("incident", "phase", INC, "verify").ok()

    tick(cli, "verify-related", "verify-no-new")
    unproven = cli("gate", INC, "--json").json["missing"]
    assert unproven[0].startswith("The original failure does not come back: build.implement of")
    cli("retry", FAILED, "--yes").ok()
    proven = cli("gate", INC, "--json").json
    assert [one["why"] for one in proven["conditions"] if one["id"] == "verify.original"] == [
        f"build.implement of {FAILED} succeeded at 04:00:30"
    ]
    # Green but not fine: the producer of this test ends the run without doing the steps that are left.
    assert proven["missing"] == [f"Nothing new is broken: {FAILED} is partial at build.load_context"]
    assert cli("incident", "phase", INC, "document").code == 3
    cli("incident", "phase", INC, "document", "--override", "the other steps are not needed").ok()

    assert cli("incident", "close", INC).code == 3
    for key in ("summary", "impact", "contributing-factors", "prevention"):
        cli("incident", "section", INC, key, f"Text of {key}.").ok()
    task = ("Alert before the limit", "--owner", "bob", "--due", "2d", "--verify", "An alert fires in the drill")
    cli("incident", "task", INC, *task).ok()
    closed = cli("incident", "close", INC, "--reason", "the limit was raised", "--json").ok().json
    assert (closed["status"], closed["phase"], closed["close_reason"]) == ("closed", "closed", "the limit was raised")
    overrides = [each["override"] for each in closed["phases"]]
    assert overrides == [None, None, None, None, "the other steps are not needed", None]
    assert closed["resolved_at"] == "2026-11-21T04:01:00Z"

    assert cli("incident", "list", "--json").ok().json == []
    assert [each["id"] for each in cli("incident", "list", "--all", "--json").ok().json] == [INC]
    done = cli("incident", "task", "done", INC, "t1", "--outcome", "it fired", "--json").ok().json
    assert (done["tasks"][0]["status"], done["tasks"][0]["outcome"]) == ("complete", "it fired")
    again = cli("incident", "reopen", INC, "--json").ok().json
    assert (again["status"], again["phase"], again["reopened"]) == ("reopened", "diagnose", 1)
    assert verify(root / ".cockpit" / "journal.jsonl").ok
    monkeypatch.setenv("COCKPIT_NOW", "2026-11-24T04:01:00Z")
    assert "OVERDUE" in cli("incident", "list").ok().out


def test_the_timeline_writes_itself(cli: Cli, root: Path) -> None:
    assert root.is_dir()
    declare(cli, "--run", FAILED)
    cli("retry", FAILED, "--yes").ok()
    cli("incident", "note", INC, "Users complain", "--at", "2026-11-21T04:00:20Z").ok()
    rows = cli("incident", "timeline", INC, "--json").ok().json
    assert [(row["at"][11:19], row["kind"]) for row in rows] == [
        ("04:00:04", "failure"), ("04:00:20", "note"), ("04:00:30", "recovery"), ("04:01:00", "declared"),
        ("04:01:00", "run"), ("04:01:00", "checklist"), ("04:01:00", "checklist"), ("04:01:00", "action"),
        *[(row["at"][11:19], "action") for row in rows if row["kind"] == "action"][1:],
    ]  # fmt: skip
    assert all(row["evidence"] or row["seq"] for row in rows)
    assert "retry" in rows[-1]["text"]
    assert "(exit 0)" in rows[-1]["text"]
    text = cli("incident", "timeline", INC).ok().out
    assert "Users complain" in text


def test_a_finding_brings_its_words_its_evidence_and_its_playbook(cli: Cli, root: Path) -> None:
    assert root.is_dir()
    finding = cli("diagnose", FAILED, "--json").ok().json["findings"][0]
    made = declare(cli, "--run", FAILED, "--finding", finding["id"])
    assert made["finding"] == finding["id"]
    assert made["symptoms"] == f"{finding['title']}: {finding['cause']}"
    assert made["playbooks"] == [PROTOCOL, finding["playbook"]]
    rows = cli("incident", "timeline", INC, "--json").ok().json
    (row,) = [row for row in rows if row["kind"] == "declared"]
    assert row["evidence"] == finding["for"]
    named = declare(cli, "--run", FAILED, "--finding", finding["id"], "--again", "--playbook", "stuck-run",
                    "--symptoms", "mine")  # fmt: skip
    assert (named["symptoms"], named["playbooks"]) == ("mine", [PROTOCOL, "stuck-run"])


def test_status_lists_open_incidents_worst_first(cli: Cli, root: Path) -> None:
    assert root.is_dir()
    assert cli("status", "--json").ok().json["incidents"] == []
    declare(cli, "--run", FAILED)
    cli("incident", "declare", "--title", "All is down", "--severity", "Critical").ok()
    status = cli("status", "--json").ok().json
    assert [(each["id"], each["severity"]) for each in status["incidents"]] == [
        ("inc-20261121-02", "SEV1"), (INC, "SEV2"),
    ]  # fmt: skip
    text = cli("status").ok().out
    assert text.index("All is down") < text.index("Builds time out") < text.index(FAILED)


def test_show_says_everything(cli: Cli, root: Path) -> None:
    declare(cli, "--run", FAILED)
    cli("incident", "pin", INC, f"{RECEIPT}:1").ok()
    (root / RECEIPT).write_text("{}\n")
    shown = cli("incident", "show", INC, "--json").ok().json
    assert set(shown) == INCIDENT | {"gate", "escalation", "similar", "timeline"}
    assert [pin["state"] for pin in shown["pins"]] == ["changed"]
    assert {each["id"] for each in shown["escalation"] if each["met"]} >= {"lead", "founder"}
    assert shown["similar"]["seen"] == 0
    text = cli("incident", "show", "01").ok().out
    for expected in ("gate of detect", "pinned", "changed", "escalate", "timeline", "nobody has the command"):
        assert expected in text


def test_the_same_failure_was_seen_before(cli: Cli, root: Path) -> None:
    assert root.is_dir()
    declare(cli, "--run", FAILED)
    cli("incident", "close", INC, "--override", "we know it", "--reason", "Raised the limit").ok()
    second = declare(cli, "--run", FAILED)["id"]
    similar = cli("incident", "show", second, "--json").ok().json["similar"]
    assert (similar["seen"], similar["incidents"][0]["id"]) == (1, INC)
    assert similar["incidents"][0]["fixed_by"] == "Raised the limit"
    assert "seen once before" in cli("incident", "show", second).ok().out


def test_reasons_to_escalate_are_looked_at_before_anybody_is_called(cli: Cli, root: Path) -> None:
    assert root.is_dir()
    declare(cli, "--run", FAILED)
    reasons = cli("incident", "escalate", INC, "--json").ok().json
    assert [each["met"] for each in reasons] == sorted((each["met"] for each in reasons), reverse=True)
    assert {"who", "level", "why", "called_at"} <= set(reasons[0])
    called = cli("incident", "escalate", INC, "2", "--reason", "stuck", "--to", "eve", "--json").ok().json
    assert (called["escalations"][0]["level"], called["escalations"][0]["to"]) == ("L2", "eve")
    answered = cli("incident", "escalate", INC, "--answered", "L2", "--note", "on it", "--json").ok().json
    assert answered["escalations"][0]["acknowledged_at"] is not None


def test_a_run_is_attached_and_taken_off_again(cli: Cli, root: Path) -> None:
    assert root.is_dir()
    declare(cli)
    both = cli("incident", "attach", INC, FAILED, "--json").ok().json
    cli("incident", "attach", INC, LIVE).ok()
    assert [link["id"] for link in both["runs"]] == [FAILED]
    assert cli("incident", "attach", INC, FAILED).code == 2
    gone = cli("incident", "detach", INC, FAILED, "--reason", "another cause", "--json").ok().json
    assert [link["id"] for link in gone["runs"]] == [LIVE]
    assert cli("incident", "detach", INC, DONE, "--reason", "x").code == 2


def test_sections_are_listed_and_read_from_the_standard_input(root: Path, cli: Cli) -> None:
    declare(cli)
    listed = cli("incident", "section", INC, "--json").ok().json
    assert [each["key"] for each in listed][:3] == ["summary", "impact", "timeline"]
    done = subprocess.run(
        [sys.executable, "-m", "cockpit", "incident", "section", INC, "summary", "-", "--json"],
        input="It broke.\nThen it did not.\n", capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert '"summary": "It broke.\\nThen it did not."' in done.stdout
    assert "written" in cli("incident", "section", INC).ok().out


def test_what_others_wrote_reaches_no_terminal_as_it_is(cli: Cli, root: Path) -> None:
    assert root.is_dir()
    hostile = "x\x1b]52;c;cHduZWQ=\x07[/b]\u202ey"
    cli("incident", "declare", "--title", hostile, "--severity", "SEV3", "--symptoms", hostile).ok()
    cli("incident", "note", INC, hostile).ok()
    cli("incident", "decide", INC, hostile, "--because", hostile).ok()
    cli("incident", "update", INC, hostile).ok()
    for word in ("show", "timeline"):
        out = cli("incident", word, INC).ok().out
        assert not FORBIDDEN.search(out.replace("\n", ""))
    for verb in (("incident", "list"), ("status",), ("gate", INC)):
        assert not FORBIDDEN.search(cli(*verb).out.replace("\n", ""))
