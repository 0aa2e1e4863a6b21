"""The key `o`: hands a file over to a pager, an editor or lnav at a line, and comes back with the screen restored.

Argument lists only, never a shell. What a transcript holds must not reach the terminal: `less` is kept from passing
control characters on and from running commands, whatever its options say; other programs show the file as they do.
"""

import os
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.app import App, SuspendNotSupported

from cockpit.hangup import lend_terminal
from cockpit.presenters import words
from cockpit.screens import asking
from widgets.rows import MenuItem

_PLUS = frozenset({"less", "more", "most", "vi", "vim", "nvim", "view", "nano", "pico", "emacs", "emacsclient", "jed",
                   "joe", "micro", "kak", "ed", "vis", "ne", "mg", "zile"})  # fmt: skip
"""Programs that take `+LINE` before the file."""
_READ_ONLY = {"vi": ("-R",), "vim": ("-R",), "nvim": ("-R",), "nano": ("-v",)}
"""Evidence is looked at, not changed, where the editor can be told so."""
_SAFE = frozenset({"less", "vi", "vim", "nvim", "view", "nano", "emacs", "lnav", "micro"})
"""Programs known to show control characters rather than to send them on."""


@dataclass(frozen=True, slots=True)
class Handover:
    """A way to look at a file elsewhere.

    Attributes:
        id: `pager`, `editor` or `lnav`.
        argv: The command.
        env: Changes to the environment.
        safe: Whether the program is known to keep control characters from the terminal.
    """

    id: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    safe: bool


def handovers(path: Path, line: int, environment: Mapping[str, str]) -> list[Handover]:
    """What a file can be handed over to at a line (from 1): `$PAGER`, else less; `$VISUAL` or `$EDITOR`; lnav.

    Raises:
        ValueError: A variable cannot be split into words.
    """
    found = [_handover("pager", shlex.split(environment.get("PAGER") or "less") or ["less"], path, line, environment)]
    editor = shlex.split(environment.get("VISUAL") or environment.get("EDITOR") or "")
    if editor:
        found.append(_handover("editor", editor, path, line, environment))
    if shutil.which("lnav", path=environment.get("PATH")):
        found.append(Handover("lnav", ("lnav", "-c", f":goto {line - 1}", str(path)), {}, safe=True))
    return found


def _handover(name: str, command: list[str], path: Path, line: int, environment: Mapping[str, str]) -> Handover:
    program = Path(command[0]).name
    argv = [*command, *_READ_ONLY.get(program, ())]
    env: dict[str, str] = {}
    if program == "less":
        # Last, so that neither $PAGER nor $LESS can turn raw control characters on; no `!`, no `v`, no preprocessor.
        argv += ["-+r", "-+R"]
        env = {"LESSSECURE": "1", "LESS": environment.get("LESS", "-S")}
    if program in _PLUS:
        argv.append(f"+{line}")
    elif program in ("hx", "helix", "subl", "zed"):
        return Handover(name, (*argv, f"{path}:{line}"), env, safe=False)
    elif program in ("code", "codium", "cursor"):
        return Handover(name, (*argv, "--wait", "--goto", f"{path}:{line}"), env, safe=True)
    return Handover(name, (*argv, str(path)), env, safe=program in _SAFE)


class HandingOver:
    """Asks which, where there is a choice, and steps aside meanwhile."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app

    def ask(self, path: Path, line: int) -> None:
        """Hand a file over at a line, from 1."""
        try:
            ways = handovers(path, line, os.environ)
        except ValueError as error:
            self._fail(f"$PAGER, $VISUAL or $EDITOR: {error}")
            return
        if len(ways) == 1 and ways[0].safe:
            self._run(ways[0])
        else:
            self._app.screen.run_worker(self._choose(ways), group="dialog", exit_on_error=False)

    async def _choose(self, ways: list[Handover]) -> None:
        items = [
            MenuItem(
                way.id,
                words.text(shlex.join(way.argv[:-1]), limit=60).text,
                way.id[0],
                help="" if way.safe else "shows control characters of the file as it likes",
                name=way.id,
            )
            for way in ways
        ]
        choice = await asking.menu(self._app, "Open the file in", items)
        way = next((way for way in ways if way.id == choice), None)
        if way is not None:
            self._run(way)

    def _run(self, way: Handover) -> None:
        try:
            with self._app.suspend():
                lend_terminal(way.argv, {**os.environ, **way.env})
        except (SuspendNotSupported, OSError, ValueError) as error:
            self._fail(words.text(error).text)
        self._app.refresh(repaint=True, layout=True)

    def _fail(self, text: str) -> None:
        self._app.notify(words.text(text).text, title="Could not open it", severity="error", markup=False)
