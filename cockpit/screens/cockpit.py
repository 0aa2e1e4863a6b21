"""The cockpit: the panes, bound to one snapshot and one run in scope. Commands are carried out by its controllers."""

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Key
from textual.message import Message
from textual.worker import Worker, WorkerState

from cockpit.comeback import Comeback, Remembered
from cockpit.models.detail import RunDetail
from cockpit.models.finding import Finding
from cockpit.models.snapshot import Snapshot
from cockpit.presenters.links import link_of
from cockpit.presenters.receipts import step_of
from cockpit.screens.attention import Attention
from cockpit.screens.bindings import screen_bindings
from cockpit.screens.commanding import Commanding
from cockpit.screens.host import Host
from cockpit.screens.jumps import Jumps
from cockpit.screens.logfiles import LogFiles
from cockpit.screens.marking import Marking
from cockpit.screens.measuring import Measuring
from cockpit.screens.own_actions import OwnActions
from cockpit.screens.painting import Painter
from cockpit.screens.places import Places
from cockpit.screens.repainting import Repainting
from cockpit.screens.responding import Responding
from cockpit.screens.returning import Returning
from cockpit.screens.scope import RunScope
from cockpit.screens.scoping import Scoping
from cockpit.screens.stood import Stirred, Stood
from cockpit.screens.view import EMPTY_RUNS, PANES, ViewState
from widgets.checklist import Checklist
from widgets.deck import Deck, DeckPlan
from widgets.detail import DetailPane
from widgets.filter_bar import FilterBar
from widgets.footer import Footer
from widgets.header import Header
from widgets.line_list import LineList
from widgets.log_view import LogView
from widgets.quiet import PacedScreen
from widgets.receipt_list import ReceiptList
from widgets.routing_log import RoutingLog
from widgets.run_list import RunList
from widgets.tab_line import TabLine
from widgets.tiles import Tiles
from widgets.timeline import Timeline

if TYPE_CHECKING:
    from cockpit.screens.acting import Acting
    from cockpit.screens.arguments import Arguments
    from cockpit.screens.checking import Checking
    from cockpit.screens.choosing import Choosing
    from cockpit.screens.command_bar import CommandBar
    from cockpit.screens.comparing import Comparing
    from cockpit.screens.copying import Copying
    from cockpit.screens.items import Items
    from cockpit.screens.palette import Palette
    from cockpit.screens.recording import Recording
    from cockpit.screens.reloading import Reloading
    from cockpit.screens.several import Several
    from cockpit.screens.undoing import TakingBack
    from cockpit.session import Session

AGE_TICK_S = 10.0
"""Ages on the screen move this often; nothing else paints while nothing changes."""


class CockpitScreen(PacedScreen[None]):
    """Composes the panes, holds what they show, and routes their messages."""

    BINDINGS: ClassVar[list[BindingType]] = screen_bindings()
    AUTO_FOCUS = "#runs"
    begun = False
    """Whether the first frame stands."""

    @dataclass
    class Fresh(Message):
        """The feed has a newer snapshot."""

        snapshot: Snapshot

        def can_replace(self, message: Message) -> bool:
            """Only the newest counts."""
            return isinstance(message, CockpitScreen.Fresh)

    @dataclass
    class DetailLoaded(Message):
        """The facts of a run were read; `None` where it is gone."""

        key: str
        detail: RunDetail | None

    @dataclass
    class Diagnosed(Message):
        """A run was looked into."""

        key: str
        findings: tuple[Finding, ...]
        offers: Mapping[str, str | None] | None

    class Reconfigured(Message):
        """The configuration file has changed."""

        def can_replace(self, message: Message) -> bool:
            """Once is enough."""
            return isinstance(message, CockpitScreen.Reconfigured)

    class Repainted(Message):
        """A theme file has changed."""

        def can_replace(self, message: Message) -> bool:
            """Once is enough."""
            return isinstance(message, CockpitScreen.Repainted)

    class Recorded(Message):
        """A journal has grown, by whoever's hand."""

        def can_replace(self, message: Message) -> bool:
            """Once is enough."""
            return isinstance(message, CockpitScreen.Recorded)

    def __init__(
        self,
        session: "Session",
        view: ViewState,
        comeback: Comeback | None = None,
        remembered: Remembered | None = None,
    ) -> None:
        super().__init__()
        self.returning = Returning(self, comeback, remembered)
        self.session = session
        self.view = view
        self.snapshot = session.board.snapshot
        self.latest = self.snapshot
        self._leave: list[Callable[[], None]] = []

    @property
    def scope(self) -> RunScope:
        """The run the panes speak of."""
        return self.scoping.scope

    @property
    def host(self) -> Host:
        """The application."""
        return cast("Host", self.app)

    @cached_property
    def scoping(self) -> Scoping:
        """Decides which run the panes speak of."""
        return Scoping(self)

    @cached_property
    def places(self) -> Places:
        """Knows where the cursors stand."""
        return Places(self)

    @cached_property
    def marking(self) -> Marking:
        """Knows which runs are marked."""
        return Marking(self)

    @cached_property
    def painter(self) -> Painter:
        """Puts rows into the panes."""
        return Painter(self)

    @cached_property
    def own_actions(self) -> OwnActions:
        """The actions of the user's settings."""
        return OwnActions(self)

    @cached_property
    def commanding(self) -> Commanding:
        """Carries out commands, and says which are possible."""
        return Commanding(self)

    @cached_property
    def palette(self) -> "Palette":
        """Finds commands and runs by name."""
        from cockpit.screens.palette import Palette

        return Palette(self)

    @cached_property
    def command_bar(self) -> "CommandBar":
        """Understands the command line."""
        from cockpit.screens.command_bar import CommandBar

        return CommandBar(self, self.commanding)

    @cached_property
    def arguments(self) -> "Arguments":
        """Carries out commands with something behind their names."""
        from cockpit.screens.arguments import Arguments

        return Arguments(self)

    @cached_property
    def jumps(self) -> Jumps:
        """Knows where jumps started."""
        return Jumps(self)

    @cached_property
    def copying(self) -> "Copying":
        """Copies over SSH."""
        from cockpit.screens.copying import Copying, texts_of

        return Copying(self, lambda: texts_of(self))

    @cached_property
    def repainting(self) -> Repainting:
        """Takes up the operator's own themes."""
        return Repainting(self)

    @cached_property
    def measuring(self) -> Measuring:
        """Tells what goes over the wire."""
        return Measuring(self)

    @cached_property
    def comparing(self) -> "Comparing":
        """Sets the run against one that went well."""
        from cockpit.screens.comparing import Comparing

        return Comparing(self)

    @cached_property
    def attention(self) -> Attention:
        """Tells of what turns bad or runs out."""
        return Attention(
            self.app,
            self.session,
            self.host.write_terminal,
            changed=self.painter.header,
            later=lambda work: self.run_worker(work, thread=True, group="attention", exit_on_error=False),
        )

    @cached_property
    def reloading(self) -> "Reloading":
        """Takes up changes of the configuration."""
        from cockpit.screens.reloading import Reloading

        return Reloading(self)

    @cached_property
    def choosing(self) -> "Choosing":
        """Asks which action, and what it needs to know."""
        from cockpit.screens.choosing import Choosing

        return Choosing(self)

    @cached_property
    def acting(self) -> "Acting":
        """Plans, confirms and follows actions."""
        from cockpit.screens.acting import Acting

        return Acting(self)

    @property
    def jobs_running(self) -> int:
        """How many jobs run, as far as the journals tell: none before one was read."""
        return self.acting.running if "acting" in self.__dict__ else 0

    @cached_property
    def responding(self) -> Responding:
        """Knows the open incidents."""
        return Responding(self)

    @cached_property
    def several(self) -> "Several":
        """Acts on the marked runs."""
        from cockpit.screens.several import Several

        return Several(self)

    @cached_property
    def taking_back(self) -> "TakingBack":
        """Undoes what was done last."""
        from cockpit.screens.undoing import TakingBack

        return TakingBack(self)

    @cached_property
    def checking(self) -> "Checking":
        """Holds the checklist against the evidence."""
        from cockpit.screens.checking import Checking

        return Checking(self)

    @cached_property
    def items(self) -> "Items":
        """What is done with its items."""
        from cockpit.screens.items import Items

        return Items(self)

    @cached_property
    def recording(self) -> "Recording":
        """Ticks, skips, notes."""
        from cockpit.screens.recording import Recording

        return Recording(self)

    @cached_property
    def logfiles(self) -> LogFiles:
        """What the Log pane shows."""
        return LogFiles(self)

    def compose(self) -> ComposeResult:
        """Header, panes, footer; what the first frame does not show comes after it."""
        yield Header(id="header")
        yield Tiles(id="tiles")
        yield TabLine(id="tabs")
        yield Deck(
            RunList(id="runs", number="1", title="Runs", show_header=True, empty=EMPTY_RUNS),
            ReceiptList(id="receipts", number="2", title="Receipts"),
            RoutingLog(id="routing", number="3", title="Routing"),
            Checklist(id="checklist", number="4", title="Checklist"),
            Timeline(id="timeline", number="5", title="Timeline"),
            LogView(id="log", number="6", title="Log"),
            DetailPane(id="detail", number="0", title="Detail"),
            plan=DeckPlan(order=PANES, main="runs", second="detail"),
            state=self.returning.deck,
            id="deck",
        )
        yield Footer(id="footer")

    def on_mount(self) -> None:
        """Listen, then show what is known already: the other way round, a change in between would be lost."""
        self.painter.start()
        self.returning.begin()
        board = self.session.board
        self._leave.append(board.subscribe(self._tell_fresh))
        self.latest = board.snapshot
        self._show(self.latest)
        for path in self.session.journal_paths():
            self._leave.append(board.watch_file(path, self._tell_recorded))
        for path in self.session.configuration_files():
            self._leave.append(board.watch_file(path, self._tell_reconfigured))
        self._leave.append(self.repainting.begin())
        self.set_interval(AGE_TICK_S, self._tick)

    def begin(self) -> None:
        """The first frame stands: add the input lines, and begin to scan, watch and read the journals."""
        self.begun = True
        gc.freeze()
        gc.enable()
        footer = self.query_one("#footer", Footer)
        self.mount(
            FilterBar("/", id="filter"),
            FilterBar(":", complete=self.command_bar.complete, history=self.command_bar.earlier, id="command"),
            before=footer,
        )
        self.run_worker(self.session.board.start, thread=True, group="board", exit_on_error=False)
        self.checking.start()
        self.reloading.begin()
        self.refresh_ledgers(settle=True)
        self.returning.after_first_frame()

    def on_unmount(self) -> None:
        """Stop listening."""
        for leave in self._leave:
            leave()
        self.attention.leave()
        self.checking.stop()

    def _tell_fresh(self, snapshot: Snapshot) -> None:
        """Called from a thread of the board."""
        self.post_message(self.Fresh(snapshot))

    def _tell_recorded(self) -> None:
        """Called from a thread of the board."""
        self.post_message(self.Recorded())

    def tell_repainted(self) -> None:
        """Called from a thread of the board."""
        self.post_message(self.Repainted())

    def _tell_reconfigured(self) -> None:
        """Called from a thread of the board."""
        self.post_message(self.Reconfigured())

    # -- snapshots and the scope

    @on(Fresh)
    def _fresh(self, event: Fresh) -> None:
        if event.snapshot.revision < self.latest.revision:
            return
        self.latest = event.snapshot
        settling = self.returning.settling(event.snapshot)
        if self.view.frozen_at is None or settling:
            self._show(event.snapshot)
        else:
            self.attention.seen(event.snapshot)

    def _show(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.scoping.show(snapshot)
        self.painter.header()
        self.attention.seen(snapshot)

    @on(DetailLoaded)
    def _loaded(self, event: DetailLoaded) -> None:
        self.scoping.loaded(event.key, event.detail)

    @on(Diagnosed)
    def _diagnosed(self, event: Diagnosed) -> None:
        self.scoping.diagnosed(event.key, event.findings, event.offers)

    def _tick(self) -> None:
        """Ages move; journals on filesystems that tell nothing are looked at."""
        self.painter.ages()
        self.responding.paint()
        self.attention.tick()
        self.checking.look()
        self.refresh_ledgers(settle=True)

    # -- the record

    @on(Stirred)
    def _stirred(self) -> None:
        self.checking.look()

    @on(Stood)
    def _stood(self, event: Stood) -> None:
        self.checking.stood(event)

    @on(Reconfigured)
    def _reconfigured(self) -> None:
        self.reloading.stirred()

    @on(Repainted)
    def _repainted(self) -> None:
        self.repainting.stirred()

    @on(Recorded)
    def _recorded(self) -> None:
        self.refresh_ledgers()

    @work(exclusive=True, group="ledgers", exit_on_error=False)
    async def refresh_ledgers(self, *, settle: bool = False) -> None:
        """Read on in the journals and show what is new; `settle` also looks after jobs nobody ended."""
        told = await self.recording.refresh(settle=settle)
        if told:
            self.painter.record()
            self.checking.look()
            await self.responding.refresh()
        self.acting.told(told)

    # -- panes

    @on(RunList.Highlighted, "#runs")
    def _run_highlighted(self, event: LineList.Highlighted) -> None:
        self.scoping.highlighted(event.key)

    @on(RunList.Marked, "#runs")
    def _runs_marked(self) -> None:
        self.painter.run_badges()
        self.commanding.hints()

    @on(ReceiptList.Highlighted, "#receipts")
    def _step_highlighted(self, event: LineList.Highlighted) -> None:
        if self.deck.state.active == "receipts":
            self.scoping.point_at(step_of(event.key) if event.key else None)

    @on(RunList.Chosen, "#runs")
    def _run_chosen(self) -> None:
        self.focus_pane("receipts")

    @on(ReceiptList.Chosen, "#receipts")
    def _step_chosen(self, event: LineList.Chosen) -> None:
        self.scoping.point_at(step_of(event.key))
        self.focus_pane("log")

    @on(RoutingLog.Chosen, "#routing")
    def _decision_chosen(self, event: LineList.Chosen) -> None:
        detail = self.scope.detail
        if detail is not None and event.key.isdigit() and int(event.key) < len(detail.routing):
            entry = detail.routing[int(event.key)]
            self.open_place(entry.path, entry.line)

    @on(DetailPane.Chosen, "#detail")
    def _link_chosen(self, event: LineList.Chosen) -> None:
        link = link_of(event.key)
        if link is not None:
            self.open_place(link.path, link.line)

    @on(LogView.Highlighted, "#log")
    def _line_highlighted(self) -> None:
        self.logfiles.moved()
        self.painter.line()

    @on(LogView.Chosen, "#log")
    def _line_chosen(self) -> None:
        self.painter.shows_line = True
        self.focus_pane("detail")
        self.painter.step()

    @on(Timeline.Chosen, "#timeline")
    def _entry_chosen(self, event: LineList.Chosen) -> None:
        self.acting.open_entry(event.key)

    @on(Checklist.Ticked, "#checklist")
    def _ticked(self, event: Checklist.Ticked) -> None:
        self.items.toggle(event.key)

    @on(Checklist.MenuRequested, "#checklist")
    def _item_menu(self, event: Checklist.MenuRequested) -> None:
        self.items.menu(event.key)

    @on(Checklist.Chosen, "#checklist")
    def _item_chosen(self, event: LineList.Chosen) -> None:
        self.items.menu(event.key)

    def thaw(self) -> None:
        """Live again: catch up with the newest snapshot."""
        self._show(self.latest)
        self.painter.everything()

    @on(Worker.StateChanged)
    def _worker_failed(self, event: Worker.StateChanged) -> None:
        """No error of a worker vanishes: the app ends with it, and keeps the traceback."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self.host.fail(event.worker.error)

    def open_place(self, path: str, line: int | None) -> None:
        """Show a file of the run at a line, in the Log pane."""
        self.jumps.start()
        self.logfiles.open_path(path, line)
        self.focus_pane("log")

    # -- focus

    @property
    def deck(self) -> Deck:
        """The panes."""
        return self.query_one("#deck", Deck)

    def pane(self, name: str) -> LineList:  # type: ignore[type-arg]
        """A pane by its id."""
        return self.query_one(f"#{name}", LineList)

    def focus_pane(self, name: str) -> None:
        """Bring a pane forward and give it the focus."""
        self.view = self.view.visited(self.deck.state.active, name)
        # Focus first: a pane that is hidden while it has the focus would pass it on to the next one.
        self.set_focus(self.pane(name))
        self.deck.state = self.deck.state.focus(name)

    def on_descendant_focus(self) -> None:
        """Keep the deck's active pane that of the focus, however it got there."""
        self.painter.focus()
        self.logfiles.ensure()

    @on(TabLine.Selected, "#tabs")
    def _tab_selected(self, event: TabLine.Selected) -> None:
        self.focus_pane(event.key)

    @on(FilterBar.Changed, "#filter")
    def _filter_typed(self, event: FilterBar.Changed) -> None:
        self.palette.filter_typed(event.value)

    @on(FilterBar.Submitted)
    def _line_entered(self, event: FilterBar.Submitted) -> None:
        self.palette.entered(event.bar, event.value)

    @on(FilterBar.Cancelled)
    def _line_cancelled(self, event: FilterBar.Cancelled) -> None:
        self.palette.cancelled(event.bar)

    def action_command(self, command_id: str) -> None:
        """What every key leads to. While a dialog is on its way, or what it decided is being started, nothing."""
        if self._free():
            self.commanding.run(command_id)

    def on_key(self, event: Key) -> None:
        """The keys of the user's own actions. No bindings: a Textual key map takes all of a key away, not one's own."""
        if event.key in self.host.own_keys.direct:
            event.stop()
            if self._free():
                self.own_actions.press(event.key)

    def _free(self) -> bool:
        """Whether no dialog is on its way, and nothing that one decided is being started."""
        return not any(worker.group == "dialog" and worker.is_running for worker in self.workers)

    def on_resize(self) -> None:
        """Another size may be another layout."""
        self.painter.focus()
