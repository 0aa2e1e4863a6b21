"""Which runs are told of, once, and what the terminal's title says."""

from collections.abc import Sequence
from typing import Any

import pytest

from cockpit.models.run import Reason, Run, RunRef, RunState
from cockpit.models.snapshot import Progress, Snapshot
from cockpit.screens.attention import Attention, Told, title, title_sequence, toasts, turned
from tests.builders import START

DONE = Progress(1, 1, finished=True)


def run(name: str, state: RunState, **more: Any) -> Run:
    return Run(ref=RunRef(source="s", root="/r", path=name, id=name), state=state, **more)


def snapshot(*runs: Run, finished: bool = True) -> Snapshot:
    return Snapshot(1, START, runs, progress=DONE if finished else Progress())


def story(*pictures: Snapshot) -> list[list[str]]:
    """What is told of after each picture."""
    told = Told()
    found = []
    for picture in pictures:
        told, loud = turned(told, picture)
        found.append([f"{one.id} {one.state.value}" for one in loud])
    return found


def test_what_the_first_scan_finds_is_not_told() -> None:
    failed, running = run("a", RunState.FAILED), run("b", RunState.RUNNING)
    assert story(
        snapshot(finished=False), snapshot(failed, finished=False), snapshot(failed, running), snapshot(failed, running)
    ) == [[], [], [], []]


def test_a_change_is_told_once() -> None:
    before, after = run("a", RunState.RUNNING), run("a", RunState.STUCK)
    again = run("a", RunState.STUCK, problems=1)
    assert story(snapshot(before), snapshot(after), snapshot(after), snapshot(again)) == [[], ["a stuck"], [], []]


def test_each_change_is_told() -> None:
    states = (RunState.RUNNING, RunState.STUCK, RunState.RUNNING, RunState.STUCK, RunState.FAILED)
    told = story(*(snapshot(run("a", state)) for state in states))
    assert told == [[], ["a stuck"], [], ["a stuck"], ["a failed"]]


@pytest.mark.parametrize("state", [RunState.SUCCEEDED, RunState.PAUSED, RunState.WAITING, RunState.PARTIAL])
def test_quiet_changes_are_not_told(state: RunState) -> None:
    assert story(snapshot(run("a", RunState.RUNNING)), snapshot(run("a", state))) == [[], []]


def test_a_new_run_that_has_failed_already_is_told() -> None:
    assert story(snapshot(), snapshot(run("a", RunState.FAILED))) == [[], ["a failed"]]


def test_a_root_that_comes_back_brings_no_news() -> None:
    failed = run("a", RunState.FAILED)
    assert story(snapshot(failed), snapshot(), snapshot(run("a", RunState.FAILED, problems=1))) == [[], [], []]


def test_what_turned_bad_during_the_first_scan_is_history() -> None:
    running, failed = run("a", RunState.RUNNING), run("a", RunState.FAILED)
    assert story(snapshot(running, finished=False), snapshot(failed), snapshot(failed)) == [[], [], []]


def test_few_are_told_one_by_one_and_many_together() -> None:
    one = run("a", RunState.STUCK, flow="build", step="implement", reasons=(Reason(text="silent\x1b[31m"),))
    assert toasts([one]) == [("a stuck", "build › implement: silent")]
    assert toasts([]) == []
    many = [run(str(index), RunState.STUCK) for index in range(3)] + [run("x", RunState.FAILED)]
    assert toasts(many) == [("4 runs need a look", "3 stuck, 1 failed")]


def test_the_title_counts_what_needs_a_look() -> None:
    assert title(snapshot(run("a", RunState.RUNNING))) == "cockpit"
    assert title(snapshot(run("a", RunState.STUCK))) == "cockpit: 1 needs a look"
    lie = run("b", RunState.SUCCEEDED, contradicted=True)
    assert title(snapshot(run("a", RunState.STUCK), lie)) == "cockpit: 2 need a look"
    assert title_sequence("x\x1b]0;evil\x07\ny") == "\x1b]2;x y\x07"


class App:
    """Remembers what it was asked to do."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, str]] = []
        self.bells = 0

    def notify(self, message: str, *, title: str, **options: object) -> None:
        assert options["markup"] is False
        self.notes.append((title, message))

    def bell(self) -> None:
        self.bells += 1


def watch(pictures: Sequence[Snapshot], terminal: str = "xterm") -> tuple[App, list[str]]:
    app, written = App(), list[str]()
    attention = Attention(app, written.append, terminal)  # type: ignore[arg-type]
    for picture in pictures:
        attention.seen(picture)
    attention.leave()
    attention.leave()
    return app, written


def test_toast_bell_and_title_come_together_and_the_title_is_given_back() -> None:
    calm, bad = snapshot(run("a", RunState.RUNNING)), snapshot(run("a", RunState.STUCK))
    app, written = watch([calm, calm, bad, bad])
    assert [title for title, _ in app.notes] == ["a stuck"]
    assert app.bells == 1
    assert written == [
        "\x1b[22;2t\x1b]2;cockpit\x07",
        "\x1b]2;cockpit: 1 needs a look\x07",
        "\x1b]2;\x07\x1b[23;2t",
    ]


@pytest.mark.parametrize("terminal", ["", "dumb", "linux"])
def test_a_terminal_without_titles_gets_none(terminal: str) -> None:
    _, written = watch([snapshot(run("a", RunState.STUCK))], terminal)
    assert written == []
