"""`bulk`: one action on many runs, some at a time, with a result for each; and bulks in `jobs`."""

import argparse
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from cockpit.actions.bulk_record import load_bulk, wait_bulk
from cockpit.actions.declining import UNASKED
from cockpit.bulking import Bulking
from cockpit.cli import output
from cockpit.cli.actions import ask, chosen_options, on_terminal
from cockpit.cli.context import open_session
from cockpit.errors import ExitCode, UsageError
from cockpit.filtering import parse_filter
from cockpit.models.bulk import Bulk, BulkItem, BulkPlan, BulkState
from cockpit.models.run import Run
from cockpit.presenters import documents, words
from cockpit.presenters.bulks import (
    BULK_TITLES,
    ITEM_TITLES,
    PLAN_TITLES,
    bulk_row,
    item_row,
    item_text,
    news,
    plan_row,
    plan_summary,
)
from cockpit.presenters.runs import RunsView, arrange
from cockpit.session import Session
from widgets.rows import Tone

_LOOK_S = 0.2
"""Seconds between looks at a bulk that is followed."""


def bulk(options: argparse.Namespace) -> int:
    """Do it, once confirmed. Exit 1 where one of the runs did not come out well, 5 where the plan is another one."""
    with open_session(options) as session:
        session.settle()
        bulking = Bulking(session)
        plan = _plan(session, bulking, options)
        parallel = session.settings.jobs.parallel if options.parallel is None else options.parallel
        if options.dry_run:
            return _show_plan(plan, parallel, options)
        if not options.yes:
            _confirm(plan, parallel, options, lambda why: bulking.decline(plan, why))
        made = bulking.start(
            plan,
            parallel=parallel,
            stop_on_failure=options.stop_on_failure,
            timeout_s=options.timeout,
            expected=options.plan,
        )
        output.tell(f"bulk {made.id}")
        place = bulking.directory(made.id)
        if options.wait and place is not None:
            made = follow(place, echo=not options.json)
        if options.json:
            output.emit(documents.bulk(made))
        elif options.wait:
            output.tell(f"{made.action} of {len(made.items)} runs {made.state.value}: {made.outcome}")
    return _code(made)


def show(session: Session, bulk_id: str, options: argparse.Namespace) -> int:
    """`jobs BULK`: a bulk and its runs; follow or cancel it."""
    bulking = Bulking(session)
    made = bulking.one(bulk_id)
    place = bulking.directory(bulk_id)
    if options.cancel:
        if not bulking.cancel(bulk_id):
            output.tell(f"{bulk_id} has ended already")
        elif place is not None:
            made = wait_bulk(place, timeout_s=60)
    if options.follow and place is not None:
        made = follow(place, echo=not options.json)
    if options.json:
        output.emit(documents.bulk(made))
    elif options.follow:
        output.tell(f"{made.action} of {len(made.items)} runs {made.state.value}: {made.outcome}")
    else:
        table([made], session)
        output.say()
        output.table(ITEM_TITLES, [item_row(item) for item in made.items])
    return _code(made)


def table(found: list[Bulk], session: Session) -> None:
    """Bulks, a line each."""
    output.table(BULK_TITLES, [bulk_row(each, session.now()) for each in found])


def follow(place: Path, *, echo: bool) -> Bulk:
    """Wait for the end of a bulk; with `echo` every change goes to stdout as a line."""
    ended = threading.Event()

    def wait() -> None:
        try:
            wait_bulk(place)
        finally:
            ended.set()

    threading.Thread(target=wait, name="bulk-wait", daemon=True).start()
    known: tuple[BulkItem, ...] = ()
    while True:
        last = ended.wait(_LOOK_S)
        now = load_bulk(place)
        if now is not None and echo:
            for item in news(known, now.items):
                output.say(item_text(item, len(now.items)))
            known = now.items
            sys.stdout.flush()
        if last:
            return wait_bulk(place)


def _plan(session: Session, bulking: Bulking, options: argparse.Namespace) -> BulkPlan:
    flow, step, chosen = options.flow, options.step, chosen_options(options)
    if options.rest_of is not None:
        if options.runs or options.filter:
            raise UsageError("--rest-of names the runs already: leave RUN and --filter out")
        before = bulking.one(options.rest_of)
        if before.action != options.action:
            raise UsageError(f"the bulk {before.id} is {before.action}, not {options.action}")
        runs = bulking.rest(before, session.load().runs)
        flow, step, chosen = flow or before.flow, step or before.step, {**before.options, **chosen}
        return bulking.plan(before.action, runs, flow=flow, step=step, options=chosen, rest_of=before.id)
    return bulking.plan(options.action, _runs(session, options), flow=flow, step=step, options=chosen)


def _runs(session: Session, options: argparse.Namespace) -> list[Run]:
    if bool(options.runs) == bool(options.filter):
        raise UsageError("name the runs, or give --filter EXPR (`.` for all), or --rest-of BULK: one of them")
    snapshot = session.load()
    if options.runs:
        return [session.find(name, snapshot.runs) for name in options.runs]
    found = list(arrange(snapshot.runs, RunsView(now=session.now(), filter=parse_filter(options.filter))))
    if not found:
        raise UsageError(f"no run matches {options.filter}")
    return found


def _show_plan(plan: BulkPlan, parallel: int, options: argparse.Namespace) -> int:
    if options.json:
        output.emit(documents.bulk_plan(plan))
    else:
        _print(plan, parallel, options)
    return int(ExitCode.OK if plan.startable else ExitCode.BAD)


def _print(plan: BulkPlan, parallel: int, options: argparse.Namespace) -> None:
    output.table(PLAN_TITLES, [plan_row(item) for item in plan.items])
    for warning in dict.fromkeys(warning for item in plan.items for warning in item.plan.warnings):
        output.say_cells([words.text(f"warning: {warning}", Tone.WARN)])
    output.say(plan_summary(plan, parallel, stop_on_failure=options.stop_on_failure))


def _confirm(plan: BulkPlan, parallel: int, options: argparse.Namespace, decline: Callable[[str], None]) -> None:
    """Several runs at once are confirmed by typing the action and their number.

    Raises:
        UsageError: It was not confirmed.
    """
    if not on_terminal():
        decline(UNASKED)
        raise UsageError("nothing was done: confirm with --yes (there is no terminal to ask on)")
    _print(plan, parallel, options)
    ask(f"type {plan.phrase} to confirm: ", plan.phrase, decline)


def _code(made: Bulk) -> int:
    good = (BulkState.RUNNING, BulkState.SUCCEEDED)
    return int(ExitCode.OK if made.state in good else ExitCode.BAD)
