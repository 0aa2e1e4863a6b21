"""What is wrong with a playbook file: whatever would be dead, refused or misleading once somebody works it.

Errors are what makes a part of it useless; a warning may be right on another host. Nothing here raises for what a file
holds, and nothing is run.
"""

import re
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from enum import StrEnum
from functools import partial
from pathlib import Path

from cockpit.models.base import Model
from cockpit.models.playbook import Playbook
from cockpit.models.problem import Problem
from cockpit.playbooks.checks import known_checks
from cockpit.playbooks.loader import BookFile, read_file
from cockpit.playbooks.markdown import TaskItem, read_document
from cockpit.playbooks.parse import arguments, line_of, parse_playbook, split

COMMAND_FIELDS = frozenset(("run", "flow", "step"))
"""What a command may name."""
EVIDENCE_FIELDS = frozenset(("run", "flow", "step", "agent"))
"""What an evidence path may name."""

_FIELD = re.compile(r"\{([^{}]*)\}")
_SHELL = frozenset(("|", "||", "&", "&&", ";", ">", ">>", "<", "<<", "2>", "2>&1", "&>"))
_BUILT_IN = frozenset(("cd", "export", "source", "alias", "eval", "set", "unset", "exec", "."))
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")


class Gravity(StrEnum):
    """How much a complaint matters."""

    ERROR = "error"
    WARNING = "warning"


class Complaint(Model):
    """One thing that is wrong.

    Attributes:
        path: The file.
        line: 1-based line, or `None` for the file as a whole.
        level: An error, or a warning.
        reason: What is wrong, for people.
    """

    path: str
    line: int | None = None
    level: Gravity = Gravity.ERROR
    reason: str


def lint(
    files: Iterable[BookFile],
    *,
    systems: Collection[str],
    which: Callable[[str], str | None] = shutil.which,
) -> tuple[Complaint, ...]:
    """Everything that is wrong with these files, in their order and by line.

    Args:
        files: As read (`cockpit.playbooks.loader`).
        systems: Ids of the sources there are.
        which: Finds a program on this host.
    """
    found: list[Complaint] = []
    taken: dict[tuple[bool, str], str] = {}
    for file in files:
        mine, playbook = _lint_file(file, systems, which)
        # One's own may take the place of a shipped one; two of a kind may not.
        if playbook is not None and (first := taken.setdefault((file.shipped, playbook.id), file.path)) != file.path:
            mine.append(_error(file.path, 1, f"playbook id {playbook.id!r} is taken by {first}; this file is left out"))
        found += sorted(mine, key=lambda one: (one.line or 0, one.level, one.reason))
    return tuple(found)


def read(path: Path) -> tuple[BookFile | None, tuple[Complaint, ...]]:
    """A file that was named to be looked at, or why it cannot be read."""
    problems: list[Problem] = []
    data = read_file(path, problems)
    file = None if data is None else BookFile(str(path), path.stem, data, shipped=False)
    return file, tuple(_error(one.path, one.line, one.reason) for one in problems)


def _lint_file(
    file: BookFile, systems: Collection[str], which: Callable[[str], str | None]
) -> tuple[list[Complaint], Playbook | None]:
    error = partial(_error, file.path)
    text, problem = file.text()
    if text is None:
        return ([error(problem.line, problem.reason)] if problem else []), None
    playbook, problems = parse_playbook(text, file.path, stem=file.stem, shipped=file.shipped)
    found = [error(one.line, one.reason) for one in problems]
    parts = split(text)
    if playbook is None or isinstance(parts, str):
        return found, None
    for system in playbook.systems:
        if system not in systems:
            reason = f"unknown system {system!r}; there are {', '.join(sorted(systems))}"
            found.append(error(line_of(parts.head, "systems"), reason))
    everything = [pattern for pattern in playbook.signatures if re.search(pattern, "") is not None]
    line = line_of(parts.head, "signatures")
    found += [error(line, f"signature {pattern!r} matches every text") for pattern in everything]
    document = read_document(parts.body, parts.line)
    if document.title is None and not any(item.section for item in document.items):
        found.append(error(None, "no heading: a playbook needs at least a line that starts with `# `"))
    for item in document.items:
        found += _item(file.path, item, which)
        if not item.section:
            reason = "stands under no `## ` heading: a checklist shows it without a section"
            found.append(Complaint(path=file.path, line=item.line, level=Gravity.WARNING, reason=reason))
    return found, playbook


def _item(path: str, item: TaskItem, which: Callable[[str], str | None]) -> Iterator[Complaint]:
    attributes: Mapping[str, str] = dict(item.attributes)
    error = partial(_error, path, item.line)
    if check := attributes.get("check"):
        known = known_checks().get(check)
        if known is None:
            yield error(f"dead check: there is no {check!r}; there are {', '.join(known_checks())}")
        elif known.needs and not any(attributes.get(need) for need in known.needs):
            yield error(f"dead check: {check!r} needs `{':` or `'.join(known.needs)}:` beside it")
    if evidence := attributes.get("evidence"):
        for reason in _template(evidence):
            yield error(f"evidence {evidence!r} {reason}")
    if command := attributes.get("command"):
        yield from _command(path, item.line, command, which)


def _template(evidence: str) -> Iterator[str]:
    unknown = [name for name in _FIELD.findall(evidence) if name not in EVIDENCE_FIELDS]
    for name in unknown:
        yield f"names {{{name}}}; known are {_braced(EVIDENCE_FIELDS)}"
    if _lone_brace(evidence):
        yield "has a brace without its partner"
    parts = evidence.split("/")
    if evidence.startswith(("/", "~")) or ".." in parts:
        yield "leaves the run: it must be relative to it, without `..`"
    if "**" in evidence:
        yield "has `**`, but `*` never crosses a `/`: name each level"
    if "\\" in evidence:
        yield "has a backslash: levels are separated by `/`"


def _command(path: str, line: int, command: str, which: Callable[[str], str | None]) -> Iterator[Complaint]:
    error = partial(_error, path, line)
    try:
        argv = arguments(command)
    except ValueError:
        return  # Said when the file was parsed.
    if not argv:
        return
    for name in {name: None for word in argv for name in _FIELD.findall(word)}:
        if name not in COMMAND_FIELDS:
            yield error(f"command names {{{name}}}; known are {_braced(COMMAND_FIELDS)}")
    if any(map(_lone_brace, argv)):
        yield error("command has a brace without its partner")
    shell = next((word for word in argv if word in _SHELL or word.startswith(("$(", "`"))), None)
    if shell is not None:
        yield error(f"command is run without a shell: {shell!r} would be an argument like any other")
    program = argv[0]
    if _FIELD.search(program):
        yield error(f"the program of a command cannot be a field: {program!r}")
    elif _ASSIGNMENT.match(program) or program in _BUILT_IN:
        yield error(f"command is run without a shell, which alone knows {program!r}; write `env NAME=VALUE program`")
    elif ("/" not in program or program.startswith("/")) and which(program) is None:
        reason = f"the program {program!r} of the command is not on this host"
        yield Complaint(path=path, line=line, level=Gravity.WARNING, reason=reason)


def _lone_brace(text: str) -> bool:
    return bool(set(_FIELD.sub("", text)) & {"{", "}"})


def _braced(names: Iterable[str]) -> str:
    return " ".join(f"{{{name}}}" for name in sorted(names))


def _error(path: str, line: int | None, reason: str) -> Complaint:
    return Complaint(path=path, line=line, reason=reason)
