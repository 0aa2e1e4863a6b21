"""Requests to the web server of the system that really do something (formats/agents-orchestration.md 2).

`/api/agents/*` is demo data and left alone; `/api/agent-services/*` reaches the agents' own processes. There is no
authentication anywhere: who reaches the web server may do all of this.
"""

from cockpit.models.action import ActionInput, ActionSpec, InputKind, Reach
from cockpit.models.request import Place, RequestCheck, RequestSpec
from cockpit.sources.agents_orchestration.segments import AGENTS

SERVICE = "agents-orchestration"
_STATUS = "/api/agent-services/{agent}/status"
_FIELD = "lifecycle.status"
WORKFLOW_S = 3600.0
"""Seconds the web server may take to answer a workflow: it answers when that has ended."""
_DROPPED = (
    "an idle service ends before it answers: the request then fails with `Server disconnected` although it worked; "
    "what is read back tells"
)


def service_actions(agent: str | None) -> tuple[ActionSpec, ...]:
    """The actions on the service of an agent; `agent` is the one to begin with."""
    return (
        _service(
            "pause",
            "Let an agent's service take no new work",
            agent,
            was="running",
            word="paused",
            then="paused",
            undone_by="service-resume",
            undo="Resume it.",
            warnings=("what it is working on goes on; only new work is refused",),
        ),
        _service(
            "resume",
            "Let an agent's service take work again",
            agent,
            was="paused",
            word="resumed",
            then="running",
            undone_by="service-pause",
            undo="Pause it.",
        ),
        _service(
            "stop",
            "End an agent's service",
            agent,
            word="stopping",
            danger=True,
            undo="Start the service by hand: python -m agents.mcp_service --agent-id AGENT",
            warnings=(
                "after the drain time (30 s unless configured) its work is killed, and who waits for it sees a dropped "
                "connection",
                _DROPPED,
            ),
        ),
        _service(
            "restart",
            "Restart an agent's service",
            agent,
            word="restarting",
            then="running",
            danger=True,
            undo="Not possible: what it was working on is lost.",
            warnings=("what it is working on is lost", _DROPPED),
        ),
    )


def _service(
    action: str,
    title: str,
    agent: str | None,
    *,
    word: str,
    undo: str,
    was: str | None = None,
    then: str | None = None,
    undone_by: str | None = None,
    danger: bool = False,
    warnings: tuple[str, ...] = (),
) -> ActionSpec:
    """One of the four actions.

    Args:
        action: As the service calls it.
        title: For people.
        agent: Default of the input.
        word: What the service answers.
        undo: For people.
        was: State it must be in before.
        then: State it must be in after.
        undone_by: Action that takes it back.
        danger: Whether work is lost.
        warnings: What must be known.
    """
    state = f"the service is not {was}" if was else "the service cannot be asked for its state"
    read_back = (
        () if then is None else (RequestCheck(path=_STATUS, field=_FIELD, equals=then, says=f"it is not {then}"),)
    )
    return ActionSpec(
        id=f"service-{action}",
        title=title,
        request=RequestSpec(
            service=SERVICE,
            path="/api/agent-services/{agent}/action",
            body={"action": action},
            before=(RequestCheck(path=_STATUS, field=_FIELD, equals=was, says=state),),
            after=(
                RequestCheck(at=Place.ANSWER, field="message", equals=word, says=f"it did not say {word}"),
                *read_back,
            ),
        ),
        inputs=(ActionInput(name="agent", title="Agent", kind=InputKind.CHOICE, choices=AGENTS, default=agent),),
        reach=Reach.SYSTEM,
        danger=danger,
        undo=undo,
        undone_by=undone_by,
        warnings=(*warnings, "the web server answers nothing while a workflow runs in it: then this fails too"),
    )


def project_retry() -> ActionSpec:
    """A project once more, through the web server that has it."""
    return ActionSpec(
        id="retry",
        title="Run the project again from scratch",
        request=RequestSpec(
            service=SERVICE,
            path="/api/workflows/{run}/execute",
            timeout_s=WORKFLOW_S,
            before=(
                RequestCheck(
                    path="/api/workflows",
                    field="workflows.[to={run}].to",
                    equals="{run}",
                    says="the web server does not have this project",
                ),
            ),
            after=(
                RequestCheck(at=Place.ANSWER, field="execution_id", equals="{run}", says="it started something else"),
            ),
        ),
        reach=Reach.SYSTEM,
        undo="Not possible: the artifacts of the run before are overwritten; take a snapshot first.",
        expects=("it answers when the workflow has ended, after minutes; until then the web server answers nobody",),
        warnings=(
            "200 is the answer to a failed workflow too: its console tells, and artifacts that are new",
            "artifacts and logs are overwritten: take a `snapshot` first, a request cannot",
        ),
    )
