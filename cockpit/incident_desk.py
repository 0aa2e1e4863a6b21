"""The incidents of a root: everything that is asked of one and done to one, for keys and verbs alike.

What has to be read for it (runs, files, the checklist) is read here; what is decided is decided by the pure functions
of `cockpit.incidents`, and recorded by the ledger with the journal locked.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from cockpit.errors import CockpitError, UsageError
from cockpit.incident_around import Around
from cockpit.incident_outputs import outputs
from cockpit.incidents import ladder, lifecycle, records, roles
from cockpit.incidents.actions import actions_on
from cockpit.incidents.clocks import clocks
from cockpit.incidents.gates import gate
from cockpit.incidents.pins import find, state
from cockpit.incidents.runs import RunNow, attachment, recovered
from cockpit.incidents.similar import Recurrence, repeats, similar
from cockpit.incidents.situation import PROTOCOL, Situation
from cockpit.incidents.timeline import began_at, commands, timeline
from cockpit.journal.log import Draft
from cockpit.ledger import Ledger
from cockpit.models.detail import RunDetail
from cockpit.models.finding import Finding
from cockpit.models.incident import (
    Countdown,
    EscalationCondition,
    Gate,
    Incident,
    Phase,
    Pin,
    PinState,
    Role,
    Severity,
    TimelineRow,
)
from cockpit.models.journal import Entry
from cockpit.models.playbook import Anchor, Checklist
from cockpit.models.run import Run
from cockpit.playbooks.anchors import anchor_of
from cockpit.sanitize import clean

_ATTEMPTS = 5


class _ChangedError(Exception):
    """What was looked at has changed since."""


class IncidentDesk:
    """The incidents in one ledger. Reads and writes the disk: not for the event loop. Safe to share between threads."""

    def __init__(self, ledger: Ledger, around: Around) -> None:
        self.ledger = ledger
        self._around = around

    # -- the life cycle

    def declare(
        self,
        title: str,
        *,
        severity: Severity | None = None,
        answers: str | None = None,
        runs: Sequence[Run] = (),
        playbooks: Sequence[str] = (),
        detected_at: datetime | None = None,
        detection: str | None = None,
        symptoms: str | None = None,
        finding: Finding | None = None,
        again: bool = False,
    ) -> Incident:
        """Declare an incident, with the checklist of the response protocol and those of the playbooks.

        Args:
            title: One line.
            severity: How bad it is; or else `answers`.
            answers: Answers to the questions of the severity tree.
            runs: The runs it is about.
            playbooks: Further playbooks to work; without any, that of the finding, or the one that fits the first run.
            detected_at: When it was noticed, where that is not now.
            detection: How it was noticed.
            symptoms: What was seen first; without it, what the finding says.
            finding: The finding it is declared from.
            again: Whether to declare it although an open incident has one of the runs.

        Raises:
            UsageError: As `lifecycle.declare`; there is no such playbook, or an open incident has one of the runs.
            JournalError: It could not be recorded.
        """
        details = [(run, self._around.detail(run)) for run in runs]
        links = [attachment(run, detail) for run, detail in details]
        books = self._playbooks(playbooks, runs, finding)
        now = self._around.now()
        # Asked before this journal is locked: nobody waits for two at once.
        elsewhere = frozenset(incident.id for incident in self._all_incidents())

        def decide(taken: frozenset[str]) -> tuple[Draft, ...]:
            if not again:
                self._refuse_twice({run.key for run in runs})
            return lifecycle.declare(
                lifecycle.next_id(taken | elsewhere, now),
                now,
                title=title,
                severity=severity,
                answers=answers,
                runs=links,
                playbooks=books,
                anchors=_anchors(details),
                detected_at=detected_at,
                detection=detection,
                symptoms=symptoms,
                finding=finding,
            )

        return self.ledger.declare(decide)

    def amend(self, name: str, decide: Callable[[Incident], Sequence[Draft]]) -> Incident:
        """Do something to an incident; see `Ledger.amend`."""
        return self.ledger.amend(name, decide)

    def attach(self, name: str, run: Run) -> Incident:
        """Make a run part of an incident. Raises as `lifecycle.attach` and `Ledger.amend`."""
        link = attachment(run, self._around.detail(run))
        return self.amend(name, lambda incident: lifecycle.attach(incident, link))

    def move(self, name: str, to: Phase, *, override: str | None = None, reason: str | None = None) -> Incident:
        """Go to another phase, or close it; the gates on the way are judged on the evidence as it is.

        Runs and checklist are looked at before the journal is locked, and again where others settled an item or
        attached a run meanwhile.

        Raises:
            UsageError: As `lifecycle.move`.
            GateError: A gate is not met and nothing overrides it.
            CockpitError: Others kept changing it.
            JournalError: It could not be recorded.
        """
        for _ in range(_ATTEMPTS):
            seen = self._there(name)
            ticked = self.ledger.checklist(name)
            before = self.situation(seen)

            def decide(incident: Incident, before: Situation = before, ticked: Checklist = ticked) -> tuple[Draft, ...]:
                if incident.runs != before.incident.runs or self.ledger.checklist(name) != ticked:
                    raise _ChangedError
                fresh = replace(before, incident=incident)
                gates = [gate(fresh, phase) for phase in lifecycle.gated(incident, to)]
                return lifecycle.move(incident, to, gates, override=override, reason=reason)

            with suppress(_ChangedError):
                return self.amend(name, decide)
        raise CockpitError(f"others keep changing {clean(name)}; nothing was recorded, try again")

    def assign(
        self, name: str, role: Role, person: str, *, contribution: str | None = None, override: str | None = None
    ) -> Incident:
        """Put a person in a role, offer them the command, or accept it; see `roles.assign`."""
        take = partial(
            roles.assign, actor=self._around.actor, role=role, person=person, contribution=contribution,
            override=override,
        )  # fmt: skip
        return self.amend(name, take)

    def leave(self, name: str, role: Role, person: str = roles.ME) -> Incident:
        """Let a person leave a role; see `roles.leave`."""
        return self.amend(name, partial(roles.leave, actor=self._around.actor, role=role, person=person))

    def pin(self, name: str, place: str, note: str | None = None) -> Incident:
        """Keep a file or a line as evidence, with the hash of what is there now.

        Args:
            name: The incident.
            place: `PATH` or `PATH:LINE`: relative to one of the roots, or a path that lies below one.
            note: Why it matters.

        Raises:
            UsageError: It lies below no root, is no ordinary file, has no such line, or is pinned already.
            CockpitError: It cannot be read.
            JournalError: It could not be recorded.
        """
        found = find([self._around.reader(root) for root in self._around.roots], place)
        return self.amend(name, lambda incident: records.pin(incident, found, note))

    # -- what is asked

    def situation(self, incident: Incident, runs: Sequence[Run] | None = None) -> Situation:
        """Everything gates and conditions are judged on, as of now. Reads the incident's runs.

        Args:
            incident: The incident.
            runs: Every run as it is now, where the caller has them.
        """
        now = self._around.now()
        known = {run.key: run for run in (self._around.runs() if runs is None else runs)}
        others = self._all_incidents()
        return Situation(
            incident=incident,
            checklist=self._around.checklist(incident),
            now=now,
            runs=tuple(
                RunNow(link, run, self._around.detail(run) if run is not None else None)
                for link in incident.runs
                for run in (known.get(link.key),)
            ),
            actions=actions_on(incident.run_keys, self._entries(), began_at(incident)),
            clocks=self.clocks(incident),
            repeats=repeats(incident, others),
        )

    def gate(self, incident: Incident, phase: Phase | None = None) -> Gate:
        """The gate of a phase (its own by default) as things stand."""
        return gate(self.situation(incident), phase)

    def gate_of(self, situation: Situation, phase: Phase | None = None) -> Gate:
        """The gate of a phase where everything was read already."""
        return gate(situation, phase)

    def clocks(self, incident: Incident) -> tuple[Countdown, ...]:
        """Its clocks."""
        return clocks(incident, self._around.now(), self._around.policy)

    def timeline(self, incident: Incident, situation: Situation | None = None) -> tuple[TimelineRow, ...]:
        """Its timeline, put together now."""
        known = situation if situation is not None else self.situation(incident)
        proofs = (recovered(one, known.runs) for one in known.runs if one.was_failing)
        entries = self._entries()
        printed = outputs(self.ledger.journal.path.parent, self._around.roots[0], commands(incident, entries))
        return timeline(incident, entries, [proof for proof in proofs if proof is not None], printed)

    def escalation(self, situation: Situation) -> tuple[EscalationCondition, ...]:
        """Every reason to escalate, those that hold first."""
        return ladder.conditions(situation)

    def pins(self, incident: Incident) -> tuple[tuple[Pin, PinState], ...]:
        """Its pins, each with whether what was pinned is still there. Reads the files."""
        return tuple((pin, state(pin, self._around.reader(Path(pin.root)))) for pin in incident.pins)

    def recurrence(self, incident: Incident, runs: Sequence[Run] | None = None) -> Recurrence:
        """Earlier incidents with the same failure, and whether what ended them held."""
        return similar(incident, self._all_incidents(), self._around.runs() if runs is None else runs)

    # -- parts

    def _there(self, name: str) -> Incident:
        self.ledger.refresh()
        found = self.ledger.incident(name)
        if found is None:
            raise UsageError(f"no incident {clean(name)!r}")
        return found

    def _refuse_twice(self, keys: set[str]) -> None:
        for incident in self.ledger.incidents():
            shared = [link.id for link in incident.runs if link.key in keys]
            if incident.is_open and shared:
                raise UsageError(
                    f"{clean(shared[0])} belongs to the open incident {incident.id} already ({clean(incident.title)})"
                )

    def _playbooks(self, named: Sequence[str], runs: Sequence[Run], finding: Finding | None) -> list[str]:
        library = self._around.library
        for name in named:
            if library.get(name) is None:
                known = ", ".join(book.id for book in library.playbooks) or "none"
                raise UsageError(f"no playbook {clean(name)!r}; there are: {known}")
        fitting = list(named)
        if not fitting and finding is not None and finding.playbook and library.get(finding.playbook) is not None:
            fitting = [finding.playbook]
        if not fitting and runs and (suggested := library.suggest(runs[0])) is not None:
            fitting = [suggested.id]
        return [*([PROTOCOL] if library.get(PROTOCOL) is not None else []), *fitting]

    def _entries(self) -> list[Entry]:
        """This journal's entries; those of other journals stand without their number, which means nothing here."""
        entries = list(self.ledger.entries)
        for other in self._around.ledgers():
            if other is not self.ledger:
                other.refresh()
                entries += [entry.model_copy(update={"seq": 0}) for entry in other.entries if entry.incident is None]
        return entries

    def _all_incidents(self) -> list[Incident]:
        ledgers = list(dict.fromkeys([self.ledger, *self._around.ledgers()]))
        for ledger in ledgers:
            ledger.refresh()
        return [incident for ledger in ledgers for incident in ledger.incidents()]


def _anchors(details: Sequence[tuple[Run, RunDetail | None]]) -> list[Anchor]:
    return [anchor_of(run, detail) for run, detail in details if detail is not None]
