"""Every setting in force with where it came from: default, file and line, environment, or option.

For `cockpit config show`. Values that are secret are not told.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum, StrEnum
from pathlib import Path

from pydantic import BaseModel, SecretStr

from cockpit.service_settings import service_variable
from cockpit.settings import Settings
from cockpit.toml_places import Place

HIDDEN = "(hidden)"
Plain = str | int | float | bool | None | list[object] | dict[str, object]
"""A value as JSON has it."""


class Origin(StrEnum):
    """Where a value came from."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"
    OPTION = "option"
    ROOT = "root"
    """The file that a root has of its own."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One setting.

    Attributes:
        key: Dotted; elements of lists by their number, from 0.
        value: In force.
        origin: Where it came from.
        where: File, variable or option; `None` for a default.
        line: Line in the file, where it is from one.
    """

    key: str
    value: Plain
    origin: Origin
    where: str | None = None
    line: int | None = None

    @property
    def place(self) -> str:
        """`config.toml:3`, `COCKPIT_ROOT`, `--read-only`, or `default`."""
        if self.where is None:
            return self.origin.value
        return f"{self.where}:{self.line}" if self.line else self.where


def entries(settings: Settings, file: Path, found: Mapping[Place, int]) -> list[Entry]:
    """Every setting as the file has it, or its default.

    Args:
        settings: As validated.
        file: The configuration file.
        found: The places of what stands in it (`toml_places.places`).
    """
    return [_entry(place, value, file, found) for place, value in _leaves(settings, ())]


def overridden(
    known: Iterable[Entry],
    options: Mapping[str, tuple[str, Plain]],
    environ: Mapping[str, str],
    services: Iterable[str],
) -> list[Entry]:
    """The same with what is stronger than the file.

    Args:
        known: As the file has it.
        options: Key to the option and its value.
        environ: The environment.
        services: Names of services whose URL the environment may give.
    """
    stronger = {key: Entry(key, value, Origin.OPTION, option) for key, (option, value) in options.items()}
    for name in services:
        variable = service_variable(name)
        if environ.get(variable):
            key = f"services.{name}.url"
            stronger[key] = Entry(key, environ[variable], Origin.ENVIRONMENT, variable)
    kept = [stronger.pop(entry.key, entry) for entry in known]
    return [*kept, *stronger.values()]


def _entry(place: Place, value: object, file: Path, found: Mapping[Place, int]) -> Entry:
    key = ".".join(map(str, place))
    plain = _plain(value)
    if place in found:
        return Entry(key, plain, Origin.FILE, str(file), found[place])
    return Entry(key, plain, Origin.DEFAULT)


def _leaves(value: object, place: Place) -> Iterator[tuple[Place, object]]:
    """What is no table and no list of tables, with its place; an empty one counts."""
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _leaves(getattr(value, name), (*place, name))
    elif isinstance(value, Mapping) and value:
        for name, each in value.items():
            yield from _leaves(each, (*place, str(name)))
    elif isinstance(value, tuple) and any(isinstance(each, BaseModel) for each in value):
        for number, each in enumerate(value):
            yield from _leaves(each, (*place, number))
    else:
        yield place, value


def _plain(value: object) -> Plain:
    match value:
        case SecretStr():
            text = value.get_secret_value()
            return text if text.startswith("env:") else HIDDEN
        case Enum():
            return _plain(value.value)
        case Path() | date():
            return str(value)
        case str() | int() | float() | None:
            return value
        case Mapping():
            return {str(name): _plain(each) for name, each in value.items()}
        case tuple() | list() | frozenset():
            return [_plain(each) for each in value]
    return str(value)
