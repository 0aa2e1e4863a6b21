"""`bundle`: reports of incidents."""

import argparse
from hashlib import sha256
from pathlib import Path

from cockpit.cli import output
from cockpit.cli.incident_room import Room, open_room
from cockpit.errors import ExitCode, UsageError
from cockpit.reporting import gather, record_report, state_dir, templates_dir
from cockpit.reports.writing import default_path, write_report


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
        room.session.require_writable(f"write a {kind}", root)
    write_report(path, data, force=options.force)
    if refused is None:
        record_report(room.desk, room.incident, kind, path.absolute(), data, redactions)
    else:
        output.tell(f"not on record that {path} was written (sha256 {sha256(data).hexdigest()}): {refused}")
