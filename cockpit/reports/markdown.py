"""Foreign text in Markdown: shown as it is, never a heading, table, link, image or HTML of the report."""

import re

from cockpit.sanitize import clean

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|~#&])")
_LEADING = re.compile(r"^(\s*)([-+>=]|\d+[.)])")
_URL = re.compile(r"(?i)\b(https?|ftp|mailto|javascript|data):")
_BACKTICKS = re.compile(r"`+")


def inline(text: object, limit: int = 2_000) -> str:
    """`text` as one line of plain Markdown: what Markdown or HTML would read as syntax is escaped.

    Args:
        text: Anything; `None` becomes empty.
        limit: Characters at most, before escaping.
    """
    if text is None:
        return ""
    line = _SPECIAL.sub(r"\\\1", " ".join(clean(text, limit).split()))
    # No renderer may make a link of an address that somebody else wrote.
    line = _URL.sub(r"\1\\:", line)
    return _LEADING.sub(r"\1\\\2", line)


def code(text: object, limit: int = 2_000) -> str:
    """`text` as inline code: verbatim, whatever backticks it holds; empty text stays empty."""
    line = " ".join(clean("" if text is None else text, limit).split())
    if not line:
        return ""
    fence = "`" * (max((len(run) for run in _BACKTICKS.findall(line)), default=0) + 1)
    pad = " " if line[0] == "`" or line[-1] == "`" else ""
    # A table ends its cell at a bar even inside code.
    return f"{fence}{pad}{line}{pad}{fence}".replace("|", "\\|")


def block(text: object, language: str = "") -> str:
    """`text` as a fenced block of code: every line verbatim and clean, behind a fence longer than any in it."""
    lines = [clean(line, 4_000) for line in str("" if text is None else text).splitlines()]
    inner = "\n".join(lines)
    fence = "`" * max(3, 1 + max((len(run) for run in _BACKTICKS.findall(inner)), default=0))
    return f"{fence}{language}\n{inner}\n{fence}"


def prose(text: object) -> str:
    """Paragraphs an operator wrote: their lines are kept, their Markdown lists too; headings and HTML are not."""
    lines = [clean(line, 4_000).rstrip() for line in str("" if text is None else text).splitlines()]
    return "\n".join(_prose_line(line) for line in lines).strip("\n")


def _prose_line(line: str) -> str:
    line = line.replace("<", "\\<").replace("`" * 3, "\\`\\`\\`").replace("~~~", "\\~\\~\\~")
    return re.sub(r"^(\s*)(#{1,6}|=+|-{2,}|\|)", r"\1\\\2", line)
