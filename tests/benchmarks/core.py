"""Budgets of memory and of the journal, and the same log in another viewer."""

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cockpit.clock import system_clock
from cockpit.journal.actor import current_actor
from cockpit.journal.log import Journal
from cockpit.ledger import Ledger
from cockpit.playbooks.loader import load_library
from tests.benchmarks.generate import LOG_RUN, add_routing_log, incident_journal
from tests.benchmarks.harness import SIZE, Bench, Item, SkipItemError, bare, cockpit, plain, resident, timed
from tests.terminal import PtyProgram


def _log(bench: Bench) -> Path:
    path = bench.data.runs / LOG_RUN / "build" / "routing" / "decisions.jsonl"
    if not path.exists():
        add_routing_log(bench.data.runs, bench.log_lines, datetime.now(UTC) - timedelta(hours=3))
    return path


def memory(bench: Bench) -> Iterator[Item]:
    """Resident memory with all runs loaded and the big routing log open."""
    _log(bench)
    with bare(bench) as program:
        program.wait_for("bare-and-ready")
        base = resident(program.process.pid)
    with cockpit(bench, "--filter", LOG_RUN, cache="frame") as program:
        program.read_until(lambda seen: LOG_RUN in seen.text, 180)
        shown = program.wait_for(f"{bench.log_lines:,}", timeout=180) - program.started
        program.settle(quiet=2, timeout=60)
        value = resident(program.process.pid)
    yield Item(
        "memory.resident", value, "MB", base, 120.0, note="every run and the big routing log; against the bare app",
        more={"log_lines": bench.log_lines, "log_shown_s": round(shown, 2)},
    )  # fmt: skip


def journal(bench: Bench) -> Iterator[Item]:
    """One append, synced, against write and fsync alone; reading 100,000 entries against json.loads of each line."""
    folder = bench.home / "journal"
    folder.mkdir()
    record = Journal(folder / "journal.jsonl", current_actor(), system_clock)
    data = {"run": "run-20261121-035953-b00001", "playbook": "failed-run", "item": "check-receipt", "note": "read it"}
    appended, synced = [], []
    raw = os.open(folder / "raw", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    try:
        for _ in range(bench.times(300, 100)):
            started = time.perf_counter()
            record.append("checklist.ticked", data)
            appended.append((time.perf_counter() - started) * 1000)
            started = time.perf_counter()
            os.write(raw, b"x" * 500 + b"\n")
            os.fsync(raw)
            synced.append((time.perf_counter() - started) * 1000)
    finally:
        os.close(raw)
    yield Item(
        "journal.append", statistics.median(appended), "ms", statistics.median(synced), None, "ratio", appended,
        "median of one append, on disk when it returns; against write and fsync alone",
    )  # fmt: skip
    entries = 100_000 if not bench.quick else 20_000
    big = _long_journal(folder, record.path, entries)
    started = time.perf_counter()
    count = sum(1 for _ in Journal.read(big))
    folded = time.perf_counter() - started
    if count < entries:
        raise RuntimeError(f"read {count} entries of {entries}")
    baseline = timed(plain("fold", big), bench.environment())
    per = 100_000 / count
    yield Item(
        "journal.fold", folded * per, "s", baseline * per, None, "ratio",
        note="reading every entry, per 100,000; against json.loads of every line in plain Python",
    )  # fmt: skip


def incidents(bench: Bench) -> Iterator[Item]:
    """CPU seconds from a journal of 100,000 events of incidents and their checklists to every incident in it."""
    entries = 100_000 if not bench.quick else 20_000
    path = bench.home / "incidents.jsonl"
    incident_journal(path, entries)
    library = load_library()
    samples = []
    for _ in range(bench.times(5, 3)):
        ledger = Ledger(Journal(path, current_actor(), system_clock), library)
        started = time.process_time()
        ledger.refresh()
        found = ledger.incidents()
        samples.append((time.process_time() - started) * 100_000 / entries)
        if sum(len(each.notes) for each in found) != entries // 5:
            raise RuntimeError("the fold lost events")
    yield Item(
        "incidents.fold", statistics.median(samples), "s", None, 1.0, samples=samples,
        note="CPU seconds per 100,000 events of 200 incidents: read, decoded, both folds, every incident built",
    )  # fmt: skip


def _long_journal(folder: Path, journal_path: Path, entries: int) -> Path:
    """A journal of that many entries: the real one's lines over and over (reading does not check the chain)."""
    lines = journal_path.read_bytes()
    count = lines.count(b"\n")
    target = folder / "long.jsonl"
    with target.open("wb") as stream:
        for _ in range(-(-entries // count)):
            stream.write(lines)
    return target


def toolong(bench: Bench) -> Iterator[Item]:
    """The viewer toolong on the same log: what the screen and the memory budgets are compared with."""
    log = _log(bench)
    venv = bench.home / "toolong"
    program_path = _install_toolong(venv)
    with PtyProgram([str(program_path), str(log)], size=SIZE, env=bench.environment() | {"PYTHONPATH": ""}) as program:
        opened = program.wait_for(LOG_RUN, timeout=120) - program.started
        program.settle(quiet=3, timeout=120)
        used = resident(program.process.pid)
    lines = {"log_lines": bench.log_lines}
    yield Item(
        "toolong.first_frame",
        opened,
        "s",
        note="toolong on the big routing log, to its first frame with lines",
        more=lines,
    )
    yield Item("toolong.resident", used, "MB", note="toolong on the big routing log, once it is quiet", more=lines)


def lnav(bench: Bench) -> Iterator[Item]:
    """The viewer lnav on the same log, where it is installed."""
    program_path = shutil.which("lnav")
    if program_path is None:
        raise SkipItemError("lnav is not installed")
    log = _log(bench)
    with PtyProgram([program_path, "-q", str(log)], size=SIZE, env=bench.environment()) as program:
        opened = program.wait_for(LOG_RUN, timeout=120) - program.started
        program.settle(quiet=3, timeout=120)
        used = resident(program.process.pid)
    lines = {"log_lines": bench.log_lines}
    yield Item("lnav.first_frame", opened, "s", note="lnav on the big routing log, to its first lines", more=lines)
    yield Item("lnav.resident", used, "MB", note="lnav on the big routing log, once it is quiet", more=lines)


def _install_toolong(venv: Path) -> Path:
    environment = {key: value for key, value in os.environ.items() if key not in {"PIP_CONSTRAINT", "PYTHONPATH"}}
    steps = ([sys.executable, "-m", "venv", str(venv)], [str(venv / "bin" / "pip"), "install", "--quiet", "toolong"])
    for argv in steps:
        try:
            subprocess.run(argv, env=environment, check=True, capture_output=True, timeout=300)
        except subprocess.CalledProcessError as error:
            shutil.rmtree(venv, ignore_errors=True)
            reason = error.stderr.decode(errors="replace").strip().splitlines()
            raise SkipItemError(f"toolong cannot be installed: {reason[-1] if reason else error}") from error
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SkipItemError(f"toolong cannot be installed: {error}") from error
    return venv / "bin" / "tl"
