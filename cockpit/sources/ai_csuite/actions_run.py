"""Actions on a run of ai-csuite: start it, resume it, make a new one for the same item (formats 0.3-0.5 and 2, "Runs").

A run can be started once and resumed after three of its seven steps. Everything else, the resume its own runbook
recommends after exhausted retries included, collides with the unique rows of the first start, answers 400 or 500 and
leaves the run in `running` for ever. The safe retry is a new run for the same roadmap item.
"""

import re
from typing import NamedTuple

from cockpit.models.action import ActionSpec
from cockpit.models.request import BodyValue, Place, RequestCheck, RequestSpec
from cockpit.models.run import RunState
from cockpit.sources.ai_csuite.queries import RunRows
from cockpit.sources.ai_csuite.steps import STEPS, attempts, exhausted
from cockpit.sources.fields import Obj, word

SERVICE = "ai-csuite"
GRAPH_S = 900.0
"""Seconds a start or resume may take: the server answers when the last step has ended."""
RESUMES_AFTER = frozenset(("research", "cto_plan", "engineer"))
"""Steps after which a resume goes on where the run stopped; after the two before them it skips steps."""
ANY_STATE = tuple(state for state in RunState if state is not RunState.ARCHIVED)
"""For requests that do not touch what the run is doing."""

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_PLAIN_PATH = re.compile(r"[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*")
_FOR_EVER = "and leaves the run in `running` for ever"
_NO_WAY_BACK = "none: the system can neither cancel nor delete a run"


class RunFacts(NamedTuple):
    """What the database says of a run, as far as actions rest on it.

    Attributes:
        status: `runs.status`, lower case.
        last: Its last step that has a row, and how many rows there are.
        rows: Rows of steps.
        worn_out: Whether its last step used up its attempts.
        phase: `runs.phase`.
        tenant: `runs.tenant_id`, where it is a plain name.
        project: Likewise.
        item: Likewise.
        audited: Event types of its audit rows.
        alerts: Types of its active alerts.
        code: Where the system's code lies, relative to the root; `None` where it is not seen from here.
    """

    status: str
    last: str | None
    rows: int
    worn_out: bool
    phase: str
    tenant: str | None
    project: str | None
    item: str | None
    audited: frozenset[str]
    alerts: frozenset[str]
    code: str | None


def facts_of(rows: RunRows, code: str | None) -> RunFacts:
    """The facts of a run that actions rest on."""
    found = attempts(rows.of("graph_states"))
    return RunFacts(
        status=(word(rows.run.get("status")) or "").strip().lower(),
        last=found[-1].step if found else None,
        rows=len(found),
        worn_out=exhausted(found) is not None,
        phase=_plain(rows.run, "phase") or "delivery",
        tenant=_plain(rows.run, "tenant_id"),
        project=_plain(rows.run, "project_id"),
        item=_plain(rows.run, "roadmap_item_id"),
        audited=frozenset(word(row.get("event_type")) or "" for row in rows.of("audit_logs")),
        alerts=frozenset(
            word(row.get("alert_type")) or "" for row in rows.of("alerts") if word(row.get("status")) == "active"
        ),
        code=code if code is not None and _PLAIN_PATH.fullmatch(code) else None,
    )


def specs(facts: RunFacts) -> tuple[ActionSpec, ...]:
    """Resume, start, retry, and what must not be used instead."""
    return (_resume(facts), _retry(facts), _start(facts), _shortcut())


def says(at: str, equals: str, means: str, *, answer: bool = False) -> RequestCheck:
    """A check of the run's status, or of the answer."""
    if answer:
        return RequestCheck(at=Place.ANSWER, field=at, equals=equals, says=means)
    return RequestCheck(path="/runs/{run}", field=at, equals=equals, says=means)


def _resume(facts: RunFacts) -> ActionSpec:
    following = STEPS[STEPS.index(facts.last) + 1 :] if facts.last in STEPS else ()
    return ActionSpec(
        id="resume",
        title="Resume the paused run",
        request=RequestSpec(
            service=SERVICE,
            path="/runs/{run}/graph/resume",
            body={},
            timeout_s=GRAPH_S,
            works=True,
            before=(
                says("status", "paused", "only a paused run is resumed"),
                RequestCheck(
                    path="/runs/{run}/graph/history",
                    field="-1.step_name",
                    equals=facts.last or "none",
                    says="the run does not stand where it did when this was planned",
                ),
            ),
            after=(
                says("status", "completed", "it did not complete", answer=True),
                says("status", "succeeded", "the run's record says otherwise"),
            ),
        ),
        states=ANY_STATE,
        undo=_NO_WAY_BACK,
        expects=(f"runs in {facts.phase}: {' '.join(following)}",) if following else (),
        warnings=(
            f"a step that fails during a resume answers 500 {_FOR_EVER}; only a new run (retry) helps then",
            "the answer comes when the last step has ended",
        ),
        unavailable=_no_resume(facts),
    )


def _no_resume(facts: RunFacts) -> str | None:
    """Why a run cannot be resumed, in the order in which the server finds out."""
    if facts.status == "partial" or facts.worn_out:
        step = facts.last or "its step"
        return (
            f"{step} has used up its attempts: a resume begins at attempt 1 again, collides with the rows that are "
            f"there, answers 500 {_FOR_EVER}; make a new run for the same item (retry)"
        )
    if facts.status == "pending":
        return "it was never started: start it"
    if facts.status != "paused":
        return f"the server resumes paused runs only; this one is {facts.status or 'without a status'}"
    if facts.last in RESUMES_AFTER:
        return None
    if facts.last in ("product", "design"):
        skipped = "design and research" if facts.last == "product" else "research"
        return f"paused after {facts.last}, it would go on with cto_plan and skip {skipped}; make a new run (retry)"
    return f"no recorded resume after {facts.last or 'no step'} worked; make a new run for the same item (retry)"


def _start(facts: RunFacts) -> ActionSpec:
    return ActionSpec(
        id="start",
        title="Start the pending run",
        request=RequestSpec(
            service=SERVICE,
            path="/runs/{run}/graph/start",
            body={},
            timeout_s=GRAPH_S,
            works=True,
            before=(says("status", "pending", "a run is started once"),),
            after=(
                says("status", "completed", "it did not complete", answer=True),
                # `completed` is also what a start that only paused answers (formats 2, "Runs").
                says("status", "succeeded", "the run's record says otherwise"),
            ),
        ),
        states=ANY_STATE,
        undo=_NO_WAY_BACK,
        expects=(f"runs in {facts.phase}: {' '.join(STEPS)}",),
        warnings=("the answer comes when the last step has ended",),
        unavailable=_no_start(facts),
    )


def _no_start(facts: RunFacts) -> str | None:
    if facts.status != "pending" or facts.rows:
        return (
            f"a run is started once: a second start collides with the rows of the first, answers 400 {_FOR_EVER}; "
            "make a new run for the same item (retry)"
        )
    return "it has no roadmap item: the server answers 400" if facts.item is None else None


def _retry(facts: RunFacts) -> ActionSpec:
    same: dict[str, BodyValue] = {
        "tenant_id": facts.tenant or "",
        "project_id": facts.project or "",
        "roadmap_item_id": facts.item or "",
        "phase": facts.phase,
    }
    lacking = facts.tenant is None or facts.project is None or facts.item is None
    return ActionSpec(
        id="retry",
        title="New run for the same roadmap item",
        request=RequestSpec(
            service=SERVICE,
            path="/runs",
            body=same,
            after=(
                says("status", "pending", "the new run is not pending", answer=True),
                RequestCheck(
                    path="/runs/{answer.id}", field="status", equals="pending", says="the new run cannot be read back"
                ),
            ),
        ),
        states=ANY_STATE,
        undo=f"{_NO_WAY_BACK}; as long as it is not started, the new one does nothing",
        expects=(
            "makes a new run, pending, for the same project and roadmap item; this one stays as it is",
            "the new run does nothing until it is started (start)",
        ),
        unavailable="a run without a project or a roadmap item cannot be made again" if lacking else None,
    )


def _shortcut() -> ActionSpec:
    return ActionSpec(
        id="quick-start",
        title="Start it the short way (POST /runs/{id}/start)",
        unavailable="it runs no agent and sets any run to succeeded, a failed one too: it only makes it look green",
    )


def _plain(row: Obj, name: str) -> str | None:
    value = word(row.get(name))
    return value if value is not None and _PLAIN.fullmatch(value) else None
