"""`record`: run a command unchanged and keep what it did as evidence."""

import argparse
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from cockpit import locations
from cockpit.clock import system_clock
from cockpit.errors import CockpitError, UsageError
from cockpit.recording.keeper import Keeper
from cockpit.recording.run import run_recorded
from cockpit.sanitize import clean

_JOURNAL_WAIT_S = 1.0
_LONGEST_NAME = 200


def record(options: argparse.Namespace) -> int:
    """Run the command after `--`; the exit code is its own.

    Raises:
        UsageError: There is no command, or nothing may be written.
    """
    argv: list[str] = options.command
    if not argv:
        raise UsageError("nothing to record: cockpit record [--root DIR] [--run ID] -- CMD ARG...")
    if options.read_only:
        raise UsageError("record writes under the state directory: not with --read-only")
    if options.run is not None and not 0 < len(options.run) <= _LONGEST_NAME:
        raise UsageError(f"--run: a name of 1 to {_LONGEST_NAME} characters")
    root = _root(options)
    state_dir = locations.state_dir(root, Path(options.state_dir).absolute() if options.state_dir else None)
    keeper = Keeper(state_dir, argv, clock=system_clock, root=root, run=options.run, warn=_warn)
    return run_recorded(argv, keeper, _Journal(state_dir, options.run), _warn)


class _Journal:
    """Appends to the journal where that can be written; what cannot be appended is in the recording anyway."""

    def __init__(self, state_dir: Path, run: str | None) -> None:
        self._state_dir = state_dir
        self._run = run

    def __call__(self, kind: str, data: dict[str, Any]) -> None:
        # Only now: the command is running while these are loaded.
        from cockpit.journal.actor import current_actor
        from cockpit.journal.log import JOURNAL_FILE, Journal

        if not (self._state_dir / "recordings" / data["recording"]).is_dir():
            return
        about = data if self._run is None else {**data, "run": self._run}
        with suppress(CockpitError, OSError, ValueError):
            path = self._state_dir / JOURNAL_FILE
            Journal(path, current_actor(), system_clock, wait_s=_JOURNAL_WAIT_S).append(kind, about)


def _root(options: argparse.Namespace) -> Path:
    """The root the command works on: named, from the environment, the configured one it is started in, else here."""
    named = options.root or [part for part in os.environ.get("COCKPIT_ROOT", "").split(os.pathsep) if part]
    if named:
        root = _resolved(Path(named[0]))
        if not root.is_dir():
            _warn(f"{root}: no such directory; recorded for it anyway")
        return root
    try:
        here = Path.cwd()
    except OSError:
        return Path("/")
    above = (here, *here.parents)
    configured = _configured(options)
    for place in above:
        if place in configured or (place / locations.STATE_FOLDER).is_dir():
            return place
    return here


def _configured(options: argparse.Namespace) -> set[Path]:
    """Roots of the configuration. A broken configuration is told, but the command must run."""
    file = Path(options.config) if options.config else locations.config_file()
    if not file.exists():
        return set()
    from cockpit.settings import load_settings

    try:
        return {_resolved(root.path) for root in load_settings(file).roots}
    except CockpitError as error:
        _warn(str(error).partition("\n")[0])
        return set()


def _resolved(path: Path) -> Path:
    try:
        return path.expanduser().resolve()
    except (OSError, RuntimeError, ValueError):
        return path.absolute()


def _warn(text: str) -> None:
    with suppress(OSError, ValueError):
        sys.stderr.write(f"cockpit: {clean(text)}\n")
        sys.stderr.flush()
