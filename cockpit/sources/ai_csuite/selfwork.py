"""What belongs to no run: canaries, gates, releases, specs, safety audits, and incident files without a run.

They are kept as one more run, `self-work`, of the database or of the working tree. Each report is a flow, what it
judges are its steps (formats/ai-csuite.md 1, "Other files"). Reports are overwritten: only the last one is there.
"""

import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from cockpit.models.detail import RunDetail
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.problem import Problem
from cockpit.models.records import Artifact, Event, Level, Receipt, RunRecord, Signal, SignalKind, StepFact, StepStatus
from cockpit.models.run import RunRef
from cockpit.sources.ai_csuite.detail import audit_event, audited
from cockpit.sources.ai_csuite.reports import JUDGES, Verdict, spec
from cockpit.sources.ai_csuite.signals import SIMULATED, Where, audit_signal, incident_events, incident_signals
from cockpit.sources.ai_csuite.steps import parsed
from cockpit.sources.ai_csuite.survey import REPORTS, Incident, Tree
from cockpit.sources.fields import SHORT, Obj, items, moment, newest, obj, oldest, word
from cockpit.sources.jsonfile import read_object
from cockpit.sources.paths import encode
from cockpit.sources.tree import modified

NAME = "self-work"


class Report(NamedTuple):
    """A report file: what it is, its path relative to the root, its stamp."""

    flow: str
    rel: str
    stamp: tuple[int, int, int]


def reports(root: str, tree: Tree | None) -> list[Report]:
    """The reports a working tree has now, by `stat` alone."""
    if tree is None:
        return []
    found = []
    for flow, place in REPORTS.items():
        if flow not in JUDGES:
            continue
        rel = f"{tree.rel}{place}".lstrip("/") if place.startswith("/") else f"{tree.code}/{place}"
        try:
            info = os.lstat(f"{root}/{rel}")
        except OSError:
            continue
        found.append(Report(flow, rel, (info.st_ino, info.st_size, info.st_mtime_ns)))
    return found


class _Facts:
    """Collects what the reports and the rows say."""

    def __init__(self) -> None:
        self.steps: dict[tuple[str, str], StepFact] = {}
        self.receipts: dict[tuple[str, str], Receipt] = {}
        self.signals: list[Signal] = []
        self.events: list[Event] = []
        self.problems: list[Problem] = []
        self.artifacts: list[Artifact] = []

    def drop(self, keys: Iterable[tuple[str, str]]) -> None:
        """Steps of which there is a later word."""
        for key in list(keys):
            self.steps.pop(key, None)
            self.receipts.pop(key, None)

    def take(self, flow: str, verdict: Verdict, at: datetime | None, path: str, quote: str | None = None) -> None:
        """One verdict: a step, its receipt and its signals."""
        place = Evidence(rank=Rank.RECEIPT, path=path, quote=(quote or verdict.said or verdict.raw or "")[:SHORT])
        error = verdict.said if verdict.status.bad else None
        self.steps[flow, verdict.step] = StepFact(
            flow=flow, step=verdict.step, status=verdict.status, ended_at=at, error=error, evidence=place
        )
        self.receipts[flow, verdict.step] = Receipt(
            flow=flow,
            step=verdict.step,
            status=verdict.status,
            raw_status=verdict.raw,
            ended_at=at,
            error=error,
            path=path,
        )
        for kind in verdict.kinds:
            said = verdict.said or kind.value
            self.signals.append(Signal(kind=kind, at=at, flow=flow, step=verdict.step, text=said, evidence=place))


def read(
    ref: RunRef,
    found: Sequence[Report],
    rows: dict[str, list[Obj]],
    incidents: Sequence[Incident],
    path: str,
    fingerprint: str,
    problems: Sequence[Problem],
) -> RunDetail:
    """All facts of the self-work.

    Args:
        ref: The run that stands for it.
        found: The reports there are.
        rows: The rows that belong to no run, by table.
        incidents: Incident files of runs that no database of the root knows.
        path: The database, as evidence spells it; of no use without rows.
        fingerprint: Of all of it.
        problems: What could not be read.
    """
    facts = _Facts()
    facts.problems += problems
    _from_rows(facts, rows, path)
    for report in found:
        _from_report(facts, ref, report)
    facts.events += incident_events(incidents, audited(rows.get("audit_logs", [])), None)
    facts.signals += incident_signals(incidents, None)
    flows = tuple(dict.fromkeys(flow for flow, _ in facts.steps))
    facts.signals += _ends(facts.steps.values(), flows)
    times = [one.at for one in facts.events] + [one.ended_at for one in facts.steps.values()]
    return RunDetail(
        ref=ref,
        record=RunRecord(title="self-work: canaries, gates, releases, safety", flows=flows),
        steps=tuple(facts.steps.values()),
        receipts=tuple(facts.receipts.values()),
        events=tuple(sorted(facts.events, key=_time)),
        signals=tuple(sorted(facts.signals, key=_time)),
        artifacts=tuple(facts.artifacts),
        problems=tuple(facts.problems),
        started_at=oldest(*times),
        updated_at=newest(*times),
        fingerprint=fingerprint,
    )


def _time(one: Event | Signal) -> float:
    return 0.0 if one.at is None else one.at.timestamp()


def _ends(steps: Iterable[StepFact], flows: Sequence[str]) -> Iterable[Signal]:
    """Every flow of which something is known is over: a report is written at its end."""
    last = {one.flow: one for one in steps}
    for flow in flows:
        one = last[flow]
        if one.evidence is not None:
            said = f"{flow} reported"
            yield Signal(kind=SignalKind.FLOW_ENDED, at=one.ended_at, flow=flow, text=said, evidence=one.evidence)


def _from_report(facts: _Facts, ref: RunRef, report: Report) -> None:
    path = encode(report.rel)
    at = modified(report.stamp[2])
    data, problem = read_object(f"{ref.root}/{report.rel}", path, root=ref.root)
    facts.artifacts.append(Artifact(path=path, kind="report", flow=report.flow, size=report.stamp[1], modified_at=at))
    if problem is not None:
        facts.problems.append(problem)
    if data is None:
        return
    at = moment(obj(data.get("summary")).get("finished_at")) or at
    verdicts = JUDGES[report.flow](data)
    facts.drop([key for key in facts.steps if key[0] == report.flow])  # the file is the later word on its audit rows
    for verdict in verdicts:
        facts.take(report.flow, verdict, at, path)
    said = "; ".join(f"{one.step}: {one.said or one.status.value}" for one in verdicts[:10])
    loud = any(one.status.bad for one in verdicts)
    level = Level.ERROR if loud else Level.INFO
    facts.events.append(Event(at=at, kind=f"report.{report.flow}", flow=report.flow, text=said, level=level, path=path))


def _from_rows(facts: _Facts, rows: dict[str, list[Obj]], path: str) -> None:
    where = Where(NAME, path, NAME)
    for row in rows.get("audit_logs", []):
        kind, details, at = word(row.get("event_type")), parsed(row.get("details_redacted")), moment(row.get("ts"))
        signal = audit_signal(row, where)
        facts.events.append(audit_event(row, path, None))
        if kind == "self.eval.gate":
            _last(facts, "eval-gate", "gate", signal, at, path, str(word(details.get("status"))))
        elif kind in ("self.feature.ramp", "self.feature.rollback"):
            stage = details.get("to") if kind == "self.feature.ramp" else details.get("from")
            step = f"{word(details.get('feature_key')) or '?'}@{stage}%"
            _last(facts, "canary", step, signal, at, path, kind)
        if signal is not None:
            facts.signals.append(signal)
    for row in rows.get("safety_audits", []):
        status, terms = word(row.get("status")), parsed(row.get("findings")).get("blocked_terms")
        said = f"{word(row.get('item_type'))} {status}: {items(terms)}"
        loud = status in ("blocked", "escalate")
        facts.events.append(_event("safety", row, said, path, loud=loud))
        if loud:
            place = Evidence(rank=Rank.RECEIPT, path=path, quote=f"safety_audits.status = {said}"[:SHORT])
            at = moment(row.get("created_at"))
            one = Signal(kind=SignalKind.SAFETY, at=at, flow="safety", text=said[:SHORT], evidence=place)
            facts.signals.append(one)
    for row in rows.get("provider_shadow_diffs", []):
        mismatches = parsed(row.get("diff")).get("mismatches")
        said = f"{word(row.get('capability'))}: {word(row.get('candidate'))} differs in {mismatches} places"
        said += " (latency, errors and cost are not compared)"
        facts.events.append(_event("shadow", row, said, path, loud=mismatches not in (0, None)))
    for row in rows.get("spec_reports", []):
        verdict = spec(parsed(row.get("report")))[0]
        facts.events.append(_event("spec", row, f"{verdict.said} ({SIMULATED})", path, loud=verdict.raw == "warn"))


def _event(kind: str, row: Obj, said: str, path: str, *, loud: bool) -> Event:
    level = Level.WARN if loud else Level.INFO
    return Event(at=moment(row.get("created_at")), kind=kind, text=said[:2_000], level=level, path=path)


def _last(facts: _Facts, flow: str, step: str, signal: Signal | None, at: datetime | None, path: str, raw: str) -> None:
    """A later row on the same gate or feature replaces the one before."""
    feature = step.rpartition("@")[0]
    facts.drop([key for key in facts.steps if key[0] == flow and key[1].rpartition("@")[0] == feature])
    status = StepStatus.SUCCEEDED if signal is None else StepStatus.FAILED
    verdict = Verdict(step, status, None if signal is None else signal.text, (), raw)
    facts.take(flow, verdict, at, path, None if signal is None else signal.evidence.quote)
