"""What an empty pane says, centred."""

from rich.cells import cell_len

from widgets.cells import wrap
from widgets.rows import EmptyState, Tone


def draw_empty(state: EmptyState, line: int, height: int, width: int) -> list[tuple[str, Tone]]:
    """The texts of line `line` of a pane of `height` lines and `width` cells that has nothing to show."""
    room = max(1, width - 4)
    title = [(text, Tone.STRONG) for text in wrap(state.title, room)]
    hints = [(text, Tone.DIM) for hint in state.hints for text in wrap(hint, room)]
    between = [("", Tone.DIM)] if hints and height > len(title) + len(hints) else []
    lines = [*title, *between, *hints][:height]
    index = line - (height - len(lines)) // 2
    if not 0 <= index < len(lines):
        return []
    text, tone = lines[index]
    # Hints are one block, flush left, so that what they start with (keys) stands in a column.
    block = cell_len(text) if index < len(title) else max(cell_len(hint) for hint, _ in hints)
    return [(" " * max(0, (width - block) // 2), Tone.PLAIN), (text, tone)]
