"""How tones become colours: app variables of the theme, component classes, and the palette a widget draws with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from rich.style import Style
from textual.widget import Widget

from widgets.rows import Tone

THEME_VARIABLE_DEFAULTS: dict[str, str] = {
    "tone-plain": "#d7dae0",
    "tone-dim": "#9aa1b0",
    "tone-strong": "#ffffff",
    "tone-accent": "#7cc4ff",
    "tone-ok": "#7fcf8a",
    "tone-busy": "#9dbcff",
    "tone-warn": "#e8b84b",
    "tone-bad": "#ff9088",
    "tone-plain-style": "none",
    "tone-dim-style": "none",
    "tone-strong-style": "bold",
    "tone-accent-style": "none",
    "tone-ok-style": "none",
    "tone-busy-style": "none",
    "tone-warn-style": "none",
    "tone-bad-style": "bold",
    "cursor-foreground": "#ffffff",
    "cursor-background": "#1d3650",
    "cursor-style": "none",
    "cursor-blurred-foreground": "#d7dae0",
    "cursor-blurred-background": "#242831",
    "cursor-blurred-style": "none",
    "frame": "#5f6572",
    "frame-focus": "#7cc4ff",
    "pane-title": "#d7dae0",
    "pane-title-style": "none",
    "pane-title-focus": "#7cc4ff",
    "pane-title-focus-style": "bold",
    "bar-foreground": "#d7dae0",
    "bar-background": "#1e2229",
    # Textual's own CSS needs these two, and an ANSI theme of the user's may not set them.
    "ansi-background": "ansi_black",
    "ansi-foreground": "ansi_white",
}
"""Values of the app's own theme variables (those of the dark theme); themes override them. An app that uses these
widgets returns a copy from `get_theme_variable_defaults`."""


@dataclass(frozen=True, eq=False, slots=True)
class Palette:
    """The styles a widget draws lines with. A new object whenever the theme, the focus or a class changes.

    Attributes:
        base: The widget's own text on its own background.
        tones: What each tone adds to it.
        cursor: The selected line of the pane that has the focus.
        blurred: The selected line of the other panes.
        frame: The border.
        title: The title in it.
        flat: Whether the selected line of the focused pane drops its tones, because nothing is known about the
            terminal's colours and reversing each tone by itself would make a patchwork.
    """

    base: Style
    tones: Mapping[Tone, Style]
    cursor: Style
    blurred: Style
    frame: Style
    title: Style
    flat: bool

    def style(self, tone: Tone) -> Style:
        """The complete style of a tone on the widget's background."""
        return self.base + self.tones[tone]

    def on_cursor(self, tone: Tone, *, focused: bool) -> Style:
        """The complete style of a tone on the selected line."""
        if not focused:
            return self.base + self.blurred + self.tones[tone]
        if self.flat:
            return self.base + self.cursor
        return self.base + self.cursor + (self.tones[tone] if tone is not Tone.PLAIN else Style.null())


class LineWidget(Widget):
    """A widget that draws its lines itself, in tones. Foreign text in them is never parsed as markup."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"tone--{tone.value}" for tone in Tone),
        "line--cursor",
        "line--blurred",
        "line--frame",
        "line--title",
    }
    DEFAULT_CSS = """
    LineWidget {
        color: $tone-plain;
        & > .tone--plain { color: $tone-plain; text-style: $tone-plain-style; }
        & > .tone--dim { color: $tone-dim; text-style: $tone-dim-style; }
        & > .tone--strong { color: $tone-strong; text-style: $tone-strong-style; }
        & > .tone--accent { color: $tone-accent; text-style: $tone-accent-style; }
        & > .tone--ok { color: $tone-ok; text-style: $tone-ok-style; }
        & > .tone--busy { color: $tone-busy; text-style: $tone-busy-style; }
        & > .tone--warn { color: $tone-warn; text-style: $tone-warn-style; }
        & > .tone--bad { color: $tone-bad; text-style: $tone-bad-style; }
        & > .line--cursor {
            color: $cursor-foreground; background: $cursor-background; text-style: $cursor-style;
        }
        & > .line--blurred {
            color: $cursor-blurred-foreground; background: $cursor-blurred-background;
            text-style: $cursor-blurred-style;
        }
        & > .line--frame { color: $frame; }
        & > .line--title { color: $pane-title; text-style: $pane-title-style; }
        &:focus > .line--frame { color: $frame-focus; }
        &:focus > .line--title { color: $pane-title-focus; text-style: $pane-title-focus-style; }
        &:nocolor > .line--cursor { text-style: reverse; }
        &:nocolor:focus > .line--title { text-style: bold reverse; }
    }
    """
    ALLOW_SELECT = False
    _palette: Palette | None = None

    @property
    def palette(self) -> Palette:
        """The styles in force."""
        if self._palette is None:
            self._palette = self._make_palette()
        return self._palette

    def notify_style_update(self) -> None:
        """Called by Textual when the theme, the focus or a class changed."""
        super().notify_style_update()
        self._palette = None

    def _make_palette(self) -> Palette:
        def part(name: str) -> Style:
            return self.get_component_rich_style(name, partial=True)

        return Palette(
            base=self.rich_style,
            tones={tone: part(f"tone--{tone.value}") for tone in Tone},
            cursor=part("line--cursor"),
            blurred=part("line--blurred"),
            frame=part("line--frame"),
            title=part("line--title"),
            flat=self.app.native_ansi_color or self.app.no_color,
        )
