"""The monitor: one run, live. Opened with `b`, closed with `q` or escape."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.geometry import Region
from textual.message import Message
from textual.worker import Worker, WorkerState

from cockpit.models.action import Job
from cockpit.models.detail import RunDetail
from cockpit.models.run import Run
from cockpit.models.snapshot import Snapshot
from cockpit.presenters import activity, monitor, words
from cockpit.presenters.header import HeaderFacts, header_line
from cockpit.presenters.processes import process_rows
from cockpit.screens.monitor_log import NewestLog
from cockpit.screens.side import SideScreen
from widgets.detail import DetailPane
from widgets.footer import Footer
from widgets.header import Header
from widgets.log_view import LogView
from widgets.rows import Cell, EmptyState, KeyHint, TextRow, Tone
from widgets.sparkline import Sparkline

if TYPE_CHECKING:
    from cockpit.screens.side_commands import Deed
    from cockpit.session import Session

TICK_S = 1.0
WIDE = 100
"""Columns from which on the steps stand beside what the run is doing."""
LOW = 22
"""Lines below which the steps have no pane of their own."""
TALL = 36
"""Lines from which on the sparkline is three lines high."""
LABEL = "activity"


class MonitorScreen(SideScreen[None]):
    """Shows one run until it is closed; asks the board to look at its processes closely meanwhile."""

    CSS = """
    MonitorScreen { layout: vertical; background: $background; overflow: hidden hidden; }
    #upper { height: auto; }
    """
    AUTO_FOCUS = "#now"
    CALLED = "the monitor"

    @dataclass
    class Fresh(Message):
        """The board has a newer snapshot."""

        snapshot: Snapshot

        def can_replace(self, message: Message) -> bool:
            """Only the newest counts."""
            return isinstance(message, MonitorScreen.Fresh)

    @dataclass
    class Loaded(Message):
        """The facts of the run were read; `None` where it is gone."""

        detail: RunDetail | None

    def __init__(
        self,
        session: "Session",
        run: Run,
        detail: RunDetail | None = None,
        *,
        job_of: Callable[[Run], Job | None] = lambda _: None,
        unicode: bool = False,
    ) -> None:
        super().__init__()
        self.session = session
        self.facts = monitor.MonitorFacts(
            run, detail, None, lambda flow, step: session.pace(run.ref.source, flow, step), session.now(), unicode
        )
        self.snapshot = session.board.snapshot
        self._job_of = job_of
        self._gone = False
        self._leave: list[Callable[[], None]] = []
        self._log = NewestLog(self)

    @property
    def run_key(self) -> str:
        """The key of the run."""
        return self.facts.run.key

    def compose(self) -> ComposeResult:
        """Header, sparkline, what it does and its steps, its newest log, keys."""
        yield Header(id="header")
        yield Sparkline(id="activity")
        with Horizontal(id="upper"):
            yield DetailPane(id="now", title="Monitor")
            yield DetailPane(id="steps", title="Steps", empty=EmptyState("Reading the run"))
        yield LogView(id="tail", title="Newest log")
        yield self.line()
        yield Footer(id="footer")

    def on_mount(self) -> None:
        """Begin to look."""
        for name in ("#now", "#steps"):
            self.query_one(name, DetailPane).show_cursor = False
        self.query_one("#footer", Footer).hints = self._hints()
        board = self.session.board
        board.monitor(self.run_key)
        self._leave.append(board.subscribe(self._tell))
        self._lay_out()
        self._show()
        self._point()
        self._load()
        self.set_interval(TICK_S, self._tick)

    def on_unmount(self) -> None:
        """Look no more."""
        for leave in self._leave:
            leave()
        self.session.board.monitor(None)

    def _tell(self, snapshot: Snapshot) -> None:
        """Called from a thread of the board."""
        self.post_message(self.Fresh(snapshot))

    # -- what changes

    @on(Fresh)
    def _fresh(self, event: Fresh) -> None:
        self.snapshot = event.snapshot
        run = self.session.board.run(self.run_key)
        self._gone = run is None
        if run is not None:
            stale = self.facts.detail is None or run.fingerprint != self.facts.run.fingerprint
            self.facts = replace(self.facts, run=run)
            if stale:
                self._load()
        self._show()

    @work(thread=True, exclusive=True, group="detail", exit_on_error=False)
    def _load(self) -> None:
        self.post_message(self.Loaded(self.session.board.detail(self.run_key)))

    @on(Loaded)
    def _loaded(self, event: Loaded) -> None:
        if event.detail is None:
            return
        first = self.facts.detail is None
        self.facts = replace(self.facts, detail=event.detail)
        self._show()
        if first:
            self._point()

    def _tick(self) -> None:
        run = self.session.board.run(self.run_key)
        if run is not None:
            self.facts = replace(self.facts, run=run)
        self._show()

    @on(Worker.StateChanged)
    def _worker_failed(self, event: Worker.StateChanged) -> None:
        """No error of a worker vanishes."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self.host.fail(event.worker.error)

    # -- what is shown

    def _show(self) -> None:
        """Everything, from the facts as they are now; only lines that look different are painted."""
        self.facts = replace(self.facts, look=self.session.board.look(self.run_key), now=self.session.now())
        facts = self.facts
        physics = facts.look.physics if facts.look is not None else None
        pane = self.query_one("#now", DetailPane)
        rows = monitor.now_rows(facts, pane.content_width)
        rows += [TextRow(key="gap"), *process_rows(physics, facts.now, live=facts.live)]
        steps = self.query_one("#steps", DetailPane)
        if not steps.display:
            rows += [TextRow(key="gap2"), *monitor.step_rows(facts, pane.content_width)]
        else:
            steps.set_rows(monitor.step_rows(facts, steps.content_width))
            steps.count = monitor.progress(facts)
        pane.set_rows(rows)
        pane.count = words.text(facts.run.id, limit=60).text
        pane.badges = (Cell("gone from disk", Tone.BAD),) if self._gone else ()
        self._show_activity()
        self._show_header()
        self._log.renew(facts.detail, self._job_of(facts.run))

    def _show_activity(self) -> None:
        spark = self.query_one("#activity", Sparkline)
        spark.fancy = self.facts.unicode
        spark.label = Cell(LABEL, Tone.DIM)
        if self.facts.detail is None:
            return
        # The caption's length hardly changes; reckoning with a fixed one keeps the columns in their places.
        room = Sparkline.room(self.size.width, LABEL, " " * 30)
        found = activity.activity(self.facts.detail, self.facts.now, room, live=self.facts.live)
        spark.caption = Cell(f"{found.caption:>30}", Tone.DIM)
        spark.values = found.counts

    def _show_header(self) -> None:
        root = self.session.root_of(self.facts.run.ref)
        facts = HeaderFacts(
            now=self.facts.now,
            run=self.facts.run,
            label=self.session.label(root) or "",
            colour=self.session.colour(root),
            unicode=self.facts.unicode,
        )
        header = self.query_one("#header", Header)
        header.line, header.keep = header_line(self.snapshot, facts)

    def _point(self) -> None:
        """The step in question in view."""
        key = monitor.current_key(self.facts)
        if key is not None:
            self.query_one("#steps", DetailPane).move_to(key)

    def _lay_out(self) -> None:
        width, height = self.size
        wide, low = width >= WIDE, height < LOW
        spark, upper = self.query_one("#activity", Sparkline), self.query_one("#upper", Horizontal)
        steps, tail = self.query_one("#steps", DetailPane), self.query_one("#tail", LogView)
        spark.styles.height = 3 if height >= TALL else 1
        steps.display = wide or not low
        upper.styles.layout = "horizontal" if wide else "vertical"
        upper.styles.height = "2fr"
        self.query_one("#now", DetailPane).styles.height = "1fr" if wide or low else "2fr"
        steps.styles.height = "1fr"
        tail.styles.height = "1fr"

    def on_resize(self) -> None:
        """Another size may be another layout."""
        self._lay_out()
        self.call_after_refresh(self._show)

    def _hints(self) -> tuple[KeyHint, ...]:
        hint = self.commands.hint
        return (
            hint("app.close"), hint("app.help"), hint("pane.next"), hint("view.follow"), hint("find.command"),
            hint("copy.menu"),
        )  # fmt: skip

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Repaint.

        Not for what lies below: Textual asks for all of it again whenever the panes change, which this covers.
        """
        if regions and not layout and not recompose:
            return self
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    # -- commands

    def deeds(self) -> "Mapping[str, Deed]":
        """What its keys mean."""
        from cockpit.screens.side_commands import Deed

        return {
            "view.monitor": Deed(self.leave, "close", "Close the monitor."),
            "view.follow": Deed(self.follow, help="Follow the end of the newest log, or stop."),
            "view.rescan": Deed(self._load, help="Read the run again."),
        }

    def copyable(self) -> dict[str, str]:
        """The run, and the line under the cursor."""
        run = self.facts.run
        path = f"{run.ref.root}/{run.ref.path}"
        return {"id": run.id, "path": path, "command": f"cockpit show {run.id}", **super().copyable()}

    def leave(self) -> None:
        """Back to the panes."""
        self.dismiss()

    def follow(self) -> None:
        """Follow the log's end, or stop."""
        tail = self.query_one("#tail", LogView)
        tail.following = not tail.following
