"""Verbs that act: plans, confirmation, refusals, real jobs through make, archives, and the record of it all."""

import json
import os
import shutil
import threading
from pathlib import Path

import pytest

from cockpit.errors import ExitCode
from tests.builders import FlowStudioRun
from tests.cli.conftest import DONE, FAILED, HOSTILE_NAMES, LIVE, Cli, Result, build_failed
from tests.samples import FORBIDDEN
from tests.unit.test_documents import JOB, PLAN


def entries(cli: Cli, *more: object) -> list[dict[str, object]]:
    """The journal as `audit` gives it."""
    found = cli("audit", "--json", *more).ok().json
    assert isinstance(found, list)
    return found


def kinds(cli: Cli, *more: object) -> list[object]:
    return [entry["kind"] for entry in entries(cli, *more)]


def nothing_was_done(cli: Cli, root: Path) -> None:
    assert cli("jobs", "--json").ok().json == []
    assert cli("show", FAILED, "--json").ok().json["state"] == "failed"
    assert not list(root.rglob("pwned"))


# Plans.


def test_a_plan_says_exactly_what_would_happen_and_changes_nothing(cli: Cli, root: Path) -> None:
    before = sorted(str(path) for path in root.rglob("*"))
    plan = cli("plan", "retry", FAILED, "--json").ok().json
    assert set(plan) >= PLAN
    assert plan["argv"] == ["make", "stepwise-retry", f"RUN_ID={FAILED}", "FLOW=build", "STEP=implement"]
    assert (plan["cwd"], plan["refused"], plan["flow"], plan["step"]) == (str(root.parent), None, "build", "implement")
    assert cli("plan", "retry", FAILED, "--json").ok().json == plan
    assert sorted(str(path) for path in root.rglob("*")) == before
    text = cli("plan", "retry", FAILED).ok().out
    assert f"make stepwise-retry RUN_ID={FAILED} FLOW=build STEP=implement" in text
    assert plan["hash"][:12] in text


def test_flow_and_step_can_be_chosen(cli: Cli, root: Path) -> None:
    assert root.is_dir()
    plan = cli("plan", "resume", FAILED, "--flow", "build", "--step", "branch", "--json").ok().json
    assert plan["argv"] == ["make", "stepwise-build", f"RUN_ID={FAILED}", "START_STEP=branch"]
    for wrong in (["--step", "nope"], ["--flow", "nope"], ["--step", "$(x)"], ["--flow", "../build"]):
        refused = cli("plan", "retry", FAILED, *wrong, "--json")
        assert (refused.code, refused.json["argv"]) == (1, None)
        assert refused.json["refused"]


def test_wrong_actions_and_options(cli: Cli, root: Path) -> None:
    assert root.is_dir()
    wrong = cli("plan", "explode", FAILED)
    assert wrong.code == 2
    assert {"resume", "retry", "archive"} <= set(wrong.err.split())
    assert cli("plan", "archive", FAILED, "--set", "remove").code == 2
    assert cli("plan", "archive", FAILED, "--set", "=yes").code == 2


def test_what_can_be_done_and_why_not_the_rest(cli: Cli, root: Path) -> None:
    assert root.is_dir()
    offers = {each["id"]: each["refused"] for each in cli("actions", FAILED, "--json").ok().json}
    assert offers["retry"] is offers["resume"] is offers["archive"] is None
    assert offers["restore"]
    live = {each["id"]: each["refused"] for each in cli("actions", LIVE, "--json").ok().json}
    assert "running" in live["archive"]
    assert "retry" in cli("actions", LIVE).ok().out


def test_commands_can_be_configured_per_root(cli: Cli, root: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[[roots]]\npath = "{root}"\ncommands.retry = ["again", "--run={{run}}", "{{step}}"]\n')
    plan = cli("plan", "retry", FAILED, "--json", "--config", config).ok().json
    assert plan["argv"] == ["again", f"--run={FAILED}", "implement"]


# Confirmation.


@pytest.mark.parametrize("action", ["retry", "resume", "archive"])
def test_without_yes_and_a_terminal_nothing_is_done(cli: Cli, root: Path, action: str) -> None:
    refused = cli(action, FAILED, "--json")
    assert (refused.code, refused.out) == (2, "")
    assert "--yes" in refused.err
    nothing_was_done(cli, root)
    assert kinds(cli) == ["action.planned", "action.declined"]


def test_a_prompt_takes_only_the_right_answer(
    cli: Cli, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(text: str, *arguments: str) -> Result:
        typed = tmp_path / "typed"
        typed.write_text(text)
        with typed.open() as stdin:
            monkeypatch.setattr("sys.stdin", stdin)
            monkeypatch.setattr("cockpit.cli.actions.on_terminal", lambda: True)
            return cli(*arguments)

    for text in ("", "\n", "n\n", "yes\n", "Y\n"):
        assert answer(text, "retry", FAILED).code == 2
    for text in ("y\n", f"{DONE}\n"):
        assert answer(text, "archive", FAILED).code == 2
    nothing_was_done(cli, root)
    assert kinds(cli) == ["action.planned", "action.declined"] * 7
    assert answer("y\n", "retry", FAILED).ok().err.count("do it? [y/N]") == 1
    assert answer(f"{FAILED}\n", "archive", FAILED).code == 0


def test_a_plan_made_before_holds_only_while_nothing_moved(cli: Cli, root: Path) -> None:
    made = cli("plan", "retry", FAILED, "--json").ok().json["hash"]
    moved = FlowStudioRun(root, FAILED)
    moved.event("log", "build", "implement", at=7, message="something new")
    for wrong, told in ((made, "events 6 -> 7"), (made[:12], "events 6 -> 7"), ("0" * 64, "now: state failed")):
        refused = cli("retry", FAILED, "--yes", "--plan", wrong, "--json")
        assert (refused.code, refused.out) == (ExitCode.MOVED, "")
        assert f"the plan {wrong[:12]} of retry on {FAILED} does not hold any more" in refused.err
        assert told in refused.err
    for nonsense in ("", "x", made[:11], made.upper() + "0"):
        assert cli("retry", FAILED, "--yes", "--plan", nonsense).code == ExitCode.USAGE
    nothing_was_done(cli, root)
    assert kinds(cli) == ["action.refused"] * 3
    fresh = cli("plan", "retry", FAILED, "--json").ok().json["hash"]
    assert cli("retry", FAILED, "--yes", "--plan", fresh[:12], "--json").ok().json["state"] == "succeeded"


# Refusals.


def test_read_only_refuses_and_the_refusal_is_on_record(cli: Cli, root: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("read_only = true\n")
    rooted = tmp_path / "rooted.toml"
    rooted.write_text(f'[[roots]]\npath = "{root}"\nread_only = true\n')
    ways = (["--read-only"], ["--config", str(config)], ["--config", str(rooted)])
    for way in ways:
        for verb in (
            ["retry", FAILED, "--yes"], ["archive", FAILED, "--yes"], ["checklist", FAILED, "--playbook", "failed-run"],
        ):  # fmt: skip
            refused = cli(*verb, "--json", *way)
            assert (refused.code, refused.out) == (2, "")
            assert "read-only" in refused.err
    nothing_was_done(cli, root)
    recorded = entries(cli)
    assert [entry["kind"] for entry in recorded] == ["action.refused"] * 9
    assert {str(entry["data"]["run"]) for entry in recorded if isinstance(entry["data"], dict)} == {FAILED}
    cli("runs", "--read-only").ok()
    assert (
        cli("plan", "retry", FAILED, "--json", "--read-only").json["refused"] == "read-only: started with --read-only"
    )


def test_a_run_at_work_is_left_alone_unless_forced(cli: Cli, root: Path) -> None:
    assert root.is_dir()
    refused = cli("retry", LIVE, "--yes")
    assert refused.code == 2
    assert "is running" in refused.err
    assert kinds(cli) == ["action.refused"]
    forced = cli("plan", "retry", LIVE, "--set", "force=yes", "--json").ok().json
    assert any("planned by force" in warning for warning in forced["warnings"])
    assert cli("archive", LIVE, "--yes", "--set", "force=yes").code == 2


def test_without_a_makefile_there_is_nothing_to_run(cli: Cli, root: Path) -> None:
    (root.parent / "Makefile").unlink()
    refused = cli("retry", FAILED, "--yes")
    assert refused.code == 2
    assert "no Makefile" in refused.err


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_hostile_name_is_listed_shown_and_refused(cli: Cli, root: Path, name: str) -> None:
    FlowStudioRun(root, name).meta("failed", error="boom", at=6)
    listed = cli("runs", "--json").ok()
    assert name in [run["id"] for run in listed.json]
    for verb in (
        ["runs"], ["status"], ["show", "--", name], ["actions", "--", name], ["plan", "retry", "--", name],
        ["retry", "--yes", "--", name], ["archive", "--yes", "--remove", "--", name], ["audit"],
        ["audit", f"--run={name}"],
        ["checklist", "--playbook", "failed-run", "--", name], ["tick", "--note", name, "--", name, "receipt"],
        ["show", "--", name[:-1]], ["jobs"],
    ):  # fmt: skip
        printed = cli(*verb)
        assert printed.code in (0, 1, 2)
        assert not FORBIDDEN.search((printed.out + printed.err).replace("\n", "")), verb
    assert cli("show", "--json", "--", name).ok().json["id"] == name
    for action in ("retry", "resume", "archive"):
        plan = cli("plan", action, "--flow", "build", "--step", "implement", "--json", "--", name)
        assert (plan.code, plan.json["argv"]) == (1, None)
        assert cli(action, "--yes", "--flow", "build", "--step", "implement", "--", name).code == 2
    assert cli("jobs", "--json").ok().json == []
    assert not [path for path in root.parent.parent.rglob("*") if path.name == "pwned"]
    assert (root / name).is_dir()
    cli("audit", "verify").ok()


# Jobs.


def test_a_retry_runs_the_command_and_moves_the_run_on(cli: Cli, root: Path) -> None:
    done = cli("retry", FAILED, "--yes", "--wait").ok()
    assert "working on implement" in done.out
    assert done.out.splitlines()[-1] == "done"
    assert not FORBIDDEN.search(done.out.replace("\n", ""))
    assert "pwned" not in done.out
    (job,) = cli("jobs", "--json").ok().json
    assert set(job) >= JOB
    assert (job["state"], job["exit_code"], job["action"], job["run"]) == ("succeeded", 0, "retry", FAILED)
    assert job["ended_at"] >= job["started_at"]
    assert Path(job["output"]).read_bytes().endswith(b"done\n")
    shown = cli("show", FAILED, "--json").ok().json
    assert shown["claimed"] == "succeeded"
    assert [one["status"] for one in shown["receipts"]] == ["succeeded", "succeeded"]
    assert kinds(cli) == ["action.planned", "action.confirmed", "action.started", "action.ended"]
    assert kinds(cli, "--run", FAILED) == kinds(cli)
    assert kinds(cli, "--run", DONE) == []
    cli("audit", "verify").ok()
    text = cli("jobs").ok().out
    assert job["id"] in text
    assert "stepwise-retry" in text
    assert cli("jobs", job["id"], "--json").ok().json == [job]


def test_with_json_the_output_of_the_job_stays_off_stdout(cli: Cli, root: Path) -> None:
    assert root.is_dir()
    done = cli("retry", FAILED, "--yes", "--json").ok()
    assert done.json["state"] == "succeeded"
    assert set(done.json) >= JOB


def test_a_command_that_fails_is_a_job_that_failed(cli: Cli, root: Path) -> None:
    (root.parent / "broken").touch()
    failed = cli("retry", FAILED, "--yes", "--json")
    assert failed.code == 1
    job = failed.json
    assert job["state"] == "failed"
    assert job["exit_code"] == 2
    assert "no such module" in Path(job["output"]).read_text()
    told = cli("retry", FAILED, "--yes")
    assert told.code == 1
    assert "no such module" in told.out
    assert "retry of" in told.err
    assert cli("jobs", job["id"]).code == 1
    ended = [entry["data"] for entry in entries(cli) if entry["kind"] == "action.ended"]
    assert len(ended) == 2
    assert "failed" in json.dumps(ended)


def test_a_job_can_be_left_and_followed_later(cli: Cli, root: Path) -> None:
    gate = root.parent / "gate"
    os.mkfifo(gate)
    job = cli("retry", FAILED, "--yes", "--no-wait", "--json").ok().json
    assert (job["state"], job["exit_code"], job["ended_at"]) == ("running", None, None)
    assert cli("jobs", job["id"], "--json").ok().json[0]["state"] == "running"
    again = cli("retry", FAILED, "--yes")
    assert again.code in (1, 2)
    assert "taken" in again.err
    opener = threading.Thread(target=lambda: gate.open("w").close())
    opener.start()
    followed = cli("jobs", job["id"], "--follow")
    opener.join()
    assert followed.ok().out.splitlines()[-1] == "done"
    assert "working on implement" in followed.out
    assert cli("jobs", job["id"], "--json").ok().json[0]["state"] == "succeeded"


def test_a_job_can_be_cancelled(cli: Cli, root: Path) -> None:
    os.mkfifo(root.parent / "gate")
    job = cli("retry", FAILED, "--yes", "--no-wait", "--json").ok().json
    refused = cli("jobs", job["id"], "--cancel", "--read-only")
    assert refused.code == 2
    assert cli("jobs", job["id"], "--json").ok().json[0]["state"] == "running"
    cancelled = cli("jobs", job["id"], "--cancel", "--json").ok().json[0]
    assert cancelled["state"] == "cancelled"
    assert "action.cancelled" in kinds(cli)
    again = cli("jobs", job["id"], "--cancel")
    assert "has ended already" in again.ok().err


def test_wrong_questions_about_jobs(cli: Cli, root: Path) -> None:
    assert root.is_dir()
    assert cli("jobs", "--json").ok().json == []
    assert "no jobs" in cli("jobs").ok().err
    for wrong in (["nope"], ["../../x"], ["--follow"], ["--cancel"], ["\x1b[31m"]):
        ended = cli("jobs", *wrong)
        assert ended.code == 2
        assert "\x1b" not in ended.err


# Archives.


def test_an_archive_leaves_the_run_and_a_removing_one_can_be_undone(cli: Cli, root: Path) -> None:
    before = {str(path.relative_to(root)): path.read_bytes() for path in (root / FAILED).rglob("*") if path.is_file()}
    kept = cli("archive", FAILED, "--yes", "--json").ok().json
    assert kept["state"] == "succeeded"
    assert (root / FAILED).is_dir()
    assert cli("restore", FAILED, "--yes").code == 2
    removed = cli("archive", FAILED, "--yes", "--remove", "--json").ok().json
    assert removed["state"] == "succeeded"
    assert not (root / FAILED).exists()
    assert FAILED not in [run["id"] for run in cli("runs", "--json").ok().json]
    assert cli("show", FAILED).code == 2
    # What was recorded of a run outlives it.
    assert kinds(cli, "--run", FAILED).count("action.ended") == 2
    plan = cli("plan", "restore", FAILED, "--json").ok().json
    assert plan["refused"] is None
    assert cli("restore", FAILED, "--yes", "--json").ok().json["state"] == "succeeded"
    after = {str(path.relative_to(root)): path.read_bytes() for path in (root / FAILED).rglob("*") if path.is_file()}
    assert after == before
    cli("audit", "verify").ok()


def test_roots_that_share_their_state_get_their_own_runs_back(cli: Cli, root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "runs"
    build_failed(other)
    both = ("--root", root, "--root", other, "--state-dir", tmp_path / "state")
    cli("archive", f"flow-studio:{other}/{FAILED}", "--yes", "--remove", *both).ok()
    assert not (other / FAILED).exists()
    shutil.rmtree(root / FAILED)
    cli("restore", FAILED, "--yes", *both).ok()
    assert (other / FAILED).is_dir()
    assert not (root / FAILED).exists()
    # A root that was moved with its own state takes its archives along.
    cli("archive", FAILED, "--yes", "--remove", "--root", other).ok()
    other.rename(tmp_path / "moved")
    cli("restore", FAILED, "--yes", "--root", tmp_path / "moved").ok()
    assert (tmp_path / "moved" / FAILED).is_dir()


def test_there_is_nothing_to_restore(cli: Cli, root: Path) -> None:
    assert root.is_dir()
    assert cli("restore", FAILED, "--yes").code == 2
    assert cli("restore", "nothing", "--yes").code == 2
