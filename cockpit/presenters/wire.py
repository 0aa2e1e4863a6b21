"""What goes over the wire, in few letters."""

from widgets.rows import Cell, Tone


def net_cell(sent: float, drawn: float, total: int) -> Cell:
    """`net 1.2kB/s 4f/s 93kB`.

    Args:
        sent: Bytes a second.
        drawn: Frames a second.
        total: Bytes so far.
    """
    return Cell(f"net {size(sent)}/s {drawn:.0f}f/s {size(total)}", Tone.DIM)


def size(number: float) -> str:
    """Bytes, in powers of a thousand, in at most five characters or so."""
    if number < 1_000:
        return f"{number:.0f}B"
    if number < 100_000:
        return f"{number / 1_000:.1f}kB"
    return f"{number / 1_000:.0f}kB" if number < 1_000_000 else f"{number / 1_000_000:.1f}MB"
