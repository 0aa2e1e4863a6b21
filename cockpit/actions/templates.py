"""From an argv template to an argv, and the directory it runs in. Never a shell."""

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from cockpit.actions.names import check_name
from cockpit.errors import UsageError
from cockpit.models.action import ActionSpec
from cockpit.sanitize import clean

FIELDS: dict[str, str] = {"run": "run id", "flow": "flow", "step": "step"}
"""What a template may name, and what it is called in messages."""

_FIELD = re.compile(r"\{([^{}]*)\}")


def template_of(spec: ActionSpec, overrides: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The argv template of an action: the one configured for this root, else the source's own."""
    return overrides.get(spec.id, spec.argv)


def fields_of(template: tuple[str, ...]) -> tuple[str, ...]:
    """The fields a template names, in order of first use.

    Raises:
        UsageError: A field is not one of `FIELDS`, or a brace has no partner.
    """
    names: dict[str, None] = {}
    for argument in template:
        for name in _FIELD.findall(argument):
            if name not in FIELDS:
                raise UsageError(f"the command template {clean(argument)!r} names {{{clean(name)}}}; known: {_known()}")
            names[name] = None
        if set(_FIELD.sub("", argument)) & {"{", "}"}:
            raise UsageError(f"the command template {clean(argument)!r} has a brace without its partner")
    return tuple(names)


def fill(template: tuple[str, ...], values: Mapping[str, str | None]) -> tuple[str, ...]:
    """The argv: every `{run}`, `{flow}` and `{step}` replaced within its own argument.

    Args:
        template: At least the program.
        values: What the fields stand for; each one used must be a plain name.

    Raises:
        UsageError: No program, a NUL, an unknown field, a field without a value, or a value that is no plain name.
    """
    if not template or not template[0]:
        raise UsageError("the command template names no program")
    if any("\0" in argument for argument in template):
        raise UsageError("the command template holds a NUL character")
    checked: dict[str, str] = {}
    for name in fields_of(template):
        value = values.get(name)
        if not value:
            raise UsageError(f"the command needs a {FIELDS[name]} and none is known")
        checked[name] = check_name(FIELDS[name], value)
    return tuple(_FIELD.sub(lambda match: checked[match[1]], argument) for argument in template)


def working_directory(run_dir: Path, marker: str | None, *, run_is_root: bool = False) -> Path:
    """The directory a command runs in: the nearest one above the run that holds `marker`.

    The run's own directory is not looked into, because what lies there is written by agents; only where the operator
    pointed at it as the root is it the first candidate.

    Args:
        run_dir: Absolute path of the run.
        marker: File name, such as `Makefile`; `None` for the first candidate itself.
        run_is_root: Whether the run is the root itself.

    Raises:
        UsageError: There is no such directory, or the file found could have been put there by anybody.
    """
    first = run_dir if run_is_root else run_dir.parent
    if marker is None:
        return first
    for directory in (first, *first.parents):
        candidate = directory / marker
        try:
            found = candidate.stat()
        except OSError:
            continue
        if not stat.S_ISREG(found.st_mode):
            continue
        _refuse_planted(candidate, found.st_uid)
        return directory
    raise UsageError(f"there is no {clean(marker)} in {clean(first)} or above it")


def _refuse_planted(path: Path, owner: int) -> None:
    """Refuse a file somebody else owns in a directory anyone may write to, as /tmp is."""
    if owner in (0, os.geteuid()):
        return
    if path.parent.stat().st_mode & stat.S_IWOTH:
        raise UsageError(f"{clean(path)} belongs to another user, in a directory anyone can write to")


def _known() -> str:
    return " ".join(f"{{{name}}}" for name in FIELDS)
