"""Archiving and restoring as commands, so that they are jobs like any other: listed, followed, cancelled, recorded.

`python -P -m cockpit.actions.archive_job create --root=R --path=P --run=ID --source=S --archive=FILE [--aside]`
`python -P -m cockpit.actions.archive_job restore --root=R --archive=FILE`
"""

import argparse
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from cockpit.actions.archive import Archive, create, origin
from cockpit.actions.manifest import ArchiveError, failure
from cockpit.actions.occupied import occupied
from cockpit.actions.restore import move_aside, restore
from cockpit.actions.storage import make_dir, open_new, pretty
from cockpit.models.run import RunRef
from cockpit.sanitize import clean
from cockpit.sources.paths import run_dir

MODULE = "cockpit.actions.archive_job"


def create_argv(ref: RunRef, archive: Path, *, aside: bool) -> tuple[str, ...]:
    """The command that archives a run. Every value is in one argument with its option, so none can be one."""
    values = (f"--root={ref.root}", f"--path={ref.path}", f"--run={ref.id}", f"--source={ref.source}")
    flag = ("--aside",) if aside else ()
    return (sys.executable, "-P", "-m", MODULE, "create", *values, f"--archive={archive}", *flag)


def restore_argv(archive: Path, root: Path) -> tuple[str, ...]:
    """The command that puts an archived run back."""
    return (sys.executable, "-P", "-m", MODULE, "restore", f"--root={root}", f"--archive={archive}")


def main(arguments: list[str]) -> int:
    """Do it; says on standard output what happens, and returns 0, or 1 with the reason as the last line."""
    parser = argparse.ArgumentParser(prog=MODULE)
    parser.add_argument("what", choices=("create", "restore"))
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--path")
    parser.add_argument("--run")
    parser.add_argument("--source")
    parser.add_argument("--archive", type=Path, required=True)
    parser.add_argument("--aside", action="store_true")
    options = parser.parse_args(arguments)
    # As an exception, so that a cancelled job takes away what it left half made.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        if options.what == "restore":
            restore(options.archive, options.root, _say)
        else:
            ref = RunRef(source=options.source, root=str(options.root), path=options.path, id=options.run)
            _create(ref, options.archive, aside=options.aside)
    except ArchiveError as error:
        _say(f"error: {error}")
        return 1
    return 0


def _create(ref: RunRef, archive: Path, *, aside: bool) -> None:
    try:
        make_dir(archive.parent)
    except OSError as error:
        raise failure("cannot make", error) from error
    top = run_dir(ref)
    state_dir = archive.parent.parent
    _leave_alone(ref, state_dir, "nothing was done")
    made = _create_with_origin(top, ref, archive)
    if aside:
        _leave_alone(ref, state_dir, f"it is archived as {archive.name} and stays where it is")
        move_aside(made, top, Path(ref.root), _say)


def _create_with_origin(top: Path, ref: RunRef, archive: Path) -> Archive:
    """Archive the run, and keep beside the archive which root it came from.

    The latter first: what a killed attempt leaves of it is written over by the next, which takes the same name.
    """
    beside = origin(archive)
    mine = not beside.exists()
    try:
        with open_new(beside) as file:
            file.write(pretty({"root": ref.root}))
            file.flush()
            os.fsync(file.fileno())
        return create(top, ref, archive, _say)
    except BaseException as error:
        if mine or not archive.exists():
            with suppress(OSError):
                beside.unlink()
        if isinstance(error, OSError):
            raise failure("cannot write", error) from error
        raise


def _leave_alone(ref: RunRef, state_dir: Path, so: str) -> None:
    """Refuse a run that a live process works on: what that writes next would be in no archive.

    Raises:
        ArchiveError: Somebody holds it.
    """
    holders = occupied(ref, state_dir).holders
    if holders:
        raise ArchiveError(f"the run {clean(ref.id)} is held: {holders[0]}; {so}")


def _say(line: str) -> None:
    sys.stdout.write(f"{clean(line)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
