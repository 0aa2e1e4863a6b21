"""Clusters: one root cause over many runs is one line, with the run that had it first and its victims."""

from collections.abc import Iterable

from cockpit.diagnosis.signatures import signature_id
from cockpit.models.base import Model
from cockpit.models.run import Run


class Cluster(Model):
    """Runs that failed with one signature.

    Attributes:
        id: Short name of the signature, stable over hosts and time.
        signature: What they share.
        title: The deciding reason of the earliest run.
        runs: All of them, earliest first.
        earliest: The one that failed first.
        victims: The others.
    """

    id: str
    signature: str
    title: str
    runs: tuple[Run, ...]
    earliest: Run
    victims: tuple[Run, ...] = ()


def clusters(runs: Iterable[Run]) -> tuple[Cluster, ...]:
    """The clusters of some runs, largest first, then by their earliest run; the same for the same runs in any order.

    Runs without a failure signature are in none. A cluster may have one run only.
    """
    grouped: dict[str, dict[str, Run]] = {}
    for run in runs:
        if run.signature is not None:
            grouped.setdefault(run.signature, {})[run.key] = run
    found = [_cluster(text, sorted(members.values(), key=_order)) for text, members in grouped.items()]
    return tuple(sorted(found, key=lambda one: (-len(one.runs), *_order(one.earliest), one.signature)))


def _cluster(text: str, members: list[Run]) -> Cluster:
    first = members[0]
    title = first.reasons[0].text if first.reasons else text
    return Cluster(
        id=signature_id(text),
        signature=text,
        title=title,
        runs=tuple(members),
        earliest=first,
        victims=tuple(members[1:]),
    )


def _order(run: Run) -> tuple[float, str]:
    """By the first sign of life; runs without one last."""
    at = run.started_at or run.updated_at
    return (float("inf") if at is None else at.timestamp(), run.key)
