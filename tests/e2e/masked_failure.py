"""A run that says it succeeded although a step of it failed, below a Makefile that really retries it."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.builders import FlowStudioRun
from tests.e2e.conftest import copied, verb
from tests.terminal import terminal_environment

RECORDED = "run-20261121-035955-to0ib1"
"""The masked failure among the recorded runs (`runs/MANIFEST.md`)."""
BUILT = "run-20261121-040000-masked"
FLOW, STEP, AGENT = "signal", "author_reqs", "requirements-author"
RECEIPT = f"{FLOW}/receipts/{STEP}-{AGENT}.json"
ERROR = "Traceback (most recent call last):\n  import httpx_retry\nModuleNotFoundError: No module named 'httpx_retry'\n"
PLAN = (
    ("impact", "impact-analyzer"), ("options", "design-optioneer"), ("adr", "adr-author"),
    ("interface", "interface-designer"), ("observability", "observability-designer"),
    ("test_strategy", "test-strategist"), ("work", "work-planner"), ("design_critique", "design-critic"),
)  # fmt: skip
"""The steps of the flow plan, as the system has them."""

PRODUCER = '''\
"""Does the failed step and those that were left out, as of twenty minutes after the failure."""
import json, os, pathlib, sys
from datetime import datetime, timedelta
run = pathlib.Path(sys.argv[1]) / os.environ["RUN_ID"]
flow, step = os.environ["FLOW"], os.environ["STEP"]
first = next((run / flow / "receipts").glob(step + "-*.json"))
receipt = json.loads(first.read_text())
if receipt["status"] != "failed":
    sys.exit("nothing to retry")
at = datetime.fromisoformat(receipt["completed_at"].removesuffix("Z")) + timedelta(minutes=20)
steps = [(step, receipt["agent_key"]), ("critique_reqs", "requirements-critic"), ("author_bdd", "bdd-author"),
         ("scope", "scope-assessor")]
def stamp():
    global at
    at += timedelta(seconds=1)
    return at.isoformat() + "Z"
def event(kind, step=None, agent=None, **payload):
    line = {"run_id": run.name, "ts": stamp(), "kind": kind, "flow_key": flow, "step_id": step, "agent_key": agent,
            "payload": payload}
    with (run / "events.jsonl").open("a") as events:
        events.write(json.dumps(line) + "\\n")
event("run_started")
for name, agent in steps:
    event("step_start", name, agent)
    done = {**receipt, "step_id": name, "agent_key": agent, "started_at": stamp(), "completed_at": stamp(),
            "status": "succeeded"}
    done.pop("error", None)
    target = run / flow / "receipts" / f"{name}-{agent}.json"
    target.with_suffix(".new").write_text(json.dumps(done, indent=2))
    target.with_suffix(".new").rename(target)
    event("step_end", name, agent, status="succeeded", error=None)
    print(name, "done", flush=True)
event("run_completed", status="succeeded", error=None)
meta = json.loads((run / "meta.json").read_text())
(run / "meta.json").write_text(json.dumps({**meta, "status": "succeeded", "updated_at": stamp()}, indent=2))
'''


OUTSIDE = frozenset(("retry", "bundle", "postmortem", "audit"))
"""Verbs that the program itself is started for; the others take a tenth of the time in this process."""


@dataclass(frozen=True)
class Place:
    """A root, and the run in it that this is about."""

    root: Path
    run: str
    inside: bool = False
    """Whether all verbs run in this process, by the program's own `main`; else those of `OUTSIDE` have their own."""

    @property
    def state(self) -> Path:
        """The state directory."""
        return self.root / ".cockpit"

    def ask(
        self, *arguments: str | Path, at: str | None = None, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a verb on the root, as of a time of the day it happened."""
        moment = {"COCKPIT_NOW": f"2026-11-21T{at}:00Z"} if at else {}
        run = verb if arguments[0] in OUTSIDE and not self.inside else within
        return run(*arguments, "--root", self.root, env=moment | dict(env or {}))

    def say(self, *arguments: str | Path, at: str | None = None) -> str:
        """What a verb that goes well prints."""
        done = self.ask(*arguments, at=at)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done.stdout

    def read(self, *arguments: str | Path, at: str | None = None) -> Any:
        """The document of a verb that goes well."""
        return json.loads(self.say(*arguments, "--json", at=at), parse_constant=_no_constant)


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def within(*arguments: str | Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a headless verb in this process, with the environment, the streams and the result of one of its own."""
    from cockpit.cli import main

    words = list(map(str, arguments))
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with (
        patch.dict(os.environ, terminal_environment(env), clear=True),
        Path(os.devnull).open() as nothing,
        patch("sys.stdin", nothing),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            code = main(words)
        except SystemExit as end:
            code = int(end.code or 0)
    said, told = (stream.buffer.getvalue().decode() for stream in (out, err))
    return subprocess.CompletedProcess(words, code, said, told)


def recorded(real: Path, target: Path) -> Place:
    """A copy of the recorded runs, with a Makefile above them."""
    runs = copied(real / "flow-studio" / "runs", target / "runs")
    return Place(_with_makefile(runs), RECORDED, inside=True)


def built(target: Path) -> Place:
    """The same failure, built: three steps of signal, the third failed, then all of plan, and a green record."""
    runs = target / "runs"
    fine = FlowStudioRun(runs, "run-20261121-040000-aafine")
    masked = FlowStudioRun(runs, BUILT)
    for run in (fine, masked):
        run.event("run_started", FLOW, at=0)
        run.step(FLOW, "normalize", "signal-normalizer", at=1)
        run.step(FLOW, "frame", "problem-framer", at=3)
    fine.step(FLOW, STEP, AGENT, at=5)
    for place, (step, agent) in enumerate(
        (("critique_reqs", "requirements-critic"), ("author_bdd", "bdd-author"), ("scope", "scope-assessor"))
    ):
        fine.step(FLOW, step, agent, at=7 + 2 * place)
    fine.event("run_completed", FLOW, at=14, status="succeeded")
    fine.meta("succeeded", flows=(FLOW,), at=14)
    masked.step(FLOW, STEP, AGENT, at=5, ok=False, error=ERROR)
    masked.event("run_completed", FLOW, at=7, status="failed", error=ERROR)
    masked.event("run_started", "plan", at=8)
    for place, (step, agent) in enumerate(PLAN):
        masked.step("plan", step, agent, at=9 + 2 * place)
    masked.event("run_completed", "plan", at=30, status="succeeded")
    masked.meta("succeeded", flows=(FLOW, "plan"), at=30)
    return Place(_with_makefile(runs), BUILT)


def _with_makefile(runs: Path) -> Path:
    script = runs.parent / "producer.py"
    script.write_text(PRODUCER)
    # GNU make hands the variables of its command line on to the recipe's environment.
    (runs.parent / "Makefile").write_text(f"stepwise-retry:\n\t@{sys.executable} {script} {runs}\n")
    return runs
