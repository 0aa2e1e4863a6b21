"""Recorded calls to ai-csuite, answered again at the point of the recording that a test is about.

A read is answered as it was recorded next, if nothing of the kind was changed in between, else as it was last known. A
request that changes something is answered only if it is the recorded one to the last field of its body.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cockpit.sources.ai_csuite.actions_run import RunFacts
from cockpit.sources.ai_csuite.steps import STEPS
from tests.service import Asked, Reply, Service

SAMPLES = Path(__file__).parent / "data" / "ai_csuite_calls.jsonl"


@dataclass(frozen=True)
class Call:
    """One recorded call and its answer."""

    method: str
    path: str
    body: Any
    status: int
    response: Any

    @property
    def changes(self) -> bool:
        return self.method != "GET"

    @property
    def kind(self) -> tuple[str, ...]:
        """What it is about: a run, what is kept of one, or a part of the system."""
        parts = self.path.strip("/").split("/")
        return tuple(parts[: {"runs": 2, "integrations": 3}.get(parts[0], 1)])

    @property
    def reply(self) -> Reply:
        if isinstance(self.response, str):
            return Reply(self.response.encode(), self.status, "text/plain")
        return Reply(self.response, self.status)


class Recording:
    """All calls of one file, in their order."""

    def __init__(self, path: Path) -> None:
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        self.calls = [Call(one["method"], one["path"], one["body"], one["status"], one["response"]) for one in lines]

    def find(self, method: str, path: str, nth: int = 0) -> int:
        """Place of a call."""
        return [at for at, call in enumerate(self.calls) if (call.method, call.path) == (method, path)][nth]

    def play(self, service: Service, at: int) -> Call:
        """Answer as in the moment of a call that changes something."""
        call = self.calls[at]
        sent = False

        def reply(asked: Asked) -> Reply | None:
            nonlocal sent
            if asked.method == "GET":
                return self._read(asked.path, at, after=sent)
            if (asked.method, asked.path, asked.body) != (call.method, call.path, call.body):
                return None
            sent = True
            return call.reply

        service.routes.clear()
        service.asked.clear()
        service.fallback = reply
        return call

    def _read(self, path: str, at: int, *, after: bool) -> Reply | None:
        before = [reply for call in self.calls[: at + after] if (reply := _state(call, path)) is not None]
        kind = Call("GET", path, None, 200, None).kind
        for call in self.calls[at + 1 :] if after else ():
            if call.changes and call.kind == kind:
                break
            if _state(call, path) is not None:
                return _state(call, path)
        later = (reply for call in self.calls[at:] if (reply := _state(call, path)) is not None)
        return before[-1] if before else next(later, None)

    def tells(self, path: str) -> bool:
        """Whether the recording ever tells what a path holds."""
        return any(_state(call, path) is not None for call in self.calls)

    def made(self, run_id: str) -> Call | None:
        """The call that made a run."""
        made = (call for call in self.calls if (call.method, call.path) == ("POST", "/runs"))
        return next((call for call in made if call.response["id"] == run_id), None)

    def facts(self, run_id: str, at: int) -> RunFacts:
        """What the database said of a run at some point, as far as the calls tell."""
        made = self.made(run_id)
        assert made is not None
        status = _value(self._read(f"/runs/{run_id}", at, after=False), "status")
        steps: list[str] = []
        for call in self.calls[:at]:
            if call.path.startswith(f"/runs/{run_id}/graph/") and call.changes:
                detail = call.response.get("detail") if isinstance(call.response, dict) else None
                if call.status == 200:
                    steps = call.response["nodes_run"]
                    stopped = call.body.get("stop_after")
                    status = "paused" if stopped and steps[-1] == stopped and stopped != "release" else status
                elif isinstance(detail, dict) and "failed_step" in detail:
                    steps = [*STEPS[: STEPS.index(detail["failed_step"]) + 1]]
        return RunFacts(
            status=status,
            last=steps[-1] if steps else None,
            rows=len(steps),
            worn_out=status == "partial",
            phase=made.body["phase"],
            tenant=made.body["tenant_id"],
            project=made.body["project_id"],
            item=made.body.get("roadmap_item_id"),
            audited=frozenset(),
            alerts=frozenset(),
            code=None,
        )


def _state(call: Call, path: str) -> Reply | None:
    """What a call tells of the thing at a path: by reading it, by making it, or by changing all of it."""
    if call.status != 200:
        return None
    if call.method in ("GET", "PATCH") and call.path == path:
        return call.reply
    if call.method == "POST" and call.path == "/runs" and path == f"/runs/{call.response['id']}":
        return call.reply
    if call.method == "POST" and call.path.endswith("/graph/start") and path == call.path.replace("start", "history"):
        return Reply([{"step_name": step} for step in call.response["nodes_run"]])
    return None


def _value(reply: Reply | None, name: str) -> str:
    return "" if reply is None or not isinstance(reply.body, dict) else str(reply.body.get(name) or "")
