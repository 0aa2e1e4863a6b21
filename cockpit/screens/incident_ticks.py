"""The checklist of the incident on the screen: ticks, skips, claims, verification, further playbooks."""

from typing import TYPE_CHECKING

from cockpit.checking import Checklists
from cockpit.models.incident import Incident
from cockpit.models.playbook import ItemState
from cockpit.presenters import words as shown
from cockpit.screens import asking
from cockpit.screens.incident_record import Recorder
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
        picture = self._screen.picture
        if picture is not None:
            self.run(self._verify(picture.incident))

    async def playbook(self, incident: Incident) -> None:
        """Start another playbook's checklist."""
        books = self._screen.session.library.playbooks
        items = [MenuItem(each.id, shown.text(each.title).text) for each in books if each.id not in incident.playbooks]
        name = await asking.search(self._screen.app, "Start which playbook?", items)
        if name is not None:
            await self.record("start a checklist", lambda desk: self._lists.start(self._target(desk, incident), name))

    async def _toggle(self, incident: Incident, item: str) -> None:
        picture = self._screen.picture
        known = picture.checklist.items if picture else ()
        settled = any(each.id == item and each.state is not ItemState.OPEN for each in known)
        await self.record("tick", lambda desk: self._lists.toggle(self._target(desk, incident), item, settled=settled))

    async def _verify(self, incident: Incident) -> None:
        await self.record("verify", lambda desk: self._lists.verify(self._target(desk, incident)))

    async def _item_menu(self, incident: Incident, item: str) -> None:
        app, picture = self._screen.app, self._screen.picture
        found = next((each for each in picture.checklist.items if each.id == item), None) if picture else None
        if found is None:
            return
        settled = found.state is not ItemState.OPEN
        items = [
            MenuItem("tick", "tick: it is done", "t"),
            MenuItem("skip", "skip it, with a reason", "s"),
            MenuItem("note", "write a note", "n"),
            MenuItem("claim", "claim it: you work on it", "c"),
            MenuItem("untick", "untick: it is open again", "u", disabled=None if settled else "it is open"),
        ]
        title = shown.text(found.text, limit=60).text
        choice = await asking.menu(app, title, items)
        name = incident.id
        if choice == "tick":
            await self.record("tick", lambda desk: self._lists.tick(self._target(desk, incident), item))
        elif choice == "untick":
            await self.record("untick", lambda desk: desk.ledger.untick(name, item))
        elif choice == "claim":
            await self.record("claim", lambda desk: desk.ledger.claim(name, item))
        elif choice == "skip":
            reason = await asking.text(app, f"Skip: {title}", "Why?")
            if reason:
                await self.record("skip", lambda desk: desk.ledger.skip(name, item, reason))
        elif choice == "note":
            text = await asking.text(app, f"Note: {title}", "What is to be remembered?")
            if text:
                await self.record("note", lambda desk: desk.ledger.note(name, item, text))

    def _target(self, desk: "IncidentDesk", incident: Incident) -> "Target":
        session = self._screen.session
        root = next(root for root in session.roots if session.ledger(root) is desk.ledger)
        return self._lists.of_incident(incident, root, session.board.snapshot.runs)
