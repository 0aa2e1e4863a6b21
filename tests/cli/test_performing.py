"""`perform` and `note`: the work of a checklist's item, from the command line."""

from pathlib import Path

import pytest

from tests.cli.conftest import FAILED, Cli, program

PLAYBOOK = """\
+++
id = "drill"
title = "Drill"
+++
# Drill

- [ ] Retry it <!-- id: retry; action: retry; check: job-succeeded -->
- [ ] The same by its command <!-- id: same; command: make stepwise-retry RUN_ID={run} FLOW={flow} STEP={step} -->
- [ ] Say hello <!-- id: hello; command: echo "hello {run}" "$(touch pwned)"; check: job-succeeded -->
- [ ] Fail <!-- id: fail; command: false; check: job-succeeded -->
- [ ] An action it lacks <!-- id: lacks; action: revert -->
- [ ] An unknown field <!-- id: field; command: echo {agent} -->
- [ ] Think <!-- id: think -->
"""


@pytest.fixture
def started(cli: Cli, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "config" / "playbooks"
    folder.mkdir(parents=True)
    (folder / "drill.md").write_text(PLAYBOOK)
    monkeypatch.setenv("COCKPIT_CONFIG", str(folder.parent / "config.toml"))
    (folder.parent / "config.toml").write_text("")
    cli("checklist", FAILED, "--playbook", "drill").ok()
    return root


def kinds(cli: Cli) -> list[str]:
    return [entry["kind"] for entry in cli("audit", "--json").json]


def test_an_item_s_action_is_planned_as_the_action(cli: Cli, started: Path) -> None:
    assert started.is_dir()
    for item in ("retry", "same"):
        shown = cli("perform", FAILED, item, "--show", "--json").ok().json
        assert (shown["action"], shown["flow"], shown["step"]) == ("retry", "build", "implement")
        assert shown["argv"][:2] == ["make", "stepwise-retry"]
        assert shown["hash"] == cli("plan", "retry", FAILED, "--json").ok().json["hash"]
    assert kinds(cli) == ["checklist.start"]


def test_a_command_of_its_own_is_a_recorded_job_without_a_shell(cli: Cli, started: Path) -> None:
    refused = cli("perform", FAILED, "hello")
    assert refused.code == 2
    assert "confirm with --yes" in refused.err
    assert "action.started" not in kinds(cli)
    done = program("perform", FAILED, "hello", "--yes", "--json").ok().json
    assert (done["action"], done["state"]) == ("command", "succeeded")
    assert done["argv"] == ["echo", f"hello {FAILED}", "$(touch pwned)"]
    assert Path(done["output"]).read_text() == f"hello {FAILED} $(touch pwned)\n"
    assert not list(started.parent.rglob("pwned"))
    assert kinds(cli)[-1] == "action.ended"


def test_what_was_performed_is_what_the_check_looks_for(cli: Cli, started: Path) -> None:
    assert started.is_dir()
    assert program("perform", FAILED, "fail", "--yes").code == 1
    program("perform", FAILED, "hello", "--yes").ok()
    cli("tick", FAILED, "fail").ok()
    found = {each["id"]: each for each in program("verify", FAILED, "--json").json["items"]}
    assert found["drill/hello"]["state"] == "verified"
    assert found["drill/fail"]["state"] == "contradicted"
    assert "command" in found["drill/fail"]["why"]
    assert found["drill/retry"]["state"] == "open"


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ("think", "names no action and no command"),
        ("lacks", "the run has no action revert"),
        ("nope", "no item 'nope'"),
    ],
)
def test_what_cannot_be_performed_says_why(cli: Cli, started: Path, item: str, said: str) -> None:
    assert started.is_dir()
    refused = cli("perform", FAILED, item, "--yes")
    assert (refused.code, refused.out) == (2, "")
    assert said in refused.err


def test_a_field_that_is_no_field_is_refused_in_the_plan(cli: Cli, started: Path) -> None:
    assert started.is_dir()
    shown = cli("perform", FAILED, "field", "--show", "--json")
    assert shown.code == 1
    assert "{agent}" in shown.json["refused"]
    assert cli("perform", FAILED, "field", "--yes").code == 2


def test_a_plan_that_is_another_one_now_is_not_carried_out(cli: Cli, started: Path) -> None:
    shown = cli("perform", FAILED, "hello", "--show", "--json").ok().json
    (started / FAILED / "new.md").write_text("x")
    moved = cli("perform", FAILED, "hello", "--yes", "--plan", shown["hash"])
    assert moved.code == 5
    assert "action.started" not in kinds(cli)


def test_a_note_leaves_the_state_alone(cli: Cli, started: Path) -> None:
    assert started.is_dir()
    cli("note", FAILED, "think", "asked Carol [/x]").ok()
    items = cli("checklist", FAILED, "--json").json["items"]
    found = next(each for each in items if each["id"] == "drill/think")
    assert (found["state"], found["note"]) == ("open", "asked Carol [/x]")
    assert cli("note", FAILED, "think", "  ").code == 2
