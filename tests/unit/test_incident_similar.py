"""Incidents that were seen before, and whether what ended them held."""

from datetime import timedelta
from typing import Any

from cockpit.incidents import events
from cockpit.incidents.fold import fold
from cockpit.incidents.similar import repeats, similar
from cockpit.models.incident import Incident
from cockpit.models.run import RunState
from tests.unit.incident_samples import T0, entry, link_data, run_now


def seen(
    number: int, *, day: int, closed: bool = True, signature: str = "boom #", severity: str = "SEV3", **more: Any
) -> Incident:
    """An incident `day` days after `T0` that was closed an hour later."""
    name, base = f"inc-20261118-{number:02d}", day * 1440
    entries = [
        entry(number * 10 + 1, events.DECLARED, {"title": "t", "severity": severity}, incident=name, at=base),
        entry(number * 10 + 2, events.RUN_ADDED, link_data(signature=signature), incident=name, at=base),
    ]
    if closed:
        entries.append(
            entry(number * 10 + 3, events.CLOSED, {"reason": "Raised the limit", **more}, incident=name, at=base + 60)
        )
    (made,) = fold(entries)
    return made


def test_it_counts_how_often_it_was_seen_and_how_often_the_fix_held() -> None:
    first, second, third = seen(1, day=0), seen(2, day=10), seen(3, day=20, closed=False)
    other = seen(4, day=5, signature="different")
    found = similar(third, [first, second, third, other])
    assert (found.seen, found.ended, found.held) == (2, 2, 0)
    assert [(one.id, one.held, one.broken_by) for one in found.incidents] == [
        (second.id, False, third.id), (first.id, False, second.id),
    ]  # fmt: skip
    assert found.incidents[0].fixed_by == "Raised the limit"
    assert similar(first, [first, second, third]).seen == 0


def test_a_fix_held_where_nothing_like_it_came_after() -> None:
    old, new = seen(1, day=0), seen(2, day=10, closed=False, signature="boom #")
    early = new.model_copy(update={"detected_at": T0 + timedelta(minutes=30)})
    assert similar(early, [old, early]).incidents[0].held is True


def test_a_later_failing_run_shows_that_it_did_not_hold() -> None:
    old, new = seen(1, day=0), seen(2, day=10, closed=False)
    quiet = new.model_copy(update={"detected_at": T0})
    later = run_now("run-7", at=5000, signature="boom #")
    assert similar(quiet, [old, quiet], [later]).incidents[0].broken_by == "run-7"
    for harmless in (
        later.model_copy(update={"state": RunState.SUCCEEDED}), later.model_copy(update={"signature": "x"}),
        later.model_copy(update={"updated_at": T0}),
    ):  # fmt: skip
        assert similar(quiet, [old, quiet], [harmless]).incidents[0].held is True


def test_one_that_is_open_says_nothing_of_a_fix() -> None:
    open_one, new = seen(1, day=0, closed=False), seen(2, day=10, closed=False)
    found = similar(new, [open_one, new])
    assert (found.seen, found.ended, found.incidents[0].held) == (1, 0, None)


def test_repeats_count_what_was_as_severe_or_worse() -> None:
    minor, same, worse = seen(1, day=0, severity="SEV4"), seen(2, day=1), seen(3, day=2, severity="SEV1")
    now, later = seen(4, day=3, closed=False), seen(5, day=4)
    assert repeats(now, [later, worse, same, minor, now]) == (same.id, worse.id)
