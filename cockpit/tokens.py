"""The shapes that providers give their credentials, hidden at the doors: screen, documents, record and index.

Whatever quotes a run's files (an error, a reason, a transcript) may quote a key. Only shapes that cannot be mistaken
are hidden here, so that it is safe for every text; `cockpit.diagnosis.masking` and `cockpit.reports.redact` look
closer.
"""

import re

HIDDEN = "[masked]"
SHAPES = (
    r"sk-(?:ant-|proj-|live-|test-)?[A-Za-z0-9_-]{16,200}"
    r"|(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b"
    r"|gh[pousr]_[A-Za-z0-9]{20,255}"
    r"|github_pat_[A-Za-z0-9_]{20,255}"
    r"|glpat-[A-Za-z0-9_-]{20,64}"
    r"|xox[abprs]-[A-Za-z0-9-]{10,200}"
    r"|AIza[A-Za-z0-9_-]{35}"
    r"|[sr]k_(?:live|test)_[A-Za-z0-9]{16,200}"
    r"|eyJ[A-Za-z0-9_-]{8,2000}\.eyJ[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{8,1000}"
)
"""An expression for any of them, to be put behind the beginning of a word."""

LONGEST = 256
"""Characters of the longest ordinary one: how far to look beyond a cut."""

# In JSON and in escaped text the letter of `\n` stands right before what begins a line.
_TOKEN = re.compile(rf"(?:\b|(?<=\\[nrtbf]))(?:{SHAPES})")
_HINTS = ("sk-", "AKIA", "ASIA", "ABIA", "ACCA", "gh", "glpat-", "xox", "AIza", "k_live_", "k_test_", "eyJ")
_LEAST = 15


def hide(text: str) -> str:
    """The text with every token of a known shape replaced by `[masked]`; JSON stays JSON."""
    if len(text) < _LEAST or not any(hint in text for hint in _HINTS):
        return text
    return _TOKEN.sub(HIDDEN, text)


def hide_in_place(text: str) -> str:
    """The same without moving what comes after: for pieces of a long line, which are told by their column."""
    return _TOKEN.sub(lambda found: HIDDEN.ljust(len(found[0]), "*")[: len(found[0])], text)
