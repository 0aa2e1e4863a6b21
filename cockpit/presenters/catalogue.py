"""The library of playbooks as a table."""

from collections.abc import Sequence

from cockpit.models.playbook import Playbook
from cockpit.presenters import words
from widgets.rows import Cell, Tone


def catalogue_rows(books: Sequence[Playbook]) -> list[tuple[Cell, ...]]:
    """The library as a table: id, items, systems, title; one's own are marked, and what they take the place of."""
    return [
        (
            words.text(book.id, Tone.STRONG),
            Cell(str(len(book.items))),
            words.text(_systems(book)),
            Cell("shipped", Tone.DIM) if book.shipped else Cell("yours", Tone.ACCENT),
            words.text(f"{book.title}{f' (instead of {book.overrides})' if book.overrides else ''}"),
        )
        for book in books
    ]


def _systems(book: Playbook) -> str:
    if len(book.systems) > 1:
        return f"{len(book.systems)} systems"
    return book.systems[0] if book.systems else "any"
