"""One producer at work on one run: its claim, its engine, its chances."""

import contextlib
import fcntl
import random
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from cockpit.demo.engine import Engine
from cockpit.demo.envelopes import Outcome
from cockpit.demo.files import RealPace, RunFiles
from cockpit.demo.flows import FLOWS

RUNS = Path("swarm") / "runs"
"""Where a workspace keeps its runs."""
_LOCKS = ".demo-locks"
ERRORS = (
    "TimeoutError: step exceeded 300s while waiting for tool Bash",
    "pytest exited with code 2: 3 failed, 39 passed",
    "FileNotFoundError: [Errno 2] No such file or directory: 'RUN_BASE/plan/test_plan.md'",
    "pydantic.ValidationError: 1 validation error for StepOutput: status: Field required",
)


class BusyError(Exception):
    """Another producer is at work on the run."""


@contextlib.contextmanager
def claim(workspace: Path, run_id: str) -> Iterator[None]:
    """Hold a run for one producer.

    Raises:
        BusyError: Another producer holds it.
    """
    folder = workspace / _LOCKS
    folder.mkdir(exist_ok=True)
    with (folder / f"{run_id}.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BusyError(f"another producer is at work on {run_id}") from error
        yield


def open_run(
    workspace: Path,
    run_id: str,
    *,
    stop: threading.Event,
    delay: float,
    fail: float = 0.0,
    torn: float = 0.2,
    rng: random.Random | None = None,
    quiet: bool = False,
) -> tuple[Engine, RunFiles]:
    """The engine of one run, in the shape its files already have.

    Args:
        workspace: The workspace.
        run_id: A plain name.
        stop: Ends the producer when set.
        delay: Mean seconds a step takes.
        fail: How likely a run fails at one of its steps, 0 to 1.
        torn: How often a receipt is seen half-written.
        rng: Source of chance.
        quiet: Print nothing.
    """
    chance = rng or random.Random()  # noqa: S311  # a demo's details, not a secret
    directory = workspace / RUNS / run_id
    numbered = _numbered(directory / "events.jsonl")
    pace = RealPace(stop)
    files = RunFiles(directory, run_id, pace, chance, numbered=numbered, torn=torn)

    def seconds() -> float:
        return delay * chance.uniform(0.6, 1.4)

    engine = Engine(
        files,
        pace,
        chance,
        seconds=seconds,
        outcomes=_misfortune(chance, fail),
        shape="v2" if numbered else "v1",
        say=_silent if quiet else say,
    )
    return engine, files


def play_all(engine: Engine, flows: Sequence[str]) -> int:
    """Play a run's flows in order, ending where one does not succeed; the exit code.

    Raises:
        Stopped: The producer was told to end.
    """
    for key in flows:
        if engine.play(FLOWS[key]).status != "succeeded":
            return 1
    return 0


def new_run_id(moment: datetime, rng: random.Random) -> str:
    """A run id as Flow Studio makes them: `run-YYYYMMDD-HHMMSS-<6 of a-z0-9>`."""
    tail = "".join(rng.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(6))
    return f"run-{moment:%Y%m%d-%H%M%S}-{tail}"


def say(line: str) -> None:
    """Print a line as a tool does, with the time."""
    print(f"[{datetime.now(UTC):%H:%M:%S}] {line}", flush=True)  # noqa: T201  # a command-line tool


def _silent(line: str) -> None:
    pass


def _numbered(events: Path) -> bool:
    """Whether a run's events are of the later shape; a new run's are."""
    try:
        with events.open("rb") as stream:
            first = stream.readline(4_096)
    except OSError:
        return True
    return b'"event_id"' in first or b'"event"' in first or not first


def _misfortune(rng: random.Random, fail: float) -> dict[str, Outcome]:
    if rng.random() >= fail:
        return {}
    flow = FLOWS[rng.choice(("signal", "plan", "build"))]
    return {f"{flow.key}.{rng.choice(flow.steps).id}": Outcome("failed", rng.choice(ERRORS))}
