"""The verdict on a job: exit code, output and the run's new evidence, weighed."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.actions.aftermath import Aftermath
from cockpit.actions.ending import journal_holds, settle
from cockpit.actions.outcome import decide, load_verdict
from cockpit.actions.said import Said, read_output
from cockpit.actions.supervisor import RESULT, VERDICT
from cockpit.models.action import JobState, OutcomeRule
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.run import RunState
from tests.samples import FORBIDDEN
from tests.workshop import Workshop

RULES = (
    OutcomeRule(pattern=r"Paso \w+ falló", failed=True, says="a step failed"),
    OutcomeRule(pattern=r"^Traceback ", failed=True, says="it crashed"),
    OutcomeRule(pattern=r"Workflow completed", failed=False, says="the workflow completed"),
)
BAD_SAID = Said(failed=True, says="a step failed", line=3, quote="Error: Paso planner falló")
GOOD_SAID = Said(failed=False, says="the workflow completed", line=9, quote="Workflow completed")
RECEIPT = Evidence(rank=Rank.RECEIPT, path="run-1/build/receipts/x.json", quote="failed")
BAD_RUN = Aftermath(
    failed=True, text="build.x: its new receipt says failed", evidence=(RECEIPT,), before=RunState.FAILED,
    after=RunState.FAILED,
)  # fmt: skip
GOOD_RUN = Aftermath(failed=False, text="the run went from failed to succeeded", after=RunState.SUCCEEDED)
SAME_RUN = Aftermath(failed=None, text="no new evidence: nothing of the run changed")


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def result(code: int = 0, **more: Any) -> dict[str, Any]:
    return {"exit_code": code, "duration_s": 2, "last_line": "bye", **more}


@pytest.mark.parametrize(
    ("given", "said", "after", "state", "by", "text"),
    [
        (result(), None, None, JobState.SUCCEEDED, ("exit code",), "exit 0 after 2.0 s"),
        (result(4), None, None, JobState.FAILED, ("exit code",), "exit 4 after 2.0 s: bye"),
        (
            result(), BAD_SAID, None, JobState.FAILED, ("output",),
            "exit 0 after 2.0 s, but a step failed (output, line 3: Error: Paso planner falló)",
        ),
        (
            result(), None, BAD_RUN, JobState.FAILED, ("evidence of the run",),
            "exit 0 after 2.0 s, but build.x: its new receipt says failed",
        ),
        (
            result(), GOOD_SAID, BAD_RUN, JobState.FAILED, ("evidence of the run",),
            "exit 0 after 2.0 s; the workflow completed (output, line 9: Workflow completed), but "
            "build.x: its new receipt says failed",
        ),
        (
            result(), None, SAME_RUN, JobState.SUCCEEDED, ("exit code",),
            "exit 0 after 2.0 s; no new evidence: nothing of the run changed",
        ),
        (
            result(), GOOD_SAID, GOOD_RUN, JobState.SUCCEEDED, ("exit code", "output", "evidence of the run"),
            "exit 0 after 2.0 s; the workflow completed (output, line 9: Workflow completed); "
            "the run went from failed to succeeded",
        ),
        (
            result(1), BAD_SAID, BAD_RUN, JobState.FAILED, ("exit code", "output", "evidence of the run"),
            "exit 1 after 2.0 s: bye; a step failed (output, line 3: Error: Paso planner falló); "
            "build.x: its new receipt says failed",
        ),
        (
            result(1), BAD_SAID, GOOD_RUN, JobState.FAILED, ("exit code", "output"),
            "exit 1 after 2.0 s: bye; a step failed (output, line 3: Error: Paso planner falló), but "
            "the run went from failed to succeeded",
        ),
        (
            result(1), None, GOOD_RUN, JobState.FAILED, ("exit code",),
            "exit 1 after 2.0 s: bye, but the run went from failed to succeeded",
        ),
        (
            result(1), GOOD_SAID, None, JobState.FAILED, ("exit code",),
            "exit 1 after 2.0 s: bye, but the workflow completed (output, line 9: Workflow completed)",
        ),
        (
            result(1), GOOD_SAID, GOOD_RUN, JobState.SUCCEEDED, ("output", "evidence of the run"),
            "exit 1 after 2.0 s: bye, but the workflow completed (output, line 9: Workflow completed); "
            "the run went from failed to succeeded",
        ),
        (
            result(-9), GOOD_SAID, GOOD_RUN, JobState.FAILED, ("exit code",),
            "killed by SIGKILL after 2.0 s: bye, but the workflow completed (output, line 9: Workflow completed); "
            "the run went from failed to succeeded",
        ),
        (
            result(-15, reason="cancelled by ada"), None, SAME_RUN, JobState.CANCELLED, ("cancellation",),
            "cancelled by ada; killed by SIGTERM after 2.0 s; no new evidence: nothing of the run changed",
        ),
        (
            result(-15, reason="timed out after 2 s", timed_out=True), None, None, JobState.FAILED, ("time limit",),
            "timed out after 2 s; killed by SIGTERM after 2.0 s",
        ),
        (
            result(127, error="make: No such file"), None, None, JobState.FAILED, ("exit code",),
            "not started: make: No such file",
        ),
    ],
)  # fmt: skip
def test_the_three_are_weighed(
    given: dict[str, Any], said: Said | None, after: Aftermath | None, state: JobState, by: tuple[str, ...], text: str
) -> None:
    verdict = decide(given, said, after, "/state/jobs/j/output.log")
    assert (verdict.state, verdict.judged_by, verdict.outcome) == (state, by, text)


def test_a_verdict_names_its_places() -> None:
    verdict = decide(result(), BAD_SAID, BAD_RUN, "/state/jobs/j/output.log")
    assert [(place.path, place.line) for place in verdict.evidence] == [
        ("/state/jobs/j/output.log", 3),
        (RECEIPT.path, None),
    ]
    assert (verdict.before, verdict.after) == (RunState.FAILED, RunState.FAILED)


@given(
    code=st.integers(-64, 255),
    said=st.sampled_from([None, BAD_SAID, GOOD_SAID]),
    after=st.sampled_from([None, BAD_RUN, GOOD_RUN, SAME_RUN]),
)
def test_nothing_that_speaks_of_failure_is_ever_called_a_success_by_one_voice(
    code: int, said: Said | None, after: Aftermath | None
) -> None:
    verdict = decide(result(code), said, after, "o")
    if verdict.state is JobState.SUCCEEDED:
        assert said is not BAD_SAID
        assert after is not BAD_RUN
        assert code == 0 or (code > 0 and said is GOOD_SAID and after is GOOD_RUN)
    assert verdict.judged_by


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (b"", None),
        (b"all quiet\n", None),
        (b"one\nError: Paso planner fall\xc3\xb3\n", (True, "a step failed", 2)),
        (b"Workflow completed\n\nTraceback (most recent call last):\n", (True, "it crashed", 3)),
        (b"Workflow completed\nWorkflow completed\n", (False, "the workflow completed", 1)),
        (b"10 %\r50 %\rTraceback (most", (True, "it crashed", 1)),
        (b"\x1b[31mPaso \x1b[0mplanner fall\xc3\xb3", (True, "a step failed", 1)),
        (b"x" * 9_000 + b"\nTraceback (\n", (True, "it crashed", 2)),
        (b"x" * 9_000 + b" Paso uno fall\xc3\xb3\n", (True, "a step failed", 1)),
        (b"\xff\xfe\x00Paso uno fall\xc3\xb3", (True, "a step failed", 1)),
    ],
    ids=["empty", "quiet", "failed", "crashed", "completed", "progress", "coloured", "long", "inside", "binary"],
)
def test_rules_are_looked_for_line_by_line(
    tmp_path: Path, output: bytes, expected: tuple[bool, str, int] | None
) -> None:
    (tmp_path / "output").write_bytes(output)
    said = read_output(tmp_path / "output", RULES)
    assert (None if said is None else (said.failed, said.says, said.line)) == expected
    if said is not None:
        assert not FORBIDDEN.search(said.quote)


def test_a_rule_that_is_no_regular_expression_matches_nothing(tmp_path: Path) -> None:
    (tmp_path / "output").write_text("(\nTraceback (most\n")
    broken = OutcomeRule(pattern="(", failed=False, says="?")
    assert read_output(tmp_path / "output", (broken,)) is None
    found = read_output(tmp_path / "output", (broken, *RULES))
    assert found is not None
    assert found.says == "it crashed"


# With real jobs.


def test_exit_0_is_no_success_where_the_output_says_otherwise(shop: Workshop) -> None:
    job = shop.perform(shop.plan("/bin/sh", "-c", "echo ok; echo 'Error: Paso planner falló'; exit 0", outcome=RULES))
    assert (job.state, job.exit_code, job.judged_by) == (JobState.FAILED, 0, ("output",))
    assert "but a step failed (output, line 2: Error: Paso planner falló)" in job.outcome
    assert [(place.path, place.line) for place in job.evidence] == [(job.output, 2)]
    (entry,) = shop.entries("action.ended")
    assert (entry.data["state"], entry.data["judged_by"]) == ("failed", ["output"])
    assert entry.data["outcome"] == job.outcome


def test_what_was_not_kept_was_not_read_and_that_is_said(shop: Workshop) -> None:
    code = "head -c 3000000 /dev/zero | tr '\\0' '\\n'"
    job = shop.perform(shop.plan("/bin/sh", "-c", code, outcome=RULES), output_cap=1_000_000)
    assert job.state is JobState.SUCCEEDED
    assert job.outcome.endswith("part of its output was not kept, so not all of it was read")


def test_the_verdict_is_made_once_and_every_cockpit_reads_the_same(shop: Workshop) -> None:
    job = shop.perform(shop.plan("true", outcome=RULES))
    written = (shop.dir(job) / VERDICT).read_bytes()
    Path(job.output).write_text("Traceback (most recent call last):\n")
    assert settle(shop.state, shop.journal, journal_holds(shop.journal.path)) == 0
    assert shop.end(job) == job
    assert (shop.dir(job) / VERDICT).read_bytes() == written
    verdict = load_verdict(shop.dir(job))
    assert verdict is not None
    assert (verdict.state, verdict.outcome) == (job.state, job.outcome)


def test_a_job_whose_supervisor_died_before_it_judged_is_judged_by_the_next_cockpit(shop: Workshop) -> None:
    job = shop.perform(shop.plan("/bin/sh", "-c", "echo Paso uno falló", outcome=RULES))
    for name in (VERDICT, "ended.json"):
        (shop.dir(job) / name).unlink()
    (shop.state / "journal.jsonl").unlink()
    (shop.state / "journal.jsonl.lock").unlink(missing_ok=True)
    # Until then only its exit code is known.
    assert (shop.end(job).state, shop.end(job).judged_by) == (JobState.SUCCEEDED, ("exit code",))
    assert settle(shop.state, shop.journal, journal_holds(shop.journal.path)) == 1
    assert (shop.end(job).state, shop.end(job).judged_by) == (JobState.FAILED, ("output",))
    assert [entry.data["state"] for entry in shop.entries("action.ended")] == ["failed"]


def test_a_job_without_a_journal_is_judged_too(shop: Workshop) -> None:
    context = replace(shop.context, journal=None)
    job = shop.perform(shop.plan("/bin/sh", "-c", "echo Paso uno falló", outcome=RULES), context=context)
    assert job.state is JobState.FAILED
    assert shop.entries("action.ended") == []


def test_output_that_is_gone_is_said(shop: Workshop) -> None:
    job = shop.perform(shop.plan("true", outcome=RULES))
    for name in (VERDICT, "ended.json", "output.log"):
        (shop.dir(job) / name).unlink()
    assert settle(shop.state, shop.journal, lambda _: False) == 1
    assert shop.end(job).outcome.endswith("its output could not be read: No such file or directory")


def test_nonsense_in_a_jobs_directory_spoils_no_verdict(shop: Workshop) -> None:
    job = shop.perform(shop.plan("true"))
    for name in (VERDICT, "ended.json"):
        (shop.dir(job) / name).unlink()
    (shop.dir(job) / "before.json").write_text('{"ref": 3}')
    assert settle(shop.state, shop.journal, lambda _: False) == 1
    assert "how the run was before cannot be read" in shop.end(job).outcome
    (shop.dir(job) / VERDICT).write_text('{"state": "excellent"}')
    assert load_verdict(shop.dir(job)) is None
    os.truncate(shop.dir(job) / RESULT, 0)
    assert json.loads((shop.dir(job) / "ended.json").read_bytes()) == {"job": job.id}
