"""What a run says of itself: `meta.json` and `spec.json` (formats/flow-studio.md 2.1 and 2.2)."""

from typing import Any

from cockpit.demo.files import Pace, RunFiles, stamp
from cockpit.demo.flows import FLOWS, Step

BACKEND = "claude-step-orchestrator"
_HEALTH = {"succeeded": "ok", "failed": "error", "partial": "partial"}


class Record:
    """The record of one run."""

    def __init__(self, files: RunFiles, pace: Pace) -> None:
        """A record neither created nor read yet.

        Args:
            files: The run's files.
            pace: The producer's clock.
        """
        self._files, self._pace = files, pace
        self._meta: dict[str, Any] = {}

    @property
    def flows(self) -> tuple[str, ...]:
        """The run's flows, in order."""
        return tuple(self._meta["spec"]["flow_keys"])

    def create(
        self, flows: tuple[str, ...], *, title: str | None = None, initiator: str = "demo-stepwise-tool"
    ) -> None:
        """Start the record of a new run: spec, meta (pending) and the `run_created` event."""
        spec: dict[str, Any] = {"flow_keys": list(flows), "profile_id": None, "backend": BACKEND}
        spec |= {"initiator": initiator, "params": {}}
        now = stamp(self._pace.now())
        self._meta = {"id": self._files.run_id, "spec": spec, "status": "pending", "sdlc_status": "unknown"}
        self._meta |= {"created_at": now, "updated_at": now, "started_at": None, "completed_at": None, "error": None}
        self._meta |= {"artifacts": {}, "is_exemplar": False, "tags": []}
        self._meta |= {"title": title, "path": None, "description": None}
        self._files.replace("spec.json", spec)
        self._files.replace("meta.json", self._meta)
        payload = {"flows": list(flows), "backend": BACKEND, "initiator": initiator, "stepwise": True}
        self._files.event("run_created", flows[0], None, None, payload)

    def adopt(self) -> tuple[str, ...]:
        """Take over a run that exists.

        Returns:
            Its flows.

        Raises:
            OSError: It has no readable record.
            ValueError: Its record is not what the orchestrator writes.
        """
        meta = self._files.load("meta.json")
        keys = spec.get("flow_keys") if isinstance(spec := meta.get("spec"), dict) else None
        if not isinstance(keys, list) or not keys or not all(key in FLOWS for key in keys):
            raise ValueError("meta.json names no flows, or unknown ones")
        self._meta = meta
        return self.flows

    def write(self, status: str, error: str | None = None) -> None:
        """Write a new status; the health shown beside it follows."""
        now = stamp(self._pace.now())
        self._meta |= {"status": status, "sdlc_status": _HEALTH.get(status, "unknown"), "error": error}
        self._meta["updated_at"] = now
        self._meta["started_at" if status == "running" else "completed_at"] = now
        self._files.replace("meta.json", self._meta)

    def missing(self) -> tuple[str, str] | None:
        """The first step of the run, as (flow, step), that has no receipt of success or waits for a human."""
        for key in self.flows:
            for step in FLOWS[key].steps:
                if not self._is_done(key, step):
                    return key, step.id
        return None

    def _is_done(self, flow: str, step: Step) -> bool:
        try:
            paper = self._files.load(f"{flow}/receipts/{step.id}-{step.agent}.json")
            name = f"{flow}/handoff/{step.id}.json"
            envelope = self._files.load(name) if self._files.exists(name) else {}
        except (OSError, ValueError):
            return False
        return paper.get("status") == "succeeded" and envelope.get("status") != "BLOCKED"
