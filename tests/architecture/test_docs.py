"""The documentation holds: every link leads somewhere, and every command line is one that the program takes."""

import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.cli.help_texts import EXAMPLES, VIEW_EXAMPLES
from cockpit.cli.parser import parse
from tests.generated import REPOSITORY

PAGES = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").glob("*.md"), *(REPOSITORY / "themes").glob("*.md")])
_LINK = re.compile(r"!?\[[^\]\n]*\]\(([^)\s]+)\)|<img[^>]+src=\"([^\"]+)\"")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_SHOWN_ONLY = re.compile(r"\||\.\.\.|\[|\(")
"""Marks of a synopsis rather than a command line."""


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(REPOSITORY)) for path in paths]


def anchors(path: Path) -> set[str]:
    """The anchors of a page, as GitHub makes them of its headings."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


def command_lines(text: str) -> Iterator[str]:
    """Every line of a code block that begins with the program's name, without its comment."""
    for line in text.splitlines():
        stripped = re.sub(r"^\$ ", "", line.strip())
        if not stripped.startswith("cockpit ") or not (line.startswith("    ") or "```" in text):
            continue
        yield re.split(r"\s{2,}(?=\S)|\s+#", stripped)[0]


def blocks(path: Path) -> Iterator[str]:
    """Fenced blocks, and indented lines outside of them."""
    text = path.read_text(encoding="utf-8")
    yield from (block for block in _FENCE.findall(text) if re.match(r"```(text|sh|bash|console|shell)?\n", block))
    yield "\n".join(line for line in _FENCE.sub("", text).splitlines() if line.startswith("    "))


def taken(line: str) -> str | None:
    """What the program's parser says against a command line, or `None`."""
    words = shlex.split(line.split(" > ", maxsplit=1)[0])[1:]
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            parse(words)
    except SystemExit as end:
        return said.getvalue() if end.code else None
    return None


@pytest.mark.parametrize("name", names(PAGES))
def test_every_link_leads_somewhere(name: str) -> None:
    page = REPOSITORY / name
    broken = []
    for found in _LINK.finditer(_FENCE.sub("", page.read_text(encoding="utf-8"))):
        target = found[1] or found[2]
        if re.match(r"https?:|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            broken.append(target)
    assert not broken


@pytest.mark.parametrize("name", names(PAGES))
def test_every_command_line_of_the_documentation_is_taken(name: str) -> None:
    lines = [line for block in blocks(REPOSITORY / name) for line in command_lines(block)]
    refused = {line: told for line in lines if not _SHOWN_ONLY.search(line) and (told := taken(line))}
    assert not refused


def test_the_documentation_has_command_lines_to_check() -> None:
    found = [line for page in PAGES for block in blocks(page) for line in command_lines(block)]
    assert len(found) > 25
    assert taken("cockpit runs --no-such-option")
    assert taken("cockpit incident fly 01")


@pytest.mark.parametrize("line", [*(line for lines in EXAMPLES.values() for line in lines), *VIEW_EXAMPLES])
def test_every_example_of_the_helps_is_taken(line: str) -> None:
    assert taken(re.split(r"\s{2,}", line)[0]) is None
