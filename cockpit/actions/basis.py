"""The facts a plan rests on, by name, so that a refusal can say what moved since it was made."""

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256

from cockpit.clock import iso
from cockpit.errors import Change
from cockpit.models.detail import RunDetail
from cockpit.models.records import Handoff, Receipt
from cockpit.models.run import Run
from cockpit.sanitize import clean

_DAWN = datetime.min.replace(tzinfo=UTC)
_LONGEST = 160


def basis_of(run: Run | None, detail: RunDetail | None, fingerprint: str) -> dict[str, str]:
    """Named facts of a run as it was planned from; short and clean, for people.

    Args:
        run: Its verdict, judged from `detail` alone, so that one judged later can be compared with it.
        detail: Its facts; `None` where they cannot be read.
        fingerprint: Of what is on disk of it.
    """
    facts: dict[str, str] = {}
    if run is not None:
        facts["state"] = run.state.value
        facts["claims"] = run.claimed or ""
        facts["step"] = " › ".join(part for part in (run.flow, run.step) if part)
    if detail is not None:
        facts["receipts"] = str(len(detail.receipts))
        facts["newest receipt"] = _newest(detail.receipts)
        facts["handoffs"] = str(len(detail.handoffs))
        facts["newest handoff"] = _newest(detail.handoffs)
        facts["decisions"] = str(len(detail.routing))
        facts["events"] = str(len(detail.events))
        facts["unreadable"] = str(len(detail.problems))
        facts["last sign of life"] = iso(detail.updated_at) or ""
    facts["files"] = sha256(fingerprint.encode("utf-8", "backslashreplace")).hexdigest()[:12]
    return {name: clean(value, _LONGEST) for name, value in facts.items() if value}


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Change, ...]:
    """What differs between the facts of two moments; the bare fingerprint only where nothing else says it."""
    names = dict.fromkeys((*after, *before))
    found = [Change(name, before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)]
    telling = [change for change in found if change.name != "files"]
    return tuple(telling or found)


def _newest(records: "tuple[Receipt, ...] | tuple[Handoff, ...]") -> str:
    """Path and time of the newest record."""
    if not records:
        return ""
    newest = max(records, key=_moment)
    at = _moment(newest)
    return newest.path if at == _DAWN else f"{newest.path} of {iso(at)}"


def _moment(record: Receipt | Handoff) -> datetime:
    found = record.modified_at or (record.ended_at if isinstance(record, Receipt) else record.at)
    return found or _DAWN
