"""Archiving and restoring as commands, so that they are jobs like any other: listed, followed, cancelled, recorded.

`python -P -m cockpit.actions.archive_job create --root=R --path=P --run=ID --source=S --archive=FILE [--aside]`
`python -P -m cockpit.actions.archive_job restore --root=R --archive=FILE`
"""

import argparse
import signal
import sys
from pathlib import Path

from cockpit.actions.archive import create
from cockpit.actions.manifest import ArchiveError, failure
from cockpit.actions.restore import move_aside, restore
from cockpit.actions.storage import make_dir
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
    made = create(top, ref, archive, _say)
    if aside:
        move_aside(made, top, Path(ref.root), _say)


def _say(line: str) -> None:
    sys.stdout.write(f"{clean(line)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
