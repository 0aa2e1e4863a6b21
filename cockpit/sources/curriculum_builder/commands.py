"""Which recorded commands belong to a run, found without reading every recording for every run."""

import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from cockpit.models.run import RunRef
from cockpit.sources.curriculum_builder.layout import RUN_ID
from cockpit.sources.curriculum_builder.recorded import Command
from cockpit.sources.paths import encode
from cockpit.sources.recordings import (
    META,
    OUTPUT,
    RECORDINGS,
    Recording,
    last_lines,
    load_recording,
    recording_dirs,
    state_dir_of,
)
from cockpit.sources.tree import FileEntry

MAX_LISTED = 2_000
MAX_READ = 20
"""Recordings of one run that are read, the newest."""
_LINES = 200
_SETTLED_NS = 1_000_000_000
"""A directory changed this recently may change again without a newer time."""


@dataclass(slots=True)
class _Index:
    """What is known of one directory of recordings. What a recording is about never changes, so it is read once."""

    stamp: int = -1
    about: dict[str, tuple[str, ...]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    complete: bool = False


_lock = threading.Lock()
_indexes: dict[str, _Index] = {}


def recorded_for(ref: RunRef) -> list[Path]:
    """Directories of the recordings that speak of a run: said so by `--run`, or by their command; newest first."""
    state = state_dir_of(Path(ref.root))
    try:
        stamp = (state / RECORDINGS).stat().st_mtime_ns
    except OSError:
        return []
    with _lock:
        index = _indexes.setdefault(os.fspath(state), _Index())
        settled = time.time_ns() - stamp > _SETTLED_NS
        if not (settled and index.complete and index.stamp == stamp):
            _look(index, state)
            index.stamp = stamp
        found = [state / RECORDINGS / name for name, runs in index.about.items() if ref.id in runs][:MAX_READ]
        if found:
            index.places[ref.id] = ref.path
        return found


def place_of(root: Path, path: Path) -> str | None:
    """The run (relative to the root, as its reference spells it) a changed file of a recording speaks of, or `None`.

    Known only of runs that were looked at since the recording was made; any other one waits for the next sweep.
    """
    state = state_dir_of(root)
    try:
        name = path.relative_to(state / RECORDINGS).parts[0]
    except (ValueError, IndexError):
        return None
    with _lock:
        index = _indexes.get(os.fspath(state))
        runs = () if index is None else index.about.get(name, ())
        return next((index.places[run] for run in runs if index is not None and run in index.places), None)


def _look(index: _Index, state: Path) -> None:
    about: dict[str, tuple[str, ...]] = {}
    index.complete = True
    for directory in recording_dirs(state)[:MAX_LISTED]:
        runs = index.about.get(directory.name)
        if runs is None:
            recording, _ = load_recording(directory)
            if recording is None:
                index.complete = False  # it is being made: its record comes a moment after its directory
                continue
            runs = _runs_of(recording)
        about[directory.name] = runs
    index.about = about


def _runs_of(recording: Recording) -> tuple[str, ...]:
    named = {one.removeprefix("RUN_ID=") for one in recording.argv}
    found = {one for one in named if RUN_ID.match(one)}
    return tuple(found | ({recording.run} if recording.run else set()))


def stamps(directories: list[Path]) -> list[FileEntry]:
    """What changes whenever one of these recordings does."""
    found = []
    for directory in directories:
        for name in (META, OUTPUT):
            try:
                info = (directory / name).lstat()
            except OSError:
                continue
            stamp = (info.st_ino, info.st_size, info.st_mtime_ns)
            found.append(FileEntry(f"../{directory.name}/{name}", stamp, info.st_mode))
    return found


def read_commands(root: Path, directories: list[Path]) -> list[Command]:
    """The recordings as commands; one that cannot be read is left out."""
    found = []
    for directory in directories:
        recording, _ = load_recording(directory)
        if recording is None:
            continue
        found.append(
            Command(
                argv=recording.argv,
                lines=last_lines(recording, _LINES),
                output=_shown(root, recording.output),
                meta=_shown(root, recording.meta),
                started_at=recording.started_at,
                ended_at=recording.ended_at,
                exit_code=recording.exit_code if recording.ended_at is not None else None,
                lost=recording.dead,
                last_output_at=recording.last_output_at,
            )
        )
    return found


def _shown(root: Path, path: Path) -> str:
    """Relative to the root where it lies below; the state of a root that cannot be written to lies elsewhere."""
    try:
        return encode(os.fspath(path.relative_to(root)))
    except ValueError:
        return encode(os.fspath(path))
