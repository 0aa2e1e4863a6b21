"""Under strain: a burst of 20,000 changes, fewer inotify watches than directories, a filesystem that is slow.

Each is measured on the real program in a terminal: how fast keys are answered meanwhile, and how long until the
screen shows what is on disk.
"""

import itertools
import shutil
import signal
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.benchmarks.harness import Bench, Item, SkipItemError, cockpit, percentile
from tests.benchmarks.live import LIVE_FIRST, LiveRun, key_samples, row
from tests.benchmarks.start import shows_a_run

BURST = 20_000
WATCHES = 8_192
_LIMIT = Path("/proc/sys/fs/inotify/max_user_watches")
_SLOW_MS = 50


def burst(bench: Bench) -> Iterator[Item]:
    """Thousands of files rewritten at once; keys meanwhile, and how long until the last change is shown."""
    count = bench.times(BURST, BURST // 10)
    live = LiveRun(bench)
    receipts = list(itertools.islice(bench.data.runs.glob("run-*/build/receipts/*.json"), count))
    texts = [path.read_bytes() for path in receipts]
    with cockpit(bench, "--filter", LIVE_FIRST, cache="frame") as program:
        program.read_until(lambda seen: shows_a_run(seen) and row(seen), 180)
        program.settle(quiet=2, timeout=120)
        for path, text in zip(receipts, texts, strict=True):
            path.write_bytes(text)
        before = row(program)
        written = live.advance()
        keys = key_samples(program, bench.times(40, 15), keys=("down", "up"))
        shown = program.read_until(lambda seen: row(seen) != before, 120) - written
    yield Item(
        "strain.burst_keys_p99", percentile(keys, 99), "ms", None, 100.0, "value", keys,
        f"key to frame after {len(receipts):,} files were rewritten at once",
        {"last_change_shown_s": round(shown, 2)},
    )  # fmt: skip


def few_watches(bench: Bench) -> Iterator[Item]:
    """The kernel grants fewer watches than there are directories; what is active is watched none the less."""
    live = LiveRun(bench)
    with _watches(WATCHES), cockpit(bench, "--filter", LIVE_FIRST, cache="frame") as program:
        program.read_until(lambda seen: shows_a_run(seen) and row(seen), 180)
        program.settle(quiet=3, timeout=120)
        samples = []
        for _ in range(bench.times(20, 5)):
            program.read_for(0.3)
            before = row(program)
            written = live.advance()
            samples.append((program.read_until(lambda seen, old=before: row(seen) != old, 60) - written) * 1000)  # type: ignore[misc]
        said = program.lines[0].rstrip().rpartition("  ")[0].rpartition("  ")[2].strip()
    yield Item(
        "strain.few_watches", statistics.median(samples), "ms", None, 100.0, "value", samples,
        f"write to frame of an active run with max_user_watches = {WATCHES:,}", {"says": said},
    )  # fmt: skip


@contextmanager
def _watches(most: int) -> Iterator[None]:
    try:
        before = _LIMIT.read_text()
        _LIMIT.write_text(str(most))
    except OSError as error:
        raise SkipItemError(f"the kernel's limit cannot be set here: {error}") from error
    try:
        yield
    finally:
        _LIMIT.write_text(before)


def slow_disk(bench: Bench) -> Iterator[Item]:
    """Every call that opens or lists takes 50 ms (strace delays all threads): keys are answered none the less."""
    strace = shutil.which("strace")
    if strace is None:
        raise SkipItemError("strace is not installed")
    bench.forget("slow")
    with cockpit(bench, cache="slow") as program:
        program.read_until(lambda seen: "scanning" in seen.lines[0] or shows_a_run(seen), 60)
        # Through all panes once: strace delays what Python loads of its own, too, which is on no slow disk.
        key_samples(program, 8, any_frame=True)
        with _delayed(strace, program.process.pid):
            keys = key_samples(program, bench.times(25, 10), any_frame=True)
            says = program.lines[0]
        # Let go, it catches up.
        caught = program.read_until(lambda seen: "scanning" not in seen.lines[0], 300) - program.started
    yield Item(
        "strain.slow_disk_keys_p99", percentile(keys, 99), "ms", None, 100.0, "value", keys,
        f"key to frame while every openat and getdents64 takes {_SLOW_MS} ms, in the first scan",
        {"says_it_scans": "scanning" in says, "caught_up_s": round(caught, 1)},
    )  # fmt: skip


@contextmanager
def _delayed(strace: str, pid: int) -> Iterator[None]:
    calls = "openat,getdents64"
    argv = [strace, "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}"]
    argv += ["-e", f"inject={calls}:delay_enter={_SLOW_MS * 1000}", "-p", str(pid)]
    tracer = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    time.sleep(1.0)
    if tracer.poll() is not None:
        reason = tracer.stderr.read().strip() if tracer.stderr else ""
        raise SkipItemError(f"strace cannot attach here: {reason[:120]}")
    try:
        yield
    finally:
        tracer.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            tracer.wait(10)
