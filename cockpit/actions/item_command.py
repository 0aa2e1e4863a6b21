"""The command of a checklist item as an action: planned, confirmed and recorded like any other, never a shell line."""

import re

from cockpit.models.action import ActionSpec
from cockpit.models.run import RunState
from cockpit.sanitize import clean

COMMAND = "command"
"""Id of the action, in jobs and in the journal; what exactly was run is the job's argument list."""

_MARKERS = {"make": "Makefile", "gmake": "Makefile", "invoke": "tasks.py", "inv": "tasks.py"}
_PYTHON = re.compile(r"python(?:3(?:\.\d+)?)?")
_STATES = tuple(RunState)


def command_spec(template: tuple[str, ...], title: str) -> ActionSpec:
    """The action that runs an item's command.

    It runs where its program finds its files: beside the Makefile, the tasks file or the script it names, else in the
    directory the run lies in. Unlike a system's own actions it may be run whatever the run does: most such commands
    only look.

    Args:
        template: Argument list; `{run}`, `{flow}` and `{step}` are filled in, each with a plain name.
        title: What it does, one line: the item's text.
    """
    return ActionSpec(
        id=COMMAND,
        title=clean(title, 120),
        argv=template,
        states=_STATES,
        cwd_marker=_marker(template),
        danger=True,
        undo="Nothing is known of how to take it back.",
        expects=("runs the command of the playbook as you, and keeps its output",),
    )


def _marker(template: tuple[str, ...]) -> str | None:
    program = template[0] if template else ""
    if _PYTHON.fullmatch(program) and len(template) > 1 and template[1].endswith(".py"):
        script = template[1]
        return None if script.startswith("/") or ".." in script.split("/") else script
    return _MARKERS.get(program)
