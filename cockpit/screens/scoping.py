"""Which run the panes speak of: follows snapshots and the cursor, and has facts and findings read in threads.

Each answer carries the key it was asked for, so an answer for another run is dropped.
"""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from textual.timer import Timer

from cockpit.models.detail import RunDetail
from cockpit.models.finding import Finding
from cockpit.models.run import Run
from cockpit.models.snapshot import Snapshot
from cockpit.presenters.receipts import step_key
from cockpit.screens.scope import RunScope

if TYPE_CHECKING:
    from cockpit.screens.cockpit import CockpitScreen

DETAIL_DELAY_S = 0.03
"""The cursor must rest this long on a run before its facts are read: holding `j` reads nothing."""
BLANK_DELAY_S = 0.15
"""Panes go on showing the run before for this long while the next one's facts are read."""
DIAGNOSE_DELAY_S = 0.3
"""The cursor must rest this long before files are searched for causes and secrets."""


class Scoping:
    """Keeps the scope of the screen, and has loaded what belongs to it."""

    def __init__(self, screen: "CockpitScreen") -> None:
        self._screen = screen
        self._loading: list[Timer] = []
        self._arriving = True
        self._top: str | None = None
        self.scope = RunScope()

    def show(self, snapshot: Snapshot) -> None:
        """Another snapshot: the runs, and what of it concerns the run in scope."""
        self._show_runs(snapshot)
        painter = self._screen.painter
        run = painter.run(self.scope.key)
        if run is None or self.scope.run is None:
            self.rescope(run or painter.run_under_cursor())
            return
        moved = run.fingerprint != self.scope.run.fingerprint
        self.scope = self.scope.refreshed(run)
        if moved:
            self._load_soon()

    def _show_runs(self, snapshot: Snapshot) -> None:
        """Until the first scan is over or a key is pressed, the cursor stays on the most pressing run."""
        pane = self._screen.pane("runs")
        arriving = self._arriving and pane.cursor_key == self._top
        self._screen.painter.runs()
        if arriving:
            pane.move_to(0)
            self._top = pane.cursor_key
        self._arriving = arriving and not snapshot.progress.finished

    def begin_at(self, key: str | None, *, anchored: bool) -> None:
        """Begin on a run that is still to come, rather than on the most pressing one."""
        self._arriving = False
        self.scope = RunScope(key=key, anchored=anchored and key is not None)

    def highlighted(self, key: str | None) -> None:
        """The cursor in Runs stands on another run."""
        if not self.scope.anchored and key != self.scope.key:
            self._screen.places.forget_unless(key)
            self.rescope(self._screen.painter.run(key))

    def follow_cursor(self) -> None:
        """The panes follow the cursor in Runs again."""
        run = self._screen.painter.run_under_cursor()
        if (run.key if run else None) != self.scope.key:
            self.rescope(run)

    def rescope(self, run: Run | None) -> None:
        """Another run is in scope: its facts are read when the cursor rests, and painted in one go.

        Reading takes a few milliseconds; only where it takes longer, the panes say that they wait.
        """
        self.scope = self.scope.to(run)
        self._screen.places.left()
        self._screen.logfiles.forget()
        self._screen.painter.step()
        self._load_soon()

    def point_at(self, step: tuple[str, str] | None) -> None:
        """The operator points at a step, or at the run as a whole."""
        if step != self.scope.step:
            self.scope = self.scope.at_step(step)
            self._screen.painter.step()
            self._screen.logfiles.default()

    def loaded(self, key: str, detail: RunDetail | None) -> None:
        """The facts of a run have arrived."""
        if key != self.scope.key or detail is None:
            return
        self._stop_loading()
        first = self.scope.detail is None
        self.scope = self.scope.loaded(detail)
        screen = self._screen
        self._loading = [screen.set_timer(DIAGNOSE_DELAY_S, self.diagnose)]
        screen.painter.detail(first=first)
        screen.checking.look()
        if not first:
            screen.logfiles.renew()
            return
        screen.painter.record()
        if screen.places.arrived(key):
            return
        run = self.scope.run
        if run is not None and run.flow and run.step:
            screen.pane("receipts").move_to(step_key(run.flow, run.step))
        screen.logfiles.default()

    def _load_soon(self) -> None:
        self._stop_loading()
        screen = self._screen
        if self.scope.key is None:
            screen.painter.scope()
            return
        self._loading = [screen.set_timer(DETAIL_DELAY_S, self._load)]
        if self.scope.detail is None:
            self._loading.append(screen.set_timer(BLANK_DELAY_S, screen.painter.scope))

    def _stop_loading(self) -> None:
        for timer in self._loading:
            timer.stop()

    def _load(self) -> None:
        if not self._screen.begun:
            # The first frame does not share the processor with what it does not show.
            self._loading.append(self._screen.set_timer(DETAIL_DELAY_S, self._load))
        elif self.scope.key is not None:
            read = partial(self._read, self.scope.key)
            self._screen.run_worker(read, thread=True, exclusive=True, group="detail", exit_on_error=False)

    def _read(self, key: str) -> None:
        """In a thread."""
        board = self._screen.session.board
        board.scope(key)
        self._screen.post_message(self._screen.DetailLoaded(key, board.detail(key)))

    def diagnose(self) -> None:
        """Look into what is wrong with the run in scope; the answer comes by itself."""
        run, detail = self.scope.run, self.scope.detail
        if run is not None and detail is not None:
            look = partial(self._diagnose, run, detail)
            self._screen.run_worker(look, thread=True, exclusive=True, group="diagnosis", exit_on_error=False)

    def _diagnose(self, run: Run, detail: RunDetail) -> None:
        """In a thread."""
        session = self._screen.session
        look = session.board.look(run.key)
        offers = session.offers(run, detail)
        found = session.findings(run, detail, None if look is None else look.physics, offers)
        self._screen.post_message(self._screen.Diagnosed(run.key, found, offers))

    def diagnosed(self, key: str, findings: tuple[Finding, ...], offers: Mapping[str, str | None] | None) -> None:
        """What was found has arrived, and what can be done."""
        if key != self.scope.key or (findings, offers) == (self.scope.findings, self.scope.offers):
            return
        self.scope = self.scope.diagnosed(findings, offers)
        self._screen.painter.step()
        self._screen.painter.record()
        self._screen.commanding.hints()
