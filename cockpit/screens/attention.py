"""A run that turns stuck, failed or blocked is told of: a toast, the bell and the terminal's title.

Once for each change of each run, and never for what the first scan found: that is on the screen anyway.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cockpit.models.run import ATTENTION, Run, RunState
from cockpit.models.snapshot import Snapshot
from cockpit.presenters import words
from cockpit.presenters.runs import place
from cockpit.sanitize import clean

if TYPE_CHECKING:
    from textual.app import App

LOUD = (RunState.BLOCKED, RunState.STUCK, RunState.FAILED)
"""States that are told of, most pressing first."""
EACH = 3
"""Up to so many runs have a toast of their own."""
TOAST_S = 10.0
_SAVE, _RESTORE = "\x1b[22;2t", "\x1b[23;2t"
# Save and restore the title on the terminal's own stack; terminals without one ignore it.


@dataclass(frozen=True, slots=True)
class Told:
    """What the runs were when they were last looked at.

    Attributes:
        runs: By identity of the summary, so that unchanged runs cost nothing; keeps them alive, too.
        states: State of every run ever seen, by key: one that comes back has not changed.
        armed: Whether the first scan is over.
    """

    runs: Mapping[int, Run] = field(default_factory=dict)
    states: Mapping[str, RunState] = field(default_factory=dict)
    armed: bool = False


def turned(told: Told, snapshot: Snapshot) -> tuple[Told, tuple[Run, ...]]:
    """Which runs have turned into something loud since, most pressing first; and what to remember. Pure."""
    runs = {id(run): run for run in snapshot.runs}
    fresh = [run for number, run in runs.items() if number not in told.runs]
    if not fresh and (told.armed or not snapshot.progress.finished):
        return Told(runs, told.states, told.armed), ()
    states = dict(told.states)
    loud: list[Run] = []
    for run in fresh:
        before = states.get(run.key)
        states[run.key] = run.state
        if told.armed and run.state in LOUD and before is not run.state:
            loud.append(run)
    loud.sort(key=lambda run: (LOUD.index(run.state), run.key))
    return Told(runs, states, told.armed or snapshot.progress.finished), tuple(loud)


def toasts(runs: Sequence[Run]) -> list[tuple[str, str]]:
    """Title and text of what is said of them: each one while they are few, else all together."""
    if len(runs) <= EACH:
        return [(f"{words.text(run.id, limit=60).text} {run.state.value}", _why(run)) for run in runs]
    counts = [(state, sum(run.state is state for run in runs)) for state in LOUD]
    told = ", ".join(f"{number} {state.value}" for state, number in counts if number)
    return [(f"{len(runs)} runs need a look", told)]


def title(snapshot: Snapshot) -> str:
    """The terminal's title: our own words only."""
    pressing = sum(run.state in ATTENTION or run.contradicted for run in snapshot.runs)
    if not pressing:
        return "cockpit"
    return f"cockpit: {pressing} need{'s' if pressing == 1 else ''} a look"


def title_sequence(text: str) -> str:
    """The escape sequence (OSC 2) that sets the title; control characters in the text are dropped."""
    return f"\x1b]2;{clean(text, 80)}\x07"


class Attention:
    """Tells the operator. One for a screen.

    Args:
        app: Shows toasts and rings the bell.
        write: Sends our own escape sequence to the terminal; see `Host.write_terminal`.
        terminal: `$TERM`: a console without titles gets none.
    """

    def __init__(self, app: "App[None]", write: Callable[[str], None], terminal: str | None = None) -> None:
        self._app = app
        self._write = write
        self._told = Told()
        self._title = ""
        known = os.environ.get("TERM", "") if terminal is None else terminal
        self._titled = known not in ("", "dumb", "linux")

    def seen(self, snapshot: Snapshot) -> None:
        """Tell of what has changed since the snapshot before."""
        self._told, loud = turned(self._told, snapshot)
        for heading, text in toasts(loud):
            self._app.notify(text, title=heading, severity="error", timeout=TOAST_S, markup=False)
        if loud:
            self._app.bell()
        self._entitle(title(snapshot))

    def leave(self) -> None:
        """Give the terminal its own title back."""
        if self._title:
            self._title = ""
            self._write(title_sequence("") + _RESTORE)

    def _entitle(self, text: str) -> None:
        if not self._titled or text == self._title:
            return
        before = "" if self._title else _SAVE
        self._title = text
        self._write(before + title_sequence(text))


def _why(run: Run) -> str:
    reason = next((reason.text for reason in run.reasons), "")
    where = place(run.flow, run.step)
    return words.text(": ".join(part for part in (where, reason) if part), limit=200).text
