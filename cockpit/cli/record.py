"""`record`: run a command unchanged and keep what it did as evidence."""

import argparse
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit import locations
from cockpit.clock import system_clock
from cockpit.errors import CockpitError, UsageError
from cockpit.recording.keeper import Keeper
from cockpit.recording.run import run_recorded
from cockpit.sanitize import clean

if TYPE_CHECKING:
    from cockpit.settings import Settings

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
    if options.run is not None and not 0 < len(options.run) <= _LONGEST_NAME:
        raise UsageError(f"--run: a name of 1 to {_LONGEST_NAME} characters")
    settings = _settings(options)
    root = _root(options, settings)
    state_dir = locations.state_dir(root, Path(options.state_dir).absolute() if options.state_dir else None)
    _require_writable(options, settings, root, state_dir)
    keeper = Keeper(state_dir, argv, clock=system_clock, root=root, run=options.run, warn=_warn)
    return run_recorded(argv, keeper, _Journal(state_dir, options.run), _warn)


class _Journal:
    """Appends to the journal where that can be written; what cannot be appended is in the recording anyway."""

    def __init__(self, state_dir: Path, run: str | None) -> None:
        self._state_dir = state_dir
        self._run = run

    def __call__(self, kind: str, data: dict[str, Any]) -> None:
        if (self._state_dir / "recordings" / data["recording"]).is_dir():
            _append(self._state_dir, kind, data, self._run)


def _append(state_dir: Path, kind: str, data: dict[str, Any], run: str | None) -> None:
    """Append to the journal, if that can be done soon."""
    # Only now: a command that is recorded runs while these are loaded.
    from cockpit.journal.actor import current_actor
    from cockpit.journal.log import Journal

    about = data if run is None else {**data, "run": run}
    with suppress(CockpitError, OSError, ValueError):
        journal = Journal(state_dir / locations.JOURNAL_FILE, current_actor(), system_clock, wait_s=_JOURNAL_WAIT_S)
        journal.append(kind, about)


def _require_writable(options: argparse.Namespace, settings: "Settings | None", root: Path, state_dir: Path) -> None:
    """Refuse, and record the refusal, where nothing may be written: a recording is.

    Raises:
        UsageError: Nothing may be written for this root.
    """
    reason = "started with --read-only" if options.read_only else None
    if reason is None and settings is not None:
        closed = settings.read_only or any(each.read_only for each in settings.roots if _resolved(each.path) == root)
        reason = "the configuration says so" if closed else None
    if reason is None:
        return
    # A directory that has no record yet, any directory perhaps, does not get one by a refusal.
    if state_dir.is_dir():
        from cockpit.recording.masking import mask_argv

        argv = [argument.encode("utf-8", "backslashreplace").decode() for argument in mask_argv(options.command)]
        about = {"action": "record", "argv": argv, "reason": f"read-only: {reason}"}
        _append(state_dir, "action.refused", about, options.run)
    raise UsageError(f"cannot record, so the command was not started: read-only: {reason}")


def _root(options: argparse.Namespace, settings: "Settings | None") -> Path:
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
    configured = {_resolved(root.path) for root in settings.roots} if settings else set()
    for place in above:
        if place in configured or (place / locations.STATE_FOLDER).is_dir():
            return place
    return here


def _settings(options: argparse.Namespace) -> "Settings | None":
    """The configuration. A broken one is told, but the command must run."""
    file = Path(options.config) if options.config else locations.config_file()
    if not file.exists():
        return None
    from cockpit.settings import load_settings

    try:
        return load_settings(file)
    except CockpitError as error:
        _warn(str(error).partition("\n")[0])
        return None


def _resolved(path: Path) -> Path:
    try:
        return path.expanduser().resolve()
    except (OSError, RuntimeError, ValueError):
        return path.absolute()


def _warn(text: str) -> None:
    with suppress(OSError, ValueError):
        sys.stderr.write(f"cockpit: {clean(text)}\n")
        sys.stderr.flush()
