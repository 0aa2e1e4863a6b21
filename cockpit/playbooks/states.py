"""When each state of a checklist item holds. Pure functions of the record and the evidence.

The journal records four states; the evidence adds two, which are never stored. As of any moment, the first that
applies:

1. `open`: nothing settled the item, or the last word took that back. A check that holds does not settle it by itself:
   somebody has to tick or verify it.
2. `skipped`: somebody left it out, with a reason. No evidence contradicts a decision.
3. `contradicted`: it was ticked or verified, and its check says now that it is not so (`not met`). That is the case
   whether or not a file changed meanwhile, and ends as soon as the check no longer says so.
4. `stale`: it was ticked or verified, and a file it was settled against is not what it was: changed, gone, or there
   where none was. It ends when the file is again what it was, or when somebody ticks or verifies the item once more.
   A file that cannot be looked at now says nothing.
5. `verified`: the last word came from a check that was met, and rests on its evidence.
6. `done`: a person attested it.

A check that cannot tell changes nothing. So what a person says stands until the evidence says otherwise; it never
stands over it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cockpit.models.playbook import Checklist, ChecklistItem, CheckResult, ItemState, Outcome, Stamp
from cockpit.runtime.fingerprints import ABSENT

Prints = Mapping[tuple[str | None, str, int | None], str | None]
"""Fingerprints now, by root (`None`: the target's own), path and line; `None` where nothing can be told."""

SETTLED = frozenset((ItemState.DONE, ItemState.VERIFIED))


def key_of(stamp: Stamp) -> tuple[str | None, str, int | None]:
    """Where a stamp's fingerprint stands in `Prints`."""
    return stamp.root, stamp.path, stamp.line


def live(item: ChecklistItem, found: CheckResult | None, now: Prints) -> ChecklistItem:
    """An item as it stands against the evidence.

    Args:
        item: As recorded.
        found: What its check says now; `None` where it has none or was not asked.
        now: Fingerprints of what it was settled against.
    """
    item = item.model_copy(update={"found": found, "why": None})
    if item.state not in SETTLED:
        return item
    if found is not None and found.outcome is Outcome.NOT_MET:
        return item.model_copy(update={"state": ItemState.CONTRADICTED, "why": found.why})
    changes = [why for stamp in item.stamps if (why := change(stamp, now.get(key_of(stamp)))) is not None]
    if changes:
        return item.model_copy(update={"state": ItemState.STALE, "why": "; ".join(changes)})
    return item


def change(stamp: Stamp, now: str | None) -> str | None:
    """What happened to a file since, one sentence; `None` where it is what it was or nothing can be told."""
    if now is None or now == stamp.fingerprint:
        return None
    place = stamp.path if stamp.line is None else f"{stamp.path}:{stamp.line}"
    if now == ABSENT:
        return f"{place} is gone"
    if stamp.fingerprint == ABSENT:
        return f"{place} is there now"
    return f"{place} was changed since"


def stand(checklist: Checklist, found: Mapping[str, CheckResult], now: Prints) -> Checklist:
    """A whole checklist as it stands; `found` by item id."""
    items = tuple(live(item, found.get(item.id), now) for item in checklist.items)
    return checklist.model_copy(update={"items": items})


def stamps_of(items: Iterable[ChecklistItem]) -> tuple[Stamp, ...]:
    """Every place that recorded states rest on, each once."""
    found = {key_of(stamp): stamp for item in items if item.state in SETTLED for stamp in item.stamps}
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class Look:
    """What the evidence says of a checklist: each check's answer by item id, and fingerprints now."""

    found: Mapping[str, CheckResult] = field(default_factory=dict)
    prints: Prints = field(default_factory=dict)

    def stand(self, checklist: Checklist) -> Checklist:
        """A checklist as it stands by this look, which may be of a moment ago."""
        return stand(checklist, self.found, self.prints)
