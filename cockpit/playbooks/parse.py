"""One playbook file: TOML front matter between `+++` lines, then Markdown (see `markdown`).

Front matter: `id` and `title`; optionally `systems` (source ids), `severity` (`SEV1` to `SEV4`), `states` (run states
the playbook is suggested for) and `signatures` (case-insensitive regular expressions of errors it is for).
Attributes of an item: `id`, `check`, `evidence`, `command` and `action`. A table with the columns "Error pattern" or
"Symptom", "Likely cause" and "Fix" is the table of causes.
"""

import re
import shlex
import tomllib
from collections.abc import Mapping
from typing import Any, NamedTuple

from cockpit.models.playbook import CauseRow, Playbook, PlaybookItem
from cockpit.models.problem import Problem
from cockpit.models.run import RunState
from cockpit.playbooks.markdown import Table, TaskItem, read_document

NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
"""Ids of playbooks and items: lower case, digits and hyphens."""

_FENCE = "+++"
_KEYS = frozenset({"id", "title", "systems", "severity", "states", "signatures"})
_SEVERITIES = ("SEV1", "SEV2", "SEV3", "SEV4")
_ATTRIBUTES = frozenset({"id", "check", "evidence", "command", "action"})
_SYMPTOM = frozenset({"error pattern", "symptom", "pattern", "error"})
_CAUSE = frozenset({"likely cause", "cause"})
_FIX = frozenset({"fix", "solution"})
_TOML_PLACE = re.compile(r" \(at (?:line (\d+)|end).*\)")
_LONGEST_SLUG = 40


class _Report:
    """Collects what is wrong with one file; `head` is the text of its front matter."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.head = ""
        self.problems: list[Problem] = []

    def key(self, key: str, reason: str) -> None:
        """Something about a key of the front matter, or the want of it."""
        self.add(reason, line_of(self.head, key) or 1)

    def add(self, reason: str, line: int | None = None) -> None:
        self.problems.append(Problem(path=self.path, line=line, reason=reason))


class Parts(NamedTuple):
    """A file taken apart: the text of its front matter, its Markdown, and the line (1-based) the Markdown begins at."""

    head: str
    body: str
    line: int


def split(text: str) -> Parts | str:
    """Front matter and Markdown of a file, or why it has none."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    if lines[0].strip() != _FENCE:
        return f"no front matter: the first line must be {_FENCE}"
    end = next((index for index, line in enumerate(lines[1:], start=1) if line.strip() == _FENCE), None)
    if end is None:
        return f"front matter without an end: a second {_FENCE} line is missing"
    return Parts("".join(f"{line}\n" for line in lines[1:end]), "\n".join(lines[end + 1 :]), end + 2)


def line_of(head: str, key: str) -> int | None:
    """Line in the file of a top-level key of the front matter."""
    asked = re.compile(rf"[\[ '\"]*{re.escape(key)}\s*['\"]?\s*[=.\]]")
    lines = enumerate(head.split("\n"), start=2)
    return next((number for number, line in lines if asked.match(line)), None)


def arguments(command: str) -> tuple[str, ...]:
    """A command as an argument list: quotes group words as in a shell, nothing else of a shell works.

    Raises:
        ValueError: A quote has no end.
    """
    return tuple(shlex.split(command))


def parse_playbook(
    text: str, path: str, *, stem: str, shipped: bool = True
) -> tuple[Playbook | None, tuple[Problem, ...]]:
    """Read one playbook. Never raises.

    Args:
        text: The file's content.
        path: Where it came from, for the playbook and its problems.
        stem: The file's name without suffix: the id of a playbook that gives none.
        shipped: Whether it is part of the library.

    Returns:
        The playbook, or `None` where it has no readable front matter; and everything wrong with it. Whatever can be
        used in spite of a problem is used.
    """
    report = _Report(path)
    parts = split(text)
    if isinstance(parts, str):
        report.add(parts, 1)
        return None, tuple(report.problems)
    report.head = parts.head
    head = _front_matter(parts.head, report)
    if head is None:
        return None, tuple(report.problems)
    document = read_document(parts.body, parts.line)
    if not document.items:
        report.add("no items: a playbook needs at least one line that starts with `- [ ]`")
    playbook_id = _playbook_id(head, stem, report)
    playbook = Playbook(
        id=playbook_id,
        title=_title(head, document.title or playbook_id, report),
        systems=_texts(head, "systems", report),
        severity=_severity(head, report),
        states=_states(head, report),
        signatures=_signatures(head, report),
        items=_items(document.items, report),
        causes=tuple(row for table in document.tables for row in _causes(table, report)),
        body=parts.body.strip("\n") + "\n",
        path=path,
        shipped=shipped,
    )
    return playbook, tuple(report.problems)


def _front_matter(text: str, report: _Report) -> Mapping[str, Any] | None:
    try:
        head = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        # Its line numbers count from the line below the fence.
        found = _TOML_PLACE.search(str(error))
        line = int(found[1]) + 1 if found and found[1] else 1
        report.add(f"front matter is not TOML: {_TOML_PLACE.sub('', str(error))}", line)
        return None
    for key in sorted(set(head) - _KEYS):
        report.key(key, f"unknown front matter key {key!r}; known are {', '.join(sorted(_KEYS))}")
    return head


def _playbook_id(head: Mapping[str, Any], stem: str, report: _Report) -> str:
    given = head.get("id")
    if isinstance(given, str) and NAME.fullmatch(given):
        return given
    if given is None:
        report.key("id", "no id in the front matter")
    else:
        report.key("id", f"{given!r} is no id: lower-case letters, digits and hyphens")
    return _slug(stem)


def _title(head: Mapping[str, Any], instead: str, report: _Report) -> str:
    given = head.get("title")
    if isinstance(given, str) and given.strip():
        return given.strip()
    report.key("title", "no title in the front matter")
    return instead


def _texts(head: Mapping[str, Any], key: str, report: _Report) -> tuple[str, ...]:
    given = head.get(key, [])
    if isinstance(given, list) and all(isinstance(each, str) for each in given):
        return tuple(given)
    report.key(key, f"{key} must be a list of texts")
    return ()


def _severity(head: Mapping[str, Any], report: _Report) -> str | None:
    given = head.get("severity")
    if given is None or given in _SEVERITIES:
        return given
    report.key("severity", f"severity {given!r} is none of {', '.join(_SEVERITIES)}")
    return None


def _states(head: Mapping[str, Any], report: _Report) -> tuple[str, ...]:
    known = {state.value for state in RunState}
    given = _texts(head, "states", report)
    for state in given:
        if state not in known:
            report.key("states", f"unknown run state {state!r}; known are {', '.join(sorted(known))}")
    return tuple(state for state in given if state in known)


def _signatures(head: Mapping[str, Any], report: _Report) -> tuple[str, ...]:
    good: list[str] = []
    for pattern in _texts(head, "signatures", report):
        try:
            re.compile(pattern)
        except (re.error, RecursionError, OverflowError) as error:
            report.key("signatures", f"signature {pattern!r} is no regular expression: {error}")
        else:
            good.append(pattern)
    return tuple(good)


def _items(found: list[TaskItem], report: _Report) -> tuple[PlaybookItem, ...]:
    items: list[PlaybookItem] = []
    taken: set[str] = set()
    for each in found:
        attributes = _known_attributes(each, report)
        item_id = _item_id(attributes.get("id"), each, taken, report)
        taken.add(item_id)
        items.append(
            PlaybookItem(
                id=item_id,
                text=each.text,
                section=each.section,
                detail=each.detail,
                check=attributes.get("check"),
                evidence=attributes.get("evidence"),
                command=_command(attributes.get("command"), each.line, report),
                action=_action(attributes.get("action"), each.line, report),
            )
        )
    return tuple(items)


def _known_attributes(item: TaskItem, report: _Report) -> dict[str, str]:
    if item.stray:
        report.add(f"no attribute: {item.stray!r} (write `name: value`, separated by `;`)", item.line)
    attributes: dict[str, str] = {}
    for name, value in item.attributes:
        if name not in _ATTRIBUTES:
            report.add(f"unknown attribute {name!r}; known are {', '.join(sorted(_ATTRIBUTES))}", item.line)
        elif not value:
            report.add(f"attribute {name!r} is empty", item.line)
        else:
            attributes[name] = value
    return attributes


def _item_id(given: str | None, item: TaskItem, taken: set[str], report: _Report) -> str:
    if given is not None and NAME.fullmatch(given):
        wanted = given
    else:
        wanted = _slug(item.text)
        what = "item without id" if given is None else f"{given!r} is no item id"
        report.add(f"{what}: called {wanted!r} after its text; ticks are lost when the text changes", item.line)
    if wanted not in taken:
        return wanted
    number = 2
    while f"{wanted}-{number}" in taken:
        number += 1
    report.add(f"item id {wanted!r} is used twice: the second is called '{wanted}-{number}'", item.line)
    return f"{wanted}-{number}"


def _command(text: str | None, line: int, report: _Report) -> tuple[str, ...] | None:
    if text is None:
        return None
    try:
        return arguments(text) or None
    except ValueError as error:
        report.add(f"command {text!r} cannot be split into arguments: {error}", line)
        return None


def _action(text: str | None, line: int, report: _Report) -> str | None:
    if text is None or NAME.fullmatch(text):
        return text
    report.add(f"action {text!r} is no id of an action: lower-case letters, digits and hyphens", line)
    return None


def _causes(table: Table, report: _Report) -> list[CauseRow]:
    columns = [cell.lower() for cell in table.header]
    places = [next((i for i, cell in enumerate(columns) if cell in names), None) for names in (_SYMPTOM, _CAUSE, _FIX)]
    symptom, cause, fix = places
    if symptom is None or cause is None or fix is None:
        return []
    rows: list[CauseRow] = []
    for line, cells in table.rows:
        if len(cells) != len(columns):
            report.add(f"row of the causes has {len(cells)} cells, not {len(columns)}", line)
        else:
            rows.append(CauseRow(symptom=cells[symptom], cause=cells[cause], fix=cells[fix]))
    return rows


def _slug(text: str) -> str:
    words = "-".join(re.findall(r"[a-z0-9]+", text.lower()))
    return words[:_LONGEST_SLUG].strip("-") or "item"
