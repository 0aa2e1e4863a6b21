"""Generated parts of a document that people write in too: marked, found again, made anew without touching the rest.

    <!-- cockpit:begin timeline -->
    ...
    <!-- cockpit:end timeline -->

What stands between the marks is generated and replaced; everything else belongs to people and stays as it is.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cockpit.errors import UsageError
from cockpit.sanitize import clean

_MARK = re.compile(r"<!-- cockpit:(begin|end) ([a-z0-9-]{1,60}) -->")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a document.

    Attributes:
        name: Of a generated part; `None` of what people wrote.
        text: Its lines, marks apart, each with its line break.
        line: Number of its first line.
    """

    name: str | None
    text: str
    line: int


def parse(text: str, where: str) -> tuple[Part, ...]:
    """The parts of a document, in order.

    Args:
        text: The document.
        where: Its name, for messages.

    Raises:
        UsageError: A mark is without its other half, within another part, or there twice.
    """
    parts: list[Part] = []
    name: str | None = None
    start, lines = 1, list[str]()
    for number, line in enumerate(text.splitlines(keepends=True), start=1):
        mark = _MARK.fullmatch(line.strip())
        if mark is None:
            lines.append(line)
            continue
        begins, found = mark[1] == "begin", mark[2]
        if begins == (name is not None) or (not begins and found != name):
            raise UsageError(f"{clean(where)}:{number}: {clean(line.strip())} is without its other half")
        if begins and any(part.name == found for part in parts):
            raise UsageError(f"{clean(where)}:{number}: {found} begins a second time")
        parts.append(Part(name, "".join(lines), start))
        name, start, lines = (found if begins else None), number + 1, []
    if name is not None:
        raise UsageError(f"{clean(where)}:{start - 1}: {name} has no end")
    parts.append(Part(None, "".join(lines), start))
    return tuple(part for part in parts if part.name is not None or part.text)


def generated(parts: tuple[Part, ...]) -> Mapping[str, str]:
    """The generated parts by name, in order."""
    return {part.name: part.text for part in parts if part.name is not None}


def merge(old: tuple[Part, ...], new: tuple[Part, ...]) -> str:
    """The old document with its generated parts as they are in the new one.

    A part that the old one lacks comes behind the one before it, with the heading it has in the new one; one that is
    no longer generated stays.
    """
    fresh, there = generated(new), {part.name for part in old}
    behind: dict[str | None, list[Part]] = {}
    anchor: str | None = None
    before: list[Part] = []
    for part in new:
        if part.name is None:
            before = [part]
        elif part.name in there:
            anchor, before = part.name, []
        else:
            behind.setdefault(anchor, []).extend([*before, part])
            before = []
    pieces = [_written(part) for part in behind.get(None, ())]
    for part in old:
        kept = part if part.name is None else Part(part.name, fresh.get(part.name, part.text), part.line)
        pieces.append(_written(kept))
        if part.name is not None:
            pieces += [_written(each) for each in behind.get(part.name, ())]
    return "".join(pieces)


def _written(part: Part) -> str:
    if part.name is None:
        return part.text
    text = part.text if not part.text or part.text.endswith("\n") else f"{part.text}\n"
    return f"<!-- cockpit:begin {part.name} -->\n{text}<!-- cockpit:end {part.name} -->\n"
