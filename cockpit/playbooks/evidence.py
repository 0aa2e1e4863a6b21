"""Evidence paths: what a playbook item points to, and what a person gives on the command line. Pure; opens nothing.

An item's template names files relative to the run, with `{flow}`, `{step}` and `{agent}` for what is in scope and
`*` for any part of one name: `{flow}/handoff*/{step}*.json` finds `build/handoff/implement.json` as well as
`build/handoffs/implement-code-implementer.json` (formats/flow-studio.md 1).
"""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from glob import escape
from pathlib import PurePosixPath

from cockpit.errors import UsageError
from cockpit.models.evidence import Evidence, Rank

_PLACEHOLDER = re.compile(r"\{(run|flow|step|agent)\}")
_LINE = re.compile(r"(?P<path>.+):(?P<line>[1-9][0-9]{0,8})")


def pattern(
    template: str, *, run: str | None = None, flow: str | None = None, step: str | None = None, agent: str | None = None
) -> str:
    """The template with what is in scope filled in; `*` stands for what is not known."""
    known = {"run": run, "flow": flow, "step": step, "agent": agent}

    def fill(match: re.Match[str]) -> str:
        value = known[match[1]]
        return "*" if value is None else escape(value)

    return _PLACEHOLDER.sub(fill, template)


def matching(filled: str, paths: Iterable[str]) -> tuple[str, ...]:
    """Those of `paths` (POSIX, relative to the run) that a filled-in template names, sorted. `*` never crosses `/`."""
    parts = filled.split("/")
    return tuple(sorted(path for path in paths if _matches(parts, path.split("/"))))


def _matches(patterns: list[str], parts: list[str]) -> bool:
    return len(patterns) == len(parts) and all(map(fnmatchcase, parts, patterns))


def parse_evidence(text: str, rank: Rank = Rank.ARTIFACT) -> Evidence:
    """Read `PATH` or `PATH:LINE`, the path relative to the root.

    Raises:
        UsageError: The path is empty, absolute, or leaves the root.
    """
    found = _LINE.fullmatch(text)
    path = PurePosixPath(found["path"] if found else text)
    if not text.strip() or path == PurePosixPath() or path.is_absolute() or ".." in path.parts or "\0" in text:
        raise UsageError(f"not a path below the root: {text!r} (write PATH or PATH:LINE)")
    return Evidence(rank=rank, path=str(path), line=int(found["line"]) if found else None)
