"""JSON log lines, as executions (formats/agents-orchestration.md 1, "JSON log line").

The shipped configuration of the loggers keeps the coordinator's lines out of the files; they are there only where
somebody attached the project's formatter to its logger, and then they are the best there is.
"""

from collections import OrderedDict
from datetime import datetime

from cockpit.models.records import Level
from cockpit.sources.agents_orchestration.console import ConsoleReader
from cockpit.sources.agents_orchestration.segments import Note, Segment
from cockpit.sources.fields import LONG, Obj, moment, text, word
from cockpit.sources.jsonl import LEVELS, Kept

MAX_EXECUTIONS = 1_000
_LEVELS = {"WARNING": Level.WARN, "ERROR": Level.ERROR, "CRITICAL": Level.ERROR}


class LogVisitor:
    """Visits a log; what it finds is by execution id.

    Attributes:
        executions: In the order they were begun; a name that is begun again starts over.
        last_at: The newest time in the file.
        strangers: ERROR lines that belong to no execution.
    """

    def __init__(self) -> None:
        self.executions: OrderedDict[str, Segment] = OrderedDict()
        self.last_at: datetime | None = None
        self.strangers: list[Note] = []
        self._reader = ConsoleReader(whole=True)

    def visit(self, line: int, data: Obj, /) -> Kept:
        """See `cockpit.sources.jsonl.Visitor`."""
        at = moment(data.get("timestamp"))
        if at is not None and (self.last_at is None or at > self.last_at):
            self.last_at = at
        level = level_of(data)
        name = word(data.get("execution_id"))
        if name is None:
            if level is Level.ERROR and len(self.strangers) < MAX_EXECUTIONS:
                self.strangers.append(Note(line, _message(data), _kind(data), level, at=at))
            return Kept(1, LEVELS[level])
        segment = self._segment(name, line, data)
        if segment is not None:
            segment.seen(at)
            segment.last = line
            agent = word(data.get("agent"))
            note = segment.note(Note(line, _message(data), _kind(data), level, agent, at))
            if agent in ("planner", "executor", "reviewer") and level is Level.ERROR:
                segment.step(agent, line, at)
            self._reader.take_workflow(segment, note)
        return Kept(1, LEVELS[level])

    def _segment(self, name: str, line: int, data: Obj) -> Segment | None:
        known = self.executions.get(name)
        if known is not None and data.get("event") != "execution_start":
            return known
        if known is None and len(self.executions) >= MAX_EXECUTIONS:
            return None
        made = self.executions[name] = Segment(number=len(self.executions) + 1, first=line)
        made.task, made.name, made.title = "coordinator-run", name, name
        return made


def _message(data: Obj) -> str:
    return text(data.get("message"), LONG) or ""


def _kind(data: Obj) -> str:
    return (word(data.get("event")) or word(data.get("logger")) or "log").rpartition(".")[2]


def level_of(data: Obj) -> Level:
    """How loud a line is."""
    return _LEVELS.get((word(data.get("level")) or "").upper(), Level.INFO)
