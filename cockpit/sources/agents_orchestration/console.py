"""Console output of this system, line by line (formats/agents-orchestration.md 1 and 4).

Log lines, tracebacks, the boxes of CrewAI and the access log of the web server are interleaved and may share a line;
times on the console are local and bear no zone. A capture may hold several commands (each after a line `$ ...` or
`### ...`), the log of a server many workflows (each ended by the answer to its request).
"""

import re
from datetime import UTC, datetime

from cockpit.models.records import Level, StepStatus
from cockpit.sources.agents_orchestration.patterns import NOISE, classify
from cockpit.sources.agents_orchestration.segments import TASKS, Note, Segment, StepNote, task_of
from cockpit.sources.fields import moment

MAX_SEGMENTS = 500
_LINE = 4_000
_MAX_EXCEPTIONS = 50
"""Exceptions kept of one run: a traceback names several, and two fallbacks call each other 500 times."""
_BOX = "│"
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")

LOG_LINE = re.compile(
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:,\d{3})? - ([\w.]+) - (DEBUG|INFO|WARNING|ERROR|CRITICAL) - (.*)"
)
"""A record of the console formatter, wherever on the line it stands."""
_COMMAND = re.compile(r"(?:\$|###) (.+)")
_RC = re.compile(r"(?:.*\s)?rc=(-?\d+)(?:\s+end\s+(\S+))?\s*\Z")
_START = re.compile(r"start (\d{4}-\d\d-\d\dT\S+)\Z")
_ACCESS = re.compile(r'INFO: +\S+ - "([A-Z]+) (\S+) HTTP/[\d.]+" (\d{3})')
_WORK = re.compile(r"/api/workflows/([^/\s]+)/execute\Z|(/api/projects/new)\Z|(/execute)\Z")
_BEGAN = re.compile(r"Ejecución iniciada: (\S+)")
_DONE = re.compile(r"Ejecución finalizada: (\S+) - (\w+)")
_ACTION = re.compile(r"Agente (planner|executor|reviewer): (?:starting_attempt_(\d+)|(success|completed))")
_STEP_FAILED = re.compile(r"Error: Paso (\w+) falló")
_AGENT_FAILED = re.compile(r"Agente (\w+) falló: ?(.*)")
_ALERT = re.compile(r"Alert created: \[(\w+)\] (\S+): (.*)")
_SAVED = re.compile(r"(Plan|Reporte de revisión|Reporte) guardado en: (\S+)")
_SAVERS = {"Plan": "planner", "Reporte": "executor", "Reporte de revisión": "reviewer"}
_ROLE = re.compile(r"│ +Agent: (Planificador|Ejecutor|Revisor)\b")
_ROLES = {"Planificador": "planner", "Ejecutor": "executor", "Revisor": "reviewer"}
_BOXED_ERROR = re.compile(r"│ +Error: (.+?) *│?\Z")
_EXCEPTION = re.compile(r"(?:[A-Za-z_][\w.]*)?(?:Error|Exception|Timeout|Interrupt|NotFound|Exit)(?:: .*)?\Z")
_BEGINNING = re.compile(r"Crew Execution Started|Ejecución iniciada|Agent Started| - coordinator - | - monitoring - ")
_KILLED = re.compile(r"(?:Terminated|Killed)\Z")
_UVICORN = re.compile(r"INFO: +(?:Started server process|Uvicorn running on|Finished server process)")


def local_time(text: str) -> datetime | None:
    """A console time as UTC; it bears no zone and is taken for this host's."""
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").astimezone().astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


class ConsoleReader:
    """Turns console lines into segments.

    Attributes:
        segments: In order; the last one may still grow.
        service: Whether it is the log of a server, where silence is normal.
    """

    def __init__(self, *, whole: bool = False) -> None:
        """Args: `whole`: one command, so that nothing in its output begins another segment."""
        self._whole = whole
        self.reset()

    def reset(self) -> None:
        """Begin anew: the file is another one."""
        self.segments: list[Segment] = []
        self.service = False
        self._open: Segment | None = None
        self._answered: Segment | None = None
        self._count = 0
        self._spoken: StepNote | None = None
        self._boxed: Note | None = None

    def feed(self, first: int, lines: list[bytes]) -> None:
        """Take complete lines; `first` is the number of the first one, from 0."""
        for line, raw in enumerate(lines, first + 1):
            text = raw[:_LINE].decode("utf-8", "replace").rstrip("\r\n")
            if "\x1b" in text:  # recorded in a pseudo-terminal, with colours
                text = _COLOURS.sub("", text)
            if text.strip():
                self._line(line, text)

    def _segment(self, line: int) -> Segment:
        if self._open is None:
            self._count += 1
            self._open = Segment(number=self._count, first=line)
            if len(self.segments) < MAX_SEGMENTS:
                self.segments.append(self._open)
        self._open.last = line
        return self._open

    def _line(self, line: int, text: str) -> None:
        if not self._whole and (command := _COMMAND.match(text)):
            self._open, self._spoken = None, None
            segment = self._segment(line)
            segment.title = command[1]
            segment.task = task_of(command[1])
            return
        if self._served(line, text):
            return
        segment = self._segment(line)
        if record := LOG_LINE.search(text):
            self._record(segment, line, record)
            if record.start() and text.startswith(_BOX):
                self._plain(segment, line, text)
        elif not NOISE.search(text):
            self._plain(segment, line, text)

    def _served(self, line: int, text: str) -> bool:
        """A line of the server itself, or one that belongs to no request in progress."""
        if _UVICORN.match(text):
            self.service = True
            return True
        if not self.service:
            return False
        if access := _ACCESS.search(text):
            self._access(line, text, access[1], access[2], int(access[3]))
            return True
        if self._open is not None:
            return False
        if self._answered is not None and not _BEGINNING.search(text):
            # Boxes of a request may be printed after its answer was logged.
            self._in_box(self._answered, line, text)
            return True
        return NOISE.search(text) is not None

    def _access(self, line: int, text: str, method: str, path: str, code: int) -> None:
        target = _WORK.match(path)
        if target is None or method != "POST":
            return
        open_ = self._open
        if code == 409:
            # Refused, and not the answer to what is in progress: the agent was told to pause or stop before.
            if open_ is not None and open_.busy:
                open_.stopped = open_.note(Note(line, text, "refused", Level.WARN))
            return
        if open_ is None or not open_.busy:
            if code < 500:
                return
            open_ = self._segment(line)
        open_.last, open_.answer, open_.answer_line, open_.answer_text = line, code, line, text
        open_.title = open_.title or f"{method} {path}"
        open_.name = open_.name or target[1]
        if target[3] is None:
            open_.task = "coordinator-run"
        open_.note(Note(line, text, "answer", Level.ERROR if code >= 500 else Level.INFO))
        self._answered, self._open, self._spoken = open_, None, None

    def _record(self, segment: Segment, line: int, record: "re.Match[str]") -> None:
        at = local_time(record[1])
        logger, level, message = record[2], record[3], record[4]
        segment.seen(at)
        self._spoken = None
        if NOISE.search(message) and not _AGENT_FAILED.search(message):
            return
        loud = {"WARNING": Level.WARN, "ERROR": Level.ERROR, "CRITICAL": Level.ERROR}.get(level, Level.INFO)
        note = Note(line, message, logger.rpartition(".")[2], loud, at=at)
        if alert := _ALERT.search(message):
            segment.alerts.append(segment.note(Note(line, message, "alert", Level.WARN, at=at)))
            if alert[1] in ("critical", "error"):
                segment.notes[-1].level = Level.ERROR
            return
        segment.note(note)
        self.take_workflow(segment, note)

    def take_workflow(self, segment: Segment, note: Note) -> None:
        """What a log message of the coordinator or the tasks says of the steps."""
        message = note.text
        if began := _BEGAN.search(message):
            segment.name, segment.busy = began[1], True
            segment.task = segment.task or "coordinator-run"
        elif done := _DONE.search(message):
            segment.name, segment.finished_word = done[1], note
        elif action := _ACTION.search(message):
            self._acted(segment, note, action)
        elif failed := _STEP_FAILED.search(message):
            self._fail(segment, failed[1], note, _last_error(segment, note))
        elif broken := _AGENT_FAILED.search(message):
            said = broken[2] if not NOISE.search(broken[2]) else ""
            self._spoken = self._fail(segment, broken[1].lower(), note, said or None)
        elif message.startswith("Error: ") and note.kind in ("coordinator", "log"):
            note.agent = segment.current or _first_agent(segment)
            segment.busy = True

    def _acted(self, segment: Segment, note: Note, action: "re.Match[str]") -> None:
        agent = action[1]
        note.agent = agent
        step = segment.step(agent, note.line, note.at)
        if action[2]:
            step.attempts = max(step.attempts, int(action[2][:6]))
            step.quote = step.quote or note.text
        else:
            _succeed(step, note)
            segment.current = None

    @staticmethod
    def _fail(segment: Segment, agent: str, note: Note, error: str | None) -> StepNote:
        step = segment.step(agent, note.line, note.at)
        step.status, step.line, step.quote = StepStatus.FAILED, note.line, note.text
        step.ended, step.ended_line, step.error = note.at, note.line, error
        tries = sum(1 for one in segment.errors if one.agent == agent and one.text.startswith("Error: "))
        step.attempts = max(step.attempts, tries)
        note.agent = agent
        segment.current = None
        return step

    def _plain(self, segment: Segment, line: int, text: str) -> None:
        """A line that is no log record."""
        if self._in_box(segment, line, text):
            return
        if role := _ROLE.search(text):
            self._role(segment, line, _ROLES[role[1]], text)
        elif saved := _SAVED.search(text):
            step = segment.step(_SAVERS[saved[1]], line, segment.last_at)
            _succeed(step, segment.note(Note(line, text, "artifact", agent=step.agent)))
            segment.current = None
        elif self._shell(segment, line, text):
            return
        elif text.startswith("Configuration file not found!"):
            segment.config_missing = segment.note(Note(line, text, "config", Level.ERROR))
        elif text.startswith("Intentando proveedor de fallback"):
            segment.fallbacks += 1
            if segment.fallbacks == 1:
                segment.note(Note(line, text, "fallback", Level.WARN))
        elif "Crew Execution Failed" in text:
            segment.note(Note(line, "Crew Execution Failed", "crew", Level.ERROR, agent=segment.current))
        elif not text.startswith((" ", _BOX)) and (_EXCEPTION.match(text) or _loose(text)):
            self._exception(segment, line, text)

    @staticmethod
    def _shell(segment: Segment, line: int, text: str) -> bool:
        """What a shell or a script around the command wrote of its start and end."""
        if end := _RC.match(text):
            segment.rc, segment.rc_line, segment.rc_text = int(end[1][:6]), line, text
            segment.ended_at = moment(end[2]) or segment.ended_at
            segment.seen(segment.ended_at)
        elif start := _START.match(text):
            segment.seen(moment(start[1]))
        elif _KILLED.match(text.strip()):
            segment.killed = segment.note(Note(line, text.strip(), "killed", Level.ERROR))
        else:
            return False
        return True

    def _in_box(self, segment: Segment, line: int, text: str) -> bool:
        """An error text in one of CrewAI's boxes, wrapped to its width."""
        if self._boxed is not None:
            said = text.strip(f" {_BOX}") if text.startswith(_BOX) else ""
            if said:
                self._boxed.text = f"{self._boxed.text} {said}"[:_LINE]
                return True
            self._boxed = None
        if found := _BOXED_ERROR.match(text):
            note = Note(line, found[1], "llm", Level.ERROR, agent=segment.current, at=segment.last_at)
            self._boxed = segment.note(note)
            return True
        return False

    def _role(self, segment: Segment, line: int, agent: str, text: str) -> None:
        known = segment.steps.get(agent)
        if known is not None and known.status.bad is False and known.ended_line:
            return  # the boxes of a finished task name its agent again
        step = segment.step(agent, line, segment.last_at)
        step.quote = step.quote or text.strip(f" {_BOX}")

    def _exception(self, segment: Segment, line: int, text: str) -> None:
        note = Note(line, text, "exception", Level.ERROR, agent=segment.current, at=segment.last_at)
        if _EXCEPTION.match(text):
            segment.last_exception = note
            if self._spoken is not None:
                # The lines after `Agente X falló:` are that agent's own standard error.
                self._spoken.error = text
        if len(segment.errors) < _MAX_EXCEPTIONS:
            segment.note(note)


def _loose(text: str) -> bool:
    found = classify(text)
    return found is not None and found.id in ("config", "service", "providers_exhausted")


def _succeed(step: StepNote, note: Note) -> None:
    step.status, step.line, step.quote = StepStatus.SUCCEEDED, note.line, note.text
    step.ended, step.ended_line, step.error = note.at, note.line, None
    note.agent = step.agent


def _last_error(segment: Segment, note: Note) -> str | None:
    for one in reversed(segment.errors):
        if one is not note and one.text.startswith("Error: ") and not _STEP_FAILED.search(one.text):
            return one.text.removeprefix("Error: ")
    return None if segment.last_exception is None else segment.last_exception.text


def _first_agent(segment: Segment) -> str | None:
    """Who is at work where nothing says so: the first of the task that has not ended."""
    for agent in TASKS.get(segment.task or "coordinator-run", ()):
        step = segment.steps.get(agent)
        if step is None or step.status is StepStatus.RUNNING:
            return agent
    return None
