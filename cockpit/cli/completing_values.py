"""What options and arguments take, for the shells' completion: runs, incidents, jobs, playbooks ...

Runs come from the index, incidents and jobs from the state directories; nothing is scanned. Only plain names are
offered: the names of runs are foreign, and a shell would read more into others.
"""

import argparse
import os
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILES, DIRS = ":files", ":dirs"
"""Instead of words: the shell completes files or directories."""
RUNS = 5_000
"""Runs that are looked through: the newest of each root."""
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
BY_KIND: dict[str, _Finder] = {
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
BY_DEST: dict[str, _Finder] = {
    "playbook": lambda _: _playbooks(),
    "phase": lambda _: [(name, "phase") for name in _PHASES],
}
BY_OPTION: dict[str, _Finder] = {
    "--view": lambda typed: [(name, "view") for name in _plain(_configured(typed).get("views", {}))],
    "--source": _sources,
    "--theme": _themes,
    "--template": _templates,
    "--reason": lambda _: [],
}
