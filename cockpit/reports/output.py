"""What a command printed, bounded, as text of a report; not yet redacted."""

import os
import stat

from cockpit.reports.gathered import Command

HEAD, TAIL = 8 * 1024, 16 * 1024
"""Bytes shown of the beginning and of the end."""


def shown_output(command: Command) -> str | None:
    """The head and the tail of what a command printed, cut between lines; `None` where that cannot be read."""
    if command.output is None:
        return None
    try:
        fd = os.open(command.output, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(fd, "rb") as file:
            entry = os.fstat(file.fileno())
            if not stat.S_ISREG(entry.st_mode):
                return None
            if entry.st_size <= HEAD + TAIL:
                return file.read(HEAD + TAIL).decode("utf-8", "replace")
            head = file.read(HEAD)
            file.seek(entry.st_size - TAIL)
            tail = file.read(TAIL)
    except OSError:
        return None
    # A line that the cut goes through is left out whole: half of it may hold half a secret.
    head, tail = head[: head.rfind(b"\n") + 1], tail[tail.find(b"\n") + 1 :]
    left_out = entry.st_size - len(head) - len(tail)
    middle = f"[cockpit: {left_out} bytes left out here]\n"
    return head.decode("utf-8", "replace") + middle + tail.decode("utf-8", "replace")
