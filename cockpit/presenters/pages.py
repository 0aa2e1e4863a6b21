"""A playbook as a page for a terminal: wrapped to its width, with the ids and commands that the Markdown hides.

The Markdown itself reads well in an editor; in eighty cells its tables do not fit and its comments are noise.
"""

import re
from collections.abc import Iterator, Sequence

from cockpit.models.playbook import Playbook, PlaybookItem
from cockpit.playbooks.markdown import ITEM, Table, read_document
from cockpit.presenters import words
from widgets.cells import fit, wrap
from widgets.rows import Cell, Tone

Line = tuple[Cell, ...]

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r"#{1,6} +\S")
_BULLET = re.compile(r"(?P<mark>[-*+]|\d+[.)]) +(?P<text>\S.*)")
_COMMENT = re.compile(r"<!--.*?-->")
_GAP = 2
_NARROWEST = 8


def playbook_page(book: Playbook, width: int) -> list[Line]:
    """All of a playbook, in lines of at most `width` cells; only what stands in a code block may be longer."""
    page = _Page(book, max(width, 3 * _NARROWEST))
    return page.lines()


class _Page:
    """Walks through the Markdown once; the items come from the model, in their order."""

    def __init__(self, book: Playbook, width: int) -> None:
        self._book = book
        self._width = width
        self._items = iter(book.items)
        self._raw = book.body.split("\n")
        self._tables = {table.line: table for table in read_document(book.body).tables}

    def lines(self) -> list[Line]:
        """The page."""
        out: list[Line] = []
        at = 0
        titled = False
        while at < len(self._raw):
            line = self._raw[at]
            if fence := _FENCE.match(line):
                at = self._code(out, at, fence[1])
            elif not line.strip():
                if out and out[-1]:
                    out.append(())
                at += 1
            elif _HEADING.match(line):
                out.append((words.text(line.rstrip(), Tone.STRONG),))
                if not titled:
                    out += self._about()
                    titled = True
                at += 1
            elif ITEM.fullmatch(line.rstrip()):
                at = self._item(out, at)
            elif (table := self._tables.get(at + 1)) is not None:
                out += self._table(table)
                at += 2 + len(table.rows)
            else:
                at = self._prose(out, at)
        while out and not out[-1]:
            out.pop()
        return out

    def _about(self) -> Iterator[Line]:
        book = self._book
        told = [book.id, f"for {', '.join(book.systems)}" if book.systems else "for any system"]
        told += [f"runs that are {', '.join(book.states)}"] if book.states else []
        told += [f"usually {book.severity}"] if book.severity else []
        for part in wrap(words.text("; ".join(told)).text, self._width):
            yield (Cell(part, Tone.DIM),)

    def _code(self, out: list[Line], at: int, fence: str) -> int:
        """What stands between fences, as it is."""
        at += 1
        while at < len(self._raw):
            line = self._raw[at]
            at += 1
            mark = _FENCE.match(line)
            if mark and mark[1].startswith(fence) and not line.strip().strip(fence[0]):
                break
            out.append((words.text(f"  {line}" if line.strip() else "", Tone.ACCENT),))
        return at

    def _item(self, out: list[Line], at: int) -> int:
        item = next(self._items, None)
        if item is not None:
            out += self._item_lines(item)
        at += 1
        while at < len(self._raw) and self._raw[at].strip() and self._raw[at][0].isspace():
            at += 1
        return at

    def _item_lines(self, item: PlaybookItem) -> Iterator[Line]:
        yield from self._hanging("[ ] ", item.text)
        facts = [item.id]
        facts += [f"check {item.check}"] if item.check else []
        facts += [f"action {item.action}"] if item.action else []
        seen = f"see {item.evidence}" if item.evidence else ""
        told = words.text("  ".join(facts)).text
        if seen and len(told) + len(seen) + 6 <= self._width:
            told, seen = f"{told}  {words.text(seen).text}", ""
        for text in filter(None, (told, seen)):
            yield from self._hanging("    ", text, Tone.DIM)
        if item.command:
            # Never broken: it is there to be copied.
            yield (words.text(f"    $ {_typed(item.command)}", Tone.ACCENT),)
        for detail in item.detail:
            yield from self._hanging("    - ", detail)

    def _prose(self, out: list[Line], at: int) -> int:
        """A paragraph, or a list entry with what hangs below it."""
        first = self._raw[at]
        bullet = _BULLET.match(first.strip())
        parts = [bullet["text"] if bullet else first.strip()]
        at += 1
        while at < len(self._raw) and not self._begins(at):
            parts.append(self._raw[at].strip())
            at += 1
        text = _COMMENT.sub("", " ".join(parts)).replace("**", "").strip()
        if text:
            out += self._hanging(f"{bullet['mark']} " if bullet else "", text)
        return at

    def _begins(self, at: int) -> bool:
        """Whether a line is not the rest of a paragraph."""
        line = self._raw[at]
        return (
            not line.strip()
            or bool(_HEADING.match(line) or _FENCE.match(line) or _BULLET.match(line.strip()))
            or at + 1 in self._tables
        )

    def _hanging(self, mark: str, text: str, tone: Tone = Tone.PLAIN) -> Iterator[Line]:
        for number, part in enumerate(wrap(words.text(text).text, self._width - len(mark))):
            yield (Cell(f"{mark if number == 0 else ' ' * len(mark)}{part}", tone),)

    def _table(self, table: Table) -> Iterator[Line]:
        count = len(table.header)
        texts = [[words.text(cell).text for cell in table.header]]
        texts += [[words.text(cell).text for cell in (*cells, *[""] * count)[:count]] for _, cells in table.rows]
        widths = column_widths(texts, self._width)
        wrapped = [[wrap(text, width) for text, width in zip(row, widths, strict=True)] for row in texts]
        loose = any(len(cell) > 1 for row in wrapped[1:] for cell in row)
        for number, row in enumerate(wrapped):
            if loose and number > 1:
                yield ()
            tone = Tone.DIM if number == 0 else Tone.PLAIN
            for place in range(max(map(len, row))):
                pieces = [cell[place] if place < len(cell) else "" for cell in row]
                text = (" " * _GAP).join(fit(piece, width) for piece, width in zip(pieces, widths, strict=True))
                yield (Cell(text.rstrip(), tone),)


def column_widths(rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """How wide each column is, so that a row takes at most `width` cells and whole words stay whole where they can."""
    from rich.cells import cell_len

    columns = list(zip(*rows, strict=True))
    room = width - _GAP * (len(columns) - 1)
    wanted = [max(map(cell_len, column)) for column in columns]
    if sum(wanted) <= room:
        return wanted
    least = [max(cell_len(word) for text in column for word in (text.split() or [""])) for column in columns]
    if sum(least) > room:
        share = max(room // len(columns), 1)
        least = [min(one, max(share, _NARROWEST)) for one in least]
    widths = list(least)
    spare = max(room - sum(least), 0)
    while spare > 0 and (short := [place for place, want in enumerate(wanted) if widths[place] < want]):
        # A column that is longer by far is still read in lines: the root keeps it from taking all.
        weights = {place: (wanted[place] - widths[place]) ** 0.5 for place in short}
        total = sum(weights.values())
        for place in short:
            more = min(wanted[place] - widths[place], max(1, int(spare * weights[place] / total)), room - sum(widths))
            widths[place] += more
        spare = room - sum(widths)
    return widths


def _typed(command: Sequence[str]) -> str:
    """A command as one would type it. `{run}` is a field, not a shell's brace: it needs no quotes."""
    return " ".join(word if re.fullmatch(r"[\w@%+=:,./{}<>*-]+", word) else f'"{word}"' for word in command)
