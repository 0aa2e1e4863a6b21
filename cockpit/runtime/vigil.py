"""The vigil: a thread that looks at the processes of the runs somebody looks at, and of those that look suspicious.

Physics costs a pass over all processes, so it is had for few runs and never oftener than its cost allows; while no run
should be moving, nothing is looked at at all.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cockpit.clock import Clock
from cockpit.diagnosis.assess import MOVING, Assessment, assess, with_physics
from cockpit.diagnosis.codes import Code
from cockpit.diagnosis.pace import Pace
from cockpit.models.physics import Physics
from cockpit.models.run import Run, RunRef, RunState
from cockpit.runtime.matching import RecordedPid, Target
from cockpit.runtime.physics import Prober
from cockpit.runtime.roots import run_path
from cockpit.runtime.table import RunTable

logger = logging.getLogger(__name__)

MONITOR_S = 2.0
SCOPE_S = 5.0
SUSPECT_S = 30.0
REST_S = 0.3
"""A run is looked at once the cursor has rested on it this long."""
SUSPECT_AFTER = timedelta(seconds=60)
"""Silence from which on a run that should be moving is suspected."""
_FORGOTTEN = timedelta(days=1)
"""Silence after which nobody expects a producer any more; such a run is looked at when it is in scope."""
MOST_SUSPECTS = 32
_COST = 400
"""Looking takes one part in so many of the time: 0.25 % of a core."""
_MONITOR_COST = 50
_JOIN_S = 2.0


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a run gave: its processes, what is normal for its step, and what it comes to."""

    physics: Physics
    pace: Pace
    assessment: Assessment


@dataclass(frozen=True, slots=True)
class PhysicsSetup:
    """What physics rests on.

    Attributes:
        prober: Looks at processes.
        pace: What is normal for a step of a source.
        recorded: Who was started for a run; read from disk.
    """

    prober: Prober
    pace: Callable[[str, str | None, str | None], Pace]
    recorded: Callable[[RunRef], tuple[RecordedPid, ...]] = lambda _: ()


class Vigil:
    """Keeps the physics of a few runs, and puts what they make of a verdict into the table.

    Args:
        setup: What physics rests on.
        table: The runs.
        unsilenced: The verdict on a run as of its last sign of life; reads the run.
        changed: Called from the thread when a verdict changed.
        clock: The present moment.
    """

    def __init__(
        self,
        setup: PhysicsSetup,
        table: RunTable,
        unsilenced: Callable[[RunRef], Run | None],
        changed: Callable[[], None],
        clock: Clock,
    ) -> None:
        self._setup = setup
        self._table = table
        self._unsilenced = unsilenced
        self._changed = changed
        self._clock = clock
        self._ready = threading.Condition()
        self._looking = threading.Lock()
        self._scoped: str | None = None
        self._monitored: str | None = None
        self._closed = False
        self._due = {"monitor": float("inf"), "scope": float("inf"), "suspects": 0.0}
        self._looks: dict[str, Look] = {}
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._due["suspects"] = time.monotonic() + SUSPECT_S / 10
        self._thread = threading.Thread(target=self._loop, name="cockpit-physics", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more; returns once the thread has ended."""
        with self._ready:
            self._closed = True
            self._ready.notify()
        if self._thread is not None:
            self._thread.join(_JOIN_S)
            self._thread = None

    def scope(self, key: str | None) -> None:
        """Look at this run now and then while it is in scope."""
        with self._ready:
            if key != self._scoped:
                self._scoped = key
                self._due["scope"] = time.monotonic() + REST_S
                self._ready.notify()

    def monitor(self, key: str | None) -> None:
        """Look at this run often, whatever state it is in; `None` ends that."""
        with self._ready:
            self._monitored = key
            self._due["monitor"] = time.monotonic()
            self._ready.notify()

    def look(self, key: str) -> Look | None:
        """What the last look at a run gave, or `None`."""
        return self._looks.get(key)

    def look_now(self, key: str) -> Look | None:
        """Look at one run, in this thread."""
        self._look_at([key])
        return self._looks.get(key)

    def turn(self) -> None:
        """Look at whatever is due."""
        now = time.monotonic()
        keys: dict[str, None] = {}
        with self._ready:
            due = [name for name, at in self._due.items() if at <= now]
            scoped, monitored = self._scoped, self._monitored
        if "monitor" in due and monitored is not None:
            keys[monitored] = None
        if "scope" in due and scoped is not None and self._moves(scoped):
            keys[scoped] = None
        if "suspects" in due:
            keys.update(dict.fromkeys(self.suspects()))
            self._tidy(keys)
        began = time.thread_time()
        self._look_at(list(keys))
        self._plan(due, time.thread_time() - began)

    def suspects(self) -> list[str]:
        """Runs that should be moving and were not heard of for a while, newest first."""
        now = self._clock()
        found: list[str] = []
        for run in self._table.runs():
            silence = run.silence(now)
            if silence is None or silence > _FORGOTTEN or len(found) >= MOST_SUSPECTS:
                break
            if silence >= SUSPECT_AFTER and _should_move(run):
                found.append(run.key)
        return found

    def _loop(self) -> None:
        while self._wait():
            try:
                self.turn()
            except Exception:
                # Whatever the processes of a host are like, the picture of the runs must go on living.
                logger.exception("looking at processes")
                self._plan(list(self._due), 1.0)

    def _wait(self) -> bool:
        with self._ready:
            while not self._closed:
                left = min(self._due.values()) - time.monotonic()
                if left <= 0:
                    return True
                self._ready.wait(None if left == float("inf") else left)
            return False

    def _plan(self, due: Sequence[str], cost: float) -> None:
        """When to look again."""
        now = time.monotonic()
        with self._ready:
            for name in due:
                if name == "monitor":
                    wanted = self._monitored is not None
                    self._due[name] = now + max(MONITOR_S, cost * _MONITOR_COST) if wanted else float("inf")
                elif name == "scope":
                    wanted = self._scoped is not None and self._moves(self._scoped)
                    self._due[name] = now + max(SCOPE_S, cost * _COST) if wanted else float("inf")
                else:
                    self._due[name] = now + max(SUSPECT_S, cost * _COST)

    def wake(self) -> None:
        """Runs changed: one in scope may have begun to move."""
        with self._ready:
            if self._due["scope"] == float("inf") and self._scoped is not None and self._moves(self._scoped):
                self._due["scope"] = time.monotonic() + REST_S
                self._ready.notify()

    def _moves(self, key: str) -> bool:
        run = self._table.get(key)
        return run is not None and _should_move(run)

    def _tidy(self, suspects: dict[str, None]) -> None:
        """Forget runs nobody looks at."""
        with self._ready:
            kept = {*suspects, *(key for key in (self._scoped, self._monitored) if key)}
        with self._looking:
            self._looks = {key: look for key, look in self._looks.items() if key in kept}
            self._setup.prober.forget(kept)

    def _look_at(self, keys: Sequence[str]) -> None:
        facts = {key: run for key in keys if (run := self._table.facts(key)) is not None}
        if not facts:
            return
        with self._looking:
            targets = [
                target_of(run.ref, self._setup.recorded(run.ref), started_at=run.started_at, updated_at=run.updated_at)
                for run in facts.values()
            ]
            found = self._setup.prober.look(targets)
            changed = False
            for key, physics in found.items():
                changed |= self._apply(key, facts[key], physics)
        if changed:
            self._changed()

    def _apply(self, key: str, facts: Run, physics: Physics) -> bool:
        """Say what a run is doing, and put it into the table where that changes its verdict."""
        now = self._clock()
        pace = self._setup.pace(facts.ref.source, facts.flow, facts.step)
        assessment = assess(facts, physics, pace, now)
        self._looks[key] = Look(physics, pace, assessment)
        verdict: Run | None = None
        if assessment.stuck_at is not None and physics.pulse.known and _should_move(facts):
            base: Run | None = facts
            if now < assessment.stuck_at and facts.becomes is None:
                # Its files alone make it stuck by silence; its process says that it is not, or not yet.
                base = self._unsilenced(facts.ref)
            if base is not None:
                verdict = with_physics(base, assessment, now)
        return self._table.rule(key, facts, verdict, now)


def _should_move(run: Run) -> bool:
    """Whether a producer should be there: not where something else than silence made it stuck."""
    if run.state is RunState.STUCK:
        return bool(run.reasons) and run.reasons[0].code in _OURS
    return run.state in MOVING


_OURS = frozenset((Code.SILENT, Code.PROCESS_GONE, Code.PROCESS_IDLE))


def target_of(
    ref: RunRef,
    recorded: tuple[RecordedPid, ...] = (),
    *,
    started_at: datetime | None = None,
    updated_at: datetime | None = None,
) -> Target:
    """A run as its processes are looked for, with its first and its last sign of life where they are known."""
    given = run_path(ref)
    root, path = os.path.realpath(ref.root), os.path.realpath(given)
    try:
        owner: int | None = Path(path).stat().st_uid
    except OSError:
        owner = None
    alias = None if (root, path) == (ref.root, given) else (ref.root, given)
    return Target(
        key=ref.key,
        id=ref.id,
        root=root,
        path=path,
        alias=alias,
        owner=owner,
        started_at=started_at,
        updated_at=updated_at,
        recorded=recorded,
    )
