"""What is written to the terminal: enough that it shows what it should, and no more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style

from tests.emulator import Emulator
from widgets.cells import fit
from widgets.sgr import PLAIN, Styles
from widgets.wire import Wire, narrow

SIZE = (24, 6)
STYLES = [
    Style(), Style(color="red"), Style(bold=True, color="#102030"), Style(bgcolor="blue"), Style(reverse=True),
    Style(underline=True), Style(color="default", bgcolor="default"), Style(dim=True, bold=True, bgcolor="#ffffff"),
]  # fmt: skip
WORDS = st.text(alphabet="ab c─│é日", max_size=12)
RUNS = st.tuples(
    st.integers(0, SIZE[0] - 1),
    st.integers(0, SIZE[1] - 1),
    st.lists(st.tuples(WORDS, st.integers(0, len(STYLES) - 1)), max_size=3),
)


def terminal() -> Emulator:
    emulator = Emulator(*SIZE)
    emulator.feed(b"\x1b[?7l")  # as Textual sets it: no wrapping
    return emulator


def show(emulator: Emulator, text: str) -> None:
    emulator.feed(text.encode())


def cells(emulator: Emulator) -> list[list[tuple[object, ...]]]:
    """What a person sees of each cell: a blank has no colour of its own."""
    screen = emulator.screen
    found: list[list[tuple[object, ...]]] = []
    for y in range(SIZE[1]):
        line: list[tuple[object, ...]] = []
        for x in range(SIZE[0]):
            cell = screen.buffer[y][x]
            blank = cell.data == " " and not cell.underscore and not cell.reverse
            ink = () if blank else (cell.fg, cell.bold, cell.italics)
            line.append((cell.data, cell.bg, cell.underscore, cell.reverse, ink))
        found.append(line)
    return found


def plainly(runs: list[tuple[int, int, list[Segment]]]) -> str:
    """The same without any cleverness: each character with its whole style, in its own place."""
    written = ""
    styles = Styles()
    for x, y, segments in runs:
        column = x
        for text, style, _ in segments:
            for character in text:
                number = styles.number(style)
                written += f"\x1b[0m\x1b[{y + 1};{column + 1}H{styles.way(PLAIN, number)}{character}"
                column += cell_len(character)
    return f"{written}\x1b[0m"


def clipped(run: tuple[int, int, list[tuple[str, int]]]) -> tuple[int, int, list[Segment]]:
    """A run that ends on the screen, as the compositor's do."""
    x, y, parts = run
    room, segments = SIZE[0] - x, []
    for text, style in parts:
        shown = fit(text, min(room, cell_len(text)))
        room -= cell_len(shown)
        segments.append(Segment(shown, STYLES[style]))
    return x, y, segments


@given(st.lists(st.lists(RUNS, max_size=4), min_size=1, max_size=6))
def test_the_terminal_shows_what_it_would_without(frames: list[list[tuple[int, int, list[tuple[str, int]]]]]) -> None:
    wire, short, plain = Wire(), terminal(), terminal()
    whole = [(0, y, [Segment("." * SIZE[0], STYLES[1])]) for y in range(SIZE[1])]
    show(short, wire.draw(whole, SIZE))
    show(plain, plainly(whole))
    for frame in frames:
        runs = [clipped(run) for run in frame]
        # One run at a time, so that halves of wide characters fall alike.
        for run in runs:
            show(plain, plainly([run]))
        show(short, wire.draw(runs, SIZE))
        # Whole lines are drawn again wherever something overlapped a wide character.
        if all(narrow(text) for _, _, parts in frame for text, _ in parts):
            broken = "日" in "".join(short.lines + plain.lines)
            assert broken or cells(short) == cells(plain)
    final = [(0, y, [Segment(fit(f"{y} end", SIZE[0]), STYLES[y])]) for y in range(SIZE[1])]
    show(short, wire.draw(final, SIZE))
    show(plain, plainly(final))
    assert cells(short) == cells(plain)


def line(text: str, style: Style | None = None, *, y: int = 0, x: int = 0) -> tuple[int, int, list[Segment]]:
    return x, y, [Segment(text, style)]


def test_what_is_shown_already_costs_nothing() -> None:
    wire = Wire()
    assert wire.draw([line("hello")], SIZE) == "\x1b[1Hhello"
    assert wire.draw([line("hello")], SIZE) == ""
    assert wire.draw([], SIZE) == ""


def test_only_what_differs_is_written() -> None:
    wire = Wire()
    wire.draw([line("one  12s running", Style(color="green"))], SIZE)
    assert wire.draw([line("one  13s running", Style(color="green"))], SIZE) == "\x1b[1;7H\x1b[32m3\x1b[0m"
    assert wire.draw([line("One  13s runninG", Style(color="green"))], SIZE) == "\x1b[1H\x1b[32mO\x1b[14CG\x1b[0m"


def test_blanks_need_no_colour_of_their_own() -> None:
    wire = Wire()
    wire.draw([line("     ", Style(color="green"))], SIZE)
    assert wire.draw([line("     ", Style(color="red", bold=True))], SIZE) == ""
    assert wire.draw([line("     ", Style(bgcolor="red"))], SIZE) != ""
    assert wire.draw([line("     ", Style(underline=True))], SIZE) != ""


def test_another_size_and_what_is_forgotten_are_written_whole() -> None:
    wire = Wire()
    first = wire.draw([line("hello")], SIZE)
    wire.draw([line("hello")], (30, 5))
    assert wire.draw([line("hello")], SIZE) == first
    wire.forget()
    assert wire.draw([line("hello")], SIZE) == first


def test_what_does_not_fit_is_left_out() -> None:
    wire = Wire()
    assert wire.draw([line("x", y=SIZE[1]), line("y", y=-1), line("z", x=SIZE[0])], SIZE) == ""
    assert wire.draw([line("abc", x=SIZE[0] - 2), line("defg", x=-2, y=1)], SIZE) == f"\x1b[1;{SIZE[0] - 1}Hab\x1b[2Hfg"


@pytest.mark.parametrize(
    "text",
    ["日本", "e\u0301tude", "👩\u200d👩\u200d👧", "\u202eabc", "שלום", "☎", "\U0001f6a8 down"],
    ids=["wide", "combining", "joined", "turned", "rtl", "picture", "emoji"],
)
def test_what_terminals_do_not_agree_on_shifts_nothing(text: str) -> None:
    """However wide the terminal takes it for: what follows is put into its own column, on a blank ground."""
    assert not narrow(text)
    width = cell_len(text)
    wire = Wire()
    written = wire.draw([(3, 2, [Segment(text), Segment("|")])], SIZE)
    assert written == f"\x1b[3;4H{' ' * width}\x1b[3;4H{text}\x1b[3;{4 + width}H|"
    assert wire.draw([(3, 2, [Segment(text), Segment("|")])], SIZE) == ""


@pytest.mark.parametrize("text", ["plain", "┌─ é ü ß ñ › … ─┐", "Ωж", ""])
def test_what_they_agree_on_is_not_treated_so(text: str) -> None:
    assert narrow(text)


def test_colours_are_brought_down_to_those_of_the_terminal() -> None:
    bright = Style(color="#ff0000", bgcolor="#00ff00")
    for system, codes in (
        (ColorSystem.TRUECOLOR, "38;2;255;0;0;48;2;0;255;0"),
        (ColorSystem.EIGHT_BIT, "38;5;196;48;5;46"),
        (ColorSystem.STANDARD, "31;42"),
    ):
        styles = Styles(system)
        assert styles.way(PLAIN, styles.number(bright)) == f"\x1b[{codes}m"


def test_from_style_to_style_by_the_shortest_way() -> None:
    styles = Styles()
    bold = styles.number(Style(bold=True, color="red"))
    red = styles.number(Style(color="red"))
    on_blue = styles.number(Style(color="red", bgcolor="blue"))
    assert styles.way(red, bold) == "\x1b[1m"
    assert styles.way(bold, red) == "\x1b[0;31m"
    assert styles.way(red, on_blue) == "\x1b[44m"
    assert styles.way(on_blue, red) == "\x1b[49m"
    assert styles.way(bold, PLAIN) == "\x1b[0m"
    assert styles.number(None) == styles.number(Style()) == PLAIN


def picture(lines: list[str]) -> list[tuple[int, int, list[Segment]]]:
    return [
        (0, y, [Segment("|"), Segment(fit(text, SIZE[0] - 2), STYLES[1]), Segment("|")]) for y, text in enumerate(lines)
    ]


@pytest.mark.parametrize("by", [1, 2, -1])
def test_lines_that_moved_are_moved_by_the_terminal(by: int) -> None:
    size = (SIZE[0], 12)
    log = [f"entry {number} of the log {number * 7919}" for number in range(40)]
    emulator = Emulator(*size)
    emulator.feed(b"\x1b[?7l")
    wire = Wire()
    show(emulator, wire.draw(picture(["title", *log[10:20], "edge"]), size))
    for turn in range(1, 4):
        start = 10 + by * turn
        written = wire.draw(picture(["title", *log[start : start + 10], "edge"]), size)
        show(emulator, written)
        assert emulator.lines == [f"|{fit(text, SIZE[0] - 2)}|" for text in ("title", *log[start : start + 10], "edge")]
        assert len(written) < abs(by) * 40 + 40, written


@given(
    st.lists(
        st.lists(st.sampled_from(["a", "bb", "c c c", "long line of text", ""]), min_size=12, max_size=12), max_size=5
    )
)
def test_whatever_moves_the_picture_is_right(frames: list[list[str]]) -> None:
    size = (SIZE[0], 12)
    emulator = Emulator(*size)
    emulator.feed(b"\x1b[?7l")
    wire = Wire()
    for lines in frames:
        show(emulator, wire.draw(picture(lines), size))
        assert emulator.lines == [f"|{fit(text, SIZE[0] - 2)}|" for text in lines]
