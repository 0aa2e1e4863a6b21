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
        overrides: The path of the shipped one it takes the place of, or `None`.
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
    overrides: str | None = None

    def fits(self, source: str) -> bool:
        """Whether it is for runs of this source."""
        return not self.systems or source in self.systems


class ItemState(StrEnum):
    """State of a checklist item; `cockpit.playbooks.states` says when which one holds."""

    OPEN = "open"
    DONE = "done"
    VERIFIED = "verified"
    SKIPPED = "skipped"
    CONTRADICTED = "contradicted"
    STALE = "stale"


class Outcome(StrEnum):
    """What a check says of an item."""

    MET = "met"
    NOT_MET = "not met"
    CANNOT_TELL = "cannot tell"


class CheckResult(Model):
    """The answer of a check.

    Attributes:
        outcome: Whether what the item asks for is so.
        why: One sentence.
        evidence: What it rests on, strongest first.
    """

    outcome: Outcome
    why: str
    evidence: tuple[Evidence, ...] = ()


class Stamp(Model):
    """A file as it was when an item was settled against it.

    Attributes:
        path: POSIX path relative to the root.
        fingerprint: `sha256:<hex>` of a small file, `stat:<inode>-<size>-<mtime ns>` of a large one, `line:<hex>` of
            one line of a log that only grows, or `absent`.
        line: The line `line:` is about, from 1.
        root: Absolute path of the root, where a target has runs below several; `None` for its own.
    """

    path: str
    fingerprint: str
    line: int | None = None
    root: str | None = None


class Anchor(Model):
    """What a run's checklist is about: the place the run stood at when the checklist was started.

    Attributes:
        run_key: The run.
        run: Its id.
        flow: The flow that mattered then.
        step: The step.
        agent: Its agent.
        failed_at: When that step failed last, as far as was known; what is to prove a repair must be newer.
    """

    run_key: str
    run: str
    flow: str | None = None
    step: str | None = None
    agent: str | None = None
    failed_at: datetime | None = None


class Start(Model):
    """A playbook that was started for a target.

    Attributes:
        playbook: Its id.
        at: When.
        by: By whom.
        anchors: Where the target's runs stood then.
    """

    playbook: str
    at: datetime
    by: str
    anchors: tuple[Anchor, ...] = ()


class ChecklistItem(Model):
    """An item on a started checklist. `id` is `<playbook id>/<item id>`, what `tick` and `skip` take.

    Attributes:
        state: As recorded, or, of a checklist held against the evidence, as it stands (`cockpit.playbooks.states`).
        by: Who brought it there.
        at: When.
        evidence: What it was ticked or verified with.
        note: Remarks, or the reason of a skip.
        check: Id of its check, or `None`.
        claimed_by: Who works on it, or `None`.
        stamps: The files it was settled against, as they were.
        found: What its check says now; `None` where it has none or nobody looked.
        why: Why it is stale or contradicted, or `None`.
    """

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
    claimed_by: str | None = None
    stamps: tuple[Stamp, ...] = ()
    found: CheckResult | None = None
    why: str | None = None

    @property
    def fingerprint(self) -> str | None:
        """That of the first file it was settled against."""
        return self.stamps[0].fingerprint if self.stamps else None


class Checklist(Model):
    """All items of all playbooks started for one target (a run's or an incident's id)."""

    target: str
    playbooks: tuple[str, ...] = ()
    items: tuple[ChecklistItem, ...] = ()
    starts: tuple[Start, ...] = ()

    def start_of(self, playbook: str) -> Start | None:
        """How a playbook of it was started."""
        return next((one for one in self.starts if one.playbook == playbook), None)
