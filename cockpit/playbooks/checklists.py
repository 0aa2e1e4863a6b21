"""Checklists as folds of the journal: what was started, ticked, verified, skipped and noted for one target.

The kinds of event are in `cockpit.playbooks.records`. The fold never raises; an entry about an unknown playbook or item
stays visible. The last word on an item counts; the order of words on different items does not matter. What the
evidence makes of it is not part of the fold (`cockpit.playbooks.states`).
"""

from collections.abc import Iterable

from cockpit.models.journal import Entry
from cockpit.models.playbook import Checklist, ChecklistItem, PlaybookItem
from cockpit.playbooks.loader import Library
from cockpit.playbooks.records import APPLY, Record, TargetRecord


class ChecklistFold:
    """All checklists, kept up to date by feeding it entries as they come. Not thread-safe."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._targets: dict[str, TargetRecord] = {}

    def feed(self, entries: Iterable[Entry]) -> frozenset[str]:
        """Take in entries, each once and in order; returns the targets whose checklist changed."""
        changed: set[str] = set()
        for entry in entries:
            apply = APPLY.get(entry.kind)
            target = entry.data.get("target") if apply else None
            if apply is None or not isinstance(target, str) or not target:
                continue
            if apply(self._targets.setdefault(target, TargetRecord()), entry):
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
        return tuple(name for name, target in self._targets.items() if target.starts or target.records)

    def checklist(self, target: str) -> Checklist:
        """The checklist of a target as of the entries fed so far; empty where nothing was started."""
        found = self._targets.get(target)
        return _build(target, found, self._library) if found else Checklist(target=target)


def fold(entries: Iterable[Entry], target: str, library: Library) -> Checklist:
    """The checklist of one target from all entries of a journal."""
    folding = ChecklistFold(library)
    folding.feed(entries)
    return folding.checklist(target)


def _build(name: str, target: TargetRecord, library: Library) -> Checklist:
    """Items of the started playbooks in their order, then records that no playbook has an item for."""
    items: list[ChecklistItem] = []
    left = dict(target.records)
    for playbook_id in target.starts:
        playbook = library.get(playbook_id)
        for item in playbook.items if playbook else ():
            full_id = f"{playbook_id}/{item.id}"
            items.append(_item(full_id, item, left.pop(full_id, Record())))
        # Removed from the playbook since: their record stays, right below it.
        gone = sorted(each for each in left if each.startswith(f"{playbook_id}/"))
        items += [_item(full_id, None, left.pop(full_id)) for full_id in gone]
    items += [_item(full_id, library.item(full_id), left[full_id]) for full_id in sorted(left)]
    return Checklist(
        target=name, playbooks=tuple(target.starts), items=tuple(items), starts=tuple(target.starts.values())
    )


def _item(full_id: str, item: PlaybookItem | None, record: Record) -> ChecklistItem:
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
        claimed_by=record.claimed_by,
        stamps=record.stamps,
    )
