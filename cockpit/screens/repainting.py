"""The operator's own themes while they are being written: a file that is saved is drawn with at once."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit import locations
from cockpit.presenters import words
from cockpit.theming import theme_files

if TYPE_CHECKING:
    from cockpit.screens.cockpit import CockpitScreen

TOLD_S = 15.0


class Repainting:
    """Reads the theme files again when one of them changes."""

    def __init__(self, screen: "CockpitScreen") -> None:
        self._screen = screen
        self._told: tuple[str, ...] = ()
        self._watched: dict[Path, Callable[[], None]] = {}

    def begin(self) -> Callable[[], None]:
        """Watch the files; the way to end that."""
        self._watch()
        return self._end

    def _watch(self) -> None:
        """The directory tells of files that come and go, each file of itself."""
        directory = locations.config_dir() / "themes"
        for path in (directory, *theme_files(directory)):
            if path not in self._watched:
                board = self._screen.session.board
                self._watched[path] = board.watch_file(path, self._screen.tell_repainted)

    def _end(self) -> None:
        for leave in self._watched.values():
            leave()
        self._watched.clear()

    def stirred(self) -> None:
        """One of them changed: draw with it, or say what is wrong with it and go on as before."""
        self._watch()
        problems = tuple(self._screen.host.reload_themes())
        for problem in problems:
            if problem not in self._told:
                self._screen.app.notify(
                    words.text(problem).text, title="Theme", severity="warning", timeout=TOLD_S, markup=False
                )
        self._told = problems
