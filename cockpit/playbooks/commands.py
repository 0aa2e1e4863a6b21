"""What an operator does to a checklist: each command checks, appends to the journal, and only then returns.

All take the checklist as it is (`current`) where the caller already follows the journal; without it they fold the
journal themselves. Headless verbs and keys call the same functions.
"""

import difflib
from collections.abc import Sequence
from typing import Any

from cockpit.errors import UsageError
from cockpit.journal.log import Draft, Journal
from cockpit.models.evidence import Evidence
from cockpit.models.journal import Entry
from cockpit.models.playbook import Anchor, Checklist, ChecklistItem, CheckResult, ItemState, Stamp
from cockpit.playbooks.checklists import fold
from cockpit.playbooks.loader import Library
from cockpit.playbooks.records import CLAIM, NOTE, RELEASE, SKIP, START, TICK, UNTICK, VERIFIED

MAX_TEXT = 4_000
"""Characters of a note or reason."""
MAX_NAME = 64
"""Characters of the name of who works on an item."""


def start(
    journal: Journal,
    library: Library,
    target: str,
    playbook: str,
    *,
    anchors: Sequence[Anchor] = (),
    current: Checklist | None = None,
) -> Entry | None:
    """Start a playbook's checklist for a target; `None` where it was started before.

    Args:
        journal: Where it is recorded.
        library: The playbooks.
        target: A run's or an incident's id.
        playbook: Id of the playbook.
        anchors: Where the target's runs stand now: what the items are about from then on.
        current: The target's checklist, where the caller knows it.

    Raises:
        UsageError: There is no such playbook, or the target is empty.
        JournalError: It could not be recorded.
    """
    if not target.strip():
        raise UsageError("a checklist needs a run or an incident")
    if library.get(playbook) is None:
        known = ", ".join(each.id for each in library.playbooks) or "none"
        raise UsageError(f"no playbook {playbook!r}; there are: {known}")
    if playbook in _current(journal, library, target, current).playbooks:
        return None
    told = {"anchors": [one.model_dump(mode="json") for one in anchors]} if anchors else {}
    return journal.append(START, {"target": target, "playbook": playbook} | told)


def tick(
    journal: Journal,
    library: Library,
    target: str,
    item: str,
    *,
    evidence: Sequence[Evidence] = (),
    note: str | None = None,
    stamps: Sequence[Stamp] = (),
    current: Checklist | None = None,
) -> Entry:
    """Attest that an item is done. Ticking a done item attests it once more, by whoever ticks now.

    Args:
        journal: Where it is recorded.
        library: The playbooks.
        target: A run's or an incident's id.
        item: What was typed, see `resolve`.
        evidence: What shows that it is done.
        note: A remark.
        stamps: The files it is ticked against, as they are.
        current: The target's checklist, where the caller knows it.

    Raises:
        UsageError: Nothing was started for the target, it has no such item, or the id fits several.
        JournalError: It could not be recorded.
    """
    found = resolve(_current(journal, library, target, current), item, library)
    data: dict[str, Any] = {}
    if evidence:
        data["evidence"] = [each.model_dump(mode="json") for each in evidence]
    if note is not None and note.strip():
        data["note"] = _words("note", note)
    return journal.append(TICK, _about(target, found) | data | _stamped(stamps))


def verified(
    journal: Journal, target: str, results: Sequence[tuple[ChecklistItem, CheckResult, Sequence[Stamp]]]
) -> tuple[Entry, ...]:
    """Record that checks confirmed items, all of them or, on an exception, none.

    Args:
        journal: Where it is recorded.
        target: A run's or an incident's id.
        results: Each item with what its check said, and the files that rests on as they are.

    Raises:
        JournalError: It could not be recorded.
    """
    drafts = [
        Draft(
            VERIFIED,
            _about(target, item)
            | {"check": item.check, "why": found.why}
            | {"evidence": [each.model_dump(mode="json") for each in found.evidence]}
            | _stamped(stamps),
        )
        for item, found, stamps in results
    ]
    return journal.append_decided(lambda: drafts) if drafts else ()


def untick(journal: Journal, library: Library, target: str, item: str, *, current: Checklist | None = None) -> Entry:
    """Open an item again that was ticked or skipped.

    Raises:
        UsageError: As for `tick`; or the item is open.
        JournalError: It could not be recorded.
    """
    found = resolve(_current(journal, library, target, current), item, library)
    if found.state is ItemState.OPEN:
        raise UsageError(f"{found.id} of {target} is open already")
    return journal.append(UNTICK, _about(target, found))


def skip(
    journal: Journal, library: Library, target: str, item: str, reason: str, *, current: Checklist | None = None
) -> Entry:
    """Leave an item out, and say why.

    Raises:
        UsageError: As for `tick`; or there is no reason.
        JournalError: It could not be recorded.
    """
    words = _words("reason", reason)
    found = resolve(_current(journal, library, target, current), item, library)
    return journal.append(SKIP, _about(target, found) | {"reason": words})


def note(
    journal: Journal, library: Library, target: str, item: str, text: str, *, current: Checklist | None = None
) -> Entry:
    """Write something down about an item; its state stays.

    Raises:
        UsageError: As for `tick`; or the note is empty.
        JournalError: It could not be recorded.
    """
    words = _words("note", text)
    found = resolve(_current(journal, library, target, current), item, library)
    return journal.append(NOTE, _about(target, found) | {"note": words})


def claim(
    journal: Journal,
    library: Library,
    target: str,
    item: str,
    *,
    owner: str | None = None,
    current: Checklist | None = None,
) -> Entry:
    """Say who works on an item: whoever acts, or `owner`. Others may tick it all the same.

    Raises:
        UsageError: As for `tick`; or the name is too long.
        JournalError: It could not be recorded.
    """
    found = resolve(_current(journal, library, target, current), item, library)
    named = {"owner": _words("name", owner, MAX_NAME)} if owner is not None else {}
    return journal.append(CLAIM, _about(target, found) | named)


def release(journal: Journal, library: Library, target: str, item: str, *, current: Checklist | None = None) -> Entry:
    """Say that nobody works on an item any more; anybody may.

    Raises:
        UsageError: As for `tick`; or nobody works on it.
        JournalError: It could not be recorded.
    """
    found = resolve(_current(journal, library, target, current), item, library)
    if found.claimed_by is None:
        raise UsageError(f"nobody works on {found.id} of {target}")
    return journal.append(RELEASE, _about(target, found))


def resolve(checklist: Checklist, item: str, library: Library | None = None) -> ChecklistItem:
    """The item an operator means: its full id `<playbook>/<item>`, or the item's own id where only one has it.

    Args:
        checklist: The target's checklist.
        item: What was typed.
        library: Names the playbooks to start, where none was.

    Raises:
        UsageError: Nothing was started, no item has this id, or several have; the message lists the ids.
    """
    if not checklist.items:
        known = ", ".join(each.id for each in library.playbooks) if library else ""
        there = f" (there are: {known})" if known else ""
        raise UsageError(f"no checklist was started for {checklist.target}: start one with a playbook{there}")
    exact = [each for each in checklist.items if each.id == item]
    found = exact or [each for each in checklist.items if each.id.partition("/")[2] == item]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"{item!r} is in several playbooks: {', '.join(each.id for each in found)}")
    ids = [each.id for each in checklist.items]
    near = difflib.get_close_matches(item, [*ids, *(each.partition("/")[2] for each in ids)], n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    raise UsageError(f"no item {item!r} for {checklist.target}{hint}; its items are: {', '.join(ids)}")


def _current(journal: Journal, library: Library, target: str, current: Checklist | None) -> Checklist:
    return current if current is not None else fold(journal.entries(), target, library)


def _about(target: str, item: ChecklistItem) -> dict[str, Any]:
    return {"target": target, "item": item.id, "text": item.text}


def _stamped(stamps: Sequence[Stamp]) -> dict[str, Any]:
    return {"stamps": [each.model_dump(mode="json", exclude_none=True) for each in stamps]} if stamps else {}


def _words(what: str, text: str, most: int = MAX_TEXT) -> str:
    words = text.strip()
    if not words:
        raise UsageError(f"a {what} is needed")
    if len(words) > most:
        raise UsageError(f"the {what} is too long: {len(words)} characters, at most {most}")
    return words
