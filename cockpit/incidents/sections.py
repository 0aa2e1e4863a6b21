"""The texts of a post-mortem, by key: the seven elements, the five whys and the levels of a cause (seed 002)."""

import difflib
from dataclasses import dataclass
from enum import StrEnum

from cockpit.errors import UsageError
from cockpit.sanitize import clean


class SectionKind(StrEnum):
    """Which part of the post-mortem a text belongs to."""

    ELEMENT = "element"
    WHY = "why"
    LEVEL = "level"


@dataclass(frozen=True, slots=True)
class Section:
    """One text.

    Attributes:
        key: What `cockpit incident section` takes.
        title: Its heading.
        asks: What belongs in it, for whoever writes it.
        recorded: Whether the record itself fills it (timeline, action items); a text only adds to that.
    """

    key: str
    title: str
    kind: SectionKind
    asks: str
    recorded: bool = False


SUMMARY, IMPACT, TIMELINE, ROOT_CAUSE = "summary", "impact", "timeline", "root-cause"
CONTRIBUTING, ACTION_ITEMS, PREVENTION = "contributing-factors", "action-items", "prevention"

SECTIONS: tuple[Section, ...] = (
    Section(SUMMARY, "Summary", SectionKind.ELEMENT, "What happened, in one paragraph"),
    Section(IMPACT, "Impact", SectionKind.ELEMENT, "Who was affected, for how long, how far it reached"),
    Section(TIMELINE, "Timeline", SectionKind.ELEMENT, "What to know when reading the timeline", recorded=True),
    Section(ROOT_CAUSE, "Root cause", SectionKind.ELEMENT, "The issue underneath, not the one nearest to the failure"),
    Section(CONTRIBUTING, "Contributing factors", SectionKind.ELEMENT, "What made it possible"),
    Section(ACTION_ITEMS, "Action items", SectionKind.ELEMENT, "What to know about the tasks", recorded=True),
    Section(PREVENTION, "Prevention measures", SectionKind.ELEMENT, "What keeps it from happening again"),
    Section("why-1", "Why 1", SectionKind.WHY, "Why did it fail?"),
    Section("why-2", "Why 2", SectionKind.WHY, "Why was that so?"),
    Section("why-3", "Why 3", SectionKind.WHY, "Why was that so?"),
    Section("why-4", "Why 4", SectionKind.WHY, "Why was that so?"),
    Section("why-5", "Why 5", SectionKind.WHY, "Why was that so, down to what can be changed for good?"),
    Section("symptom", "Symptom", SectionKind.LEVEL, "What was seen"),
    Section("proximate-cause", "Proximate cause", SectionKind.LEVEL, "What directly made it fail"),
    Section("systemic-issue", "Systemic issue", SectionKind.LEVEL, "What in the way of working lets such causes arise"),
)
"""In the order of a post-mortem. The levels between, contributing factor and root cause, are elements already."""

BY_KEY: dict[str, Section] = {section.key: section for section in SECTIONS}

LEVELS: tuple[str, ...] = ("symptom", "proximate-cause", CONTRIBUTING, ROOT_CAUSE, "systemic-issue")
"""Levels of the root cause analysis, from what was seen down to the system (seed 002)."""

MANDATORY: tuple[Section, ...] = tuple(section for section in SECTIONS if section.kind is SectionKind.ELEMENT)
"""The seven elements a post-mortem must have."""


def find_section(text: str) -> Section:
    """The section an operator means, by its key or its title.

    Raises:
        UsageError: There is none.
    """
    key = "-".join(text.strip().casefold().replace("_", " ").replace("-", " ").split())
    aliases = {"contributing-factor": CONTRIBUTING, "prevention-measures": PREVENTION, "tasks": ACTION_ITEMS}
    found = BY_KEY.get(aliases.get(key, key))
    if found is None:
        near = difflib.get_close_matches(key, BY_KEY, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UsageError(f"no section {clean(text, 40)!r}{hint} There are: {', '.join(BY_KEY)}")
    return found
