"""The incidents around the panes: tiles of the open ones, declaring, attaching, and the way to their screen."""

import asyncio
from typing import TYPE_CHECKING

from cockpit.errors import CockpitError
from cockpit.models.incident import Countdown, Incident
from cockpit.models.run import Run
from cockpit.presenters import incidents as rows
from cockpit.presenters import words
from cockpit.presenters.findings import finding_at
from cockpit.presenters.tiles import incident_cells, severity_rows, tiles
from cockpit.screens import asking
from cockpit.screens.pinning import Pinning
from cockpit.screens.reviewing import Reviewing
from widgets.detail import DetailPane
from widgets.rows import Cell, MenuItem, TextRow
from widgets.tiles import Tiles

if TYPE_CHECKING:
    from cockpit.incident_desk import IncidentDesk
    from cockpit.incident_index import IncidentIndex
    from cockpit.models.finding import Finding
    from cockpit.screens.cockpit import CockpitScreen
    from widgets.dialogs import WalkPicture

_NEW = "new"


class Responding:
    """Knows the open incidents. Their index is made with the first journal entry that speaks of one."""

    def __init__(self, screen: "CockpitScreen") -> None:
        self._screen = screen
        self._pinning = Pinning(screen)
        self._index: IncidentIndex | None = None
        self._open: tuple[tuple[Incident, Countdown | None], ...] = ()
        self._all: tuple[Incident, ...] = ()

    @property
    def index(self) -> "IncidentIndex":
        """Every incident of the session."""
        if self._index is None:
            from cockpit.incident_index import IncidentIndex

            self._index = IncidentIndex(self._screen.session)
        return self._index

    def forget(self) -> None:
        """Response times or working hours are others: incidents are looked at anew."""
        self._index = None

    @property
    def open(self) -> tuple[Incident, ...]:
        """The open incidents, the most severe first."""
        return tuple(incident for incident, _ in self._open)

    @property
    def everything(self) -> tuple[Incident, ...]:
        """Every incident, the newest first."""
        return tuple(reversed(self._all))

    def of_run(self, run: Run | None) -> Incident | None:
        """The open incident a run belongs to, the most severe of them, or `None`."""
        return next((each for each in self.open if run is not None and run.key in each.run_keys), None)

    def cells(self, run: Run | None) -> tuple[Cell, ...]:
        """What the header says of the open incident of a run: severity, id, most pressing clock; empty without one."""
        mine = self.of_run(run)
        found = next(((each, clock) for each, clock in self._open if each is mine), None)
        return () if found is None else incident_cells(*found, self._screen.session.now())

    def last_of_run(self, run: Run | None) -> Incident | None:
        """The open incident of a run, else the newest closed one, or `None`."""
        closed = (each for each in reversed(self._all) if run is not None and run.key in each.run_keys)
        return self.of_run(run) or next(closed, None)

    def review(self, kind: str) -> None:
        """A report of the run's incident, before it is written."""
        mine = self.last_of_run(self._screen.scope.run)
        if mine is not None:
            self._reviewing.review(kind, mine.id)

    def handoff(self) -> None:
        """What the next shift must know, before it is written."""
        self._reviewing.handoff()

    def metrics(self) -> None:
        """What all incidents cost."""
        self._reviewing.metrics()

    @property
    def _reviewing(self) -> Reviewing:
        return Reviewing(self._screen, self._screen.session, self.index)

    async def refresh(self) -> None:
        """Read what the journals say of incidents, and show the tiles."""
        if self._index is None and not any(ledger.incident_names() for ledger in self._screen.session.ledgers()):
            return
        self._open, self._all = await asyncio.to_thread(self._read)
        self._screen.attention.incidents(self.open)
        self.paint()

    def _read(self) -> tuple[tuple[tuple[Incident, Countdown | None], ...], tuple[Incident, ...]]:
        """Open incidents with their clocks, and all of them. In a thread."""
        from cockpit.incidents.clocks import most_pressing

        session = self._screen.session
        policy = session.settings.incidents.policy()
        now = session.now()
        everything = tuple(incident for _, incident in self.index.everything())
        return tuple((each, most_pressing(each, now, policy)) for _, each in self.index.open()), everything

    def paint(self) -> None:
        """The tiles and the header, as of now."""
        self._screen.query_one("#tiles", Tiles).tiles = tiles(self._open, self._screen.session.now())
        self._screen.painter.header()

    # -- declaring

    def declare(self) -> None:
        """Declare an incident, about the run in scope where there is one."""
        self._screen.run_worker(self._declare(self._screen.scope.run), group="dialog", exit_on_error=False)

    def declare_by_hand(self) -> None:
        """Declare an incident that is about no run."""
        self._screen.run_worker(self._declare(None), group="dialog", exit_on_error=False)

    async def _declare(self, run: Run | None) -> None:
        screen, finding = self._screen, self._pointed(run)
        try:
            root = screen.session.root_of(run.ref) if run else next(iter(screen.session.roots))
            desk = await asyncio.to_thread(self.index.desk, root)
            if run is not None and await self._attach_instead(run):
                return
            answers = await asking.walk(screen.app, "How bad is it?", severity_picture)
            if answers is None:
                return
            finding = finding or await asyncio.to_thread(self._best, run)
            proposal = self._title(run, finding)
            title = await asking.text(screen.app, "Declare an incident", "What is wrong? One line.", proposal)
            if not title:
                return
            await asyncio.to_thread(screen.session.require_writable, "declare an incident", root, run)
            made = await asyncio.to_thread(self._record, desk, run, title, answers, finding)
        except CockpitError as error:
            screen.acting.fail("No incident was declared", error)
            return
        await self.refresh()
        screen.refresh_ledgers()
        self.show(made.id)

    @staticmethod
    def _record(desk: "IncidentDesk", run: Run | None, title: str, answers: str, finding: "Finding | None") -> Incident:
        return desk.declare(title, answers=answers, runs=[run] if run else [], finding=finding)

    def _pointed(self, run: Run | None) -> "Finding | None":
        """The finding under the cursor in Detail, or `None`: the incident is declared from it."""
        scope, pane = self._screen.scope, self._screen.query_one("#detail", DetailPane)
        if run is None or scope.key != run.key or self._screen.deck.state.active != "detail":
            return None
        row = pane.cursor_row
        return None if row is None else finding_at(pane.source, row.key, scope.findings or ())

    def _best(self, run: Run | None) -> "Finding | None":
        """The best finding of a run, looked for where Detail does not show them yet. In a thread."""
        scope, session = self._screen.scope, self._screen.session
        if run is None:
            return None
        known = scope.findings if scope.key == run.key else None
        return next(iter(known or session.findings(run, session.detail(run))), None)

    @staticmethod
    def _title(run: Run | None, finding: "Finding | None") -> str:
        """A proposal: the finding, else why the run is in its state."""
        if run is None:
            return ""
        reason = next((each.text for each in run.reasons), run.state.value)
        return words.text(f"{run.id}: {finding.title if finding else reason}", limit=120).text

    async def _attach_instead(self, run: Run) -> bool:
        """Where an open incident is about the same failure: ask whether the run belongs to it."""
        screen = self._screen
        alike = [each for each in self.open if run.signature is not None and run.signature in each.signatures]
        alike = [each for each in alike if run.key not in each.run_keys]
        if not alike:
            return False
        items = [
            *(MenuItem(each.id, f"attach it to {each.id}: {words.text(each.title, limit=50).text}") for each in alike),
            MenuItem(_NEW, "declare another incident", "n"),
        ]
        choice = await asking.menu(screen.app, "The same failure has an open incident", items)
        if choice is None:
            return True
        if choice == _NEW:
            return False
        desk, _ = await asyncio.to_thread(self.index.find, choice)
        await asyncio.to_thread(screen.session.require_writable, "attach a run", screen.session.root_of(run.ref), run)
        await asyncio.to_thread(desk.attach, choice, run)
        await self.refresh()
        screen.refresh_ledgers()
        self.show(choice)
        return True

    # -- going there

    def next(self) -> None:
        """The screen of the incident of the run in scope, else of the most severe one."""
        self._screen.run_worker(self._next(), group="dialog", exit_on_error=False)

    async def _next(self) -> None:
        if not self.open:
            # On a cold start the key may come before the journals were read.
            await asyncio.to_thread(lambda: [ledger.refresh() for ledger in self._screen.session.ledgers()])
            await self.refresh()
        mine = self.of_run(self._screen.scope.run)
        if mine is None and not self.open:
            self._screen.app.notify("No incident is open. I declares one.", severity="warning", markup=False)
            return
        self.show((mine or self.open[0]).id)

    def act(self, what: str) -> None:
        """The screen of the incident of the run in scope, and there the questions of one of its commands."""
        mine = self.of_run(self._screen.scope.run)
        if mine is not None:
            self.show(mine.id, what)

    def pin(self) -> None:
        """Pin what is under the cursor as evidence of the incident of the run in scope."""
        run = self._screen.scope.run
        mine = self.of_run(run)
        if run is not None and mine is not None:
            self._pinning.pin(mine, run)

    def show(self, name: str, first: str | None = None) -> None:
        """The screen of an incident, with the questions of a command (`severity`, `phase`, ...) asked at once."""
        from cockpit.screens.incident import IncidentScreen

        screen = self._screen
        screen.app.push_screen(
            IncidentScreen(screen.session, self.index, name, unicode=screen.view.unicode, first=first), self._back
        )

    def _back(self, place: tuple[str, int | None] | None) -> None:
        """Back in the panes, at the evidence that was chosen."""
        if place is not None:
            self._screen.open_place(*place)


def severity_picture(answers: str) -> "WalkPicture":
    """How far answers lead down the severity tree (seed 002), for `asking.walk`."""
    from cockpit.incidents.severity import walk
    from widgets.dialogs import WalkPicture

    done = walk(answers)
    answered = [(question.text, yes) for question, yes in done.answered]
    outcome = rows.severity(done.severity) if done.severity is not None else None
    cells = severity_rows(answered, done.question.text if done.question else None, outcome)
    made = [TextRow(key=str(number), spans=(cell,)) for number, cell in enumerate(cells)]
    return WalkPicture(made, done=done.severity is not None)
