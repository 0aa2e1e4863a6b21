"""Arguments of the verbs about actions: what can be done, plans, the acting itself, undo, bulks and jobs."""

import argparse
from collections.abc import Callable

ACTIONS = ("resume", "retry", "archive", "restore")
"""Actions that are verbs; every other action of a run (`cockpit actions RUN`) is `cockpit ACTION RUN` too."""

RUN = "its id, as `cockpit runs` prints it; its path where several have that id"
"""What a run is named by."""

VERBS: dict[str, str] = {
    "actions": "what can be done to a run, and why not the rest",
    "plan": "what an action would do; changes nothing",
    "resume": "resume a run from a step",
    "retry": "retry a step of a run",
    "archive": "archive a run (the original stays unless --remove)",
    "restore": "bring an archived run back",
    "undo": "take back the last thing you did that can be taken back",
    "do": "any action of a run: `cockpit ACTION RUN` in full",
    "bulk": "one action on many runs, some at a time, with a result for each",
    "jobs": "jobs and bulks of this root, also of other operators",
}


def add(verb: Callable[[str], argparse.ArgumentParser]) -> None:
    """Add these verbs.

    Args:
        verb: Makes the parser of a verb.
    """
    verb("actions").add_argument("run", metavar="RUN", help=RUN)
    plan = verb("plan")
    plan.add_argument("action", metavar="ACTION", help="its id, as `cockpit actions RUN` lists it")
    _action_arguments(plan)
    plan.add_argument("--dry-run", action="store_true", help="let its command say what it would do, as make -n does")
    for name in (*ACTIONS, "do"):
        act = verb(name)
        if name == "do":
            act.add_argument("action", metavar="ACTION", help="its id, as `cockpit actions RUN` lists it")
        _action_arguments(act)
        confirmation(act)
        if name != "do":
            act.set_defaults(action=name)
    undo = verb("undo")
    undo.add_argument("--run", metavar="RUN", help="the last thing you did to this run")
    undo.add_argument("--list", action="store_true", help="what you did, and how each is taken back or why not")
    confirmation(undo)
    _bulk_verb(verb)
    jobs = verb("jobs")
    jobs.add_argument("job", metavar="JOB", nargs="?", help="a job, or a bulk")
    jobs.add_argument("--follow", action="store_true", help="print its output until it ends")
    jobs.add_argument("--cancel", action="store_true", help="TERM, then KILL its whole process group")
    jobs.add_argument("--bulks", action="store_true", help="list the bulks instead")


def confirmation(parser: argparse.ArgumentParser) -> None:
    """Add what every verb that starts something takes."""
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--plan", metavar="HASH", help="only if the plan is still this one (exit 5 otherwise)")
    parser.add_argument("--timeout", metavar="T", type=_duration, help="end it after this time, such as 30m; 0: never")
    parser.add_argument("--wait", action=argparse.BooleanOptionalAction, default=True, help="wait for the job to end")


def _duration(text: str) -> float:
    from cockpit.units import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _action_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help=RUN)
    _choices(parser)


def _choices(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--flow", metavar="F", help="default: the flow the run stands in")
    parser.add_argument("--step", metavar="S", help="default: the step that failed or stands")
    parser.add_argument("--set", metavar="NAME=VALUE", action="append", default=[], help="an input of the action")
    parser.add_argument("--remove", action="store_true", help="archive: move the original aside once verified")


def _bulk_verb(verb: Callable[[str], argparse.ArgumentParser]) -> None:
    bulk = verb("bulk")
    bulk.usage = "cockpit bulk ACTION (RUN... | --filter EXPR | --rest-of BULK) [--yes] [--dry-run] ..."
    bulk.add_argument("action", metavar="ACTION", help="its id, as `cockpit actions RUN` lists it")
    bulk.add_argument("runs", metavar="RUN", nargs="*", help="these; or --filter, or --rest-of")
    bulk.add_argument("--filter", metavar="EXPR", default="", help="the runs that match; the grammar is that of `runs`")
    bulk.add_argument("--rest-of", metavar="BULK", help="the runs that this bulk left undone, planned anew")
    bulk.add_argument("--dry-run", action="store_true", help="show the plans; change nothing")
    bulk.add_argument("--parallel", metavar="N", type=_count, help="jobs at a time; default: [jobs] parallel, else 2")
    bulk.add_argument("--stop-on-failure", action="store_true", help="start nothing more after the first failure")
    _choices(bulk)
    confirmation(bulk)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 64")
    return int(text)
