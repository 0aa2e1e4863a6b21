"""Physics of a run on this host: its producer process, if there is one, and what it is doing."""

from datetime import datetime
from enum import StrEnum

from cockpit.models.base import Model


class Pulse(StrEnum):
    """What the process facts say."""

    ALIVE = "alive"
    """A producer process exists and works (CPU, children or I/O since the last look)."""
    IDLE = "idle"
    """It exists and does nothing that can be measured: it may wait for a provider, or hang."""
    STOPPED = "stopped"
    """It exists and is halted by a signal or a debugger: it does nothing until someone lets it go on."""
    GONE = "gone"
    """There is none, although the run should have one."""
    UNKNOWN = "unknown"
    """Nothing can be said: another host, no permission, or no way to tell its producer."""

    @property
    def known(self) -> bool:
        """Whether it says anything."""
        return self is not Pulse.UNKNOWN


class ProcessFact(Model):
    """One process that belongs to a run. Times UTC; CPU in percent of a core since the look before."""

    pid: int
    name: str
    cmdline: tuple[str, ...] = ()
    cwd: str | None = None
    user: str | None = None
    started_at: datetime
    status: str = ""
    cpu_percent: float | None = None
    rss_bytes: int | None = None
    children: int = 0
    open_files: tuple[str, ...] = ()
    """Open files inside the run, relative to the root."""
    waiting_on: str | None = None
    """What it waits on, where the kernel tells (a socket's peer, a child, a lock, a pipe)."""
    matched_by: str = ""
    """Why it counts as this run's producer."""
    sure: bool = True
    """Whether that is enough to call it the producer; a process that merely works in the root is not."""


class LostProducer(Model):
    """A process that was known to be the producer of a run and is no more.

    Attributes:
        pid: Its process id.
        name: Its name or command.
        known_by: How it was known: `seen` here, or by the record of a `job` or a `recording`.
        seen_at: When it was seen last, or began; UTC.
        zombie: It has ended and its parent has not taken note.
    """

    pid: int
    name: str = ""
    known_by: str = "seen"
    seen_at: datetime
    zombie: bool = False


class HostFacts(Model):
    """The host itself (seed 003's thresholds). Percentages 0 to 100, bytes, or `None` where unknown."""

    cpu_percent: float | None = None
    memory_percent: float | None = None
    disk_free_percent: float | None = None
    disk_free_bytes: int | None = None
    load_1m: float | None = None


class Physics(Model):
    """Everything physical known of a run at one moment.

    Attributes:
        at: When this was looked at.
        pulse: What it comes to.
        processes: Its producers, the most telling first.
        candidates: Processes that may be its producer, on too little to say so.
        host: The host, and the filesystem of the run's root.
        note: Why it is not known better, or what is odd; for people.
        worked_at: When a producer was last seen doing anything.
        lost: The producer that was there once, where there is none now.
    """

    at: datetime
    pulse: Pulse
    processes: tuple[ProcessFact, ...] = ()
    candidates: tuple[ProcessFact, ...] = ()
    host: HostFacts = HostFacts()
    note: str = ""
    worked_at: datetime | None = None
    lost: LostProducer | None = None
