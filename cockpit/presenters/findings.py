"""Findings as lines: title, how sure, cause, fix, warning, evidence that opens on Enter, and what to do next."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cockpit.diagnosis.clusters import Cluster
from cockpit.models.evidence import Evidence
from cockpit.models.finding import Finding, Suggestion
from cockpit.models.run import Run
from cockpit.presenters import documents, words
from cockpit.presenters.links import file_key
from widgets.rows import Cell, Level, TextRow, Tone

_TONES = {
    "cause": Tone.BAD,
    "contradiction": Tone.BAD,
    "security": Tone.BAD,
    "stuck": Tone.WARN,
    "resource": Tone.WARN,
    "note": Tone.PLAIN,
}
_LEVELS = {Tone.BAD: Level.ERROR, Tone.WARN: Level.WARN}
_HANG = 10
_WORDS = ("certain", "likely", "possible", "unlikely")


def finding_lines(findings: Sequence[Finding], base_path: str, run: Run | None = None) -> list[TextRow]:
    """Everything about findings, best first, as they are given.

    Args:
        findings: What was found.
        base_path: Path of the run relative to its root; evidence is shown relative to it.
        run: Whose findings they are, to write out the suggested command.
    """
    rows: list[TextRow] = []
    for number, finding in enumerate(findings):
        if number:
            _add(rows)
        _finding(rows, finding, base_path, run)
    return rows


def finding_at(rows: Sequence[TextRow], key: str, findings: Sequence[Finding]) -> Finding | None:
    """The finding that a line of a page is about: the one whose heading is the last at or above it, or `None`.

    Args:
        rows: A page that holds `finding_lines`.
        key: Of the line.
        findings: Those that were shown.
    """
    by_id = {finding.id: finding for finding in findings}
    place = next((number for number, row in enumerate(rows) if row.key == key), -1)
    for row in reversed(rows[: place + 1]):
        if len(row.spans) == 3 and row.spans[1].text.endswith(_WORDS) and row.spans[2].text.strip() in by_id:
            return by_id[row.spans[2].text.strip()]
    return None


def confidence(value: float) -> str:
    """A confidence as a percentage with a word: people read `likely` faster than `0.83`."""
    word = "certain" if value >= 0.9 else "likely" if value >= 0.7 else "possible" if value >= 0.4 else "unlikely"
    return f"{value:.0%} {word}"


def command_of(suggestion: Suggestion, run: Run) -> str:
    """The headless command of a suggestion: what it would do, before it does it."""
    parts = ["cockpit", "plan", suggestion.action, run.id]
    for name, value in (("--flow", suggestion.flow), ("--step", suggestion.step)):
        if value:
            parts += [name, value]
    return " ".join(parts)


CLUSTER_TITLES = ("runs", "cluster", "earliest", "victims", "system", "signature")
"""Columns of `cluster_line`."""


def cluster_document(cluster: Cluster, now: datetime) -> dict[str, Any]:
    """A cluster as JSON; its runs are `run` of the headless contract, earliest first."""
    return {
        "id": cluster.id,
        "signature": cluster.signature,
        "title": cluster.title,
        "count": len(cluster.runs),
        "earliest": cluster.earliest.id,
        "victims": [run.id for run in cluster.victims],
        "runs": [documents.run(run, now) for run in cluster.runs],
    }


def cluster_line(cluster: Cluster) -> tuple[Cell, ...]:
    """A cluster as cells of a table: how many runs, its name, the first run, its victims, its systems, why."""
    sources = ", ".join(sorted({run.ref.source for run in cluster.runs}))
    return (
        Cell(str(len(cluster.runs)), Tone.BAD if cluster.victims else Tone.PLAIN),
        Cell(cluster.id, Tone.DIM),
        words.text(cluster.earliest.id, Tone.STRONG),
        words.text(", ".join(run.id for run in cluster.victims[:4]) + (" …" if len(cluster.victims) > 4 else "")),
        words.text(sources, Tone.DIM),
        words.text(cluster.signature),
    )


def _finding(rows: list[TextRow], finding: Finding, base: str, run: Run | None) -> None:
    tone = _TONES.get(finding.kind, Tone.PLAIN)
    _add(
        rows,
        words.text(finding.title, tone),
        Cell(f"  {confidence(finding.confidence)}", Tone.DIM),
        words.text(f"  {finding.id}", Tone.DIM),
        level=_LEVELS.get(tone, Level.INFO),
    )
    _field(rows, "cause", words.text(finding.cause))
    _field(rows, "fix", words.text(finding.fix))
    if finding.warning:
        _field(rows, "warning", words.text(finding.warning, Tone.WARN), level=Level.WARN)
    _field(rows, "playbook", words.text(finding.playbook, Tone.ACCENT))
    if finding.suggests is not None:
        shown = command_of(finding.suggests, run) if run is not None else finding.suggests.action
        _field(rows, "try", words.text(shown, Tone.ACCENT))
    for item in finding.supporting:
        _evidence(rows, "for", item, base)
    for item in finding.against:
        _evidence(rows, "against", item, base)


def _field(rows: list[TextRow], name: str, cell: Cell, *, level: Level = Level.INFO) -> None:
    if cell.text:
        _add(rows, Cell(f"{name:<{_HANG}}", Tone.DIM), cell, indent=2, hang=_HANG, level=level)


def _evidence(rows: list[TextRow], side: str, item: Evidence, base: str) -> None:
    shown = item.path.removeprefix(f"{base}/") + (f":{item.line}" if item.line else "")
    spans = (
        Cell(f"{side:<{_HANG}}", Tone.DIM),
        words.text(shown, Tone.ACCENT),
        Cell(f"  {item.rank.value}", Tone.DIM),
    )
    # Processes and the run's own directory are no files that could be opened.
    opens = item.path not in (base, ".") and not item.path.startswith("/")
    key = file_key(item.path, item.line, len(rows)) if opens else f"finding\t{len(rows)}"
    rows.append(TextRow(key=key, spans=spans, indent=2, link=opens))
    if item.quote:
        _add(rows, words.text(item.quote, Tone.DIM, 300), indent=2 + _HANG)


def _add(rows: list[TextRow], *spans: Cell, indent: int = 0, hang: int = 0, level: Level = Level.INFO) -> None:
    rows.append(TextRow(key=f"finding\t{len(rows)}", spans=spans, indent=indent, hang=hang, level=level))
