"""Which processes belong to a run, and which only look on."""

import pytest

from cockpit.runtime.matching import Match, RecordedPid, inside, match, onlooker, own_program
from cockpit.runtime.processes import Card
from tests.builders import START
from tests.unit.fake_processes import EPOCH, OWNER, PATH, ROOT, RUN, target

FAR = EPOCH - 100_000
"""Long before the run."""


def card(*cmdline: str, cwd: str | None = "/", pid: int = 7, at: float = FAR, uid: int | None = OWNER) -> Card:
    return Card(pid, at, 1, cmdline[0] if cmdline else "", cmdline, cwd, uid)


def why(found: Match | None) -> tuple[str, bool] | None:
    return None if found is None else (found.why, found.sure)


@pytest.mark.parametrize(
    "cmdline",
    [
        ("make", "stepwise-build", f"RUN_ID={RUN}"),
        ("python3", "tool.py", "--run-id", RUN),
        ("python3", "tool.py", f"--run={RUN}"),
        ("sh", "-c", f"make stepwise-build RUN_ID={RUN} FLOW=build"),
        ("node", "x.js", f"swarm/runs/{RUN}/build"),
        ("python3", "-u", "tool.py", f"'{RUN}'"),
        ("python3", "-m", "cockpit.demo.producer", "flow", "--run-id", RUN),
    ],
)
def test_the_run_in_a_command_line_names_its_producer(cmdline: tuple[str, ...]) -> None:
    assert why(match(card(*cmdline, cwd=ROOT), target())) == ("names the run", True)


@pytest.mark.parametrize(
    "word", [f"{RUN}4", f"x{RUN}", f"{RUN}-retry", f"pre-{RUN}", f"{RUN}.bak1", "run-20261121-040000", f"{PATH}2/x"]
)
def test_a_longer_or_shorter_name_is_another_run(word: str) -> None:
    assert match(card("python3", "tool.py", word), target()) is None


def test_the_path_of_the_run_names_it_whatever_the_run_is_called() -> None:
    short = target(name="x", path=f"{ROOT}/runs/x")
    assert why(match(card("python3", "tool.py", f"{ROOT}/runs/x/build"), short)) == ("names the run's directory", True)
    assert why(match(card("python3", "tool.py", f"--dir={ROOT}/runs/x"), short)) == ("names the run's directory", True)
    assert why(match(card("python3", "tool.py", f"{ROOT}/runs/xy"), short)) is None


@pytest.mark.parametrize("cwd", ["/", "/srv", ROOT, None])
def test_a_path_to_another_tree_is_another_run_wherever_its_process_works(cwd: str | None) -> None:
    for word in (f"/home/ann/runs/{RUN}", f"--dir=/home/ann/runs/{RUN}/build", f"a:/x/{RUN}"):
        found = match(card("python3", "tool.py", word, cwd=cwd), target())
        assert found is None or not found.sure
    assert why(match(card("python3", "tool.py", f"--log={ROOT}/logs/{RUN}", cwd="/"), target())) == (
        "names the run", True,
    )  # fmt: skip


def test_a_short_name_counts_only_where_a_run_is_meant() -> None:
    short = target(name="test", path=f"{ROOT}/runs/test")
    assert why(match(card("pytest", "test", cwd="/home/ann"), short)) is None
    assert why(match(card("make", "test", cwd=ROOT), short)) == ("works in the root", False)
    for cmdline in (("make", "RUN_ID=test"), ("tool", "--run", "test"), ("tool", "runs/test")):
        assert why(match(card(*cmdline, cwd=ROOT), short)) == ("names the run", True), cmdline


def test_the_same_name_in_a_copy_of_the_tree_is_not_enough() -> None:
    elsewhere = card("make", f"RUN_ID={RUN}", cwd="/home/ann/copy")
    assert why(match(elsewhere, target())) == ("names the run, but works elsewhere", False)
    pointed = card("make", f"RUN_ID={RUN}", f"ROOT={ROOT}", cwd="/home/ann/copy")
    assert why(match(pointed, target())) == ("names the run", True)
    above = card("make", f"RUN_ID={RUN}", cwd="/srv")
    assert why(match(above, target())) == ("names the run", True)


@pytest.mark.parametrize(
    "cmdline",
    [
        ("tail", "-f", f"{PATH}/events.jsonl"),
        ("/usr/bin/less", f"{PATH}/meta.json"),
        ("vim", f"{PATH}/meta.json"),
        ("-bash",),
        ("/bin/zsh", "-i"),
        ("bash", "-l"),
        ("cockpit", "show", RUN),
        ("/x/bin/python3", "/x/bin/cockpit", "show", RUN),
        ("python3", "-P", "-m", "cockpit.actions.supervisor", PATH, "4"),
        ("python3", "-m", "cockpit", "--root", ROOT),
        (),
    ],
)
def test_onlookers_are_no_producers_even_inside_the_run(cmdline: tuple[str, ...]) -> None:
    one = card(*cmdline, cwd=PATH, at=EPOCH - 1)
    assert onlooker(one)
    assert match(one, target(), (f"{PATH}/events.jsonl",)) is None


def test_a_shell_with_something_to_do_is_no_onlooker() -> None:
    assert not onlooker(card("bash", "-c", "make all"))
    assert not onlooker(card("sh", "build.sh"))
    assert not own_program(("python3", "-m", "cockpit.demo.producer", "live"))


def test_working_inside_the_run_or_having_its_files_open_makes_a_producer() -> None:
    assert why(match(card("node", "agent.js", cwd=f"{PATH}/build"), target())) == ("works inside the run", True)
    files = (f"{PATH}/build/llm/x.jsonl",)
    assert why(match(card("node", "agent.js"), target(), files)) == ("has x.jsonl of the run open", True)
    lock = (f"{ROOT}/.locks/{RUN}.lock",)
    assert why(match(card("node", "agent.js"), target(), lock)) == (f"has {RUN}.lock open", True)
    other = (f"{ROOT}/.locks/{RUN}4.lock", f"/tmp/{RUN}.lock", f"{PATH}2/x")
    assert match(card("node", "agent.js"), target(), other) is None


def test_working_in_the_tree_makes_a_candidate_only() -> None:
    assert why(match(card("uvicorn", "app", cwd=ROOT), target())) == ("works in the root", False)
    assert why(match(card("uvicorn", "app", "--dir", ROOT), target())) == ("names the root", False)
    assert match(card("uvicorn", "app", "--dir", f"{ROOT}2"), target()) is None


@pytest.mark.parametrize(
    "cmdline",
    [
        ("make", "RUN_ID=run-20261121-050000-zzz999"),
        ("tool", "--run-id", "other"),
        ("tool", f"{ROOT}/swarm/runs/other"),
    ],
)
def test_who_is_at_another_run_is_no_candidate(cmdline: tuple[str, ...]) -> None:
    assert match(card(*cmdline, cwd=ROOT, at=EPOCH - 5), target()) is None
    assert match(card("tool", cwd=f"{ROOT}/swarm/runs/other"), target()) is None


def test_a_process_of_the_tree_that_began_with_the_run_is_its_producer_but_its_end_proves_nothing() -> None:
    found = match(card("python3", "demo.py", cwd=ROOT, at=EPOCH - 5), target())
    assert found == Match("works in the root and began with the run", sure=True, binding=False)
    for early in (EPOCH - 121, EPOCH + 3):
        assert why(match(card("python3", "demo.py", cwd=ROOT, at=early), target())) == ("works in the root", False)
    stranger = card("python3", "demo.py", cwd=ROOT, at=EPOCH - 5, uid=OWNER + 1)
    assert why(match(stranger, target())) == ("works in the root", False)


def test_a_recorded_process_is_known_by_number_and_birth() -> None:
    recorded = RecordedPid(7, START, created=FAR, known_by="recording", name="make")
    known = target(recorded=(recorded,))
    assert why(match(card("tail", "-f", "x"), known)) == ("started as a recording", True)
    assert match(card("node", at=FAR + 60), known) is None
    assert match(card("node", pid=8), known) is None


def test_a_root_that_is_itself_the_run_is_only_a_tree() -> None:
    whole = target(name="curriculum", path=ROOT)
    assert why(match(card("python3", "build.py", cwd=ROOT), whole)) == ("works in the root", False)


def test_links_to_the_tree_are_names_of_it() -> None:
    linked = target(alias=("/home/ann/tree", f"/home/ann/tree/swarm/runs/{RUN}"))
    assert why(match(card("tool", f"/home/ann/tree/swarm/runs/{RUN}/x"), linked)) == ("names the run's directory", True)
    assert why(match(card("tool", "--in", "/home/ann/tree"), linked)) == ("names the root", False)


def test_inside_is_about_whole_names() -> None:
    assert inside("/a/b", "/a/b")
    assert inside("/a/b/c", "/a/b/")
    assert not inside("/a/bc", "/a/b")
