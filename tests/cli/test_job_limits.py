"""Time limits of jobs, from the command line and from the configuration file."""

import os
from pathlib import Path

import pytest

from tests.cli.conftest import FAILED, Cli


@pytest.fixture
def gate(root: Path) -> Path:
    """The producer of every job waits here for ever."""
    path = root.parent / "gate"
    os.mkfifo(path)
    return path


def configured(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "jobs.toml"
    path.write_text(text)
    return path


def test_a_job_is_ended_after_its_time_and_says_so(cli: Cli, gate: Path) -> None:
    assert gate.exists()
    done = cli("retry", FAILED, "--yes", "--timeout", "0.3s", "--json")
    assert done.code == 1
    job = done.json
    assert (job["state"], job["judged_by"], job["timeout_s"]) == ("failed", ["time limit"], 0.3)
    assert job["outcome"].startswith("timed out after 0.3 s; ")
    assert job["outcome"].endswith("no new evidence: nothing of the run changed")
    started, ended = (
        entry["data"] for entry in cli("audit", "--json").json if entry["kind"] in ("action.started", "action.ended")
    )
    assert started["timeout_s"] == 0.3
    assert (ended["state"], ended["judged_by"]) == ("failed", ["time limit"])


def test_the_configuration_sets_limits_for_all_actions_or_for_one(cli: Cli, gate: Path, tmp_path: Path) -> None:
    config = configured(tmp_path, "[jobs]\ntimeout = '1h'\ngrace = 1\n[jobs.timeouts]\nretry = '300ms'\n")
    done = cli("retry", FAILED, "--yes", "--config", config)
    assert done.code == 1
    assert f"retry of {FAILED} failed: timed out after 0.3 s; " in done.err
    assert "(judged by time limit); job " in done.err
    gate.unlink()
    resumed = cli("resume", FAILED, "--yes", "--config", config, "--json").ok().json
    assert resumed["timeout_s"] == 3_600
    # What the command line says wins.
    endless = cli("resume", FAILED, "--step", "branch", "--yes", "--config", config, "--timeout", "0", "--json").ok()
    assert endless.json["timeout_s"] is None


def test_a_wrong_limit_is_a_usage_error(cli: Cli, root: Path) -> None:
    assert root.is_dir()
    done = cli("retry", FAILED, "--yes", "--timeout", "soon")
    assert done.code == 2
    assert "argument --timeout: 'soon' is not a duration" in done.err
    assert cli("jobs", "--json").ok().json == []


def test_a_verdict_says_what_it_rests_on(cli: Cli, root: Path) -> None:
    assert root.is_dir()
    done = cli("retry", FAILED, "--yes").ok()
    assert f"retry of {FAILED} succeeded: exit 0 after" in done.err
    assert "build.implement: its new receipt says succeeded; the run went from failed to partial" in done.err
    assert "(judged by exit code and evidence of the run); job " in done.err
    (job,) = cli("jobs", "--json").ok().json
    assert job["judged_by"] == ["exit code", "evidence of the run"]
    assert [place["rank"] for place in job["evidence"]] == ["receipt"]
