"""What a run says about itself: meta.json, spec.json, run.json and both shapes of run_state.json.

formats/flow-studio.md 2.1, 2.2, 2.3 and 2.10. The status of run_state.json is not reliable in the shape the runtime
writes (it stays `pending` or `running` on finished runs), so meta.json speaks first; what the HTTP API wrote into
run_state.json speaks where meta.json is absent or not final.
"""

from collections.abc import Callable

from cockpit.models.evidence import Evidence, Rank
from cockpit.models.records import RunRecord
from cockpit.sources.fields import Obj, items, moment, newest, obj, text, word
from cockpit.sources.flow_studio.words import FINISHED

_OPERATOR_WORDS = frozenset(("paused", "pausing", "stopped", "stopping", "interrupted", "canceled", "cancelled"))


def run_record(files: dict[str, Obj], path_of: Callable[[str], str]) -> RunRecord:
    """The run's own record.

    Args:
        files: JSON of `meta.json`, `spec.json`, `run.json` and `run_state.json`, those that could be read.
        path_of: The path relative to the root of one of them.
    """
    meta, state = files.get("meta.json", {}), files.get("run_state.json", {})
    spec = obj(meta.get("spec")) or files.get("spec.json", {})
    legacy = files.get("run.json", {})
    claims = [
        (name, status)
        for name, status in (("meta.json", _status(meta)), ("run_state.json", _status(state)))
        if status is not None
    ]
    chosen = _choose(claims)
    claimed = None if chosen is None else chosen[1]
    flows = tuple(flow for flow in map(word, items(spec.get("flow_keys"))) if flow is not None)
    state_flow = word(state.get("flow_key")) or word(state.get("flow_id"))
    return RunRecord(
        claimed=claimed,
        finished=claimed in FINISHED,
        error=text(meta.get("error")) or text(state.get("error")),
        title=word(meta.get("title")) or word(legacy.get("title")),
        flows=flows or ((state_flow,) if state_flow else ()),
        backend=word(spec.get("backend")),
        initiator=word(spec.get("initiator")),
        tags=tuple(tag for tag in map(word, items(meta.get("tags")) or items(legacy.get("tags"))) if tag is not None),
        recorded_id=word(meta.get("id")) or word(state.get("run_id")),
        current_flow=state_flow,
        current_step=word(state.get("current_step_id")) or word(state.get("current_step")),
        created_at=moment(meta.get("created_at")) or moment(state.get("created_at")),
        started_at=moment(meta.get("started_at")),
        updated_at=newest(
            moment(meta.get("updated_at")), moment(state.get("updated_at")), moment(state.get("timestamp"))
        ),
        ended_at=moment(meta.get("completed_at")) or moment(state.get("completed_at")),
        evidence=None if chosen is None else _claim(path_of(chosen[0]), chosen[1]),
        others=tuple(_claim(path_of(name), status) for name, status in claims if status != claimed),
    )


def _status(data: Obj) -> str | None:
    status = word(data.get("status"))
    return None if status is None else status.strip().lower()


def _choose(claims: list[tuple[str, str]]) -> tuple[str, str] | None:
    if not claims:
        return None
    first, last = claims[0], claims[-1]
    if first[1] not in FINISHED and last[1] in _OPERATOR_WORDS:
        return last
    return first


def _claim(path: str, status: str) -> Evidence:
    return Evidence(rank=Rank.NARRATIVE, path=path, quote=f'"status": "{status}"')
