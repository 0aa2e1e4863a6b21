"""Puts rows into the panes: the only place where presenters meet widgets."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from cockpit.journal.actor import shown
from cockpit.models.run import Run
from cockpit.presenters import checklist, logs, receipts
from cockpit.presenters.arranged import Arranged
from cockpit.presenters.detail import run_lines, step_lines
from cockpit.presenters.header import HeaderFacts, header_line
from cockpit.presenters.runs import RunsView, run_rows
from cockpit.presenters.times import tick
from cockpit.runtime.log_file import Span
from cockpit.screens.view import NUMBERS, PANES, TITLES
from widgets.header import Header, SharedHeader
from widgets.rows import Cell, EmptyState, TextRow, Tone
from widgets.run_list import RunList
from widgets.tab_line import Tab, TabLine

if TYPE_CHECKING:
    from cockpit.screens.cockpit import CockpitScreen


class Painter:
    """Makes what the panes show from the screen's snapshot, scope and view."""

    def __init__(self, screen: "CockpitScreen") -> None:
        self._screen = screen
        self._arranged = Arranged()
        self._line_of: Span | None = None
        self.shows_line = False
        """Whether Detail shows a line of the log rather than the run."""

    def start(self) -> None:
        """The parts that do not depend on any run."""
        self.focus()

    @property
    def now(self) -> datetime:
        """The moment ages are told for; it moves in steps, so that a frame does not repaint every age."""
        screen = self._screen
        return tick(screen.view.frozen_at or screen.session.now())

    # -- runs

    def run(self, key: str | None) -> Run | None:
        """A run of the snapshot on the screen."""
        return self._arranged.get(key) if key else None

    def run_under_cursor(self) -> Run | None:
        """The run the Runs pane points at."""
        return self.run(self._screen.pane("runs").cursor_key)

    @property
    def shown(self) -> Sequence[Run]:
        """The runs that pass the filter, in their order."""
        return self._arranged.runs

    def runs(self) -> None:
        """The Runs pane, from the snapshot."""
        screen = self._screen
        snapshot, pane = screen.snapshot, screen.pane("runs")
        view, arranged = self._runs_view(), self._arranged
        arranged.take(snapshot, view, clustered=screen.view.clustered)
        pane.empty = self._no_runs()
        rows = run_rows(
            arranged.runs, view, snapshot.stale, arranged.stands_for, keys=arranged.keys, index_of=arranged.index_of
        )
        if isinstance(pane, RunList):
            pane.show_system(view.systems)
        pane.set_rows(rows)
        total, shown = len(snapshot.runs), len(arranged.runs)
        pane.count = f"{shown} of {total}" if shown != total else str(total)
        self.run_badges()

    def run_badges(self) -> None:
        """What the title of the Runs pane says of the view: filter, order, clusters, marks."""
        screen = self._screen
        badges = []
        if screen.view.filter.text:
            badges.append(Cell(f"/{screen.view.filter.text}", Tone.ACCENT))
        if screen.view.sort.value != "attention":
            badges.append(Cell(f"by {screen.view.sort.value}", Tone.DIM))
        if screen.view.clustered:
            badges.append(Cell("by cause", Tone.ACCENT))
        marks = screen.marking.marks.badge
        # First: what a key acts on is not what is cut off where there is no room.
        screen.pane("runs").badges = tuple(badges if not marks.text else (marks, *badges))

    def _runs_view(self) -> RunsView:
        view, several = self._screen.view, self._screen.snapshot.several_systems
        return RunsView(now=self.now, filter=view.filter, sort=view.sort, unicode=view.unicode, systems=several)

    def _no_runs(self) -> EmptyState:
        """Why there is nothing, and what to do."""
        snapshot = self._screen.snapshot
        if snapshot.runs:
            return EmptyState("No run passes the filter", ("esc clears it, / changes it",))
        broken = [root for root in snapshot.roots if root.error]
        if broken:
            return EmptyState(
                f"{Cell(broken[0].path).text}: {broken[0].error}",
                ("It is looked for again every few seconds.", "Another place: cockpit ROOT, or --root DIR"),
            )
        if not snapshot.progress.finished:
            return EmptyState("Looking for runs", ("The first scan is under way.",))
        if not any(root.sources for root in snapshot.roots):
            return EmptyState(
                "No known system keeps runs here",
                ("Point at a directory of runs: cockpit ROOT", "or look around in one that lives: cockpit demo"),
            )
        return EmptyState("No runs yet", ("They appear here as soon as one starts.",))

    # -- the run in scope

    def scope(self) -> None:
        """Every pane for a run whose facts are not read yet: what is known at once."""
        screen = self._screen
        screen.logfiles.blank()
        for name in ("receipts", "routing"):
            screen.pane(name).reset_rows(())
            screen.pane(name).count = ""
        self._empty_panes()
        self.detail()
        self.record()

    def _empty_panes(self) -> None:
        screen = self._screen
        waiting = EmptyState("Reading the run") if screen.scope.key else EmptyState("No run in scope")
        for name in ("receipts", "routing"):
            screen.pane(name).empty = waiting

    def detail(self, *, first: bool = False) -> None:
        """Receipts, routing and Detail from the facts of the run in scope; `first` after another run's."""
        screen = self._screen
        detail, view = screen.scope.detail, screen.view
        if detail is not None:
            rows = receipts.receipt_rows(detail, self.now, view.times, unicode=view.unicode)
            pane = screen.pane("receipts")
            pane.empty = EmptyState("No steps yet", ("The run has left no receipt, handoff or event so far.",))
            (pane.reset_rows if first else pane.set_rows)(rows)
            pane.count = f"{len(detail.receipts)} of {len(rows)} steps" if rows else ""
            routing = screen.pane("routing")
            routing.empty = EmptyState("No routing decisions", ("None in events, routing/ or handoffs.",))
            (routing.reset_rows if first else routing.set_rows)(logs.routing_rows(detail.routing, view.times))
            routing.count = f"{len(detail.routing):,}" if len(detail.routing) else ""
        self.step()
        self.header()

    def step(self) -> None:
        """The Detail pane: the run, the step the operator points at, or the record they stand on in Log."""
        screen = self._screen
        scope, pane = screen.scope, screen.pane("detail")
        line = self._log_line()
        self.shows_line = line is not None
        if line is None:
            self._line_of = None
            pane.set_rows(self._detail_lines())
            pane.badges = (Cell("step", Tone.DIM),) if scope.step else ()
            return
        span = screen.logfiles.reader.span
        (pane.set_rows if span == self._line_of else pane.reset_rows)(line)
        self._line_of = span
        pane.badges = (Cell("log line", Tone.ACCENT),)

    def line(self) -> None:
        """The cursor in Log is on another line."""
        if self.shows_line or self._log_line() is not None:
            self.step()

    def _log_line(self) -> list[TextRow] | None:
        """The line of the log in full, where it is to be shown."""
        screen = self._screen
        active = screen.deck.state.active
        if active == "log":
            return screen.logfiles.detail(asked=False)
        return screen.logfiles.detail(asked=True) if active == "detail" and self.shows_line else None

    def _detail_lines(self) -> list[TextRow]:
        screen = self._screen
        scope = screen.scope
        if scope.run is None:
            self._screen.pane("detail").empty = EmptyState("No run in scope")
            return []
        if scope.step is not None and scope.detail is not None:
            return step_lines(scope.detail, *scope.step)
        several = screen.snapshot.several_systems
        return run_lines(scope.run, scope.detail, self.now, scope.findings, unicode=screen.view.unicode, system=several)

    # -- the record

    def record(self) -> None:
        """Checklist and Timeline from the journal."""
        screen = self._screen
        run = screen.scope.run
        self.checklist()
        pane = screen.pane("timeline")
        mine = screen.recording.timeline(run) if run else ()
        entries = screen.recording.all_entries() if screen.view.audit else mine
        pane.empty = EmptyState("Nothing has been done yet", ("c comments; ticks and actions appear by themselves.",))
        pane.set_rows(logs.timeline_rows(entries, screen.view.times, named=screen.view.audit))
        pane.count = str(len(entries)) if entries else ""
        pane.badges = (Cell("everything", Tone.ACCENT),) if screen.view.audit else ()

    def checklist(self) -> None:
        """The Checklist pane: the record, as it stands by the last look at the evidence."""
        screen = self._screen
        run, pane = screen.scope.run, screen.pane("checklist")
        if run is None:
            pane.empty = EmptyState("No run in scope")
            pane.set_rows(())
            pane.count, pane.badges = "", ()
            return
        current = screen.checking.current(run)
        # Reading the library is left to what looks for findings, in a thread: the first frame needs none of it.
        findings = screen.scope.findings
        offer = screen.session.library.suggest(run, findings) if findings is not None and not current.items else None
        hint = f"p starts one; for this run: {offer.title}" if offer else "p starts one"
        pane.empty = EmptyState("No checklist for this run", (hint,))
        titles = {book.id: book.title for book in screen.session.library.playbooks} if current.items else {}
        rows = checklist.checklist_rows(current, titles, self.now, screen.view.times, unicode=screen.view.unicode)
        pane.set_rows(rows)
        pane.count = checklist.progress(current)
        pane.badges = checklist.badges(current, screen.checking.here_on(run), shown(screen.session.actor))

    # -- around the panes

    def header(self) -> None:
        """The line on top."""
        screen = self._screen
        root = screen.session.root_of(screen.scope.run.ref) if screen.scope.run else None
        refusal = screen.session.refusal(root) if root else None
        facts = HeaderFacts(
            now=screen.session.now(),
            run=screen.scope.run,
            label=(screen.session.label(root) if root else None) or "",
            colour=screen.session.colour(root) if root else None,
            incident=screen.responding.cells(screen.scope.run),
            read_only=refusal or ("read-only" if screen.session.read_only else None),
            frozen_since=screen.view.frozen_at,
            anchored=screen.scope.anchored,
            jobs=screen.jobs_running,
            news=screen.attention.news,
            unicode=screen.view.unicode,
            net=screen.measuring.cell,
        )
        header = screen.query_one("#header", Header)
        header.line, header.keep = header_line(screen.snapshot, facts)
        for above in screen.app.screen_stack:
            for shared in above.query(SharedHeader):
                shared.say(header)
        screen.commanding.hints()

    def ages(self) -> None:
        """Ages move on; only lines that look different are painted."""
        screen = self._screen
        if screen.view.frozen_at is None:
            self.runs()
        self.step()
        self.header()
        if screen.scope.detail is not None and screen.view.times.value == "relative":
            rows = receipts.receipt_rows(screen.scope.detail, self.now, screen.view.times, unicode=screen.view.unicode)
            screen.pane("receipts").set_rows(rows)

    def focus(self) -> None:
        """Deck, tabs and footer follow the focus."""
        screen = self._screen
        focused = screen.focused
        if focused is not None and focused.id in PANES:
            screen.deck.state = screen.deck.state.focus(focused.id)
        tabs = screen.query_one("#tabs", TabLine)
        tabs.display = screen.deck.single
        tabs.tabs = [Tab(name, NUMBERS[name], TITLES[name]) for name in PANES]
        tabs.current = screen.deck.state.active
        screen.commanding.hints()
        if self.shows_line or screen.deck.state.active == "log":
            self.line()

    def everything(self) -> None:
        """All of it, after a change of view."""
        self.runs()
        self.detail()
        self.record()

    def freeze(self, at: datetime | None) -> None:
        """Stop live updates, or catch up."""
        screen = self._screen
        screen.view = replace(screen.view, frozen_at=at)
