"""logs/events.jsonl (and run.json's history, which may have lost lines) as events and stage changes.

formats/curriculum-builder.md 1: one object a line, the same five keys as a history item; the times are whole seconds,
so only the order of the lines tells what came first.
"""

from collections.abc import Callable
from datetime import datetime

from cockpit.models.records import Decision, Event, Level, RoutingEntry
from cockpit.sources.curriculum_builder.layout import FLOW
from cockpit.sources.curriculum_builder.stage import LAST, STAGES, STEPS
from cockpit.sources.fields import Obj, moment, obj, text, word
from cockpit.sources.jsonl import LEVELS, Kept

_GENERATED = "agent generated curriculum"


class StageReader:
    """Visits the lines of one events.jsonl, in order, and keeps what the facts need of them."""

    def __init__(self) -> None:
        self.first_at: datetime | None = None
        self.last_at: datetime | None = None
        self.stage: str | None = None
        """The last stage a line names."""
        self.stage_line = 0
        self.ended_at: datetime | None = None
        self.ended_line: int | None = None
        """The last line that says the pipeline came to its end."""
        self.ended_text = ""
        self.generations = 0
        self.lines = 0

    def visit(self, line: int, data: Obj) -> Kept:
        """See `cockpit.sources.jsonl.Visitor`."""
        self.lines += 1
        at, stage = moment(data.get("at_utc")), word(data.get("stage"))
        if at is not None:
            self.first_at = self.first_at or at
            self.last_at = at if self.last_at is None else max(self.last_at, at)
        if stage in STAGES:
            self.stage, self.stage_line = stage, line
            if stage == LAST:
                self.ended_at, self.ended_line = at, line
                self.ended_text = text(data.get("message"), 200) or stage
        if data.get("message") == _GENERATED:
            self.generations += 1
        return Kept(1, LEVELS[level_of(data)])


def _back_from(data: Obj) -> str | None:
    """The stage a run was put back from by an auto-sync, or `None` for a step forward."""
    before, stage = word(obj(data.get("metadata")).get("previous_stage")), word(data.get("stage"))
    if before in STAGES and stage in STAGES and STAGES.index(before) > STAGES.index(stage):
        return before
    return None


def level_of(data: Obj) -> Level:
    """A run that is put back, and a stage no version of the system knows now, are worth a look."""
    stage = data.get("stage")
    known = type(stage) is str and stage in STAGES
    return Level.WARN if not known or _back_from(data) is not None else Level.INFO


def step_of(stage: str | None) -> str | None:
    """The step that led to a stage; none leads to the first."""
    return STEPS[STAGES.index(stage) - 1] if stage in STAGES[1:] else None


def make_event(path: str) -> Callable[[int, Obj], Event]:
    """The function that makes an `Event` of a line; line 0 stands for an item of run.json's history."""

    def make(line: int, data: Obj) -> Event:
        stage = word(data.get("stage"))
        return Event(
            at=moment(data.get("at_utc")),
            kind=word(data.get("event_type")) or "unknown",
            flow=FLOW,
            step=step_of(stage),
            text=_said(data, stage),
            level=level_of(data),
            path=path,
            line=line or None,
        )

    return make


def make_routing(path: str) -> Callable[[int, Obj], RoutingEntry]:
    """The function that makes a `RoutingEntry` of a line: every line is a change of stage."""

    def make(line: int, data: Obj) -> RoutingEntry:
        stage = word(data.get("stage"))
        back = _back_from(data)
        known = stage in STAGES
        return RoutingEntry(
            at=moment(data.get("at_utc")),
            flow=FLOW,
            step=step_of(stage),
            decision=Decision.BRANCH if back else Decision.CONTINUE if known else Decision.UNKNOWN,
            raw_decision=stage,
            target=None if stage is None or not known or stage == LAST else STEPS[STAGES.index(stage)],
            reason=_said(data, stage),
            level=level_of(data),
            path=path,
            line=line or None,
        )

    return make


def _said(data: Obj, stage: str | None) -> str:
    said = text(data.get("message"), 500) or text(data.get("reason"), 500) or ""
    source = text(obj(data.get("metadata")).get("scope_file"), 300)
    return f"{stage or '?'}: {said}" + (f" ({source})" if source else "")
