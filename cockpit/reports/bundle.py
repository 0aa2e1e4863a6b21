"""The escalation bundle: one archive with everything the next level needs (seed 001, section 5), redacted.

    <inc>/report.md report.json      the five fields, timeline, checklist, last events
    <inc>/redactions.json            what was taken out: how many, of what kind, where
    <inc>/missing.json               what should be there and is not, and why
    <inc>/evidence/<nn>-<run>/...    receipts, handoffs, routing, logs
    <inc>/commands/<id>/...          what commands printed
    <inc>/manifest.json              sha256 and size of every file above, and where the evidence comes from

The same inputs give the same bytes: names are sorted, owners and modes fixed, times those of the evidence.
"""

import gzip
import io
import tarfile
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from cockpit.clock import iso
from cockpit.reports.evidence import Opener, Piece, collect
from cockpit.reports.facts import SCHEMA, newest, report_facts
from cockpit.reports.gathered import Gathered
from cockpit.reports.missing import missing
from cockpit.reports.plain import plain, to_bytes, to_text
from cockpit.reports.redact import Redactor
from cockpit.reports.render import render

MANIFEST = "manifest.json"
TEMPLATE = "escalation.md"
_REPORT, _DOCUMENT, _REDACTIONS, _MISSING = "report.md", "report.json", "redactions.json", "missing.json"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A finished bundle.

    Attributes:
        data: The archive.
        sha256: Of it.
        redactions: How many secrets were taken out.
        missing: What should be in it and is not.
        files: Names in it, sorted.
    """

    data: bytes
    sha256: str
    redactions: int
    missing: tuple[str, ...]
    files: tuple[str, ...]


def make_bundle(known: Gathered, opener: Opener, templates: Path | None = None) -> Bundle:
    """Put a bundle together. Reads the evidence.

    Args:
        known: The incident.
        opener: Makes the reader of a root.
        templates: Directory of the user's templates.

    Raises:
        UsageError: A template of the user is wrong.
    """
    redactor = Redactor()
    facts = report_facts(known)
    redactor.learn_all(facts)
    pieces, absent = collect(known, opener, redactor)
    lacking = redactor.value(missing(known, facts, absent), _MISSING)
    document = redactor.value(facts, _DOCUMENT) | {"missing": lacking}
    # Names of evidence stand for the paths in the report.
    files = {piece.name: piece.data for piece in pieces}
    listing = [_listed(piece) for piece in pieces]
    counts = redactor.report()
    text = render(TEMPLATE, {"report": document, "files": listing, "redactions": counts}, templates)
    # A template of the user may put together what was apart.
    text = redactor.text(text, _REPORT)
    files |= {
        _REPORT: to_text(text),
        _DOCUMENT: to_bytes(document),
        _REDACTIONS: to_bytes({"total": redactor.total, "redactions": redactor.report()}),
        _MISSING: to_bytes({"missing": lacking}),
    }
    name = known.situation.incident.id
    at = newest(known)
    times = {piece.name: piece.modified_at for piece in pieces}
    files[MANIFEST] = to_bytes(_manifest(name, at, files, listing))
    data = _archive(name, files, times, at)
    lines = tuple(f"{each['what']}: {each['why']}" for each in lacking)
    return Bundle(data, sha256(data).hexdigest(), redactor.total, lines, tuple(sorted(files)))


def _listed(piece: Piece) -> dict[str, Any]:
    return {
        "name": piece.name, "source": piece.source, "run": piece.run, "original_size": piece.size,
        "left_out": piece.left_out, "modified_at": iso(piece.modified_at), "original_sha256": piece.original,
    }  # fmt: skip


def _manifest(incident: str, at: datetime, files: dict[str, bytes], listing: list[dict[str, Any]]) -> dict[str, Any]:
    origin = {each["name"]: {key: value for key, value in each.items() if key != "name"} for each in listing}
    return {
        "schema": SCHEMA,
        "incident": incident,
        "as_of": iso(at),
        "files": [
            {"name": name, "sha256": sha256(data).hexdigest(), "size": len(data), "origin": plain(origin.get(name))}
            for name, data in sorted(files.items())
        ],
    }


def report_text(data: bytes) -> str:
    """The Markdown of a bundle that was made here."""
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
        name = next(name for name in archive.getnames() if name.endswith(f"/{_REPORT}") and name.count("/") == 1)
        member = archive.extractfile(name)
        return "" if member is None else member.read().decode("utf-8")


def _archive(folder: str, files: dict[str, bytes], times: dict[str, datetime], at: datetime) -> bytes:
    packed = io.BytesIO()
    # No name and no time in the header; level 9 is the same everywhere zlib is.
    with (
        gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=packed, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT, encoding="utf-8") as archive,
    ):
        for name in sorted(files):
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size = len(files[name])
            entry.mtime = max(int(times.get(name, at).timestamp()), 0)
            entry.mode, entry.uid, entry.gid, entry.uname, entry.gname = 0o644, 0, 0, "", ""
            archive.addfile(entry, io.BytesIO(files[name]))
    return packed.getvalue()
