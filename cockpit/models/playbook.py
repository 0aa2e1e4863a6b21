"""Playbooks and the checklists that grow from them."""

from datetime import datetime
from enum import StrEnum

from cockpit.models.base import Model
from cockpit.models.evidence import Evidence


class PlaybookItem(Model):
    """One thing to do.

    Attributes:
        id: Unique within its playbook, stable over edits of the text.
        text: What to do, one sentence.
        section: Heading it stands under.
        detail: Lines below it: where to look, what it means.
        check: Id of a check that can confirm it, or `None`.
        evidence: Path template of the file that shows it (`{flow}`, `{step}`, `{agent}`), relative to the run.
        command: Argument list template of its command (`{run}`, `{flow}`, `{step}`), or `None`.
        action: Id of the action of the run's source that does it (`retry`, `validate` ...), or `None`.
    """

    id: str
    text: str
    section: str = ""
    detail: tuple[str, ...] = ()
    check: str | None = None
    evidence: str | None = None
    command: tuple[str, ...] | None = None
    action: str | None = None


class CauseRow(Model):
    """One row of a playbook's table of causes (pattern or symptom, likely cause, fix)."""

    symptom: str
    cause: str
    fix: str


class Playbook(Model):
    """A playbook: readable Markdown with TOML front matter.

    Attributes:
        id: Its name on the command line.
        title: One line.
        systems: Source ids it is for; empty means all.
        severity: Severity it usually means, or `None`.
        states: Run states it is suggested for.
        signatures: Patterns (case-insensitive regular expressions) of errors it is for.
        items: What to do, in order.
        causes: Its table of causes.
        body: The Markdown below the front matter, as written.
        path: The file it came from.
        shipped: Whether it is part of the library rather than the user's own.
    """

    id: str
    title: str
    systems: tuple[str, ...] = ()
    severity: str | None = None
    states: tuple[str, ...] = ()
    signatures: tuple[str, ...] = ()
    items: tuple[PlaybookItem, ...] = ()
    causes: tuple[CauseRow, ...] = ()
    body: str = ""
    path: str = ""
    shipped: bool = True


class ItemState(StrEnum):
    """State of a checklist item (design, section "Playbooks and checklists")."""

    OPEN = "open"
    DONE = "done"
    VERIFIED = "verified"
    SKIPPED = "skipped"
    CONTRADICTED = "contradicted"
    STALE = "stale"


class ChecklistItem(Model):
    """An item on a started checklist. `id` is `<playbook id>/<item id>`, what `tick` and `skip` take."""

    id: str
    text: str
    playbook: str
    section: str = ""
    detail: tuple[str, ...] = ()
    state: ItemState = ItemState.OPEN
    by: str | None = None
    at: datetime | None = None
    evidence: tuple[Evidence, ...] = ()
    note: str | None = None
    check: str | None = None
    command: tuple[str, ...] | None = None
    action: str | None = None


class Checklist(Model):
    """All items of all playbooks started for one target (a run's or an incident's id)."""

    target: str
    playbooks: tuple[str, ...] = ()
    items: tuple[ChecklistItem, ...] = ()
