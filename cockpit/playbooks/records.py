"""What the journal says of one checklist: each kind of entry applied to the record of a target.

Kinds of event (all with `target`; all but the first with `item`, the full id `<playbook id>/<item id>`, and its `text`
at that time, so that the record can be read when the playbook is no longer there). `?` marks what may be missing.

- `checklist.start`: `playbook`, `anchors` (list of `cockpit.models.playbook.Anchor`)
- `checklist.tick`: `evidence?` (list), `note?`, `stamps?` (list of `cockpit.models.playbook.Stamp`)
- `checklist.verified`: `check`, `why`, `evidence` (list), `stamps?`
- `checklist.untick`
- `checklist.skip`: `reason`
- `checklist.note`: `note`
- `checklist.claim`: `owner?` (who is to work on it, where that is not the actor)
- `checklist.release`

Nothing here raises: an entry with missing or odd fields is left out. What settles an item ends its claim.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from pydantic import ValidationError

from cockpit.journal.actor import shown
from cockpit.models.base import Model
from cockpit.models.evidence import Evidence
from cockpit.models.journal import Entry
from cockpit.models.playbook import Anchor, ItemState, Stamp, Start

START = "checklist.start"
TICK = "checklist.tick"
VERIFIED = "checklist.verified"
UNTICK = "checklist.untick"
SKIP = "checklist.skip"
NOTE = "checklist.note"
CLAIM = "checklist.claim"
RELEASE = "checklist.release"

_ModelT = TypeVar("_ModelT", bound=Model)


@dataclass(slots=True)
class Record:
    """What the journal says of one item so far."""

    state: ItemState = ItemState.OPEN
    by: str | None = None
    at: datetime | None = None
    evidence: tuple[Evidence, ...] = ()
    note: str | None = None
    text: str = ""
    stamps: tuple[Stamp, ...] = ()
    claimed_by: str | None = None


@dataclass(slots=True)
class TargetRecord:
    """What the journal says of one target so far: playbooks in the order they were started, items by full id."""

    starts: dict[str, Start] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)


def _start(target: TargetRecord, entry: Entry) -> bool:
    playbook = _text(entry.data, "playbook")
    if playbook is None or playbook in target.starts:
        return False
    anchors = _models(entry.data.get("anchors"), Anchor)
    target.starts[playbook] = Start(playbook=playbook, at=entry.at, by=shown(entry.actor), anchors=anchors)
    return True


def _tick(target: TargetRecord, entry: Entry) -> bool:
    record = _record(target, entry)
    if record is None:
        return False
    _settle(record, entry, ItemState.DONE)
    record.note = _text(entry.data, "note") or record.note
    return True


def _verified(target: TargetRecord, entry: Entry) -> bool:
    record = _record(target, entry) if _text(entry.data, "check") is not None else None
    if record is None:
        return False
    _settle(record, entry, ItemState.VERIFIED)
    return True


def _settle(record: Record, entry: Entry, state: ItemState) -> None:
    if record.state is ItemState.SKIPPED:
        # Its note was the reason of the skip.
        record.note = None
    record.state, record.by, record.at, record.claimed_by = state, shown(entry.actor), entry.at, None
    record.evidence = _models(entry.data.get("evidence"), Evidence)
    record.stamps = _models(entry.data.get("stamps"), Stamp)


def _untick(target: TargetRecord, entry: Entry) -> bool:
    record = _record(target, entry)
    if record is None:
        return False
    if record.state is ItemState.SKIPPED:
        record.note = None
    record.state, record.by, record.at, record.evidence, record.stamps = ItemState.OPEN, None, None, (), ()
    return True


def _skip(target: TargetRecord, entry: Entry) -> bool:
    record = _record(target, entry)
    if record is None:
        return False
    _settle(record, entry, ItemState.SKIPPED)
    record.evidence, record.stamps = (), ()
    record.note = _text(entry.data, "reason")
    return True


def _note(target: TargetRecord, entry: Entry) -> bool:
    note = _text(entry.data, "note")
    record = _record(target, entry) if note is not None else None
    if record is None or note is None:
        return False
    # The reason of a skip is part of its state: a note adds to it and does not hide it.
    record.note = f"{record.note}; {note}" if record.state is ItemState.SKIPPED and record.note else note
    return True


def _claim(target: TargetRecord, entry: Entry) -> bool:
    record = _record(target, entry)
    if record is None:
        return False
    record.claimed_by = _text(entry.data, "owner") or shown(entry.actor)
    return True


def _release(target: TargetRecord, entry: Entry) -> bool:
    record = _record(target, entry)
    if record is None:
        return False
    record.claimed_by = None
    return True


APPLY: Mapping[str, Callable[[TargetRecord, Entry], bool]] = {
    START: _start,
    TICK: _tick,
    VERIFIED: _verified,
    UNTICK: _untick,
    SKIP: _skip,
    NOTE: _note,
    CLAIM: _claim,
    RELEASE: _release,
}
"""What each kind of entry does to a target's record; each returns whether it changed anything."""


def _record(target: TargetRecord, entry: Entry) -> Record | None:
    """The record of the item an entry is about, made if it is the first; `None` where it names none."""
    item = _text(entry.data, "item")
    if item is None:
        return None
    record = target.records.setdefault(item, Record())
    record.text = _text(entry.data, "text") or record.text
    return record


def _text(data: Mapping[str, Any], key: str) -> str | None:
    value = data.get(key)
    return value if isinstance(value, str) and value.strip() else None


def _models(value: object, kind: type[_ModelT]) -> tuple[_ModelT, ...]:
    found: list[_ModelT] = []
    for each in value if isinstance(value, list) else ():
        try:
            found.append(kind.model_validate(each))
        except ValidationError:
            continue
    return tuple(found)
