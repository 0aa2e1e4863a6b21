"""The post-mortem: seven mandatory elements, five whys, levels of the cause; from record and evidence (seed 002).

What nobody has written yet is visibly missing. People write either into the record (`cockpit incident section`), or
into the document below a generated part; both count, and neither is lost when the document is made anew.
"""

import re
from collections.abc import Set
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from cockpit.clock import iso
from cockpit.incidents.sections import (
    ACTION_ITEMS,
    BY_KEY,
    LEVELS,
    MANDATORY,
    SECTIONS,
    TIMELINE,
    Section,
    SectionKind,
)
from cockpit.incidents.timeline import began_at
from cockpit.models.base import Model
from cockpit.models.incident import Incident
from cockpit.reports.blameless import Blame, blames
from cockpit.reports.blocks import Part, generated, merge, parse
from cockpit.reports.evidence import Opener, learn_evidence
from cockpit.reports.facts import timeline_rows
from cockpit.reports.gathered import Gathered
from cockpit.reports.plain import plain
from cockpit.reports.redact import Redactor
from cockpit.reports.render import render

TEMPLATE = "postmortem.md"
_RECORDED = frozenset(("facts", TIMELINE, "decisions", "people", ACTION_ITEMS))
"""Generated parts that repeat the record, which nobody can write otherwise any more: not looked through for blame."""
_ASKS = {
    TIMELINE: "What happened in order, with times",
    ACTION_ITEMS: "Specific, each with an owner, a deadline and a way to tell that it is done",
}
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Document:
    """A post-mortem as it is made.

    Attributes:
        text: Markdown.
        facts: What it was made from, redacted.
        redactions: How many secrets were taken out.
        missing: Titles of mandatory elements that say nothing.
    """

    text: str
    facts: dict[str, Any]
    redactions: int
    missing: tuple[str, ...]


class Checked(Model):
    """How a file compares with record and evidence.

    Attributes:
        differs: Names of generated parts that are otherwise now.
        lost: Generated parts that the file lacks.
        missing: Titles of mandatory elements that say nothing.
        blames: `{"line", "text", "words", "ask"}` of sentences that blame people.
        secrets: How many secrets the file holds.
    """

    differs: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    blames: tuple[dict[str, str | int], ...] = ()
    secrets: int = 0

    @property
    def ok(self) -> bool:
        """Whether nothing is to be done."""
        return not (self.differs or self.lost or self.missing or self.blames or self.secrets)


def make_postmortem(
    known: Gathered, opener: Opener, templates: Path | None = None, file: str | None = None
) -> Document:
    """The post-mortem as things stand.

    Args:
        known: The incident.
        opener: Makes the reader of a root: what is a secret in the evidence is one here.
        templates: Directory of the user's templates.
        file: The document people already work on; what they wrote in it stays.

    Raises:
        UsageError: A template of the user is wrong, or the marks in `file` are.
    """
    old = () if file is None else parse(file, "the file")
    redactor = Redactor()
    facts = _facts(known, _written(old))
    redactor.learn_all(facts)
    learn_evidence(known, opener, redactor)
    facts = redactor.value(facts, "post-mortem")
    text = redactor.text(render(TEMPLATE, {"report": facts}, templates), "post-mortem")
    if old:
        text = merge(old, parse(text, TEMPLATE))
    lacking = tuple(each["title"] for each in facts["elements"] if each["missing"])
    return Document(text, facts, redactor.total, lacking)


def check_postmortem(known: Gathered, opener: Opener, file: str, templates: Path | None = None) -> Checked:
    """Whether a file still says what record and evidence say, has every element, and blames nobody.

    Raises:
        UsageError: As `make_postmortem`.
    """
    parts = parse(file, "the file")
    made = make_postmortem(known, opener, templates, file)
    there, now = generated(parts), generated(parse(made.text, TEMPLATE))
    redactor = Redactor()
    redactor.text(file, "file")
    return Checked(
        differs=tuple(name for name, text in now.items() if name in there and there[name] != text),
        lost=tuple(name for name in now if name not in there),
        missing=made.missing,
        blames=tuple(_told(each) for part in parts if part.name not in _RECORDED for each in _blames(part)),
        secrets=redactor.total,
    )


def is_document(text: str) -> bool:
    """Whether a text has generated parts: a document of ours that people may have written in.

    Raises:
        UsageError: Its marks are wrong.
    """
    return bool(generated(parse(text, "the file")))


def _facts(known: Gathered, written: Set[str]) -> dict[str, Any]:
    incident = known.situation.incident
    said = incident.sections
    return {
        "incident": plain(incident) | {"commander": incident.commander},
        "times": _times(incident),
        "runs": [_run(one) for one in known.situation.runs],
        "elements": [_element(section, incident, known, written) for section in MANDATORY],
        "whys": [
            {"key": each.key, "asks": each.asks, "text": said.get(each.key)}
            for each in SECTIONS
            if each.kind is SectionKind.WHY
        ],
        "levels": [{"title": BY_KEY[key].title, "asks": BY_KEY[key].asks, "text": said.get(key)} for key in LEVELS],
        "timeline": timeline_rows(known.timeline),
        "commands": [command.facts() for command in known.commands],
    }


def _run(one: Any) -> dict[str, Any]:  # noqa: ANN401 - RunNow
    return {
        "id": one.link.id,
        "state_when_attached": plain(one.link.state),
        "state": None if one.run is None else one.run.state.value,
        "reason": one.link.reason,
        "signature": one.link.signature,
        "evidence": [plain(each) for each in one.link.evidence],
    }


def _times(incident: Incident) -> dict[str, str | None]:
    return {
        "began": iso(began_at(incident)),
        "detected": iso(incident.detected_at),
        "declared": iso(incident.declared_at),
        "acknowledged": iso(incident.acknowledged_at),
        "contained": iso(incident.contained_at),
        "resolved": iso(incident.resolved_at),
        "closed": iso(incident.closed_at),
    }


def _element(section: Section, incident: Incident, known: Gathered, written: Set[str]) -> dict[str, Any]:
    """An element and whether it says nothing: neither the record nor people in the file."""
    text = incident.sections.get(section.key)
    there = bool(text) or section.key in written
    if section.key == TIMELINE:
        there = bool(timeline_rows(known.timeline))
    elif section.key == ACTION_ITEMS:
        # An item that nobody owns, that is due never, or that cannot be verified is none (seed 002).
        there = bool(incident.tasks) and all(task.accountable for task in incident.tasks)
    asks = _ASKS.get(section.key, section.asks)
    return {"key": section.key, "title": section.title, "asks": asks, "text": text, "missing": not there}


def _written(parts: tuple[Part, ...]) -> frozenset[str]:
    """Keys of the elements below whose generated part people have written something."""
    found: set[str] = set()
    for part, after in pairwise(parts):
        if part.name is None or after.name is not None:
            continue
        own = re.split(r"(?m)^#{1,6}\s", _COMMENT.sub("", after.text), maxsplit=1)[0]
        if own.strip():
            found.add(part.name)
    return frozenset(found)


def _blames(part: Part) -> tuple[Blame, ...]:
    return blames(part.text, first_line=part.line)


def _told(blame: Blame) -> dict[str, str | int]:
    return {"line": blame.line, "text": blame.text, "words": blame.words, "ask": blame.ask}
