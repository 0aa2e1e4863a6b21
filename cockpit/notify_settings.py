"""The `[notify.<channel>]` tables of the configuration file: programs that carry a notification."""

import re

from pydantic import BaseModel, ConfigDict, Field, field_validator

from cockpit.units import seconds

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


class Channel(BaseModel):
    """A program that takes a notification's text on its standard input. Run as it stands, never by a shell."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: tuple[str, ...] = Field(min_length=1)
    """Program and arguments; `{subject}`, `{incident}`, `{severity}` and `{template}` are filled in."""
    templates: tuple[str, ...] = ()
    """Notifications it may carry; none named: all of them."""
    timeout: float = Field(default=30.0, gt=0, le=600, allow_inf_nan=False)
    """Seconds (or `30s`) until the program is stopped."""

    @field_validator("timeout", mode="before", json_schema_input_type=float | str)
    @classmethod
    def _duration(cls, value: object) -> object:
        return seconds(value)

    @field_validator("command")
    @classmethod
    def _program(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value[0].strip() or "{" in value[0] or any("\0" in word for word in value):
            raise ValueError("the first word names a program, and no word holds NUL")
        return value

    def argv(self, facts: dict[str, str]) -> tuple[str, ...]:
        """The command with what it asks for filled in; each value stays within its word."""
        return (self.command[0], *(_fill(word, facts) for word in self.command[1:]))


def check_names(channels: dict[str, Channel]) -> dict[str, Channel]:
    """The channels, where each name can be typed.

    Raises:
        ValueError: One cannot.
    """
    for name in channels:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name for a channel: letters, digits, . _ -")
    return channels


def _fill(word: str, facts: dict[str, str]) -> str:
    # In one pass: what was filled in is not looked at again.
    return re.sub(r"\{(\w+)\}", lambda found: facts.get(found[1], found[0]), word)
