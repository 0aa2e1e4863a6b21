"""What an operator waits for besides the screen: the diagnosis of runs, and the bundle of an incident."""

import json
import statistics
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cockpit.clock import system_clock
from cockpit.models.run import ATTENTION
from cockpit.session import Session
from cockpit.settings import RootSettings, Settings
from tests.benchmarks.harness import Bench, Item, SkipItemError, timed
from tests.terminal import cockpit_argv, terminal_environment


def diagnosis(bench: Bench) -> Iterator[Item]:
    """Every run that needs a look is read and searched for causes, as when the cursor rests on it."""
    session = Session(Settings(), [RootSettings(path=bench.data.tree)], system_clock, state_dir=bench.home / "judge")
    try:
        pressing = [run for run in session.load().runs if run.state in ATTENTION]
        samples, found = [], 0
        for run in pressing[: bench.times(1_000, 50)]:
            started = time.process_time()
            found += bool(session.findings(run, session.detail(run)))
            samples.append((time.process_time() - started) * 1000)
    finally:
        session.close()
    if not found:
        raise RuntimeError("nothing was found in any of them")
    yield Item(
        "diagnosis.run", statistics.median(samples), "ms", None, None, "value", samples,
        f"CPU time to read and diagnose one of {len(samples)} runs that need a look, among {bench.data.count:,}",
        {"all_s": round(sum(samples) / 1000, 2)},
    )  # fmt: skip


def bundle(bench: Bench) -> Iterator[Item]:
    """An incident is declared of a failed run; then its bundle is made, from nothing to the file."""
    env = bench.environment("bundle")
    place = ["--root", str(bench.data.tree), "--state-dir", str(bench.home / "bundle-state")]
    listed = _ask(["runs", "--filter", "state:failed", "--limit", "1", *place], env)
    if not listed:
        raise SkipItemError("no generated run failed")
    run = listed[0]["id"]
    made = _ask(["incident", "declare", "--title", "Bench", "--severity", "SEV3", "--run", run, *place], env)
    name, samples = str(made.get("id") or made["incident"]["id"]), []
    for number in range(bench.times(5, 3)):
        target = bench.home / f"bundle-{number}.tar.gz"
        samples.append(timed(cockpit_argv("bundle", name, "-o", target, *place), env))
    size = Path(bench.home / "bundle-0.tar.gz").stat().st_size
    yield Item(
        "bundle", statistics.median(samples), "s", None, None, "value", samples,
        "cockpit bundle: the command from its start to the file, with a second start of the index",
        {"bytes": size},
    )  # fmt: skip


def _ask(words: list[str], env: dict[str, str]) -> Any:
    done = subprocess.run(
        cockpit_argv(*words, "--json"), env=terminal_environment(env), capture_output=True, check=False, text=True
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(words[:2])} ended with {done.returncode}: {done.stderr[-300:]}")
    return json.loads(done.stdout)
