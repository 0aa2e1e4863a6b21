"""A tiny app around widgets under test, and what a person would see of it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from textual.app import App, ComposeResult
from textual.events import Key
from textual.geometry import Region
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widget import Widget

from widgets.line_list import LineList
from widgets.pane import Pane
from widgets.rows import Cell, RunRow, Tone
from widgets.style import THEME_VARIABLE_DEFAULTS

NASTY = "[/x] [@click=app.quit]x[/] [b]日本語 e\u0301 👩 עברית \\[ {}"
"""Markup that would crash or act, wide and combining characters, an emoji, right-to-left letters.

Rows are sanitised: they hold no escape sequences."""
SIZES = [(60, 16), (80, 24), (100, 30), (160, 45)]
Factory = Callable[[], Widget]


class Bench(App[None]):
    """Shows widgets one above the other and remembers their messages."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, *factories: Factory) -> None:
        super().__init__()
        self._factories = factories
        self.results: list[Any] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(THEME_VARIABLE_DEFAULTS)

    def compose(self) -> ComposeResult:
        for factory in self._factories:
            yield factory()

    def ask(self, dialog: ModalScreen[Any]) -> None:
        self.push_screen(dialog, self.results.append)


async def type_text(pilot: Pilot[None], text: str) -> None:
    """Press the key of every character, without waiting between them."""
    for character in text:
        pilot.app.post_message(Key(_character_to_key(character), character))
    await pilot.pause()


def screen_lines(app: App[Any]) -> list[str]:
    """Every line of the terminal, as text."""
    return [strip.text for strip in app.screen._compositor.render_strips()]


def pane_lines(pane: Widget) -> list[str]:
    """Every line of a widget that draws by line."""
    return [pane.render_line(y).text for y in range(pane.size.height)]


def body_lines(pane: Pane) -> list[str]:
    """The lines inside a pane's frame."""
    lines = pane_lines(pane)
    return [line[1:-1] for line in lines[1:-1]] if pane.framed else lines


@contextmanager
def repaints(*widgets: Widget) -> Iterator[list[Region | None]]:
    """Which regions of widgets are asked to be repainted meanwhile; `None` stands for a whole widget."""
    seen: list[Region | None] = []

    def spy(widget: Widget) -> Callable[..., Widget]:
        real = widget.refresh

        def refresh(*regions: Region, **options: Any) -> Widget:
            if options.get("repaint", True):
                seen.extend(regions or (None,))
            real(*regions, **options)
            return widget

        return refresh

    for widget in widgets:
        widget.refresh = spy(widget)  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        for widget in widgets:
            del widget.refresh


def run_row(index: int, *, key: str | None = None, name: str | None = None, note: str = "") -> RunRow:
    """A run that differs from its neighbours."""
    return RunRow(
        key=key or f"run-{index}",
        state=Cell("x failed" if index % 2 else "+ succeeded", Tone.BAD if index % 2 else Tone.OK),
        name=Cell(name or f"name-{index}"),
        where=Cell("build › implement"),
        steps=Cell("3/9", Tone.DIM),
        age=Cell("3d", Tone.DIM),
        silent=Cell("12m", Tone.DIM),
        note=Cell(note or f"note {index}", Tone.DIM),
    )


def run_rows(count: int) -> tuple[RunRow, ...]:
    """As many runs."""
    return tuple(run_row(index) for index in range(count))


class LazyRuns(Sequence[RunRow]):
    """Any number of runs, made when asked for; counts how often it is asked, and refuses to be walked."""

    lazy = True

    def __init__(self, size: int) -> None:
        self.size = size
        self.asked: list[int] = []

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: Any) -> Any:
        assert isinstance(index, int)
        if not 0 <= index < self.size:
            raise IndexError(index)
        self.asked.append(index)
        return run_row(index)

    def __iter__(self) -> Iterator[RunRow]:
        raise AssertionError("a lazy sequence was walked")


def keys_in_view(pane: LineList[Any]) -> list[str]:
    """Keys of the rows in view."""
    return [pane.row_at(index).key for index in pane.view.visible]
