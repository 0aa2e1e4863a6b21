"""What became of a job: its exit code, its own words and the run's new evidence, weighed once and written down.

A green exit code stands only as long as neither the output nor the run says otherwise. A red one is overruled by both
of them together, never by one alone, and never where a signal ended the command. The verdict names what it rests on.
It is kept in the job's directory, so that every cockpit shows the same one, whatever the run does later.
"""

from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cockpit.actions.aftermath import Aftermath, Before, read_after
from cockpit.actions.jobs import job_dirs, lost_text, orphan, outcome_text
from cockpit.actions.said import Said, read_output
from cockpit.actions.storage import pretty, read_object, write_reserved
from cockpit.actions.supervisor import JOB, OUTPUT, RESULT, VERDICT, VERDICT_RESERVE
from cockpit.clock import system_clock
from cockpit.models.action import JobState, OutcomeRule
from cockpit.models.base import Model
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.run import RunState
from cockpit.sanitize import clean

BEFORE = "before.json"
"""The run when the job was started (`Before`); absent where the run has no say in how the job went."""

EXIT_CODE = "exit code"
SAID = "output"
RUN = "evidence of the run"
CANCELLATION = "cancellation"
TIME_LIMIT = "time limit"

_MOST_PLACES = 5
_QUOTE = 120
_OUTCOME = 900


class Verdict(Model):
    """How a job ended.

    Attributes:
        state: Not `running`.
        outcome: For people.
        judged_by: What that rests on.
        evidence: Where it can be read; paths of the run are relative to the root, that of the output is absolute.
        before: State of the run before the job, where it was looked at.
        after: And after it.
    """

    state: JobState
    outcome: str
    judged_by: tuple[str, ...]
    evidence: tuple[Evidence, ...] = ()
    before: RunState | None = None
    after: RunState | None = None


def decide(result: dict[str, Any], said: Said | None, after: Aftermath | None, output: str) -> Verdict:
    """Weigh what is known. Pure.

    Args:
        result: The supervisor's `result.json`.
        said: What the output says, if anything.
        after: What the run says; `None` where it was not asked.
        output: Path of the output, for evidence.
    """
    head = outcome_text(result)
    told = [] if after is None else [(after.text, after.failed)]
    if result.get("error"):
        return _verdict(JobState.FAILED, head, (EXIT_CODE,), None, None, output)
    if result.get("reason"):
        timed_out = bool(result.get("timed_out"))
        state, why = (JobState.FAILED, TIME_LIMIT) if timed_out else (JobState.CANCELLED, CANCELLATION)
        return _verdict(state, "; ".join([head, *(text for text, _ in told)]), (why,), None, after, output)
    spoken = [] if said is None else [(f"{clean(said.says)} (output, line {said.line}: {_quoted(said)})", said.failed)]
    code = int(result["exit_code"])
    votes = {
        EXIT_CODE: code != 0,
        SAID: None if said is None else said.failed,
        RUN: None if after is None else after.failed,
    }
    overruled = code > 0 and votes[SAID] is False and votes[RUN] is False
    failed = any(vote is True for vote in votes.values()) and not overruled
    by = tuple(name for name, vote in votes.items() if vote is failed)
    # What goes with the exit code first, then what speaks against it.
    agreeing = "; ".join([head, *(text for text, vote in (*spoken, *told) if vote in (None, votes[EXIT_CODE]))])
    against = "; ".join(text for text, vote in (*spoken, *told) if vote not in (None, votes[EXIT_CODE]))
    text = f"{agreeing}, but {against}" if against else agreeing
    return _verdict(JobState.FAILED if failed else JobState.SUCCEEDED, text, by, said, after, output)


def _quoted(said: Said) -> str:
    return clean(said.quote, _QUOTE)


def conclude(job_dir: Path) -> None:
    """Judge a job that has ended and has no verdict yet, and write the verdict down.

    One that was lost stays lost; what its run shows is told all the same. For whoever holds the job's lock
    (`cockpit.actions.ending`). Evidence that cannot be read is said, not raised.

    Raises:
        OSError: The verdict could not be written.
    """
    facts, result = read_object(job_dir / JOB), read_object(job_dir / RESULT)
    if facts is None or (job_dir / VERDICT).exists():
        return
    if result is None:
        _conclude_lost(job_dir, facts)
        return
    output = job_dir.absolute() / OUTPUT
    notes: list[str] = []
    said = None
    if not result.get("error") and not result.get("reason"):
        try:
            said = read_output(output, _rules(facts))
        except OSError as error:
            notes.append(f"its output could not be read: {error.strerror}")
        if said is None and result.get("left_out") and _rules(facts):
            notes.append("part of its output was not kept, so not all of it was read")
    verdict = decide(result, said, _aftermath(job_dir, facts), str(output))
    if notes:
        verdict = verdict.model_copy(update={"outcome": clean("; ".join([verdict.outcome, *notes]), _OUTCOME)})
    _write(job_dir, verdict)


def _conclude_lost(job_dir: Path, facts: dict[str, Any]) -> None:
    """What the run shows of a job that nobody saw end; nothing while its command may still be at work."""
    after = None if orphan(job_dir) is not None else _aftermath(job_dir, facts)
    if after is not None:
        by = () if after.failed is None else (RUN,)
        _write(job_dir, _verdict(JobState.LOST, f"{lost_text(job_dir)}; {after.text}", by, None, after, ""))


def load_verdict(job_dir: Path) -> Verdict | None:
    """The verdict on a job, or `None` where there is none that can be read."""
    found = read_object(job_dir / VERDICT)
    with suppress(ValidationError):
        return None if found is None else Verdict.model_validate(found)
    return None


def _aftermath(job_dir: Path, facts: dict[str, Any]) -> Aftermath | None:
    found = read_object(job_dir / BEFORE)
    if found is None:
        return None
    try:
        before = Before.model_validate(found)
    except ValidationError:
        text = "how the run was before cannot be read, so its evidence says nothing"
        return Aftermath(failed=None, text=text)
    if _overtaken(job_dir, facts):
        text = "the run's evidence was not read before another job worked on it"
        return Aftermath(failed=None, text=text, before=before.state)
    return read_after(before, system_clock())


def _overtaken(job_dir: Path, facts: dict[str, Any]) -> bool:
    """Whether a later job was started on the same run: what is new in it now may be the other one's doing."""
    later = (other for other in job_dirs(job_dir.parent.parent) if other.name > job_dir.name)
    return any((read_object(other / JOB) or {}).get("run_key") == facts.get("run_key") for other in later)


def _rules(facts: dict[str, Any]) -> tuple[OutcomeRule, ...]:
    plan = facts.get("plan")
    found = plan.get("outcome") if isinstance(plan, dict) else None
    rules = []
    for each in found if isinstance(found, list) else []:
        with suppress(ValidationError):
            rules.append(OutcomeRule.model_validate(each))
    return tuple(rules)


def _verdict(
    state: JobState, text: str, by: tuple[str, ...], said: Said | None, after: Aftermath | None, output: str
) -> Verdict:
    places = [] if said is None else [Evidence(rank=Rank.ARTIFACT, path=output, line=said.line, quote=said.quote)]
    places += () if after is None else after.evidence[:_MOST_PLACES]
    return Verdict(
        state=state,
        outcome=clean(text, _OUTCOME),
        judged_by=by,
        evidence=tuple(place.model_copy(update={"quote": clean(place.quote, _QUOTE)}) for place in places),
        before=None if after is None else after.before,
        after=None if after is None else after.after,
    )


def _write(job_dir: Path, verdict: Verdict) -> None:
    try:
        write_reserved(job_dir / VERDICT_RESERVE, job_dir / VERDICT, pretty(verdict.model_dump(mode="json")))
    except OSError:
        # A full disk has the room that was reserved and no more: the places can be found again, the verdict cannot.
        short = verdict.model_copy(update={"evidence": (), "outcome": clean(verdict.outcome, 300)})
        write_reserved(job_dir / VERDICT_RESERVE, job_dir / VERDICT, pretty(short.model_dump(mode="json")))
