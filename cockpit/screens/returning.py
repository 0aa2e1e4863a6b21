"""Coming back: what of the screen is remembered, when it is written, and what the first frame begins with."""

import asyncio
from typing import TYPE_CHECKING, cast

from textual.timer import Timer

from cockpit.comeback import MOST_MARKS, Comeback, PaneName, Remembered
from cockpit.errors import CockpitError, UsageError
from cockpit.filtering import EVERYTHING, Filter, parse_filter
from cockpit.models.snapshot import Snapshot
from cockpit.presenters import words
from cockpit.presenters.runs import Sort
from cockpit.presenters.times import TimeStyle, clock_time
from cockpit.screens.view import ViewState
from widgets.deck import DeckState

if TYPE_CHECKING:
    from datetime import datetime

    from cockpit.screens.cockpit import CockpitScreen
    from cockpit.settings import Settings
    from cockpit.view_settings import SavedView

SOON_S = 1.0
"""Seconds after a key until where it led to is written."""


def view_of(
    settings: "Settings", remembered: Remembered | None, now: "datetime", given: Filter = EVERYTHING
) -> ViewState:
    """The view a session begins with.

    Args:
        settings: As configured.
        remembered: What was remembered, or `None`.
        now: The moment; a frozen session is frozen as of its return.
        given: The filter of the command line, which goes before what was remembered.
    """
    fresh = ViewState(filter=given, times=TimeStyle(settings.times), unicode=settings.glyphs == "unicode")
    if remembered is None:
        return fresh
    return ViewState(
        filter=given if given.text else _filter(remembered.filter),
        sort=Sort(remembered.sort),
        times=TimeStyle(remembered.times or settings.times),
        unicode=fresh.unicode,
        frozen_at=now if remembered.frozen else None,
        audit=remembered.audit,
        clustered=remembered.clustered,
        previous=remembered.previous,
    )


def in_view(remembered: Remembered | None, named: "SavedView", now: "datetime") -> Remembered:
    """What is remembered, as far as a named view does not say otherwise."""
    seen = remembered or Remembered(saved_at=now)
    wanted = {"filter": named.filter, "sort": named.sort, "times": named.times, "clustered": named.cluster}
    wanted["zoomed"] = named.zoom
    changes: dict[str, object] = {name: value for name, value in wanted.items() if value is not None}
    if named.pane is not None:
        changes["place"] = seen.place.model_copy(update={"pane": named.pane})
        changes["screen"] = "panes"
    return seen.model_copy(update=changes)


def _filter(text: str) -> Filter:
    """A filter of another version may mean nothing any more."""
    try:
        return parse_filter(text) if words.text(text).text == text else EVERYTHING
    except UsageError:
        return EVERYTHING


class Returning:
    """Remembers where the operator is, and takes them back there."""

    def __init__(self, screen: "CockpitScreen", comeback: Comeback | None, remembered: Remembered | None) -> None:
        """Touches nothing.

        Args:
            screen: The panes.
            comeback: Where it is kept; `None` keeps nothing.
            remembered: What the session begins with.
        """
        self._screen = screen
        self._comeback = comeback
        self._remembered = remembered
        self._settling = remembered is not None
        self._timer: Timer | None = None

    # -- the beginning

    @property
    def deck(self) -> DeckState:
        """Which panes stand where in the first frame."""
        usual = ("runs", "receipts", "detail")
        seen = self._remembered
        if seen is None:
            return DeckState(recent=usual)
        recent = dict.fromkeys((seen.place.pane, *seen.recent, *usual))
        return DeckState(seen.place.pane, tuple(recent), seen.zoomed)

    def begin(self) -> None:
        """Before the first rows: marks, cursors, focus."""
        seen, screen = self._remembered, self._screen
        if seen is None:
            return
        screen.pane("runs").marked = frozenset(seen.marked)
        screen.places.expect(seen.place)
        screen.scoping.begin_at(seen.place.run, anchored=seen.anchored)
        screen.set_focus(screen.pane(seen.place.pane))

    def after_first_frame(self) -> None:
        """The screen that stood before the panes, and what might surprise."""
        seen = self._remembered
        if self._comeback is not None and self._comeback.problem is not None:
            self._say(words.text(self._comeback.problem).text, "Not where you left")
        if seen is None:
            return
        if seen.screen == "monitor" and self._screen.scope.key == seen.place.run:
            self._screen.commanding.run("view.monitor")
        elif seen.screen == "incident" and seen.incident:
            self._screen.run_worker(self._open_incident(seen.incident), group="dialog", exit_on_error=False)
        told = self._surprising(seen)
        if told:
            left = clock_time(seen.saved_at, self._screen.view.times)
            self._screen.app.notify(
                f"{', '.join(told)}; cockpit --fresh begins anew", title=f"As you left at {left}", markup=False
            )

    def _surprising(self, seen: Remembered) -> list[str]:
        """What of the view hides runs, or makes a key mean more than one of them."""
        marked = len(self._screen.marking.runs)
        parts = (
            (bool(self._screen.view.filter.text), f"filter {words.text(self._screen.view.filter.text, limit=40).text}"),
            (marked > 0, f"{marked} marked"),
            (seen.frozen, "frozen: = goes live"),
            (seen.anchored, "anchored"),
        )
        return [text for holds, text in parts if holds]

    async def _open_incident(self, name: str) -> None:
        screen = self._screen
        try:
            _, incident = await asyncio.to_thread(screen.responding.index.find, name)
        except CockpitError:
            return
        if incident.is_open:
            screen.responding.show(incident.id)

    def settling(self, snapshot: Snapshot) -> bool:
        """Whether rows still arrive: until the first scan is over the cursor is held, and a frozen screen is filled."""
        if not self._settling:
            return False
        if snapshot.progress.finished:
            self._settling = False
            self._screen.call_after_refresh(self._settled)
        return True

    def _settled(self) -> None:
        self._screen.pane("runs").let_go()
        if self._screen.view.frozen_at is not None:
            self._screen.painter.freeze(self._screen.session.now())
            self._screen.painter.header()

    # -- remembering

    def stir(self) -> None:
        """Something was typed: write where it led to, soon."""
        if self._comeback is not None and self._timer is None and self._screen.is_mounted:
            self._timer = self._screen.set_timer(SOON_S, self._look)

    def _look(self) -> None:
        self._timer = None
        comeback, here = self._comeback, self.here()
        if comeback is not None:
            self._screen.run_worker(
                lambda: comeback.keep(here), thread=True, exclusive=True, group="comeback", exit_on_error=False
            )

    def keep(self) -> None:
        """Write where the operator is, now: the session ends."""
        if self._comeback is not None and self._screen.is_mounted:
            self._comeback.keep(self.here())

    def here(self) -> Remembered:
        """Everything that is remembered."""
        from cockpit.screens.incident import IncidentScreen
        from cockpit.screens.monitor import MonitorScreen

        screen = self._screen
        view, deck = screen.view, screen.deck.state
        stack = screen.app.screen_stack
        incident = next((each.name_of for each in stack if isinstance(each, IncidentScreen)), None)
        monitored = any(isinstance(each, MonitorScreen) for each in stack)
        return Remembered(
            saved_at=screen.session.now(),
            filter=view.filter.text[:4_096],
            sort=view.sort.value,
            times=None if view.times.value == screen.session.settings.times else view.times.value,
            clustered=view.clustered,
            audit=view.audit,
            frozen=view.frozen_at is not None,
            anchored=screen.scope.anchored,
            zoomed=deck.zoomed,
            recent=tuple(cast("tuple[PaneName, ...]", deck.recent)),
            previous=cast("PaneName | None", view.previous),
            marked=tuple(sorted(screen.pane("runs").marked)[:MOST_MARKS]),
            place=screen.places.here(),
            screen="incident" if incident else "monitor" if monitored else "panes",
            incident=incident,
        )

    def _say(self, text: str, title: str) -> None:
        self._screen.app.notify(text, title=title, severity="warning", markup=False, timeout=10)
