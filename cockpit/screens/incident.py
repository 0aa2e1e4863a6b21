"""One incident: what it is, its checklist, its timeline, and everything that is done to it from the keyboard."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message

from cockpit.errors import CockpitError
from cockpit.incidents.clocks import most_pressing
from cockpit.journal.actor import shown
from cockpit.models.incident import Gate, Incident, TimelineRow
from cockpit.models.playbook import Checklist as ChecklistModel
from cockpit.presence import Person
from cockpit.presenters import checklist as checklists
from cockpit.presenters import incidents as rows
from cockpit.presenters import words
from cockpit.presenters.incident_page import incident_page
from cockpit.presenters.tiles import KEEP, tile
from cockpit.presenters.times import TimeStyle
from cockpit.screens.incident_acts import IncidentActs
from cockpit.screens.incident_deeds import incident_deeds
from cockpit.screens.incident_ticks import IncidentTicks
from cockpit.screens.neighbours import Neighbours
from cockpit.screens.reading import ReadingScreen
from cockpit.screens.reviewing import Reviewing
from cockpit.screens.side import SideScreen
from widgets.checklist import Checklist
from widgets.detail import DetailPane
from widgets.footer import Footer
from widgets.header import Header
from widgets.line_list import LineList
from widgets.rows import EmptyState, TextRow
from widgets.tab_line import Tab, TabLine
from widgets.timeline import Timeline

if TYPE_CHECKING:
    from cockpit.incident_desk import IncidentDesk
    from cockpit.incident_index import IncidentIndex
    from cockpit.screens.side_commands import Deed
    from cockpit.session import Session

WIDE = 100
"""Columns from which on the panes stand side by side."""
TICK_S = 5.0
PANES = ("page", "steps", "story")
_TITLES = {"page": "Incident", "steps": "Checklist", "story": "Timeline"}


@dataclass(frozen=True, slots=True)
class Picture:
    """What the screen shows, read in one go."""

    incident: Incident
    gate: Gate
    page: tuple[TextRow, ...]
    timeline: tuple[TimelineRow, ...]
    checklist: ChecklistModel
    here: tuple[Person, ...] = ()


class IncidentScreen(SideScreen[tuple[str, int | None] | None]):
    """Closed with the place of the evidence that was chosen, or `None`."""

    CSS = """
    IncidentScreen { layout: vertical; background: $background; overflow: hidden hidden; }
    #body { height: 1fr; }
    #right { width: 1fr; }
    IncidentScreen.-narrow #right { display: none; }
    """
    AUTO_FOCUS = "#page"
    CALLED = "the incident screen"

    class Changed(Message):
        """The record or a run has changed."""

        def can_replace(self, message: Message) -> bool:
            """Once is enough."""
            return isinstance(message, IncidentScreen.Changed)

    def __init__(
        self,
        session: "Session",
        index: "IncidentIndex",
        name: str,
        *,
        unicode: bool = False,
        first: str | None = None,
    ) -> None:
        super().__init__()
        self.session = session
        self.index = index
        self.name_of = name
        self.unicode = unicode
        self.picture: Picture | None = None
        self.ticks = IncidentTicks(self)
        self.acts = IncidentActs(self)
        self.recording = False
        self._pane = "page"
        self._times: TimeStyle | None = None
        self._first = first
        self._leave: list[Callable[[], None]] = []
        self._neighbours = Neighbours(session, self._tell)

    def compose(self) -> ComposeResult:
        """Header, tabs on a narrow screen, the panes, keys."""
        yield Header(id="header")
        yield TabLine(id="tabs")
        with Horizontal(id="body"):
            yield DetailPane(id="page", number="1", title="Incident", empty=EmptyState("Reading the incident"))
            with Vertical(id="right"):
                yield Checklist(id="steps", number="4", title="Checklist")
                yield Timeline(id="story", number="5", title="Timeline")
        yield self.line()
        yield Footer(id="footer")

    def on_mount(self) -> None:
        """Look, and look again whenever the record or the runs change."""
        board = self.session.board
        self._leave.append(board.subscribe(lambda _: self._tell()))
        for path in self.session.journal_paths():
            self._leave.append(board.watch_file(path, self._tell))
        self._neighbours.start()
        self.set_interval(TICK_S, self.look)
        self.query_one("#tabs", TabLine).tabs = [
            Tab("page", "1", "Incident"), Tab("steps", "4", "Checklist"), Tab("story", "5", "Timeline"),
        ]  # fmt: skip
        self._arrange()
        self.look()

    def on_unmount(self) -> None:
        """Stop listening."""
        for leave in self._leave:
            leave()
        self._neighbours.stop()

    # -- looking

    def _tell(self) -> None:
        """Called from a thread of the board."""
        self.post_message(self.Changed())

    @on(Changed)
    def _changed(self) -> None:
        self.look()

    @work(exclusive=True, group="look", exit_on_error=False)
    async def look(self) -> None:
        """Read the incident as it stands, and show it."""
        try:
            picture = await asyncio.to_thread(self._read)
        except CockpitError as error:
            self.query_one("#page", DetailPane).empty = EmptyState(words.text(error).text)
            return
        self.picture = picture
        self._paint(picture)
        if self._first is not None:
            first, self._first = self._first, None
            self.act(first)

    def _read(self) -> Picture:
        """In a thread."""
        desk, incident = self.index.find(self.name_of)
        situation = desk.situation(incident)
        gate = desk.gate_of(situation)
        page = incident_page(
            incident, situation.clocks, gate, desk.escalation(situation), desk.pins(incident),
            desk.recurrence(incident), self.session.now(),
        )  # fmt: skip
        root = next(root for root in self.session.roots if self.session.ledger(root) is desk.ledger)
        here = self._neighbours.meet(root, incident.id, here=bool(situation.checklist.items))
        return Picture(incident, gate, tuple(page), desk.timeline(incident, situation), situation.checklist, here)

    def _paint(self, picture: Picture) -> None:
        now = self.session.now()
        incident = picture.incident
        policy = self.session.settings.incidents.policy()
        header = self.query_one("#header", Header)
        header.keep = KEEP
        header.line = tile(incident, most_pressing(incident, now, policy), now)
        page = self.query_one("#page", DetailPane)
        page.set_rows(picture.page)
        page.count = incident.id
        titles = {book.id: book.title for book in self.session.library.playbooks}
        steps = self.query_one("#steps", Checklist)
        steps.empty = EmptyState("No checklist for this incident", ("X starts one.",))
        steps.set_rows(
            checklists.checklist_rows(
                picture.checklist, titles, now, self._times or TimeStyle.RELATIVE, unicode=self.unicode
            )
        )
        steps.count = checklists.progress(picture.checklist)
        steps.badges = checklists.badges(picture.checklist, picture.here, shown(self.session.actor))
        story = self.query_one("#story", Timeline)
        story.set_rows(rows.timeline_rows(picture.timeline, now, self.times))
        story.count = str(len(picture.timeline))
        self._hints(picture)

    def _hints(self, picture: Picture) -> None:
        gate = "gate met" if picture.gate.met else f"{len(picture.gate.missing)} missing"
        hint = self.commands.hint
        self.query_one("#footer", Footer).hints = (
            hint("incident.phase", f"Phase: {gate}"), hint("run.menu"), hint("app.help"), hint("app.close"),
            hint("incident.update"), hint("incident.own"), hint("incident.severity"), hint("record.comment"),
            hint("checklist.tick"), hint("incident.next"), hint("incident.postmortem"), hint("incident.bundle"),
        )  # fmt: skip

    @property
    def refusal(self) -> str | None:
        """Why nothing may be recorded, or `None`."""
        reasons = [self.session.refusal(root) for root in self.session.roots]
        return reasons[0] if reasons and all(reasons) else None

    @property
    def desk(self) -> "IncidentDesk":
        """The desk the incident is worked on. Reads the journal: not for the event loop."""
        return self.index.find(self.name_of)[0]

    def deeds(self) -> "Mapping[str, Deed]":
        """What its keys mean."""
        return incident_deeds(self)

    def copyable(self) -> dict[str, str]:
        """The incident, the run it is about, and the line under the cursor."""
        linked = self.picture.incident.runs if self.picture else ()
        run = {"run": linked[0].id} if linked else {}
        return {"id": self.name_of, **run, "command": f"cockpit incident show {self.name_of}", **super().copyable()}

    @property
    def pane_id(self) -> str:
        """The pane that has the focus, or had it last."""
        return self._pane

    def restyle(self, style: TimeStyle) -> None:
        """Times in another way."""
        self._times = style
        if self.picture is not None:
            self._paint(self.picture)

    @property
    def times(self) -> TimeStyle:
        """How times are shown."""
        return self._times or TimeStyle.UTC

    def show(self, name: str) -> None:
        """Another incident."""
        self.name_of = name
        self.look()

    # -- moving about

    def turn(self, step: int) -> None:
        """The next pane."""
        self.go(PANES[(PANES.index(self._pane) + step) % len(PANES)])

    def go(self, pane: str) -> None:
        """Focus a pane."""
        self._pane = pane
        self._arrange()
        self.query_one(f"#{pane}", LineList).focus()

    @on(TabLine.Selected, "#tabs")
    def _tab(self, event: TabLine.Selected) -> None:
        self.go(event.key)

    def on_resize(self) -> None:
        """Another size may be another layout."""
        self._arrange()

    def _arrange(self) -> None:
        """All panes side by side where there is room, else the one that has the focus."""
        wide = self.size.width >= WIDE
        self.query_one("#tabs", TabLine).display = not wide
        self.query_one("#tabs", TabLine).current = self._pane
        for name in PANES:
            self.query_one(f"#{name}").display = wide or name == self._pane
        self.query_one("#right").display = wide or self._pane != "page"

    def next(self) -> None:
        """The next open incident."""
        self.run_worker(self._next(), group="dialog", exit_on_error=False)

    async def _next(self) -> None:
        names = [incident.id for _, incident in await asyncio.to_thread(self.index.open)]
        if names in ([], [self.name_of]):
            self.notify("No other incident is open.", markup=False)
            return
        at = names.index(self.name_of) if self.name_of in names else -1
        self.show(names[(at + 1) % len(names)])

    # -- acting

    def act(self, what: str) -> None:
        """Do something to the incident; one thing at a time, and next what is asked for while one is recorded."""
        if self.busy:
            if self.recording:
                self._first = what
            return
        self.acts.start(what)

    def review(self, kind: str) -> None:
        """A report of the incident, before it is written."""
        if not self.busy:
            Reviewing(self, self.session, self.index).review(kind, self.name_of)

    def handoff(self) -> None:
        """The hand-off of the shift, before it is written."""
        if not self.busy:
            Reviewing(self, self.session, self.index).handoff()

    def verify(self) -> None:
        """Ask the checks of its checklist."""
        self.ticks.verify()

    @on(Checklist.Ticked, "#steps")
    def _ticked(self, event: Checklist.Ticked) -> None:
        self.ticks.tick(event.key)

    @on(Checklist.MenuRequested, "#steps")
    @on(Checklist.Chosen, "#steps")
    def _item_menu(self, event: Checklist.MenuRequested | Checklist.Chosen) -> None:
        self.ticks.menu(event.key)

    @on(Timeline.Chosen, "#story")
    def _row_chosen(self, event: Timeline.Chosen) -> None:
        """A line of the timeline in full, and from there to its evidence."""
        number = event.key.rpartition("-")[2]
        timeline = self.picture.timeline if self.picture else ()
        if not number.isdigit() or int(number) >= len(timeline):
            return
        row = timeline[int(number)]

        def closed(key: str | None) -> None:
            if key is not None:
                place = row.evidence[int(key)]
                self.dismiss((place.path, place.line))

        self.app.push_screen(ReadingScreen(f"Timeline of {self.name_of}", rows.timeline_page(row)), closed)

    def leave(self) -> None:
        """Back to the panes."""
        self.dismiss(None)
