"""The one door through which foreign text reaches a screen, a terminal or a report.

Files, names, transcripts and command output may hold escape sequences (OSC 52 writes the clipboard), control
characters, NUL, bidirectional overrides and megabyte-long lines. What passes this door is plain text: one line,
printable, of bounded length. It is never parsed as markup afterwards (research/style.md, traps T1 and T2).
"""

import re

from cockpit.tokens import LONGEST, hide

MAX_LENGTH = 4_000
"""Characters kept of one line; enough for every pane, small enough to render at once."""

# ESC-introduced sequences as a whole (CSI, OSC/DCS/APC/PM/SOS up to their terminator, two-byte ones), so that their
# parameters do not stay behind as litter.
_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"
    r"|\x1b[\]PX^_][^\x07\x1b\x9c]{0,4096}(?:\x07|\x1b\\|\x9c)?"
    r"|\x9b[0-?]*[ -/]*[@-~]"
    r"|\x1b[ -/]*[0-~]?"
)
# C0, DEL, C1, line/paragraph separators, bidirectional controls, zero-width and other format characters, surrogates.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
# What picks the look of an emoji, and what joins several into one: their width differs from terminal to terminal.
_EMOJI_GLUE = re.compile("[\ufe0e\ufe0f]|(?<=[\u2600-\u27bf\U0001f000-\U0001faff\ufe0f])\u200d")
_BREAKS = re.compile(r"[\t\n\r\x0b\x0c]+")


def clean(text: object, limit: int = MAX_LENGTH) -> str:
    """One printable line of at most `limit` characters made from any value.

    Escape sequences vanish, as does what joins or styles emoji; other control and format characters become `�`,
    tabs and line breaks become one space; tokens of a known shape are hidden; what is cut ends in `…`.
    """
    raw = text if isinstance(text, str) else _shown(text)
    cut = len(raw) > limit
    # Hidden before it is cut: the beginning of a token is part of it.
    raw = hide(raw[: limit + LONGEST] if cut else raw)
    if cut or len(raw) > limit:
        cut = True
        raw = raw[: max(0, limit - 1)]
    if raw.isascii() and raw.isprintable():
        return f"{raw}…" if cut else raw
    raw = _ESCAPES.sub("", raw)
    raw = _EMOJI_GLUE.sub("", raw)
    raw = _BREAKS.sub(" ", raw)
    raw = _INVISIBLE.sub("\ufffd", raw)
    return f"{raw}…" if cut else raw


def _shown(value: object) -> str:
    try:
        return str(value)
    except RecursionError:
        return f"{type(value).__name__}, nested too deeply to be shown"


def clean_lines(text: str, limit: int = MAX_LENGTH, max_lines: int = 10_000) -> list[str]:
    """The lines of a text, each made safe by `clean`; at most `max_lines` of them."""
    return [clean(line, limit) for line in text.splitlines()[:max_lines]]
