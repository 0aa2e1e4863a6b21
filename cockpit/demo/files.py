"""Writes the files of one run the way Flow Studio's own code does: which are replaced, which torn, which appended.

Meta, spec, run state and committed handoffs are replaced through a `<name>.<random>.tmp` beside them (mode 0600);
receipts, drafts and transcripts are opened with "w" and may be seen half-written; events are appended and flushed.
Nothing is synced (formats/flow-studio.md sections 1 and 7).
"""

import json
import os
import random
import tempfile
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol


class Stopped(Exception):  # noqa: N818  # not an error: the producer was told to end, and ends as a killed one would
    """The producer was told to end."""


class Pace(Protocol):
    """What a producer knows of time: real for live runs, simulated for the history of a workspace."""

    def now(self) -> datetime:
        """The current moment, aware UTC."""
        ...

    def wait(self, seconds: float) -> None:
        """Let time pass.

        Raises:
            Stopped: The producer was told to end.
        """
        ...


class RealPace:
    """The host's clock; a wait ends at once when `stop` is set."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop

    def now(self) -> datetime:
        """The host's time."""
        return datetime.now(UTC)

    def wait(self, seconds: float) -> None:
        """Wait, or end."""
        if self._stop.is_set() or (seconds > 0 and self._stop.wait(seconds)):
            raise Stopped


class SimulatedPace:
    """A clock that moves only when told to; every look at it takes a millisecond, as the real code's do."""

    def __init__(self, start: datetime) -> None:
        self.moment = start

    def now(self) -> datetime:
        """The simulated moment."""
        self.moment += timedelta(milliseconds=1)
        return self.moment

    def wait(self, seconds: float) -> None:
        """Move on."""
        self.moment += timedelta(seconds=seconds)


def stamp(moment: datetime) -> str:
    """A time as Flow Studio writes it: with an offset and a `Z` (formats/flow-studio.md section 1)."""
    return f"{moment.isoformat(timespec='microseconds')}Z"


class RunFiles:
    """The files of one run directory.

    Attributes:
        directory: The run's directory.
        run_id: What the files call the run.
        written: When each file was last written, by the pace's clock.
    """

    def __init__(
        self,
        directory: Path,
        run_id: str,
        pace: Pace,
        rng: random.Random,
        *,
        numbered: bool = True,
        torn: float = 0.0,
        dry: bool = False,
    ) -> None:
        """Open a run directory for writing; nothing is created yet.

        Args:
            directory: The run's directory.
            run_id: What the files call the run.
            pace: The producer's clock.
            rng: Source of event ids and of torn writes.
            numbered: Give events an `event_id` and a `seq` (v2); v1 has neither.
            torn: How often a receipt stays half-written for a few hundredths of a second, 0 to 1.
            dry: Write nothing: used to learn how long a simulated run takes.
        """
        self.directory = directory
        self.run_id = run_id
        self.written: dict[Path, datetime] = {}
        self._pace = pace
        self._rng = rng
        self._numbered = numbered
        self._torn = torn
        self._dry = dry
        self._sequence = -1

    def load(self, name: str) -> dict[str, Any]:
        """A JSON object of the run, by its path inside the run directory.

        Raises:
            OSError: It cannot be read.
            ValueError: It is not a JSON object.
        """
        value = json.loads((self.directory / name).read_text(encoding="utf-8"))
        if not isinstance(value, dict):
            raise ValueError(f"{name} is not an object")  # noqa: TRY004  # the caller treats it as unreadable JSON
        return value

    def exists(self, name: str) -> bool:
        """Whether the run has a file of that name; a dry run has none but those it would have written."""
        path = self.directory / name
        return path in self.written if self._dry else path.exists()

    def replace(self, name: str, value: object) -> None:
        """Write a JSON file through a temporary file beside it."""
        path = self._note(name)
        if self._dry:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f"{path.name}.", suffix=".tmp", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(value, stream, indent=2, ensure_ascii=False)
        Path(temporary).replace(path)

    def overwrite(self, name: str, text: str) -> None:
        """Write a file in place, now and then with a pause in the middle."""
        path = self._note(name)
        if self._dry:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8") as stream:
            if self._rng.random() < self._torn:
                half = len(text) // 2
                stream.write(text[:half])
                stream.flush()
                time.sleep(self._rng.uniform(0.01, 0.04))
                text = text[half:]
            stream.write(text)

    def overwrite_json(self, name: str, value: object) -> None:
        """Write a JSON file in place."""
        self.overwrite(name, json.dumps(value, indent=2, ensure_ascii=False))

    def append(self, name: str, value: object, *, compact: bool = False) -> None:
        """Append one line to a JSONL file and flush it, unsynced."""
        path = self._note(name)
        if self._dry:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        separators = (",", ":") if compact else (", ", ": ")
        with path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(value, separators=separators, ensure_ascii=False) + "\n")

    def event(
        self,
        kind: str,
        flow: str,
        step: str | None,
        agent: str | None,
        payload: dict[str, Any],
        at: datetime | None = None,
    ) -> None:
        """Append one RunEvent to `events.jsonl` (formats/flow-studio.md 2.4)."""
        line: dict[str, Any] = {}
        if self._numbered:
            identity = uuid.UUID(int=self._rng.getrandbits(128), version=4)
            line = {"event_id": str(identity), "seq": self._next_sequence()}
        line |= {"run_id": self.run_id, "ts": stamp(at or self._pace.now()), "kind": kind, "flow_key": flow}
        line |= {"step_id": step, "agent_key": agent, "payload": payload}
        self.append("events.jsonl", line)

    def age(self) -> None:
        """Set the modification time of every file written, and of every directory, to the pace's time."""
        latest: dict[Path, float] = {}
        for path, moment in self.written.items():
            when = moment.timestamp()
            os.utime(path, (when, when))
            for parent in path.relative_to(self.directory).parents:
                folder = self.directory / parent
                latest[folder] = max(latest.get(folder, 0.0), when)
        for folder, when in latest.items():
            os.utime(folder, (when, when))

    def _note(self, name: str) -> Path:
        path = self.directory / name
        self.written[path] = self._pace.now()
        return path

    def _next_sequence(self) -> int:
        if self._sequence < 0:  # a producer that starts on an old run counts on from what is there
            try:
                with (self.directory / "events.jsonl").open("rb") as stream:
                    self._sequence = sum(1 for _ in stream)
            except OSError:
                self._sequence = 0
        self._sequence += 1
        return self._sequence
