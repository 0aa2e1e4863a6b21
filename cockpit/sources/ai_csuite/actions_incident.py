"""Incidents of ai-csuite: revert and bisect, which it only simulates (formats 0.1 and 6; seed 004, Revert, Bisect)."""

from cockpit.models.action import ActionInput, ActionSpec, InputKind
from cockpit.models.request import Place, RequestCheck, RequestSpec
from cockpit.sources.ai_csuite.actions_run import ANY_STATE, SERVICE, RunFacts, says

REASONS = ("slo_breach", "eval_drop", "safety_violation", "budget_overrun")
"""What triggers a revert (seed 004, Revert)."""
_ALERTED = {"budget_overflow": "budget_overrun", "slo_burn": "slo_breach"}
_NO_UNDO = "none: an incident cannot be read, closed or deleted through the server"
_KNOWN = RequestCheck(path="/runs/{run}", field="id", equals="{run}", says="the server does not know this run")


def specs(facts: RunFacts) -> tuple[ActionSpec, ...]:
    """Revert and bisect."""
    return (_revert(facts), _bisect(facts))


def _revert(facts: RunFacts) -> ActionSpec:
    return ActionSpec(
        id="revert",
        title="File a revert incident (simulated)",
        request=RequestSpec(
            service=SERVICE,
            path="/incidents/revert",
            body={"run_id": "{run}", "reason": "{reason}"},
            before=(_KNOWN,),
            after=(
                says("status", "created", "no incident was created", answer=True),
                *_file(facts, "revert", {"run_id": "{run}", "reason": "{reason}"}),
            ),
        ),
        inputs=(
            ActionInput(
                name="reason",
                title="What set it off",
                kind=InputKind.CHOICE,
                choices=REASONS,
                default=_reason(facts),
            ),
        ),
        states=ANY_STATE,
        undo=_NO_UNDO,
        expects=("writes incidents/revert-<id>.json on the server",),
        warnings=(
            "nothing is reverted: no commit, no smoke test, no evaluation; the file claims success whatever happened",
            *_audit(facts, "revert"),
        ),
    )


def _bisect(facts: RunFacts) -> ActionSpec:
    return ActionSpec(
        id="bisect",
        title="File a bisect incident (simulated)",
        request=RequestSpec(
            service=SERVICE,
            path="/incidents/bisect",
            body={"run_id": "{run}", "start_sha": "{start_sha}", "end_sha": "{end_sha}"},
            before=(_KNOWN,),
            after=(
                says("status", "created", "no incident was created", answer=True),
                *_file(facts, "bisect", {"run_id": "{run}", "range.start": "{start_sha}", "range.end": "{end_sha}"}),
            ),
        ),
        inputs=(
            ActionInput(name="start_sha", title="Last good commit"),
            ActionInput(name="end_sha", title="First bad commit"),
        ),
        states=ANY_STATE,
        undo=_NO_UNDO,
        expects=("writes incidents/bisect-<id>.json on the server",),
        warnings=(
            "nothing is built or tested: the culprit it names is the commit whose id sorts last, whatever it did",
            *_audit(facts, "bisect"),
        ),
    )


def _reason(facts: RunFacts) -> str | None:
    """What the run's alerts say, where they leave no doubt."""
    found = {_ALERTED[alert] for alert in facts.alerts if alert in _ALERTED}
    return found.pop() if len(found) == 1 else None


def _file(facts: RunFacts, kind: str, holds: dict[str, str]) -> tuple[RequestCheck, ...]:
    """The file is all there is to read back, where the server's tree is seen from here."""
    if facts.code is None:
        return ()
    path = f"{facts.code}/incidents/{kind}-{{answer.incident_id}}.json"
    return tuple(
        RequestCheck(at=Place.ROOT, path=path, field=field, equals=value, says="the incident's file does not say so")
        for field, value in holds.items()
    )


def _audit(facts: RunFacts, kind: str) -> tuple[str, ...]:
    found = []
    if f"incident.{kind}" in facts.audited:
        found.append(
            f"this run has a {kind} on record: a further one gets a file, but no row in the server's audit log"
        )
    if facts.code is None:
        found.append(
            "the server's incident files are not seen from here, so only its answer tells that one was written"
        )
    return tuple(found)
