"""Reading a job's output while it is written, also when its middle is cut out meanwhile (`cockpit.actions.output`)."""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from cockpit.actions.output import CAP, marker
from cockpit.actions.storage import read_object
from cockpit.actions.supervisor import JOB

_BLOCK = 64 * 1024
_LONGEST = 64 * 1024
_MARKER = re.compile(rb"\n\[cockpit: +(\d+) bytes of output left out here\]\n")


class OutputFollower:
    """Reads on from where it was, in bytes as the command wrote them; what was cut out unseen is told in its place.

    Several may follow one output. The supervisor never waits for any of them for long.
    """

    def __init__(self, path: Path) -> None:
        """Touches nothing but the job's description.

        Args:
            path: The output file of a job.
        """
        self.path = path
        cap = (read_object(path.parent / JOB) or {}).get("output_cap")
        self._head = (cap if isinstance(cap, int) else CAP) // 4
        self._gap = len(marker(0))
        self._at = 0
        self._rest = b""

    def lines(self) -> Iterator[bytes]:
        """The complete lines that came since the last time; a very long one comes in pieces. Never raises."""
        while block := self._block():
            *complete, self._rest = (self._rest + block).split(b"\n")
            yield from complete
            while len(self._rest) > _LONGEST:
                yield self._rest[:_LONGEST]
                self._rest = self._rest[_LONGEST:]

    @property
    def partial(self) -> bytes:
        """The line in progress, of which the newline is still missing."""
        return self._rest

    def _block(self) -> bytes:
        """Some bytes that follow those read last; empty when there are none now."""
        try:
            fd = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return b""
        try:
            # So that nothing is moved while it is read.
            with suppress(OSError):
                fcntl.flock(fd, fcntl.LOCK_SH)
            return self._read(fd)
        except OSError:
            return b""
        finally:
            os.close(fd)

    def _read(self, fd: int) -> bytes:
        left_out = self._left_out(fd)
        if not left_out:
            data = os.pread(fd, _BLOCK, self._at)
        elif self._at < self._head:
            data = os.pread(fd, min(_BLOCK, self._head - self._at), self._at)
        elif self._at < self._head + left_out:
            data = marker(self._head + left_out - self._at)
            self._at = self._head + left_out
            return data
        else:
            data = os.pread(fd, _BLOCK, self._at - left_out + self._gap)
        self._at += len(data)
        return data

    def _left_out(self, fd: int) -> int:
        found = _MARKER.fullmatch(os.pread(fd, self._gap, self._head))
        return int(found[1]) if found else 0
