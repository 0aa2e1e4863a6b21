"""Several operators act on the same runs at the same time: each run has one job at a time, and nothing is lost."""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cockpit.actions.jobs import wait_job
from cockpit.errors import MovedError
from cockpit.journal.verify import verify
from cockpit.models.run import Run, RunState
from tests.conftest import REPOSITORY
from tests.faults.racer import RUNS, Source, desk
from tests.workshop import PATIENCE_S

OPERATORS = ("ada", "grace")
ATTEMPTS = 100
HELD = re.compile(
    r"the (run|system) .*is taken: (work|shift) by (ada|grace) since .* \(job (?P<job>\S+)\)"
    r"|just starting or ending"
)


@pytest.fixture(scope="module")
def raced(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    """A state directory after the race, every job ended, and what became of every attempt."""
    base = tmp_path_factory.mktemp("race")
    for name in RUNS:
        (base / "runs" / name).mkdir(parents=True)
    racers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.faults.racer", str(base), name, str(ATTEMPTS)],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in OPERATORS
    ]
    said = [racer.communicate(timeout=300)[0] for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0]
    for job_dir in (base / "state" / "jobs").iterdir():
        wait_job(job_dir, PATIENCE_S)
    mine = desk(base, "ada")
    mine.settle()
    return base, [attempt for text in said for attempt in json.loads(text)]


def test_every_attempt_became_a_job_or_was_refused_with_who_and_why(raced: tuple[Path, list[dict[str, Any]]]) -> None:
    base, attempts = raced
    assert len(attempts) == ATTEMPTS * len(OPERATORS)
    jobs = {path.name for path in (base / "state" / "jobs").iterdir()}
    started = [attempt["job"] for attempt in attempts if "job" in attempt]
    assert sorted(started) == sorted(jobs)
    assert {attempt["by"] for attempt in attempts if "job" in attempt} == set(OPERATORS)
    refused = [attempt for attempt in attempts if "refused" in attempt]
    assert refused, "nobody met anybody: this was no race"
    for attempt in refused:
        held = HELD.search(attempt["refused"])
        if attempt["as"] == "MovedError":
            assert "changed after this was planned" in attempt["refused"]
        else:
            assert held, attempt
            assert held["job"] is None or held["job"] in jobs


def test_no_two_jobs_worked_on_one_run_or_one_system_at_a_time(raced: tuple[Path, list[dict[str, Any]]]) -> None:
    base, attempts = raced
    assert list(base.rglob("overlap")) == []
    assert list(base.rglob("busy")) == []
    done = {name: len((base / "runs" / name / "done").read_text()) for name in RUNS}
    started = Counter(attempt["run"] for attempt in attempts if "job" in attempt)
    assert done == started
    results = [json.loads((path / "result.json").read_text()) for path in (base / "state" / "jobs").iterdir()]
    assert {result["exit_code"] for result in results} == {0}
    keys = {json.loads((path / "job.json").read_text())["lock_key"] for path in (base / "state" / "jobs").iterdir()}
    assert f"plain:{base}/runs" in keys
    assert keys - {f"plain:{base}/runs"} <= {f"plain:{base}/runs/{name}" for name in RUNS}


def test_the_journal_lost_nothing_and_its_chain_holds(raced: tuple[Path, list[dict[str, Any]]]) -> None:
    base, attempts = raced
    journal = base / "state" / "journal.jsonl"
    assert verify(journal).ok
    entries = [json.loads(line) for line in journal.read_text().splitlines()]
    told: dict[str, Counter[str]] = {}
    for entry in entries:
        told.setdefault(entry["kind"], Counter())[entry["data"].get("job", "")] += 1
    started = Counter(attempt["job"] for attempt in attempts if "job" in attempt)
    for kind in ("action.planned", "action.confirmed", "action.started", "action.ended"):
        assert told[kind] == started, kind
    assert sum(told["action.refused"].values()) == sum("refused" in attempt for attempt in attempts)
    by = Counter(entry["actor"]["real_user"] for entry in entries if entry["kind"] == "action.confirmed")
    assert by == Counter(attempt["by"] for attempt in attempts if "job" in attempt)


def test_of_two_plans_of_one_state_only_one_is_carried_out(tmp_path: Path) -> None:
    """Both confirm what they saw; the second one's run has moved by then, and it is told how."""
    (tmp_path / "runs" / RUNS[0]).mkdir(parents=True)
    ada, grace = desk(tmp_path, "ada"), desk(tmp_path, "grace")
    ref = Source().ref(tmp_path / "runs", RUNS[0])
    run = Run(ref=ref, state=RunState.FAILED)
    first, second = ada.plan("work", run), grace.plan("work", run)
    job = ada.perform(first, ref)
    wait_job(tmp_path / "state" / "jobs" / job.id, PATIENCE_S)
    with pytest.raises(MovedError) as caught:
        grace.perform(second, ref)
    assert [change.name for change in caught.value.changes] == ["files"]
    assert len(ada.jobs()) == 1
