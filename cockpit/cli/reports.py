"""`bundle`, `postmortem`, `incident capture`, `incident file`: reports of incidents."""

import argparse
import sys
from hashlib import sha256
from pathlib import Path

from cockpit.cli import output
from cockpit.cli.incident_room import Room, open_room
from cockpit.errors import CockpitError, ExitCode, UsageError
from cockpit.reporting import gather, record_report, state_dir, templates_dir
from cockpit.reports.writing import default_path, write_report

_MAX_FILE = 8 << 20
"""Bytes of a document that is compared or continued."""


def bundle(options: argparse.Namespace) -> int:
    """Make an escalation bundle, or look into one."""
    words: list[str] = options.words
    if words[0] == "verify" and len(words) > 1:
        return _verify(words[1:], options)
    if len(words) != 1:
        raise UsageError("write: cockpit bundle INC [-o FILE], or: cockpit bundle verify FILE")
    options.incident = words[0]
    from cockpit.reports.bundle import make_bundle

    with open_room(options, runs=True) as room:
        made = make_bundle(gather(room.session, room.desk, room.incident), room.session.evidence, templates_dir())
        path = _target(options, room, "-bundle.tar.gz", made.data)
        _write(options, room, "bundle", path, made.data, made.redactions)
        if options.json:
            output.emit(
                {
                    "path": str(path), "sha256": made.sha256, "redactions": made.redactions,
                    "missing": list(made.missing), "files": list(made.files),
                }
            )  # fmt: skip
        else:
            output.say(str(path))
            output.say(f"sha256 {made.sha256}, {len(made.files)} files, {made.redactions} secrets taken out")
            for line in made.missing:
                output.say(f"missing: {line}")
    return int(ExitCode.OK)


def _verify(names: list[str], options: argparse.Namespace) -> int:
    if len(names) != 1 or options.output is not None:
        raise UsageError("write: cockpit bundle verify FILE")
    from cockpit.reports.inspect import inspect

    found = inspect(Path(names[0]))
    if options.json:
        output.emit(found)
    else:
        word = "whole and unchanged" if found.ok else "not to be trusted"
        output.say(f"{found.path}: {word}, {found.incident or 'no incident'}, {found.files} files")
        for problem in found.problems:
            output.say(f"  {problem}")
    return int(ExitCode.OK if found.ok else ExitCode.BAD)


def postmortem(options: argparse.Namespace) -> int:
    """Print or write the post-mortem, or compare a file with record and evidence."""
    if options.check is not None:
        if options.output is not None:
            raise UsageError("--check writes nothing: leave -o out")
        return _check(options)
    from cockpit.reports.plain import to_text
    from cockpit.reports.postmortem import is_document, make_postmortem

    with open_room(options, runs=True) as room:
        old = None
        if options.output is not None and not options.force:
            old = _read(Path(options.output), missing_ok=True)
            if old is not None and not is_document(old):
                raise UsageError(f"{options.output} exists and is no post-mortem of the cockpit; --force replaces it")
        made = make_postmortem(
            gather(room.session, room.desk, room.incident), room.session.evidence, templates_dir(), old
        )
        data = to_text(made.text)
        if options.output is not None:
            # What people wrote in it is in the new text: nothing is lost by replacing the file.
            options.force = options.force or old is not None
            path = _target(options, room, ".md", data)
            _write(options, room, "postmortem", path, data, made.redactions)
            if options.json:
                digest = sha256(data).hexdigest()
                output.emit(
                    {
                        "path": str(path), "sha256": digest, "redactions": made.redactions,
                        "missing": list(made.missing),
                    }
                )  # fmt: skip
                return int(ExitCode.OK)
            output.say(str(path))
        elif options.json:
            output.emit(made.facts | {"redactions": made.redactions, "missing": list(made.missing)})
        else:
            sys.stdout.write(data.decode())
        for title in made.missing:
            output.tell(f"missing: {title}")
    return int(ExitCode.OK)


def _check(options: argparse.Namespace) -> int:
    from cockpit.reports.postmortem import check_postmortem

    text = _read(Path(options.check)) or ""
    with open_room(options, runs=True) as room:
        found = check_postmortem(
            gather(room.session, room.desk, room.incident), room.session.evidence, text, templates_dir()
        )
        if options.json:
            document = {name: getattr(found, name) for name in type(found).model_fields}
            output.emit(document | {"path": options.check, "incident": room.incident.id, "ok": found.ok})
            return int(ExitCode.OK if found.ok else ExitCode.BAD)
        for name in found.differs:
            output.say(f"{options.check}: {name} no longer matches record and evidence")
        for name in found.lost:
            output.say(f"{options.check}: the generated part {name} is not there")
        for title in found.missing:
            output.say(f"{options.check}: missing: {title}")
        for each in found.blames:
            output.say(f"{options.check}:{each['line']}: blames people ({each['words']}); ask: {each['ask']}")
        if found.secrets:
            output.say(f"{options.check}: {found.secrets} secrets in it")
        if found.ok:
            output.say(f"{options.check} matches record and evidence")
    return int(ExitCode.OK if found.ok else ExitCode.BAD)


def capture(options: argparse.Namespace) -> int:
    """Print or write what was captured during the incident."""
    from cockpit.reports.capture import make_capture
    from cockpit.reports.plain import to_text

    with open_room(options, runs=True) as room:
        known = gather(room.session, room.desk, room.incident)
        made = make_capture(known, room.session.evidence, templates_dir())
        data = to_text(made.text)
        if options.output is not None:
            path = _target(options, room, ".md", data)
            _write(options, room, "capture", path, data, made.redactions)
            digest = sha256(data).hexdigest()
            if options.json:
                output.emit({"path": str(path), "sha256": digest, "redactions": made.redactions})
            else:
                output.say(str(path))
        elif options.json:
            output.emit(made.facts | {"redactions": made.redactions})
        else:
            sys.stdout.write(data.decode())
    return int(ExitCode.OK)


def incident_file(options: argparse.Namespace) -> int:
    """Write the incident's files of a kind."""
    from cockpit.reports.incident_files import incident_files, read_kind, write_incident_file

    kind = read_kind(options.kind)
    with open_room(options, runs=True, writes=f"write the {kind} file") as room:
        known_facts = gather(room.session, room.desk, room.incident)
        files = incident_files(known_facts, room.session.evidence, kind, templates_dir())
        if not files:
            raise UsageError(f"the {kind} has not ended yet: its file is written when it has")
        there = state_dir(room.desk)
        paths = []
        for file in files:
            known = (there / file.path).exists()
            paths.append(write_incident_file(there, file))
            if not known:
                record_report(room.desk, room.incident, kind, paths[-1].absolute(), file.data, file.redactions)
        if options.json:
            output.emit([{"path": str(path), "kind": kind} for path in paths])
        else:
            for path in paths:
                output.say(str(path))
    return int(ExitCode.OK)


def _read(path: Path, *, missing_ok: bool = False) -> str | None:
    """The text of a report that people may have edited.

    Raises:
        UsageError: It is too large or no text.
        CockpitError: It cannot be read.
    """
    try:
        if missing_ok and not path.exists():
            return None
        if not path.is_file():
            raise UsageError(f"{path} is no ordinary file" if path.exists() else f"{path}: no such file")
        if path.stat().st_size > _MAX_FILE:
            raise UsageError(f"{path} has more than {_MAX_FILE >> 20} MiB")
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8") from error
    except (OSError, ValueError) as error:
        raise CockpitError(f"{path}: cannot be read: {error}") from error


def _target(options: argparse.Namespace, room: Room, suffix: str, data: bytes) -> Path:
    if options.output is None:
        return default_path(state_dir(room.desk), room.incident.id, suffix, data)
    if not options.output or "\0" in options.output:
        raise UsageError("-o needs the name of a file")
    return Path(options.output)


def _write(options: argparse.Namespace, room: Room, kind: str, path: Path, data: bytes, redactions: int) -> None:
    """Write a report and put that on record.

    A session that may not write to its state still hands out the report where a file is named: it says that this is
    not on record.
    """
    root = next(root for root in room.session.roots if room.session.ledger(root) is room.desk.ledger)
    refused = room.session.refusal(root)
    if refused is not None and options.output is None:
        room.session.require_writable(f"write a {kind}", root, incident=room.incident.id)
    write_report(path, data, force=options.force)
    if refused is None:
        record_report(room.desk, room.incident, kind, path.absolute(), data, redactions)
    else:
        output.tell(f"not on record that {path} was written (sha256 {sha256(data).hexdigest()}): {refused}")
