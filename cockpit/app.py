"""The application: wires session, themes, key map and screens. Decides nothing."""

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import ClassVar

from rich.console import RenderableType
from textual.app import App
from textual.binding import Binding, BindingType
from textual.filter import Monochrome, NoColor
from textual.theme import Theme

from cockpit import locations
from cockpit.comeback import Comeback, Remembered, session_path
from cockpit.commands import Command
from cockpit.filtering import EVERYTHING, Filter
from cockpit.hangup import Hangup
from cockpit.keymap import Keymap, build_keymap
from cockpit.own_keys import own_keys
from cockpit.presenters.times import TimeStyle
from cockpit.screens.bindings import textual_keymap
from cockpit.screens.cockpit import CockpitScreen
from cockpit.screens.returning import in_view, view_of
from cockpit.screens.view import ViewState
from cockpit.session import Session
from cockpit.terminal import frames_a_second, pick_theme
from cockpit.theming import load_themes, shipped_dir
from cockpit.typeahead import TypeAhead
from cockpit.view_settings import SavedView
from widgets.style import THEME_VARIABLE_DEFAULTS

QUIT_WINDOW_S = 2.0
"""Two ctrl-c within this many seconds quit."""
SWITCH_S = 0.0005
"""Seconds a background thread may keep the interpreter while a key waits."""


class CockpitApp(TypeAhead[None], inherit_bindings=False):
    """One session on one terminal."""

    TITLE = "cockpit"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS: list[tuple[int, str]] | None = [(0, "-narrow"), (82, "-roomy")]  # noqa: RUF012 - as Textual
    # Textual's own ctrl-q, which quits without a question, is not inherited. Ctrl-c works in dialogs and inputs too.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "interrupt", show=False, system=True, priority=True, id="app.quit")
    ]
    _own_themes: tuple[str, ...] = ()
    _begun = False

    def __init__(
        self,
        session: Session,
        view: ViewState | None = None,
        theme: str | None = None,
        *,
        comeback: Comeback | None = None,
        remembered: Remembered | None = None,
    ) -> None:
        super().__init__()
        self.session = session
        self.view = view or ViewState(
            times=TimeStyle(session.settings.times), unicode=session.settings.glyphs == "unicode"
        )
        self.pace.fps = frames_a_second(session.settings.fps, os.environ)
        self.keymap_in_force: Keymap = build_keymap(session.settings.keys)
        self.own_keys = own_keys(session.settings.actions, self.keymap_in_force)
        found = self._load_themes(theme or session.settings.theme)
        self._problems = [*found, *self.keymap_in_force.problems, *self.own_keys.problems]
        if self.no_color:
            # Textual would still send greys.
            self._filters[:] = [NoColor() if isinstance(each, Monochrome) else each for each in self._filters]
        self._panes = CockpitScreen(session, self.view, comeback, remembered)
        self._hangup = Hangup(self._leave, lambda: getattr(self._driver, "attrs_before", None))
        self._interrupted_at: float | None = None
        self.crash: Exception | None = None

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The app's own variables, for themes that do not set them."""
        return dict(THEME_VARIABLE_DEFAULTS)

    def on_mount(self) -> None:
        """The screen, and once all that the configuration has wrong."""
        if not self.is_headless:
            self._hangup.start()
        self.set_keymap(textual_keymap(self.keymap_in_force))
        self.push_screen(self._panes)
        for problem in self._problems:
            self.notify(problem, title="Configuration", severity="warning", markup=False, timeout=10)

    def typed(self) -> None:
        """Whoever types has seen what was told; and it may lead elsewhere: where, is remembered soon after."""
        self._panes.attention.noticed()
        self._panes.returning.stir()

    def exit(self, result: None = None, return_code: int = 0, message: RenderableType | None = None) -> None:
        """End, however that came about; where the operator was is kept first."""
        self._remember()
        super().exit(result, return_code, message)

    def _remember(self) -> None:
        """Never the reason why the session does not end."""
        with suppress(Exception):
            self._panes.returning.keep()

    def post_display_hook(self) -> None:
        """Textual calls this after every frame. All other work waits for the first that shows the panes."""
        if self._begun or self._batch_count or not self._screen_stack:
            return
        screen = self.screen
        if isinstance(screen, CockpitScreen) and screen.is_mounted:
            self._begun = True
            screen.call_next(screen.begin)

    def _leave(self, code: int) -> None:
        """End with an exit code; jobs go on."""
        self.exit(return_code=code)

    def _load_themes(self, wanted: str) -> Sequence[str]:
        """Register every theme and choose the wanted one before anything is drawn; what is wrong with them."""
        loaded = load_themes([shipped_dir(), locations.config_dir() / "themes"])
        for theme in loaded.themes.values():
            self.register_theme(theme)
        self._own_themes = tuple(loaded.themes)
        wanted = pick_theme(wanted, self.console.color_system, os.environ)
        name = wanted if wanted in loaded.themes else "dark"
        if name in loaded.themes:
            # Not by assignment: that would style everything a second time. What Textual made of its own default theme
            # before any of ours was known is made again here.
            self.set_reactive(App.theme, name)
            self.stylesheet.set_variables(self.get_css_variables())
            self.set_class(self.current_theme.dark, "-dark-mode", update=False)
            self.set_class(not self.current_theme.dark, "-light-mode", update=False)
            self._refresh_truecolor_filter(self.ansi_theme)
        if wanted in loaded.themes:
            return loaded.problems
        return (*loaded.problems, f"no theme {wanted!r}; there are {', '.join(sorted(loaded.themes))}")

    def reload_themes(self) -> Sequence[str]:
        """Read the theme files again and draw with them; what is wrong with them. A broken one stays as it was."""
        loaded = load_themes([shipped_dir(), locations.config_dir() / "themes"])
        for theme in loaded.themes.values():
            self.register_theme(theme)
        self._own_themes = tuple(dict.fromkeys((*self._own_themes, *loaded.themes)))
        self._refresh_truecolor_filter(self.ansi_theme)
        self._invalidate_css()
        self.refresh_css(animate=False)
        return loaded.problems

    @property
    def available_themes(self) -> dict[str, Theme]:
        """Ours only: Textual's own do not know what tones mean."""
        every = super().available_themes
        return {name: every[name] for name in self._own_themes if name in every} if self._own_themes else every

    def use_theme(self, name: str) -> bool:
        """Switch to a theme; whether there is one of that name."""
        name = pick_theme(name, self.console.color_system, os.environ)
        if name not in self.available_themes:
            return False
        self.theme = name
        return True

    def use_frames(self, chosen: int | None) -> None:
        """Another number of frames a second; `None` for what the line is good for."""
        self.pace.fps = frames_a_second(chosen, os.environ)

    def use_keys(self, overrides: Mapping[str, str]) -> tuple[str, ...]:
        """Switch to another key map of the user's; what of it was not taken, and why."""
        self.keymap_in_force = build_keymap(overrides)
        self.set_keymap(textual_keymap(self.keymap_in_force))
        self.own_keys = own_keys(self.session.settings.actions, self.keymap_in_force)
        return (*self.keymap_in_force.problems, *self.own_keys.problems)

    def next_theme(self) -> None:
        """The theme after this one."""
        names = sorted(self.available_themes)
        self.theme = names[(names.index(self.theme) + 1) % len(names)] if self.theme in names else names[0]

    def keymap_of(self, command: Command) -> tuple[str, ...]:
        """The keys of a command."""
        return self.keymap_in_force.of(command)

    def action_interrupt(self) -> None:
        """Ctrl-c, wherever the focus is."""
        self.interrupted()

    def interrupted(self) -> None:
        """Ctrl-c: the second one within two seconds quits."""
        now = self.time()
        if self._interrupted_at is not None and now - self._interrupted_at < QUIT_WINDOW_S:
            self.exit()
            return
        self._interrupted_at = now
        self.notify("ctrl-c again quits; jobs go on without the cockpit", timeout=QUIT_WINDOW_S, markup=False)

    @staticmethod
    def time() -> float:
        """Seconds of a clock that only goes forward."""
        import time

        return time.monotonic()

    def write_terminal(self, sequence: str) -> None:
        """Send our own escape sequence (the clipboard) to the terminal."""
        driver = self._driver
        if driver is not None:
            driver.write(sequence)

    def fail(self, error: BaseException) -> None:
        """End the app with an error that happened in a worker."""
        self._handle_exception(error if isinstance(error, Exception) else RuntimeError(repr(error)))

    def _handle_exception(self, error: Exception) -> None:
        """A crash ends the app quietly; whoever ran it keeps the traceback.

        Textual would print one with all local values, secrets among them.
        """
        self._remember()
        if self.is_headless:
            super()._handle_exception(error)
            return
        self.crash = self.crash or error
        self._close_messages_no_wait()

    def stop_listening(self) -> None:
        """The terminal is given back: signals mean again what they meant before."""
        self._hangup.stop()

    def on_unmount(self) -> None:
        """Threads end before the program does."""
        self.session.close()


def come_back(
    session: Session,
    *,
    given: Filter = EVERYTHING,
    fresh: bool = False,
    theme: str | None = None,
    named: SavedView | None = None,
) -> CockpitApp:
    """The app as the operator left it last time, with the rows its first frame needs.

    Args:
        session: What it works with.
        given: The filter of the command line; it goes before the one of last time.
        fresh: Begin anew; where this session ends is kept all the same.
        theme: A theme's name instead of the configured one.
        named: The view the command line names; what it says goes before what was remembered.
    """
    comeback = Comeback(session_path(session.roots))
    remembered = None if fresh else comeback.load()
    if named is not None:
        remembered = in_view(remembered, named, session.now())
    session.board.first_page(remembered.keys if remembered is not None else ())
    view = view_of(session.settings, remembered, session.now(), given)
    return CockpitApp(session, view, theme, comeback=comeback, remembered=remembered)


def run_app(app: CockpitApp, *, mouse: bool = False) -> int:
    """Open the terminal UI; returns the exit code.

    Raises:
        Exception: Whatever crashed it, once the terminal is restored.
    """
    # No animation and a modest frame rate: the terminal may be at the other end of a slow line.
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    # Scans and diagnoses run in threads: a key must not wait five milliseconds for each of its turns.
    sys.setswitchinterval(SWITCH_S)
    try:
        app.run(mouse=mouse)
    finally:
        app.stop_listening()
    if app.crash is not None:
        raise app.crash
    return app.return_code or 0
