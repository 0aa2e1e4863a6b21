"""The files that go into a bundle: chosen by what the verdicts rest on, bounded, and without their secrets."""

import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from cockpit.errors import CockpitError
from cockpit.incidents.runs import RunNow
from cockpit.models.detail import RunDetail
from cockpit.models.records import Artifact
from cockpit.reports.gathered import Gathered
from cockpit.reports.redact import Redactor
from cockpit.runtime.evidence import EvidenceReader

MAX_FILES = 400
HEAD = TAIL = 128 * 1024
"""Bytes kept of the beginning and of the end of a file that is larger than both together."""
MAX_BYTES = 16 << 20
"""Bytes of all evidence in a bundle."""
MAX_NAME = 180
_MARGIN = 64 * 1024
"""Read beyond what is kept: a secret that the cut would halve is whole when it is looked for."""
_PLAIN = re.compile(r"[^A-Za-z0-9._+=@-]")
_PACKED = (".gz", ".zip", ".png", ".jpg", ".jpeg", ".db", ".sqlite", ".faiss", ".pkl", ".tar", ".xz", ".zst", ".bz2")

Opener = Callable[[Path], EvidenceReader]


@dataclass(frozen=True, slots=True)
class Piece:
    """A file as it goes into a bundle.

    Attributes:
        name: Its name there.
        source: Where it comes from: relative to the root of its run, or what of the state directory it is.
        run: Id of its run, or `None`.
        data: What is kept of it, redacted.
        size: Bytes of the original.
        modified_at: Of the original.
        left_out: Bytes missing in the middle.
        original: sha256 of the original where nothing was taken out of it, else `None`: the hash of a short secret
            gives it away.
    """

    name: str
    source: str
    run: str | None
    data: bytes
    size: int
    modified_at: datetime
    left_out: int = 0
    original: str | None = None


@dataclass(frozen=True, slots=True)
class Absent:
    """Something that belongs into a bundle and is not there, and why."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class _Raw:
    source: str
    run: str | None
    folder: str
    head: bytes
    tail: bytes
    size: int
    modified_at: datetime
    digest: str


def collect(known: Gathered, opener: Opener, redactor: Redactor) -> tuple[tuple[Piece, ...], tuple[Absent, ...]]:
    """Read the evidence of an incident's runs and commands; never raises for what cannot be read.

    Args:
        known: The incident.
        opener: Makes the reader of a root.
        redactor: Learns from every file before the first one is redacted.
    """
    absent: list[Absent] = []
    raws: list[_Raw] = []
    budget = MAX_BYTES
    for raw in _read_all(known, opener, absent):
        if isinstance(raw, Absent):
            absent.append(raw)
            continue
        if len(raws) >= MAX_FILES or budget < len(raw.head) + len(raw.tail):
            absent.append(Absent(raw.source, "left out: the bundle holds no more"))
            continue
        budget -= len(raw.head) + len(raw.tail)
        raws.append(raw)
    for raw in raws:
        for part in (raw.head, raw.tail):
            redactor.learn(_decode(part))
    taken: set[str] = set()
    pieces = [_piece(raw, redactor, taken) for raw in raws]
    return tuple(pieces), tuple(dict.fromkeys(absent))


def learn_evidence(known: Gathered, opener: Opener, redactor: Redactor) -> None:
    """Let a redactor know the secrets in the evidence, for a report that only speaks of it: a note may repeat one."""
    for raw in islice(_read_all(known, opener, []), MAX_FILES):
        if isinstance(raw, _Raw):
            for part in (raw.head, raw.tail):
                redactor.learn(_decode(part))


def paths_of(one: RunNow, known: Gathered) -> list[str]:
    """The files of a run that matter, what the verdict rests on first; relative to the root, each once."""
    detail = one.detail
    if detail is None or one.run is None:
        return []
    places = [each for reason in one.run.reasons for each in reason.evidence] + list(one.link.evidence)
    # What a person named may belong to any run: the first one, whose root it was found below, takes it.
    if known.situation.runs[0] is one:
        places += [each for row in known.timeline for each in row.evidence]
        places += [each for item in known.situation.checklist.items for each in item.evidence]
    paths = [each.path for each in places]
    if detail.record.evidence is not None:
        paths.append(detail.record.evidence.path)
    here = (one.run.flow, one.run.step)
    records = [((each.flow, each.step) != here, each.path) for each in detail.receipts]
    records += [((each.flow, each.step) != here, each.path) for each in detail.handoffs]
    paths += [path for _, path in sorted(records, key=lambda each: each[0])]
    paths += [each.transcript for each in detail.receipts if each.transcript and (each.flow, each.step) == here]
    paths += [entry.path for entry in islice(detail.routing, 2_000)]
    paths += [event.path for event in islice(detail.events, 2_000)]
    paths += [problem.path for problem in detail.problems]
    paths += [each.path for each in _logs(detail)]
    return list(dict.fromkeys(paths))


def _logs(detail: RunDetail) -> list[Artifact]:
    wanted = ("log", "transcript", "report", "review", "incident")
    return sorted(
        (each for each in detail.artifacts if any(word in each.kind.lower() for word in wanted)),
        key=lambda each: each.path,
    )


def _read_all(known: Gathered, opener: Opener, absent: list[Absent]) -> Iterator[_Raw | Absent]:
    for number, one in enumerate(known.situation.runs, start=1):
        if one.run is None:
            absent.append(Absent(one.link.id, "the run is no longer there"))
            continue
        reader = opener(Path(one.run.ref.root))
        for path in paths_of(one, known)[: 4 * MAX_FILES]:
            yield _read_below(reader, path, one.link.id, f"evidence/{number:02d}-{safe_name(one.link.id)}")
    for pin, _ in known.pins:
        yield _read_below(opener(Path(pin.root)), pin.path, None, "pins")
    for command in known.commands:
        if command.output is not None:
            what = f"output of {command.kind} {command.id}"
            yield _read(command.output, what, command.run, f"commands/{safe_name(command.id)}")


def _read_below(reader: EvidenceReader, path: str, run: str | None, folder: str) -> _Raw | Absent:
    try:
        real = reader.resolve(path)
    except CockpitError as error:
        return Absent(path, str(error).removeprefix(f"{path}: "))
    return _read(real, path, run, folder)


def _read(real: Path, source: str, run: str | None, folder: str) -> _Raw | Absent:
    if source.lower().endswith(_PACKED):
        return Absent(source, "packed or binary: what is in it cannot be looked through for secrets")
    try:
        fd = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(fd, "rb") as file:
            entry = os.fstat(file.fileno())
            if not stat.S_ISREG(entry.st_mode):
                return Absent(source, "not an ordinary file")
            head, tail, digest = _ends(file, entry.st_size)
    except OSError as error:
        return Absent(source, (error.strerror or "cannot be read").lower())
    if b"\0" in head or b"\0" in tail:
        return Absent(source, "packed or binary: what is in it cannot be looked through for secrets")
    modified = datetime.fromtimestamp(entry.st_mtime_ns // 1_000 / 1_000_000, UTC)
    return _Raw(source, run, folder, head, tail, entry.st_size, modified, digest)


def _ends(file: BinaryIO, size: int) -> tuple[bytes, bytes, str]:
    """All of a small file as its head, or head and tail of a large one, each with a margin; and the file's hash."""
    if size <= HEAD + TAIL:
        data = file.read(size)
        return data, b"", sha256(data).hexdigest()
    head = file.read(HEAD + _MARGIN)
    file.seek(size - TAIL - _MARGIN)
    return head, file.read(TAIL + _MARGIN), ""


def _piece(raw: _Raw, redactor: Redactor, taken: set[str]) -> Piece:
    source = redactor.text(raw.source, "names of files")
    before = redactor.total
    name = _unique(f"{raw.folder}/{_safe_path(source)}", taken)
    head = redactor.text(_decode(raw.head), source)
    left_out = 0
    if raw.tail:
        tail = redactor.text(_decode(raw.tail), source)
        left_out = raw.size - HEAD - TAIL
        head_kept, tail_kept = _encode(head)[:HEAD], _encode(tail)[-TAIL:]
        head_kept = head_kept[: head_kept.rfind(b"\n") + 1] or head_kept
        tail_kept = tail_kept[tail_kept.find(b"\n") + 1 :] or tail_kept
        mark = f"[cockpit: about {left_out} bytes left out here]\n".encode()
        data = head_kept + mark + tail_kept
    else:
        data = _encode(head)
    original = raw.digest if raw.digest and redactor.total == before else None
    return Piece(name, source, raw.run, data, raw.size, raw.modified_at, left_out, original)


def safe_name(text: str) -> str:
    """A file name without anything a file system, an archive or a shell takes for more; bounded."""
    name = _PLAIN.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "replace")), text)
    name = f"%2E{name[1:]}" if name.startswith(".") else name
    if name.startswith("-"):
        name = f"%2D{name[1:]}"
    if len(name) > MAX_NAME:
        name = f"{name[: MAX_NAME - 13]}-{sha256(text.encode('utf-8', 'replace')).hexdigest()[:12]}"
    return name or "_"


def _safe_path(path: str) -> str:
    parts = [safe_name(part) for part in path.split("/") if part not in ("", ".")]
    kept = "/".join(parts[-20:])
    return kept if len(kept) <= 4 * MAX_NAME else safe_name(path)


def _unique(name: str, taken: set[str]) -> str:
    """The name, or one with a number behind it where it, or it in another case, is taken."""
    candidate, number = name, 1
    while candidate.casefold() in taken:
        number += 1
        candidate = f"{name}~{number}"
    taken.add(candidate.casefold())
    return candidate


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
