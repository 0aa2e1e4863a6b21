"""The Markdown of a playbook, line by line: task-list items, headings and tables. Knows no playbooks.

An item is a list entry with a box, what stands indented below it, and an HTML comment with its attributes, which no
renderer shows::

    - [ ] Read the receipt of the failing step <!-- id: receipt; evidence: {flow}/receipts/{step}-{agent}.json -->
      - `status` says how it ended, `error` what stopped it.

Nothing here raises, whatever the text; what stands in a fenced code block is no item, heading or table.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

ITEM = re.compile(r"[-*+] \[[ xX]\] +(?P<text>\S.*)")
"""The first line of a task-list item."""

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r"(?P<level>#{1,6}) +(?P<text>.*?) *#* *")
_BULLET = re.compile(r"\s*[-*+] +(\[[ xX]\] +)?")
_COMMENT = re.compile(r"<!--(.*?)-->", re.DOTALL)
_ATTRIBUTE = re.compile(r"(?:^|;)\s*([A-Za-z_-]+)\s*:\s")
_CELL_SPLIT = re.compile(r"(?<!\\)\|")
_RULE_CELL = re.compile(r":?-{1,}:?")


@dataclass(frozen=True, slots=True)
class TaskItem:
    """A task-list item: where it starts (1-based), its text and detail lines, and the attributes of its comment."""

    line: int
    section: str
    text: str
    detail: tuple[str, ...]
    attributes: tuple[tuple[str, str], ...]
    stray: str = ""
    """What of the comment is no attribute."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table: the line of its header (1-based), header cells, and its rows with their lines."""

    line: int
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


@dataclass(slots=True)
class Document:
    """What was found, in order."""

    title: str | None = None
    items: list[TaskItem] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)


def read_document(text: str, first_line: int = 1) -> Document:
    """Find items and tables in Markdown.

    Args:
        text: The Markdown.
        first_line: Number of its first line in the file, for the line numbers given back.
    """
    document = Document()
    lines = list(_unfenced(text, first_line))
    section = ""
    index = 0
    while index < len(lines):
        number, line = lines[index]
        if heading := _HEADING.fullmatch(line):
            if len(heading["level"]) == 1:
                document.title = document.title or heading["text"] or None
            section = heading["text"] if len(heading["level"]) > 1 else ""
            index += 1
        elif item := ITEM.fullmatch(line.rstrip()):
            block = _indented(lines, index + 1)
            document.items.append(_task_item(number, section, item["text"], block))
            index += 1 + len(block)
        elif _is_table(lines, index):
            table = _table(lines, index)
            document.tables.append(table)
            index += 2 + len(table.rows)
        else:
            index += 1
    return document


def _unfenced(text: str, first_line: int) -> Iterator[tuple[int, str]]:
    """Numbered lines; those in fenced code blocks come as empty ones."""
    fence: str | None = None
    for number, line in enumerate(text.split("\n"), start=first_line):
        mark = _FENCE.match(line)
        if fence is None:
            fence = mark[1] if mark else None
            yield number, "" if mark else line.rstrip("\r")
        else:
            if mark and mark[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = None
            yield number, ""


def _indented(lines: list[tuple[int, str]], start: int) -> list[str]:
    """The lines below an item that belong to it: indented, up to the first that is not."""
    block: list[str] = []
    for _, line in lines[start:]:
        if not line.strip() or not line[0].isspace():
            break
        block.append(line)
    return block


def _task_item(number: int, section: str, text: str, block: list[str]) -> TaskItem:
    raw = "\n".join([text, *block])
    comments = _COMMENT.findall(raw)
    pieces = _COMMENT.sub("", raw).split("\n")
    words = [pieces[0].strip()]
    detail: list[str] = []
    for piece in pieces[1:]:
        content = piece.strip()
        if not content:
            continue
        if _BULLET.match(piece):
            detail.append(_BULLET.sub("", piece, count=1).strip())
        elif detail:
            detail[-1] = f"{detail[-1]} {content}"
        else:
            words.append(content)
    attributes: list[tuple[str, str]] = []
    stray: list[str] = []
    for comment in comments:
        found, rest = _attributes(comment)
        attributes += found
        stray += [rest] if rest else []
    return TaskItem(
        line=number,
        section=section,
        text=" ".join(word for word in words if word),
        detail=tuple(detail),
        attributes=tuple(attributes),
        stray="; ".join(stray),
    )


def _attributes(comment: str) -> tuple[list[tuple[str, str]], str]:
    """`name: value; name: value` as pairs, and what stands before the first of them."""
    flat = f"{' '.join(comment.split())} "
    found = list(_ATTRIBUTE.finditer(flat))
    if not found:
        return [], flat.strip()
    ends = [match.start() for match in found[1:]] + [len(flat)]
    pairs = [(match[1], flat[match.end() : end].strip()) for match, end in zip(found, ends, strict=True)]
    return pairs, flat[: found[0].start()].strip()


def _is_table(lines: list[tuple[int, str]], index: int) -> bool:
    if index + 1 >= len(lines) or "|" not in lines[index][1]:
        return False
    cells = _cells(lines[index + 1][1])
    return "|" in lines[index + 1][1] and bool(cells) and all(_RULE_CELL.fullmatch(cell) for cell in cells)


def _table(lines: list[tuple[int, str]], index: int) -> Table:
    rows: list[tuple[int, tuple[str, ...]]] = []
    for number, line in lines[index + 2 :]:
        if "|" not in line:
            break
        rows.append((number, _cells(line)))
    return Table(lines[index][0], _cells(lines[index][1]), tuple(rows))


def _cells(line: str) -> tuple[str, ...]:
    """The cells of a table row, without their code marks."""
    inner = line.strip().removeprefix("|")
    if inner.endswith("|") and not inner.endswith("\\|"):
        inner = inner[:-1]
    return tuple(cell.strip().replace("\\|", "|").replace("`", "") for cell in _CELL_SPLIT.split(inner))
