"""A configuration that is changed while the cockpit runs: taken up at once where it is valid, else told of and left."""

import asyncio
from typing import TYPE_CHECKING

from cockpit.config_live import NEXT_START
from cockpit.errors import UsageError
from cockpit.presenters import words
from cockpit.presenters.times import TimeStyle
from cockpit.setting_mistakes import Mistake
from cockpit.settings import Settings, parse_settings, read_text
from cockpit.toml_places import Place, line_of, places

if TYPE_CHECKING:
    from pathlib import Path

    from cockpit.root_file import Bounds
    from cockpit.screens.cockpit import CockpitScreen

TOLD_S = 15.0
SHOWN = 4
"""Most mistakes that a toast names."""
AGAIN_S = 0.2
"""A file caught half-written is read again after this many seconds before it is called broken."""


class Reloading:
    """Takes up the configuration file of a session, and the files of its roots."""

    def __init__(self, screen: "CockpitScreen") -> None:
        self._screen = screen

    def begin(self) -> None:
        """Tell what is wrong with the files of the roots."""
        for root in self._screen.session.roots:
            self._complain(self._screen.session.bounds(root))

    def stirred(self) -> None:
        """The file has changed, appeared or vanished."""
        self._screen.run_worker(self._look(), group="configuration", exclusive=True, exit_on_error=False)

    async def _look(self) -> None:
        await self._roots()
        await self._reload()

    async def _roots(self) -> None:
        """What the roots ask for themselves; told where it is another thing than before."""
        session = self._screen.session
        before = {root: session.bounds(root) for root in session.roots}
        session.look_at_bounds()
        for root, known in before.items():
            bounds = await asyncio.to_thread(session.bounds, root)
            if bounds.mistakes != known.mistakes:
                self._complain(bounds)
            elif bounds.refused and bounds.refused != known.refused:
                self._tell("Read-only", [bounds.refused], "warning")
        if before != {root: session.bounds(root) for root in session.roots}:
            self._screen.painter.header()

    def _complain(self, bounds: "Bounds") -> None:
        if bounds.mistakes:
            lines = [str(mistake) for mistake in bounds.mistakes[:SHOWN]]
            stands = ["Nothing may be done to its runs until it is mended."] if bounds.refused else []
            self._tell("Asked for by a root", [*lines, *stands], "warning")

    async def _reload(self) -> None:
        path = self._screen.session.config
        if path is None:
            return
        try:
            text = await asyncio.to_thread(read_text, path)
            settings = await self._parse(path, text)
        except UsageError as error:
            lines = str(error).splitlines()
            more = [f"and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
            self._tell("Configuration not taken up", [*lines[:SHOWN], *more, "What was in force stays."], "error")
            return
        if settings is None:
            gone = f"{path} is gone. What it said stays in force."
            self._tell("Configuration", [gone], "warning")
            return
        if settings != self._screen.session.loaded:
            self._adopt(settings, path, text or "")

    async def _parse(self, path: "Path", text: str | None) -> Settings | None:
        """The settings in a text; what may be half a file is read once more."""
        if text is None:
            return None
        try:
            return await asyncio.to_thread(parse_settings, path, text)
        except UsageError:
            await asyncio.sleep(AGAIN_S)
            again = await asyncio.to_thread(read_text, path)
            return await asyncio.to_thread(parse_settings, path, again) if again is not None else None

    def _adopt(self, settings: Settings, path: "Path", text: str) -> None:
        screen = self._screen
        names = screen.session.adopt(settings)
        mistakes: list[tuple[Place, str]] = []
        if "theme" in names and not screen.host.use_theme(settings.theme):
            mistakes.append((("theme",), f"no theme {settings.theme!r}"))
        if {"keys", "actions"} & set(names):
            for problem in screen.host.use_keys(settings.keys):
                table, _, command = problem.partition(": ")[0].partition(".")
                mistakes.append(((table, command), problem.partition(": ")[2]))
        if "fps" in names:
            screen.host.use_frames(settings.fps)
        if "incidents" in names:
            screen.responding.forget()
            screen.run_worker(screen.responding.refresh(), group="incidents", exit_on_error=False)
        if "times" in names:
            screen.commanding.change(times=TimeStyle(settings.times))
        if "glyphs" in names:
            screen.commanding.change(unicode=settings.glyphs == "unicode")
        screen.attention.tick()
        screen.painter.header()
        found = places(text)
        told = [
            str(Mistake(str(path), line_of(found, place), ".".join(map(str, place)), what)) for place, what in mistakes
        ]
        self._say(names, told)

    def _say(self, names: tuple[str, ...], mistakes: list[str]) -> None:
        at_once = [name for name in names if name not in NEXT_START]
        late = [name for name in names if name in NEXT_START]
        lines = [f"taken up: {', '.join(at_once)}"] if at_once else []
        lines += [f"at the next start: {', '.join(late)}"] if late else []
        if mistakes:
            self._tell("Configuration", [*mistakes, *lines], "warning")
        elif lines:
            self._tell("Configuration", lines, "information")

    def _tell(self, title: str, lines: list[str], severity: str) -> None:
        text = "\n".join(words.text(line, limit=300).text for line in lines)
        self._screen.app.notify(text, title=title, severity=severity, markup=False, timeout=TOLD_S)  # type: ignore[arg-type]
