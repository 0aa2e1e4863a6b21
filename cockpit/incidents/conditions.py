"""Predicates of the gates: each looks at a `Situation` and says whether something holds, why, and on what evidence."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from cockpit.clock import iso
from cockpit.diagnosis.parts import where
from cockpit.incidents.runs import RunNow, recovered
from cockpit.incidents.sections import MANDATORY
from cockpit.incidents.situation import PROTOCOL, Situation
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.incident import Escalation, Incident, Level, Phase, Pin, Severity
from cockpit.models.playbook import ChecklistItem, ItemState


def at(moment: datetime) -> str:
    """A moment in a sentence: UTC, to the second."""
    return iso(moment.replace(microsecond=0)) or ""


class Found(NamedTuple):
    """Whether a condition holds, why in one sentence, and what shows it."""

    met: bool
    why: str
    evidence: tuple[Evidence, ...] = ()


def item(name: str) -> Callable[[Situation], Found]:
    """Holds once this item of the response protocol is settled."""

    def holds(situation: Situation) -> Found:
        return settled(situation, name)

    return holds


def settled(situation: Situation, name: str) -> Found:
    """Whether an item of the response protocol is done, verified, or left out with a reason."""
    found = situation.item(name)
    if found is None:
        if PROTOCOL in situation.incident.playbooks:
            return Found(True, f"your {PROTOCOL} has no item {name}")
        return Found(False, f"the checklist of {PROTOCOL} was not started")
    return Found(*_word(found), found.evidence)


def _word(found: ChecklistItem) -> tuple[bool, str]:
    by = f" by {found.by}" if found.by else ""
    match found.state:
        case ItemState.DONE:
            return True, f"ticked{by}"
        case ItemState.VERIFIED:
            return True, "verified"
        case ItemState.SKIPPED:
            return True, f"left out{by}: {found.note or 'no reason'}"
        case ItemState.CONTRADICTED:
            return False, f"{found.id} is ticked, but the evidence says otherwise"
        case ItemState.STALE:
            return False, f"{found.id} was settled on something that has changed since"
        case _:
            return False, f"{found.id} is open"


# --- detect


def discovered(situation: Situation) -> Found:
    """Every incident has the moment of its discovery."""
    return Found(True, f"noticed at {at(situation.incident.detected_at)}")


def detected_by(situation: Situation) -> Found:
    """Every incident has somebody who declared it."""
    incident = situation.incident
    how = f", {incident.detection}" if incident.detection else ""
    return Found(True, f"declared by {incident.declared_by}{how}")


def symptoms(situation: Situation) -> Found:
    """Said in words, seen in an attached run, or settled on the checklist."""
    incident = situation.incident
    if incident.symptoms:
        return Found(True, "told")
    for link in incident.runs:
        if link.reason:
            return Found(True, f"{link.id}: {link.reason}", link.evidence)
    ticked = settled(situation, "detect-symptoms")
    return ticked if ticked.met else Found(False, "nobody has said what was seen (describe it), and no run shows it")


# --- contain


def scope(situation: Situation) -> Found:
    """Settled on the checklist, or told in the post-mortem's impact."""
    ticked = settled(situation, "contain-scope")
    if not ticked.met and situation.incident.sections.get("impact"):
        return Found(True, "the impact is told")
    return ticked


def stakeholders_told(situation: Situation) -> Found:
    """In a SEV1 or SEV2 a notification was delivered, or the item is settled."""
    if not situation.must_be_documented:
        return Found(True, "asked of SEV1 and SEV2 only")
    sent = [one for one in situation.incident.notifications if one.delivered]
    if sent:
        return Found(True, f"{sent[0].template} delivered to {sent[0].channel} at {at(sent[0].at)}")
    return settled(situation, "contain-notified")


def founder_told(situation: Situation) -> Found:
    """L0 was called where seed 004 wants that: High and Critical incidents, and repeated Medium ones."""
    why = founder_is_due(situation)
    if why is None:
        return Found(True, "asked of SEV1, SEV2 and repeated SEV3 only")
    call = called(situation.incident, Level.L0)
    if call is not None:
        return Found(True, f"L0 called at {at(call.at)} by {call.by}")
    return Found(False, f"{why}: escalate to L0")


def founder_is_due(situation: Situation) -> str | None:
    """Why L0 is to be told of this incident by its severity, or `None` (seed 004, "Communication")."""
    severity = situation.incident.severity
    if situation.must_be_documented:
        return f"{severity.value} is {severity.label}"
    if severity is Severity.SEV3 and situation.repeats:
        return f"the same failure was a {severity.label} incident before ({', '.join(situation.repeats[-3:])})"
    return None


def containment(situation: Situation) -> Found:
    """Written down as a decision or an item, or recorded as an action."""
    ticked = settled(situation, "contain-documented")
    if ticked.met:
        return ticked
    if situation.incident.decisions:
        return Found(True, f"decided: {situation.incident.decisions[0].text}")
    done = [one for one in situation.actions if one.ended_at is not None]
    if done:
        return Found(True, f"{done[0].action} of {done[0].run} is on record")
    return Found(False, "no decision, no action on its runs, and the item is open")


# --- diagnose


def root_cause(situation: Situation) -> Found:
    """Named in the post-mortem, or the item settled with a note or a reason."""
    if situation.incident.sections.get("root-cause"):
        return Found(True, "the root cause is named")
    ticked = settled(situation, "diagnose-root-cause")
    found = situation.item("diagnose-root-cause")
    if ticked.met and found is not None and not found.note:
        return Found(False, f"{found.id} is settled, but no note says what the cause is")
    if ticked.met:
        return ticked
    return Found(False, f"write the section root-cause, or skip {PROTOCOL}/diagnose-root-cause with the reason")


def evidence_pinned(situation: Situation) -> Found:
    """Something is pinned, or an item of the diagnosis carries evidence."""
    pins = situation.incident.pins
    if pins:
        return Found(True, f"{len(pins)} pinned", tuple(map(place, pins)))
    carried = tuple(
        each
        for one in situation.checklist.items
        if one.id.startswith(f"{PROTOCOL}/diagnose-") and one.state in (ItemState.DONE, ItemState.VERIFIED)
        for each in one.evidence
    )
    if carried:
        return Found(True, "items of the diagnosis carry evidence", carried)
    return Found(False, "nothing is pinned")


def place(pin: Pin) -> Evidence:
    """A pin as evidence."""
    return Evidence(rank=Rank.ARTIFACT, path=pin.path, line=pin.line, quote=pin.quote)


# --- fix


def change_documented(situation: Situation) -> Found:
    """The item is settled, or a decision was written down since the cause was known."""
    ticked = settled(situation, "fix-documented")
    since = situation.incident.passed(Phase.DIAGNOSE)
    later = [one for one in situation.incident.decisions if since is not None and one.at >= since]
    if not ticked.met and later:
        return Found(True, f"decided: {later[-1].text}")
    return ticked


def irreversible_told(situation: Situation) -> Found:
    """Where an action was run that cannot be taken back, L0 was called (seed 004, rule 2)."""
    if not situation.dangerous:
        return Found(True, "nothing was done that cannot be taken back")
    last = situation.dangerous[-1]
    call = called(situation.incident, Level.L0)
    if call is not None:
        return Found(True, f"L0 called at {at(call.at)} by {call.by}")
    return Found(False, f"{last.action} of {last.run} cannot be taken back: escalate to L0")


def called(incident: Incident, level: Level) -> Escalation | None:
    """The last call of a level."""
    return next((one for one in reversed(incident.escalations) if one.level is level), None)


# --- verify


def failure_gone(situation: Situation) -> Found:
    """Every run that was failing has a newer success of what failed; without such runs the checklist has to say it."""
    failing = [one for one in situation.runs if one.was_failing]
    if not failing:
        return settled(situation, "verify-original")
    proofs = [(one, recovered(one, situation.runs)) for one in failing]
    missing = [one for one, proof in proofs if proof is None]
    if missing:
        return Found(False, "; ".join(map(_not_recovered, missing)), _against(missing))
    shown = [proof for _, proof in proofs if proof is not None]
    return Found(True, "; ".join(proof.text for proof in shown), tuple(e for proof in shown for e in proof.evidence))


def _not_recovered(one: RunNow) -> str:
    step = where(one.link.flow, one.link.step)
    if one.run is None:
        return f"{one.link.id} is no longer there: attach the run that repeated {step}"
    return f"{step} of {one.link.id} has no success newer than its failure, the run is {one.run.state.value}"


def _against(missing: list[RunNow]) -> tuple[Evidence, ...]:
    return tuple(
        each for one in missing for reason in (one.run.reasons[:1] if one.run else ()) for each in reason.evidence
    )


def fix_shown(situation: Situation) -> Found:
    """A run that failed does better now, something was pinned since the fix, or the item is settled."""
    proofs = [proof for one in situation.runs if one.was_failing and (proof := recovered(one, situation.runs))]
    if proofs:
        return Found(True, proofs[0].text, proofs[0].evidence)
    fixed = situation.incident.passed(Phase.FIX)
    pins = [pin for pin in situation.incident.pins if fixed is not None and pin.at >= fixed]
    if pins:
        return Found(True, "pinned since the fix", tuple(map(place, pins)))
    return settled(situation, "verify-evidence")


def nothing_new(situation: Situation) -> Found:
    """None of its runs fails at another place than it did, and the item is settled."""
    elsewhere = [one for one in situation.runs if one.is_failing and _at_another_place(one)]
    if elsewhere:
        told = "; ".join(
            f"{one.run.id} is {one.run.state.value} at {where(one.run.flow, one.run.step)}"
            for one in elsewhere
            if one.run is not None
        )
        return Found(False, told, _against(elsewhere))
    return settled(situation, "verify-no-new")


def _at_another_place(one: RunNow) -> bool:
    run, link = one.run, one.link
    return run is not None and (not one.was_failing or (run.flow, run.step) != (link.flow, link.step))


# --- document


def sections(situation: Situation) -> Found:
    """In a SEV1 or SEV2 every text of the post-mortem is written that the record does not write itself."""
    if not situation.must_be_documented:
        return Found(True, "asked of SEV1 and SEV2 only")
    written = situation.incident.sections
    missing = [one.title for one in MANDATORY if not one.recorded and not written.get(one.key)]
    if missing:
        return Found(False, f"not written: {', '.join(missing)}")
    return Found(True, "every text is written")


def action_items(situation: Situation) -> Found:
    """In a SEV1 or SEV2 there are action items; whatever there is has owner, deadline and verification."""
    tasks = situation.incident.tasks
    loose = [task.id for task in tasks if not task.accountable]
    if loose:
        return Found(False, f"without owner, deadline or verification: {', '.join(loose)}")
    if tasks:
        return Found(True, f"{len(tasks)} of them")
    if situation.must_be_documented:
        return Found(False, "there is none")
    return Found(True, "asked of SEV1 and SEV2 only")
