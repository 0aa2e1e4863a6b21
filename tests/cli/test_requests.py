"""Actions that are HTTP requests, through the front door: planned, confirmed, sent, read back, on record."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.errors import ExitCode
from tests.cli.conftest import Cli
from tests.csuite_server import CsuiteServer
from tests.service import serving
from tests.unit.ai_csuite_db import CsuiteDb

NOW = "2026-11-21T05:00:00Z"
CODE = "apps/orchestrator/orchestrator"
TOKEN = "tok-55e0c1f7a9b84d23"
FAILED, PAUSED, STOPPED = "run-failed", "run-paused", "run-design"


@pytest.fixture
def csuite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root with a working tree and a database: a failed run, one paused after research, one after design."""
    root = tmp_path / "csuite"
    (root / CODE / "incidents").mkdir(parents=True)
    db = CsuiteDb(root / "dev.db")
    db.run("partial", name=FAILED, steps=("product", "design", "research", "cto_plan"))
    for attempt in (1, 2, 3):
        error = "Injected failure at engineer"
        db.step(FAILED, 4, "engineer", status="error", attempt=attempt, error=error, at=10 + attempt)
    db.run("paused", name=PAUSED, steps=("product", "design", "research"))
    db.run("paused", name=STOPPED, steps=("product", "design"))
    db.close()
    monkeypatch.setenv("COCKPIT_ROOT", str(root))
    monkeypatch.setenv("COCKPIT_NOW", NOW)
    return root


@pytest.fixture
def server(csuite: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CsuiteServer]:
    """The server of that tree; the environment names it."""
    with serving(CsuiteServer(csuite / "dev.db", csuite / CODE)) as running:
        assert isinstance(running, CsuiteServer)
        monkeypatch.setenv("COCKPIT_AI_CSUITE_URL", running.url)
        yield running


def offers(cli: Cli, run: str) -> dict[str, str | None]:
    return {each["id"]: each["refused"] for each in cli("actions", run, "--json").ok().json}


def test_without_a_service_the_actions_say_how_to_name_one(cli: Cli, csuite: Path) -> None:
    assert csuite.is_dir()
    assert "[services.ai-csuite]" in (offers(cli, FAILED)["revert"] or "")
    refused = cli("plan", "revert", FAILED, "--set", "reason=eval_drop", "--json")
    assert (refused.code, refused.json["request"]) == (ExitCode.BAD, None)
    assert "[services.ai-csuite]" in refused.json["refused"]


def test_what_can_be_done_depends_on_where_the_run_stands(cli: Cli, server: CsuiteServer) -> None:
    failed, paused, stopped = (offers(cli, run) for run in (FAILED, PAUSED, STOPPED))
    assert (failed["retry"], failed["revert"], paused["resume"]) == (None, None, None)
    assert "leaves the run in `running` for ever" in (failed["resume"] or "")
    assert "skip research" in (stopped["resume"] or "")
    assert "only makes it look green" in (failed["quick-start"] or "")
    system = offers(cli, FAILED)
    assert {name for name in ("shadow", "ramp", "rollback", "pause-scheduler") if system[name] is None}
    assert server.asked == [], "looking asks nobody"
    assert "POST /incidents/revert" in cli("actions", FAILED).ok().out


def test_a_plan_says_what_would_be_sent_and_sends_nothing(cli: Cli, csuite: Path, server: CsuiteServer) -> None:
    plan = cli("plan", "revert", FAILED, "--set", "reason=eval_drop", "--json").ok().json
    request = plan["request"]
    assert (request["method"], request["url"]) == ("POST", f"{server.url}/incidents/revert")
    assert request["body"] == {"run_id": FAILED, "reason": "eval_drop"}
    assert plan["argv"] is None
    assert any("nothing is reverted" in warning for warning in plan["warnings"])
    assert f"POST {server.url}/incidents/revert" in cli("plan", "revert", FAILED, "--set", "reason=eval_drop").ok().out
    assert server.asked == []
    assert not list((csuite / CODE / "incidents").iterdir())
    wrong = cli("plan", "revert", FAILED, "--set", "reason=$(x)", "--json")
    assert "choose one of slo_breach eval_drop" in wrong.json["refused"]
    missing = cli("plan", "revert", FAILED, "--json")
    assert "reason=" in missing.json["refused"]


def test_a_revert_is_sent_once_read_back_and_on_record(cli: Cli, csuite: Path, server: CsuiteServer) -> None:
    unconfirmed = cli("revert", FAILED, "--set", "reason=eval_drop")
    assert (unconfirmed.code, server.sent()) == (ExitCode.USAGE, [])
    job = cli("revert", FAILED, "--set", "reason=eval_drop", "--yes", "--json").ok().json
    assert (job["state"], job["exit_code"]) == ("succeeded", 0)
    assert "sent and answered (output, line " in job["outcome"]
    assert [(asked.path, asked.body) for asked in server.sent()] == [
        ("/incidents/revert", {"run_id": FAILED, "reason": "eval_drop"})
    ]
    (incident,) = (csuite / CODE / "incidents").iterdir()
    output = Path(job["output"]).read_text()
    assert output.splitlines()[-1] == "done: POST answered 200; 3 of 3 checks hold"
    assert f"read back: met: {incident}: reason = eval_drop" in output
    entries = {entry["kind"]: entry["data"] for entry in cli("audit", "--json").ok().json}
    assert set(entries) >= {"action.planned", "action.confirmed", "action.started", "action.ended"}
    assert entries["action.started"]["request"] == {
        "service": "ai-csuite",
        "method": "POST",
        "url": f"{server.url}/incidents/revert",
        "body": {"run_id": FAILED, "reason": "eval_drop"},
    }
    shown = cli("show", FAILED, "--json").ok().json
    assert [each["path"] for each in shown["artifacts"]] == [f"{CODE}/incidents/{incident.name}"]
    again = cli("plan", "revert", FAILED, "--set", "reason=eval_drop", "--json").ok().json
    assert any("no row in the server's audit log" in warning for warning in again["warnings"])


def test_a_plan_of_another_state_is_not_carried_out(cli: Cli, server: CsuiteServer) -> None:
    plan = cli("plan", "revert", FAILED, "--set", "reason=eval_drop", "--json").ok().json
    cli("revert", FAILED, "--set", "reason=slo_breach", "--yes").ok()
    late = cli("revert", FAILED, "--set", "reason=eval_drop", "--yes", "--plan", plan["hash"])
    assert late.code == ExitCode.MOVED
    assert len(server.sent()) == 1


def test_a_safe_resume_runs_to_its_end_and_the_run_says_so_too(cli: Cli, server: CsuiteServer) -> None:
    job = cli("resume", PAUSED, "--yes", "--json").ok().json
    assert job["state"] == "succeeded"
    assert set(job["judged_by"]) == {"exit code", "output", "evidence of the run"}
    assert cli("show", PAUSED, "--json").ok().json["state"] == "succeeded"
    assert cli("resume", PAUSED, "--yes").code == ExitCode.USAGE
    assert cli("resume", STOPPED, "--yes").code == ExitCode.USAGE
    assert [asked.path for asked in server.sent()] == [f"/runs/{PAUSED}/graph/resume"]


def test_a_retry_makes_a_new_run_for_the_same_item(cli: Cli, server: CsuiteServer) -> None:
    cli("retry", FAILED, "--yes").ok()
    (asked,) = server.sent()
    assert asked.body == {"tenant_id": "t", "project_id": "p", "roadmap_item_id": "i", "phase": "delivery"}
    pending = [run for run in cli("runs", "--json").ok().json if run["state"] == "pending"]
    assert len(pending) == 1
    assert offers(cli, pending[0]["id"])["start"] is None


def test_exit_codes_tell_nothing_sent_from_failed_from_not_known(
    cli: Cli, csuite: Path, server: CsuiteServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("revert", FAILED, "--set", "reason=eval_drop", "--yes")
    server.on("POST", "/incidents/revert", {"incident_id": "i-1", "status": "created"})
    lost = cli(*arguments, "--json")
    assert (lost.code, lost.json["exit_code"]) == (ExitCode.BAD, 4)
    assert "it may have happened" in lost.json["outcome"]
    server.on("POST", "/incidents/revert", {"detail": "no"}, status=409)
    failed = cli(*arguments, "--json")
    assert (failed.code, failed.json["exit_code"]) == (ExitCode.BAD, 1)
    assert "answered 409: no" in failed.json["outcome"]
    monkeypatch.setenv("COCKPIT_AI_CSUITE_URL", "http://127.0.0.1:9")
    down = cli(*arguments, "--json")
    assert (down.code, down.json["exit_code"]) == (ExitCode.GATE, 3)
    assert "nothing was sent" in down.json["outcome"]
    assert not list((csuite / CODE / "incidents").iterdir())


def test_the_token_is_in_the_request_and_nowhere_else(
    cli: Cli, csuite: Path, server: CsuiteServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[services.ai-csuite]\nurl = "{server.url}"\ntoken_env = "CSUITE_TOKEN"\n')
    monkeypatch.delenv("COCKPIT_AI_CSUITE_URL")
    arguments = ("revert", FAILED, "--set", "reason=eval_drop", "--config", config)
    without = cli(*arguments, "--yes")
    assert "the variable CSUITE_TOKEN is not set" in without.err
    monkeypatch.setenv("CSUITE_TOKEN", TOKEN)
    shown = cli("plan", *arguments).ok().out
    done = cli(*arguments, "--yes").ok()
    assert {asked.headers["Authorization"] for asked in server.asked} == {f"Bearer {TOKEN}"}
    told = "".join((shown, done.out, done.err, cli("audit", "--json").ok().out, cli("jobs", "--json").ok().out))
    assert TOKEN not in told
    assert "CSUITE_TOKEN" in shown
    state = [path for path in (csuite / ".cockpit").rglob("*") if path.is_file()]
    assert any(path.name == "job.json" for path in state)
    assert [path for path in state if TOKEN.encode() in path.read_bytes()] == []


def test_a_candidate_goes_up_stage_by_stage_and_back(cli: Cli, server: CsuiteServer) -> None:
    ramp = ("ramp", FAILED, "--yes", "--set", "candidate=noop_ads", "--set", "baseline=mock_ads")
    early = cli(*ramp)
    assert early.code != 0
    assert "shadow was not compared within bounds" in early.err
    cli("shadow", FAILED, "--yes", "--set", "candidate=noop_ads").ok()
    assert cli("shadow-compare", FAILED, "--yes").code == ExitCode.BAD, "2 differences, 0 allowed"
    cli("shadow-compare", FAILED, "--yes", "--set", "max_mismatches=2").ok()
    skipping = cli(*ramp, "--set", "stage=50")
    assert "stage 50 comes after stage 25" in skipping.err
    server.alerts[FAILED] = "alerts"
    gated = cli(*ramp, "--json")
    assert (gated.code, gated.json["exit_code"]) == (ExitCode.GATE, 3)
    assert "the run has active alerts" in gated.json["outcome"]
    server.alerts.clear()
    for stage in ("5", "25", "50"):
        cli("ramp", FAILED, "--yes", *(() if stage != "5" else ramp[3:])).ok()
        assert server.sent()[-1].path == f"/providers/ramp/{stage}"
        assert server.adapters["ads"] == "mock_ads"
    cli("ramp", FAILED, "--yes").ok()
    assert server.adapters["ads"] == "noop_ads"
    cli("rollback", FAILED, "--yes", "--set", "capability=ads").ok()
    assert server.adapters["ads"] == "mock_ads"
    cli("shadow-stop", FAILED, "--yes").ok()
    assert server.shadows == {}
    after = cli(*ramp, "--set", "stage=5")
    assert "since the last rollback" in after.err
    ramped = [asked.path for asked in server.sent() if "/ramp/" in asked.path]
    assert ramped == [f"/providers/ramp/{stage}" for stage in (5, 25, 50, 100, 100)]


def test_an_unknown_candidate_is_found_out_by_its_comparison(cli: Cli, server: CsuiteServer) -> None:
    cli("shadow", FAILED, "--yes", "--set", "candidate=does_not_exist").ok()
    broken = cli("shadow-compare", FAILED, "--yes", "--set", "max_mismatches=9", "--json")
    assert (broken.code, broken.json["exit_code"]) == (ExitCode.BAD, 1)
    cli("shadow-stop", FAILED, "--yes").ok()
    gone = cli("shadow-stop", FAILED, "--yes", "--set", "shadow_id=nope", "--json")
    assert "the server knows no such shadow (stopped = false)" in gone.json["outcome"]
    assert server.shadows == {}


def test_new_work_is_paused_and_let_begin_again(cli: Cli, server: CsuiteServer) -> None:
    cli("pause-scheduler", FAILED, "--yes").ok()
    assert server.enabled is False
    cli("resume-scheduler", FAILED, "--yes").ok()
    assert server.enabled is True
    cli("pause-scheduler", FAILED, "--yes").ok()
    cli("undo", "--yes").ok()
    assert server.enabled is True
    assert [asked.body["enabled"] for asked in server.sent("PATCH")] == [False, True, False, True]


def test_on_the_recorded_database_a_revert_leaves_its_file(
    cli: Cli, real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "recorded"
    shutil.copytree(real_data / "ai-csuite" / "tree-sqlite", root)
    monkeypatch.setenv("COCKPIT_ROOT", str(root))
    monkeypatch.setenv("COCKPIT_NOW", "2026-11-21T12:00:00Z")
    run = "08877800-fa6b-4901-8754-95ecde01d707"
    code = root / "tree" / CODE
    before = set((code / "incidents").iterdir())
    with serving(CsuiteServer(root / "dev.db", code)) as running:
        monkeypatch.setenv("COCKPIT_AI_CSUITE_URL", running.url)
        assert "this one is succeeded" in (offers(cli, run)["resume"] or "")
        job = cli("revert", run, "--set", "reason=safety_violation", "--yes", "--json").ok().json
    assert job["state"] == "succeeded"
    (incident,) = set((code / "incidents").iterdir()) - before
    assert [each["path"] for each in cli("show", run, "--json").ok().json["artifacts"]] == [
        f"tree/{CODE}/incidents/{incident.name}"
    ]
