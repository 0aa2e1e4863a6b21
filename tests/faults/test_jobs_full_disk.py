"""Jobs on a disk that is full: at the start, in the middle of the output, at the result, the verdict, the journal."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cockpit.actions.ending import journal_holds, settle
from cockpit.actions.jobs import load_jobs
from cockpit.actions.launcher import start_job
from cockpit.actions.supervisor import VERDICT
from cockpit.clock import system_clock
from cockpit.errors import CockpitError
from cockpit.journal.log import Journal
from cockpit.journal.verify import verify
from cockpit.models.action import JobState, OutcomeRule
from tests.workshop import ACTOR, Workshop, check_record, until


def fill(disk: Path) -> None:
    """Leave not a byte free."""
    with (disk / "ballast").open("ab", buffering=0) as ballast:
        block = 65536
        while block:
            try:
                ballast.write(bytes(block))
            except OSError:
                block //= 2


def test_on_a_full_disk_nothing_starts(tiny_disk: Path) -> None:
    shop = Workshop(tiny_disk)
    shop.run("true")
    fill(tiny_disk)
    with pytest.raises(CockpitError, match="No space left on device"):
        shop.start("touch", "/nonexistent/never")
    assert len(load_jobs(shop.state)) == 1
    (tiny_disk / "ballast").unlink()
    assert shop.run("true").state is JobState.SUCCEEDED
    check_record(shop)


def test_a_disk_that_fills_up_while_a_job_runs_costs_output_but_not_the_result(tiny_disk: Path, tmp_path: Path) -> None:
    shop = Workshop(tiny_disk)
    os.mkfifo(tmp_path / "fifo")
    job = shop.sh(f"echo begun; read line < {tmp_path}/fifo; yes | head -c 3000000; echo last words; exit 6")
    until(lambda: shop.output(job) == b"begun\n", "the command began")
    fill(tiny_disk)
    (tmp_path / "fifo").write_text("go on\n")
    ended = shop.end(job)
    assert (ended.state, ended.exit_code) == (JobState.FAILED, 6)
    assert "last words" in ended.outcome
    assert "bytes of its output could not be written" in ended.outcome
    (tiny_disk / "ballast").unlink()
    check_record(shop)


def test_the_verdict_has_its_own_room(tiny_disk: Path, tmp_path: Path) -> None:
    """What the output says of the end is known although nothing can be written any more."""
    shop = Workshop(tiny_disk)
    os.mkfifo(tmp_path / "fifo")
    rule = OutcomeRule(pattern="falló", failed=True, says="a step failed")
    script = f"echo Paso uno falló; read line < {tmp_path}/fifo; exit 0"
    job = start_job(shop.plan("/bin/sh", "-c", script, outcome=(rule,)), shop.context, lambda: "f1")
    until(lambda: b"fall" in shop.output(job), "the command began")
    fill(tiny_disk)
    (tmp_path / "fifo").write_text("go on\n")
    ended = shop.end(job)
    assert (ended.state, ended.exit_code, ended.judged_by) == (JobState.FAILED, 0, ("output",))
    assert (shop.dir(job) / VERDICT).exists()
    (tiny_disk / "ballast").unlink()
    check_record(shop)
    assert [entry.data["judged_by"] for entry in shop.entries("action.ended")] == [["output"]]
    assert shop.end(job) == ended


LIMITED = """
import resource, sys
from pathlib import Path
from tests.workshop import Workshop
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
job = Workshop(Path(sys.argv[1])).run("sh", "-c", "yes | head -c 3000000; echo last words; exit 6")
print(job.state.value, job.exit_code, job.outcome)
"""


def test_a_limit_on_the_size_of_files_costs_output_but_not_the_result(tmp_path: Path) -> None:
    """The same where nothing may be mounted: no file may grow beyond 64 kB."""
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)], cwd=Path(__file__).parents[2], check=True, capture_output=True,
        text=True,
    )  # fmt: skip
    assert done.stdout.startswith("failed 6 exit 6 after")
    assert "last words" in done.stdout
    assert "bytes of its output could not be written" in done.stdout
    shop = Workshop(tmp_path)
    (job,) = load_jobs(shop.state)
    assert Path(job.output).stat().st_size <= 65_536
    check_record(shop)


def has_room(journal: Journal) -> bool:
    """Write a note, the shortest of entries, if it still fits in."""
    try:
        journal.append("note", {})
    except CockpitError:
        return False
    return True


def test_an_end_that_a_full_journal_cannot_take_is_recorded_once_there_is_room(tiny_disk: Path, tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    journal = Journal(tiny_disk / "journal.jsonl", ACTOR, system_clock)
    context = replace(shop.context, recorder=journal, journal=journal.path)
    os.mkfifo(tmp_path / "fifo")
    job = start_job(shop.plan("/bin/sh", "-c", f"read line < {tmp_path}/fifo; exit 4"), context, lambda: "f1")
    fill(tiny_disk)
    until(lambda: not has_room(journal), "not even a note fits in")
    (tmp_path / "fifo").write_text("go on\n")
    ended = shop.end(job)
    assert (ended.state, ended.exit_code) == (JobState.FAILED, 4)
    assert "action.ended" not in [entry.kind for entry in journal.entries()]
    with pytest.raises(CockpitError):
        settle(shop.state, journal, journal_holds(journal.path))
    (tiny_disk / "ballast").unlink()
    assert settle(shop.state, journal, journal_holds(journal.path)) == 1
    assert settle(shop.state, journal, journal_holds(journal.path)) == 0
    assert [entry.data["exit_code"] for entry in journal.entries() if entry.kind == "action.ended"] == [4]
    assert verify(journal.path).ok
