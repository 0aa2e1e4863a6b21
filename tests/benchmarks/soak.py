"""A long watch, compressed: hundreds of thousands of changes on a live board, without a terminal.

Fails where memory or file descriptors grow, or where the board says anything else at the end than a fresh look at
the same disk. `python -m tests.benchmarks --soak [--changes N]`.
"""

import gc
import json
import os
import random
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil

from cockpit.clock import system_clock
from cockpit.diagnosis.limits import Limits
from cockpit.diagnosis.rulebook import load_rules
from cockpit.diagnosis.verdict import judge
from cockpit.models.detail import RunDetail
from cockpit.models.run import Run
from cockpit.models.snapshot import Snapshot
from cockpit.runtime.board import Board
from cockpit.sources.registry import detect
from tests.benchmarks.generate import FLOW, generate, receipt_of, step_start_line

ROUND = 500
"""Changes between two looks at memory and descriptors."""
GROWTH_MB = 24.0
"""Memory may grow by so much after the first third: allocators keep what they were given once."""
_PATIENCE_S = 120.0


class DriftError(Exception):
    """The board and the disk say different things, or something grew; the message says what."""


@dataclass(frozen=True)
class Soaked:
    """What a soak came to: changes made, snapshots seen, memory (MB) and descriptors after each round."""

    changes: int
    snapshots: int
    memory: tuple[float, ...]
    descriptors: tuple[int, ...]
    seconds: float


def soak(
    folder: Path,
    *,
    runs: int,
    changes: int,
    seed: int = 1,
    say: Callable[[str], None] = lambda _: None,
    round_: int = ROUND,
) -> Soaked:
    """Change files of a live board's runs at random and hold the board to the disk.

    Args:
        folder: An empty directory.
        runs: How many runs there are.
        changes: How many changes are made.
        seed: Of the changes.
        say: Told how far it is.
        round_: Changes between two looks at the process.

    Raises:
        DriftError: Memory or descriptors grew, or board and disk disagree.
    """
    began = time.perf_counter()
    data = generate(folder / "tree", runs, lean=True)
    board = _board(data.tree)
    seen = [0]

    def count(_: Snapshot) -> None:
        seen[0] += 1

    leave = board.subscribe(count)
    board.start()
    process, memory, descriptors = psutil.Process(), [], []
    try:
        _wait(lambda: board.snapshot.progress.finished, "the first scan has no end")
        changer, done = _Changer(data.runs, random.Random(seed)), 0  # noqa: S311
        while done < changes:
            for _ in range(min(round_, changes - done)):
                changer.change()
                done += 1
            gc.collect()
            memory.append(process.memory_info().rss / 1e6)
            descriptors.append(process.num_fds())
            say(f"  {done:,} changes, {memory[-1]:.0f} MB, {descriptors[-1]} descriptors, {seen[0]:,} snapshots")
        _agree(board, data.tree)
    finally:
        leave()
        board.stop()
    soaked = Soaked(done, seen[0], tuple(memory), tuple(descriptors), time.perf_counter() - began)
    _flat(soaked)
    return soaked


def _board(tree: Path, *, use_index: bool = False) -> Board:
    rules, limits = load_rules(), Limits()

    def verdict(detail: RunDetail, now: datetime) -> Run:
        return judge(detail, now, limits, rules)

    return Board([tree], detect, verdict, use_index=use_index)


class _Changer:
    """Does to a tree what producers do: appends, rewrites, half writes, new runs, runs that vanish."""

    def __init__(self, runs: Path, chance: random.Random) -> None:
        self._folder = runs
        self._chance = chance
        self._runs = sorted(path for path in runs.iterdir() if path.is_dir())
        self._made = 0

    def change(self) -> None:
        run, kind = self._chance.choice(self._runs), self._chance.random()
        if kind < 0.5:
            self._append(run)
        elif kind < 0.85:
            self._rewrite(run)
        elif kind < 0.95:
            self._state(run)
        elif kind < 0.975 or len(self._runs) < 4:
            self._begin()
        else:
            shutil.rmtree(run)
            self._runs.remove(run)

    def _append(self, run: Path) -> None:
        step = self._chance.choice(FLOW.steps)
        path = run / "events.jsonl"
        if path.stat().st_size > 64_000:
            path.write_text("")  # rotated
        with path.open("a") as stream:
            stream.write(step_start_line(run.name, self._chance.randrange(1_000), _moment(), FLOW.key, step))

    def _rewrite(self, run: Path) -> None:
        step = self._chance.choice(FLOW.steps)
        path = run / FLOW.key / "receipts" / f"{step.id}-{step.agent}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        at = _moment()
        failed = self._chance.random() < 0.2
        receipt = receipt_of(run.name, FLOW.key, step, at - timedelta(seconds=30), at, failed=failed)
        text = json.dumps(receipt)
        if self._chance.random() < 0.1:
            path.write_text(text[: len(text) // 2])  # caught in the middle, then whole
        path.write_text(text)

    def _state(self, run: Path) -> None:
        meta = json.loads((run / "meta.json").read_text())
        meta["status"] = self._chance.choice(("running", "succeeded", "failed"))
        spare = run / "meta.json.tmp"
        spare.write_text(json.dumps(meta))
        spare.replace(run / "meta.json")

    def _begin(self) -> None:
        self._made += 1
        source, name = self._chance.choice(self._runs), f"run-20261121-000000-n{self._made:05}"
        shutil.copytree(source, self._folder / name)
        self._runs.append(self._folder / name)


def _moment() -> datetime:
    return datetime.now(UTC)


def _wait(true: Callable[[], bool], otherwise: str) -> None:
    until = time.monotonic() + _PATIENCE_S
    while not true():
        if time.monotonic() > until:
            raise DriftError(otherwise)
        time.sleep(0.02)


def _agree(board: Board, tree: Path) -> None:
    """The live board comes to say what a board made anew says: of the same runs, facts, and verdicts."""
    moment = system_clock()
    fresh = {run.key: _facts(run, moment) for run in _board(tree).scan_once().runs}

    def differs() -> list[str]:
        live = {run.key: _facts(run, moment) for run in board.snapshot.runs}
        return sorted(key for key in live.keys() | fresh.keys() if live.get(key) != fresh.get(key))

    until = time.monotonic() + _PATIENCE_S
    while left := differs():
        if time.monotonic() > until:
            raise DriftError(f"{len(left)} runs differ from a fresh scan, the first: {left[0]}")
        time.sleep(0.05)


def _facts(run: Run, moment: datetime) -> object:
    """What does not depend on when it was looked at."""
    aged = run.at(moment)
    return aged.state, aged.claimed, aged.updated_at, aged.steps, aged.problems, aged.step, aged.flow


def _flat(soaked: Soaked) -> None:
    third = len(soaked.memory) // 3
    if third < 2:
        return
    early, late = min(soaked.memory[third : 2 * third]), min(soaked.memory[-third:])
    if late - early > GROWTH_MB:
        raise DriftError(f"memory grew from {early:.0f} to {late:.0f} MB over {soaked.changes:,} changes")
    if soaked.descriptors[-1] > max(soaked.descriptors[:third]) + 8:
        raise DriftError(f"descriptors grew from {soaked.descriptors[0]} to {soaked.descriptors[-1]}")


def main(folder: Path, changes: int, say: Callable[[str], None]) -> int:
    """The exit code: 0 where all held, else 1."""
    os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
    try:
        soaked = soak(folder, runs=200, changes=changes, say=say, round_=max(ROUND, changes // 60))
    except DriftError as error:
        say(f"FAILED: {error}")
        return 1
    say(
        f"{soaked.changes:,} changes in {soaked.seconds:.0f} s: {soaked.snapshots:,} snapshots, "
        f"{soaked.memory[0]:.0f} -> {soaked.memory[-1]:.0f} MB, {soaked.descriptors[0]} -> {soaked.descriptors[-1]} "
        "descriptors, board and disk agree"
    )
    return 0
