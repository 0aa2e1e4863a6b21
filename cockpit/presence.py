"""Who has a checklist open now: one small file a cockpit in the state directory, locked for as long as it lives.

    <state>/presence/<name>.lock   held (flock) by the cockpit
    <state>/presence/<name>.json   {"who", "tty", "peer", "target", "since"}, replaced atomically

The lock goes with the process, however that ends: a cockpit that was killed is gone at once, and what it left is
cleared away by the next one that looks. Nothing of this is history, so nothing of it is in the journal.
"""

import contextlib
import fcntl
import os
import secrets
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from cockpit.actions.storage import is_locked, make_dir, pretty, read_object, try_lock, write_atomic
from cockpit.clock import Clock, iso, parse_iso
from cockpit.journal.actor import shown
from cockpit.journal.files import JournalError, ensure_state_dir
from cockpit.models.base import Model
from cockpit.models.journal import Actor

FOLDER = "presence"
MAX_PEOPLE = 64
"""Files looked at; more cockpits than that are not told apart by anybody."""
_LONGEST = 200
_ATTEMPTS = 5


class Person(Model):
    """Somebody who has a checklist open.

    Attributes:
        name: Name of their file, unique.
        who: Their name for people, foreign text.
        tty: Their terminal, or `None`.
        target: The run's or incident's id whose checklist they have open.
        since: Since when, where that can be read.
    """

    name: str
    who: str
    tty: str | None = None
    target: str
    since: datetime | None = None


class Presence:
    """This cockpit's own sign, in one state directory. Where it cannot be written, nobody is told, and nothing fails.

    Blocks on the disk; safe to share between threads.
    """

    def __init__(self, state_dir: Path, actor: Actor, clock: Clock) -> None:
        """Touches nothing.

        Args:
            state_dir: State directory of a root.
            actor: Who is here.
            clock: What time it is.
        """
        self.folder = state_dir / FOLDER
        self._actor = actor
        self._clock = clock
        self._guard = threading.Lock()
        self._lock: int | None = None
        self._name: str | None = None
        self._target: str | None = None
        self._over = False

    @property
    def name(self) -> str | None:
        """Name of its file, or `None` while it shows nothing."""
        return self._name

    def show(self, target: str | None) -> None:
        """Say which checklist is open now, or that none is."""
        with self._guard, contextlib.suppress(OSError, JournalError):
            if target == self._target or self._over:
                return
            if target is None:
                self._leave()
                return
            if self._lock is None:
                self._arrive()
            self._write(target)
            self._target = target

    def leave(self) -> None:
        """Take the sign away for good: a look that is still under way does not put it up again."""
        with self._guard, contextlib.suppress(OSError):
            self._over = True
            self._leave()

    def _arrive(self) -> None:
        ensure_state_dir(self.folder.parent)
        make_dir(self.folder)
        for _ in range(_ATTEMPTS):
            name = f"{os.getpid()}-{secrets.token_hex(4)}"
            lock = try_lock(self.folder / f"{name}.lock")
            if lock is None:
                continue
            if os.fstat(lock).st_nlink:
                self._lock, self._name = lock, name
                return
            os.close(lock)  # somebody cleared it away before it was locked
        raise BlockingIOError("no presence file could be locked")

    def _write(self, target: str) -> None:
        facts = {
            "who": shown(self._actor),
            "tty": self._actor.tty,
            "peer": self._actor.ssh_peer,
            "target": target,
            "since": iso(self._clock()),
        }
        write_atomic(self.folder / f"{self._name}.json", pretty(facts))

    def _leave(self) -> None:
        if self._lock is None:
            return
        lock, name = self._lock, self._name
        self._lock = self._name = self._target = None
        try:
            for suffix in ("json", "lock"):
                (self.folder / f"{name}.{suffix}").unlink(missing_ok=True)
        finally:
            os.close(lock)


def people(state_dir: Path, *, but: str | None = None) -> tuple[Person, ...]:
    """Everybody who has a checklist open under a state directory, by name of their file; clears away who is gone.

    Args:
        state_dir: State directory of a root.
        but: Name of a file that does not count: one's own.
    """
    folder = state_dir / FOLDER
    try:
        names = sorted(entry.stem for entry in folder.iterdir() if entry.suffix == ".lock")
    except OSError:
        return ()
    found = []
    for name in names[:MAX_PEOPLE]:
        if name == but:
            continue
        held = is_locked(folder / f"{name}.lock")
        if held is False:
            _clear(folder, name)
        person = _read(folder, name) if held else None
        if person is not None:
            found.append(person)
    return tuple(found)


def tell_when_gone(state_dir: Path, name: str, callback: Callable[[], None]) -> None:
    """Call `callback`, from a thread of its own, as soon as a cockpit is gone. Costs nothing until then."""
    path = state_dir / FOLDER / f"{name}.lock"

    def wait() -> None:
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            callback()
            return
        try:
            fcntl.flock(fd, fcntl.LOCK_SH)
        except OSError:
            return  # a filesystem without locks: nobody is shown there either
        finally:
            os.close(fd)
        callback()

    threading.Thread(target=wait, name=f"cockpit-presence-{name}", daemon=True).start()


def _read(folder: Path, name: str) -> Person | None:
    facts = read_object(folder / f"{name}.json")
    if facts is None:
        return None
    who, target, tty, since = (facts.get(key) for key in ("who", "target", "tty", "since"))
    if not isinstance(who, str) or not isinstance(target, str) or not who or not target:
        return None
    return Person(
        name=name,
        who=who[:_LONGEST],
        tty=tty[:_LONGEST] if isinstance(tty, str) else None,
        target=target,
        since=parse_iso(since) if isinstance(since, str) else None,
    )


def _clear(folder: Path, name: str) -> None:
    """Remove what a cockpit that is gone left; only while nobody else holds its lock."""
    with contextlib.suppress(OSError):
        lock = try_lock(folder / f"{name}.lock")
        if lock is None:
            return
        try:
            for suffix in ("json", "lock"):
                (folder / f"{name}.{suffix}").unlink(missing_ok=True)
        finally:
            os.close(lock)
