"""The Detail pane: the verdict with its evidence, the step in question, its handoff, and what could not be read."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from cockpit.diagnosis.measures import panel
from cockpit.models.detail import RunDetail
from cockpit.models.evidence import Evidence
from cockpit.models.finding import Finding
from cockpit.models.problem import Problem
from cockpit.models.records import Handoff, Receipt
from cockpit.models.run import Reason, Run
from cockpit.presenters import times, words
from cockpit.presenters.by_step import by_step
from cockpit.presenters.findings import finding_lines
from cockpit.presenters.links import file_key, link_of
from cockpit.presenters.receipts import best_handoffs
from cockpit.presenters.runs import place
from widgets.rows import Cell, Level, TextRow, Tone

MAX_PROBLEMS = 50
"""Problems listed one by one; the rest is counted."""


class _Lines:
    """Collects rows with unique keys; paths are shown relative to the run's directory."""

    def __init__(self, base: str) -> None:
        self.rows: list[TextRow] = []
        self._base = f"{base}/"

    def add(self, *spans: Cell, indent: int = 0, hang: int = 0, level: Level = Level.INFO) -> None:
        key = f"line\t{len(self.rows)}"
        self.rows.append(TextRow(key=key, spans=spans, indent=indent, hang=hang, level=level))

    def title(self, text: str) -> None:
        if self.rows:
            self.add()
        self.add(Cell(text, Tone.ACCENT))

    def field(self, name: str, *spans: Cell) -> None:
        if any(span.text for span in spans):
            self.add(words.text(f"{name:<9}", Tone.DIM), *spans, hang=9)

    def take(self, rows: Iterable[TextRow]) -> None:
        """Rows made elsewhere; their keys are made unique here."""
        for row in rows:
            place = link_of(row.key)
            key = file_key(place.path, place.line, len(self.rows)) if place else f"line\t{len(self.rows)}"
            self.rows.append(replace(row, key=key))

    def link(
        self, path: str, line: int | None, *after: Cell, before: str = "", indent: int = 0, level: Level = Level.INFO
    ) -> None:
        shown = path.removeprefix(self._base) + (f":{line}" if line else "")
        spans = (Cell(before, Tone.DIM), words.text(shown, Tone.ACCENT), *after)
        key = file_key(path, line, len(self.rows))
        self.rows.append(TextRow(key=key, spans=spans, indent=indent, level=level, link=True))


def run_lines(
    run: Run,
    detail: RunDetail | None,
    now: datetime,
    findings: Sequence[Finding] | None = None,
    *,
    unicode: bool = False,
    system: bool = False,
) -> list[TextRow]:
    """Everything worth reading about one run, most telling first; with its system, where there are several."""
    lines = _Lines(run.ref.path)
    _verdict(lines, run, now, unicode=unicode, system=system)
    if findings:
        lines.title("Findings")
        lines.take(finding_lines(findings, run.ref.path, run))
        lines.title("Why it is judged so")
    for reason in run.reasons:
        _reason(lines, reason)
    if detail is not None:
        _step(lines, run, detail)
        _panel(lines, detail)
        _record(lines, detail)
        _problems(lines, detail.problems)
    return lines.rows


def step_lines(detail: RunDetail, flow: str, step: str) -> list[TextRow]:
    """Everything about one step: its receipt, its handoff, its files."""
    lines = _Lines(detail.ref.path)
    lines.add(words.text(place(flow, step), Tone.STRONG))
    papers = by_step(detail)
    fact = papers.fact((flow, step))
    if fact is None:
        lines.add(Cell("This step has not run.", Tone.DIM))
        return lines.rows
    lines.field("state", words.step_status(fact.status))
    lines.field("agent", words.text(fact.agent))
    lines.field("started", Cell(times.full(fact.started_at)))
    lines.field("ended", Cell(times.full(fact.ended_at)))
    if fact.attempts > 1:
        lines.field("attempts", Cell(str(fact.attempts)))
    if fact.evidence is not None:
        _evidence(lines, fact.evidence)
    _error(lines, fact.error)
    for receipt in papers.receipts((flow, step)):
        _receipt(lines, receipt)
    for handoff in papers.handoffs((flow, step)):
        _handoff(lines, handoff)
    return lines.rows


def _verdict(lines: _Lines, run: Run, now: datetime, *, unicode: bool, system: bool) -> None:
    lines.add(words.text(run.id, Tone.STRONG), words.text(f"  {run.title}" if run.title else "", Tone.DIM))
    claim = [Cell("  but its record says ", Tone.DIM), words.text(run.claimed, Tone.WARN)] if run.contradicted else []
    lines.field("state", words.run_state(run.state, unicode=unicode), *claim)
    if system:
        lines.field("system", words.text(run.ref.source))
    lines.field("where", words.text(place(run.flow, run.step)))
    silent, age = times.span(run.silence(now)), times.span(run.age(now))
    lines.field("time", Cell(f"began {age} ago, last sign of life {silent} ago" if age else ""))
    if run.becomes is not None:
        left = times.span(run.becomes.at - now)
        lines.field("then", words.run_state(run.becomes.state, unicode=unicode), Cell(f"  in {left} if nothing moves"))


def _reason(lines: _Lines, reason: Reason) -> None:
    tone, level = (Tone.WARN, Level.WARN) if reason.warn else (Tone.PLAIN, Level.ERROR)
    lines.add(Cell("- ", Tone.DIM), words.text(reason.text, tone), hang=2, level=level)
    for item in reason.evidence:
        _evidence(lines, item)


def _evidence(lines: _Lines, item: Evidence) -> None:
    lines.link(item.path, item.line, Cell(f"  {item.rank.value}", Tone.DIM), indent=2)
    if item.quote:
        lines.add(words.text(item.quote, Tone.DIM, 300), indent=4)


def _step(lines: _Lines, run: Run, detail: RunDetail) -> None:
    step = (run.flow, run.step)
    fact = by_step(detail).fact(step)
    handoff = best_handoffs(by_step(detail).handoffs(step)).get((run.flow or "", run.step or ""))
    if fact is not None and fact.error:
        lines.title("Error")
        _error(lines, fact.error)
    if handoff is not None:
        _handoff(lines, handoff)


def _error(lines: _Lines, error: str | None) -> None:
    for line in (error or "").splitlines()[-12:]:
        lines.add(words.text(line, Tone.BAD), indent=2, level=Level.ERROR)


def _receipt(lines: _Lines, receipt: Receipt) -> None:
    lines.title("Receipt")
    lines.link(receipt.path, None)
    lines.field("status", words.step_status(receipt.status), words.text(_raw(receipt.raw_status, receipt.status.value)))
    lines.field("took", Cell(times.duration_ms(receipt.duration_ms)))
    lines.field("model", words.text(receipt.model), words.text(f" ({receipt.mode})" if receipt.mode else "", Tone.DIM))
    if receipt.tokens is not None and receipt.tokens.total:
        used = receipt.tokens
        lines.field("tokens", Cell(f"{used.total:,} ({used.prompt:,} in, {used.completion:,} out)"))
    _error(lines, receipt.error)
    for name, value in sorted(receipt.measures.items()):
        lines.field(name[:9], words.text(value, Tone.PLAIN, 200))
    if receipt.transcript:
        lines.link(receipt.transcript, None, before="transcript ")


def _handoff(lines: _Lines, handoff: Handoff) -> None:
    lines.title("Handoff (draft)" if handoff.draft else "Handoff")
    lines.link(handoff.path, None)
    raw = _raw(handoff.raw_status, handoff.status.value)
    made_up = Cell("  made up by the orchestrator", Tone.WARN) if handoff.fallback else Cell()
    lines.field("status", words.handoff_status(handoff.status), words.text(raw), made_up)
    if handoff.verified is False:
        lines.field("checked", Cell("verification failed", Tone.WARN))
    lines.field("summary", words.text(handoff.summary))
    if handoff.routing is not None:
        human = Cell("  needs a person", Tone.BAD) if handoff.routing.needs_human else Cell()
        lines.field(
            "next", words.decision(handoff.routing.decision), words.text(f" {handoff.routing.target or ''}"), human
        )
        lines.field("because", words.text(handoff.routing.reason))
    for concern in handoff.concerns:
        label = f"{concern.severity} " if concern.severity else ""
        lines.field("concern", words.text(f"{label}{concern.text}", Tone.WARN))
    for assumption in handoff.assumptions:
        lines.field("assumes", words.text(assumption.text))


def _panel(lines: _Lines, detail: RunDetail) -> None:
    """The evidence panel, where any step claims to have measured anything."""
    metrics = panel(detail)
    if not any(metric.measures for metric in metrics):
        return
    lines.title("Evidence panel")
    for metric in metrics:
        if not metric.measures:
            lines.field(metric.metric[:9], Cell("not measured", Tone.WARN))
        for measure in metric.measures:
            why = f": {measure.reason}" if measure.reason else ""
            told = words.text(measure.value) if measure.value else words.text(f"not measured{why}", Tone.WARN)
            mark = Cell("  disagrees", Tone.BAD) if metric.disagree else Cell()
            lines.field(metric.metric[:9], told, mark, words.text(f"  {place(measure.flow, measure.step)}", Tone.DIM))


def _record(lines: _Lines, detail: RunDetail) -> None:
    record = detail.record
    lines.title("Its own record")
    if record.evidence is not None:
        _evidence(lines, record.evidence)
    lines.field("claims", words.text(record.claimed or "nothing"))
    lines.field("flows", words.text(" ".join(record.flows)))
    lines.field("backend", words.text(record.backend))
    lines.field("by", words.text(record.initiator))
    lines.field("tags", words.text(" ".join(record.tags)))
    _error(lines, record.error)


def _problems(lines: _Lines, problems: Iterable[Problem]) -> None:
    found = list(problems)
    if not found:
        return
    lines.title(f"Could not be read: {len(found)}")
    for problem in found[:MAX_PROBLEMS]:
        lines.link(problem.path, problem.line, level=Level.WARN)
        lines.add(words.text(problem.reason, Tone.WARN), indent=2, level=Level.WARN)


def _raw(raw: str | None, status: str) -> str:
    """The system's own word, where it is not ours."""
    return f"  (written as {raw})" if raw and raw.lower() != status else ""
