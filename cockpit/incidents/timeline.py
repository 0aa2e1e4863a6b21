"""An incident's timeline, put together from the record and from what its runs show. Pure.

Nobody has to write it: what went wrong in the runs and what proves their recovery, the declaration, actions with how
they ended, settled items, phases, decisions, updates, pins, and notes at the time they speak of. Every row names its
evidence, the journal entry it comes from, or both.
"""

import shlex
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from cockpit.actions.ending import ENDED
from cockpit.diagnosis.parts import where
from cockpit.incidents import events
from cockpit.incidents.actions import KINDS
from cockpit.incidents.runs import Proof
from cockpit.incidents.telling import tell_action, tell_checklist, tell_own
from cockpit.journal.actor import shown
from cockpit.models.evidence import Evidence
from cockpit.models.incident import Incident, TimelineRow
from cockpit.models.journal import Entry

REMARK = "note"
"""Kind of a free remark on a run (`cockpit.ledger.NOTE`)."""
RECORD_STARTED, RECORD_ENDED = "record.started", "record.ended"
"""Kinds of entry about a command that `cockpit record` ran (`cockpit.recording.run`)."""


def timeline(
    incident: Incident,
    entries: Iterable[Entry],
    recoveries: Iterable[Proof] = (),
    outputs: Mapping[str, Evidence] | None = None,
) -> tuple[TimelineRow, ...]:
    """The rows, oldest first.

    Args:
        incident: As folded.
        entries: Entries of its journal, all of them or those from its first failure on.
        recoveries: What proves that its runs recovered (`cockpit.incidents.runs.recovered`).
        outputs: What commands printed, by the id of their job or recording.
    """
    rows = [*_failures(incident), *_recoveries(recoveries)]
    recorded: dict[str, list[Entry]] = {}
    since = began_at(incident)
    for entry in entries:
        if events.incident_of(entry) == incident.id:
            rows += _own(entry, outputs or {})
        elif entry.at >= since and _concerns(entry, incident) and _before_end(entry, incident):
            if entry.kind in (RECORD_STARTED, RECORD_ENDED):
                recorded.setdefault(events.words(entry.data, "recording") or "", []).append(entry)
            else:
                rows += _of_run(entry, outputs or {})
    rows += (_command(told, (outputs or {}).get(name)) for name, told in recorded.items())
    return tuple(sorted(rows, key=lambda row: (row.at, row.seq or 0, row.text)))


def began_at(incident: Incident) -> datetime:
    """The first failure of its runs, or when it was noticed where nothing earlier is known."""
    failures = [link.failed_at for link in incident.runs if link.failed_at is not None]
    return min([incident.detected_at, incident.declared_at, *failures])


def commands(incident: Incident, entries: Iterable[Entry]) -> Iterator[Entry]:
    """The entries about commands that belong to an incident and whose output may be kept."""
    since = began_at(incident)
    about = (entry for entry in entries if entry.kind in (ENDED, RECORD_STARTED) and entry.at >= since)
    return (entry for entry in about if _before_end(entry, incident) and _concerns(entry, incident))


def _before_end(entry: Entry, incident: Incident) -> bool:
    return incident.closed_at is None or entry.at <= incident.closed_at


def _concerns(entry: Entry, incident: Incident) -> bool:
    """Whether an entry of no incident is about one of its runs: by key, or by id where it has none."""
    key = entry.data.get("run_key")
    if isinstance(key, str):
        return key in incident.run_keys
    name = entry.data.get("run" if entry.kind in (RECORD_STARTED, RECORD_ENDED) else "target")
    return isinstance(name, str) and any(name == link.id for link in incident.runs)


def _failures(incident: Incident) -> Iterator[TimelineRow]:
    """What the runs themselves showed first, and when it was noticed where that was before it was declared."""
    for link in incident.runs:
        if link.failed_at is not None:
            reason = link.reason or f"{where(link.flow, link.step)} failed"
            seq = link.seq or None
            yield TimelineRow(
                at=link.failed_at, kind="failure", text=f"{link.id}: {reason}", evidence=link.evidence, seq=seq
            )
    if incident.detected_at < incident.declared_at:
        how = f" ({incident.detection})" if incident.detection else ""
        seq = incident.severities[0].seq or None
        yield TimelineRow(at=incident.detected_at, kind="detected", text=f"Noticed{how}", seq=seq)


def _recoveries(proofs: Iterable[Proof]) -> Iterator[TimelineRow]:
    for proof in dict.fromkeys(proofs):
        yield TimelineRow(at=proof.at, kind="recovery", text=proof.text, evidence=proof.evidence)


def _command(told: list[Entry], output: Evidence | None) -> TimelineRow:
    """A recorded command with how it ended: one row, at its start."""
    first, last = told[0], told[-1]
    line = shlex.join(events.texts(first.data, "argv")) or "a command"
    run = events.words(first.data, "run")
    how = "no end on record"
    if last.kind == RECORD_ENDED:
        signal, error = events.words(last.data, "signal"), events.words(last.data, "error")
        how = f"ended by {signal}" if signal else error or f"exit {events.count(last.data, 'exit_code')}"
    return _row(first, "command", f"{line} for {run}: {how}", (output,) if output else ())


def _own(entry: Entry, outputs: Mapping[str, Evidence]) -> Iterator[TimelineRow]:
    if entry.kind.startswith(events.FAMILY):
        told = tell_own(entry)
        at = events.moment(entry.data, "happened_at") if entry.kind == events.NOTE else None
        if told is not None:
            yield _row(entry, told.kind, told.text, told.evidence, at)
    else:
        yield from _of_run(entry, outputs)


def _of_run(entry: Entry, outputs: Mapping[str, Evidence]) -> Iterator[TimelineRow]:
    if entry.kind in KINDS:
        printed = outputs.get(events.words(entry.data, "job") or "") if entry.kind == ENDED else None
        yield _row(entry, "action", tell_action(entry), (printed,) if printed else ())
    elif entry.kind.startswith(events.CHECKLIST):
        told = tell_checklist(entry)
        if told is not None:
            yield _row(entry, told.kind, told.text, told.evidence)
    elif entry.kind == REMARK and (text := events.words(entry.data, "text")) is not None:
        run = events.words(entry.data, "run")
        yield _row(entry, "note", f"{run}: {text}" if run else text, at=events.moment(entry.data, "happened_at"))


def _row(
    entry: Entry, kind: str, text: str, evidence: tuple[Evidence, ...] = (), at: datetime | None = None
) -> TimelineRow:
    return TimelineRow(
        at=at or entry.at, kind=kind, text=text, evidence=evidence, seq=entry.seq or None, actor=shown(entry.actor)
    )
