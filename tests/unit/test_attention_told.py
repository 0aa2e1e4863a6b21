"""Bell, toast, badge and title: what reaches the terminal, and what does not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cockpit.attention_settings import AttentionSettings
from cockpit.clock import fixed_clock
from cockpit.models.run import RunState
from cockpit.models.snapshot import Snapshot
from cockpit.screens.attention import Attention
from cockpit.session import Session
from cockpit.settings import RootSettings, Settings
from tests.builders import START
from tests.unit.test_attention import run, snapshot

CALM, BAD = snapshot(run("a", RunState.RUNNING)), snapshot(run("a", RunState.STUCK))


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


class Told:
    """An operator's terminal."""

    def __init__(self, terminal: str = "xterm", **settings: Any) -> None:
        made = Settings(attention=AttentionSettings(**settings))
        session = Session(made, [RootSettings(path=Path("/r"))], fixed_clock(START))
        self.app, self.written = App(), list[str]()
        self.badges: list[int] = []

        def at_once(work: Callable[[], None]) -> None:
            work()

        self.attention = Attention(
            self.app, session, self.written.append,  # type: ignore[arg-type]
            changed=lambda: self.badges.append(self.attention.news), later=at_once, terminal=terminal,
        )  # fmt: skip

    def see(self, *pictures: Snapshot) -> "Told":
        for picture in pictures:
            self.attention.seen(picture)
        return self


def test_toast_bell_badge_and_title_come_together_and_the_title_is_given_back() -> None:
    told = Told().see(CALM, CALM, BAD, BAD)
    assert [title for title, _ in told.app.notes] == ["a stuck"]
    assert (told.app.bells, told.badges) == (1, [1])
    told.attention.noticed()
    told.attention.noticed()
    assert told.badges == [1, 0]
    told.attention.leave()
    told.attention.leave()
    assert told.written == [
        "\x1b[22;2t\x1b]2;cockpit\x07",
        "\x1b]2;(1 new) cockpit: 1 needs a look\x07",
        "\x1b]2;cockpit: 1 needs a look\x07",
        "\x1b]2;\x07\x1b[23;2t",
    ]


def test_time_that_changes_nothing_writes_nothing() -> None:
    told = Told().see(CALM, BAD)
    before = (len(told.written), told.app.bells, len(told.app.notes), len(told.badges))
    for _ in range(5):
        told.attention.tick()
        told.see(BAD)
    assert (len(told.written), told.app.bells, len(told.app.notes), len(told.badges)) == before


@pytest.mark.parametrize("terminal", ["", "dumb", "linux"])
def test_a_terminal_without_titles_gets_none(terminal: str) -> None:
    told = Told(terminal).see(BAD)
    told.attention.leave()
    assert told.written == []


def test_what_is_switched_off_stays_silent() -> None:
    told = Told(bell=False, toast=False, badge=False, title=False).see(CALM, BAD)
    told.attention.leave()
    assert (told.app.bells, told.app.notes, told.badges, told.written) == (0, [], [], [])


def test_the_next_session_does_not_ring_for_this_one() -> None:
    Told().see(CALM, BAD).attention.leave()
    again = Told().see(BAD, BAD)
    assert (again.app.bells, again.app.notes, again.badges) == (0, [], [])
    again.attention.leave()
    worse = snapshot(run("a", RunState.STUCK), run("b", RunState.FAILED))
    third = Told().see(worse, worse)
    assert third.app.notes == [("While you were away", "1 failed")]
    assert (third.app.bells, third.badges) == (0, [1])
