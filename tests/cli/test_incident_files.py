"""What an incident leaves: its files by kind, the capture; written once, never over another, found by the check."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import FAILED, Cli, program

INC = "inc-20261121-01"
PASSWORD = "battery-staple-7"


@pytest.fixture
def incident(root: Path, cli: Cli) -> Path:
    """An incident with a decision, a retried run and a recorded command that prints a secret of the run's log."""
    log = root / FAILED / "build" / "logs" / "implement.jsonl"
    log.parent.mkdir(parents=True)
    log.write_text(f'{{"password": "{PASSWORD}"}}\n')
    cli("incident", "declare", "--title", "Builds | fail", "--answers", "yn", "--run", FAILED).ok()
    cli("incident", "decide", INC, "Raise the limit", "--because", "it is safe").ok()
    program("record", "--root", root, "--run", FAILED, "--", "echo", f"in ``` with {PASSWORD}")
    return root


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("revert", "incidents/revert-{}.json"),
        ("bisect", "incidents/bisect-{}.json"),
        ("rollback", "incidents/rollback-{}.json"),
        ("shadow", "provider_shadow_diffs/{}.json"),
        ("ramp", "ramp_reports/{}.json"),
        ("adr", "adr/{}.md"),
    ],
)
def test_a_kind_has_its_file(cli: Cli, incident: Path, kind: str, path: str) -> None:
    made = cli("incident", "file", INC, kind, "--json").ok().json
    target = incident / ".cockpit" / path.format(INC)
    assert made == [{"kind": kind, "path": str(target)}]
    text = target.read_text()
    assert text.endswith("\n")
    assert PASSWORD not in text
    assert "Raise the limit" in text
    if path.endswith(".json"):
        document = json.loads(text)
        assert text == json.dumps(document, sort_keys=True, indent=2) + "\n"
        assert (document["incident"], document["runs"], document["results"]) == (INC, [FAILED], None)
        assert {"reason", "refs", "seeds", "evidence"} <= set(document)
    again = cli("incident", "file", INC, kind).ok()
    assert again.out == f"{target}\n"
    journal = (incident / ".cockpit" / "journal.jsonl").read_text()
    assert journal.count('"kind":"incident.report"') == 1


def test_one_that_says_something_else_stays(cli: Cli, incident: Path) -> None:
    target = incident / ".cockpit" / "incidents" / f"revert-{INC}.json"
    target.parent.mkdir()
    target.write_text("{}\n")
    refused = cli("incident", "file", INC, "revert")
    assert (refused.code, target.read_text()) == (2, "{}\n")
    assert "says something else" in refused.err
    assert cli("incident", "file", INC, "nope").code == 2


def test_the_check_of_the_playbook_finds_it(cli: Cli, incident: Path) -> None:
    cli("checklist", FAILED, "--playbook", "revert").ok()
    before = {each["id"]: each["state"] for each in cli("checklist", FAILED, "--json").ok().json["items"]}
    assert before["revert/file"] == "open"
    cli("incident", "file", INC, "revert").ok()
    cli("verify", FAILED)
    after = {each["id"]: each["state"] for each in cli("checklist", FAILED, "--json").ok().json["items"]}
    assert after["revert/file"] == "verified"


def test_the_capture_holds_commands_with_their_output_and_no_secret(cli: Cli, incident: Path, tmp_path: Path) -> None:
    made = cli("incident", "capture", INC).ok()
    assert "# Incident capture: Builds \\| fail" in made.out
    assert "````\nin ``` with [masked]\n" in made.out
    assert "| Raise the limit | it is safe | none on record |" in made.out
    assert PASSWORD not in made.out + made.err
    target = tmp_path / "capture.md"
    cli("incident", "capture", INC, "-o", target).ok()
    assert target.read_text() == made.out
    assert cli("incident", "capture", INC, "--json").ok().json["commands"][0]["exit_code"] == 0


ACTION = """\
[[actions]]
id = "revert"
title = "Revert"
sources = ["flow-studio"]
argv = ["echo", "reverted {sha} with", "battery-staple-7"]
inputs = [{ name = "sha", title = "Commit" }, { name = "reason", title = "Why", kind = "text" }]
"""


def test_an_action_that_ends_leaves_its_file(cli: Cli, incident: Path, tmp_path: Path) -> None:
    config = tmp_path / "own.toml"
    config.write_text(ACTION)
    words = ("--config", config, "revert", FAILED, "--set", "sha=abc123", "--set", "reason=slo breach", "--yes")
    done = cli(*words).ok()
    (path,) = (incident / ".cockpit" / "incidents").iterdir()
    assert f"written: {path}" in done.err
    document = json.loads(path.read_text())
    assert path.name == f"revert-{document['id']}.json"
    assert (document["run"], document["reason"], document["refs"]) == (FAILED, "slo breach", {"sha": "abc123"})
    assert document["results"]["exit_code"] == 0
    assert "reverted abc123 with [masked]" in document["results"]["output"]
    assert cli("incident", "file", INC, "revert").ok().out == f"{path}\n"


def test_a_recorded_command_stands_on_the_timeline_with_its_output(cli: Cli, incident: Path) -> None:
    (row,) = [each for each in cli("incident", "timeline", "01", "--json").ok().json if each["kind"] == "command"]
    assert row["text"].startswith("echo ")
    assert row["text"].endswith(f"for {FAILED}: exit 0")
    (place,) = row["evidence"]
    assert (incident / place["path"]).read_text() == f"in ``` with {PASSWORD}\n"
    cli("incident", "pin", "01", f"{place['path']}:1").ok()
    cli("incident", "close", "01", "--override", "a drill").ok()
    assert not [row for row in cli("postmortem", "01").ok().out.splitlines() if PASSWORD in row]


def test_capture_and_files_are_the_same_bytes_elsewhere(cli: Cli, incident: Path) -> None:
    target = incident / ".cockpit" / "incidents" / f"rollback-{INC}.json"
    here = cli("incident", "capture", INC).ok().out
    cli("incident", "file", INC, "rollback").ok()
    before = target.read_bytes()
    around: Any = {"TZ": "Pacific/Kiritimati", "LANG": "C", "LC_ALL": "C", "PYTHONHASHSEED": "11"}
    assert program("incident", "capture", INC, "--root", incident, **around).ok().out == here
    target.unlink()
    program("incident", "file", INC, "rollback", "--root", incident, **around).ok()
    assert target.read_bytes() == before
