"""The commands of the demo's checkouts: `python -m cockpit.demo.tools curriculum|agents ...`.

Called by `curriculum-builder/scripts/orchestration.py` and by the stand-in for `invoke`; they print, write and exit as
the systems' own do (formats/curriculum-builder.md 2, formats/agents-orchestration.md 3). Standard library only.
"""

import json
import os
import random
import re
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from cockpit.demo.agents import TASKS, Console
from cockpit.demo.curriculum import CurriculumRun, new_id
from cockpit.demo.files import RealPace, Stopped

_INTERRUPTED = 143
_RUN_ID = re.compile(r"\d{8}-\d{6}(?:-[a-z0-9-]+)?")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command of one of the systems; its exit code, as that system has it."""
    system, *rest = sys.argv[1:] if arguments is None else arguments
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    try:
        return {"curriculum": curriculum, "agents": agents}[system](rest, RealPace(stop))
    except Stopped:
        return _INTERRUPTED


def curriculum(arguments: Sequence[str], pace: RealPace) -> int:
    """`scripts/orchestration.py init|list|validate|plan|iterate|run`.

    Raises:
        Stopped: It was told to end.
    """
    base = Path(os.environ.get("ORCHESTRATION_BASE_DIR") or "runs").absolute()
    verb, *rest = arguments or ("",)
    rng = random.Random()  # noqa: S311  # a demo's details, not a secret
    if verb == "list":
        _say(*sorted(path.name for path in base.iterdir() if (path / "run.json").exists()))
        return 0
    if verb == "init":
        name = new_id(pace.now(), rest[0]) if rest else f"{pace.now():%Y%m%d-%H%M%S}"
        if (base / name).exists():
            _complain(f"Run directory already exists: {base / name}")
            return 1
        made = CurriculumRun(base, name, pace, rng)
        made.init()
        _say("Initialized orchestration run.", f"Run directory: {made.directory}")
        return 0
    if verb not in ("validate", "plan", "iterate", "run") or not rest:
        _complain("usage: orchestration.py init|list|validate|plan|iterate|run [RUN_ID]")
        return 2
    if not _RUN_ID.fullmatch(rest[0]):
        _complain("[invalid_argument] Invalid run_id format. Expected YYYYMMDD-HHMMSS[-slug].")
        return 2
    run = CurriculumRun(base, rest[0], pace, rng)
    if not run.files.exists("run.json"):
        _complain(f"[not_found] Run not found: {run.run_id}")
        return 3
    return _drive(run, verb, pace)


def _drive(run: CurriculumRun, verb: str, pace: RealPace) -> int:
    spec = run.directory / "inputs" / "topic_spec.json"
    if not run.ready():
        if verb == "run":
            _complain(f"[stage_conflict] Topic spec not ready: {spec}")
            return 5
        _complain(f"Topic spec missing or incomplete: {spec}", "- goal must not be a placeholder")
        return 1
    made = run.directory / "outputs" / "curriculum" / "curriculum.json"
    if verb == "run":
        pace.wait(_seconds())
        run.generate()
        _say(f"Generated curriculum with agent: {made}")
    elif not made.exists():
        _complain(f"Missing curriculum file: {made}")
        return 1
    wrong = run.validate()
    report = run.directory / "outputs" / "reviews" / "validation_report.md"
    _say(report.read_text(encoding="utf-8"), f"Saved validation report: {report}")
    if wrong:
        return 1
    if verb != "validate":
        run.plan()
        _say(f"Saved plan: {run.directory / 'outputs' / 'plan' / 'plan.json'}")
    if verb in ("iterate", "run"):
        run.iterate()
        _say(f"Saved diff report: {run.directory / 'outputs' / 'reviews' / 'diff_report.json'}")
    if verb == "run":
        _say(f"Orchestration run completed: {run.run_id}")
    return 0


def agents(arguments: Sequence[str], pace: RealPace) -> int:
    """`invoke TASK`, in the checkout.

    Raises:
        Stopped: It was told to end.
    """
    task = arguments[0] if arguments else ""
    if task not in TASKS:
        _complain(f"No idea what {task!r} is!")
        return 1
    tree = Path.cwd()
    config = tree / "config" / "agents.config.json"
    if task == "validate-config":
        if not config.exists():
            _say("Configuration file not found!")
            return 0
        known = json.loads(config.read_text(encoding="utf-8"))
        _say(f"Project: {known['metadata']['project']}", f"Agents: {len(known['agents'])}")
        _say(*(f"- {agent['id']}: {agent['defaultModel']}" for agent in known["agents"]))
        return 0
    console = Console(tree, pace, random.Random(), _say)  # noqa: S311
    console.start()
    for agent in TASKS[task]:
        console.work(agent, _seconds())
    return 0


def _seconds() -> float:
    try:
        return min(60.0, max(0.0, float(os.environ.get("STEP_SECONDS") or 1.5)))
    except ValueError:
        return 1.5


def _say(*lines: str) -> None:
    for line in lines:
        print(line, flush=True)  # noqa: T201  # a command-line tool


def _complain(*lines: str) -> None:
    for line in lines:
        print(line, file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
