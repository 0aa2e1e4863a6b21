"""Ways of looking that have a name (`[views.NAME]`), and names for command lines (`[aliases]`)."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from cockpit import locations
from cockpit.private_files import ForeignFileError, read_private, set_aside, write_private

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
MOST = 200
"""Views a user may save."""


class SavedView(BaseModel):
    """A way of looking: what it does not name stays as it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    filter: str | None = Field(default=None, max_length=4_096)
    """Which runs are shown, as behind `/`; an empty text shows all."""
    sort: Literal["attention", "changed", "age", "name"] | None = None
    """Order of the runs."""
    times: Literal["relative", "utc", "local"] | None = None
    """How times are shown."""
    cluster: bool | None = None
    """Whether runs that failed in the same way share one line."""
    pane: Literal["runs", "receipts", "routing", "checklist", "timeline", "log", "detail"] | None = None
    """The pane that gets the focus."""
    zoom: bool | None = None
    """Whether that pane fills the screen."""

    @field_validator("filter")
    @classmethod
    def _parses(cls, value: str | None) -> str | None:
        if value:
            # Only where there is one: most configurations have none.
            from cockpit.errors import UsageError
            from cockpit.filtering import parse_filter

            try:
                parse_filter(value)
            except UsageError as error:
                raise ValueError(str(error)) from error
        return value


def check_views(value: dict[str, SavedView]) -> dict[str, SavedView]:
    """Views have plain names.

    Raises:
        ValueError: One has not.
    """
    for name in value:
        _plain(name)
    return value


def check_aliases(value: dict[str, str]) -> dict[str, str]:
    """Aliases have plain names that no command has, and each stands for a command.

    Raises:
        ValueError: One does not.
    """
    if not value:
        return value
    from cockpit.command_line import SHORT, names, resolve
    from cockpit.errors import UsageError

    taken = {*names(), *SHORT}
    for name, line in value.items():
        _plain(name)
        if name in taken:
            raise ValueError(f"{name} is a command already")
        try:
            if resolve(line) is None:
                raise ValueError(f"{name}: stands for nothing")
        except UsageError as error:
            # What is missing may be typed behind the alias.
            if " needs " not in str(error):
                raise ValueError(f"{name}: {error}") from error
    return value


def _plain(name: str) -> None:
    if NAME.fullmatch(name) is None:
        raise ValueError(f"{name!r} is no plain name: letters, digits, and . _ - inside")


class SavedViews:
    """The views a user saved from the screen, in a file of theirs; the configuration is never rewritten."""

    def __init__(self, path: Path | None = None) -> None:
        """Touches nothing."""
        self._path = path or locations.user_state_dir() / "views.json"

    def load(self) -> dict[str, SavedView]:
        """What was saved; a broken file is set aside and counts as empty."""
        try:
            data = read_private(self._path)
            return {} if data is None else check_views(TypeAdapter(dict[str, SavedView]).validate_json(data))
        except (ForeignFileError, ValidationError, ValueError):
            set_aside(self._path)
        except OSError:
            pass
        return {}

    def save(self, name: str, view: SavedView | None) -> None:
        """Keep a view, or forget it where it is `None`.

        Raises:
            ValueError: The name is not plain, or there are too many.
            OSError: It cannot be written.
        """
        _plain(name)
        views = {key: value for key, value in self.load().items() if key != name}
        if view is not None:
            views[name] = view
        if len(views) > MOST:
            raise ValueError(f"there are {MOST} saved views already")
        plain = {key: value.model_dump(exclude_none=True) for key, value in views.items()}
        write_private(self._path, (json.dumps(plain, indent=2, sort_keys=True) + "\n").encode())


def find_view(
    name: str, configured: Mapping[str, SavedView], saved: Mapping[str, SavedView] | None = None
) -> SavedView:
    """A view by its name; one of the configuration goes before a saved one.

    Raises:
        UsageError: There is none.
    """
    from cockpit.errors import UsageError

    known = {**(SavedViews().load() if saved is None else saved), **configured}
    if name not in known:
        there = f"there are {', '.join(sorted(known))}" if known else "`:view save NAME` saves one"
        raise UsageError(f"no view {name!r}; {there}")
    return known[name]
