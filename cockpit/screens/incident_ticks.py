"""The checklist of the incident on the screen: ticks, skips, claims, verification, further playbooks."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from cockpit.checking import Checklists
from cockpit.models.incident import Incident
from cockpit.models.playbook import ChecklistItem, ItemState
from cockpit.presenters import words as shown
from cockpit.screens import asking
from cockpit.screens.incident_record import Recorder
from cockpit.screens.item_menu import Doors, item_menu, say_told, say_verified
from cockpit.standing import Work, Written
from widgets.rows import MenuItem

if TYPE_CHECKING:
    from cockpit.incident_desk import IncidentDesk
    from cockpit.screens.incident import IncidentScreen
    from cockpit.standing import Target


class IncidentTicks(Recorder):
    """Works the checklist, as the Checklist pane of a run does."""

    def __init__(self, screen: "IncidentScreen") -> None:
        super().__init__(screen)
        self._lists = Checklists(screen.session)

    def tick(self, item: str) -> None:
        """Tick an item, or take the tick back."""
        picture = self._screen.picture
        if picture is not None:
            self.run(self._toggle(picture.incident, item))

    def menu(self, item: str) -> None:
        """What can be done with an item."""
        picture = self._screen.picture
        if picture is not None:
            self.run(self._item_menu(picture.incident, item))

    def verify(self) -> None:
        """Ask every check, and record what is confirmed."""
        self.run(self._verify_all())

    async def _verify_all(self) -> None:
        # A key typed before the first look is meant, too.
        _, incident = await asyncio.to_thread(self._screen.index.find, self._screen.name_of)
        await self._verify(incident)

    async def playbook(self, incident: Incident) -> None:
        """Start another playbook's checklist."""
        books = self._screen.session.library.playbooks
        items = [MenuItem(each.id, shown.text(each.title).text) for each in books if each.id not in incident.playbooks]
        name = await asking.search(self._screen.app, "Start which playbook?", items)
        if name is not None:
            await self.record("start a checklist", lambda desk: self._lists.start(self._target(desk, incident), name))

    async def _toggle(self, incident: Incident, item: str) -> None:
        found = self._found(item)
        if found is not None:
            settled = found.state is not ItemState.OPEN
            await self._write("tick", incident, lambda on: self._lists.toggle(on, item, settled=settled))

    async def _verify(self, incident: Incident, item: str | None = None) -> None:
        written = await self._write("verify", incident, lambda on: self._lists.verify(on, item))
        if isinstance(written, Written):
            say_verified(self._screen.app, written, item)

    async def _item_menu(self, incident: Incident, item: str) -> None:
        found = self._found(item)
        if found is None:
            return
        desk = await asyncio.to_thread(lambda: self._screen.desk)

        async def write(what: str, act: Callable[[], object]) -> None:
            await self._write(what, incident, lambda _: act())

        async def verify(name: str) -> None:
            await self._verify(incident, name)

        doors = Doors(write, verify, self._do)
        await item_menu(self._screen.app, self._lists, self._target(desk, incident), found, doors)

    async def _do(self, work: Work) -> None:
        """Through the panes below, where its output is shown."""
        panes = self._screen.panes
        if panes is not None:
            await panes.items.do(work)

    async def _write(self, what: str, incident: Incident, act: "Callable[[Target], object]") -> object:
        """Record something, and say what whoever recorded it should know."""
        kept: list[object] = []
        await self.record(what, lambda desk: kept.append(act(self._target(desk, incident))))
        say_told(self._screen.app, kept[0])
        return kept[0]

    def _found(self, item: str) -> ChecklistItem | None:
        picture = self._screen.picture
        return next((each for each in picture.checklist.items if each.id == item), None) if picture else None

    def _target(self, desk: "IncidentDesk", incident: Incident) -> "Target":
        session = self._screen.session
        root = next(root for root in session.roots if session.ledger(root) is desk.ledger)
        return self._lists.of_incident(incident, root, session.board.snapshot.runs)
