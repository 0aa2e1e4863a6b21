"""The other three systems of a demo workspace: their checkouts, their past, and what keeps them moving.

Flow Studio has the workspace itself; these lie below it, each in a checkout of its own with the commands that the
cockpit's actions call.
"""

import contextlib
import random
import shutil
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from cockpit.demo import agents, csuite, curriculum
from cockpit.demo.files import RealPace, Stopped

PROGRAMS = Path("bin")
"""Programs that stand in for what a checkout's commands need and this host may lack; for `PATH`."""
KEPT = 2
"""Finished live runs of each system that are kept."""
_SLOWER = 3
"""How much slower than Flow Studio they are, and how much more rarely a run of theirs fails: no crowd on the screen."""
_LEAST = 0.05
"""Seconds a step takes at least: a demo told not to wait must not fill the disk."""

_TASKS = """\
\"\"\"Tasks of the demo's checkout, for `invoke`.\"\"\"

from invoke import task

"""
_TASK = """
@task(name="{name}")
def {word}(c):
    c.run("{command} {name}")

"""
_SCRIPT = """\
#!/bin/sh
exec env PYTHONPATH={package} {python} -m cockpit.demo.tools {system} "$@"
"""
_ORCHESTRATION = """\
\"\"\"Stands in for curriculum-builder's own program; written by `cockpit demo`.\"\"\"

import os
import sys

os.environ["PYTHONPATH"] = {package!r}
os.execv({python!r}, [{python!r}, "-m", "cockpit.demo.tools", "curriculum", *sys.argv[1:]])
"""


def frame(root: Path, package: str, python: str, shell: Callable[[str], str]) -> dict[Path, tuple[str, int]]:
    """The files of the checkouts that are no runs: path -> text and mode.

    Args:
        root: The workspace.
        package: Where this package lies.
        python: The interpreter.
        shell: Makes a shell word of a text.
    """
    tree = root / agents.TREE
    invoke = _SCRIPT.format(package=shell(package), python=shell(python), system="agents")
    command = f"{shell(str(root / PROGRAMS / 'invoke'))}"
    tasks = _TASKS + "".join(
        _TASK.format(name=name, word=name.replace("-", "_"), command=command.replace("\\", "\\\\").replace('"', '\\"'))
        for name in agents.TASKS
    )
    files = {
        tree / "tasks.py": (tasks, 0o644),
        tree / "config" / "agents.config.json": (agents.configuration(), 0o644),
        root / PROGRAMS / "invoke": (invoke, 0o755),
        root / curriculum.TREE / "scripts" / "orchestration.py": (
            _ORCHESTRATION.format(package=package, python=python),
            0o644,
        ),
        root / csuite.TREE / "README.md": (
            "The database of an ai-csuite server. Its actions are requests: name the server in the configuration.\n",
            0o644,
        ),
    }
    files |= {tree / name: (text, 0o644) for name, text in agents.prompts().items()}
    if shutil.which("python3.11") is None:
        files[root / PROGRAMS / "python3.11"] = (f'#!/bin/sh\nexec {shell(python)} "$@"\n', 0o755)
    return files


def write_past(root: Path, now: datetime) -> dict[str, str]:
    """Write the runs of the past; label of each -> its run id."""
    return (
        curriculum.write_runs(root / curriculum.RUNS, now)
        | agents.write_runs(root / agents.TREE, now)
        | csuite.write_runs(root, now)
    )


def live_workers(
    root: Path, stop: threading.Event, seconds: tuple[float, float], fail: float
) -> list[threading.Thread]:
    """A worker for each of the systems that is there; they end when `stop` is set.

    Args:
        root: The workspace.
        stop: Ends them when set.
        seconds: The shortest and the longest time a step takes.
        fail: How likely a run fails, 0 to 1.
    """
    pace = RealPace(stop)
    given = (max(_LEAST, seconds[0] * _SLOWER), max(_LEAST, seconds[1] * _SLOWER))
    fail /= _SLOWER

    def each(play: Callable[[random.Random], None]) -> Callable[[], None]:
        def work() -> None:
            rng = random.Random()  # noqa: S311  # a demo's details, not a secret
            # Somebody may delete the workspace, or change a file by hand: the others go on.
            with contextlib.suppress(Stopped):
                while not stop.is_set():
                    with contextlib.suppress(OSError, ValueError, KeyError, csuite.DatabaseError):
                        play(rng)
                    pace.wait(rng.uniform(*given))

        return work

    players = {
        root / curriculum.RUNS: lambda rng: _curriculum(root / curriculum.RUNS, pace, rng, given),
        root / agents.LOGS: lambda rng: _agents(root / agents.TREE, pace, rng, given, fail),
        root / csuite.DATABASE: lambda rng: csuite.play(
            root / csuite.DATABASE, pace, rng, given, fail=fail, kept=KEPT
        ),
    }  # fmt: skip
    return [threading.Thread(target=each(play), daemon=True) for place, play in players.items() if place.exists()]


def _curriculum(runs: Path, pace: RealPace, rng: random.Random, seconds: tuple[float, float]) -> None:
    mine = sorted(path for path in runs.iterdir() if path.name.endswith(curriculum.LIVE))
    for path in mine[: max(0, len(mine) - KEPT)]:
        shutil.rmtree(path, ignore_errors=True)
    for path in mine[-KEPT:]:
        run = curriculum.CurriculumRun(runs, path.name, pace, rng)
        if run.stage == "spec_ready":  # a former producer was stopped while it waited for the model
            curriculum.finish(run, pace, rng, seconds)
    curriculum.play(runs, pace, rng, seconds)


def _agents(tree: Path, pace: RealPace, rng: random.Random, seconds: tuple[float, float], fail: float) -> None:
    mine = sorted((tree / "logs").glob(f"{agents.LIVE}*.log"), key=lambda path: path.stat().st_mtime)
    for path in mine[: max(0, len(mine) - KEPT)]:
        path.unlink(missing_ok=True)
    for path in mine[-KEPT:]:
        with path.open("r+", encoding="utf-8") as stream:
            if "\nrc=" not in stream.read():  # its command died with the producer before
                stream.write("Terminated\nrc=143\n")
    agents.play(tree, pace, rng, seconds, fail=fail)
