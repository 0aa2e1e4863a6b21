"""The contract of inputs/topic_spec.json: what the system demands before it generates anything.

formats/curriculum-builder.md 1 (`topic_spec.py`); the messages are the system's own where they are recorded.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from cockpit.sources.fields import Obj, number

_TEXTS = ("goal", "audience")
_LISTS = ("prerequisites", "scope_in", "scope_out")
_REQUIRED = (*_TEXTS, *_LISTS, "constraints", "domain_mode", "evidence_mode")
_OPTIONAL = ("spec_version", "misconceptions", "context_pack")
_HOURS = ("hours_per_week", "total_hours_min", "total_hours_max")
_COUNTS = ("node_count_min", "node_count_max", "max_prerequisites_per_node")
_CONTEXT_LISTS = ("focus_terms", "local_paths", "preferred_resource_kinds", "required_outcomes")
_WORDS = {
    "domain_mode": ("frontier", "mature"),
    "evidence_mode": ("minimal", "standard", "strict"),
    "depth": ("mastery", "practical", "survey"),
}
_PLACEHOLDER = re.compile("replace_with|todo|example|tbd", re.IGNORECASE)
MAX_ERRORS = 10
"""The system prints no more (formats 2)."""


class SpecFault(NamedTuple):
    """One breach. `field` is where; `placeholder` marks words of the template that nobody replaced."""

    field: str
    message: str
    placeholder: bool = False


def check_spec(spec: Obj) -> tuple[SpecFault, ...]:
    """Every breach of the contract, in the order of the document; none means the run may generate."""
    found = [SpecFault(key, f"missing required key: {key}") for key in _REQUIRED if key not in spec]
    extra = sorted(key for key in spec if key not in _REQUIRED and key not in _OPTIONAL)
    if extra:
        found.append(SpecFault(extra[0], f"unexpected keys: {extra}"[:300]))
    for key in _TEXTS:
        found += _text(spec, key)
    for key in (*_LISTS, "misconceptions"):
        found += _texts(spec, key, key)
    if "constraints" in spec:
        found += _constraints(spec["constraints"])
    for key in ("domain_mode", "evidence_mode"):
        found += _word(spec, key, key)
    if "context_pack" in spec:
        found += _context(spec["context_pack"])
    return tuple(found)


def _text(spec: Obj, key: str) -> list[SpecFault]:
    if key not in spec:
        return []
    value = spec[key]
    if type(value) is not str or not value.strip():
        return [SpecFault(key, f"{key} must be a non-empty string")]
    if _PLACEHOLDER.search(value):
        return [SpecFault(key, f"{key} must not use placeholder text", placeholder=True)]
    return []


def _texts(spec: Obj, key: str, name: str) -> list[SpecFault]:
    if key not in spec:
        return []
    value = spec[key]
    if type(value) is not list or not all(type(item) is str and item.strip() for item in value):
        return [SpecFault(name, f"{name} must be a list of non-empty strings")]
    return []


def _word(spec: Obj, key: str, name: str) -> list[SpecFault]:
    known = _WORDS[key]
    if key not in spec or (type(spec[key]) is str and spec[key] in known):
        return []
    return [SpecFault(name, f"{name} must be one of {list(known)}")]


def _constraints(value: object) -> list[SpecFault]:
    if type(value) is not dict:
        return [SpecFault("constraints", "constraints must be an object")]
    found = [
        SpecFault(f"constraints.{key}", f"missing required key: constraints.{key}")
        for key in (*_HOURS, "depth")
        if key not in value
    ]
    known = (*_HOURS, "depth", *_COUNTS)
    extra = sorted(key for key in value if key not in known)
    if extra:
        found.append(SpecFault("constraints", f"unexpected keys in constraints: {extra}"[:300]))
    found += _numbers(value, _HOURS, lambda key: (number(value[key]) or 0) > 0, "must be > 0")
    found += _numbers(value, _COUNTS, lambda key: type(value[key]) is int and value[key] >= 1, "must be >= 1")
    for low, high in (("total_hours_min", "total_hours_max"), ("node_count_min", "node_count_max")):
        least, most = number(value.get(low)), number(value.get(high))
        if least is not None and most is not None and least > most:
            found.append(SpecFault(f"constraints.{low}", f"constraints.{low} must be <= constraints.{high}"))
    return found + _word(value, "depth", "constraints.depth")


def _numbers(value: Obj, keys: tuple[str, ...], fine: Callable[[str], bool], rule: str) -> list[SpecFault]:
    return [
        SpecFault(f"constraints.{key}", f"constraints.{key} {rule}") for key in keys if key in value and not fine(key)
    ]


def _context(value: object) -> list[SpecFault]:
    if type(value) is not dict:
        return [SpecFault("context_pack", "context_pack must be an object")]
    found = []
    if "domain" in value and type(value["domain"]) is not str:
        found.append(SpecFault("context_pack.domain", "context_pack.domain must be a string"))
    return found + [
        SpecFault(f"context_pack.{key}", f"context_pack.{key} must be a list")
        for key in _CONTEXT_LISTS
        if key in value and type(value[key]) is not list
    ]
