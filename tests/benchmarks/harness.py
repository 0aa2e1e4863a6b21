"""What every benchmark shares: samples, results, timing of commands, and the terminal program under measurement."""

import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks.generate import Dataset
from tests.terminal import PtyProgram, cockpit_argv, terminal_environment

SIZE = (160, 45)
"""Columns and rows of the terminal all budgets are stated for."""
HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent


@dataclass(frozen=True)
class Item:
    """One measured budget.

    Attributes:
        name: Stable name.
        value: What was measured.
        unit: Its unit; `x` for a ratio.
        baseline: What it is measured against, in the same unit; `None` where the budget is absolute.
        budget: The most `judged` may be; `None` where nothing is promised.
        judged: `ratio` (value over baseline) or `value`.
        samples: Every sample behind `value`, in the same unit.
        note: What baseline and value are.
        more: Further numbers worth keeping.
    """

    name: str
    value: float
    unit: str
    baseline: float | None = None
    budget: float | None = None
    judged: str = "value"
    samples: Sequence[float] = ()
    note: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The item as it is printed."""
        ratio = self.value / self.baseline if self.baseline else None
        judged = ratio if self.judged == "ratio" else self.value
        met = None if self.budget is None or judged is None else judged <= self.budget
        document: dict[str, Any] = {"name": self.name, "value": _round(self.value), "unit": self.unit, "met": met}
        document |= {
            "baseline": _round(self.baseline),
            "ratio": _round(ratio),
            "judged": self.judged,
            "note": self.note,
        }
        document |= {"budget": self.budget, "samples": spread(self.samples or [self.value])}
        return document | dict(self.more)


@dataclass(frozen=True)
class Bench:
    """What the items measure on.

    Attributes:
        data: The generated tree.
        home: A home of the benchmark's own: cache, state and configuration.
        quick: Fewer samples.
        log_lines: Lines of the big routing log.
    """

    data: Dataset
    home: Path
    quick: bool
    log_lines: int

    def environment(self, cache: str = "cache") -> dict[str, str]:
        """The environment of a measured program: nothing of the user's own, and a named cache directory."""
        # Byte code is kept, as in any installed program; where it may not be written, every start would compile.
        own = {"HOME": str(self.home), "PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": ""}
        for name in ("CONFIG", "STATE", "DATA"):
            own[f"XDG_{name}_HOME"] = str(self.home / name.lower())
        return own | {"XDG_CACHE_HOME": str(self.home / cache)}

    def forget(self, cache: str = "cache") -> None:
        """Empty a cache directory."""
        shutil.rmtree(self.home / cache, ignore_errors=True)

    def times(self, many: int, few: int) -> int:
        """How many samples to take."""
        return few if self.quick else many

    def seconds(self, long: float, short: float) -> float:
        """How long to look."""
        return short if self.quick else long


def _round(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")


def spread(samples: Sequence[float]) -> dict[str, float | int | None]:
    """Count, minimum, median, 99th percentile and maximum."""
    ordered = sorted(samples)
    return {
        "count": len(ordered),
        "min": _round(ordered[0]),
        "median": _round(statistics.median(ordered)),
        "p99": _round(percentile(ordered, 99)),
        "max": _round(ordered[-1]),
    }


def percentile(samples: Sequence[float], percent: float) -> float:
    """The smallest sample that `percent` of all samples do not exceed (nearest rank)."""
    ordered = sorted(samples)
    rank = max(1, -(-len(ordered) * percent // 100))
    return ordered[int(rank) - 1]


def timed(argv: Sequence[str], environment: Mapping[str, str], *, ok: Sequence[int] = (0,)) -> float:
    """Seconds a command takes from start to end.

    Raises:
        RuntimeError: It ended with another exit code than expected; the message holds the end of its errors.
    """
    merged = terminal_environment(environment)
    started = time.perf_counter()
    done = subprocess.run(
        list(argv), env=merged, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
    )  # fmt: skip
    seconds = time.perf_counter() - started
    if done.returncode not in ok:
        raise RuntimeError(f"{' '.join(argv[-4:])} ended with {done.returncode}: {done.stderr.decode()[-400:]}")
    return seconds


def python(*arguments: str | Path) -> list[str]:
    """An argument list for this interpreter."""
    return [sys.executable, *map(str, arguments)]


def plain(*arguments: str | Path) -> list[str]:
    """An argument list for the plain-Python baseline."""
    return python(HERE / "plain.py", *arguments)


def interleaved(rounds: int, *measures: Callable[[], float]) -> list[list[float]]:
    """Take samples of several things in turn, so that a slow moment of the machine hits all of them."""
    samples: list[list[float]] = [[] for _ in measures]
    for _ in range(rounds):
        for taken, measure in zip(samples, measures, strict=True):
            taken.append(measure())
    return samples


@contextlib.contextmanager
def cockpit(bench: Bench, *arguments: str | Path, cache: str = "cache") -> Iterator[PtyProgram]:
    """The installed program on the generated tree, in a terminal."""
    with cockpit_on(bench, bench.data.tree, *arguments, cache=cache) as program:
        yield program


@contextlib.contextmanager
def cockpit_on(bench: Bench, tree: Path, *arguments: str | Path, cache: str = "cache") -> Iterator[PtyProgram]:
    """The installed program on another tree, in a terminal; it begins anew, whatever the one before looked at."""
    argv = cockpit_argv("--fresh", *arguments, tree)
    with PtyProgram(argv, size=SIZE, env=bench.environment(cache), cwd=bench.home) as program:
        yield program


def run_once(argv: Sequence[str], environment: Mapping[str, str]) -> tuple[float, float]:
    """Seconds a command takes, and the processor seconds of it and what it started.

    Raises:
        RuntimeError: It failed.
    """
    before = os.times()
    seconds = timed(argv, environment)
    after = os.times()
    spent = after.children_user - before.children_user + after.children_system - before.children_system
    return seconds, spent


class SkipItemError(Exception):
    """The item cannot be measured here; the message says why."""


@contextlib.contextmanager
def bare(bench: Bench) -> Iterator[PtyProgram]:
    """A Textual app with one Static, in the same terminal."""
    argv = python(HERE / "bare.py")
    with PtyProgram(argv, size=SIZE, env=bench.environment(), cwd=bench.home) as program:
        yield program


def resident(pid: int) -> float:
    """Resident memory of a process and all it started, in MB."""
    process = psutil.Process(pid)
    family = [process, *process.children(recursive=True)]
    return sum(member.memory_info().rss for member in family) / 1e6


def cpu_seconds(pid: int) -> float:
    """Processor time of a process and all it started, in seconds."""
    process = psutil.Process(pid)
    total = 0.0
    for member in [process, *process.children(recursive=True)]:
        spent = member.cpu_times()
        total += spent.user + spent.system
    return total


def _cpu_model() -> str:
    """What the processor calls itself (Linux); empty where nothing tells."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return ""


def host() -> dict[str, Any]:
    """What was measured on."""
    uname = os.uname()
    return {
        "cpus": os.cpu_count(),
        "cpu": _cpu_model(),
        "load": [_round(value) for value in os.getloadavg()],
        "machine": uname.machine,
        "memory_mb": round(psutil.virtual_memory().total / 1e6),
        "python": sys.version.split()[0],
        "system": f"{uname.sysname} {uname.release}",
    }
