"""Making a fresh run of curriculum-builder with the inputs of another one: its own `init`, then a verified copy.

`python -P -m cockpit.actions.fresh_job --runs=DIR --run=NAME -- python3.11 scripts/orchestration.py init [SLUG]`

The new run is the directory the tool says it made, which must not have been there before. Of it only the inputs that
`init` itself wrote are replaced, each at once and read back; the run they come from is only read
(seed 001, Invalid run metadata; formats/curriculum-builder.md 3.1 and 3.12: archive, init, reapply the inputs).
"""

import argparse
import os
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from cockpit.actions.names import why_not_plain
from cockpit.actions.own_job import (
    Foresight,
    JobParser,
    OwnJobError,
    read_regular,
    run_job,
    say,
    split_command,
    trouble,
)
from cockpit.actions.storage import make_dir, write_atomic
from cockpit.sanitize import clean
from cockpit.sources.curriculum_builder.layout import RUN, RUN_ID

MODULE = "cockpit.actions.fresh_job"
INPUTS = "inputs"
_SAYS = "Run directory:"
_MAX_BYTES = 64 * 1024 * 1024
_MAX_FILES = 1000


def inputs_of(run: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The files below a run's `inputs`, relative to it and sorted, and what is none and stays behind (links, FIFOs).

    Raises:
        OwnJobError: It has no inputs, or they cannot be listed.
    """
    top = run / INPUTS
    if top.is_symlink() or not top.is_dir():
        raise OwnJobError(f"{clean(run.name)} has no directory {INPUTS}: there is nothing to carry over")
    files: list[str] = []
    others: list[str] = []
    try:
        for folder, _, names in _walk(top):
            for name in names:
                path = folder / name
                regular = stat.S_ISREG(path.lstat().st_mode)
                (files if regular else others).append(path.relative_to(top).as_posix())
    except OSError as error:
        raise trouble("cannot list", error) from error
    if not files:
        raise OwnJobError(f"{clean(top)} holds no file: there is nothing to carry over")
    if len(files) > _MAX_FILES:
        raise OwnJobError(f"{clean(top)} holds {len(files)} files, more than {_MAX_FILES}: carry them over by hand")
    return tuple(sorted(files)), tuple(sorted(others))


def _walk(top: Path) -> list[tuple[Path, list[str], list[str]]]:
    def failed(error: OSError) -> None:
        raise error

    found = []
    for folder, folders, names in os.walk(top, onerror=failed):
        here = Path(folder)
        links = [name for name in folders if (here / name).is_symlink()]
        found.append((here, folders, [*names, *links]))
    return found


def initialise(runs: Path, command: Sequence[str]) -> Path:
    """Have the tool make a run; the directory it said it made.

    Args:
        runs: Where runs lie.
        command: The tool's own; its output is passed on.

    Raises:
        OwnJobError: It failed, named no directory, or one that is no new run of `runs`.
    """
    before = _names(runs)
    try:
        made = subprocess.run(
            list(command), check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
    except OSError as error:
        raise OwnJobError(f"{clean(command[0])}: {error.strerror}; no run was made") from error
    lines = made.stdout.decode("utf-8", "replace").splitlines()
    for line in lines:
        say(line)
    fresh = sorted(_names(runs) - before)
    if made.returncode:
        raise OwnJobError(f"the tool ended with exit {made.returncode}; {_left(fresh)}")
    named = next((line.removeprefix(_SAYS).strip() for line in lines if line.startswith(_SAYS)), None)
    if named is None:
        raise OwnJobError(f"the tool did not say which run it made; {_left(fresh)}; no inputs were carried over")
    run = Path(named)
    if why_not_plain(run.name) or not RUN_ID.match(run.name) or run.parent.resolve() != runs.resolve():
        raise OwnJobError(
            f"the tool named {clean(named)}, which is no run in {clean(runs)}; no inputs were carried over"
        )
    if run.name in before:
        raise OwnJobError(f"the tool named {clean(named)}, which was there before; it was not touched")
    if (runs / run.name).is_symlink() or not (runs / run.name / RUN).is_file():
        raise OwnJobError(f"the tool named {clean(named)}, but there is no {RUN} in it; no inputs were carried over")
    return runs / run.name


def _names(runs: Path) -> set[str]:
    try:
        return {each.name for each in runs.iterdir()}
    except OSError as error:
        raise trouble("cannot list", error) from error


def _left(fresh: list[str]) -> str:
    return f"new in its directory: {' '.join(map(clean, fresh))}" if fresh else "no run was made"


def carry_over(source: Path, target: Path, files: Sequence[str]) -> None:
    """Copy input files from one run into a new one, each at once, and read them back.

    Raises:
        OwnJobError: One cannot be read, written or read back; those before it are carried over.
    """
    for number, name in enumerate(files):
        try:
            size = _carry_one(source / INPUTS / name, target, target / INPUTS / name)
        except OwnJobError as error:
            done = f"{number} of {len(files)} inputs are carried over to {clean(target.name)}, copy the rest by hand"
            raise OwnJobError(f"{error}; {done}") from error
        say(f"carried over {INPUTS}/{name} ({size} bytes, read back)")


def _carry_one(source: Path, run: Path, place: Path) -> int:
    data, _ = read_regular(source, _MAX_BYTES)
    try:
        _make_parents(run, place)
        if place.is_symlink() or (place.exists() and not place.is_file()):
            raise OwnJobError(f"{clean(place)} is no file: it was not replaced")
        write_atomic(place, data)
    except OSError as error:
        raise OwnJobError(f"cannot write {clean(place)}: {error.strerror or error}") from error
    if read_regular(place, _MAX_BYTES)[0] != data:
        raise OwnJobError(f"{clean(place)} does not read back as it was written")
    return len(data)


def _make_parents(target: Path, place: Path) -> None:
    """The directories of a file below the new run, none of them through a link."""
    missing = [folder for folder in place.parents if folder.is_relative_to(target / INPUTS)]
    for folder in reversed(missing):
        if folder.is_symlink():
            raise OwnJobError(f"{clean(folder)} is a symbolic link: nothing is written through it")
        make_dir(folder)


def foresee(arguments: list[str]) -> Foresight:
    """What would be made, and which files go into it.

    Raises:
        OwnJobError: It cannot be done.
    """
    options, command = _parse(arguments)
    files, others = inputs_of(options.runs / options.run)
    effects = [f"makes a new run in {clean(options.runs)} with: {' '.join(map(clean, command))}"]
    effects += [f"carries {INPUTS}/{clean(name)} over to it and reads the copy back" for name in files]
    effects.append(f"{clean(options.run)} is only read")
    return Foresight(
        tuple(effects), tuple(f"{INPUTS}/{clean(name)} is no file and is not carried over" for name in others)
    )


def _parse(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    own, command = split_command(arguments)
    parser = JobParser(MODULE)
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--run", required=True)
    options = parser.parse_args(own)
    reason = why_not_plain(options.run)
    if reason is not None or not command:
        raise OwnJobError(
            f"the run {clean(ascii(options.run))}: {reason}" if reason else "no command to make a run with"
        )
    return options, command


def main(arguments: list[str]) -> int:
    """Do it; the new run's id is on the last line. 1 with the reason as the last line where something failed."""

    def job() -> int:
        options, command = _parse(arguments)
        source = options.runs / options.run
        files, _ = inputs_of(source)
        run = initialise(options.runs, command)
        carry_over(source, run, files)
        say(f"made {run.name} with the inputs of {options.run}; generate it with: cockpit retry {run.name}")
        return 0

    return run_job(job)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
