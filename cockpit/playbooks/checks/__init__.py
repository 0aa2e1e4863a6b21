"""Named checks: what a playbook's item asks for, answered by the evidence.

Each check is a small function of a read-only view of one run (`Case`). It says `met`, `not met` or `cannot tell`, why
in one sentence, and on what evidence. It never writes, and never takes an agent's word for what the machinery says
otherwise. `cannot tell` is an answer: a system that leaves no such trace is not called wrong for it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from cockpit.models.playbook import CheckResult, Outcome
from cockpit.playbooks.checks import artifacts, commands, progress, receipts
from cockpit.playbooks.checks.case import Case, cannot_tell

__all__ = ["Case", "Check", "combine", "known_checks", "run_check"]


@dataclass(frozen=True, slots=True)
class Check:
    """A check that items may name.

    Attributes:
        id: As playbooks spell it: `check: receipt-succeeded`.
        title: What it confirms, a few words.
        ask: The function.
        needs: What an item must have besides, any one of these attributes; empty for nothing.
        costly: Whether it reads so much that it is asked only of items that are settled, and when somebody verifies.
    """

    id: str
    title: str
    ask: Callable[[Case], CheckResult]
    needs: tuple[str, ...] = ()
    costly: bool = False


_PATH = ("evidence",)
_CHECKS = (
    Check("receipt-exists", "the step left a receipt", receipts.receipt_exists),
    Check(
        "receipt-succeeded", "the step's newest receipt says succeeded, after its failure", receipts.receipt_succeeded
    ),
    Check("metrics-agree", "the figures of the evidence panel agree", receipts.metrics_agree),
    Check("handoff-not-blocked", "no handoff of the step is BLOCKED", progress.handoff_not_blocked),
    Check("no-open-escalation", "no decision waits for a person", progress.no_open_escalation),
    Check("inputs-present", "what the step needs is there", progress.inputs_present),
    Check("state-succeeded", "by its evidence the run succeeded", progress.state_succeeded),
    Check("no-contradictions", "the run succeeded and nothing contradicts that", progress.no_contradictions),
    Check("validation-passed", "the validation passed and is current", artifacts.validation_passed),
    Check("plan-current", "the plan is newer than what it was made from", artifacts.plan_current),
    Check("artifact-exists", "the evidence file is there", artifacts.artifact_exists, _PATH),
    Check("artifact-newer", "the evidence file was written since the failure", artifacts.artifact_newer, _PATH),
    Check("no-secrets", "no credential in the run's files", artifacts.no_secrets, costly=True),
    Check("job-succeeded", "its action or command ran and went well", commands.job_succeeded, ("action", "command")),
    Check("incident-file-written", "the incident's file is written", artifacts.incident_file_written),
    Check("scan-log-exists", "the boundary scan left its log", artifacts.scan_log_exists),
)
_BY_ID = MappingProxyType({one.id: one for one in _CHECKS})


def known_checks() -> Mapping[str, Check]:
    """Every check by its id, in the order they are told to people; `playbooks lint` refuses any other."""
    return _BY_ID


def run_check(check: str, case: Case) -> CheckResult:
    """What a check says; an id that is not known cannot tell."""
    known = _BY_ID.get(check)
    return cannot_tell(f"there is no check {check!r}") if known is None else known.ask(case)


def combine(results: Sequence[tuple[str, CheckResult]]) -> CheckResult:
    """One answer for several runs, by their ids: one that is not met decides, then one that cannot tell."""
    if not results:
        return cannot_tell("no run belongs to it that could be looked at")
    if len(results) == 1:
        return results[0][1]
    for outcome in (Outcome.NOT_MET, Outcome.CANNOT_TELL):
        found = [(run, one) for run, one in results if one.outcome is outcome]
        if found:
            run, first = found[0]
            others = f" ({len(found)} of {len(results)} runs)" if len(found) > 1 else ""
            return first.model_copy(update={"why": f"{run}: {first.why}{others}"})
    evidence = tuple(place for _, one in results for place in one.evidence[:1])
    return CheckResult(outcome=Outcome.MET, why=f"so it is for all {len(results)} runs", evidence=evidence)
