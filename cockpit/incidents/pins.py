"""Places kept as evidence: what is there when they are pinned, and whether it is still the same."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cockpit.clock import iso
from cockpit.errors import CockpitError, UsageError
from cockpit.models.incident import Pin, PinState
from cockpit.playbooks.evidence import parse_evidence
from cockpit.runtime.evidence import EvidenceReader
from cockpit.sanitize import clean


def look(reader: EvidenceReader, path: str, line: int | None = None) -> dict[str, Any]:
    """A place and what is there now, as the journal keeps it.

    Args:
        reader: Reads below the place's root.
        path: POSIX path relative to that root.
        line: 1-based line, or `None` for the whole file.

    Raises:
        UsageError: The path leads out of the root or names no ordinary file, or there is no such line.
        CockpitError: It cannot be read.
    """
    found = reader.digest(path, line)
    return {
        "path": path,
        "line": line,
        "root": str(reader.root),
        "sha256": found.sha256,
        "size": found.size,
        "modified_at": iso(found.modified_at),
        "quote": found.quote,
    }


def find(readers: Sequence[EvidenceReader], place: str) -> dict[str, Any]:
    """A place as `look` gives it, below the first root that has it.

    Args:
        readers: Readers of the roots, in the order they are tried.
        place: `PATH` or `PATH:LINE`: relative to a root, or a whole path that lies below one.

    Raises:
        UsageError: As `look`, where no root has it; the reason is that of the first one.
        CockpitError: Likewise.
    """
    refused: CockpitError | None = None
    for reader in readers:
        try:
            where = parse_evidence(_relative(place, reader.root))
            return look(reader, where.path, where.line)
        except CockpitError as error:
            refused = refused or error
    raise refused or UsageError("there is no root to pin anything of")


def _relative(place: str, root: Path) -> str:
    """A whole path relative to the root; anything else as it is."""
    if not place.startswith("/") or "\0" in place:
        return place
    try:
        return str(Path(place).resolve().relative_to(root.resolve()))
    except (ValueError, OSError, RuntimeError):
        raise UsageError(f"not below {clean(root)}: {clean(place)}") from None


def state(pin: Pin, reader: EvidenceReader) -> PinState:
    """Whether what was pinned is still there, byte for byte. Reads the file; never raises.

    Args:
        pin: The pin.
        reader: Reads below the pin's root.
    """
    try:
        found = reader.digest(pin.path, pin.line)
    except CockpitError:
        return PinState.MISSING
    return PinState.SAME if found.sha256 == pin.sha256 else PinState.CHANGED
