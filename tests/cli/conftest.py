"""Headless verbs for tests: the program's own `main`, and a workspace whose Makefile really retries a step."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cockpit.cli import main
from tests.builders import FlowStudioRun

FAILED, DONE, LIVE = "run-20261121-040000-aaa111", "run-20261121-040000-bbb222", "run-20261121-040000-ccc333"
NOW = "2026-11-21T04:01:00Z"
"""A minute after everything happened in the built runs."""
SIGNAL = (
    ("normalize", "signal-normalizer"), ("frame", "problem-framer"), ("author_reqs", "requirements-author"),
    ("critique_reqs", "requirements-critic"), ("author_bdd", "bdd-author"), ("scope", "scope-assessor"),
)  # fmt: skip
"""The steps of the flow signal, as the system has them."""
HOSTILE_NAMES = (
    "$(touch pwned)", "--help", "a b", "x\x1b]52;c;aGk=\x07\ny", "[@click=app.quit]x[]", "-rf", "é日", "'; touch pwned",
)  # fmt: skip
"""Names of run directories: shell and make syntax, options, escape sequences, line breaks, markup."""

# GNU make hands the variables of its command line on to the recipe's environment.
MAKEFILE = """\
stepwise-retry stepwise-build:
\t@{python} {script}
"""
PRODUCER = """\
import json, os, pathlib, sys
run = pathlib.Path(os.environ["RUNS"]) / os.environ["RUN_ID"]
step = os.environ.get("STEP") or os.environ["START_STEP"]
print("working on", step, "\\x1b]52;c;cHduZWQ=\\x07")
sys.stdout.flush()
if (pathlib.Path(os.environ["RUNS"]).parent / "broken").exists():
    print("no such module", file=sys.stderr)
    sys.exit(3)
gate = pathlib.Path(os.environ["RUNS"]).parent / "gate"
if gate.exists():
    # Opening a FIFO waits for the other side: the test decides when the job goes on.
    gate.open().close()
stamp = "2026-11-21T04:00:30+00:00Z"
receipt = next((run / "build" / "receipts").glob(step + "-*.json"))
receipt.write_text(json.dumps(json.loads(receipt.read_text()) | {"status": "succeeded", "error": None}))
meta = run / "meta.json"
meta.write_text(json.dumps(json.loads(meta.read_text()) | {"status": "succeeded", "error": None, "updated_at": stamp}))
with (run / "events.jsonl").open("a") as events:
    for kind in ("step_start", "step_end", "run_completed"):
        payload = {"status": "succeeded"}
        line = {"ts": stamp, "kind": kind, "flow_key": "build", "step_id": step, "payload": payload}
        events.write(json.dumps(line) + "\\n")
print("done")
"""


@dataclass(frozen=True)
class Result:
    """What a verb returned and printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out, parse_constant=pytest.fail)

    def ok(self) -> "Result":
        assert self.code == 0, self.err
        return self


Cli = Callable[..., Result]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    """Runs the program in this process, as `cockpit ARGUMENT...`."""

    def run(*arguments: object) -> Result:
        capsys.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as end:
            code = int(end.code or 0)
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return run


def program(*arguments: object, stdout: int | None = subprocess.PIPE, **environment: str) -> Result:
    """Runs the program in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "cockpit", *map(str, arguments)],
        check=False, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, timeout=60,
        env={**os.environ, **environment}, encoding="utf-8",
    )  # fmt: skip
    return Result(done.returncode, done.stdout or "", done.stderr)


def build_failed(root: Path, name: str = FAILED) -> FlowStudioRun:
    """A run that failed at build.implement."""
    run = FlowStudioRun(root, name)
    run.event("run_started", "build", at=0)
    run.step("build", "branch", "repo-operator", at=1)
    run.step("build", "implement", "code-implementer", at=3, ok=False, error="TimeoutError: step exceeded 300s")
    run.decision("build", "branch", "continue", at=2)
    run.event("run_completed", "build", at=5, status="failed", error="TimeoutError: step exceeded 300s")
    run.meta("failed", error="TimeoutError: step exceeded 300s", at=6, completed_at="2026-11-21T04:00:06+00:00Z")
    return run


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three runs (failed, succeeded, running) below a Makefile; `COCKPIT_NOW` is a minute later."""
    runs = tmp_path / "flow" / "runs"
    build_failed(runs)
    done = FlowStudioRun(runs, DONE)
    for step, agent in SIGNAL:
        done.step("signal", step, agent, at=1)
    done.event("run_completed", "signal", at=4, status="succeeded")
    done.meta("succeeded", flows=("signal",), at=5, completed_at="2026-11-21T04:00:05+00:00Z", title="Nightly")
    live = FlowStudioRun(runs, LIVE)
    live.event("step_start", "build", "branch", "repo-operator", at=50)
    live.meta("running", at=50)
    script = tmp_path / "flow" / "producer.py"
    script.write_text(PRODUCER)
    (tmp_path / "flow" / "Makefile").write_text(MAKEFILE.format(python=sys.executable, script=script))
    monkeypatch.setenv("COCKPIT_ROOT", str(runs))
    monkeypatch.setenv("COCKPIT_NOW", NOW)
    monkeypatch.setenv("RUNS", str(runs))
    monkeypatch.chdir(tmp_path)
    return runs
