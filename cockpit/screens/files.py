"""Which files the Log pane offers for a step, in the order an engineer would open them."""

from dataclasses import dataclass

from cockpit.models.action import Job
from cockpit.models.detail import RunDetail
from cockpit.models.records import StepFact
from cockpit.presenters.by_step import by_step


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file the Log pane can show.

    Attributes:
        title: For the pane's title.
        path: POSIX path relative to `base`.
        job: Id of the job whose output it is, or `None` for a file of the run.
    """

    title: str
    path: str
    job: str | None = None


def log_files(detail: RunDetail | None, step: tuple[str | None, str | None], job: Job | None) -> list[LogFile]:
    """Job output first, then the step's transcript, log, receipt and handoffs, then the run's events."""
    files: list[LogFile] = []
    if job is not None:
        files.append(LogFile(f"output of {job.action}", job.output, job.id))
    if detail is None:
        return files
    flow, name = step
    papers = by_step(detail)
    fact = papers.fact(step)
    files += _artifacts(detail, flow, name, fact)
    files += [LogFile("receipt", receipt.path) for receipt in papers.receipts(step)]
    files += [LogFile("draft" if handoff.draft else "handoff", handoff.path) for handoff in papers.handoffs(step)]
    events = next((event.path for event in detail.events[:1]), None)
    if events:
        files.append(LogFile("events", events))
    files += [LogFile("stop report", item.path) for item in detail.artifacts if item.kind == "stop_report"]
    if detail.record.evidence is not None:
        files.append(LogFile("record", detail.record.evidence.path))
    # A receipt may name a transcript that is not there: worth turning to, never what is shown first.
    files += [LogFile("transcript", path) for path in _named_transcripts(detail, flow, name)]
    return _unique(files)


def _artifacts(detail: RunDetail, flow: str | None, step: str | None, fact: StepFact | None) -> list[LogFile]:
    """Transcripts and logs of the step; names start with the step, or with the step and its agent."""
    if not flow or not step:
        return []
    there = by_step(detail).paths
    files = [LogFile("transcript", path) for path in _named_transcripts(detail, flow, step) if path in there]
    prefixes = [f"{step}-", f"{step}."]
    if fact is not None and fact.agent:
        prefixes.insert(0, f"{step}-{fact.agent}")
    for item in by_step(detail).logs(flow):
        name = item.path.rpartition("/")[2]
        if any(name.startswith(prefix) for prefix in prefixes):
            files.append(LogFile(item.kind, item.path))
    return files


def _named_transcripts(detail: RunDetail, flow: str | None, step: str | None) -> list[str]:
    """Transcripts that the step's receipts name."""
    mine = by_step(detail).receipts((flow, step))
    return [receipt.transcript for receipt in mine if receipt.transcript]


def _unique(files: list[LogFile]) -> list[LogFile]:
    seen: dict[str, LogFile] = {}
    for file in files:
        seen.setdefault(file.path, file)
    return list(seen.values())
