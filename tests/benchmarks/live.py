"""Budgets of living: disk to frame, key to frame under load, idling, bytes on the wire."""

import random
import re
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import watchfiles

from tests.benchmarks.generate import FLOW, ID_PATTERN, LIVE_RUN, add_live_run, step_start_line
from tests.benchmarks.harness import HERE, Bench, Item, bare, cockpit, cpu_seconds, percentile, python
from tests.benchmarks.start import shows_a_run
from tests.terminal import PtyProgram

_A_RUN = re.compile(f"{ID_PATTERN}|-bench")
_SOME = f"{LIVE_RUN}|-b0000"
"""A filter that leaves the live run and a few others: their rows are all on the screen."""


LIVE_FIRST = "state:running,succeeded"
"""A filter under which the live run stands on top of all others."""


class LiveRun:
    """The one run that changes: every `advance` begins another step."""

    def __init__(self, bench: Bench, runs: Path | None = None) -> None:
        """Make the run, if it is not there, and stand at its first step."""
        folder = runs or bench.data.runs
        self.directory = folder / LIVE_RUN
        if not self.directory.exists():
            add_live_run(folder, datetime.now(UTC))
        self.events = self.directory / "events.jsonl"
        self._sequence = sum(1 for _ in self.events.open("rb"))

    def advance(self) -> float:
        """Append that the next step has begun; `time.perf_counter()` just before the write."""
        step = FLOW.steps[self._sequence % len(FLOW.steps)]
        self._sequence += 1
        line = step_start_line(LIVE_RUN, self._sequence, datetime.now(UTC), FLOW.key, step)
        with self.events.open("a") as stream:
            stream.write(line)
            written = time.perf_counter()
        return written  # noqa: RET504  # taken before the buffer is flushed by closing it


def row(program: PtyProgram) -> str | None:
    """The live run's row in the list of runs: neither the header nor the pane's title, which may name it too."""
    half = program.screen.columns // 2
    rows = (line for line in program.lines if line[:1] in "│|" and LIVE_RUN in line[:half])
    return next(rows, None)


def disk_to_frame(bench: Bench) -> Iterator[Item]:
    """From a write to the row that shows it, against watchfiles alone."""
    live, pause = LiveRun(bench), random.Random(3)  # noqa: S311
    rounds = bench.times(60, 25)
    with cockpit(bench, "--filter", LIVE_RUN, cache="frame") as program:
        program.read_until(row, 120)
        program.settle(quiet=3, timeout=120)
        samples = []
        for _ in range(rounds):
            program.read_for(pause.uniform(0.15, 0.4))  # at any moment of the painting rhythm
            before = row(program)
            written = live.advance()
            shown = program.read_until(lambda seen, old=before: row(seen) != old, 10)  # type: ignore[misc]
            samples.append((shown - written) * 1000)
    alone = _watchfiles_alone(live, rounds, pause)
    note = "p99 from a write to the row that shows it; against watchfiles' own p99 with its default step"
    yield Item(
        "disk_to_frame.p99", percentile(samples, 99), "ms", percentile(alone, 99), 100.0, "value", samples, note,
        more={"p50": round(statistics.median(samples), 2), "watchfiles_p50": round(statistics.median(alone), 2)},
    )  # fmt: skip


def _watchfiles_alone(live: LiveRun, rounds: int, pause: random.Random) -> list[float]:
    seen, stop, armed = threading.Event(), threading.Event(), threading.Event()
    arrived = [0.0]

    def watch() -> None:
        for changes in watchfiles.watch(live.directory, stop_event=stop, yield_on_timeout=True, rust_timeout=200):
            armed.set()
            if changes:
                arrived[0] = time.perf_counter()
                seen.set()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    armed.wait(10)
    samples = []
    for _ in range(rounds):
        time.sleep(pause.uniform(0.15, 0.4))
        seen.clear()
        written = live.advance()
        if not seen.wait(10):
            raise RuntimeError("watchfiles saw nothing")
        samples.append((arrived[0] - written) * 1000)
    stop.set()
    watcher.join(5)
    return samples


def under_cursor(program: PtyProgram) -> str | None:
    """The end of the id of the run under the cursor, which a list marks with `>`."""
    marked = next((line for line in program.lines if line[1:2] == ">"), "")
    found = _A_RUN.search(marked)
    return found and found[0]


def key_to_frame(bench: Bench) -> Iterator[Item]:
    """From a key to the frame that answers it: idle, then while 500 files a second change."""
    rounds = bench.times(100, 40)
    with cockpit(bench, cache="frame") as program:
        program.read_until(shows_a_run, 120)
        program.settle(quiet=3, timeout=120)
        idle = key_samples(program, rounds)
        churn = python(HERE / "churn.py", bench.data.runs, "500")
        with subprocess.Popen(churn, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdin is not None
            assert writer.stdout is not None
            writer.stdout.readline()
            program.read_for(2)
            busy = key_samples(program, rounds)
            writer.stdin.close()
            rate = float(writer.stdout.readline())
    yield Item(
        "key_to_frame.busy_p99", percentile(busy, 99), "ms", percentile(idle, 99), 50.0, "value", busy,
        "p99 from a key to the moved cursor while files change; against the same when idle",
        {"idle_p50": round(statistics.median(idle), 2), "busy_p50": round(statistics.median(busy), 2), "rate": rate},
    )  # fmt: skip


def key_samples(
    program: PtyProgram, rounds: int, *, keys: tuple[str, ...] = ("down",), any_frame: bool = False
) -> list[float]:
    """Milliseconds from a key that moves the cursor to the moved cursor.

    Args:
        program: The program.
        rounds: How many keys.
        keys: Pressed in turn.
        any_frame: There may be no rows yet: `tab` then, which moves the focus, and any frame counts.
    """
    samples = []
    pause = random.Random(5)  # noqa: S311
    for number in range(rounds):
        program.read_for(pause.uniform(0.03, 0.12))
        if any_frame:
            samples.append(_to_another_pane(program))
            continue
        before = under_cursor(program)
        pressed = time.perf_counter()
        program.press(keys[number % len(keys)])
        shown = program.read_until(lambda seen, old=before: under_cursor(seen) not in {old, None}, 10)  # type: ignore[misc]
        samples.append((shown - pressed) * 1000)
    return samples


def _to_another_pane(program: PtyProgram) -> float:
    """Milliseconds from `tab` to the next frame."""
    received, pressed = program.received, time.perf_counter()
    program.press("tab")
    return (program.read_until(lambda seen: seen.received > received, 30) - pressed) * 1000


def idle(bench: Bench) -> Iterator[Item]:
    """Stretches in which nothing happens."""
    seconds = bench.seconds(10.0, 5.0)

    def quiet(program: PtyProgram) -> tuple[float, float]:
        spent = cpu_seconds(program.process.pid)
        sent = program.read_for(seconds)
        return float(sent), (cpu_seconds(program.process.pid) - spent) / seconds * 100

    with bare(bench) as program:
        program.wait_for("bare-and-ready")
        program.settle()
        bare_sent, bare_cpu = quiet(program)
    with cockpit(bench, cache="frame") as program:
        program.read_until(shows_a_run, 120)
        program.settle(quiet=3, timeout=60)
        windows = [quiet(program) for _ in range(bench.times(3, 2))]
    sent, cpu = ([window[place] for window in windows] for place in (0, 1))
    note = "median of stretches in which nothing happens; against one of the bare app"
    yield Item("idle.bytes", statistics.median(sent), "B", bare_sent, 0.0, "value", sent, f"written, {note}")
    yield Item("idle.cpu", statistics.median(cpu), "%", bare_cpu, 0.5, "value", cpu, f"of one core, {note}")


def changed_row(bench: Bench) -> Iterator[Item]:
    """Bytes written to the terminal when one row changes."""
    live = LiveRun(bench)
    with cockpit(bench, "--filter", _SOME, cache="frame") as program:
        program.read_until(lambda seen: shows_a_run(seen) and row(seen), 120)
        program.press("end")  # the cursor elsewhere: the panes that show the run in scope are not the row
        program.settle(quiet=2, timeout=60)
        samples = [_bytes_of(program, live.advance) for _ in range(bench.times(20, 8))]
    yield Item(
        "changed_row.bytes", statistics.median(samples), "B", None, 1000.0, "value", samples,
        "median over single changes at 160x45, everything written until the screen is quiet",
    )  # fmt: skip


def _bytes_of(program: PtyProgram, change: Callable[[], float]) -> float:
    before, shown = program.received, row(program)
    change()
    program.read_until(lambda seen: row(seen) != shown, 10)
    program.settle(quiet=0.4)
    return float(program.received - before)
