"""What a few looks at the processes of a host say of a run."""

from datetime import datetime, timedelta

import pytest

from cockpit.models.physics import HostFacts, Physics, Pulse
from cockpit.runtime.arguments import without_secrets
from cockpit.runtime.matching import RecordedPid, Target
from cockpit.runtime.physics import Prober
from tests.builders import START
from tests.unit.fake_processes import PATH, ROOT, RUN, FakeTable, target

OWN = 500


class Bench:
    """A prober, its processes and its clock."""

    def __init__(self, *, remote: bool = False) -> None:
        self.table = FakeTable()
        self.table.spawn(1, "init", uid=0)
        self.table.spawn(OWN, "cockpit", cwd=ROOT)
        self.at = 0.0
        self.prober = Prober(
            self.table, self.now, host=lambda _: HostFacts(cpu_percent=5.0), remote=lambda _: remote, own=OWN
        )

    def now(self) -> datetime:
        return START + timedelta(seconds=self.at)

    def look(self, at: float, *targets: Target) -> Physics:
        self.at = at
        asked = targets or (target(),)
        return self.prober.look(asked)[asked[0].key]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def make(bench: Bench, pid: int = 7, **more: object) -> None:
    bench.table.spawn(pid, "make", "stepwise-build", f"RUN_ID={RUN}", cwd=ROOT, **more)  # type: ignore[arg-type]


def test_a_producer_is_measured_between_two_looks(bench: Bench) -> None:
    make(bench, at=-60)
    first = bench.look(10)
    assert (first.pulse, first.worked_at, first.host.cpu_percent) == (Pulse.IDLE, None, 5.0)
    (fact,) = first.processes
    assert (fact.pid, fact.name, fact.user, fact.cpu_percent, fact.rss_bytes) == (7, "make", "ann", None, 1_000_000)
    assert (fact.started_at, fact.matched_by) == (START - timedelta(seconds=60), "names the run")
    bench.table.work(7, cpu=2.5)
    second = bench.look(20)
    assert (second.pulse, second.worked_at) == (Pulse.ALIVE, START + timedelta(seconds=20))
    assert second.processes[0].cpu_percent == pytest.approx(25)
    third = bench.look(30)
    assert (third.pulse, third.worked_at) == (Pulse.IDLE, START + timedelta(seconds=20))
    assert third.processes[0].cpu_percent == pytest.approx(0)


def test_bytes_and_new_children_are_work_too(bench: Bench) -> None:
    make(bench)
    bench.look(10)
    bench.table.work(7, io=4_095)
    assert bench.look(20).pulse is Pulse.IDLE
    bench.table.work(7, io=4_096)
    assert bench.look(30).pulse is Pulse.ALIVE
    bench.table.spawn(8, "sh", ppid=7)
    assert bench.look(40).pulse is Pulse.ALIVE
    assert bench.look(50).pulse is Pulse.IDLE


def test_what_a_producer_started_counts_as_its_own(bench: Bench) -> None:
    make(bench)
    bench.table.spawn(8, "sh", "-c", f"tool {RUN}", ppid=7, cwd=ROOT)
    bench.table.spawn(9, "tool", RUN, ppid=8, cwd=ROOT)
    bench.look(10)
    bench.table.work(9, cpu=1)
    seen = bench.look(20)
    assert [(fact.pid, fact.children) for fact in seen.processes] == [(7, 2)]
    assert (seen.pulse, seen.processes[0].rss_bytes) == (Pulse.ALIVE, 3_000_000)
    assert seen.processes[0].cpu_percent == pytest.approx(10)


def test_children_that_end_do_not_make_time_run_backwards(bench: Bench) -> None:
    make(bench)
    bench.table.spawn(8, "tool", ppid=7)
    bench.table.work(8, cpu=100)
    bench.look(10)
    bench.table.kill(8)
    assert bench.look(20).processes[0].cpu_percent == 0


def test_a_producer_that_was_seen_and_is_gone_is_lost(bench: Bench) -> None:
    make(bench, at=-60)
    bench.look(10)
    bench.table.kill(7)
    gone = bench.look(15)
    assert (gone.pulse, gone.processes) == (Pulse.GONE, ())
    assert gone.lost is not None
    assert (gone.lost.pid, gone.lost.name, gone.lost.known_by, gone.lost.zombie) == (7, "make", "seen", False)
    assert gone.lost.seen_at == START + timedelta(seconds=10)


def test_a_zombie_is_gone(bench: Bench) -> None:
    make(bench, at=-60)
    bench.look(10)
    bench.table.turn(7, "zombie")
    gone = bench.look(15)
    assert gone.pulse is Pulse.GONE
    assert gone.lost is not None
    assert gone.lost.zombie


def test_whoever_wrote_since_is_another_producer(bench: Bench) -> None:
    make(bench, at=-60)
    bench.look(10)
    bench.table.kill(7)
    assert bench.look(40, target(updated_at=START + timedelta(seconds=30))).lost is None


def test_a_process_that_came_and_went_between_two_signs_of_life_was_no_producer(bench: Bench) -> None:
    bench.look(10)
    make(bench, at=11)
    bench.look(12)
    bench.table.kill(7)
    assert bench.look(15).lost is None


def test_the_same_number_is_not_the_same_process(bench: Bench) -> None:
    make(bench, at=-60)
    bench.look(10)
    bench.table.spawn(7, "nginx", at=12)
    gone = bench.look(15)
    assert (gone.pulse, gone.lost and gone.lost.pid) == (Pulse.GONE, 7)


def test_a_new_process_in_the_tree_may_have_taken_over(bench: Bench) -> None:
    make(bench, at=-60)
    bench.table.spawn(20, "uvicorn", cwd=ROOT, at=-900)
    bench.look(10)
    bench.table.kill(7)
    assert bench.look(15).pulse is Pulse.GONE
    bench.table.spawn(21, "python3", "again.py", cwd=ROOT, at=12)
    doubt = bench.look(20)
    assert (doubt.pulse, [fact.pid for fact in doubt.candidates]) == (Pulse.UNKNOWN, [20, 21])
    assert "may be its producer" in doubt.note


def test_a_stopped_producer_is_told_from_an_idle_one(bench: Bench) -> None:
    make(bench, status="stopped")
    assert bench.look(10).pulse is Pulse.STOPPED
    bench.table.spawn(8, "tool", RUN)
    assert bench.look(20).pulse is Pulse.IDLE


def test_nobody_at_the_run_is_gone_as_far_as_one_can_see(bench: Bench) -> None:
    gone = bench.look(10)
    assert (gone.pulse, gone.lost) == (Pulse.GONE, None)
    assert "no process on this host" in gone.note


def test_what_may_not_be_looked_into_makes_unknown(bench: Bench) -> None:
    bench.table.spawn(8, "tool", cwd=None, files=None)
    doubt = bench.look(10)
    assert (doubt.pulse, "may not be looked into" in doubt.note) == (Pulse.UNKNOWN, True)
    bench.table.kill(8)
    # Another user's processes do not matter: the files belong to the run's owner.
    bench.table.spawn(8, "daemon", cwd=None, files=None, uid=4)
    assert bench.look(20).pulse is Pulse.GONE
    assert bench.table.asked_files == [8]


@pytest.mark.parametrize("case", ["remote", "incomplete", "nobody", "no owner"])
def test_what_cannot_be_known_is_unknown(case: str) -> None:
    bench = Bench(remote=case == "remote")
    asked = target(owner=None) if case == "no owner" else target()
    bench.table.complete = case != "incomplete"
    if case == "nobody":
        bench.table.cards.clear()
    seen = bench.look(10, asked)
    assert seen.pulse is Pulse.UNKNOWN
    assert seen.note


def test_a_producer_on_this_host_is_known_even_on_a_shared_filesystem() -> None:
    bench = Bench(remote=True)
    make(bench)
    assert bench.look(10).pulse is Pulse.IDLE


def test_this_program_and_what_it_was_started_from_are_never_the_producer(bench: Bench) -> None:
    bench.table.spawn(400, "make", "demo", f"RUN_ID={RUN}", cwd=ROOT)
    bench.table.spawn(OWN, "cockpit", ppid=400, cwd=PATH)
    bench.table.spawn(501, "python3", "-m", "cockpit.actions.supervisor", PATH)
    assert bench.look(10).pulse is Pulse.GONE
    bench.table.spawn(502, "make", "stepwise-retry", f"RUN_ID={RUN}", ppid=501, cwd=ROOT)
    assert [fact.pid for fact in bench.look(20).processes] == [502]


def test_a_record_tells_of_a_producer_nobody_saw(bench: Bench) -> None:
    job = RecordedPid(77, START, created=START.timestamp(), known_by="job", name="retry")
    gone = bench.look(10, target(recorded=(job,)))
    assert gone.pulse is Pulse.GONE
    assert gone.lost is not None
    assert (gone.lost.pid, gone.lost.name, gone.lost.known_by) == (77, "retry", "job")
    bench.table.spawn(77, "anything")
    alive = bench.look(20, target(recorded=(job,)))
    assert [fact.matched_by for fact in alive.processes] == ["started as a job"]


def test_a_record_that_ended_before_the_run_went_on_says_nothing(bench: Bench) -> None:
    ended = START + timedelta(seconds=5)
    job = RecordedPid(77, START, ended, START.timestamp())
    later = target(recorded=(job,), updated_at=START + timedelta(seconds=60))
    assert bench.look(70, later).lost is None
    assert bench.look(70, target(recorded=(job,))).lost is not None


def test_open_files_are_asked_of_nobody_else_where_the_producer_is_known(bench: Bench) -> None:
    make(bench, files=(f"{PATH}/events.jsonl", f"{PATH}/events.jsonl", "/etc/hosts"))
    bench.table.spawn(8, "tool")
    bench.table.waits[7] = "a child to end"
    (fact,) = bench.look(10).processes
    assert (fact.open_files, fact.waiting_on) == ((f"swarm/runs/{RUN}/events.jsonl",), "a child to end")
    assert bench.table.asked_files == [7]
    bench.table.kill(7)
    bench.look(20)
    assert 8 in bench.table.asked_files


def test_an_open_file_alone_makes_a_producer(bench: Bench) -> None:
    bench.table.spawn(8, "node", "agent.js", files=(f"{PATH}/build/llm/x.jsonl",))
    (fact,) = bench.look(10).processes
    assert (fact.pid, fact.sure, fact.matched_by) == (8, True, "has x.jsonl of the run open")


def test_several_runs_cost_one_pass(bench: Bench) -> None:
    make(bench)
    bench.table.spawn(8, "node", "agent.js")
    second = target("other", name="run-20261121-050000-def456", path=f"{ROOT}/swarm/runs/run-20261121-050000-def456")
    found = bench.prober.look([target(), second])
    assert (found["k"].pulse, found["other"].pulse) == (Pulse.IDLE, Pulse.GONE)
    assert bench.table.asked_files.count(8) == 1
    assert bench.prober.look([]) == {}


def test_runs_nobody_looks_at_are_forgotten(bench: Bench) -> None:
    make(bench, at=-60)
    bench.look(10)
    bench.prober.forget(["something else"])
    bench.table.kill(7)
    assert bench.look(15).lost is None


def test_secrets_of_a_command_line_are_not_kept(bench: Bench) -> None:
    key = "sk-ant-" + "a" * 30
    bench.table.spawn(7, "tool", RUN, "--api-key", "hunter2", "--token=hunter3", key, "--verbose", "yes")
    (fact,) = bench.look(10).processes
    text = " ".join(fact.cmdline)
    assert "hunter" not in text
    assert key not in text
    assert fact.cmdline[-2:] == ("--verbose", "yes")
    assert without_secrets(("tool", "--password", "--force")) == ("tool", "--password", "--force")
