"""The source itself: runs of the agents-orchestration-system (formats/agents-orchestration.md)."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from cockpit.models.action import ActionSpec
from cockpit.models.detail import RunDetail
from cockpit.models.problem import Problem
from cockpit.models.run import RunRef
from cockpit.sources.agents_orchestration import artifacts, layout, reader
from cockpit.sources.agents_orchestration.actions import actions_for
from cockpit.sources.agents_orchestration.config import CONFIG, read_config
from cockpit.sources.agents_orchestration.console import ConsoleReader
from cockpit.sources.agents_orchestration.layout import TextKind
from cockpit.sources.agents_orchestration.probes import Prober, ProbeSettings
from cockpit.sources.agents_orchestration.recorded import read_recording
from cockpit.sources.agents_orchestration.segments import TASKS, task_of
from cockpit.sources.paths import decode, encode, on_disk, run_dir
from cockpit.sources.recordings import (
    ALIVE,
    META,
    RECORDINGS,
    Recording,
    is_held,
    load_recording,
    recording_dirs,
    state_dir_of,
)
from cockpit.sources.tree import digest, list_tree

_STATE = "recording"
"""Before the `:` in the path of a recording that is kept outside of the root: `.#recording:<id>`."""


class AgentsOrchestrationSource:
    """Implements `cockpit.sources.base.Source`. Keeps only its settings; parsed files are shared by all instances."""

    id = "agents-orchestration"
    title = "Agents Orchestration System"

    def __init__(self) -> None:
        self._prober = Prober(ProbeSettings())

    def detect(self, root: Path) -> bool:
        """Whether `root` or a directory in it is a checkout of the system."""
        return layout.detect(root)

    def scan(self, root: Path) -> Iterator[RunRef]:
        """Every recorded command, console capture, execution in a log and project of `root`, in any order.

        Reads what changed of captures and logs: nothing but their lines tells how many runs they hold.

        Raises:
            OSError: The root is gone or cannot be listed.
        """
        yield from self._recordings(root)
        for rel, kind in layout.texts(root):
            yield from self._in_text(root, rel, kind)
        for project in layout.projects(root):
            rel = CONFIG if project == "." else f"{project}/{CONFIG}"
            for one in read_config(root / project, encode(rel)).projects:
                yield self._ref(root, f"{encode(rel)}#{layout.part(one.id)}", one.id)

    def owner(self, root: Path, path: Path) -> RunRef | None:
        """The run `path` belongs to: a recording's file, or a capture that holds one run; else `None`."""
        recorded = self._recorded(root, path)
        if recorded is not None:
            return recorded
        owners = self.owners(root, path)
        return owners[0] if len(owners) == 1 else None

    def owners(self, root: Path, path: Path) -> Sequence[RunRef]:
        """Every run in a capture or log that changed."""
        try:
            parts = path.relative_to(root).parts
        except ValueError:
            return ()
        if not layout.in_reach(parts):
            return ()
        rel = "/".join(parts)
        return tuple(self._in_text(root, rel, layout.kind_of_text(os.fspath(path))))

    def fingerprint(self, ref: RunRef) -> str:
        """Changes with the files the run is read from, with the reports of its checkout, and when its recorder dies."""
        directory = self._recording_dir(ref)
        if directory is not None:
            held = is_held(directory / ALIVE)
            return f"{digest(list_tree(directory))}-{held}-{artifacts.stamp(Path(ref.root), '.')}"
        base = reader.split(ref.path)[0]
        try:
            info = os.lstat(on_disk(ref.root, base))
        except OSError:
            return "gone"
        project = reader.project_of(ref, base) if not base.endswith(CONFIG) else "."
        reports = artifacts.stamp(Path(ref.root), decode(project))
        return f"{info.st_ino:x}-{info.st_size:x}-{info.st_mtime_ns:x}-{reports}"

    def detail(self, ref: RunRef, previous: RunDetail | None = None) -> RunDetail:
        """All facts of a run; files are read on from where they were the last time."""
        fingerprint = self.fingerprint(ref)
        directory = self._recording_dir(ref)
        if directory is not None:
            return self._recorded_detail(ref, directory, fingerprint)
        if reader.split(ref.path)[0].endswith(CONFIG):
            return reader.read_project(ref, fingerprint)
        return reader.read_text_run(ref, fingerprint)

    def actions(self, ref: RunRef) -> Sequence[ActionSpec]:
        """What the system can do; see `cockpit.sources.agents_orchestration.actions`."""
        directory = self._recording_dir(ref)
        recording = None if directory is None else load_recording(directory)[0]
        if recording is not None:
            return actions_for(ref, task_of(" ".join(recording.argv)), recording)
        task = next((flow for flow in self.detail(ref).record.flows if flow in TASKS), None)
        return actions_for(ref, task, None)

    def watch_paths(self, ref: RunRef) -> Sequence[Path]:
        """The recording, or the directory of the file the run is in."""
        directory = self._recording_dir(ref)
        return [directory if directory is not None else run_dir(ref).parent]

    def root_problems(self, root: Path) -> Sequence[Problem]:
        """What will make runs fail: configurations that cannot be read or do not fit together."""
        found: list[Problem] = []
        for project in layout.projects(root):
            rel = CONFIG if project == "." else f"{project}/{CONFIG}"
            known = read_config(root / project, encode(rel))
            found += known.problems
            found += self._prober.problems(known, encode(rel))
        for directory in recording_dirs(state_dir_of(root)):
            _, problem = load_recording(directory, f"{_shown(root, directory)}/{META}")
            found += [] if problem is None else [problem]
        return found

    def configure(self, options: Sequence[Any]) -> None:
        """Take whether live systems may be asked: the fields of `ProbeSettings`; without them none may."""
        given = next((one for one in options if isinstance(one, Mapping)), {})
        self._prober = Prober(ProbeSettings.model_validate(given))

    def _ref(self, root: Path, path: str, name: str) -> RunRef:
        return RunRef(source=self.id, root=os.fspath(root), path=path, id=encode(name))

    def _recordings(self, root: Path) -> Iterator[RunRef]:
        for directory in recording_dirs(state_dir_of(root)):
            recording, _ = load_recording(directory)
            # Whose an unreadable one was cannot be told: it is a problem of the root.
            if recording is not None and layout.ours(recording):
                yield self._recording_ref(root, directory, recording)

    def _recording_ref(self, root: Path, directory: Path, recording: Recording) -> RunRef:
        return self._ref(root, _recording_path(root, directory), recording.run or recording.id)

    def _recorded(self, root: Path, path: Path) -> RunRef | None:
        try:
            parts = path.relative_to(state_dir_of(root) / RECORDINGS).parts
        except ValueError:
            return None
        if not parts:
            return None
        directory = state_dir_of(root) / RECORDINGS / parts[0]
        recording, _ = load_recording(directory)
        if recording is None or not layout.ours(recording):
            return None
        return self._recording_ref(root, directory, recording)

    def _recording_dir(self, ref: RunRef) -> Path | None:
        """The directory of a recorded run, or `None` for a run of another kind."""
        base, part = reader.split(ref.path)
        if base == "." and part.startswith(f"{_STATE}:"):
            return state_dir_of(Path(ref.root)) / RECORDINGS / unquote(part.partition(":")[2])
        above, _, name = base.rpartition("/")
        if part or above.rpartition("/")[2] != RECORDINGS:
            return None
        directory = Path(ref.root) / decode(above)
        return directory / decode(name) if directory == state_dir_of(Path(ref.root)) / RECORDINGS else None

    def _recorded_detail(self, ref: RunRef, directory: Path, fingerprint: str) -> RunDetail:
        base = ref.path if "#" not in ref.path else f"{RECORDINGS}/{encode(directory.name)}"
        recording, problem = load_recording(directory, f"{base}/{META}")
        if recording is None:
            return reader.lost(ref, fingerprint, reader.GONE if problem is None else problem.reason)
        return read_recording(ref, recording, base, fingerprint)

    def _in_text(self, root: Path, rel: str, kind: TextKind) -> Iterator[RunRef]:
        path, shown = f"{os.fspath(root)}/{rel}", encode(rel)
        if kind is TextKind.JSON:
            log = layout.log_file(path, shown)
            log.refresh()
            for name in list(log.visitor.executions):
                yield self._ref(root, f"{shown}#{layout.part(name)}", name)
        elif kind is TextKind.CONSOLE:
            yield from self._in_console(root, path, shown)

    def _in_console(self, root: Path, path: str, shown: str) -> list[RunRef]:
        refs: list[RunRef] = []
        stem = shown.rpartition("/")[2].rpartition(".")[0]

        def use(found: ConsoleReader) -> None:
            for part, segment in layout.names_of(found.segments, service=found.service):
                name = stem if not part else (segment.name or f"{stem}-{part}")
                refs.append(self._ref(root, f"{shown}#{part}" if part else shown, name))

        layout.console_file(path).read(use)
        return refs


def _shown(root: Path, directory: Path) -> str:
    """A recording's directory as problems name it: relative to the root, or to a state directory elsewhere."""
    path = _recording_path(root, directory)
    return path if "#" not in path else f"{RECORDINGS}/{encode(directory.name)}"


def _recording_path(root: Path, directory: Path) -> str:
    try:
        return encode(directory.relative_to(root).as_posix())
    except ValueError:
        return f".#{_STATE}:{layout.part(directory.name)}"
