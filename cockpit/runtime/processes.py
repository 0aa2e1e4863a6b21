"""The processes of this host as the physics of runs needs them: identity cards, vital signs, open files.

Environments are never read. What the kernel does not let this user see is `None`, which is not the same as nothing.
"""

import os
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import psutil

MOST_FILES = 512
"""Descriptors of a process that are looked at."""
_RENEW_S = 30.0
"""A process may change its command line (exec) and its directory; what is known of it is looked at again so often."""


@dataclass(frozen=True, slots=True)
class Card:
    """Who a process is. `created` is in seconds since the epoch; pid and `created` together are its identity.

    `cwd` is `None` where it may not be known; `uid` likewise.
    """

    pid: int
    created: float
    ppid: int = 0
    name: str = ""
    cmdline: tuple[str, ...] = ()
    cwd: str | None = None
    uid: int | None = None

    @property
    def identity(self) -> tuple[int, float]:
        """Tells it from another process that was given the same number."""
        return self.pid, self.created


@dataclass(frozen=True, slots=True)
class Vitals:
    """How a process is. Seconds of CPU and bytes of I/O since it began; `None` where it may not be known."""

    status: str
    cpu_s: float | None = None
    rss: int | None = None
    io: int | None = None
    user: str | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """All processes of one moment.

    Attributes:
        cards: Every process, kernel threads left out.
        complete: Whether there was time to look at all of them.
    """

    cards: tuple[Card, ...] = ()
    complete: bool = True


class ProcessTable(Protocol):
    """The processes there are; tests have their own."""

    def list(self) -> Listing:
        """All of them. Bounded in time."""
        ...

    def vitals(self, card: Card) -> Vitals | None:
        """How a process is, or `None` where it is gone."""
        ...

    def open_files(self, card: Card) -> tuple[str, ...] | None:
        """Absolute paths of its open files, or `None` where they may not be known."""
        ...

    def waiting_on(self, card: Card) -> str | None:
        """What it waits on, in words, where the kernel tells."""
        ...


@dataclass(slots=True)
class _Known:
    card: Card
    process: "psutil.Process"
    at: float = field(default=0.0)


class HostProcesses:
    """The processes of this host, by psutil. Remembers who they are, so that a second look costs little.

    Args:
        budget_s: Most time one listing may take; what is left over comes first next time.
    """

    def __init__(self, budget_s: float = 0.5) -> None:
        self._budget_s = budget_s
        self._known: dict[int, _Known] = {}

    def list(self) -> Listing:
        """All processes. Whoever is new, or was looked at long ago, is looked at; of the others only that they live."""
        import psutil

        deadline = time.monotonic() + self._budget_s
        complete = True
        alive: dict[int, _Known] = {}
        for process in psutil.process_iter():
            now = time.monotonic()
            known = self._known.get(process.pid)
            if now > deadline:
                complete = False
                if known is not None:
                    alive[process.pid] = known
                continue
            # A number that was given away again shows here: psutil compares the time of birth.
            if known is not None and (known.process is not process or not process.is_running()):
                known = None
            if known is None or now - known.at > _RENEW_S:
                card = _card(process)
                known = None if card is None else _Known(card, process, now)
            if known is not None:
                alive[process.pid] = known
        self._known = alive
        return Listing(tuple(known.card for known in alive.values() if known.card.cmdline), complete)

    def vitals(self, card: Card) -> Vitals | None:
        """How a process is, or `None` where it is gone."""
        import psutil

        process = self._process(card)
        if process is None:
            return None
        try:
            with process.oneshot():
                status = str(process.status())
                times = process.cpu_times()
                rss = process.memory_info().rss if status != psutil.STATUS_ZOMBIE else None
                return Vitals(status, times.user + times.system, rss, _io(process), _user(process))
        except psutil.NoSuchProcess:
            return None
        except psutil.AccessDenied:
            return Vitals("unknown")

    def open_files(self, card: Card) -> tuple[str, ...] | None:
        """Paths of its open ordinary files and directories, at most `MOST_FILES`."""
        folder = f"/proc/{card.pid}/fd"
        found: list[str] = []
        try:
            with os.scandir(folder) as entries:
                for number, entry in enumerate(entries):
                    if number >= MOST_FILES:
                        break
                    with suppress(OSError):
                        target = os.readlink(entry.path)  # noqa: PTH115 -- of every descriptor
                        if target.startswith("/") and not target.startswith(("/dev/", "/proc/", "/sys/", "/memfd:")):
                            found.append(target)
        except PermissionError:
            return None
        except OSError:
            return self._open_files_elsewhere(card)
        return tuple(found)

    def _open_files_elsewhere(self, card: Card) -> tuple[str, ...] | None:
        """Where there is no /proc."""
        import psutil

        process = self._process(card)
        if process is None:
            return ()
        try:
            return tuple(item.path for item in process.open_files())
        except psutil.AccessDenied:
            return None
        except (psutil.Error, OSError):
            return ()

    def waiting_on(self, card: Card) -> str | None:
        """A child, the peer of a connection, a lock, a pipe: what the kernel function it sleeps in points at."""
        from cockpit.runtime.waiting import waiting_on

        process = self._process(card)
        return None if process is None else waiting_on(process)

    def _process(self, card: Card) -> "psutil.Process | None":
        import psutil

        known = self._known.get(card.pid)
        if known is not None and known.card.created == card.created:
            return known.process if known.process.is_running() else None
        with suppress(psutil.Error):
            process = psutil.Process(card.pid)
            if process.create_time() == card.created:
                return process
        return None


def family(listing: Listing, pids: Iterable[int]) -> dict[int, list[Card]]:
    """All descendants of each of these processes."""
    children: dict[int, list[Card]] = {}
    for card in listing.cards:
        children.setdefault(card.ppid, []).append(card)
    found: dict[int, list[Card]] = {}
    for pid in pids:
        below: list[Card] = []
        seen = {pid}
        waiting = [pid]
        while waiting:
            for card in children.get(waiting.pop(), ()):
                if card.pid not in seen:
                    seen.add(card.pid)
                    below.append(card)
                    waiting.append(card.pid)
        found[pid] = below
    return found


def ancestors(listing: Listing, pid: int) -> frozenset[int]:
    """A process and everything above it."""
    parents = {card.pid: card.ppid for card in listing.cards}
    above: set[int] = set()
    while pid and pid not in above:
        above.add(pid)
        pid = parents.get(pid, 0)
    return frozenset(above)


def _card(process: "psutil.Process") -> Card | None:
    import psutil

    try:
        with process.oneshot():
            cmdline: Sequence[str] = ()
            with suppress(psutil.AccessDenied, psutil.ZombieProcess):
                cmdline = process.cmdline()
            name, created, ppid = process.name(), process.create_time(), process.ppid()
            if not cmdline and process.status() == psutil.STATUS_ZOMBIE:
                # It has given its command line back, and is still somebody's dead producer.
                cmdline = (name,)
            cwd: str | None = None
            with suppress(psutil.AccessDenied, psutil.ZombieProcess, OSError):
                cwd = process.cwd()
            uid: int | None = None
            with suppress(psutil.AccessDenied):
                uid = process.uids().real
    except (psutil.Error, OSError):
        return None
    return Card(process.pid, created, ppid, name, tuple(cmdline), cwd or None, uid)


def _io(process: "psutil.Process") -> int | None:
    """Bytes it read and wrote by system calls, also to pipes and sockets; its own user's business only."""
    import psutil

    try:
        counters = process.io_counters()
    except (psutil.Error, OSError, AttributeError):
        return None
    return int(getattr(counters, "read_chars", counters.read_bytes)) + int(
        getattr(counters, "write_chars", counters.write_bytes)
    )


def _user(process: "psutil.Process") -> str | None:
    import psutil

    with suppress(psutil.Error, KeyError):
        return process.username()
    return None
