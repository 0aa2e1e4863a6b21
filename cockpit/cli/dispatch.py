"""From a parsed command line to the function of its verb, and from what went wrong to an exit code."""

import argparse
import gc
import importlib
import os
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

from cockpit import locations
from cockpit.errors import CockpitError, ExitCode
from cockpit.sanitize import clean

_HANDLERS: dict[str, str] = {
    "view": "cockpit.cli.view:view",
    "demo": "cockpit.cli.view:demo",
    "status": "cockpit.cli.runs:status",
    "runs": "cockpit.cli.runs:runs",
    "show": "cockpit.cli.runs:show",
    "diagnose": "cockpit.cli.diagnose:diagnose",
    "actions": "cockpit.cli.actions:actions",
    "plan": "cockpit.cli.actions:plan",
    "resume": "cockpit.cli.actions:act",
    "retry": "cockpit.cli.actions:act",
    "archive": "cockpit.cli.actions:act",
    "restore": "cockpit.cli.actions:act",
    "undo": "cockpit.cli.undo:undo",
    "do": "cockpit.cli.actions:act",
    "bulk": "cockpit.cli.bulk:bulk",
    "jobs": "cockpit.cli.jobs:jobs",
    "record": "cockpit.cli.record:record",
    "checklist": "cockpit.cli.checklists:checklist",
    "tick": "cockpit.cli.checklists:tick",
    "untick": "cockpit.cli.checklists:untick",
    "skip": "cockpit.cli.checklists:skip",
    "claim": "cockpit.cli.checklists:claim",
    "unclaim": "cockpit.cli.checklists:release",
    "verify": "cockpit.cli.checklists:verify",
    "note": "cockpit.cli.checklists:note",
    "perform": "cockpit.cli.checklists:perform",
    "playbooks": "cockpit.cli.playbooks:playbooks",
    "incident": "cockpit.cli.incidents:incident",
    "gate": "cockpit.cli.incidents:gate",
    "bundle": "cockpit.cli.reports:bundle",
    "metrics": "cockpit.cli.metrics:metrics",
    "postmortem": "cockpit.cli.reports:postmortem",
    "handoff": "cockpit.cli.handoff:handoff",
    "notify": "cockpit.cli.notify:notify",
    "audit": "cockpit.cli.audit:audit",
    "doctor": "cockpit.cli.host:doctor",
    "info": "cockpit.cli.host:info",
    "keys": "cockpit.cli.host:keys",
    "config": "cockpit.cli.config:config",
}


def dispatch(options: argparse.Namespace) -> int:
    """Run the verb; every error becomes a message on stderr and an exit code, never a traceback on the screen."""
    module, _, name = _HANDLERS[options.verb].partition(":")
    gc.disable()
    try:
        handler = getattr(importlib.import_module(module), name)
        # What was imported stays: collections in between, and later ones that walk all of it, find nothing.
        gc.freeze()
        if options.verb != "view":  # the app enables it after its first frame
            gc.enable()
        return int(handler(options))
    except CockpitError as error:
        for line in str(error).splitlines() or [type(error).__name__]:
            sys.stderr.write(f"cockpit: {clean(line)}\n")
        return int(error.exit_code)
    except (BrokenPipeError, KeyboardInterrupt):
        raise
    except Exception as error:  # noqa: BLE001 - the last door: a crash keeps its traceback and exits 70
        return _crashed(error)
    finally:
        gc.enable()


def _crashed(error: BaseException) -> int:
    path = save_traceback(error)
    where = f"traceback in {path}" if path else "the traceback could not be saved"
    sys.stderr.write(f"cockpit: internal error: {type(error).__name__}: {clean(error, 200)}; {where}\n")
    return int(ExitCode.INTERNAL)


def save_traceback(error: BaseException) -> Path | None:
    """Write a traceback without local values (they may hold secrets) into the user's state directory."""
    directory = locations.user_state_dir() / "tracebacks"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = directory / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.txt"
        path.write_text("".join(traceback.format_exception(error)), encoding="utf-8", errors="backslashreplace")
    except OSError:
        return None
    return path
