"""The shortest way from what a terminal shows to what it should show: only cells that look different are written.

Textual repaints what was asked to be repainted, whole widgets at times, each piece of text with all of its colours.
At the other end of a slow line every one of those bytes is waited for.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.segment import Segment

from widgets.sgr import PLAIN, Styles

_NEAR = 4
"""So many unchanged cells between two changed ones are written again: a jump costs as much."""
_UNKNOWN = "\x00"
"""What stands in a cell nobody knows; no text looks like that."""
_REST = ""
"""What stands in the cells behind the first one of a text that is kept whole."""

_FEW = 5
"""Fewer lines than these are not worth scrolling for."""
_FARTHEST = 8
"""Lines that a scroll is looked for over."""

Run = tuple[int, int, Sequence[Segment]]
"""Column, line and text of something to draw."""
_Placed = tuple[int, int, list[str], list[int]]
"""Column, line, texts and styles of cells that are on the screen."""


class Wire:
    """What the terminal shows, cell by cell, as far as that is known.

    A text with wide, combining or joined characters is kept whole, since terminals do not agree on its width: what it
    stands on is blanked first, and what follows it is put into its own column, so that no column shifts.

    Args:
        system: The colours the terminal has.
    """

    def __init__(self, system: ColorSystem = ColorSystem.TRUECOLOR) -> None:
        self._styles = Styles(system)
        self._width = self._height = 0
        self._texts: list[list[str]] = []
        self._looks: list[list[int]] = []
        self._at: tuple[int, int] | None = None
        self._style = PLAIN

    def forget(self) -> None:
        """Nothing is known of what the terminal shows any more."""
        self._width = self._height = 0

    def draw(self, runs: Iterable[Run], size: tuple[int, int]) -> str:
        """What to write so that these runs are shown; empty where they are shown already.

        Args:
            runs: What to show; what they leave out stays.
            size: Columns and lines of the terminal; at another size than before, nothing is known of it.
        """
        if size != (self._width, self._height):
            self._begin(*size)
        self._at, self._style = None, PLAIN
        placed = [place for x, y, segments in runs if (place := self._place(x, y, segments)) is not None]
        written: list[str] = []
        self._scroll(placed, written)
        for place in placed:
            self._put(*place, written)
        if written:
            written.append(self._styles.way(self._style, PLAIN))
        return "".join(written)

    def _begin(self, width: int, height: int) -> None:
        self._width, self._height = width, height
        self._texts = [[_UNKNOWN] * width for _ in range(height)]
        self._looks = [[PLAIN] * width for _ in range(height)]

    def _place(self, x: int, y: int, segments: Sequence[Segment]) -> "_Placed | None":
        """The cells of a run that are on the screen."""
        if not 0 <= y < self._height:
            return None
        texts, looks = self._cells(segments)
        left, right = max(0, -x), min(len(texts), self._width - x)
        return (max(0, x), y, texts[left:right], looks[left:right]) if left < right else None

    def _put(self, x: int, y: int, texts: list[str], looks: list[int], written: list[str]) -> None:
        """Bring one run onto one line."""
        end = x + len(texts)
        old_texts, old_looks = self._texts[y], self._looks[y]
        before = old_texts[x:end], old_looks[x:end]
        if before == (texts, looks):
            return
        # A text kept whole that is overwritten in part leaves nothing to rely on.
        whole = end < self._width and old_texts[end] is _REST
        old_texts[x:end], old_looks[x:end] = texts, looks
        if whole:
            self._spoil(old_texts, end)
        for start, stop in _changed(texts, looks, *before):
            self._write(x + start, y, texts[start:stop], looks[start:stop], written)

    # -- lines that only moved

    def _scroll(self, placed: "Sequence[_Placed]", written: list[str]) -> None:
        """Let the terminal move lines that stand a little higher or lower now, over its whole width."""
        lines = sorted({y for _, y, _, _ in placed})
        if len(lines) < _FEW:
            return
        wanted = {y: (self._texts[y].copy(), self._looks[y].copy()) for y in lines}
        for x, y, texts, looks in placed:
            wanted[y][0][x : x + len(texts)], wanted[y][1][x : x + len(looks)] = texts, looks
        changed = [y for y in lines if wanted[y] != (self._texts[y], self._looks[y])]
        if len(changed) < _FEW:
            return
        moved: list[int] = []
        by = 0
        for step in (sign * size for size in range(1, _FARTHEST + 1) for sign in (1, -1)):
            fits = [y for y in changed if 0 <= y + step < self._height and wanted[y] == self._line(y + step)]
            if len(fits) > len(moved):
                moved, by = fits, step
        if len(moved) * 2 >= len(changed) and len(moved) >= _FEW:
            self._move_lines(min(moved[0], moved[0] + by), max(moved[-1], moved[-1] + by), by, written)

    def _line(self, y: int) -> tuple[list[str], list[int]]:
        return self._texts[y], self._looks[y]

    def _move_lines(self, top: int, bottom: int, by: int, written: list[str]) -> None:
        """Scroll the lines from `top` to `bottom` up by so many, or down where it is negative."""
        steps = abs(by)
        # In the terminal's own style, since new lines take the colour in force.
        written.append(f"\x1b[{top + 1};{bottom + 1}r")
        written.append(f"\x1b[{bottom + 1}H" + "\n" * steps if by > 0 else f"\x1b[{top + 1}H" + "\x1bM" * steps)
        written.append("\x1b[r")
        for lines, nothing in ((self._texts, _UNKNOWN), (self._looks, PLAIN)):
            fresh: list[Any] = [[nothing] * self._width for _ in range(steps)]
            kept: list[Any] = lines[top : bottom + 1]
            lines[top : bottom + 1] = kept[steps:] + fresh if by > 0 else fresh + kept[:-steps]

    @staticmethod
    def _spoil(texts: list[str], place: int) -> None:
        while place < len(texts) and texts[place] is _REST:
            texts[place] = _UNKNOWN
            place += 1

    def _cells(self, segments: Sequence[Segment]) -> tuple[list[str], list[int]]:
        texts: list[str] = []
        looks: list[int] = []
        for text, style, control in segments:
            if control or not text:
                continue
            look = self._styles.number(style)
            if narrow(text):
                texts += text
                looks += [self._styles.blank(look) if text.isspace() else look] * len(text)
            elif width := cell_len(text):
                texts += [text, *[_REST] * (width - 1)]
                looks += [look] * width
        return texts, looks

    def _write(self, x: int, y: int, texts: Sequence[str], looks: Sequence[int], written: list[str]) -> None:
        self._move(x, y, written)
        styles = self._styles
        for offset, (text, look) in enumerate(zip(texts, looks, strict=True)):
            if text is _REST:
                continue
            if self._at != (x + offset, y):
                self._move(x + offset, y, written)
            same = look == self._style or (text == " " and styles.blank(look) == styles.blank(self._style))
            if not same:
                written.append(styles.way(self._style, look))
                self._style = look
            if text.isascii() or (len(text) == 1 and narrow(text)):
                written.append(text)
                self._at = (x + offset + 1, y)
            else:
                # In the worst case the terminal takes it for narrower: blanks show there, and nothing shifts.
                written += [" " * cell_len(text), f"\x1b[{y + 1};{x + offset + 1}H", text]
                self._at = None
        if self._at is not None and self._at[0] >= self._width:
            self._at = None

    def _move(self, x: int, y: int, written: list[str]) -> None:
        if self._at == (x, y):
            return
        if self._at is not None and self._at[1] == y and x > self._at[0]:
            steps = x - self._at[0]
            written.append("\x1b[C" if steps == 1 else f"\x1b[{steps}C")
        else:
            written.append(f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H")
        self._at = (x, y)


@lru_cache(16_384)
def narrow(text: str) -> bool:
    """Whether every character of a text takes exactly one cell in every terminal."""
    return text.isascii() or all(character.isascii() or _surely_one(character) for character in text)


@lru_cache(4_096)
def _surely_one(character: str) -> bool:
    """Accented letters, punctuation, arrows, box drawing; nothing combined, joined, turned round or drawn wide."""
    if not character.isprintable() or cell_len(character) != 1:
        return False
    return character < _LETTERS_END or (_SIGNS[0] <= character <= _SIGNS[1] and character not in _PICTURES)


_LETTERS_END = "\u0590"
"""Behind Latin, Greek and Cyrillic letters; what follows is written from right to left, or joined."""
_SIGNS = ("\u2010", "\u25ff")
_PICTURES = frozenset("\u203c\u2049\u2139\u231a\u231b\u2328\u23cf\u24c2\u25b6\u25c0\u25fb\u25fc\u25fd\u25fe")
"""Signs that some fonts draw as wide pictures."""


def _changed(
    texts: Sequence[str], looks: Sequence[int], old_texts: Sequence[str], old_looks: Sequence[int]
) -> list[tuple[int, int]]:
    """Stretches of cells that are not what they were, from the first one to behind the last one of each."""
    found: list[tuple[int, int]] = []
    for index, (text, look, old_text, old_look) in enumerate(zip(texts, looks, old_texts, old_looks, strict=True)):
        if text == old_text and look == old_look:
            continue
        start = index
        while texts[start] is _REST and start:
            start -= 1
        if found and start - found[-1][1] <= _NEAR:
            found[-1] = (found[-1][0], index + 1)
        else:
            found.append((start, index + 1))
    return found
