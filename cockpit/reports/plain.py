"""Models as the JSON of a report: moments as UTC text, enums as their words, tuples as lists."""

import json
import math
from datetime import datetime
from enum import Enum
from typing import Any

from pydantic import BaseModel

from cockpit.clock import iso

_MAX_DEPTH = 60


def plain(value: object, depth: int = 0) -> Any:  # noqa: ANN401 - JSON
    """A value as JSON has it; what is no number is `null`, what is nested too deeply is cut."""
    if depth > _MAX_DEPTH:
        return "…"
    if isinstance(value, BaseModel):
        return {name: plain(getattr(value, name), depth + 1) for name in type(value).model_fields}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, dict):
        return {str(key): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def to_bytes(value: object) -> bytes:
    """JSON as reports keep it: sorted keys, two spaces, readable UTF-8, newline at the end."""
    text = json.dumps(plain(value), sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "backslashreplace") + b"\n"


def to_text(text: str) -> bytes:
    """A report's text as it is kept; surrogates, which UTF-8 has none for, are escaped."""
    return text.encode("utf-8", "backslashreplace")
