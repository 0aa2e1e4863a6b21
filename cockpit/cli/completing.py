"""What a word of the command line could be, for the shells' completion: asked with every press of tab, so it is quick.

Verbs and options come from the parser, runs from the index, incidents and jobs from the state directories; nothing is
scanned. Only plain names are offered: the names of runs are foreign, and a shell would read more into others.
"""

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILES, DIRS = ":files", ":dirs"
"""Instead of words: the shell completes files or directories."""
RUNS = 5_000
"""Runs that are looked through: the newest of each root."""
MOST = 300
"""Words that are offered."""
TAIL = 8 << 20
"""Bytes at the end of a journal that are looked through for incidents."""

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
_INCIDENT = re.compile(rb'"incident":"(inc-[0-9]{8}-[0-9]+)"')
_SEVERITIES = ("SEV1", "SEV2", "SEV3", "SEV4")
_PHASES = ("detect", "contain", "diagnose", "fix", "verify", "document", "closed")


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed before the word in question.

    Attributes:
        parser: That of the innermost word of the program (`cockpit incident note`).
        option: The option whose value the word is, or `None`.
        places: Positional words of that parser so far.
        verb: Whether a verb was typed.
        given: Values of options that decide where things are, by name.
    """

    parser: argparse.ArgumentParser
    option: argparse.Action | None
    places: int
    verb: bool
    given: dict[str, list[str]]


def main(words: Sequence[str]) -> int:
    """Print what the last of the words could be, a line each: the word, a tab, what it is. Never fails."""
    with suppress(Exception):
        lines = [f"{word}\t{text}" if text else word for word, text in complete(words)]
        sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def complete(words: Sequence[str]) -> list[tuple[str, str]]:
    """What the last of the words could be, each with what it is.

    Args:
        words: All after the program's name, up to the one that is typed, which may be empty.
    """
    # bash takes `--root=x` for three words.
    words = [word for word in words if word != "="] or [""]
    before, word = words[:-1], words[-1]
    typed = _read(before)
    found: list[tuple[str, str]] = []
    for value, text in _candidates(typed, word):
        if value in (FILES, DIRS) or (value.startswith(word) and value != word):
            found.append((value, text))
            if len(found) >= MOST:
                break
    return list(dict.fromkeys(found))


def _read(before: Sequence[str]) -> Typed:
    from cockpit.cli.parser import verb_parser

    parser, option, places, verb = verb_parser(), None, 0, False
    given: dict[str, list[str]] = {}
    for word in before:
        if option is not None:
            given.setdefault(option.option_strings[-1], []).append(word)
            option = None
            continue
        name, equals, value = word.partition("=")
        if word.startswith("-"):
            found = _known(parser, top=not verb and not places).get(name)
            if found is not None and equals:
                given.setdefault(name, []).append(value)
            elif found is not None and _takes_value(found):
                option = found
            continue
        below = _words(parser).get(word)
        if below is not None:
            parser, places, verb = below, 0, True
        else:
            places += 1
    return Typed(parser, option, places, verb, given)


def _options(parser: argparse.ArgumentParser) -> dict[str, argparse.Action]:
    return parser._option_string_actions


def _known(parser: argparse.ArgumentParser, *, top: bool) -> dict[str, argparse.Action]:
    """The options that fit; before a verb those of the terminal UI too."""
    if not top:
        return _options(parser)
    from cockpit.cli.parser import view_parser

    return _options(view_parser()) | _options(parser)


def _words(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The words below a parser: verbs, or those of `incident`."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def _helps(parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from ((choice.dest, choice.help or "") for choice in action._choices_actions)


def _takes_value(action: argparse.Action) -> bool:
    return action.nargs != 0


def _candidates(typed: Typed, word: str) -> Iterable[tuple[str, str]]:
    if typed.option is not None:
        return _values(typed, typed.option)
    parser = typed.parser
    if word.startswith("-"):
        known = _known(parser, top=not typed.verb and not typed.places)
        return [(name, action.help or "") for name, action in sorted(known.items()) if name.startswith("--")]
    if _words(parser):
        more = [(DIRS, "")] if not typed.verb and not typed.places else []
        return [*_helps(parser), *more] if not typed.places else []
    return _values(typed, place) if (place := _place(typed)) is not None else []


def _place(typed: Typed) -> argparse.Action | None:
    """The positional argument that the word is."""
    places = [action for action in typed.parser._actions if not action.option_strings]
    if typed.places < len(places):
        return places[typed.places]
    return places[-1] if places and places[-1].nargs in ("*", "+") else None


def _values(typed: Typed, action: argparse.Action) -> Iterable[tuple[str, str]]:
    """What an option or a place takes."""
    if action.choices is not None:
        return [(str(choice), "") for choice in action.choices]
    kind = action.metavar if isinstance(action.metavar, str) else ""
    if action.dest in _BY_DEST:
        return _BY_DEST[action.dest](typed)
    name = action.option_strings[-1] if action.option_strings else ""
    if name in _BY_OPTION:
        return _BY_OPTION[name](typed)
    return _BY_KIND[kind](typed) if kind in _BY_KIND else []


# -- where things are


def _roots(typed: Typed) -> list[Path]:
    """The roots, as the program would have them."""
    named = typed.given.get("--root") or [part for part in os.environ.get("COCKPIT_ROOT", "").split(os.pathsep) if part]
    if not named:
        named = [str(root.get("path")) for root in _configured(typed).get("roots", ()) if isinstance(root, dict)]
    return [Path(name).expanduser().resolve() for name in named or ["."]]


def _configured(typed: Typed) -> dict[str, Any]:
    import tomllib

    from cockpit.locations import config_file

    try:
        text = Path(typed.given.get("--config", [str(config_file())])[-1]).read_text(encoding="utf-8")
        return tomllib.loads(text)
    except (OSError, ValueError):
        return {}


def _states(typed: Typed) -> list[Path]:
    """The state directories of the roots."""
    from cockpit.locations import state_dir

    given = typed.given.get("--state-dir")
    return [state_dir(root, Path(given[-1]) if given else None) for root in _roots(typed)]


def _plain(names: Iterable[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if _PLAIN.fullmatch(name)]


def _runs(typed: Typed) -> list[tuple[str, str]]:
    """The newest runs, from the index."""
    from cockpit.cli.known_runs import known_runs
    from cockpit.locations import index_path

    found = [run for root in _roots(typed) for run in known_runs(index_path(root), RUNS)]
    return [(name, state) for name, state in found if _PLAIN.fullmatch(name)]


def _incidents(typed: Typed) -> list[tuple[str, str]]:
    """Incidents of the record, the newest first."""
    from cockpit.locations import JOURNAL_FILE

    names: list[str] = []
    for state in _states(typed):
        with suppress(OSError), (state / JOURNAL_FILE).open("rb") as journal:
            size = journal.seek(0, os.SEEK_END)
            journal.seek(max(0, size - TAIL))
            names += [found.decode() for found in _INCIDENT.findall(journal.read(TAIL))]
    return [(name, "incident") for name in sorted(set(names), reverse=True)]


def _jobs(typed: Typed) -> list[tuple[str, str]]:
    names: list[tuple[str, str]] = []
    for state in _states(typed):
        for folder, text in (("jobs", "job"), ("bulks", "bulk")):
            with suppress(OSError):
                found = sorted(os.listdir(state / folder), reverse=True)  # noqa: PTH208 - names are all that is wanted
                names += [(name, text) for name in _plain(found)]
    return names


def _actions(typed: Typed) -> list[tuple[str, str]]:
    from cockpit.cli.action_arguments import ACTIONS

    own = [str(each.get("id")) for each in _configured(typed).get("actions", ()) if isinstance(each, dict)]
    return [(name, "action") for name in _plain([*ACTIONS, *own])]


def _playbooks() -> list[tuple[str, str]]:
    from cockpit.locations import config_dir

    shipped = Path(__file__).parent.parent / "playbooks" / "library"
    files = [*shipped.glob("*.md"), *(config_dir() / "playbooks").glob("*.md")]
    return [(name, "playbook") for name in _plain(sorted(path.stem for path in files))]


def _themes(_: Typed) -> list[tuple[str, str]]:
    from cockpit.locations import config_dir

    here = Path(__file__).parent.parent
    folders = (here / "_themes", here.parent / "themes", config_dir() / "themes")
    return [(name, "theme") for name in _plain(sorted(path.stem for each in folders for path in each.glob("*.toml")))]


def _sources(_: Typed) -> list[tuple[str, str]]:
    from importlib.metadata import entry_points

    from cockpit.sources.registry import BUILT_IN, GROUP

    return [(name, "source") for name in _plain([*BUILT_IN, *(point.name for point in entry_points(group=GROUP))])]


def _templates(_: Typed) -> list[tuple[str, str]]:
    shipped = Path(__file__).parent.parent / "reports" / "templates"
    names = sorted(path.name.removeprefix("notify-").partition(".")[0] for path in shipped.glob("notify-*"))
    return [(name, "template") for name in names]


def _settings(_: Typed) -> list[tuple[str, str]]:
    from cockpit.settings import Settings

    return [(name, "setting") for name in Settings.model_fields]


def _files(_: Typed) -> list[tuple[str, str]]:
    return [(FILES, "")]


def _dirs(_: Typed) -> list[tuple[str, str]]:
    return [(DIRS, "")]


_Finder = Callable[[Typed], list[tuple[str, str]]]
_BY_KIND: dict[str, _Finder] = {
    "RUN": _runs,
    "R": _runs,
    "INC": _incidents,
    "INC|verify FILE": _incidents,
    "TARGET": lambda typed: [*_incidents(typed), *_runs(typed)],
    "JOB": _jobs,
    "BULK": _jobs,
    "ACTION": _actions,
    "DIR": _dirs,
    "FILE": _files,
    "ID|FILE": lambda _: [*_playbooks(), (FILES, "")],
    "PATH[:LINE]": _files,
    "KEY": _settings,
    "SEV": lambda _: [(name, "severity") for name in _SEVERITIES],
}
_BY_DEST: dict[str, _Finder] = {
    "playbook": lambda _: _playbooks(),
    "phase": lambda _: [(name, "phase") for name in _PHASES],
}
_BY_OPTION: dict[str, _Finder] = {
    "--view": lambda typed: [(name, "view") for name in _plain(_configured(typed).get("views", {}))],
    "--source": _sources,
    "--theme": _themes,
    "--template": _templates,
    "--reason": lambda _: [],
}
