"""`.cockpit.toml` in a root: what the people of a root ask of whoever looks at it.

A root is foreign territory: agents and other people write there. So its file can only tighten (refuse actions, have
plans confirmed by typing) and name the root where the operator's own configuration does not. It names no commands,
no sources, no services, no rules of attention: nothing in it is run, read elsewhere, or makes something quieter. What
tightens fails closed: where the file cannot be read as it was meant, nothing may be done to runs of the root until it
is mended. An operator who wants none of it says `root_files = false`.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from cockpit.locations import ROOT_FILE
from cockpit.setting_mistakes import Mistake, SettingsError, invalid, whole
from cockpit.toml_places import Place, line_of, places

FILE = ROOT_FILE
LARGEST = 64 << 10
"""Bytes: a few lines are meant."""


def _printable(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("write a short word or two")
    return text


class RootFile(BaseModel):
    """What the file may say."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: Annotated[str, Field(max_length=24), AfterValidator(_printable)] | None = None
    """Short name for the header, where the operator's own configuration gives none."""
    read_only: bool = False
    """Refuse every action on runs of this root."""
    confirm: Literal["yes", "typed"] = "yes"
    """`typed`: every plan for a run of this root is confirmed by typing the run's id."""


NOTHING = RootFile()
"""What a root without a file says."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What holds for a root because of its file.

    Attributes:
        path: The file.
        told: What it says; the defaults where there is none.
        found: Line of each key in it.
        refused: Why nothing may be done to runs of the root, or `None`.
        mistakes: What is wrong with it.
    """

    path: Path
    told: RootFile = NOTHING
    found: tuple[tuple[Place, int], ...] = ()
    refused: str | None = None
    mistakes: tuple[Mistake, ...] = ()

    def place(self, key: str) -> str:
        """`file:line` of a key."""
        line = dict(self.found).get((key,))
        return f"{self.path}:{line}" if line else str(self.path)

    @property
    def typed(self) -> str | None:
        """Why plans are confirmed by typing, or `None`."""
        return f"{self.place('confirm')} has every plan typed" if self.told.confirm == "typed" else None


def read_bounds(root: Path) -> Bounds:
    """What the file of a root says. Never raises, never waits, and follows no link.

    Args:
        root: The root; it need not exist.
    """
    path = root / FILE
    try:
        text = _read(path)
    except FileNotFoundError:
        return Bounds(path)
    except SettingsError as error:
        return _closed(path, error)
    except OSError as error:
        if not root.is_dir():
            return Bounds(path)
        return _closed(path, whole(path, f"cannot be read: {error.strerror or error}"))
    try:
        return _parse(path, text)
    except SettingsError as error:
        return _closed(path, error)


def _parse(path: Path, text: str) -> Bounds:
    from cockpit.settings import parse_toml

    data = parse_toml(path, text)
    found = places(text)
    foreign = [name for name in data if name not in RootFile.model_fields]
    mistakes = [
        Mistake(str(path), line_of(found, (name,)), name, "not for a root to say: it belongs into your own file")
        for name in foreign
    ]
    said = {name: value for name, value in data.items() if name not in foreign}
    try:
        told = RootFile.model_validate(said)
    except ValidationError as error:
        if {item["loc"][0] for item in error.errors()} != {"label"}:
            raise invalid(path, text, error) from error
        # A name loosens nothing.
        mistakes += invalid(path, text, error).mistakes
        told = RootFile.model_validate({name: value for name, value in said.items() if name != "label"})
    bounds = Bounds(path, told, tuple(found.items()), None, tuple(mistakes))
    refused = f"{bounds.place('read_only')} says so" if told.read_only else None
    return Bounds(path, told, bounds.found, refused, bounds.mistakes)


def _closed(path: Path, error: SettingsError) -> Bounds:
    told = f"{error.mistakes[0]}; until it is mended nothing is done here"
    return Bounds(path, refused=told, mistakes=error.mistakes)


def _read(path: Path) -> str:
    """The text of a small regular file.

    Raises:
        OSError: It cannot be opened; it is a link.
        SettingsError: It is no file of a few lines of text.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise whole(path, "is no regular file")
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise whole(path, f"is larger than {LARGEST >> 10} kB")
    try:
        return data.decode().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise whole(path, f"is no UTF-8 text: {error.reason}") from error
