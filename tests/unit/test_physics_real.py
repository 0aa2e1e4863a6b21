"""The same with processes of this host: sleeping, writing, halted, killed, dead and not reaped."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from cockpit.clock import system_clock
from cockpit.models.physics import Physics, Pulse
from cockpit.runtime.host import host_facts
from cockpit.runtime.matching import Target
from cockpit.runtime.physics import Prober
from cockpit.runtime.processes import HostProcesses, Listing, ancestors, family

PATIENCE_S = 60.0
SLEEP = "import sys; sys.stdin.read()"
WRITE = "import sys; f = open(sys.argv[1], 'w'); print('.', flush=True); sys.stdin.read()"
SPIN = "import sys; print('.', flush=True)\nwhile True: pass"


@contextmanager
def child(code: str, *arguments: str, cwd: Path | None = None) -> Iterator["subprocess.Popen[bytes]"]:
    """A Python process that lives until its standard input is closed, or it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=cwd or "/"
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run's directory with a name of its own."""
    path = tmp_path / "tree" / "runs" / f"run-20261121-{os.getpid()}-{time.monotonic_ns()}"
    path.mkdir(parents=True)
    return path


@pytest.fixture
def prober() -> Prober:
    # Not this process: the tests' children must not count as its own.
    return Prober(HostProcesses(), system_clock, own=1)


def target(run: Path) -> Target:
    return Target("k", run.name, str(run.parents[1]), str(run), owner=run.stat().st_uid)


def look(prober: Prober, run: Path) -> Physics:
    return prober.look([target(run)])["k"]


def until(prober: Prober, run: Path, wanted: Callable[[Physics], bool]) -> Physics:
    """Look until something is so."""
    deadline = time.monotonic() + PATIENCE_S
    while not wanted(seen := look(prober, run)):
        assert time.monotonic() < deadline, seen
    return seen


def test_a_sleeping_child_with_the_run_in_its_arguments(prober: Prober, run: Path) -> None:
    with child(SLEEP, f"RUN_ID={run.name}") as process:
        seen = until(prober, run, lambda one: bool(one.processes))
        (fact,) = seen.processes
        assert (fact.pid, fact.matched_by, fact.sure) == (process.pid, "names the run", True)
        assert fact.cmdline[-1] == f"RUN_ID={run.name}"
        assert fact.cwd == "/"
        assert fact.rss_bytes
        assert abs(fact.started_at.timestamp() - time.time()) < 60
        again = until(prober, run, lambda one: one.processes[0].status == "sleeping")
        assert again.processes[0].waiting_on in (None, "a pipe nobody writes to")
        process.kill()
        gone = until(prober, run, lambda one: one.pulse is Pulse.GONE)
        # Nobody has asked how it ended yet: it is a zombie of this process.
        assert gone.lost is not None
        assert (gone.lost.pid, gone.lost.zombie) == (process.pid, True)
        process.communicate()
        gone = look(prober, run)
        assert gone.lost is not None
        assert (gone.pulse, gone.lost.zombie) == (Pulse.GONE, False)


def test_a_child_that_writes_into_the_run(prober: Prober, run: Path) -> None:
    with child(WRITE, str(run / "events.jsonl"), cwd=run.parents[2]) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        # Its argument names the run's directory; its open file is told besides.
        (fact,) = look(prober, run).processes
        assert (fact.pid, fact.matched_by) == (process.pid, "names the run's directory")
        assert fact.open_files == (f"runs/{run.name}/events.jsonl",)


def test_a_child_that_is_known_by_its_open_file_alone(prober: Prober, run: Path) -> None:
    with (run / "agent.log").open("w") as file:
        process = subprocess.Popen([sys.executable, "-c", SLEEP], stdin=subprocess.PIPE, stdout=file, cwd="/")
    # This process has it open no more.
    try:
        (fact,) = until(prober, run, lambda one: bool(one.processes)).processes
        assert (fact.pid, fact.matched_by) == (process.pid, "has agent.log of the run open")
    finally:
        process.kill()
        process.communicate()


def test_a_child_that_works_inside_the_run(prober: Prober, run: Path) -> None:
    with child(SLEEP, cwd=run) as process:
        (fact,) = until(prober, run, lambda one: bool(one.processes)).processes
        assert (fact.pid, fact.matched_by) == (process.pid, "works inside the run")


def test_a_halted_child(prober: Prober, run: Path) -> None:
    with child(SLEEP, run.name) as process:
        until(prober, run, lambda one: bool(one.processes))
        process.send_signal(signal.SIGSTOP)
        seen = until(prober, run, lambda one: one.pulse is Pulse.STOPPED)
        assert seen.processes[0].status == "stopped"
        process.send_signal(signal.SIGCONT)
        until(prober, run, lambda one: one.pulse is not Pulse.STOPPED)


def test_a_busy_child_works(prober: Prober, run: Path) -> None:
    with child(SPIN, run.name) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        seen = until(prober, run, lambda one: one.pulse is Pulse.ALIVE)
        assert seen.worked_at is not None
        assert seen.processes[0].cpu_percent


def test_an_onlooker_is_no_producer(prober: Prober, run: Path) -> None:
    log = run / "events.jsonl"
    log.touch()
    process = subprocess.Popen(["tail", "-f", str(log)], stdout=subprocess.DEVNULL)
    try:
        table = HostProcesses()
        assert any(card.pid == process.pid for card in table.list().cards)
        assert look(prober, run).pulse is not Pulse.ALIVE
        assert look(prober, run).processes == ()
    finally:
        process.kill()
        process.wait()


def test_cards_are_kept_between_two_listings_and_renewed_for_a_new_owner_of_a_number() -> None:
    table = HostProcesses()
    with child(SLEEP) as process:
        first = {card.pid: card for card in table.list().cards}
        second = {card.pid: card for card in table.list().cards}
        assert second[process.pid] is first[process.pid]
        card = first[process.pid]
        assert table.vitals(card) is not None
    assert process.pid not in {one.pid for one in table.list().cards}
    assert table.vitals(card) is None
    assert table.open_files(card) == ()
    assert table.waiting_on(card) is None


def test_a_listing_without_time_says_so() -> None:
    assert HostProcesses(budget_s=-1).list() == Listing((), complete=False)


def test_ancestors_and_descendants_of_this_process() -> None:
    listing = HostProcesses().list()
    assert {os.getpid(), os.getppid()} <= ancestors(listing, os.getpid())
    with child(SLEEP) as process:
        listing = HostProcesses().list()
        below = family(listing, [os.getpid()])[os.getpid()]
        assert process.pid in {card.pid for card in below}


def test_the_host_in_numbers(tmp_path: Path) -> None:
    host_facts(str(tmp_path))
    facts = host_facts(str(tmp_path))
    assert facts.cpu_percent is not None
    assert 0 < (facts.memory_percent or 0) <= 100
    assert 0 <= (facts.disk_free_percent or 0) <= 100
    assert facts.disk_free_bytes == pytest.approx(psutil.disk_usage(str(tmp_path)).free, rel=0.2)
    assert host_facts("/nowhere/at/all").disk_free_percent is None
