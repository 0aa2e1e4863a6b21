"""Checklists of runs and incidents as they stand against the evidence: for keys and verbs alike.

Everything here reads or writes the disk: call it off the event loop.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from cockpit.errors import CockpitError, UsageError
from cockpit.incidents.words import is_called
from cockpit.journal.actor import shown
from cockpit.ledger import Ledger
from cockpit.models.action import Job, Plan
from cockpit.models.detail import RunDetail
from cockpit.models.evidence import Evidence
from cockpit.models.incident import Incident
from cockpit.models.playbook import Anchor, Checklist, ChecklistItem, ItemState, Outcome, Stamp
from cockpit.models.run import Run
from cockpit.playbooks.commands import resolve
from cockpit.playbooks.evaluate import Examiner, RootView, Subject
from cockpit.playbooks.evidence import parse_evidence
from cockpit.sanitize import clean
from cockpit.session import Session
from cockpit.standing import Standing, Target, Work, Written

_JOBS = 200
"""Newest jobs of a root that checks look at."""


class Checklists:
    """The checklists of a session's roots.

    Args:
        session: Settings, roots, board, records.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._views: dict[Path, RootView] = {}

    # -- what it is about

    def find(self, text: str) -> Target:
        """The target an operator means: an incident's id, else a run as `Session.find` knows it.

        Else the end of an incident's id, as `cockpit incident` knows it.

        Raises:
            UsageError: There is none, or there are several.
            RootError: No root can be read.
        """
        snapshot = self._session.load()
        called = list(self._called(text))
        whole = [each for each in called if each[1].id == text.strip().casefold()]
        if not whole:
            try:
                # A run may be called 02, and nothing shorter would name it.
                return self.of_run(self._session.find(text, snapshot.runs))
            except UsageError:
                if not called:
                    raise
        found = whole or called
        if len(found) > 1:
            places = "\n".join(f"  {incident.id} in {root}" for root, incident in found)
            raise UsageError(
                f"{len(found)} incidents are called {clean(text, 40)!r}; name one, or its --root:\n{places}"
            )
        root, incident = found[0]
        return self.of_incident(incident, root, snapshot.runs)

    def _called(self, text: str) -> Iterator[tuple[Path, Incident]]:
        """The incidents that may be meant, each with a root of its record."""
        for ledger, root in {self._session.ledger(root): root for root in self._session.roots}.items():
            ledger.refresh()
            yield from ((root, incident) for incident in ledger.incidents() if is_called(incident.id, text))

    def of_run(self, run: Run) -> Target:
        """A run as a target."""
        return Target(run.id, self._session.root_of(run.ref), (run,))

    def of_incident(self, incident: Incident, root: Path, runs: Sequence[Run]) -> Target:
        """An incident as a target, with those of its runs that are among `runs`."""
        by_key = {run.key: run for run in runs}
        attached = tuple(by_key[link.key] for link in incident.runs if link.key in by_key)
        places = tuple(
            Anchor(run_key=link.key, run=link.id, flow=link.flow, step=link.step, failed_at=link.failed_at)
            for link in incident.runs
        )
        return Target(incident.id, root, attached, places, incident)

    def ledger(self, target: Target) -> Ledger:
        """The record that keeps a target's checklist."""
        return self._session.ledger(target.root)

    # -- looking

    def stand(
        self, target: Target, *, thorough: bool = False, details: Mapping[str, RunDetail] | None = None
    ) -> Standing:
        """A target's checklist against the evidence as it is now.

        Args:
            target: What it is about.
            thorough: Ask costly checks of open items, too.
            details: Facts of runs, by key, where they were read already.
        """
        recorded = self.ledger(target).checklist(target.id)
        if not recorded.items:
            return Standing(recorded)
        return Standing(recorded, self._examiner(target, details).look(recorded, thorough=thorough))

    def places(self, target: Target, item: str) -> tuple[str, ...]:
        """Files an item is about, relative to the root: what it was settled with, else what its playbook points to."""
        recorded = self.ledger(target).checklist(target.id)
        found = next((one for one in recorded.items if one.id == item), None)
        if found is None:
            return ()
        pointed = self._examiner(target).pointed(recorded, found)
        return tuple(dict.fromkeys(one.path for one in (*found.evidence, *pointed)))

    def work(self, target: Target, item: str) -> Work:
        """How an item's work is done.

        The item's action, where the run has it; else the action whose command is the item's; else that command.

        Raises:
            UsageError: There is no such item, it names nothing that could be run here, or several runs are meant.
        """
        recorded, found = self._item(target, item)
        if len(target.runs) != 1:
            raise UsageError(f"{target.id} has {len(target.runs)} runs: do it on the checklist of one of them")
        run = target.runs[0]
        specs = self._session.desk(self._session.root_of(run.ref)).specs(run.ref)
        named = {spec.id for spec in specs if spec.id == found.action}
        same = [spec.id for spec in specs if found.command and spec.argv == found.command]
        action = next(iter([*named, *same]), None)
        if action is None and not found.command:
            why = f"the run has no action {found.action}" if found.action else "it names no action and no command"
            raise UsageError(f"{found.id} cannot be run: {why}")
        start = recorded.start_of(found.playbook)
        anchor = next((one for one in start.anchors if one.run_key == run.key), None) if start else None
        flow, step = (anchor.flow, anchor.step) if anchor is not None else (run.flow, run.step)
        return Work(found, run, action, () if action else found.command or (), flow, step)

    def plan(self, work: Work, options: Mapping[str, str] | None = None) -> Plan:
        """What doing an item's work would do; changes nothing. Raises as `ActionDesk.plan`."""
        if work.action is not None:
            return self._session.plan(work.action, work.run, work.flow, work.step, options)
        desk = self._session.desk(self._session.root_of(work.run.ref))
        return desk.plan_command(work.command, work.item.text, work.run, flow=work.flow, step=work.step)

    # -- writing

    def start(self, target: Target, playbook: str) -> Standing:
        """Start a playbook's checklist. Raises as `Ledger.start`."""
        anchors = [subject.anchor(None) for subject in self._subjects(target, {})]
        self.ledger(target).start(target.id, playbook, anchors)
        return self.stand(target)

    def tick(self, target: Target, item: str, evidence: str | None = None, note: str | None = None) -> Written:
        """Attest that an item is done, against its evidence as it is now.

        Args:
            target: What the checklist is about.
            item: What was typed, see `cockpit.playbooks.commands.resolve`.
            evidence: `PATH` or `PATH:LINE` relative to the root; without it, the file the item's playbook points to is
                remembered.
            note: A remark.

        Raises:
            UsageError: There is no such item, or the evidence is not below the root or not there.
            JournalError: It could not be recorded.
        """
        ledger, examiner = self.ledger(target), self._examiner(target)
        recorded, found = self._item(target, item)
        places = examiner.pointed(recorded, found)
        given = () if evidence is None else (self._given(examiner, evidence),)
        ledger.tick(target.id, found.id, given, note, examiner.stamps(given or places))
        return self._told(target, found)

    def toggle(self, target: Target, item: str, *, settled: bool) -> Written:
        """Tick an item that the operator saw open, open one they saw settled; whatever others did meanwhile.

        Two people who tick the same item at the same moment both attest it: neither takes the other's tick back.
        Raises as `tick`.
        """
        if not settled:
            return self.tick(target, item)
        _, found = self._item(target, item)
        if found.state is not ItemState.OPEN:
            self.ledger(target).untick(target.id, found.id)
        return Written(self.stand(target))

    def verify(self, target: Target, item: str | None = None) -> Written:
        """Ask every check of a target's checklist, or that of one item, and record what is confirmed.

        An item that is verified already, against the same files, is not recorded once more; one that was skipped is
        left alone.

        Raises:
            UsageError: Nothing was started for the target, or there is no such item, or it has no check.
            JournalError: It could not be recorded; then nothing was.
        """
        ledger, examiner, library = self.ledger(target), self._examiner(target), self._session.library
        ledger.refresh()
        recorded = ledger.checklist(target.id)
        items = recorded.items if item is None and recorded.items else (resolve(recorded, item or "", library),)
        if item is not None and items[0].check is None:
            raise UsageError(f"{items[0].id} names no check: look for yourself and tick it")
        look = examiner.look(recorded, thorough=True)
        confirmed: list[tuple[ChecklistItem, tuple[Stamp, ...]]] = []
        for each in items:
            found = look.found.get(each.id)
            if found is None or found.outcome is not Outcome.MET or each.state is ItemState.SKIPPED:
                continue
            stamps = examiner.stamps(found.evidence)
            if each.state is not ItemState.VERIFIED or stamps != each.stamps:
                confirmed.append((each, stamps))
        ledger.verified(target.id, [(each, look.found[each.id], stamps) for each, stamps in confirmed])
        return Written(self.stand(target, thorough=True), confirmed=tuple(each.id for each, _ in confirmed))

    def _told(self, target: Target, before: ChecklistItem) -> Written:
        standing = self.stand(target)
        told = []
        if before.claimed_by is not None and before.claimed_by != shown(self._session.actor):
            told.append(f"{before.claimed_by} was working on {before.id}")
        after = next((one for one in standing.checklist.items if one.id == before.id), None)
        if after is not None and after.state is ItemState.CONTRADICTED:
            told.append(f"the evidence says otherwise: {after.why}")
        return Written(standing, tuple(told))

    def _item(self, target: Target, item: str) -> tuple[Checklist, ChecklistItem]:
        ledger = self.ledger(target)
        ledger.refresh()
        recorded = ledger.checklist(target.id)
        return recorded, resolve(recorded, item, self._session.library)

    def _given(self, examiner: Examiner, text: str) -> Evidence:
        place = parse_evidence(text)
        try:
            return examiner.quoted(place)
        except CockpitError as error:
            raise UsageError(f"no evidence at {clean(text)}: {error}") from error

    # -- the evidence

    def _examiner(self, target: Target, details: Mapping[str, RunDetail] | None = None) -> Examiner:
        return Examiner(self._session.library, self._subjects(target, details or {}))

    def _subjects(self, target: Target, details: Mapping[str, RunDetail]) -> list[Subject]:
        places = {one.run_key: one for one in target.places}
        found = []
        for run in target.runs:
            detail = details.get(run.key) or self._session.board.detail(run.key)
            if detail is None:
                continue  # it has vanished since
            root = self._session.root_of(run.ref)
            view = self._views.setdefault(root, RootView(self._session.evidence(root)))
            now = run if run.fingerprint == detail.fingerprint else self._session.judge(detail)
            found.append(Subject(now, detail, view, self._jobs(root), places.get(run.key)))
        return found

    def _jobs(self, root: Path) -> Callable[[], Sequence[Job]]:
        """The jobs of a root, read when a check asks, and once."""

        @cache
        def read() -> Sequence[Job]:
            try:
                return self._session.desk(root).jobs(_JOBS)
            except (CockpitError, OSError):
                return ()

        return read
