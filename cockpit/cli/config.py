"""`config`: what is configured, where each value came from, and what is wrong with it."""

import argparse
import json
import os
import sys
from pathlib import Path

from cockpit import locations
from cockpit.cli import output
from cockpit.cli.context import read_settings
from cockpit.config_origin import Entry, Origin, Plain, entries, overridden
from cockpit.errors import CockpitError, ExitCode, UsageError
from cockpit.keymap import build_keymap
from cockpit.own_keys import own_keys
from cockpit.presenters import words
from cockpit.setting_mistakes import Mistake, SettingsError
from cockpit.settings import Settings, load_settings, read_text
from cockpit.terminal import AUTO
from cockpit.toml_places import Place, line_of, places
from widgets.rows import Cell, Tone


def config(options: argparse.Namespace) -> int:
    """One of the words of `config`."""
    return {
        "show": _show, "check": _check, "path": _path, "edit": _edit, "schema": _schema, "reference": _reference,
        "template": _template,
    }[options.what or "show"](options)  # fmt: skip


def _file(options: argparse.Namespace) -> Path:
    return Path(options.config) if options.config is not None else locations.config_file()


# -- show


def _show(options: argparse.Namespace) -> int:
    file = _file(options)
    settings = read_settings(options)
    shown = [
        entry for entry in _in_force(options, settings, file)
        if _asked_for(entry.key, options.names) and not (options.changed and entry.origin is Origin.DEFAULT)
    ]  # fmt: skip
    if options.names and not shown and not options.changed:
        from cockpit.config_schema import suggestion

        name = options.names[0]
        raise UsageError(f"{name}: there is no such key; {suggestion(name.split('.'))}")
    if options.json:
        facts = [
            {"key": e.key, "value": e.value, "origin": e.origin.value, "where": e.where, "line": e.line} for e in shown
        ]
        output.emit({"file": str(file), "exists": file.exists(), "settings": facts})
        return int(ExitCode.OK)
    output.tell(f"{file}{'' if file.exists() else ' (none: defaults)'}")
    output.table(("key", "from", "value"), [_row(entry) for entry in shown])
    return int(ExitCode.OK)


def _row(entry: Entry) -> tuple[Cell, Cell, Cell]:
    default = entry.origin is Origin.DEFAULT
    whole = int(entry.value) if isinstance(entry.value, float) and entry.value.is_integer() else entry.value
    value = "-" if whole is None else json.dumps(whole, ensure_ascii=False)
    return (
        words.text(entry.key, Tone.DIM if default else Tone.STRONG),
        words.text(entry.place if not default else "default", Tone.DIM if default else Tone.ACCENT),
        words.text(value, Tone.DIM if default else Tone.PLAIN),
    )


def _asked_for(key: str, names: list[str]) -> bool:
    return not names or any(key == name or key.startswith(f"{name}.") for name in names)


def _in_force(options: argparse.Namespace, settings: Settings, file: Path) -> list[Entry]:
    """Every setting, what options and environment say included."""
    text = read_text(file)
    known = entries(settings, file, places(text) if text is not None else {})
    stronger: dict[str, tuple[str, Plain]] = {}
    if options.read_only:
        stronger["read_only"] = ("--read-only", True)
    named = [(name, "--root", Origin.OPTION) for name in options.root or ()]
    if not named:
        from_environment = os.environ.get("COCKPIT_ROOT", "").split(os.pathsep)
        named = [(part, "COCKPIT_ROOT", Origin.ENVIRONMENT) for part in from_environment if part]
    found = overridden(known, stronger, os.environ, {*settings.services, "ai-csuite"})
    # Roots that are named are watched instead of those of the file; what the file says of them still holds.
    found += _asked_by_roots(options, settings)
    return found + [Entry(f"watched.{n}", name, origin, where) for n, (name, where, origin) in enumerate(named)]


def _asked_by_roots(options: argparse.Namespace, settings: Settings) -> list[Entry]:
    """What the files of the watched roots say."""
    from cockpit.cli.context import the_roots
    from cockpit.root_file import read_bounds

    try:
        roots = [root.path for root in the_roots(options, settings)] if settings.root_files else []
    except CockpitError:
        return []
    return [
        Entry(f"root.{root}.{place[0]}", getattr(bounds.told, str(place[0])), Origin.ROOT, str(bounds.path), line)
        for root in roots for bounds in (read_bounds(root),) for place, line in bounds.found
        if len(place) == 1 and place[0] in type(bounds.told).model_fields
    ]  # fmt: skip


# -- check


def _check(options: argparse.Namespace) -> int:
    if len(options.names) > 1:
        raise UsageError("config check looks at one file")
    file = Path(options.names[0]) if options.names else _file(options)
    mistakes = _mistakes(file, required=bool(options.names) or options.config is not None)
    if options.json:
        facts = [{"file": m.path, "line": m.line, "key": m.key or None, "told": m.told} for m in mistakes]
        output.emit({"file": str(file), "ok": not mistakes, "mistakes": facts})
    elif not mistakes:
        output.say(f"{file}: {'nothing is wrong' if file.exists() else 'there is none: defaults'}")
    for mistake in mistakes:
        output.tell(str(mistake))
    return int(ExitCode.USAGE if mistakes else ExitCode.OK)


def _mistakes(file: Path, *, required: bool) -> list[Mistake]:
    """What is wrong with a file: its form, and what it names that does not exist."""
    try:
        settings = load_settings(file, required=required)
    except SettingsError as error:
        return list(error.mistakes)
    from cockpit.theming import load_themes, shipped_dir

    text = read_text(file)
    found = places(text) if text is not None else {}
    told: list[tuple[Place, str]] = []
    keymap = build_keymap(settings.keys)
    for problem in keymap.problems:
        table, _, command = problem.partition(": ")[0].partition(".")
        told.append(((table, command), problem))
    ids = [each.id for each in settings.actions]
    stolen = own_keys(settings.actions, keymap).problems
    told += [(("actions", ids.index(problem.split(".")[1]), "key"), problem) for problem in stolen]
    themes = load_themes([shipped_dir(), locations.config_dir() / "themes"]).themes
    if settings.theme not in (*themes, AUTO):
        told.append((("theme",), f"theme: no theme {settings.theme!r}; there are {', '.join(sorted(themes))}"))
    try:
        _names(settings)
    except CockpitError as error:
        told += [(_place(line), line) for line in str(error).splitlines()]
    mistakes = [
        Mistake(str(file), line_of(found, place), ".".join(map(str, place)), line.partition(": ")[2])
        for place, line in told
    ]
    return sorted(mistakes, key=lambda mistake: mistake.line or 0)


def _names(settings: Settings) -> None:
    """The sources that roots and actions name. Raises a `UsageError` for those that do not exist."""
    from cockpit.cli.context import check_actions, check_source

    for number, root in enumerate(settings.roots):
        try:
            check_source(root.source)
        except UsageError as error:
            raise UsageError(f"roots.{number}.source: {error}") from None
    check_actions(settings)


def _place(line: str) -> Place:
    return tuple(int(part) if part.isdigit() else part for part in line.partition(":")[0].split("."))


# -- the others


def _path(options: argparse.Namespace) -> int:
    file = _file(options)
    if options.json:
        output.emit({"file": str(file), "exists": file.exists()})
    else:
        output.say(str(file))
    return int(ExitCode.OK)


def _edit(options: argparse.Namespace) -> int:
    """Open it in the operator's editor: a program and its arguments, never a shell line."""
    import shlex
    import subprocess

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("config edit needs a terminal; cockpit config path names the file")
    file = _file(options)
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        argv = shlex.split(command)
        if not argv:
            raise ValueError("it names no program")  # noqa: TRY301 - told with the others
        if not file.exists():
            from cockpit.config_reference import template

            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(template(), encoding="utf-8")
        code = subprocess.run([*argv, str(file)], check=False).returncode
    except (OSError, ValueError) as error:
        raise UsageError(f"{command}: cannot be run: {error}") from error
    if code:
        raise UsageError(f"{argv[0]} ended with exit code {code}")
    options.names = []
    return _check(options)


def _schema(_: argparse.Namespace) -> int:
    from cockpit.config_schema import settings_schema

    output.emit(settings_schema())
    return int(ExitCode.OK)


def _reference(_: argparse.Namespace) -> int:
    from cockpit.config_reference import markdown_reference

    sys.stdout.write(markdown_reference() + "\n")
    return int(ExitCode.OK)


def _template(_: argparse.Namespace) -> int:
    from cockpit.config_reference import template

    sys.stdout.write(template())
    return int(ExitCode.OK)
