"""Rows: what panes draw. Frozen, flat, cheap to compare; every text in them is already safe to show.

This module imports nothing outside the standard library, so that presenters (and headless verbs) can make rows
without loading Textual.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar, runtime_checkable


class Tone(StrEnum):
    """What a text means; themes decide what it looks like (component class `tone--<value>`)."""

    PLAIN = "plain"
    DIM = "dim"
    STRONG = "strong"
    ACCENT = "accent"
    OK = "ok"
    BUSY = "busy"
    WARN = "warn"
    BAD = "bad"


class Level(StrEnum):
    """How loud a row is: what the hunt keys `e` and `w` stop at."""

    INFO = "info"
    WARN = "warn"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Cell:
    """A piece of text with a meaning. The text is plain: never markup, never escape sequences."""

    text: str = ""
    tone: Tone = Tone.PLAIN
    block: bool = False
    """Drawn in reverse, to be seen from afar; bars only."""


EMPTY = Cell()


@dataclass(frozen=True, slots=True)
class Row:
    """What every row has.

    Attributes:
        key: Identity over updates; the cursor follows it. Never shown.
        level: For the hunt keys.
    """

    key: str
    level: Level = Level.INFO


@dataclass(frozen=True, slots=True)
class RunRow(Row):
    """One run."""

    state: Cell = EMPTY
    """Glyph and word of the state."""
    claim: Cell = EMPTY
    """The status the run claims, where the evidence disagrees; else empty."""
    name: Cell = EMPTY
    system: Cell = EMPTY
    """Whose run it is, where there are several systems."""
    where: Cell = EMPTY
    """flow › step"""
    steps: Cell = EMPTY
    age: Cell = EMPTY
    silent: Cell = EMPTY
    note: Cell = EMPTY
    """First reason of the state."""
    marked: bool = False


@dataclass(frozen=True, slots=True)
class ReceiptRow(Row):
    """One step's receipt, or a step that has none where one should be."""

    state: Cell = EMPTY
    step: Cell = EMPTY
    agent: Cell = EMPTY
    took: Cell = EMPTY
    tokens: Cell = EMPTY
    at: Cell = EMPTY
    note: Cell = EMPTY


@dataclass(frozen=True, slots=True)
class LogRow(Row):
    """One line of the routing log, a step log, a transcript or the timeline."""

    at: Cell = EMPTY
    where: Cell = EMPTY
    what: Cell = EMPTY
    text: Cell = EMPTY
    start: int = 0
    """Cells of the line that come before `text`: of a very long line only a piece is read."""


@dataclass(frozen=True, slots=True)
class JobRow(Row):
    """One job, or one run of several that are done at once."""

    state: Cell = EMPTY
    what: Cell = EMPTY
    run: Cell = EMPTY
    by: Cell = EMPTY
    age: Cell = EMPTY
    outcome: Cell = EMPTY


@dataclass(frozen=True, slots=True)
class CheckRow(Row):
    """One checklist item, or the heading of a section (`heading`, no state, not tickable)."""

    state: Cell = EMPTY
    text: Cell = EMPTY
    by: Cell = EMPTY
    at: Cell = EMPTY
    note: Cell = EMPTY
    heading: bool = False
    below: tuple[Cell, ...] = ()
    """Lines shown under the item in full width, wrapped: what must not be cut."""


@dataclass(frozen=True, slots=True)
class TextRow(Row):
    """A line of text in several tones; `link` says that Enter leads somewhere."""

    spans: tuple[Cell, ...] = ()
    indent: int = 0
    link: bool = False
    hang: int = 0
    """How much further the lines after the first are indented where the row is wrapped."""


RowT_co = TypeVar("RowT_co", bound=Row, covariant=True)


@runtime_checkable
class Leveled(Protocol):
    """A sequence of rows that knows where its loud lines are without making rows of all of them."""

    def next_level(self, start: int, step: int, levels: frozenset[Level]) -> int | None:
        """Index of the next row from `start` (exclusive) in direction `step` (+1 or -1) with one of `levels`."""
        ...


def hunt(rows: Sequence[Row], start: int, step: int, levels: frozenset[Level]) -> int | None:
    """Index of the next loud row after `start` in direction `step`, or `None`.

    Lazy sequences answer themselves (`Leveled`); tuples are walked.
    """
    if isinstance(rows, Leveled):
        return rows.next_level(start, step, levels)
    index = start + step
    while 0 <= index < len(rows):
        if rows[index].level in levels:
            return index
        index += step
    return None


@dataclass(frozen=True, slots=True)
class HeaderLine:
    """The one-line header: pieces from most to least important; the first `keep` are never dropped."""

    left: tuple[Cell, ...] = ()
    right: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyHint:
    """One entry of the footer or of help."""

    key: str
    title: str
    disabled: str | None = None
    """Why it cannot be used now, or `None`."""


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One line of a menu dialog or of help; a `name` stands in a column of its own before the title."""

    id: str
    title: str
    key: str = ""
    group: str = ""
    help: str = ""
    disabled: str | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class EmptyState:
    """What an empty pane says: what is the case, and what to do."""

    title: str
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FormField:
    """One question of a form.

    Attributes:
        name: What its answer is called in the form's result.
        label: What is asked, a few words.
        value: What it holds at first.
        choices: What it may hold; empty: any line of text.
        required: Whether it may not stay empty.
        hint: What is shown while it has the focus.
    """

    name: str
    label: str
    value: str = ""
    choices: tuple[str, ...] = ()
    required: bool = False
    hint: str = ""
