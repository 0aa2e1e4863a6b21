"""What the server answered: the access lines of uvicorn's log, the only place where a refused resume leaves a trace.

No record of a run says that a resume answered 500 (formats/ai-csuite.md 0.4) or that `POST /runs/{id}/start` made it
green (0.5). The lines bear no time.
"""

import re
from pathlib import Path
from typing import NamedTuple

from cockpit.models.evidence import Evidence, Rank
from cockpit.models.records import Event, Level
from cockpit.sources.fields import SHORT
from cockpit.sources.lines import FileLines

MAX_CALLS = 200
"""Calls kept of one run and one log, the latest."""
_CALL = re.compile(rb'"POST /runs/([\w.-]{1,64})/(graph/start|graph/resume|start) HTTP/[\d.]+" (\d{3})')
_ERROR = re.compile(rb"\A(?:[\w.]+\.)?IntegrityError: (?:\([\w.]+\) )?(.+)")


class Call(NamedTuple):
    """One request about a run.

    Attributes:
        path: The log, relative to the root, as `os` returns it.
        line: Its line, from 1.
        verb: `graph/start`, `graph/resume` or `start`.
        status: Of the answer.
        said: The error in the traceback below it.
    """

    path: str
    line: int
    verb: str
    status: int
    said: str = ""


class ServerLog:
    """The calls of one log file, read on as it grows."""

    def __init__(self, path: Path | str, rel: str) -> None:
        self.rel = rel
        self.calls: dict[str, list[Call]] = {}
        self._failed: str | None = None
        self._new: set[str] = set()
        self._lines = FileLines(path, on_lines=self._take, on_reset=self._begin)

    def refresh(self) -> None:
        """Read what was added; never raises."""
        first = self._lines.identity is None
        self._lines.refresh()
        if first:
            self._new.clear()  # whoever finds the log reads all runs anyway

    def changed(self) -> set[str]:
        """The runs that lines were added about since this was asked last, or since the log was found."""
        self.refresh()
        found, self._new = self._new, set()
        return found

    def _begin(self) -> None:
        self._new.update(self.calls)
        self.calls.clear()
        self._failed = None

    def _take(self, first: int, lines: list[bytes]) -> None:
        for number, raw in enumerate(lines, first + 1):
            if (match := _CALL.search(raw)) is not None:
                run_id, status = match[1].decode(), int(match[3])
                known = self.calls.setdefault(run_id, [])
                known.append(Call(self.rel, number, match[2].decode(), status))
                del known[:-MAX_CALLS]
                self._new.add(run_id)
                self._failed = run_id if status >= 500 else None
            elif self._failed is not None and (match := _ERROR.match(raw)) is not None:
                known = self.calls[self._failed]
                known[-1] = known[-1]._replace(said=match[1].decode("utf-8", "replace")[:SHORT])
                self._failed = None


def event(call: Call, path: str, flow: str | None) -> Event:
    """A call as an event; `path` is the log as evidence spells it."""
    said = f"POST {call.verb} answered {call.status}" + (f": {call.said}" if call.said else "")
    if call.verb == "start" and call.status < 400:
        said += " (runs no agent, sets succeeded)"
    loud = (
        Level.ERROR if call.status >= 500 else Level.WARN if call.status >= 400 or call.verb == "start" else Level.INFO
    )
    return Event(kind=f"http.{call.verb}", flow=flow, text=said, level=loud, path=path, line=call.line)


def evidence(call: Call, path: str) -> Evidence:
    """A call as evidence: what the server answered is a fact."""
    quote = f"POST {call.verb} {call.status}" + (f": {call.said}" if call.said else "")
    return Evidence(rank=Rank.PHYSICS, path=path, line=call.line, quote=quote[:SHORT])
