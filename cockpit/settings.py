"""Settings: one validated TOML file, every error reported with file, key and (where it can be found) line.

Order of precedence, strongest first: command line, environment (`COCKPIT_ROOT`, `COCKPIT_CONFIG`, `NO_COLOR`,
`COCKPIT_<SERVICE>_URL`), the file, the defaults here.
"""

import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from cockpit.attention_settings import AttentionSettings
from cockpit.job_settings import JobSettings
from cockpit.models.request import Service
from cockpit.notify_settings import Channel, check_names
from cockpit.service_settings import Services, find_service
from cockpit.setting_mistakes import invalid, whole
from cockpit.units import seconds
from cockpit.view_settings import SavedView, check_aliases, check_views

if TYPE_CHECKING:
    from cockpit.response import Policy

_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)$")


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RootSettings(_Section):
    """One watched root."""

    path: Path
    """Directory that holds runs, or a tree with a runs directory in it. `~` is expanded."""
    source: str | None = None
    """Read it with this source only; default: every source that recognises it."""
    label: str | None = None
    """Short name for the header, e.g. `production`."""
    colour: Literal["red", "yellow", "green", "blue"] | None = None
    """Stands the name out in the header, as a block of this colour: red for production, say."""
    read_only: bool = False
    """Refuse every action on runs of this root."""
    confirm: Literal["yes", "typed"] = "yes"
    """`typed`: every plan for a run of this root is confirmed by typing the run's id."""
    commands: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Action id to argument list, replacing the source's default; `{run}`, `{flow}` and `{step}` are filled in."""
    profile: Literal["documented", "upstream"] = "documented"
    """Commands of Flow Studio: those of its incident documents, or those its trees themselves have."""
    database: SecretStr | None = None
    """PostgreSQL database with the runs of this root (ai-csuite): a DSN, or `env:NAME` of a variable with it."""

    @field_validator("path")
    @classmethod
    def _expand(cls, value: Path) -> Path:
        if "\0" in str(value):
            raise ValueError("a path cannot hold NUL")
        try:
            return value.expanduser()
        except RuntimeError as error:
            raise ValueError(str(error)) from error


class Limits(_Section):
    """When silence becomes suspicious."""

    stuck_after: float = Field(default=900.0, gt=0, allow_inf_nan=False)
    """Seconds (or `15m`) without a sign of life after which a step in progress counts as stuck."""

    @field_validator("stuck_after", mode="before", json_schema_input_type=float | str)
    @classmethod
    def _duration(cls, value: object) -> object:
        return seconds(value)


class Probes(_Section):
    """Live questions to a running agents-orchestration system. Looking at runs never touches the network otherwise."""

    enabled: bool = False
    """Ask the web server and the model provider."""
    web: str = "http://127.0.0.1:8000"
    """Base URL of the web server."""
    ollama: str | None = None
    """Base URL of the model provider; default: what the checkout's configuration says."""
    timeout: float = Field(default=2.0, gt=0, le=30, allow_inf_nan=False)
    """Seconds (or `2s`) one answer may take."""

    @field_validator("timeout", mode="before", json_schema_input_type=float | str)
    @classmethod
    def _duration(cls, value: object) -> object:
        return seconds(value)

    def for_source(self) -> dict[str, Any]:
        """As the source takes it."""
        return {"enabled": self.enabled, "web": self.web, "ollama": self.ollama, "timeout_s": self.timeout}


class Incidents(_Section):
    """How soon incidents are answered, and when people work."""

    timezone: str = "UTC"
    """Time zone of days and working hours."""
    workdays: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = ("mon", "tue", "wed", "thu", "fri")
    """Days people work."""
    hours: str = "09:00-17:00"
    """Working hours."""
    holidays: tuple[date, ...] = ()
    """Days nobody works."""
    acknowledge: dict[str, str] = Field(default_factory=dict)
    """Severity to the time until somebody has it: `15m`, `4h working`, `same-day`, `next-business-day`, `none`."""
    contain: dict[str, str] = Field(default_factory=dict)
    """Severity to the time until the harm is stopped."""
    update_every: dict[str, str] = Field(default_factory=dict)
    """Severity to the time between two status updates."""

    @model_validator(mode="after")
    def _checked(self) -> "Incidents":
        if self != Incidents.model_construct():
            self.policy()
        return self

    def policy(self) -> "Policy":
        """As the core takes it.

        Raises:
            ValueError: A part of it means nothing.
        """
        from cockpit.response import make_policy

        days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
        targets = {"acknowledge": self.acknowledge, "contain": self.contain, "update_every": self.update_every}
        return make_policy(
            self.timezone, frozenset(map(days.index, self.workdays)), self.hours, frozenset(self.holidays), targets
        )


class Settings(_Section):
    """Everything the configuration file may say."""

    theme: str = "auto"
    """A theme's name: dark, light, ansi-dark, ansi-light, high-contrast, colour-blind, mono, or one of your own. `auto`
    is dark, or light where `COLORFGBG` says so; on a terminal of 16 colours, ansi-dark or ansi-light."""
    fps: int | None = Field(default=None, strict=True, ge=1, le=60)
    """Frames a second that come unasked; default: 10, and 4 over SSH. Answers to keys come at once."""
    glyphs: Literal["ascii", "unicode"] = "ascii"
    """Status glyphs; ASCII never shifts a column in tmux."""
    times: Literal["relative", "utc", "local"] = "relative"
    """How times are shown at start; `t` cycles."""
    mouse: bool = False
    """Mouse support; off, the terminal can select text."""
    read_only: bool = False
    """Refuse every action."""
    root_files: bool = True
    """Whether `.cockpit.toml` in a root may tighten what is done there (docs/configuration.md)."""
    roots: tuple[RootSettings, ...] = ()
    """What to watch when the command line names nothing."""
    limits: Limits = Limits()
    incidents: Incidents = Incidents()
    jobs: JobSettings = JobSettings()
    attention: AttentionSettings = AttentionSettings()
    probes: Probes = Probes()
    services: Services = Field(default_factory=dict)
    """Service name to where it answers; the name is the one in its actions (`ai-csuite`)."""
    notify: dict[str, Channel] = Field(default_factory=dict)
    """Channel to the program that carries notifications: `[notify.mail]`."""
    keys: dict[str, str] = Field(default_factory=dict)
    """Command id to key(s), comma-separated; `cockpit keys` lists the ids."""
    aliases: dict[str, str] = Field(default_factory=dict)
    """Your own names for lines of the command line (`:`): `failing = "filter state:failed"`."""
    views: dict[str, SavedView] = Field(default_factory=dict)
    """Ways of looking with a name: `[views.night]`; `:view night`, `cockpit --view night`."""
    custom: tuple[Any, ...] = ()
    """Systems declared here instead of in Python (docs/custom-sources.md)."""

    actions: tuple[Any, ...] = ()
    """Actions of your own (docs/actions.md)."""

    @field_validator("aliases")
    @classmethod
    def _aliases(cls, value: dict[str, str]) -> dict[str, str]:
        return check_aliases(value)

    @field_validator("views")
    @classmethod
    def _views(cls, value: dict[str, SavedView]) -> dict[str, SavedView]:
        return check_views(value)

    @field_validator("notify")
    @classmethod
    def _channels(cls, value: dict[str, Channel]) -> dict[str, Channel]:
        return check_names(value)

    def service(self, name: str, environ: Mapping[str, str] | None = None) -> Service | None:
        """Where a service answers, or `None` where nothing says so. Raises as `find_service`."""
        return find_service(self.services, name, os.environ if environ is None else environ)

    @property
    def for_sources(self) -> dict[str, tuple[Any, ...]]:
        """What sources take from the settings, by source id."""
        databases = ((root.path, root.database.get_secret_value()) for root in self.roots if root.database is not None)
        probes = (self.probes.for_source(),)
        profiles = tuple((root.path, root.profile) for root in self.roots)
        return {
            "custom": self.custom,
            "ai-csuite": tuple(databases),
            "agents-orchestration": probes,
            "flow-studio": profiles,
        }


def load_settings(path: Path, *, required: bool = False) -> Settings:
    """Read and validate the configuration file; a missing one means the defaults.

    Args:
        path: The file.
        required: Whether its absence is an error (it was named on the command line).

    Raises:
        SettingsError: Unreadable, not TOML, or not valid; every mistake is named with file, line and key.
    """
    return parse_settings(path, text) if (text := read_text(path, required=required)) is not None else Settings()


def read_text(path: Path, *, required: bool = False) -> str | None:
    """The text of the configuration file, or `None` where there is none. Raises as `load_settings`."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if required:
            raise whole(path, "no such configuration file") from None
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise whole(path, f"cannot be read: {error}") from error


def parse_settings(path: Path, text: str) -> Settings:
    """The settings in a text. Raises as `load_settings`.

    Args:
        path: The file it is from.
        text: What is in it.
    """
    try:
        settings = Settings.model_validate(parse_toml(path, text))
    except ValidationError as error:
        raise invalid(path, text, error) from error
    update: dict[str, Any] = {}
    for name, check in _lazily(settings):
        try:
            update[name] = check(getattr(settings, name))
        except ValidationError as error:
            raise invalid(path, text, error, name) from error
    return settings.model_copy(update=update) if update else settings


def parse_toml(path: Path, text: str) -> dict[str, Any]:
    """A TOML document.

    Raises:
        SettingsError: It is none; the line is named.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _AT_LINE.search(str(error))
        line = int(place[1]) if place else text.count("\n") + 1
        raise whole(path, f"not valid TOML: {error}", line) from error
    except RecursionError as error:
        raise whole(path, "nested too deeply") from error


def _lazily(settings: Settings) -> Iterator[tuple[str, Callable[[tuple[Any, ...]], tuple[Any, ...]]]]:
    """The tables that are checked by what they belong to, which is imported only where there are any."""
    if settings.custom:
        from cockpit.sources.custom.declaration import validate as check_custom

        yield "custom", check_custom
    if settings.actions:
        from cockpit.actions.declared import validate as check_actions

        yield "actions", check_actions
