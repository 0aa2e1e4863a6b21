"""What an operator must be told of, told: a toast, the bell, a badge in the header, and the terminal's title.

What it is, is decided in `cockpit.attention`; the rules stand in `[attention]` of the configuration.
"""

import os
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from cockpit.models.run import Run
from cockpit.models.snapshot import Snapshot
from cockpit.presenters import words
from cockpit.presenters.runs import place
from cockpit.sanitize import clean

if TYPE_CHECKING:
    from textual.app import App

    from cockpit.attention import Matter, Watch
    from cockpit.models.incident import Incident
    from cockpit.session import Session

EACH = 3
"""Up to so many matters have a toast of their own."""
TOAST_S = 10.0
_SAVE, _RESTORE = "\x1b[22;2t", "\x1b[23;2t"
# Save and restore the title on the terminal's own stack; terminals without one ignore it.
_WORDS = {
    "sla": "response time running out",
    "unanswered": "escalation unanswered",
    "update": "update due",
}
"""What is said of incidents; runs are said to be in their state."""


def toasts(matters: "Sequence[Matter]") -> list[tuple[str, str]]:
    """Title and text of what is said of them: each one while they are few, else all together."""
    if len(matters) <= EACH:
        return [(_heading(matter), _why(matter)) for matter in matters]
    return [(f"{len(matters)} matters need a look", summary(matters))]


def summary(matters: "Sequence[Matter]") -> str:
    """`1 blocked, 3 failed, 1 update due`."""
    from cockpit.attention import Event

    counts = [(event, sum(matter.event is event for matter in matters)) for event in Event]
    return ", ".join(f"{number} {_WORDS.get(event.value, event.value)}" for event, number in counts if number)


def title(snapshot: Snapshot, news: int = 0) -> str:
    """The terminal's title: our own words only."""
    pressing = snapshot.count().pressing
    told = f"({news} new) cockpit" if news else "cockpit"
    if not pressing:
        return told
    return f"{told}: {pressing} need{'s' if pressing == 1 else ''} a look"


def title_sequence(text: str) -> str:
    """The escape sequence (OSC 2) that sets the title; control characters in the text are dropped."""
    return f"\x1b]2;{clean(text, 80)}\x07"


class Attention:
    """Tells the operator. One for a screen.

    Attributes:
        news: How much was told since the last key, for the badge.

    Args:
        app: Shows toasts and rings the bell.
        session: Knows the rules, the moment and the roots.
        write: Sends our own escape sequence to the terminal; see `Host.write_terminal`.
        changed: Called when `news` is another number.
        later: Does something in a thread.
        terminal: `$TERM`: a console without titles gets none.
    """

    def __init__(
        self,
        app: "App[None]",
        session: "Session",
        write: Callable[[str], None],
        *,
        changed: Callable[[], None],
        later: Callable[[Callable[[], None]], object],
        terminal: str | None = None,
    ) -> None:
        self.news = 0
        self._app = app
        self._session = session
        self._write = write
        self._changed = changed
        self._later = later
        self._saving = threading.Lock()
        self._since = session.now()
        self._watch: Watch | None = None
        self._saved: object = None
        self._snapshot: Snapshot | None = None
        self._incidents: tuple[Incident, ...] = ()
        self._title = ""
        known = os.environ.get("TERM", "") if terminal is None else terminal
        self._titled = known not in ("", "dumb", "linux")

    def seen(self, snapshot: Snapshot) -> None:
        """Tell of what has changed among the runs since the snapshot before."""
        self._snapshot = snapshot
        if not snapshot.progress.finished and self._watch is None:
            # What the first scan finds is on the screen anyway; the first frame waits for nothing here.
            self._entitle()
            return
        from cockpit.attention import see

        self._watch, matters = see(self._watching(), snapshot, self._incidents)
        self._tell(matters)

    def incidents(self, found: "Sequence[Incident]") -> None:
        """The open incidents, when they were read anew."""
        self._incidents = tuple(found)
        self.tick()

    def tick(self) -> None:
        """Time went by: tell of the clocks that run out."""
        known = self._watch.told if self._watch is not None else {}
        if not self._incidents and not any(key.startswith("incident:") for key in known):
            return
        from cockpit.attention import look

        settings = self._session.settings
        lead = timedelta(seconds=settings.attention.lead)
        policy = settings.incidents.policy()
        self._watch, matters = look(self._watching(), self._incidents, self._session.now(), policy, lead)
        self._tell(matters)

    def noticed(self) -> None:
        """A key was pressed: the operator has seen what there is."""
        if self.news:
            self.news = 0
            self._changed()
            self._entitle()

    def leave(self) -> None:
        """Give the terminal its own title back, and remember what was told."""
        self._write_title_back()
        self._save()

    def _tell(self, matters: "Sequence[Matter]") -> None:
        from cockpit.attention import way

        session = self._session
        labels = {str(path): root.label or "" for path, root in session.roots.items()}
        ways = [way(matter, session.settings.attention, session.now(), labels) for matter in matters]
        shown = [matter for matter, how in zip(matters, ways, strict=True) if how.toast]
        for heading, text in toasts([matter for matter in shown if not matter.away]):
            self._app.notify(text, title=heading, severity="error", timeout=TOAST_S, markup=False)
        away = [matter for matter in shown if matter.away]
        if away:
            heading = "While you were away"
            self._app.notify(summary(away), title=heading, severity="warning", timeout=TOAST_S, markup=False)
        if any(how.bell for how in ways):
            self._app.bell()
        counted = sum(how.badge for how in ways)
        if counted:
            self.news += counted
            self._changed()
        self._entitle()
        if self._watching().told != self._saved:
            self._later(self._save)

    # -- the memory

    def _watching(self) -> "Watch":
        """What is watched; begins with what was told in an earlier session."""
        if self._watch is None:
            from cockpit.attention import Watch
            from cockpit.attention_memory import load_memory, memory_path

            told = load_memory(memory_path(self._session.roots))
            self._saved = told
            self._watch = Watch(self._since, told or {}, returned=told is not None)
        return self._watch

    def _save(self) -> None:
        from cockpit.attention_memory import memory_path, save_memory

        with self._saving:
            told = self._watch.told if self._watch is not None else self._saved
            if self._watch is not None and told != self._saved:
                save_memory(memory_path(self._session.roots), self._watch.told)
                self._saved = told

    # -- the title

    def _write_title_back(self) -> None:
        if self._title:
            self._title = ""
            self._write(title_sequence("") + _RESTORE)

    def _entitle(self) -> None:
        if self._snapshot is None or not self._titled:
            return
        if not self._session.settings.attention.title:
            self._write_title_back()
            return
        text = title(self._snapshot, self.news)
        if text == self._title:
            return
        before = "" if self._title else _SAVE
        self._title = text
        self._write(before + title_sequence(text))


def _heading(matter: "Matter") -> str:
    name = words.text(matter.name, limit=60).text
    if matter.run is not None:
        return f"{name} {matter.event.value}"
    severity = f"{matter.severity.value} " if matter.severity else ""
    return f"{severity}{name}: {_WORDS.get(matter.event.value, matter.event.value)}"


def _why(matter: "Matter") -> str:
    where = _place(matter.run)
    return words.text(": ".join(part for part in (where, matter.told) if part), limit=120).text


def _place(run: Run | None) -> str:
    return place(run.flow, run.step) if run is not None else ""
