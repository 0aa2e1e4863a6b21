"""Freshness: evidence that is older than what it speaks of proves nothing about it."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from cockpit.diagnosis.codes import Code
from cockpit.diagnosis.observations import Observation
from cockpit.diagnosis.parts import clock, where
from cockpit.diagnosis.rulebook import Freshness
from cockpit.models.detail import RunDetail
from cockpit.models.evidence import Evidence, Rank

_SLACK = timedelta(seconds=1)
"""Files written by one command bear times that differ by fractions of a second in either order."""


def observe_freshness(detail: RunDetail, relations: Sequence[Freshness]) -> Iterator[Observation]:
    """Files older than what they speak of, and flows that ended before an earlier flow was done again."""
    times = {one.path: one.modified_at for one in detail.artifacts}
    base = "" if detail.ref.path in (".", "") else f"{detail.ref.path}/"
    for relation in relations:
        if relation.systems and detail.ref.source not in relation.systems:
            continue
        mine = times.get(base + relation.file)
        newer = [
            (base + name, times[base + name])
            for name in relation.of
            if mine is not None and base + name in times and times[base + name] > mine + _SLACK
        ]
        if mine is not None and newer:
            yield _stale(base + relation.file, mine, newer)
    yield from _flows(detail)


def _stale(path: str, at: datetime, newer: list[tuple[str, datetime]]) -> Observation:
    name = path.rpartition("/")[2]
    what = ", ".join(other.rpartition("/")[2] for other, _ in newer)
    text = f"{name} of {clock(at)} is older than {what} of {clock(max(when for _, when in newer))}"
    evidence = (_changed(path, at), *(_changed(other, when) for other, when in newer))
    return Observation(Code.STALE, text, evidence, name=name)


def _changed(path: str, at: datetime) -> Evidence:
    return Evidence(rank=Rank.PHYSICS, path=path, quote=f"last change {at:%Y-%m-%d %H:%M:%S} UTC")


def _flows(detail: RunDetail) -> Iterator[Observation]:
    """A later flow rests on an earlier one; a step of the earlier one that ended after it makes it stale."""
    ends: dict[str, tuple[datetime, Evidence, str]] = {}
    for step in detail.steps:
        at = step.ended_at or step.started_at
        if at is not None and step.evidence is not None and (step.flow not in ends or at > ends[step.flow][0]):
            ends[step.flow] = (at, step.evidence, step.step)
    # Only flows with a plan follow one another; anything else that is called a flow may happen in any order.
    planned = {step.flow for step in detail.plan}
    order = [flow for flow in detail.record.flows if flow in ends and flow in planned]
    for place, flow in enumerate(order[1:], start=1):
        before = [one for one in order[:place] if ends[one][0] > ends[flow][0] + _SLACK]
        if before:
            newest = max(before, key=lambda one: ends[one][0])
            text = (
                f"{flow} ended at {clock(ends[flow][0])}, before {where(newest, ends[newest][2])} was done again at "
                f"{clock(ends[newest][0])}"
            )
            yield Observation(Code.STALE, text, (ends[newest][1], ends[flow][1]), flow=flow, name=flow)
