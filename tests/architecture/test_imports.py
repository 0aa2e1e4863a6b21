"""What each way into the program loads, seen from outside in a fresh interpreter."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import FlowStudioRun
from tests.cli.conftest import FAILED, build_failed

REPORT = """\
import json, os, sys
sys.argv[1:] = json.loads(os.environ.pop("REPORTED_ARGUMENTS"))
from cockpit.cli import main
code = 0
try:
    code = main()
except SystemExit as end:
    code = end.code or 0
sys.stdout.flush()
sys.stderr.write("\\n" + json.dumps({"code": code, "modules": sorted(sys.modules)}))
"""


def loaded(*arguments: str, cwd: Path | None = None) -> set[str]:
    """The modules in memory after the program ran with these arguments."""
    done = subprocess.run(
        [sys.executable, "-c", REPORT],
        check=True, capture_output=True, encoding="utf-8", cwd=cwd, stdin=subprocess.DEVNULL, timeout=60,
        # Not on the command line: a foreign program that names a run holds it.
        env={**os.environ, "REPORTED_ARGUMENTS": json.dumps(arguments)},
    )  # fmt: skip
    report = json.loads(done.stderr.splitlines()[-1])
    assert report["code"] == 0, done.stderr
    return set(report["modules"])


def within(modules: set[str], *packages: str) -> list[str]:
    return sorted(name for name in modules for package in packages if name == package or name.startswith(f"{package}."))


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    build_failed(tmp_path / "runs")
    FlowStudioRun(tmp_path / "runs", "run-b").meta("running", at=50)
    monkeypatch.setenv("COCKPIT_ROOT", str(tmp_path / "runs"))
    return tmp_path / "runs"


@pytest.mark.parametrize(
    "arguments",
    [
        ["status"], ["status", "--json"], ["runs"], ["runs", "--json", "--filter", "state:failed"], ["show", FAILED],
        ["show", FAILED, "--json"], ["actions", FAILED], ["plan", "archive", FAILED], ["jobs"],
        ["checklist", FAILED, "--playbook", "failed-run"], ["playbooks"], ["audit"], ["audit", "verify"], ["info"],
        ["keys"], ["archive", FAILED, "--yes"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_no_verb_loads_the_terminal(root: Path, arguments: list[str]) -> None:
    modules = loaded(*arguments, cwd=root)
    assert within(modules, "textual", "cockpit.screens", "cockpit.app", "cockpit.theming", "pytest") == []
    # Rows are plain data; everything else in there draws.
    assert set(within(modules, "widgets")) <= {"widgets", "widgets.rows"}


def test_the_version_loads_next_to_nothing(tmp_path: Path) -> None:
    modules = loaded("--version", cwd=tmp_path)
    assert within(modules, "pydantic", "textual", "rich", "argparse", "watchfiles", "orjson", "platformdirs") == []
    assert within(modules, "cockpit") == ["cockpit", "cockpit.cli"]


def test_help_loads_no_third_party_package(tmp_path: Path) -> None:
    modules = loaded("--help", cwd=tmp_path)
    foreign = ("pydantic", "textual", "rich", "watchfiles", "orjson", "platformdirs", "psutil", "yaml")
    assert within(modules, *foreign) == []


@pytest.mark.parametrize("package", ["models", "sources", "diagnosis", "runtime", "journal", "playbooks", "actions"])
def test_the_core_runs_without_the_terminal(package: str) -> None:
    script = f"""\
import importlib, json, pkgutil, sys
import cockpit.{package} as package
for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    importlib.import_module(found.name)
print(json.dumps(sorted(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, encoding="utf-8", timeout=60)
    modules = set(json.loads(done.stdout))
    assert within(modules, f"cockpit.{package}")
    assert within(modules, "textual", "rich", "widgets", "cockpit.presenters", "cockpit.screens", "cockpit.cli") == []


def test_widgets_know_nothing_of_the_application() -> None:
    script = """\
import importlib, json, pkgutil, sys
import widgets
for found in pkgutil.walk_packages(widgets.__path__, "widgets."):
    importlib.import_module(found.name)
print(json.dumps(sorted(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, encoding="utf-8", timeout=60)
    modules = set(json.loads(done.stdout))
    assert "widgets.run_list" in modules
    assert within(modules, "cockpit", "pydantic", "watchfiles", "orjson") == []


def test_the_program_runs_as_a_module(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cockpit", "--version"],
        check=True, capture_output=True, encoding="utf-8", cwd=tmp_path, env=dict(os.environ), timeout=60,
    )  # fmt: skip
    assert done.stdout.startswith("cockpit ")
