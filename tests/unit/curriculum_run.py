"""Writes runs of curriculum-builder with file times of one's choosing: the times decide the stage."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cockpit.diagnosis.verdict import judge
from cockpit.models.detail import RunDetail
from cockpit.models.run import Run, RunRef
from cockpit.sources.curriculum_builder import CurriculumBuilderSource

START = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
SOURCE = CurriculumBuilderSource()
NAME = "20261121-040000-demo"
STAGES = ("initialized", "spec_ready", "generated", "validated", "planned", "iterated")

SPEC: dict[str, Any] = {
    "goal": "Defend a decision",
    "audience": "Engineers",
    "prerequisites": ["probability"],
    "scope_in": ["posteriors"],
    "scope_out": [],
    "constraints": {"hours_per_week": 6, "total_hours_min": 12, "total_hours_max": 24, "depth": "practical"},
    "domain_mode": "mature",
    "evidence_mode": "standard",
}
TRACE: dict[str, Any] = {
    "schema_version": "1.0",
    "stop_reason": "max_iterations_reached",
    "best_score": 89,
    "accepted": False,
    "iterations": [
        {
            "iteration": turn,
            "model_policy": {"provider": "codex_exec", "model": "gpt-x", "max_iterations": 4, "timeout_seconds": 300},
            "score_summary": {"total_score": 80 + turn},
            "post_score_summary": {"total_score": 81 + turn},
            "selected_actions": [{"action_type": "rewrite_node", "reason": "Compound.", "node_id": "N1"}],
        }
        for turn in (1, 2)
    ],
}
CURRICULUM = {"topic": "Defend a decision", "nodes": [{"id": "N1", "estimate_minutes": 90}, {"id": "N2"}]}


def report(verdict: str = "PASS", *errors: str) -> str:
    """A validation report."""
    failed = "".join(f"  ERR  {one}\n" for one in errors)
    failed = f"FAILED: {len(errors)}\n{failed}" if errors else "ALL CHECKS PASSED\n"
    body = f"PASSED: 2\n  OK  one\n  OK  two\n\n{failed}\nTotal: 2 passed, 0 warnings, {len(errors)} failed\n"
    return f"## Validation Report\n\n- Verdict: **{verdict}**\n\n### Validator Output\n\n```text\n{body}```\n"


def item(stage: str, message: str = "x", **metadata: str) -> dict[str, Any]:
    """A line of the event log, or an item of the history."""
    return {
        "at_utc": "2026-11-21T04:00:00Z",
        "event_type": "stage_transition",
        "stage": stage,
        "message": message,
        "metadata": metadata,
    }


class CurriculumRun:
    """A run that came to its end: every file a second newer than the one before."""

    def __init__(self, root: Path, name: str = NAME, upto: str = "iterated") -> None:
        self.root, self.name, self.path = root, name, root / name
        reached = STAGES.index(upto)
        history = [item(stage) for stage in STAGES[: reached + 1]]
        self.write("inputs/scope.md", "# Learning Scope\n", 0)
        template = {**SPEC, "goal": "replace_with_goal", "audience": "replace_with_audience"}
        self.write("inputs/topic_spec.json", template if reached == 0 else SPEC, 1)
        if reached >= 2:
            self.write("outputs/curriculum/curriculum.json", CURRICULUM, 2)
            self.write("outputs/reviews/optimization_trace.json", TRACE, 2)
        if reached >= 3:
            self.write("outputs/reviews/validation_report.md", report(), 3)
            self.write("logs/validation.ok", "ok\n", 3)
        if reached >= 4:
            self.write("outputs/plan/plan.json", {"duration_weeks": 3, "weeks": []}, 4)
        if reached >= 5:
            self.write("outputs/reviews/diff_report.json", {"added_nodes": ["N1"]}, 5)
        self.write("logs/events.jsonl", "".join(json.dumps(one) + "\n" for one in history), 6)
        self.record(upto, history=history)

    def write(self, rel: str, content: bytes | str | dict[str, Any] | list[Any], at: float) -> Path:
        """Write a file `at` seconds after `START`."""
        path = self.path / rel
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict | list):
            content = json.dumps(content, indent=2)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.touch(rel, at)
        return path

    def touch(self, rel: str, at: float) -> None:
        """Set the time of a file."""
        when = (START + timedelta(seconds=at)).timestamp()
        os.utime(self.path / rel, (when, when))

    def record(self, stage: str, /, **other: Any) -> Path:
        """Write run.json."""
        data = {"run_id": self.name, "created_at_utc": "2026-11-21T04:00:00Z", "stage": stage, "history": [item(stage)]}
        return self.write("run.json", {**data, **other}, 7)

    @property
    def ref(self) -> RunRef:
        """Its reference."""
        return RunRef(source=SOURCE.id, root=str(self.root), path=self.name, id=self.name)

    def detail(self, previous: RunDetail | None = None) -> RunDetail:
        """Its facts."""
        return SOURCE.detail(self.ref, previous)

    def judged(self, after: float = 60) -> Run:
        """Its verdict `after` seconds."""
        return judge(self.detail(), START + timedelta(seconds=after))

    def said(self, after: float = 60) -> str:
        """The reasons of its verdict."""
        return "\n".join(reason.text for reason in self.judged(after).reasons)
