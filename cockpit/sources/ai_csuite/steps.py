"""Rows of `graph_states` as steps, receipts and routing (formats/ai-csuite.md 1 and 5).

A row is written when an attempt of a step has ended. A QA round that fails is a row with status `ok` whose snapshot
says `tests_result.passed = false`; the next round's rows have higher indexes.
"""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from cockpit.models.evidence import Evidence, Rank
from cockpit.models.records import Decision, Iteration, Level, PlannedStep, Receipt, RoutingEntry, StepFact, StepStatus
from cockpit.sources.fields import SHORT, Obj, flag, moment, number, obj, text, whole, word
from cockpit.sources.jsonfile import Unreadable, decode

STEPS = ("product", "design", "research", "cto_plan", "engineer", "qa", "release")
MAX_ATTEMPTS = 3
"""Attempts after which a step gives up and the run becomes `partial`."""
_STATUS = {"ok": StepStatus.SUCCEEDED, "error": StepStatus.FAILED}


class Attempt(NamedTuple):
    """One row.

    Attributes:
        place: Position in the run; QA rounds go beyond the seven steps.
        number: Which try at this position, from 1.
        ended_at: When the row was written.
        passed: What its snapshot says of the tests, where it does.
    """

    place: int
    step: str
    number: int
    status: StepStatus
    raw: str | None
    error: str | None
    duration_ms: int | None
    ended_at: datetime | None
    passed: bool | None

    @property
    def started_at(self) -> datetime | None:
        """Its end less what it took."""
        if self.ended_at is None or self.duration_ms is None:
            return self.ended_at
        return self.ended_at - timedelta(milliseconds=self.duration_ms)


def attempts(rows: list[Obj]) -> list[Attempt]:
    """The rows in the order they were written."""
    found = [_attempt(row) for row in rows]
    found.sort(key=lambda one: (one.place, one.number))
    return found


def _attempt(row: Obj) -> Attempt:
    raw = word(row.get("status"))
    took = number(parsed(row.get("logs_json")).get("duration_ms"))
    passed = flag(obj(parsed(row.get("state_json")).get("tests_result")).get("passed"))
    return Attempt(
        place=whole(row.get("step_index")) or 0,
        step=word(row.get("step_name")) or "?",
        number=whole(row.get("attempt")) or 1,
        status=_STATUS.get((raw or "").strip().lower(), StepStatus.UNKNOWN),
        raw=raw,
        error=text(row.get("error")),
        duration_ms=None if took is None or not 0 <= took < 10**12 else int(took),
        ended_at=moment(row.get("created_at")) or moment(row.get("updated_at")),
        passed=passed if word(row.get("step_name")) == "qa" else None,
    )


def parsed(value: object) -> Obj:
    """A JSON object kept as text; an empty one where it is none."""
    if type(value) is not str or not value:
        return {}
    try:
        return obj(decode(value.encode())[0])
    except (Unreadable, UnicodeEncodeError):
        return {}


def persona(step: str) -> str:
    """Who does a step, as budgets name it."""
    return "cto" if step == "cto_plan" else step


def quote(one: Attempt) -> str:
    """A row as evidence quotes it."""
    said = f"graph_states[{one.place}:{one.step}, attempt {one.number}].status = {one.raw}"
    if one.passed is False:
        said += ", tests_result.passed = false"
    return (f"{said}, error = {one.error}" if one.error else said)[:SHORT]


def evidence(path: str, one: Attempt) -> Evidence:
    """A row as evidence."""
    return Evidence(rank=Rank.RECEIPT, path=path, quote=quote(one))


def receipts(found: list[Attempt], flow: str, path: str) -> tuple[Receipt, ...]:
    """One receipt for every attempt of a step's last round; rounds before it are events."""
    last = {one.step: one.place for one in found}
    return tuple(
        Receipt(
            flow=flow,
            step=one.step,
            agent=persona(one.step),
            status=one.status,
            raw_status=one.raw,
            started_at=one.started_at,
            ended_at=one.ended_at,
            duration_ms=one.duration_ms,
            error=one.error,
            measures={} if one.passed is None else {"tests": {"passed": one.passed}},
            path=path,
        )
        for one in found
        if one.place == last[one.step]
    )


def plan(flow: str) -> tuple[PlannedStep, ...]:
    """The seven steps of every run; the graph is the same for each phase."""
    return tuple(PlannedStep(flow=flow, step=step, agent=persona(step)) for step in STEPS)


def facts(found: list[Attempt], flow: str, path: str, *, live: bool) -> tuple[StepFact, ...]:
    """One fact for every step, in the order they first ran.

    Args:
        found: All attempts.
        flow: The run's flow.
        path: The database.
        live: Whether the run's record says that it is running: the next try of a step is then under way.
    """
    by_step: dict[str, list[Attempt]] = {}
    for one in found:
        by_step.setdefault(one.step, []).append(one)
    released = any(one.step == "release" for one in found)
    return tuple(
        _fact(rows, flow, path, retried=live and rows[-1] is found[-1], released=released) for rows in by_step.values()
    )


def _fact(rows: list[Attempt], flow: str, path: str, *, retried: bool, released: bool) -> StepFact:
    last = rows[-1]
    status, error = last.status, last.error
    if status is StepStatus.FAILED and retried and last.number < MAX_ATTEMPTS:
        status = StepStatus.RUNNING
    elif last.passed is False and released:
        status, error = StepStatus.FAILED, f"the tests of round {len(rows)} failed, and the run went on to release"
    return StepFact(
        flow=flow,
        step=last.step,
        agent=persona(last.step),
        status=status,
        started_at=last.ended_at if status is StepStatus.RUNNING else last.started_at,
        ended_at=None if status is StepStatus.RUNNING else last.ended_at,
        attempts=len(rows),
        error=error,
        evidence=evidence(path, last),
    )


def routing(found: list[Attempt], flow: str, path: str) -> tuple[RoutingEntry, ...]:
    """QA rounds that sent the run back to the engineer."""
    entries: list[RoutingEntry] = []
    for one, after in pairwise(found):
        if one.step == "qa" and one.passed is False and after.step == "engineer":
            turn = 1 + len(entries)
            entries.append(
                RoutingEntry(
                    at=one.ended_at,
                    flow=flow,
                    step="qa",
                    decision=Decision.LOOP,
                    raw_decision="tests_result.passed = false",
                    target="engineer",
                    reason="the tests failed",
                    iteration=Iteration(current=turn),
                    level=Level.WARN,
                    path=path,
                )
            )
    return tuple(entries)


def next_step(found: list[Attempt]) -> str | None:
    """The step after the last one that ended well."""
    if not found or found[-1].step not in STEPS:
        return STEPS[0] if not found else None
    place = STEPS.index(found[-1].step)
    return STEPS[place + 1] if place + 1 < len(STEPS) else None


def exhausted(found: list[Attempt]) -> Attempt | None:
    """The attempt that was a step's last, where the run ended with it."""
    last = found[-1] if found else None
    return last if last is not None and last.status is StepStatus.FAILED and last.number >= MAX_ATTEMPTS else None
