"""One line of the journal: canonical JSON, sealed with a hash and chained to the line before.

Canonical means keys sorted, no spaces, UTF-8, a newline at the end (orjson with sorted keys). A line's hash is the
sha256 of its canonical form without the field `hash`; `prev` is the hash of the line before. What a reader gets is
always parsed from the very bytes that were written.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from pydantic import ValidationError

from cockpit.clock import iso
from cockpit.errors import UsageError
from cockpit.models.journal import Actor, Entry
from cockpit.tokens import hide

GENESIS = "0" * 64
"""`prev` of the first line."""

MAX_LINE = 1 << 20
"""Bytes of the longest line that is written; readers give up on longer ones."""


def canonical(value: object) -> bytes:
    """The one JSON form of a value: sorted keys, no spaces, UTF-8.

    Raises:
        TypeError: The value cannot be JSON (as orjson says).
    """
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def digest(fields: Mapping[str, Any]) -> str:
    """The hash of a line from its fields; a field `hash` among them is left out."""
    return hashlib.sha256(canonical({key: value for key, value in fields.items() if key != "hash"})).hexdigest()


def seal(
    *, seq: int, at: datetime, actor: Actor, kind: str, incident: str | None, data: Mapping[str, Any], prev: str
) -> tuple[bytes, Entry]:
    r"""The line to write (with its newline) and the entry a reader will make of it.

    Texts that are no valid Unicode (file names with stray bytes) are recorded with those bytes spelled out, as
    `\udcff`. What is recorded stays for ever: tokens of a known shape (`cockpit.tokens`) are hidden.

    Raises:
        UsageError: The line would be longer than `MAX_LINE`.
        TypeError: `data` holds something that is no JSON.
        ValueError: `data` is nested too deeply to be read back.
    """
    fields: dict[str, Any] = {
        "actor": actor.model_dump(),
        "at": iso(at),
        "data": dict(data),
        "incident": incident,
        "kind": kind,
        "prev": prev,
        "seq": seq,
    }
    try:
        body = canonical(fields)
    except TypeError:
        body = canonical(_printable(fields))
    body = hide(body.decode()).encode()
    fields = orjson.loads(body)
    fields["hash"] = hashlib.sha256(body).hexdigest()
    line = canonical(fields)
    if len(line) >= MAX_LINE:
        raise UsageError(f"too much for one journal entry: {len(line)} bytes, at most {MAX_LINE - 1}")
    entry = decode(line)
    if entry is None:
        raise ValueError(f"journal data of {kind!r} cannot be read back")
    return line + b"\n", entry


def decode(line: bytes) -> Entry | None:
    """The entry on a line, or `None` where it holds none. Does not look at the hashes."""
    try:
        return Entry.model_validate_json(line)
    except (ValidationError, ValueError, RecursionError):
        return None


class BrokenLineError(ValueError):
    """A line is not what was written there; the message says why, for people."""


def check(line: bytes, seq: int, prev: str) -> Entry:
    """The entry on a line that should be number `seq` and follow the hash `prev`.

    Raises:
        BrokenLineError: The line was changed, is missing its place, or never was an entry.
    """
    try:
        fields = orjson.loads(line)
    except ValueError:
        raise BrokenLineError("not JSON") from None
    entry = decode(line)
    if entry is None or not isinstance(fields, dict):
        raise BrokenLineError("not a journal entry")
    # Canonical as well as sealed: a change that means the same (a space, an escape) is a change.
    if canonical(fields) != line or entry.hash != digest(fields):
        raise BrokenLineError("changed after it was written (its hash does not match)")
    if entry.seq != seq:
        raise BrokenLineError(f"out of order: entry {entry.seq} where {seq} should be")
    if entry.prev != prev:
        raise BrokenLineError("does not follow the line before (chain broken)")
    return entry


def _printable(value: object) -> object:
    """A copy in which every text is valid Unicode."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, Mapping):
        return {_printable(key): _printable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(item) for item in value]
    return value
