"""Themes are data: `themes/*.toml` and the user's own, turned into Textual themes. A broken file is reported."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.color import Color, ColorParseError
from textual.theme import Theme

from cockpit.toml_places import places
from widgets.style import THEME_VARIABLE_DEFAULTS

_FIELDS = (
    "primary", "secondary", "warning", "error", "success", "accent", "foreground", "background", "surface", "panel",
    "boost",
)  # fmt: skip


_STYLES = frozenset({"none", "bold", "dim", "italic", "underline", "reverse", "strike"})
_SHARE = re.compile(r"\d{1,3}%")
"""Some of Textual's own variables are shares."""
_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)$")


@dataclass(frozen=True, slots=True)
class Themes:
    """What was loaded, by name, and what was not, with the reason."""

    themes: dict[str, Theme]
    problems: tuple[str, ...] = ()


def shipped_dir() -> Path:
    """The themes of this distribution: inside the package in a wheel, beside it in a checkout."""
    here = Path(__file__).parent
    packaged = here / "_themes"
    return packaged if packaged.is_dir() else here.parent / "themes"


def load_themes(directories: Iterable[Path]) -> Themes:
    """Every theme file of the directories; a later directory overrides an earlier one by name."""
    themes: dict[str, Theme] = {}
    problems: list[str] = []
    for directory in directories:
        for path in theme_files(directory):
            try:
                theme = read_theme(path)
            except (OSError, UnicodeDecodeError, ValueError, TypeError) as error:
                problems.append(_told(path, error))
            else:
                themes[theme.name] = theme
    return Themes(themes, tuple(problems))


def theme_files(directory: Path) -> list[Path]:
    """The theme files of a directory, in order."""
    return sorted(directory.glob("*.toml")) if directory.is_dir() else []


def _told(path: Path, error: Exception) -> str:
    """`file:line: key: what is wrong`, as far as it can be said where."""
    message = str(error)
    syntax = _AT_LINE.search(message)
    if syntax is not None:
        return f"{path}:{syntax[1]}: {message}"
    try:
        found = places(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return f"{path}: {message}"
    keys = tuple(message.partition(":")[0].split("."))
    line = found.get(keys)
    return f"{path}:{line}: {message}" if line else f"{path}: {message}"


def read_theme(path: Path) -> Theme:
    """One theme file (`themes/README.md` describes its keys).

    Raises:
        ValueError: Not TOML, an unknown key, or a value that is no colour or no style.
        OSError: Unreadable.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    colours: dict[str, Any] = {name: _colour(name, data.pop(name)) for name in _FIELDS if name in data}
    name = str(data.pop("name", path.stem))
    dark, ansi = _flag(data, "dark", default=True), _flag(data, "ansi", default=False)
    table = data.pop("variables", {})
    if not isinstance(table, dict):
        raise ValueError("variables: not a table")  # noqa: TRY004 - a value in a file, not an argument
    variables = {str(key): _variable(str(key), value) for key, value in table.items()}
    data.pop("description", None)
    if data:
        first = next(iter(data))
        raise ValueError(f"{first}: unknown key {', '.join(sorted(data))}")
    if "primary" not in colours:
        raise ValueError("a theme needs at least `primary`")
    return Theme(name=name, dark=dark, ansi=ansi, variables=variables, **colours)


def _variable(name: str, value: object) -> str:
    """A variable of a style sheet: Textual would find out when it draws, and end the program."""
    if name.endswith("-style"):
        words = str(value).split()
        if not words or not set(words) <= _STYLES:
            raise ValueError(f"variables.{name}: {value!r} is no style; there are {', '.join(sorted(_STYLES))}")
        return str(value)
    if name not in THEME_VARIABLE_DEFAULTS and _SHARE.fullmatch(str(value)):
        return str(value)
    return _colour(f"variables.{name}", value)


def _colour(name: str, value: object) -> str:
    """Textual looks at a colour only when the theme is switched on, and then it is too late to report it."""
    try:
        Color.parse(str(value))
    except ColorParseError as error:
        raise ValueError(f"{name}: {value!r} is no colour") from error
    return str(value)


def _flag(data: dict[str, Any], name: str, *, default: bool) -> bool:
    value = data.pop(name, default)
    if not isinstance(value, bool):
        raise ValueError(f"{name}: neither true nor false")  # noqa: TRY004 - a value in a file, not an argument
    return value
