"""One line of a log in full, for the Detail pane: a JSON record taken apart, everything else wrapped.

Bounded in depth, rows and bytes; what looks like a credential is masked, by its shape and by the name it has.
"""

import re
from collections.abc import Iterator
from typing import Any

import orjson

from cockpit.diagnosis.masking import MASK, mask
from cockpit.presenters import words
from cockpit.units import show_size
from widgets.rows import Cell, TextRow, Tone

MOST = 1024 * 1024
"""Bytes of the longest line that is taken apart."""
MAX_DEPTH = 12
MAX_ROWS = 1_000
MAX_TEXT = 16_000
"""Characters of one line of text."""
_SECRET = re.compile(r"passw(?:or)?d|pwd$|secret|api[_-]?key|access[_-]?key|private[_-]?key|token$|credential", re.I)
_PLAIN = re.compile(r"[^\W\d][\w .,/@+()-]*")
_WORDS = frozenset({"null", "true", "false", "yes", "no"})
_INDENT = 2

Json = dict[str, Any] | list[Any] | str | int | float | bool | None
Part = tuple[int, tuple[Cell, ...]]
"""Indent and spans."""


def line_detail(raw: bytes, number: int | None, length: int, *, by_name: bool) -> list[TextRow]:
    """A line in full.

    Args:
        raw: The line, or as much of it as was read (at most `MOST` bytes are needed).
        number: From 0, where it is known.
        length: Bytes of the whole line.
        by_name: Keys of a record sorted by name rather than as they are in the file.
    """
    record = parse(raw) if length <= MOST else None
    title = "line" if number is None else f"line {number + 1:,}"
    if record is None:
        about, parts = show_size(length), _plain(raw, length)
    else:
        order = "keys by name" if by_name else "keys as in the file"
        about, parts = f"{show_size(length)}, {order}", _value(record, 0, by_name, "")
    head = TextRow(key="head", spans=(Cell(title, Tone.STRONG), Cell(f"  {about}", Tone.DIM)))
    rows = [head]
    for number_, (indent, spans) in enumerate(parts):
        if number_ >= MAX_ROWS:
            rows.append(TextRow(key="more", spans=(Cell("… more than is shown here; o opens the file", Tone.DIM),)))
            break
        rows.append(TextRow(key=f"part{number_}", spans=spans, indent=indent, hang=_INDENT))
    return rows


def parse(raw: bytes) -> Json | None:
    """The JSON object or array that a line is, or `None`."""
    if len(raw) > MOST or raw.lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict | list) else None


def _plain(raw: bytes, length: int) -> Iterator[Part]:
    text = raw[: 4 * MAX_TEXT].decode("utf-8", "replace")
    yield 0, (words.text(mask(text), limit=MAX_TEXT),)
    if length > len(raw) or len(text) > MAX_TEXT:
        yield 0, (Cell("… shift+right and shift+end scroll the line itself; o opens the file", Tone.DIM),)


def _value(value: Json, depth: int, by_name: bool, name: str) -> Iterator[Part]:
    """A value that stands on lines of its own."""
    indent = _INDENT * depth
    if depth >= MAX_DEPTH:
        yield indent, (_scalar(_dumped(value)[:400], name, quote=False),)
    elif isinstance(value, dict):
        for key in sorted(value) if by_name else value:
            yield from _entry(key, value[key], depth, by_name)
    elif isinstance(value, list):
        for item in value:
            yield from _item(item, depth, by_name, name)
    else:
        for line in _lines(value):
            yield indent, (_scalar(line, name, quote=False),)


def _entry(key: str, value: Json, depth: int, by_name: bool) -> Iterator[Part]:
    indent, label = _INDENT * depth, words.text(key, Tone.ACCENT, 200)
    if _short(value):
        yield indent, (label, Cell(": ", Tone.DIM), _scalar(value, key))
        return
    size = f": [{len(value)}]" if isinstance(value, list) else ":"
    yield indent, (label, Cell(size, Tone.DIM))
    yield from _value(value, depth + 1, by_name, key)


def _item(item: Json, depth: int, by_name: bool, name: str) -> Iterator[Part]:
    """An entry of an array: `- ` before its first line, the others beneath."""
    indent, dash = _INDENT * depth, Cell("- ", Tone.DIM)
    if _short(item):
        yield indent, (dash, _scalar(item, name))
        return
    for place, (inner, spans) in enumerate(_value(item, depth + 1, by_name, name)):
        yield (indent, (dash, *spans)) if not place and inner <= indent + _INDENT else (inner, spans)


def _short(value: Json) -> bool:
    """Whether it stands beside its key."""
    if isinstance(value, str):
        return "\n" not in value.strip("\n")
    return not isinstance(value, dict | list) or not value


def _lines(value: Json) -> list[str]:
    return value.split("\n") if isinstance(value, str) else [str(value)]


def _scalar(value: Json, name: str, *, quote: bool = True) -> Cell:
    """A single value in its tone; text that could be taken for another kind of value stands in quotes."""
    if not isinstance(value, str):
        return words.text(_dumped(value), Tone.BUSY)
    if _SECRET.search(name) and value:
        return Cell(MASK, Tone.WARN)
    text = mask(value)
    if quote and (not _PLAIN.match(text) or text.lower() in _WORDS):
        text = f'"{text}"'
    return words.text(text, limit=MAX_TEXT)


def _dumped(value: Json) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return "nested too deeply to be shown"
