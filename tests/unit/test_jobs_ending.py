"""The end of a job is in the journal exactly once, whoever dies on the way."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cockpit.actions.ending import INTENT, RECORDED, journal_holds, record_end, settle
from cockpit.actions.launcher import start_job
from cockpit.errors import CockpitError
from cockpit.models.action import Job
from tests.workshop import Workshop


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


@pytest.fixture
def unrecorded(shop: Workshop) -> Job:
    """A job whose supervisor knew of no journal, as if it had been killed before it could record the end."""
    context = shop.context
    job = start_job(
        shop.plan("true"),
        type(context)(context.state_dir, context.recorder, context.clock, context.actor),
        lambda: "f1",
    )
    job = shop.end(job)
    assert not (shop.dir(job) / RECORDED).exists()
    assert shop.entries("action.ended") == []
    return job


def sweep(shop: Workshop) -> int:
    return settle(shop.state, shop.journal, journal_holds(shop.journal.path))


def test_the_next_cockpit_makes_up_for_it_once(shop: Workshop, unrecorded: Job) -> None:
    assert sweep(shop) == 1
    assert sweep(shop) == 0
    (entry,) = shop.entries("action.ended")
    assert entry.data["job"] == unrecorded.id
    assert entry.data["outcome"] == unrecorded.outcome


def test_ten_cockpits_at_once_make_up_for_it_once(shop: Workshop, unrecorded: Job) -> None:
    with ThreadPoolExecutor(10) as pool:
        counts = list(pool.map(lambda _: sweep(shop), range(10)))
    assert sum(counts) == 1
    assert len(shop.entries("action.ended")) == 1


class Killed(BaseException):
    """Stands for kill -9: nothing catches it."""


class Dying:
    """A recorder that dies before or after the entry is on disk."""

    def __init__(self, shop: Workshop, when: str) -> None:
        self._shop = shop
        self._when = when

    def append(self, kind: str, data: dict[str, Any], incident: str | None = None) -> object:
        if self._when == "before":
            raise Killed
        self._shop.journal.append(kind, data, incident)
        raise Killed


@pytest.mark.parametrize("when", ["before", "after"])
def test_whoever_dies_around_the_entry_leaves_one_in_the_end(shop: Workshop, unrecorded: Job, when: str) -> None:
    seen = journal_holds(shop.journal.path)
    with pytest.raises(Killed):
        record_end(shop.dir(unrecorded), Dying(shop, when), seen)
    assert (shop.dir(unrecorded) / INTENT).exists()
    assert sweep(shop) == (1 if when == "before" else 0)
    assert len(shop.entries("action.ended")) == 1
    assert (shop.dir(unrecorded) / RECORDED).exists()
    assert not (shop.dir(unrecorded) / INTENT).exists()


def test_a_journal_that_cannot_be_written_is_tried_again(shop: Workshop, unrecorded: Job) -> None:
    class Full:
        def append(self, kind: str, data: dict[str, Any], incident: str | None = None) -> object:
            raise CockpitError("no space left")

    with pytest.raises(CockpitError):
        settle(shop.state, Full(), journal_holds(shop.journal.path))
    assert sweep(shop) == 1
    assert [entry.data["job"] for entry in shop.entries("action.ended")] == [unrecorded.id]


def test_a_running_job_has_no_end_to_record(shop: Workshop) -> None:
    os.mkfifo(shop.base / "fifo")
    job = shop.sh("read line < fifo")
    assert sweep(shop) == 0
    assert shop.entries("action.ended") == []
    (shop.base / "fifo").write_text("go on\n")
    shop.end(job)
    assert sweep(shop) == 0
    assert len(shop.entries("action.ended")) == 1


def test_if_the_start_cannot_be_recorded_nothing_starts(shop: Workshop) -> None:
    ran = shop.base / "ran"
    for failing in ("action.planned", "action.confirmed", "action.started"):

        class Failing:
            def append(self, kind: str, data: dict[str, Any], incident: str | None = None) -> object:
                if kind == failing:  # noqa: B023 - used within this turn of the loop
                    raise CockpitError("no space left")
                return None

        poor = replace(shop.context, recorder=Failing())
        with pytest.raises(CockpitError, match="no space left"):
            start_job(shop.plan("touch", str(ran)), poor, lambda: "f1")
    assert not ran.exists()
    assert list((shop.state / "jobs").iterdir()) == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b'{"kind": "action.ended", "data": {"job": "J"}}\n', True),
        (b'{"kind": "action.started", "data": {"job": "J", "note": "action.ended"}}\n', False),
        (b'{"kind": "action.ended", "data": {"job": "K", "note": "J"}}\n', False),
        (b'{"kind": "action.ended", "data": {"job": "J"', False),
        (b'["action.ended", "J"]\n', False),
        (b"", False),
    ],
)
def test_the_journal_is_asked_precisely(tmp_path: Path, line: bytes, found: bool) -> None:
    journal = tmp_path / "journal.jsonl"
    holds: Callable[[str], bool] = journal_holds(journal)
    assert not holds("J")
    journal.write_bytes(b"\xff\n" + line)
    assert holds("J") is found
