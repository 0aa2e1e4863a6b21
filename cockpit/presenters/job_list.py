"""Jobs and bulks as the rows of one list: what runs first, then the newest. Pure functions."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from cockpit.models.action import Job, JobState
from cockpit.models.bulk import Bulk, BulkItem, BulkItemState, BulkState
from cockpit.presenters import times, words
from cockpit.presenters.bulks import BULK_TONES, ITEM_TONES
from cockpit.presenters.jobs import JOB_TONES
from widgets.rows import EMPTY, Cell, JobRow, Level, Tone

BULK, ITEM, JOB = "bulk", "item", "job"
_LOUD = frozenset({"failed", "lost"})


def job_rows(bulks: Sequence[Bulk], jobs: Iterable[Job], now: datetime) -> tuple[JobRow, ...]:
    """A row for each bulk with its runs below it, then one for each job that belongs to no bulk.

    Args:
        bulks: Newest first.
        jobs: Newest first.
        now: The moment ages are told for.
    """
    rows: list[JobRow] = []
    inside: set[str] = set()
    for bulk in sorted(bulks, key=lambda each: each.state is not BulkState.RUNNING):
        rows.append(_bulk(bulk, now))
        for item in bulk.items:
            rows.append(_item(bulk, item))
            if item.job:
                inside.add(item.job)
    single = (job for job in jobs if job.id not in inside)
    rows += [_job(job, now) for job in sorted(single, key=lambda each: each.state is not JobState.RUNNING)]
    return tuple(rows)


def job_of(key: str, bulks: Iterable[Bulk]) -> str | None:
    """The id of the job a row is about, or `None` where it is about none (yet)."""
    kind, _, rest = key.partition(":")
    if kind == JOB:
        return rest
    item = item_of(key, bulks)
    return None if item is None else item.job


def item_of(key: str, bulks: Iterable[Bulk]) -> BulkItem | None:
    """The run of a bulk a row is about, if it is about one."""
    kind, _, rest = key.partition(":")
    bulk_id, _, index = rest.rpartition(":")
    found = next((bulk for bulk in bulks if bulk.id == bulk_id), None) if kind == ITEM else None
    return next((item for item in found.items if str(item.index) == index), None) if found else None


def bulk_of(key: str) -> str | None:
    """The id of the bulk a row is about, or of the bulk its run belongs to."""
    kind, _, rest = key.partition(":")
    return rest if kind == BULK else rest.rpartition(":")[0] if kind == ITEM else None


def _bulk(bulk: Bulk, now: datetime) -> JobRow:
    done = sum(item.state not in (BulkItemState.PENDING, BulkItemState.RUNNING) for item in bulk.items)
    return JobRow(
        key=f"{BULK}:{bulk.id}",
        level=_level(bulk.state.value),
        state=Cell(bulk.state.value, BULK_TONES[bulk.state]),
        what=words.text(bulk.action, Tone.STRONG),
        run=Cell(f"{done} of {len(bulk.items)} runs", Tone.STRONG),
        by=words.text(bulk.actor),
        age=Cell(times.span(now - bulk.started_at), Tone.DIM),
        outcome=words.text(bulk.outcome),
    )


def _item(bulk: Bulk, item: BulkItem) -> JobRow:
    return JobRow(
        key=f"{ITEM}:{bulk.id}:{item.index}",
        level=_level(item.state.value),
        state=Cell(f"  {item.state.value}", ITEM_TONES[item.state]),
        what=EMPTY,
        run=words.text(item.run),
        outcome=words.text(item.outcome),
    )


def _job(job: Job, now: datetime) -> JobRow:
    return JobRow(
        key=f"{JOB}:{job.id}",
        level=_level(job.state.value),
        state=Cell(job.state.value, JOB_TONES[job.state]),
        what=words.text(job.action, Tone.STRONG),
        run=words.text(job.run),
        by=words.text(job.actor),
        age=Cell(times.span(now - job.started_at), Tone.DIM),
        outcome=words.text(job.outcome),
    )


def _level(state: str) -> Level:
    return Level.ERROR if state in _LOUD else Level.INFO
