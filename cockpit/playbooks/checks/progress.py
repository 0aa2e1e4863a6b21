"""Checks of how a run goes on: blocked, escalated, without its inputs, finished, and honest about it."""

from cockpit.diagnosis.claims import claim_of
from cockpit.diagnosis.codes import Code
from cockpit.diagnosis.disagreements import observe_claim, observe_disagreements
from cockpit.diagnosis.parts import claim_evidence, fact, silence_evidence, where
from cockpit.diagnosis.stuck import missing_input, previous_incomplete
from cockpit.diagnosis.trouble import asks, blocked
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.playbook import CheckResult
from cockpit.models.run import RunState
from cockpit.playbooks.checks.case import Case, cannot_tell, changed, met, not_met
from cockpit.runtime.fileview import FileFact

_CONTRADICTING = frozenset(
    (Code.RECEIPT_DIFFERS, Code.RECORD_DIFFERS, Code.VERIFIED_OVER_FAILURE, Code.TRUNCATED, Code.NEVER_BEGAN)
)
"""Warnings of the verdict that are contradictions."""
_DISAGREEING = frozenset((Code.METRICS_DISAGREE, Code.TESTS_CLAIMED, Code.EXIT_CODE_LIES))


def handoff_not_blocked(case: Case) -> CheckResult:
    """No handoff of the step in question says BLOCKED any more (seed 000, "Stuck Run", 2).

    A handoff that says so counts until its step began again, drafts included.
    """
    place = where(case.flow, case.step)
    for ruling in blocked(case.detail):
        if case.step in (None, ruling.step) and case.flow in (None, ruling.flow):
            return not_met(ruling.reason.text, *ruling.reason.evidence)
    own = [one for one in case.detail.handoffs if case.step in (None, one.step) and case.flow in (None, one.flow)]
    if not own:
        return cannot_tell(f"{place} has left no handoff that could say anything")
    last = next((one for one in reversed(own) if not one.draft), own[-1])
    quote = f'"status": "{last.raw_status or last.status.value}"'
    return met(f"no handoff of {place} is BLOCKED", Evidence(rank=Rank.RECEIPT, path=last.path, quote=quote))


def no_open_escalation(case: Case) -> CheckResult:
    """Every decision that a person was asked for was made: the flow went on after it (seed 000, "Stuck Run", 4)."""
    open_ones = asks(case.detail)
    if open_ones:
        return not_met(open_ones[0].reason.text, *open_ones[0].reason.evidence)
    routing = case.detail.routing
    if len(routing):
        last = routing[len(routing) - 1]
        quote = f"{last.raw_decision or last.decision.value} {last.reason[:200]}".strip()
        proof = Evidence(rank=Rank.RECEIPT, path=last.path, line=last.line, quote=quote)
        return met(f"no decision waits for a person; the last of {len(routing)} is {last.decision.value}", proof)
    if case.detail.handoffs or len(case.detail.events):
        return met("nothing in the run's handoffs and events waits for a person", *silence_evidence(case.detail))
    return cannot_tell("this run has no routing, no handoffs and no events")


def inputs_present(case: Case) -> CheckResult:
    """What the step in question needs is there (seed 000, "Stuck Run", 3).

    A file its failure names as missing is looked for where it could be; else the step before must have succeeded.
    """
    place = where(case.flow, case.step)
    there: list[FileFact] = []
    for one in missing_input(case.detail, case.flow, case.step):
        found = _look_for(case, one.name)
        if found is None and not one.against:
            return not_met(f"{place} cannot go on: {one.text}", *one.evidence)
        there += [found] if found is not None else []
    for one in previous_incomplete(case.detail, case.flow, case.step):
        return not_met(one.text, *one.evidence)
    if there:
        return met(f"what {place} missed is there now", *(changed(file) for file in there))
    planned = [one.step for one in case.detail.plan if one.flow == case.flow]
    if case.step in planned and (before := planned[: planned.index(case.step)]):
        last = fact(case.detail, case.flow, before[-1])
        proof = () if last is None or last.evidence is None else (last.evidence,)
        return met(f"the step before, {where(case.flow, before[-1])}, is done and nothing is named as missing", *proof)
    if case.item.evidence and (files := case.matches(case.item.evidence)):
        return met(f"{len(files)} files are there and nothing is named as missing", *(changed(one) for one in files))
    return cannot_tell(f"nothing tells what {place} needs")


def state_succeeded(case: Case) -> CheckResult:
    """The run succeeded by the evidence, whatever it claims."""
    run = case.run
    evidence = tuple(one for reason in run.reasons[:2] for one in reason.evidence) or claim_evidence(case.detail)
    if run.state is RunState.SUCCEEDED:
        return met("by its evidence the run succeeded", *evidence)
    if run.state in (RunState.ARCHIVED, RunState.UNREADABLE):
        return cannot_tell(f"the run is {run.state.value}", *evidence)
    why = f": {run.reasons[0].text}" if run.reasons else ""
    return not_met(f"the run is {run.state.value}{why}", *evidence)


def no_contradictions(case: Case) -> CheckResult:
    """The run succeeded, and nothing it claims is contradicted (seed 002, "Verify": physics, not narrative).

    An honest failure is no contradiction, but it confirms nothing either.
    """
    run, detail = case.run, case.detail
    if run.contradicted:
        reason = run.reasons[0] if run.reasons else None
        why = f": {reason.text}" if reason else ""
        return not_met(f'it says "{run.claimed}" and is {run.state.value}{why}', *(reason.evidence if reason else ()))
    for reason in run.reasons:
        if reason.code in _CONTRADICTING:
            return not_met(reason.text, *reason.evidence)
    claim = claim_of(detail.record.means or run.claimed)
    seen = [*observe_claim(detail, claim, run.state), *observe_disagreements(detail)]
    for one in seen:
        if one.code in _DISAGREEING:
            return not_met(one.text, *one.evidence)
    said = f'it says "{run.claimed}"' if run.claimed else "it claims nothing of itself"
    if run.state is not RunState.SUCCEEDED:
        return cannot_tell(f"{said} and is {run.state.value}: there is no success that could be contradicted")
    return met(f"{said} and is {run.state.value}; nothing contradicts that", *claim_evidence(detail))


def _look_for(case: Case, missing: str) -> FileFact | None:
    """A file that was named as missing: below the root, the run, or its flow. Absolute names are not looked for."""
    tail = missing.replace("\\", "/").removeprefix("RUN_BASE/")
    if tail.startswith("/") or ".." in tail.split("/"):
        return None
    tail = tail.removeprefix("./")
    found = case.own(tail) or (case.own(f"{case.flow}/{tail}") if case.flow else None)
    return found or case.files.look(tail)
