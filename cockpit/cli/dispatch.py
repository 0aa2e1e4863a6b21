"""From a parsed command line to the function of its verb, and from what went wrong to an exit code."""

import argparse
import gc
import importlib
import sys

from cockpit.errors import CockpitError
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
    "completion": "cockpit.cli.completion:completion",
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
        return _said(error)
    except (BrokenPipeError, KeyboardInterrupt):
        raise
    except Exception as error:  # noqa: BLE001 - the last door: a crash keeps its traceback and exits 70
        from cockpit.crash import crashed

        return _said(crashed(error))


def _said(error: CockpitError) -> int:
    for line in str(error).splitlines() or [type(error).__name__]:
        sys.stderr.write(f"cockpit: {clean(line)}\n")
    return int(error.exit_code)
