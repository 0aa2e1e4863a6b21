"""What the lines of one run on a console amount to: plain notes, made line by line, turned into models elsewhere."""

import re
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from cockpit.models.records import Level, StepStatus

MAX_EVENTS = 2_000
MAX_NOTES = 200

AGENTS = ("planner", "executor", "reviewer")
"""Those that have code; the two others of the shipped configuration have none (formats 1)."""
STEP_TIMEOUT_S = {"planner": 180, "executor": 600, "reviewer": 300}
"""The documented limits of the steps; nothing enforces them (formats 3)."""
TASKS: dict[str, tuple[str, ...]] = {
    "coordinator-run": AGENTS,
    "run-agents": AGENTS,
    "run-parallel": AGENTS,
    "run-planner": ("planner",),
    "run-executor": ("executor",),
    "run-reviewer": ("reviewer",),
    "validate-config": (),
}
"""Tasks of the system's command line and the agents each runs."""


@dataclass(slots=True)
class Note:
    """A line worth keeping."""

    line: int
    text: str
    kind: str
    level: Level = Level.INFO
    agent: str | None = None
    at: datetime | None = None


@dataclass(slots=True)
class StepNote:
    """What was seen of one agent's work."""

    agent: str
    status: StepStatus = StepStatus.RUNNING
    line: int = 0
    quote: str = ""
    began: datetime | None = None
    ended: datetime | None = None
    began_line: int = 0
    ended_line: int = 0
    attempts: int = 1
    error: str | None = None


@dataclass(slots=True)
class Segment:
    """One run's stretch of a console.

    Attributes:
        number: From 1, in its file.
        first: Its first line, from 1.
        last: Its last line.
        title: What heads it: the command, or the request that it answered.
        task: The system's task, where it is known.
        name: Execution id, where one was said.
        rc: Exit code written at its end.
        answer: HTTP status that ended it.
        ended: Whether something says that it is over.
    """

    number: int = 1
    first: int = 1
    last: int = 0
    title: str = ""
    task: str | None = None
    name: str | None = None
    steps: dict[str, StepNote] = field(default_factory=dict)
    notes: deque[Note] = field(default_factory=lambda: deque(maxlen=MAX_EVENTS))
    errors: list[Note] = field(default_factory=list)
    alerts: list[Note] = field(default_factory=list)
    last_exception: Note | None = None
    config_missing: Note | None = None
    finished_word: Note | None = None
    """`Ejecución finalizada: ... - success`."""
    failed_word: Note | None = None
    """What says that the whole failed although no step of it is named."""
    rc: int | None = None
    rc_line: int = 0
    rc_text: str = ""
    answer: int | None = None
    answer_line: int = 0
    answer_text: str = ""
    killed: Note | None = None
    """`Terminated` or `Killed`, as the shell says it."""
    stopped: Note | None = None
    """The service refused new work while this was in progress: it had been told to pause or stop."""
    fallbacks: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    ended_at: datetime | None = None
    current: str | None = None
    busy: bool = False
    """Whether any work was seen, not only requests."""

    @property
    def ended(self) -> bool:
        """Whether something says that it is over."""
        return self.rc is not None or self.answer is not None or self.killed is not None

    def seen(self, at: datetime | None) -> None:
        """Take in a recorded time."""
        if at is None:
            return
        if self.first_at is None:
            self.first_at = at
        if self.last_at is None or at > self.last_at:
            self.last_at = at

    def step(self, agent: str, line: int, at: datetime | None) -> StepNote:
        """The notes of an agent's work, begun now if there are none."""
        found = self.steps.get(agent)
        if found is None:
            found = self.steps[agent] = StepNote(agent, line=line, began=at or self.last_at, began_line=line)
        self.current = agent
        self.busy = True
        return found

    def note(self, note: Note) -> Note:
        """Keep a line."""
        note.at = note.at or self.last_at
        self.notes.append(note)
        if note.level is Level.ERROR and len(self.errors) < MAX_NOTES:
            self.errors.append(note)
        return note


_TASK = re.compile(r"\b(?:invoke|inv)\s+([a-z-]+)|(?<=: )([a-z]+-[a-z]+)\Z")
_MODULE = re.compile(r"agents\.(planner|executor|reviewer)\b|(orchestration\.coordinator)\b")


def task_of(command: str) -> str | None:
    """The system's task behind a command line, or `None`."""
    if found := _TASK.search(command):
        name = found[1] or found[2]
        return name if name in TASKS else None
    if module := _MODULE.search(command):
        return f"run-{module[1]}" if module[1] else "coordinator-run"
    return None
