"""Actions that the cockpit carries out itself for a system, named by their modules: sources lie below actions."""

import socket
import sys
from collections.abc import Iterable
from pathlib import Path

from cockpit.models.action import ActionInput, ActionSpec, InputKind
from cockpit.models.run import RunState
from cockpit.sources.recordings import Recording, load_recording, recording_dirs

NEWEST = 50
"""Recordings of a root that are looked at for one that works on a run."""

STOP = "stop"
_NOBODY = (
    "no command recorded for this run is at work on this host: only what `cockpit record --run ID -- CMD` started is "
    "known well enough to be ended; a job of the cockpit is ended with `cockpit jobs JOB --cancel`"
)
_KILL = ActionInput(
    name="kill", title="SIGKILL for what is left after the grace", kind=InputKind.FLAG, default="no"
)  # fmt: skip


def own_job(module: str, *words: str) -> tuple[str, ...]:
    """The command of an own job; `-P` keeps the working directory off the module path."""
    return (sys.executable, "-P", "-m", f"cockpit.actions.{module}", *words)


def literal(*texts: str) -> bool:
    """Whether texts may stand in a template as they are: printable, and without braces."""
    return all(text.isprintable() and not set(text) & {"{", "}"} for text in texts)


def newest_recordings(state_dir: Path) -> tuple[Recording, ...]:
    """The newest recordings of a root, the newest first; those that cannot be read are left out."""
    found = (load_recording(directory)[0] for directory in recording_dirs(state_dir)[:NEWEST])
    return tuple(recording for recording in found if recording is not None)


def recordings_for(state_dir: Path, run_id: str) -> tuple[Recording, ...]:
    """Those of the newest recordings that were made for a run."""
    return tuple(recording for recording in newest_recordings(state_dir) if recording.run == run_id)


def stop_spec(recordings: Iterable[Recording], *, after: tuple[str, ...] = (), instead: str = "") -> ActionSpec:
    """Ending the recorded command that works on a run; unavailable where none does.

    Args:
        recordings: Of the run, the newest first.
        after: What is left behind in this system when its producer ends, for the plan.
        instead: What the system's own way to stop is worth, added to the reason why it is unavailable.
    """
    spec = ActionSpec(
        id=STOP,
        title="End the recorded command that works on the run",
        inputs=(_KILL,),
        states=tuple(state for state in RunState if state is not RunState.ARCHIVED),
        undo="Not possible: start it again.",
        expects=after,
        danger=True,
    )
    known = next((each for each in recordings if _at_work(each)), None)
    if known is None:
        return spec.model_copy(update={"unavailable": f"{_NOBODY}{f'; {instead}' if instead else ''}"})
    words = (f"--recording={known.directory}", f"--pid={known.pid}", f"--created={known.pid_created!r}")
    if not literal(*words):
        return spec.model_copy(update={"unavailable": "the path of its recording cannot be part of a command"})
    return spec.model_copy(update={"argv": own_job("stop_job", *words, "--kill={kill}")})


def _at_work(recording: Recording) -> bool:
    """Whether its command may still run here; whether it does, the plan looks."""
    here = recording.ended_at is None and recording.host == socket.gethostname()
    return here and recording.pid is not None and recording.pid_created is not None


def absent(id_: str, title: str, why: str) -> ActionSpec:
    """An action that a document has and the system has not, so that who looks for it finds out why."""
    return ActionSpec(id=id_, title=title, unavailable=why)
