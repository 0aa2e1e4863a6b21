"""Proving the journal: every line as it was written, none missing, none added, none moved."""

import os
from pathlib import Path

from cockpit.journal import anchor
from cockpit.journal.codec import GENESIS, BrokenLineError, check
from cockpit.journal.files import open_regular
from cockpit.journal.log import LOST
from cockpit.journal.reader import Line, lines
from cockpit.models.base import Model
from cockpit.models.journal import Entry

NO_ANCHOR = "its anchor is missing or torn: entries cut off the end would not be noticed; the next entry renews it"
"""Said where the chain holds and nothing proves that it is whole."""


class Verification(Model):
    """The result.

    Attributes:
        ok: Whether the chain holds.
        entries: Entries that are proven, from the first on.
        line: 1-based number of the first line that is not, or `None`.
        reason: What is wrong with it, for people.
        torn: Bytes of a last line without newline: being written now, or left by a crash. Not a broken chain; the
            next append sets them aside and says so.
        head: Hash of the last proven entry; note it elsewhere to prove later that nothing before it changed.
        note: What weakens the proof although nothing is wrong with the chain, for people, or `None`.
    """

    ok: bool
    entries: int = 0
    line: int | None = None
    reason: str | None = None
    torn: int = 0
    head: str = GENESIS
    note: str | None = None


def verify(path: Path) -> Verification:
    """Check a journal from its first line to its last. Reads everything; never raises.

    An absent journal is a good, empty one, unless its anchor remembers entries.
    """
    # Before the journal: whatever is appended meanwhile is then beyond the anchor, not missing.
    known = anchor.read(path)
    try:
        fd = open_regular(path, os.O_RDONLY)
    except FileNotFoundError:
        return _at_end(0, GENESIS, known, None, 0)
    except OSError as error:
        return Verification(ok=False, reason=f"the journal cannot be read: {error.strerror or error}")
    try:
        return _verify_open(fd, known)
    except OSError as error:
        return Verification(ok=False, reason=f"the journal cannot be read: {error.strerror or error}")
    finally:
        os.close(fd)


def _verify_open(fd: int, known: anchor.Anchor | None) -> Verification:
    count, head, end = 0, GENESIS, 0
    anchored: str | None = None
    for line in lines(fd):
        try:
            entry = _entry(line, count + 1, head)
        except BrokenLineError as broken:
            return Verification(ok=False, entries=count, line=count + 1, reason=str(broken), head=head)
        count, head, end = count + 1, entry.hash, line.end
        if known is not None and count == known.seq:
            anchored = head
    return _at_end(count, head, known, anchored, max(0, os.fstat(fd).st_size - end))


def _at_end(count: int, head: str, known: anchor.Anchor | None, anchored: str | None, torn: int) -> Verification:
    if known is None or anchored == known.hash:
        note = NO_ANCHOR if known is None and count else None
        return Verification(ok=True, entries=count, torn=torn, head=head, note=note)
    if count < known.seq:
        missing = known.seq - count
        reason = f"the end is missing: {missing} acknowledged {'entry is' if missing == 1 else 'entries are'} gone"
        return Verification(ok=False, entries=count, line=count + 1, reason=reason, torn=torn, head=head)
    reason = "not the journal that was written here: another entry is in this place"
    return Verification(ok=False, entries=count, line=known.seq, reason=reason, torn=torn, head=head)


def _entry(line: Line, seq: int, prev: str) -> Entry:
    if line.data is None:
        raise BrokenLineError("too long for a journal entry")
    entry = check(line.data, seq, prev)
    if entry.kind == LOST:
        raise BrokenLineError("acknowledged entries were missing before this line when it was written")
    return entry
