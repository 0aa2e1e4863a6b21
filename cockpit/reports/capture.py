"""What was captured during an incident: timeline, commands with their output, decisions, people (seed 002)."""

from pathlib import Path
from typing import Any

from cockpit.reports.evidence import Opener, learn_evidence
from cockpit.reports.facts import timeline_rows
from cockpit.reports.gathered import Gathered
from cockpit.reports.output import shown_output
from cockpit.reports.plain import plain
from cockpit.reports.postmortem import Document
from cockpit.reports.redact import Redactor
from cockpit.reports.render import render

TEMPLATE = "capture.md"


def make_capture(known: Gathered, opener: Opener, templates: Path | None = None) -> Document:
    """The capture as things stand.

    Args:
        known: The incident.
        opener: Makes the reader of a root: what is a secret in the evidence is one here.
        templates: Directory of the user's templates.

    Raises:
        UsageError: A template of the user is wrong.
    """
    incident = known.situation.incident
    facts: dict[str, Any] = {
        "incident": plain(incident),
        "timeline": timeline_rows(known.timeline),
        "commands": [each.facts() | {"output": shown_output(each)} for each in known.commands],
    }
    redactor = Redactor()
    redactor.learn_all(facts)
    learn_evidence(known, opener, redactor)
    facts = redactor.value(facts, "capture")
    text = redactor.text(render(TEMPLATE, {"report": facts}, templates), "capture")
    return Document(text, facts, redactor.total, ())
