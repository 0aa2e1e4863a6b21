"""Reading one run: facts through its source, verdict through the judge, and whatever goes wrong on the way."""

import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cockpit.clock import Clock
from cockpit.models.detail import RunDetail
from cockpit.models.problem import Problem
from cockpit.models.run import Reason, Run, RunRef, RunState
from cockpit.runtime.roots import run_path
from cockpit.sources.base import Source
from cockpit.sources.paths import decode
from cockpit.sources.registry import source_by_id

logger = logging.getLogger(__name__)

Judge = Callable[[RunDetail, datetime], Run]
"""Facts and the present moment give a verdict; pure."""

FRESH_S = 2.0
"""A file modified less than this ago may be caught half-written; an older one is simply broken."""

_STRIPES = 64


@dataclass(frozen=True, slots=True)
class Read:
    """What came of looking at a run.

    Attributes:
        ref: The run.
        run: Its new summary; `None` where the old one stands (unchanged, gone, failed).
        detail: Its facts, where they were read.
        fingerprint: What the summary was read from; empty where it must be looked at again anyway.
        gone: The run is no longer there.
        again: It may have been caught half-written; look again in a moment before believing it.
        problem: Why the read failed. The last good summary, where there is one, is now stale.
    """

    ref: RunRef
    run: Run | None = None
    detail: RunDetail | None = None
    fingerprint: str = ""
    gone: bool = False
    again: bool = False
    problem: Problem | None = None


class RunReader:
    """Reads runs and remembers the details of a few, so that a changed run is read on rather than anew.

    Safe to use from several threads; one run is read by one thread at a time, because a source may grow what it
    remembers of a run in place.

    Args:
        judge: Gives the verdict.
        clock: The moment verdicts are made for.
        keep: How many details are remembered besides the scoped one.
        wall: Seconds since the epoch on the clock that stamps files.
    """

    def __init__(self, judge: Judge, clock: Clock, *, keep: int = 32, wall: Callable[[], float] = time.time) -> None:
        self._judge = judge
        self._clock = clock
        self._keep = keep
        self._wall = wall
        self._details: OrderedDict[str, RunDetail] = OrderedDict()
        self._scoped: str | None = None
        self._guard = threading.Lock()
        self._stripes = tuple(threading.Lock() for _ in range(_STRIPES))
        self.sources: Mapping[str, Source] = {}
        """By id, of all roots; replaced as a whole."""

    def scope(self, key: str | None) -> None:
        """Never forget the detail of this run."""
        with self._guard:
            self._scoped = key

    def forget(self, key: str) -> None:
        """Drop what is remembered of a run."""
        with self._guard:
            self._details.pop(key, None)

    def read(self, ref: RunRef, known: str | None = None, *, first: bool = False, keep: bool = False) -> Read:
        """Look at a run and read what changed. Never raises.

        Args:
            ref: The run.
            known: Fingerprint of the summary the caller has, or `None` where it has none: nothing is read and
                judged again where the fingerprint is still the same.
            first: Whether the caller can look again in a moment: a fresh file that cannot be read is then reported
                as `again` rather than as broken.
            keep: Whether to remember the detail.
        """
        with self._stripes[hash(ref.key) % _STRIPES]:
            # Before the first listing, runs come from the index: their source is asked for by its id.
            source = self.sources.get(ref.source) or source_by_id(ref.source)
            if source is None or not _exists(ref):
                self.forget(ref.key)
                return Read(ref, gone=True)
            try:
                return self._read(source, ref, known, first=first, keep=keep)
            except Exception as error:
                if not _exists(ref):
                    self.forget(ref.key)
                    return Read(ref, gone=True)
                if not isinstance(error, OSError):
                    # A source may be anyone's package; a run it stumbles over must not stop the others.
                    logger.exception("reading %s", ref.key)
                self.forget(ref.key)
                problem = Problem(path=ref.path, reason=f"cannot be read: {_reason(error)}", fatal=True)
                return Read(ref, again=first, problem=problem)

    def judge(self, detail: RunDetail) -> Run:
        """The verdict on facts that were read before, as of now."""
        return self._judge(detail, self._clock())

    def detail(self, ref: RunRef) -> Read:
        """Facts of a run, read now and incrementally, and its verdict as of now. Never raises."""
        return self.read(ref, None, keep=True)

    def _read(self, source: Source, ref: RunRef, known: str | None, *, first: bool, keep: bool) -> Read:
        previous = self._remembered(ref.key)
        taken = ""
        if previous is None and known is not None:
            taken = source.fingerprint(ref)
            if taken == known:
                return Read(ref, fingerprint=known)
        detail = source.detail(ref, previous)
        self._remember(ref.key, detail, keep=keep)
        fingerprint = taken or detail.fingerprint or source.fingerprint(ref)
        if known is not None and fingerprint == known:
            return Read(ref, detail=detail, fingerprint=known)
        if first and self._half_written(detail):
            return Read(ref, detail=detail, again=True)
        return Read(ref, self.judge(detail), detail, fingerprint)

    def _remembered(self, key: str) -> RunDetail | None:
        with self._guard:
            detail = self._details.get(key)
            if detail is not None:
                self._details.move_to_end(key)
            return detail

    def _remember(self, key: str, detail: RunDetail, *, keep: bool) -> None:
        with self._guard:
            if not keep and key != self._scoped and key not in self._details:
                return
            self._details[key] = detail
            self._details.move_to_end(key)
            while len(self._details) > self._keep:
                oldest = next((old for old in self._details if old != self._scoped), None)
                if oldest is None:
                    return
                del self._details[oldest]

    def _half_written(self, detail: RunDetail) -> bool:
        now = self._wall()
        root = Path(detail.ref.root)
        for problem in detail.problems:
            try:
                modified = (root / decode(problem.path)).stat().st_mtime
            except (OSError, ValueError):
                continue
            if abs(now - modified) < FRESH_S:
                return True
        return False


def unreadable(ref: RunRef, problem: Problem) -> Run:
    """The summary of a run that was never read well."""
    return Run(ref=ref, state=RunState.UNREADABLE, reasons=(Reason(text=problem.reason),), problems=1)


def _exists(ref: RunRef) -> bool:
    return os.path.lexists(run_path(ref))


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return f"{type(error).__name__}: {error}"
