"""Budgets of starting: the command line, the first frame, the first index and the second start."""

import re
import statistics
from collections.abc import Iterator

from tests.benchmarks.generate import ID_PATTERN, generate
from tests.benchmarks.harness import Bench, Item, bare, cockpit, cockpit_on, interleaved, plain, python, timed
from tests.terminal import PtyProgram, cockpit_argv

_A_RUN = re.compile(ID_PATTERN)
"""What tells a real row: the id of a generated run."""


def shows_a_run(program: PtyProgram) -> bool:
    """Whether a generated run is on the screen."""
    return _A_RUN.search(program.text) is not None


def warm_up(bench: Bench) -> None:
    """Let the interpreter keep the byte code of every program measured, as an installed one has it."""
    env = bench.environment("warm-up")
    tree = generate(bench.home / "warm-up-tree", 1).tree
    timed(cockpit_argv("runs", "--json", "--root", tree), env)
    with cockpit_on(bench, tree, cache="warm-up") as program:
        program.read_until(shows_a_run, 120)
        program.settle(quiet=1, timeout=60)
    with bare(bench) as program:
        program.wait_for("bare-and-ready", timeout=60)


def command_line(bench: Bench) -> Iterator[Item]:
    """`--version` and `--help` against an interpreter that does nothing."""
    env = bench.environment()
    rounds = bench.times(15, 5)
    version, usage, nothing = interleaved(
        rounds,
        lambda: timed(cockpit_argv("--version"), env) * 1000,
        lambda: timed(cockpit_argv("--help"), env) * 1000,
        lambda: timed(python("-c", "pass"), env) * 1000,
    )
    base = statistics.median(nothing)
    for name, samples in (("command_line.version", version), ("command_line.help", usage)):
        yield Item(
            name, statistics.median(samples), "ms", base, 3.0, "ratio", samples, note="median; against python -c pass"
        )  # fmt: skip


def index(bench: Bench) -> Iterator[Item]:
    """A first scan on an empty cache, then a second start on a full one."""
    runs, env = bench.data.runs, bench.environment("index")
    listing = cockpit_argv("runs", "--limit", "1", "--json", "--root", bench.data.tree)
    timed(plain("read", runs), env)  # every measure finds the files in the page cache

    def cold() -> float:
        bench.forget("index")
        return timed(listing, env)

    fixed = {"fixed_s": round(_fixed(bench), 3)}
    rounds = bench.times(2, 3)
    first, reading = interleaved(rounds, cold, lambda: timed(plain("read", runs), env))
    yield Item(
        "index.cold", statistics.median(first), "s", statistics.median(reading), 2.0, "ratio", first,
        "cockpit runs on an empty cache; against walking, reading and parsing the same files in plain Python", fixed,
    )  # fmt: skip
    again, walking = interleaved(
        bench.times(5, 5), lambda: timed(listing, env), lambda: timed(plain("stat", runs), env)
    )  # fmt: skip
    yield Item(
        "index.second_start", statistics.median(again), "s", statistics.median(walking), 1.5, "ratio", again,
        "cockpit runs when nothing changed; against walking and stat-ing the same files in plain Python", fixed,
    )  # fmt: skip


def _fixed(bench: Bench) -> float:
    """What the same command costs on a tree of one run: interpreter, imports, a database; independent of the data."""
    tree = generate(bench.home / "single", 1).tree
    env = bench.environment("single-cache")
    return statistics.median(timed(cockpit_argv("runs", "--json", "--root", tree), env) for _ in range(3))


def first_frame(bench: Bench) -> Iterator[Item]:
    """From the start of the process to the first screen with a real row, without and with an index."""

    def cockpit_frame(*, cold: bool) -> float:
        if cold:
            bench.forget("frame")
        with cockpit(bench, cache="frame") as program:
            return program.read_until(shows_a_run, 120) - program.started

    def bare_frame() -> float:
        with bare(bench) as program:
            return program.wait_for("bare-and-ready") - program.started

    bare_frame()
    cold, baseline = interleaved(bench.times(5, 3), lambda: cockpit_frame(cold=True), bare_frame)
    note = "seconds to the first run on screen; against a bare Textual app with one Static"
    base = statistics.median(baseline)
    yield Item("first_frame.cold", statistics.median(cold), "s", base, 1.5, "ratio", cold, note=f"{note}; no index")
    env = bench.environment("frame")
    timed(cockpit_argv("runs", "--limit", "1", "--json", "--root", bench.data.tree), env)
    warm, baseline = interleaved(bench.times(7, 5), lambda: cockpit_frame(cold=False), bare_frame)
    base = statistics.median(baseline)
    yield Item(
        "first_frame.warm", statistics.median(warm), "s", base, 1.5, "ratio", warm, note=f"{note}; with its index"
    )
