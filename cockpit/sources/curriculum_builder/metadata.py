"""run.json, judged as strictly as the system judges it (formats/curriculum-builder.md 1, `meta.py`).

Whatever it rejects, no command of the system touches the run any more, not even its own `archive` (formats 3.1).
"""

from typing import NamedTuple

from cockpit.sources.curriculum_builder.stage import STAGES
from cockpit.sources.fields import Obj, items

_KEYS = frozenset(("at_utc", "event_type", "stage", "message", "metadata"))
_OLDER = frozenset(("at_utc", "stage", "reason"))


class Metadata(NamedTuple):
    """What run.json is worth.

    Attributes:
        data: The object, also where it is invalid.
        fault: Why the system refuses it, or `None`.
        legacy: Whether it is whole, but of a version before the events log.
    """

    data: Obj
    fault: str | None = None
    legacy: bool = False


def check(data: Obj) -> Metadata:
    """Judge a run.json that is a JSON object. Extra keys are allowed at the top, and only there."""
    fault = _fault(data)
    history = items(data.get("history"))
    legacy = fault is not None and bool(history) and all(_is_older(item) for item in history)
    return Metadata(data, fault, legacy)


def _is_older(item: object) -> bool:
    return type(item) is dict and set(item) == _OLDER


def _fault(data: Obj) -> str | None:
    for key in ("run_id", "created_at_utc", "stage"):
        if not _filled(data.get(key)):
            return f"{key} is missing or blank"
    if data["stage"] not in STAGES:
        return f"stage must be one of {list(STAGES)}, it is {data['stage']!r}"[:300]
    history = data.get("history")
    if type(history) is not list or not history:
        return "history must be a list with at least one item"
    for number, item in enumerate(history):
        fault = _item_fault(item)
        if fault is not None:
            return f"history[{number}] {fault}"
    return None


def _item_fault(item: object) -> str | None:
    if type(item) is not dict:
        return "is not an object"
    missing, extra = sorted(_KEYS - set(item)), sorted(set(item) - _KEYS)
    if missing:
        return f"missing keys: {missing}"
    if extra:
        return f"unexpected keys: {extra}"[:300]
    for key in ("at_utc", "event_type", "message"):
        if not _filled(item[key]):
            return f"{key} is blank"
    if item["stage"] not in STAGES:
        return f"stage must be one of {list(STAGES)}, it is {item['stage']!r}"[:300]
    return None if type(item["metadata"]) is dict else "metadata is not an object"


def _filled(value: object) -> bool:
    return type(value) is str and bool(value.strip())
