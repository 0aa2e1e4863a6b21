"""How cost grows with the number of runs: 100, 1,000, 10,000, 100,000, each on a tree of its own."""

import shutil
import time
from collections.abc import Iterator
from typing import Any

from tests.benchmarks.generate import Dataset, generate
from tests.benchmarks.harness import Bench, Item, cockpit_on, cpu_seconds, plain, resident, run_once, timed
from tests.benchmarks.live import LIVE_FIRST, LiveRun, row
from tests.benchmarks.start import shows_a_run
from tests.terminal import cockpit_argv

SIZES = (100, 1_000, 10_000, 100_000)
QUICK = (100, 1_000)
CHANGES = 10
_CACHE = "growth"


def growth(bench: Bench) -> Iterator[Item]:
    """One item a size; 100,000 runs are 1.4 million files."""
    for size in QUICK if bench.quick else SIZES:
        folder = bench.home / f"growth-{size}"
        bench.forget(_CACHE)
        try:
            point = measure(bench, generate(folder, size, lean=True))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        yield Item(
            f"growth.{size}", point["cold_ms_per_run"], "ms", None, None, "value",
            note="of the first index, a run; what the rest comes to stands beside it", more={"point": point},
        )  # fmt: skip


def measure(bench: Bench, data: Dataset) -> dict[str, Any]:
    """One size: what starting, living and one change cost."""
    env = bench.environment(_CACHE)
    listing = cockpit_argv("runs", "--limit", "1", "--json", "--root", data.tree)
    timed(plain("stat", data.runs), env)  # every measure finds the names in the cache
    cold, cold_cpu = run_once(listing, env)
    second, second_cpu = run_once(listing, env)
    point: dict[str, Any] = {"runs": data.count, "files": data.files}
    point |= {"cold_s": round(cold, 2), "cold_ms_per_run": round(cold / data.count * 1000, 3)}
    point |= {"cold_cpu_s": round(cold_cpu, 2), "second_s": round(second, 2), "second_cpu_s": round(second_cpu, 2)}
    live = LiveRun(bench, data.runs)
    with cockpit_on(bench, data.tree, "--filter", LIVE_FIRST, cache=_CACHE) as program:
        shown = program.read_until(shows_a_run, 180) - program.started
        program.read_until(lambda seen: "scanning" not in seen.lines[0] and row(seen), 180)
        program.settle(quiet=2, timeout=120)
        point |= {"first_frame_s": round(shown, 3), "memory_mb": round(resident(program.process.pid), 1)}
        point |= _one_change(program, live)
    return point


def _one_change(program: Any, live: LiveRun) -> dict[str, float]:
    """What it costs to show one change, in processor time over what idling costs, and how long it takes."""
    idle = _spent(program, 3.0)
    spent = cpu_seconds(program.process.pid)
    began, late = time.perf_counter(), []
    for _ in range(CHANGES):
        before = row(program)
        written = live.advance()
        late.append(program.read_until(lambda seen, old=before: row(seen) != old, 30) - written)
        program.read_for(0.3)
    used = cpu_seconds(program.process.pid) - spent - idle * (time.perf_counter() - began)
    return {
        "change_cpu_ms": round(max(0.0, used) / CHANGES * 1000, 1),
        "change_shown_ms": round(sorted(late)[CHANGES // 2] * 1000, 1),
        "idle_percent": round(idle * 100, 2),
    }


def _spent(program: Any, seconds: float) -> float:
    """Processor seconds a second, while nothing happens."""
    before = cpu_seconds(program.process.pid)
    program.read_for(seconds)
    return (cpu_seconds(program.process.pid) - before) / seconds
