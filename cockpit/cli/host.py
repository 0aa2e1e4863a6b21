"""`doctor`, `info`, `keys`: the host, the paths, the keys."""

import argparse
import os
import platform
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from cockpit import __version__, health, locations, terminal_health
from cockpit.cli import output
from cockpit.cli.context import make_session, read_settings
from cockpit.commands import COMMANDS, show_keys
from cockpit.errors import CockpitError, ExitCode, RootError
from cockpit.health import Finding
from cockpit.journal.anchor import lock_path
from cockpit.keymap import build_keymap
from cockpit.own_keys import OWN, own_keys
from cockpit.presenters import words
from cockpit.runtime import inotify
from cockpit.runtime.mounts import filesystem_type, is_silent
from cockpit.session import Session
from widgets.rows import Cell, Tone


def doctor(options: argparse.Namespace) -> int:
    """Is this host ready? Exit 1 where something is not."""
    findings = _host()
    try:
        session = make_session(options)
    except RootError as error:
        findings.append(Finding("root", False, str(error)))
    except CockpitError as error:
        findings.append(Finding("configuration", False, str(error)))
    else:
        findings += _configuration(session, Path(options.config) if options.config else locations.config_file())
        for root in session.roots:
            findings += _root(session, root)
        findings += _records(session, chosen=options.state_dir is not None)
        session.close()
    if options.json:
        output.emit([{"name": item.name, "ok": item.ok, "told": item.told} for item in findings])
    else:
        marks = {True: Cell("+ ok", Tone.OK), False: Cell("x bad", Tone.BAD), None: Cell(". note", Tone.DIM)}
        rows = [(marks[item.ok], Cell(item.name, Tone.STRONG), words.text(item.told)) for item in findings]
        output.table(("", "what", "found"), rows)
    return int(ExitCode.BAD if any(item.ok is False for item in findings) else ExitCode.OK)


def _host() -> list[Finding]:
    findings = [Finding("python", sys.version_info >= (3, 11), platform.python_version())]
    here = sys.stdout.isatty()
    size = shutil.get_terminal_size() if here else None
    findings += terminal_health.terminal(size, sys.stdout.encoding or "", os.environ)
    findings.append(terminal_health.clipboard(os.environ))
    if here:
        findings.append(terminal_health.synchronised(os.environ, terminal_health.ask_terminal(os.environ)))
    findings += terminal_health.session(os.environ)
    for tool, use in (("make", "the commands of resume and retry"), ("git", "nothing yet"), ("tmux", "clipboard")):
        path = shutil.which(tool)
        findings.append(Finding(tool, True if path else None, path or f"not found; used for {use}"))
    return findings


def _configuration(session: Session, path: Path) -> list[Finding]:
    keymap = build_keymap(session.settings.keys)
    problems = (*keymap.problems, *own_keys(session.settings.actions, keymap).problems)
    findings = [Finding("configuration", True, f"{path}" if path.exists() else f"{path} (none: defaults)")]
    findings += [Finding("keys", False, problem) for problem in problems]
    findings += [
        Finding("playbook", False, f"{item.path}:{item.line or ''} {item.reason}") for item in session.library.problems
    ]
    return findings


def _root(session: Session, root: Path) -> list[Finding]:
    if not root.is_dir():
        return [Finding("root", False, f"{root}: no such directory")]
    sources = ", ".join(source.id for source in session.sources_for(root))
    findings = [Finding("root", bool(sources), f"{root}: {sources or 'no known system keeps runs here'}")]
    bounds = session.bounds(root)
    findings += [Finding("root file", False, str(mistake)) for mistake in bounds.mistakes]
    asked = [text for text in (bounds.refused, bounds.typed) if text and not bounds.mistakes]
    findings += [Finding("root file", None, text) for text in asked]
    kind = filesystem_type(root) or "unknown"
    silent = is_silent(root)
    findings.append(
        Finding("filesystem", None if silent else True, f"{kind}{': polled, inotify is silent' if silent else ''}")
    )
    return findings


def _records(session: Session, *, chosen: bool) -> list[Finding]:
    """The records of the roots: where they are kept and in what order; those that are shared, once."""
    findings = [health.watches([root for root in session.roots if root.is_dir()], inotify.usage())]
    seen: set[Path] = set()
    for root in session.roots:
        state = session.state_dir(root)
        if not root.is_dir() or state in seen:
            continue
        seen.add(state)
        findings += health.place(root, state, chosen=chosen)
        if (state / locations.JOURNAL_FILE).exists() or lock_path(state / locations.JOURNAL_FILE).exists():
            findings.append(health.chain(state / locations.JOURNAL_FILE))
        findings += [*health.lost_jobs(state), health.disk(state), health.room(state)]
    return findings


def info(options: argparse.Namespace) -> int:
    """Paths and versions."""
    settings = read_settings(options)
    try:
        session = make_session(options)
    except CockpitError:
        roots: list[dict[str, str]] = []
    else:
        roots = [{"path": str(root), "state": str(session.state_dir(root))} for root in session.roots]
        session.close()
    facts = {
        "version": __version__,
        "python": platform.python_version(),
        "textual": _version("textual"),
        "config": str(Path(options.config) if options.config else locations.config_file()),
        "playbooks": str(locations.config_dir() / "playbooks"),
        "themes": str(locations.config_dir() / "themes"),
        "theme": settings.theme,
        "cache": str(locations.cache_dir()),
        "user_state": str(locations.user_state_dir()),
        "roots": roots,
    }
    if options.json:
        output.emit(facts)
        return int(ExitCode.OK)
    for name, value in facts.items():
        if isinstance(value, list):
            for root in value:
                output.say(f"{'root':<11} {root['path']}")
                output.say(f"{'state':<11} {root['state']}")
        else:
            output.say(f"{name:<11} {value}")
    return int(ExitCode.OK)


def keys(options: argparse.Namespace) -> int:
    """The key map in force; exit 2 where the configuration's is broken."""
    settings = read_settings(options)
    keymap = build_keymap(settings.keys)
    own = own_keys(settings.actions, keymap)
    if options.json:
        output.emit(
            [
                {"id": c.id, "keys": list(keymap.of(c)), "default": list(c.keys), "title": c.title, "help": c.help,
                 "scope": c.scope.value, "group": c.group.value, "acts": c.acts}
                for c in COMMANDS
            ]
            + [
                {"id": f"{OWN}{a.id}", "keys": own.shown(a).split(), "default": own.shown(a).split(), "title": a.title,
                 "help": a.title, "scope": "anywhere", "group": "Your actions", "acts": True}
                for a in settings.actions
            ]
        )  # fmt: skip
    else:
        rows = [
            (Cell(show_keys(keymap.of(c)), Tone.ACCENT), Cell(c.id, Tone.DIM), Cell(c.group.value), Cell(c.help))
            for c in COMMANDS
        ]
        rows += [
            (
                Cell(own.shown(a), Tone.ACCENT),
                words.text(f"{OWN}{a.id}", Tone.DIM),
                Cell("Your actions"),
                words.text(a.title),
            )
            for a in settings.actions
        ]
        output.table(("keys", "id", "group", "does"), rows)
    problems = (*keymap.problems, *own.problems)
    for problem in problems:
        output.tell(problem)
    return int(ExitCode.USAGE if problems else ExitCode.OK)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"
