"""The two small languages of a declaration: where a field stands in a JSON object, and which files are meant."""

import os
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

MAX_DEEP = 6
"""Directories that `**` stands for at most."""
MAX_ENTRIES = 100_000
"""Names looked at for one pattern."""
_PART = re.compile(r'(?:"((?:[^"\\]|\\.)*)"|([^.\[\]"]+))((?:\[-?\d+\])*)(\.|\Z)|((?:\[-?\d+\])+)(\.|\Z)')
_INDEX = re.compile(r"\[(-?\d+)\]")

Step = str | int


@lru_cache(maxsize=512)
def field_path(text: str) -> tuple[Step, ...]:
    """`state.phase`, `stages[0].name`, `runs[-1].end`, `labels."app.kubernetes.io/name"` as keys and indexes.

    Raises:
        ValueError: It is not such a path.
    """
    steps: list[Step] = []
    at = 0
    while at < len(text):
        match = _PART.match(text, at)
        if match is None:
            raise ValueError(f"{text!r} is not a field path such as state.phase or stages[0].name")
        quoted, plain, after, dot, only, last = match.groups()
        if quoted is not None or plain is not None:
            steps.append(plain if plain is not None else re.sub(r"\\(.)", r"\1", quoted))
        steps += [int(index) for index in _INDEX.findall(after or only or "")]
        at = match.end()
        if (dot or last) == "." and at == len(text):
            raise ValueError(f"{text!r} ends in a dot")
    if not steps:
        raise ValueError("an empty field path")
    return tuple(steps)


def lookup(data: Any, path: str | None) -> Any:  # noqa: ANN401 - JSON
    """The value at a path; `None` where the path leads nowhere. `stages.0.name` is taken too."""
    if path is None:
        return None
    for step in field_path(path):
        if isinstance(data, dict):
            data = data.get(str(step))
        elif isinstance(data, list):
            index = step if isinstance(step, int) else int(step) if step.isdecimal() and len(step) < 10 else None
            if index is None or not -len(data) <= index < len(data):
                return None
            data = data[index]
        else:
            return None
    return data


def check_glob(text: str) -> str:
    """A pattern of paths below something; the same text, if it is one.

    Raises:
        ValueError: It is absolute, leads out, or says nothing.
    """
    parts = text.split("/")
    if not text or text.startswith("/") or "\0" in text or any(part in ("", ".", "..") for part in parts):
        raise ValueError(f"{text!r} is not a pattern of relative paths such as jobs/*/job.json")
    if parts.count("**") > 1 or any("**" in part and part != "**" for part in parts):
        raise ValueError(f"{text!r}: ** stands once, and alone between slashes")
    return text


@lru_cache(maxsize=512)
def compiled(pattern: str) -> re.Pattern[str]:
    """What a whole relative path must match."""
    parts = pattern.split("/")
    made = ""
    for number, part in enumerate(parts):
        if part == "**":
            made += rf"(?:[^/.][^/]*/){{0,{MAX_DEEP}}}" if number < len(parts) - 1 else r".*"
        else:
            made += _part(part) + ("/" if number < len(parts) - 1 else "")
    return re.compile(rf"{made}\Z", re.DOTALL)


def _part(part: str) -> str:
    made, at = "" if part.startswith(".") else r"(?!\.)", 0
    while at < len(part):
        ch, at = part[at], at + 1
        close = part.find("]", at + 1 + part.startswith("!", at)) if ch == "[" else -1
        if ch == "*":
            made += "[^/]*"
        elif ch == "?":
            made += "[^/]"
        elif close > 0:
            made += _class(part[at:close])
            at = close + 1
        else:
            made += re.escape(ch)
    return made


def _class(inner: str) -> str:
    """`[a-c]`, `[!x]`: a range that runs backwards stands for nothing."""
    negated, inner = inner.startswith("!"), inner.removeprefix("!")
    made, at = "", 0
    while at < len(inner):
        if inner[at + 1 : at + 2] == "-" and at + 2 < len(inner):
            if inner[at] <= inner[at + 2]:
                made += f"{re.escape(inner[at])}-{re.escape(inner[at + 2])}"
            at += 3
        else:
            made += re.escape(inner[at])
            at += 1
    if negated:
        return f"[^/{made}]"
    return f"(?!/)[{made}]" if made else "(?!)"


def literal(text: str) -> str:
    """A name as a pattern that means just this name."""
    return "".join(f"[{ch}]" if ch in "*?[" else ch for ch in text)


def wild(part: str) -> bool:
    """Whether one part of a pattern stands for several names."""
    return any(ch in part for ch in "*?[")


def find(base: str, pattern: str, *, folders: bool) -> Iterator[str]:
    """Paths relative to `base` that match, in a stable order; symbolic links to directories are not entered.

    Args:
        base: An absolute directory.
        pattern: See `check_glob`.
        folders: Whether directories are meant, else everything else.
    """
    budget = [MAX_ENTRIES]
    yield from _find(base, "", tuple(pattern.split("/")), folders, budget)


def _find(base: str, rel: str, parts: tuple[str, ...], folders: bool, budget: list[int]) -> Iterator[str]:
    part, rest = parts[0], parts[1:]
    if part == "**":
        for deep in _below(base, rel, MAX_DEEP, budget):
            yield from _find(base, deep, rest or ("*",), folders, budget)
        return
    accept = re.compile(rf"{_part(part)}\Z", re.DOTALL).match
    for name, is_folder in _names(f"{base}/{rel}" if rel else base, budget):
        if accept(name) is None:
            continue
        here = f"{rel}/{name}" if rel else name
        if not rest:
            if is_folder == folders:
                yield here
        elif is_folder:
            yield from _find(base, here, rest, folders, budget)


def _below(base: str, rel: str, depth: int, budget: list[int]) -> Iterator[str]:
    yield rel
    if depth:
        for name, is_folder in _names(f"{base}/{rel}" if rel else base, budget):
            if is_folder and not name.startswith("."):
                yield from _below(base, f"{rel}/{name}" if rel else name, depth - 1, budget)


def _names(path: str, budget: list[int]) -> list[tuple[str, bool]]:
    found = []
    try:
        with os.scandir(path) as listing:
            for entry in listing:
                budget[0] -= 1
                if budget[0] < 0:
                    break
                found.append((entry.name, entry.is_dir(follow_symlinks=False)))
    except OSError:
        return []
    return sorted(found)


def stem(path: str) -> str:
    """What a file is called without its last suffix."""
    return PurePosixPath(path).stem
