"""The escalation ladder as data, and when to go up it, judged live on the evidence (seeds 001, 003 and 004)."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from cockpit.diagnosis.parts import where
from cockpit.incidents import conditions as judge
from cockpit.incidents.clocks import CONTAIN
from cockpit.incidents.conditions import Found, at, called
from cockpit.incidents.runs import Proof, RunNow
from cockpit.incidents.situation import Situation
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.incident import EscalationCondition, Level, Severity
from cockpit.models.records import StepFact, StepStatus
from cockpit.models.run import RunState

REPEATED = 2
"""Failures of one kind that make a repeated one."""
MANY_STEPS = 4
"""Steps that must have ended before a rate of failures means anything."""
HALF = 0.5
"""Rate of failures from which agents are called impaired (seed 003, "High")."""
CORE_CONTRACTS = ("topic_spec.json", "curriculum.json", "run.json")
"""Files whose form is a contract (seed 001, section 5)."""
_STRUCTURED_OUTPUT = ("c-codex-output", "malformed-output")
_CONTRACT_RULES = ("f-invalid-metadata", "f-broken-metadata", "unreadable-record")
_SECURITY_RULES = ("secret-exposure", "boundary-violation", "unauthorised-write")


@dataclass(frozen=True, slots=True)
class Rung:
    """One level of the ladder.

    Attributes:
        level: Its name.
        who: Who answers there.
        does: What they are called for.
    """

    level: Level
    who: str
    does: str


RUNGS: dict[Level, Rung] = {
    rung.level: rung
    for rung in (
        Rung(Level.L1, "On-call engineer", "First response and troubleshooting, around the clock"),
        Rung(Level.L2, "Technical lead", "Hard technical problems, decisions on design and architecture"),
        Rung(Level.L3, "Project manager", "Business impact, talking to stakeholders, getting people and means"),
        Rung(Level.L4, "Security team", "Security incidents, compliance, exposed data"),
        Rung(Level.L0, "Founder", "What cannot be taken back; High, Critical and repeated Medium incidents"),
    )
}
"""L1 to L4 of seed 003, and L0 of seed 004, who stands above all of them."""


@dataclass(frozen=True, slots=True)
class When:
    """A reason to escalate: stable name, to whom, when, and what judges it."""

    id: str
    level: Level
    text: str
    holds: Callable[[Situation], Found]


def conditions(situation: Situation) -> tuple[EscalationCondition, ...]:
    """Every reason to escalate with whether it holds now, those that hold first.

    A reason whose level was called already since the incident was declared says so.
    """
    judged = []
    for when in WHEN:
        found = when.holds(situation)
        call = called(situation.incident, when.level)
        judged.append(
            EscalationCondition(
                id=when.id, text=when.text, level=when.level, met=found.met, why=found.why, evidence=found.evidence,
                called_at=call.at if call else None,
            )
        )  # fmt: skip
    return tuple(sorted(judged, key=lambda one: not one.met))


def due(situation: Situation) -> tuple[EscalationCondition, ...]:
    """The reasons that hold and whose level nobody has called yet."""
    return tuple(one for one in conditions(situation) if one.met and one.called_at is None)


# --- seed 001, section 5


def _structured_output(situation: Situation) -> Found:
    """The agent's structured output failed again and again, over retries, runs or providers."""
    failing = [one for one in situation.runs if _has(one, _STRUCTURED_OUTPUT)]
    keys = {one.link.key for one in failing}
    attempts = sum(max((step.attempts for step in _bad_steps(one)), default=1) for one in failing)
    retries = sum(action.state == "failed" and action.run_key in keys for action in situation.actions)
    total = attempts + retries
    why = f"{total} failures of structured output in {len(failing)} of its runs"
    return Found(total >= REPEATED, why, _reasons(failing))


def _validator(situation: Situation) -> Found:
    """The validator fails although it passed before, on the same run."""
    for one in situation.runs:
        for step in _bad_steps(one):
            if not _validates(step.step):
                continue
            passed = _passed_before(situation, one, step)
            if passed is not None:
                text = f"{where(step.flow, step.step)} of {one.link.id} fails, and {passed.text}"
                return Found(True, text, (*passed.evidence, *((step.evidence,) if step.evidence else ())))
    return Found(False, "no validation fails that passed before")


def _contracts(situation: Situation) -> Found:
    """A core contract of a run cannot be parsed."""
    for one in situation.runs:
        problems = [
            Evidence(rank=Rank.PHYSICS, path=problem.path, line=problem.line, quote=problem.reason)
            for problem in (one.detail.problems if one.detail else ())
            if problem.path.rpartition("/")[2] in CORE_CONTRACTS
        ]
        refused = one.detail is not None and one.detail.record.refused is not None
        if problems or refused or _has(one, _CONTRACT_RULES):
            return Found(True, f"a core contract of {one.link.id} cannot be parsed", tuple(problems) or _reasons([one]))
    return Found(False, "every core contract of its runs can be parsed")


# --- seed 003, "When to escalate" and the levels' own words


def _persists(situation: Situation) -> Found:
    """Something was done to a run, and it still fails."""
    for one in situation.runs:
        done = [each for each in situation.actions if each.run_key == one.link.key and each.ended_at is not None]
        if done and one.is_failing and one.run is not None:
            text = f"{one.link.id} is {one.run.state.value} after {len(done)} actions, the last {done[-1].action}"
            return Found(True, text, _reasons([one]))
    return Found(False, "no run fails on after something was done to it")


def _raised(situation: Situation) -> Found:
    history = situation.incident.severities
    for earlier, later in pairwise(history):
        if later.to_severity.worse_than(earlier.to_severity):
            why = f"raised from {earlier.to_severity.value} to {later.to_severity.value} at {at(later.at)}"
            return Found(True, why)
    return Found(False, "the severity was not raised")


def _several_systems(situation: Situation) -> Found:
    systems = sorted({one.link.key.partition(":")[0] for one in situation.runs})
    return Found(len(systems) > 1, f"systems affected: {', '.join(systems) or 'none known'}")


def _security(situation: Situation) -> Found:
    incident = situation.incident
    exposed = [one for one in situation.runs if _has(one, _SECURITY_RULES)]
    if exposed:
        return Found(True, f"{exposed[0].link.id} shows signs of a security problem", _reasons(exposed))
    if incident.finding in _SECURITY_RULES or any("security" in name for name in incident.playbooks):
        return Found(True, "it was declared as a security incident")
    answers = incident.severities[-1].answers if incident.severities else None
    if answers == "yy":
        return Found(True, "data is lost or security compromised, by the answers to the severity tree")
    return Found(False, "no sign of lost data or a security problem")


def _past_response_time(situation: Situation) -> Found:
    clock = next((one for one in situation.clocks if one.name == CONTAIN), None)
    if clock is None:
        return Found(False, "there is no time limit for this severity")
    if clock.met_at is None and clock.overdue(situation.now):
        return Found(True, f"the harm should have been stopped by {at(clock.due)}")
    return Found(False, f"time to stop the harm: until {at(clock.due)}")


def _failure_rate(situation: Situation) -> Found:
    """Half of the steps of its runs, or more, went badly."""
    ended = [step for one in situation.runs for step in _ended_steps(one)]
    bad = [step for step in ended if step.status.bad]
    if len(ended) < MANY_STEPS:
        return Found(False, f"only {len(ended)} steps of its runs have ended")
    rate = len(bad) / len(ended)
    evidence = tuple(step.evidence for step in bad if step.evidence is not None)[:6]
    return Found(rate >= HALF, f"{len(bad)} of {len(ended)} steps of its runs failed ({rate:.0%})", evidence)


def _severity_asks(level: Level) -> Callable[[Situation], Found]:
    """Whether this severity is told to a level from the start (seed 003, "Escalation" of each severity)."""
    asked = {
        Level.L1: (Severity.SEV1, Severity.SEV2, Severity.SEV3),
        Level.L2: (Severity.SEV1, Severity.SEV2),
        Level.L3: (Severity.SEV1,),
    }[level]

    def holds(situation: Situation) -> Found:
        severity = situation.incident.severity
        return Found(severity in asked, f"it is {severity.value} ({severity.label})")

    return holds


# --- seed 004


def _founder(situation: Situation) -> Found:
    why = judge.founder_is_due(situation)
    return Found(why is not None, why or f"{situation.incident.severity.label}, and not a repeated Medium one")


def _irreversible(situation: Situation) -> Found:
    done = situation.dangerous
    if not done:
        return Found(False, "nothing was done that cannot be taken back")
    return Found(True, f"{done[-1].action} of {done[-1].run} at {at(done[-1].at)} cannot be taken back")


WHEN: tuple[When, ...] = (
    When("irreversible", Level.L0, "An irreversible action was run", _irreversible),
    When("founder", Level.L0, "The incident is High, Critical, or a repeated Medium", _founder),
    When("security", Level.L4, "Data may be lost, or security may be compromised", _security),
    When("overdue", Level.L3, "It is not contained within the response time", _past_response_time),
    When("stakeholders", Level.L3, "A Critical incident is told to all stakeholders", _severity_asks(Level.L3)),
    When("persists", Level.L2, "It persists after something was done against it", _persists),
    When("raised", Level.L2, "The severity was raised during the investigation", _raised),
    When("systems", Level.L2, "Several systems are affected", _several_systems),
    When("agents", Level.L2, "Half of the agents' steps fail, or more", _failure_rate),
    When("structured-output", Level.L2, "Structured output fails again across retries or providers",
         _structured_output),
    When("validator", Level.L2, "A deterministic validator fails after a good baseline", _validator),
    When("contracts", Level.L2, "A core contract cannot be parsed", _contracts),
    When("lead", Level.L2, "A High or Critical incident is told to the technical lead", _severity_asks(Level.L2)),
    When("on-call", Level.L1, "A Medium incident or worse is told to the on-call engineer", _severity_asks(Level.L1)),
)  # fmt: skip
"""Every reason to escalate, the highest level first."""


def _has(one: RunNow, rules: tuple[str, ...]) -> bool:
    found = one.run.findings if one.run is not None else ()
    unreadable = one.run is not None and one.run.state is RunState.UNREADABLE and "unreadable-record" in rules
    return unreadable or any(rule in found for rule in rules)


def _reasons(runs: list[RunNow]) -> tuple[Evidence, ...]:
    reasons = (one.run.reasons[0] for one in runs if one.run is not None and one.run.reasons)
    return tuple(each for reason in reasons for each in reason.evidence)


def _ended_steps(one: RunNow) -> list[StepFact]:
    steps = one.detail.steps if one.detail is not None else ()
    return [step for step in steps if step.status.bad or step.status is StepStatus.SUCCEEDED]


def _bad_steps(one: RunNow) -> list[StepFact]:
    return [step for step in _ended_steps(one) if step.status.bad]


def _validates(step: str) -> bool:
    return "validat" in step.casefold()


def _passed_before(situation: Situation, one: RunNow, step: StepFact) -> Proof | None:
    """A success of the same step before it failed: a receipt of it, or an action that did it."""
    if one.detail is None or step.ended_at is None:
        return None
    for receipt in one.detail.receipts:
        same = (receipt.flow, receipt.step) == (step.flow, step.step)
        if same and receipt.status is StepStatus.SUCCEEDED and receipt.ended_at and receipt.ended_at < step.ended_at:
            shown = Evidence(rank=Rank.RECEIPT, path=receipt.path, quote=receipt.raw_status or "succeeded")
            return Proof(receipt.ended_at, f"passed at {at(receipt.ended_at)}", (shown,))
    for action in situation.actions:
        same = action.run_key == one.link.key and (action.step == step.step or _validates(action.action))
        if same and action.state == "succeeded" and action.ended_at and action.ended_at < step.ended_at:
            return Proof(action.ended_at, f"{action.action} passed at {at(action.ended_at)}")
    return None
