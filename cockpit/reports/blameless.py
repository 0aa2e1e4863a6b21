"""The blameless rule as a check: sentences that put the blame on people, and the question to ask instead (seed 002).

Words and shapes, no grammar: it points at sentences a person should look at again. It never raises.
"""

import re
from dataclasses import dataclass

from cockpit.sanitize import clean

_PERSON = (
    r"[Hh]e|[Ss]he|[Tt]hey|[Ss]omebody|[Ss]omeone|[Nn]obody|[Nn]o one|[Ee]veryone|"
    r"[Tt]he (?:operator|engineer|developer|author|reviewer|admin|user|team|person|intern|on-call(?: engineer)?)"
)
_NAME = r"[A-Z][a-z]+(?: [A-Z][a-z]+)?"
_WHO = rf"(?:{_PERSON}|(?P<name>{_NAME}))"
_DID = (
    r"(?:broke|forgot|failed to|neglected|missed|overlooked|ignored|messed up|screwed up|caused|should have|"
    r"could have|ought to have|did ?n[o']t (?:bother|check|notice|read|review|test|think|follow|care|look|ask|tell)|"
    r"did not (?:bother|check|notice|read|review|test|think|follow|care|look|ask|tell)|"
    r"made (?:a|the|an?other) (?:mistake|error)|was (?:careless|sloppy|negligent|to blame|wrong|lazy)|"
    r"reviewed (?:properly|carefully))"
)
_SYSTEMS = frozenset({
    "The", "This", "That", "It", "Its", "A", "An", "No", "When", "Then", "After", "Before", "Why", "What",
    "Every", "Each", "Step", "Flow", "Run", "Agent", "Service", "Server", "Deploy", "Script", "Test", "Tests",
    "Validation", "Validator", "Pipeline", "Monitoring", "Alert", "Alerts", "Config", "Configuration", "Router",
    "Planner", "Executor", "Reviewer", "Critic", "Receipt", "Model", "Provider", "Git", "Docker", "Python",
    "Redis", "Postgres", "Database", "Queue", "Scheduler", "Cron", "Watcher", "Builder", "Gate", "Check",
    "Checks", "Build", "Release", "Rollback", "Retry", "Timeout", "Make", "Codex", "Claude", "Ollama", "Studio",
    "Action", "Command", "Commands", "Job", "Jobs", "Hook", "Hooks", "Fixture", "Fixtures", "Index", "Cache",
    "Network", "Disk", "Memory", "Host", "System", "Systems",
})  # fmt: skip
"""Capitalised words that begin a sentence about a system rather than name a person."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """A way of blaming, and what to ask instead."""

    pattern: re.Pattern[str]
    ask: str


_SHAPES: tuple[_Shape, ...] = (
    _Shape(
        re.compile(rf"\b{_WHO}\b(?: \w+ly)? {_DID}\b"),
        "what allowed this to happen, and what signal was missing?",
    ),
    _Shape(
        re.compile(
            r"(?i)\b(?:whose (?:fault|mistake|error)|who (?:made|caused|broke|is to blame)|(?:is|was) to blame|"
            r"to blame for|blame (?:lies|falls|rests)|at fault)\b"
        ),
        "which part of the system allowed this to happen?",
    ),
    _Shape(
        re.compile(r"(?i)\bwhy did(?:n't| not) (?:someone|somebody|anyone|anybody|they|he|she)\b"),
        "what would have detected this earlier?",
    ),
    _Shape(
        re.compile(r"(?i)\b(?:human|user|operator|pilot|engineer) error\b"),
        "what made this easy to get wrong, and what would have caught it?",
    ),
    _Shape(
        re.compile(
            r"(?i)\b(?:careless|careful|incompeten|sloppi?|lazi?|negligen|inattenti|stupid|foolish)(?:ness|ly|ce|t|y|on)?\b"
            r"(?=[^.]*\b(?:he|she|they|engineer|developer|operator|reviewer|author|person|team|someone|somebody)\b)"
        ),
        "what in the way of working let this through?",
    ),
    _Shape(
        re.compile(r"\b(?P<name>[A-Z][a-z]+)'s (?:fault|mistake|error|carelessness|negligence|failure)\b"),
        "what allowed this to happen?",
    ),
)
_FENCE = re.compile(r"\s*(`{3,}|~{3,})")
_SENTENCE = re.compile(r"[^.!?]+[.!?]*")


@dataclass(frozen=True, slots=True)
class Blame:
    """A sentence that blames.

    Attributes:
        line: Its line, from 1.
        text: The sentence, clean and short.
        words: What in it blames.
        ask: The question that leads to the system instead.
    """

    line: int
    text: str
    words: str
    ask: str


def blames(text: str, *, first_line: int = 1) -> tuple[Blame, ...]:
    """The sentences of a text that put blame on people, in order; each is told once.

    Code blocks, quotations of output (lines that begin with `>`) and inline code are not looked at: what a tool said is
    evidence, whatever its words.

    Args:
        text: Markdown.
        first_line: Number of its first line.
    """
    found: list[Blame] = []
    fence: str | None = None
    for number, line in enumerate(text.splitlines(), start=first_line):
        mark = _FENCE.match(line)
        if mark is not None:
            fence = mark[1][0] if fence is None else None if mark[1][0] == fence else fence
            continue
        if fence is not None or line.lstrip().startswith(">"):
            continue
        for sentence in _SENTENCE.findall(re.sub(r"`[^`]*`", "`", line)):
            blame = _look(sentence)
            if blame is not None:
                words, ask = blame
                found.append(Blame(number, clean(sentence.strip(" |*-"), 200), clean(words, 80), ask))
    return tuple(found)


def _look(sentence: str) -> tuple[str, str] | None:
    for shape in _SHAPES:
        for match in shape.pattern.finditer(sentence):
            name = match.groupdict().get("name")
            if name is None or name.split(" ")[0] not in _SYSTEMS:
                return match[0], shape.ask
    return None
