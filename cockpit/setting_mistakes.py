"""What is wrong with a configuration file, each mistake with its file, line and key."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit.errors import UsageError

if TYPE_CHECKING:
    from pydantic import ValidationError

    from cockpit.toml_places import Place

_WORDS = {
    "missing": "this key is needed",
    "extra_forbidden": "there is no such key",
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """One of them.

    Attributes:
        path: The file, or the variable of the environment.
        line: Where it stands (1-based), or the table it is missing from; `None` where that is not known.
        key: The key, dotted; empty for the file as a whole.
        told: What is wrong, for people.
    """

    path: str
    line: int | None
    key: str
    told: str

    def __str__(self) -> str:
        """`file:line: key: what is wrong`."""
        where = f"{self.path}:{self.line}" if self.line else self.path
        return f"{where}: {self.key}: {self.told}" if self.key else f"{where}: {self.told}"


class SettingsError(UsageError):
    """A configuration file that is not valid.

    Attributes:
        mistakes: All of them.
    """

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        """The message has a line for each."""
        self.mistakes = tuple(sorted(mistakes, key=lambda mistake: mistake.line or 0))
        super().__init__("\n".join(map(str, self.mistakes)))


def whole(path: Path, told: str, line: int | None = None) -> SettingsError:
    """One mistake of a file as a whole."""
    return SettingsError([Mistake(str(path), line, "", told)])


def invalid(path: Path, text: str, error: "ValidationError", *below: str) -> SettingsError:
    """The mistakes that validation found.

    Args:
        path: The file.
        text: What is in it.
        error: What validation says.
        below: Keys of the table that was validated.
    """
    from cockpit.toml_places import places

    found = places(text)
    return SettingsError(_mistake(path, found, (*below, *item["loc"]), item) for item in error.errors())


def _mistake(path: Path, found: "Mapping[Place, int]", place: "Place", item: Mapping[str, Any]) -> Mistake:
    from cockpit.toml_places import line_of

    told = _WORDS.get(item["type"], str(item["msg"]).removeprefix("Value error, "))
    if item["type"] == "extra_forbidden":
        from cockpit.config_schema import suggestion

        told = "; ".join(part for part in (told, suggestion(place)) if part)
    return Mistake(str(path), line_of(found, place), ".".join(map(str, place)), told)
