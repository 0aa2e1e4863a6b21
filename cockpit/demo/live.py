"""Keeps runs going for as long as someone watches, so that something always moves."""

import contextlib
import random
import shutil
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from cockpit.demo.files import Stopped
from cockpit.demo.flows import FLOWS
from cockpit.demo.session import RUNS, BusyError, claim, new_run_id, open_run, play_all
from cockpit.demo.systems import live_workers

INITIATOR = "demo-live"
"""What `spec.initiator` says of the runs made here; only those are ever taken up again or pruned."""
KEPT = 8
"""Finished live runs kept; older ones are removed, so that a demo left open does not fill the disk."""
TITLES = (
    "Add retries with backoff to the HTTP client",
    "Rate-limit the login endpoint",
    "Export invoices as CSV",
    "Move session storage to Redis",
    "Paginate the audit log",
    "Validate webhooks by signature",
    "Drop support for API v1",
    "Cache the price list",
)


def keep_running(
    workspace: Path, stop: threading.Event, *, runs: int, silence: tuple[float, float], fail: float, until_eof: bool
) -> int:
    """Keep `runs` runs going at a time until `stop` is set.

    Runs a former producer left unfinished are taken up first.

    Args:
        workspace: The workspace.
        stop: Ends everything when set.
        runs: How many at a time.
        silence: The shortest and the longest time a step works, in seconds.
        fail: How likely a run fails, 0 to 1.
        until_eof: End when standard input is closed: a pipe held by whoever started this.

    Returns:
        The exit code, 0.
    """
    if until_eof:
        threading.Thread(target=_wait_for_end, args=(stop,), daemon=True).start()
    waiting = list(_unfinished(workspace))
    lock = threading.Lock()

    def work(seed: int) -> None:
        rng = random.Random()  # noqa: S311  # a demo's details, not a secret
        stop.wait(seed * 1.3 * bool(silence[1]))  # out of step with each other, or every row would change at once
        while not stop.is_set():
            with lock:
                run_id = waiting.pop(0) if waiting else ""
                prune(workspace)
            with contextlib.suppress(Stopped, BusyError):
                _one_run(workspace, run_id, stop, rng, silence=silence, fail=fail)
            if silence[1]:
                stop.wait(rng.uniform(*silence))

    workers = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(runs)]
    workers += live_workers(workspace, stop, silence, fail)
    for worker in workers:
        worker.start()
    while not stop.wait(0.5) and any(worker.is_alive() for worker in workers):
        pass
    stop.set()
    for worker in workers:
        worker.join(2)
    return 0


def _one_run(
    workspace: Path,
    run_id: str,
    stop: threading.Event,
    rng: random.Random,
    *,
    silence: tuple[float, float],
    fail: float,
) -> None:
    taken_up = bool(run_id)
    run_id = run_id or new_run_id(datetime.now(UTC), rng)
    mean = sum(silence) / 2
    with claim(workspace, run_id):
        engine, _ = open_run(
            workspace, run_id, stop=stop, delay=mean, fail=0.0 if taken_up else fail, rng=rng, quiet=True
        )
        if not taken_up:
            flows: tuple[str, ...] = rng.choice(
                (("signal", "plan", "build"), ("build",), ("signal", "plan"), ("gate", "deploy"))
            )
            engine.record.create(flows, title=rng.choice(TITLES), initiator=INITIATOR)
            play_all(engine, flows)
            return
        engine.record.adopt()
        while left := engine.record.missing():
            key, step = left
            if engine.play(FLOWS[key], FLOWS[key].position(step), resume=True).status != "succeeded":
                return


def _live_runs(workspace: Path) -> Iterator[tuple[str, str]]:
    """(run id, status) of every run made here, oldest first."""
    for meta in sorted((workspace / RUNS).glob("run-*/meta.json")):
        text = ""
        with contextlib.suppress(OSError, UnicodeDecodeError):
            text = meta.read_text(encoding="utf-8")
        if f'"initiator": "{INITIATOR}"' in text:
            status = text.partition('"status": "')[2].partition('"')[0]
            yield meta.parent.name, status


def _unfinished(workspace: Path) -> Iterator[str]:
    for run_id, status in _live_runs(workspace):
        if status in {"running", "pending"}:
            yield run_id


def prune(workspace: Path) -> None:
    """Remove the oldest finished live runs beyond `KEPT`; no other run is touched."""
    finished = [run_id for run_id, status in _live_runs(workspace) if status not in {"running", "pending"}]
    for run_id in finished[: max(0, len(finished) - KEPT)]:
        with contextlib.suppress(BusyError, OSError), claim(workspace, run_id):
            shutil.rmtree(workspace / RUNS / run_id)


def _wait_for_end(stop: threading.Event) -> None:
    while sys.stdin.buffer.read(4_096):
        pass
    stop.set()
