"""The process that carries out one bulk, outlives the cockpit, and writes down what became of each run.

`python -P -m cockpit.actions.bulk_supervisor BULKDIR FD`, started by `cockpit.actions.bulk` in a session of its own;
`FD` holds the lock of the bulk. Its jobs have supervisors of their own: when this process is killed they go on, and
nothing more is started. Obeys `cancel.json` (at once on SIGUSR1, else within a second) and SIGTERM: it starts nothing
more and has the jobs at work ended.
"""

import json
import os
import select
import signal
import socket
import sys
import threading
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

from cockpit.actions.bulk_record import (
    BULK,
    ENDED,
    OUTCOMES,
    PROGRESS,
    Progress,
    record_bulk_end,
    write_result,
)
from cockpit.actions.desk import ActionDesk
from cockpit.actions.ending import journal_holds
from cockpit.actions.holding import lock_of
from cockpit.actions.jobs import cancel_job, find_job, wait_job
from cockpit.actions.launcher import BusyError, JobContext
from cockpit.actions.limits import JobLimits
from cockpit.actions.processes import identity
from cockpit.actions.storage import pretty, read_object, write_atomic
from cockpit.actions.supervisor import CANCEL, OWN, SUPERVISOR
from cockpit.clock import system_clock
from cockpit.errors import CockpitError, MovedError, UsageError
from cockpit.journal.log import Journal
from cockpit.models.bulk import BulkItem, BulkItemState, PlannedItem
from cockpit.models.journal import Actor
from cockpit.models.run import RunRef
from cockpit.settings import Settings, load_settings
from cockpit.sources import registry
from cockpit.sources.base import Source
from cockpit.sources.recordings import use_state_dir

_LOOK_S = 1.0
_BAD = (BulkItemState.FAILED, BulkItemState.LOST, BulkItemState.MOVED, BulkItemState.CANCELLED)


class BulkRun:
    """One bulk from its start to its end."""

    def __init__(self, bulk_dir: Path, facts: dict[str, Any]) -> None:
        self.dir = bulk_dir
        self._facts = facts
        self._planned = [PlannedItem.model_validate(item) for item in facts["items"]]
        self._items = [
            BulkItem(index=index, run=item.plan.run, run_key=item.plan.run_key, plan_hash=item.plan.hash)
            for index, item in enumerate(self._planned)
        ]
        self._settings = _settings(facts)
        self._context = _context(bulk_dir.parent.parent, facts)
        self._desks: dict[str, ActionDesk] = {}
        self._waiting = list(range(len(self._items)))
        self._held: set[str] = set()
        self._at_work: set[str] = set()
        self._turn = threading.Condition()
        self._reason: str | None = None
        self._cancelled_by: str | None = None
        self._term_seen = False
        self._alarm, self._ringing = socket.socketpair()

    def run(self) -> None:
        """Carry out every item, or as many as were wanted, and write the result."""
        self._listen()
        with suppress(OSError):
            write_atomic(self.dir / SUPERVISOR, pretty(identity(os.getpid(), *OWN)))
        registry.configure(self._settings.for_sources)
        for item in self._planned:
            use_state_dir(Path(item.ref.root), self._context.state_dir)
        self._progress = Progress(self.dir / PROGRESS)
        count = min(int(self._facts["parallel"]), len(self._items))
        workers = [threading.Thread(target=self._work, name=f"bulk-{number}") for number in range(count)]
        for worker in workers:
            worker.start()
        while any(worker.is_alive() for worker in workers):
            self._look()
            with suppress(InterruptedError):
                select.select([self._alarm], [], [], _LOOK_S)
            _drain(self._alarm)
        for worker in workers:
            worker.join()
        self._end()

    def _listen(self) -> None:
        """Turn signals, and the ends of workers, into wake-ups."""
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        self._alarm.setblocking(False)
        self._ringing.setblocking(False)
        signal.set_wakeup_fd(self._ringing.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGUSR1):
            signal.signal(number, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: setattr(self, "_term_seen", True))

    def _look(self) -> None:
        """Begin to end it early, if that was asked for; a job that was just starting then is ended by its worker."""
        if self._cancelled_by is None:
            if (self.dir / CANCEL).exists():
                by = (read_object(self.dir / CANCEL) or {}).get("by")
                self._cancelled_by = by if isinstance(by, str) else ""
                self._stop(f"cancelled by {by}" if by else "cancelled")
            elif self._term_seen:
                self._cancelled_by = "the end of its supervisor"
                self._stop("cancelled: its supervisor was asked to end")
        if self._cancelled_by is not None:
            with self._turn:
                at_work = list(self._at_work)
            for job in at_work:
                self._cancel(job)

    def _cancel(self, job: str) -> None:
        with suppress(CockpitError):
            job_dir = find_job(self._context.state_dir, job)
            if not (job_dir / CANCEL).exists():
                cancel_job(job_dir, self._cancelled_by or "")

    def _stop(self, reason: str) -> None:
        with self._turn:
            self._reason = self._reason or reason
            self._turn.notify_all()

    def _work(self) -> None:
        """Take items until none is left, one at a time."""
        try:
            while (index := self._next()) is not None:
                try:
                    self._carry_out(index)
                except Exception as error:  # noqa: BLE001 - one item must not take the others with it
                    traceback.print_exc()
                    self._tell(index, BulkItemState.FAILED, f"internal error: {type(error).__name__}: {error}")
                    self._consider(index, known=False)
                finally:
                    with self._turn:
                        self._held.discard(lock_of(self._planned[index].plan))
                        self._turn.notify_all()
        finally:
            with suppress(OSError):
                self._ringing.send(b"\0")

    def _next(self) -> int | None:
        """The next item whose run or system no other item of this bulk holds; waits where all are held."""
        with self._turn:
            while self._waiting and self._reason is None:
                for index in self._waiting:
                    key = lock_of(self._planned[index].plan)
                    if key not in self._held:
                        self._waiting.remove(index)
                        self._held.add(key)
                        return index
                self._turn.wait()
            return None

    def _carry_out(self, index: int) -> None:
        planned = self._planned[index]
        try:
            job = self._desk(planned.ref).perform(
                planned.plan, planned.ref, timeout_s=self._facts["timeout_s"], bulk=self.dir.name
            )
        except CockpitError as error:
            self._tell(index, _refusal(error), str(error))
            self._consider(index, known=planned.plan.refused is not None)
            return
        with self._turn:
            self._at_work.add(job.id)
        self._tell(index, OUTCOMES[job.state], job.outcome, job.id)
        if self._cancelled_by is not None:
            self._cancel(job.id)
        try:
            job = wait_job(find_job(self._context.state_dir, job.id))
        except (CockpitError, OSError) as error:
            self._tell(index, BulkItemState.LOST, str(error), job.id)
        else:
            self._tell(index, OUTCOMES[job.state], job.outcome, job.id)
        with self._turn:
            self._at_work.discard(job.id)
        self._consider(index, known=False)

    def _consider(self, index: int, *, known: bool) -> None:
        """Stop after a failure, where that is wanted; what was refused in the plan already was no surprise."""
        item = self._items[index]
        bad = item.state in _BAD or (item.state is BulkItemState.REFUSED and not known)
        if bad and self._facts["stop_on_failure"]:
            self._stop(f"stopped after {item.run}: {item.state.value}")

    def _tell(self, index: int, state: BulkItemState, outcome: str, job: str | None = None) -> None:
        with self._turn:
            item = self._items[index].model_copy(update={"state": state, "outcome": outcome, "job": job})
            self._items[index] = item
            self._progress.tell(item)

    def _end(self) -> None:
        why = self._reason or "its turn never came"
        for index in self._waiting:
            self._tell(index, BulkItemState.SKIPPED, why)
        self._progress.close()
        write_result(self.dir, self._items, system_clock(), self._reason)
        journal = self._context.journal
        if journal is not None:
            record_bulk_end(self.dir, self._context.recorder, journal_holds(journal, ENDED, "bulk"), own=True)

    def _desk(self, ref: RunRef) -> ActionDesk:
        with self._turn:
            if ref.root not in self._desks:
                self._desks[ref.root] = ActionDesk(Path(ref.root), self._context, _source_of)
            return self._desks[ref.root]


def _refusal(error: CockpitError) -> BulkItemState:
    if isinstance(error, MovedError):
        return BulkItemState.MOVED
    return BulkItemState.REFUSED if isinstance(error, UsageError | BusyError) else BulkItemState.FAILED


def _source_of(ref: RunRef) -> Source:
    source = registry.source_by_id(ref.source)
    if source is None:
        raise UsageError(f"no source {ref.source!r}")
    return source


def _settings(facts: dict[str, Any]) -> Settings:
    config = facts.get("config")
    with suppress(CockpitError):
        return load_settings(Path(config)) if isinstance(config, str) else Settings()
    return Settings()


def _context(state_dir: Path, facts: dict[str, Any]) -> JobContext:
    actor = Actor.model_validate(facts["actor"])
    path = facts.get("journal")
    journal = state_dir / "journal.jsonl" if path is None else Path(path)
    config = facts.get("config")
    return JobContext(
        state_dir,
        Journal(journal, actor, system_clock),
        system_clock,
        actor,
        None if path is None else journal,
        Path(config) if config else None,
        JobLimits(**facts["limits"]),
    )


def _drain(sock: socket.socket) -> None:
    with suppress(BlockingIOError):
        while sock.recv(4096):
            pass


def main(arguments: list[str]) -> int:
    """Detach and carry out the bulk; the first process returns as soon as the bulk is known to be readable."""
    bulk_dir = Path(arguments[0])
    for fd in arguments[1:]:
        os.set_inheritable(int(fd), False)
    bulk = BulkRun(bulk_dir, json.loads((bulk_dir / BULK).read_bytes()))
    if os.fork():
        os._exit(0)
    bulk.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
