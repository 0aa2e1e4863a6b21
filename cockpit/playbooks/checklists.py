"""Checklists as folds of the journal: what was started, ticked, skipped and noted for one target.

Kinds of event (all with `target`; the last four with `item`, the full id `<playbook id>/<item id>`, and its `text`
at that time, so that the record can be read when the playbook is no longer there):

- `checklist.start`: `playbook`
- `checklist.tick`: `evidence` (list), `note`
- `checklist.untick`
- `checklist.skip`: `reason`
- `checklist.note`: `note`

The fold never raises: an entry with missing or odd fields is left out, one about an unknown playbook or item stays
visible. The last word on an item counts; the order of words on different items does not matter.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from cockpit.journal.actor import shown
from cockpit.models.evidence import Evidence
from cockpit.models.journal import Entry
from cockpit.models.playbook import Checklist, ChecklistItem, ItemState, PlaybookItem
from cockpit.playbooks.loader import Library

START = "checklist.start"
TICK = "checklist.tick"
UNTICK = "checklist.untick"
SKIP = "checklist.skip"
NOTE = "checklist.note"


@dataclass(slots=True)
class _Record:
    """What the journal says of one item so far."""

    state: ItemState = ItemState.OPEN
    by: str | None = None
    at: datetime | None = None
    evidence: tuple[Evidence, ...] = ()
    note: str | None = None
    text: str = ""


@dataclass(slots=True)
class _Target:
    """What the journal says of one target so far: playbooks in the order they were started, items by full id."""

    playbooks: dict[str, None] = field(default_factory=dict)
    records: dict[str, _Record] = field(default_factory=dict)


class ChecklistFold:
    """All checklists, kept up to date by feeding it entries as they come. Not thread-safe."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._targets: dict[str, _Target] = {}

    def feed(self, entries: Iterable[Entry]) -> frozenset[str]:
        """Take in entries, each once and in order; returns the targets whose checklist changed."""
        changed: set[str] = set()
        for entry in entries:
            apply = _APPLY.get(entry.kind)
            target = entry.data.get("target") if apply else None
            if apply is None or not isinstance(target, str) or not target:
                continue
            if apply(self._targets.setdefault(target, _Target()), entry):
                changed.add(target)
        return frozenset(changed)

    def clear(self) -> None:
        """Forget everything: the journal was replaced and comes again from its start."""
        self._targets.clear()

    def use(self, library: Library) -> None:
        """Show the same records with another library (the user edited a playbook)."""
        self._library = library

    def targets(self) -> tuple[str, ...]:
        """Every target with a checklist, in the order they were started."""
        return tuple(name for name, target in self._targets.items() if target.playbooks or target.records)

    def checklist(self, target: str) -> Checklist:
        """The checklist of a target as of the entries fed so far; empty where nothing was started."""
        found = self._targets.get(target)
        return _build(target, found, self._library) if found else Checklist(target=target)


def fold(entries: Iterable[Entry], target: str, library: Library) -> Checklist:
    """The checklist of one target from all entries of a journal."""
    folding = ChecklistFold(library)
    folding.feed(entries)
    return folding.checklist(target)


def _build(name: str, target: _Target, library: Library) -> Checklist:
    """Items of the started playbooks in their order, then records that no playbook has an item for."""
    items: list[ChecklistItem] = []
    left = dict(target.records)
    for playbook_id in target.playbooks:
        playbook = library.get(playbook_id)
        for item in playbook.items if playbook else ():
            full_id = f"{playbook_id}/{item.id}"
            items.append(_item(full_id, item, left.pop(full_id, _Record())))
        # Removed from the playbook since: their record stays, right below it.
        gone = sorted(each for each in left if each.startswith(f"{playbook_id}/"))
        items += [_item(full_id, None, left.pop(full_id)) for full_id in gone]
    items += [_item(full_id, library.item(full_id), left[full_id]) for full_id in sorted(left)]
    return Checklist(target=name, playbooks=tuple(target.playbooks), items=tuple(items))


def _item(full_id: str, item: PlaybookItem | None, record: _Record) -> ChecklistItem:
    return ChecklistItem(
        id=full_id,
        text=item.text if item else record.text or full_id,
        playbook=full_id.partition("/")[0],
        section=item.section if item else "",
        detail=item.detail if item else (),
        state=record.state,
        by=record.by,
        at=record.at,
        evidence=record.evidence,
        note=record.note,
        check=item.check if item else None,
        command=item.command if item else None,
        action=item.action if item else None,
    )


def _start(target: _Target, entry: Entry) -> bool:
    playbook = _text(entry.data, "playbook")
    if playbook is None or playbook in target.playbooks:
        return False
    target.playbooks[playbook] = None
    return True


def _tick(target: _Target, entry: Entry) -> bool:
    record = _record(target, entry)
    if record is None:
        return False
    if record.state is ItemState.SKIPPED:
        record.note = None
    record.state = ItemState.DONE
    record.by, record.at = shown(entry.actor), entry.at
    record.evidence = _evidence(entry.data.get("evidence"))
    record.note = _text(entry.data, "note") or record.note
    return True


def _untick(target: _Target, entry: Entry) -> bool:
    record = _record(target, entry)
    if record is None:
        return False
    if record.state is ItemState.SKIPPED:
        record.note = None
    record.state, record.by, record.at, record.evidence = ItemState.OPEN, None, None, ()
    return True


def _skip(target: _Target, entry: Entry) -> bool:
    record = _record(target, entry)
    if record is None:
        return False
    record.state, record.evidence = ItemState.SKIPPED, ()
    record.by, record.at = shown(entry.actor), entry.at
    record.note = _text(entry.data, "reason")
    return True


def _note(target: _Target, entry: Entry) -> bool:
    note = _text(entry.data, "note")
    record = _record(target, entry) if note is not None else None
    if record is None or note is None:
        return False
    # The reason of a skip is part of its state: a note adds to it and does not hide it.
    record.note = f"{record.note}; {note}" if record.state is ItemState.SKIPPED and record.note else note
    return True


_APPLY: Mapping[str, Callable[[_Target, Entry], bool]] = {
    START: _start,
    TICK: _tick,
    UNTICK: _untick,
    SKIP: _skip,
    NOTE: _note,
}


def _record(target: _Target, entry: Entry) -> _Record | None:
    """The record of the item an entry is about, made if it is the first; `None` where it names none."""
    item = _text(entry.data, "item")
    if item is None:
        return None
    record = target.records.setdefault(item, _Record())
    record.text = _text(entry.data, "text") or record.text
    return record


def _text(data: Mapping[str, Any], key: str) -> str | None:
    value = data.get(key)
    return value if isinstance(value, str) and value.strip() else None


def _evidence(value: object) -> tuple[Evidence, ...]:
    found: list[Evidence] = []
    for each in value if isinstance(value, list) else ():
        try:
            found.append(Evidence.model_validate(each))
        except ValidationError:
            continue
    return tuple(found)
