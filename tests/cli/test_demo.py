"""`cockpit demo --headless`: makes a workspace, prints its status, leaves no process behind."""

import json
from pathlib import Path

import psutil

from tests.cli.conftest import Cli, program


def test_the_demo_shows_runs_in_every_condition_and_ends(tmp_path: Path, cli: Cli) -> None:
    workspace = tmp_path / "demo"
    shown = program("demo", workspace, "--headless", "--json").ok()
    document = json.loads(shown.out)
    assert {"failed", "blocked", "stuck", "running", "succeeded"} <= set(document["counts"])
    assert any(run["contradicted"] for run in document["attention"])
    assert [(each["id"][-2:], each["severity"], each["phase"]) for each in document["incidents"]] == [
        ("01", "SEV2", "contain")
    ]
    assert not [
        process.pid for process in psutil.process_iter(["cmdline"])
        if any(str(workspace) in part for part in process.info["cmdline"] or ())
    ]  # fmt: skip
    assert cli("runs", "--root", workspace).ok().out


def test_somebody_elses_directory_is_left_alone(tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "Makefile").write_text("precious\n")
    refused = cli("demo", tmp_path, "--headless")
    assert (refused.code, refused.out) == (2, "")
    assert [path.name for path in tmp_path.iterdir()] == ["Makefile"]
