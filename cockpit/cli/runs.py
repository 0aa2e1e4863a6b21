"""`status`, `runs`, `show`: what is going on, without a terminal."""

import argparse
from collections.abc import Sequence
from datetime import datetime

from cockpit.cli import output
from cockpit.cli.context import open_session
from cockpit.clock import iso
from cockpit.diagnosis.order import attention_key
from cockpit.errors import ExitCode
from cockpit.filtering import parse_filter
from cockpit.incidents.clocks import most_pressing, next_update
from cockpit.models.detail import RunDetail
from cockpit.models.incident import Incident
from cockpit.models.run import ATTENTION, Run, RunState
from cockpit.presenters import documents, incident_documents, times, words
from cockpit.presenters.detail import run_lines
from cockpit.presenters.header import state_counts
from cockpit.presenters.incidents import LIST_TITLES, countdown, list_row
from cockpit.presenters.logs import routing_rows
from cockpit.presenters.receipts import receipt_rows
from cockpit.presenters.runs import RunsView, Sort, arrange, claim, note, place, step_counts
from cockpit.presenters.times import TimeStyle
from cockpit.response import Policy
from cockpit.view_settings import SavedView, find_view
from widgets.rows import Cell, TextRow, Tone

STATUS_LINES = 12
"""Runs that need attention `status` lists; its JSON has all of them."""


def status(options: argparse.Namespace) -> int:
    """Counts by state, what needs attention first, and how the roots are."""
    with open_session(options) as session:
        snapshot, now = session.load(), session.now()
        attention = sorted((run for run in snapshot.runs if _pressing(run)), key=attention_key)
        # Here and not above: the other verbs know nothing of incidents, and start without what judges them.
        from cockpit.incident_index import IncidentIndex

        open_ones = IncidentIndex(session).open()
        if options.json:
            output.emit(
                {
                    "counts": {state.value: number for state, number in snapshot.count().states.items()},
                    "attention": [documents.run(run, now) for run in attention],
                    "incidents": [incident_documents.incident(one, desk.clocks(one), now) for desk, one in open_ones],
                    "roots": [documents.plain(_root(root)) for root in snapshot.roots],
                    "watch": snapshot.watch.value,
                    "as_of": iso(now),
                }
            )
            return int(ExitCode.OK)
        for root in snapshot.roots:
            sources = ", ".join(root.sources) or "no known system"
            output.say(f"{root.path}  ({root.error or sources})")
        output.say_cells([Cell(f"{len(snapshot.runs)} runs", Tone.STRONG), *state_counts(snapshot.count().states)])
        if open_ones:
            policy = session.settings.incidents.policy()
            output.say()
            output.table(LIST_TITLES, [list_row(one, most_pressing(one, now, policy), now) for _, one in open_ones])
            for _, one in open_ones:
                _next_update(one, now, policy)
        if attention:
            output.say()
            _table(attention[:STATUS_LINES], now, systems=snapshot.several_systems)
        if len(attention) > STATUS_LINES:
            output.say(f"and {len(attention) - STATUS_LINES} more: cockpit runs --filter is:attention")
    return int(ExitCode.OK)


def _next_update(incident: Incident, now: datetime, policy: Policy) -> None:
    """When people were promised news, where the table shows another clock."""
    clock = next_update(incident, policy)
    if clock is not None and clock != most_pressing(incident, now, policy):
        output.say_cells([Cell(incident.id, Tone.STRONG), countdown(clock, now)])


def runs(options: argparse.Namespace) -> int:
    """All runs that pass the filter, what needs attention first."""
    wanted = parse_filter(options.filter)
    with open_session(options) as session:
        named = find_view(options.view, session.settings.views) if options.view else SavedView()
        if named.filter and not options.filter:
            wanted = parse_filter(named.filter)
        snapshot, now = session.load(), session.now()
        for root in snapshot.roots:
            if root.error:
                output.tell(f"{root.path}: {root.error}")
        shown = arrange(snapshot.runs, RunsView(now=now, filter=wanted, sort=Sort(named.sort or "attention")))
        if options.by == "cluster" or (named.cluster and not options.json):
            return _by_cluster(shown, now, options)
        if options.limit is not None:
            shown = shown[: max(0, options.limit)]
        if options.json:
            output.emit([documents.run(run, now) for run in shown])
        else:
            _table(shown, now, systems=snapshot.several_systems)
            if not shown:
                output.tell("no runs" if not wanted.text else f"no run matches {wanted.text}")
    return int(ExitCode.OK)


def _by_cluster(shown: Sequence[Run], now: datetime, options: argparse.Namespace) -> int:
    """Runs that failed in the same way as one line; `--limit` counts clusters."""
    from cockpit.diagnosis.clusters import clusters
    from cockpit.presenters.findings import CLUSTER_TITLES, cluster_document, cluster_line

    found = clusters(shown)
    if options.limit is not None:
        found = found[: max(0, options.limit)]
    if options.json:
        output.emit([cluster_document(one, now) for one in found])
        return int(ExitCode.OK)
    output.table(CLUSTER_TITLES, [cluster_line(one) for one in found])
    without = sum(1 for run in shown if run.signature is None)
    output.tell(f"{without} runs without a failure signature" if found else "no failure signatures")
    return int(ExitCode.OK)


def show(options: argparse.Namespace) -> int:
    """Everything about one run; exit 1 when it cannot be read."""
    with open_session(options) as session:
        run = session.find(options.run)
        detail, now = session.detail(run), session.now()
        run = session.judge(detail)
        if options.json:
            output.emit(documents.show(run, detail, now))
        else:
            _show(run, detail, now)
    return int(ExitCode.BAD if run.state is RunState.UNREADABLE else ExitCode.OK)


def _show(run: Run, detail: RunDetail, now: datetime) -> None:
    for row in run_lines(run, detail, now):
        _text_line(row)
    output.say()
    cells = [
        (row.state, row.step, row.agent, row.took, row.at, row.note) for row in receipt_rows(detail, now, TimeStyle.UTC)
    ]
    output.table(("state", "step", "agent", "took", "at", "note"), cells)
    decisions = routing_rows(detail.routing, TimeStyle.UTC)
    if len(decisions):
        output.say()
        last = decisions[max(0, len(decisions) - 20) :]
        output.table(("at", "where", "decision", "why"), [(row.at, row.where, row.what, row.text) for row in last])


def _text_line(row: TextRow) -> None:
    output.say_cells([Cell(" " * row.indent + "".join(span.text for span in row.spans), _tone(row))])


def _tone(row: TextRow) -> Tone:
    return next((span.tone for span in row.spans if span.tone not in (Tone.PLAIN, Tone.DIM)), Tone.PLAIN)


_TITLES = ("state", "claims", "run", "where", "steps", "age", "silent", "why")


def _table(shown: Sequence[Run], now: datetime, *, systems: bool) -> None:
    """Runs as lines; with their system, where there are several."""
    if not systems:
        output.table(_TITLES, [_line(run, now) for run in shown])
        return
    lines = [(run, _line(run, now)) for run in shown]
    titles = (*_TITLES[:3], "system", *_TITLES[3:])
    output.table(titles, [(*line[:3], words.text(run.ref.source, Tone.DIM), *line[3:]) for run, line in lines])


def _line(run: Run, now: datetime) -> tuple[Cell, ...]:
    return (
        words.run_state(run.state),
        claim(run),
        words.text(run.id, Tone.STRONG),
        words.text(place(run.flow, run.step)),
        step_counts(run.steps),
        Cell(times.span(run.age(now)), Tone.DIM),
        Cell(times.span(run.silence(now)), Tone.DIM),
        note(run),
    )


def _pressing(run: Run) -> bool:
    return run.state in ATTENTION or run.contradicted


def _root(root: object) -> dict[str, object]:
    names = ("path", "sources", "error", "label")
    return {name: getattr(root, name) for name in names}
