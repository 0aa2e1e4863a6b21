"""The incidents of all roots: found by their ids, each with the desk it is worked on."""

from pathlib import Path

from cockpit.checking import Checklists
from cockpit.errors import UsageError
from cockpit.incident_around import Around
from cockpit.incident_desk import IncidentDesk
from cockpit.incidents.words import is_called
from cockpit.ledger import Ledger
from cockpit.models.incident import Incident
from cockpit.models.playbook import Checklist
from cockpit.sanitize import clean
from cockpit.session import Session

_SHOWN = 5


class IncidentIndex:
    """Every incident of a session. Reads the journals: not for the event loop."""

    def __init__(self, session: Session) -> None:
        """Touches nothing on disk."""
        self._session = session
        self._desks: dict[Ledger, IncidentDesk] = {}
        self._checklists = Checklists(session)

    def desk(self, root: Path) -> IncidentDesk:
        """The incidents in the record of a root."""
        return self._desk(self._session.ledger(root))

    def _desk(self, ledger: Ledger) -> IncidentDesk:
        if ledger not in self._desks:
            self._desks[ledger] = IncidentDesk(ledger, self._around(ledger))
        return self._desks[ledger]

    def _around(self, ledger: Ledger) -> Around:
        session = self._session
        return Around(
            now=session.now,
            actor=session.actor,
            policy=session.settings.incidents.policy(),
            library=session.library,
            # The incident's own roots first: a path is looked for there before it is elsewhere.
            roots=sorted(session.roots, key=lambda root: session.ledger(root) is not ledger),
            runs=lambda: [run.at(session.now()) for run in session.board.snapshot.runs],
            detail=lambda run: session.board.detail(run.key),
            checklist=lambda incident: self._standing(ledger, incident),
            reader=session.evidence,
            ledgers=session.ledgers,
        )

    def _standing(self, ledger: Ledger, incident: Incident) -> Checklist:
        """Its checklist against the evidence: what was ticked and is not so does not count."""
        root = next(root for root in self._session.roots if self._session.ledger(root) is ledger)
        target = self._checklists.of_incident(incident, root, self._session.board.snapshot.runs)
        return self._checklists.stand(target).checklist

    def everything(self) -> list[tuple[IncidentDesk, Incident]]:
        """Every incident with its desk, in the order of their declaration."""
        found: list[tuple[IncidentDesk, Incident]] = []
        for ledger in self._session.ledgers():
            ledger.refresh()
            found += [(self._desk(ledger), incident) for incident in ledger.incidents()]
        return sorted(found, key=lambda each: (each[1].declared_at, each[1].id))

    def open(self) -> list[tuple[IncidentDesk, Incident]]:
        """The open ones with their desks: the most severe first, then the oldest."""
        found = [each for each in self.everything() if each[1].is_open]
        return sorted(found, key=lambda each: (each[1].severity.rank, each[1].declared_at, each[1].id))

    def find(self, text: str) -> tuple[IncidentDesk, Incident]:
        """The incident an operator means, by its id or the end of it (`1121-02`, `02`), and its desk.

        Raises:
            UsageError: There is none, or there are several; the message names them.
        """
        known = self.everything()
        called = [each for each in known if is_called(each[1].id, text)]
        found = [each for each in called if each[1].id == text.strip().casefold()] or called
        if len(found) == 1:
            return found[0]
        said = clean(text, 40)
        if found:
            places = "\n".join(f"  {incident.id} in {desk.ledger.journal.path.parent}" for desk, incident in found)
            raise UsageError(f"{len(found)} incidents are called {said!r}; name one, or its --root:\n{places}")
        last = ", ".join(incident.id for _, incident in known[-_SHOWN:])
        raise UsageError(f"no incident {said!r}; {f'the last ones: {last}' if last else 'none was declared'}")
