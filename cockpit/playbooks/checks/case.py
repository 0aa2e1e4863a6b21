"""What a check looks at: one run, its files, its jobs, and what the item says. Read-only."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cockpit.locations import STATE_FOLDER
from cockpit.models.action import Job
from cockpit.models.detail import RunDetail
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.playbook import Anchor, CheckResult, Outcome, PlaybookItem
from cockpit.models.run import Run
from cockpit.playbooks.evidence import matching, pattern
from cockpit.runtime.fileview import FileFact, FileView
from cockpit.runtime.secrets import SecretsLook

_SHOWN = 6
"""Pieces of evidence an answer carries at most."""


@dataclass(frozen=True, slots=True)
class Case:
    """One run under one item.

    Attributes:
        item: The item of the playbook.
        run: The run's verdict as of now.
        detail: Its facts.
        files: The files of its root.
        jobs: Jobs of the root, newest first; asked for only by checks that need them.
        secrets: Looks for secrets in the run's files; likewise.
        anchor: Where the run stood when the checklist was started.
        since: When the checklist was started; `None` where that is not known.
    """

    item: PlaybookItem
    run: Run
    detail: RunDetail
    files: FileView
    jobs: Callable[[], Sequence[Job]] = field(default=lambda: ())
    secrets: Callable[[], SecretsLook] = field(default=SecretsLook)
    anchor: Anchor | None = None
    since: datetime | None = None

    @property
    def flow(self) -> str | None:
        """The flow in question: where the run stood when the checklist was started, else where it stands."""
        return self.anchor.flow if self.anchor is not None else self.run.flow

    @property
    def step(self) -> str | None:
        """The step in question."""
        return self.anchor.step if self.anchor is not None else self.run.step

    @property
    def agent(self) -> str | None:
        """Its agent."""
        if self.anchor is not None and self.anchor.agent:
            return self.anchor.agent
        known = next((one.agent for one in self.detail.steps if (one.flow, one.step) == (self.flow, self.step)), None)
        return known or (self.run.agent if self.step == self.run.step else None)

    @property
    def bases(self) -> tuple[str, ...]:
        """Directories (relative to the root, `""` for it) a template may be relative to, the first one that fits.

        That is the run's own directory. A run that is a part of a file (a console capture, a row of a database) or a
        recording has none: then the directories above it, the nearest first.
        """
        path = self.run.ref.path
        if path == "." or path.startswith(".#"):
            return ("",)
        if not path.startswith(f"{STATE_FOLDER}/") and self.files.look(path) is None:
            return (path,)
        above = path.split("#", 1)[0].split("/")[:-1]
        return (*("/".join(above[:depth]) for depth in range(len(above), 0, -1)), "")

    def matches(self, template: str) -> tuple[FileFact, ...]:
        """The files a template names for this run, the one changed last first."""
        filled = pattern(template, run=self.run.id, flow=self.flow, step=self.step, agent=self.agent)
        for base in self.bases:
            if found := self.files.find(base, filled):
                return tuple(sorted(found, key=lambda one: (-one.mtime_ns, one.path)))
        # Some systems write below their own source tree: what the source calls a file of the run counts too.
        depth = filled.count("/") + 1
        known = {"/".join(one.path.split("/")[-depth:]): one.path for one in self.detail.artifacts}
        found = tuple(filter(None, (self.files.look(known[tail]) for tail in matching(filled, known))))
        return tuple(sorted(found, key=lambda one: (-one.mtime_ns, one.path)))

    def own(self, rel: str) -> FileFact | None:
        """A file of the run by its path relative to the run (see `bases`)."""
        looks = (self.files.look(f"{base}/{rel}" if base else rel) for base in self.bases)
        return next((found for found in looks if found is not None), None)


def met(why: str, *evidence: Evidence) -> CheckResult:
    """It is so."""
    return CheckResult(outcome=Outcome.MET, why=why, evidence=evidence[:_SHOWN])


def not_met(why: str, *evidence: Evidence) -> CheckResult:
    """It is not so, and the evidence says that."""
    return CheckResult(outcome=Outcome.NOT_MET, why=why, evidence=evidence[:_SHOWN])


def cannot_tell(why: str, *evidence: Evidence) -> CheckResult:
    """The evidence says neither."""
    return CheckResult(outcome=Outcome.CANNOT_TELL, why=why, evidence=evidence[:_SHOWN])


def changed(file: FileFact) -> Evidence:
    """A file's last change, as evidence."""
    quote = f"last change {file.modified_at:%Y-%m-%d %H:%M:%S} UTC, {file.size} bytes"
    return Evidence(rank=Rank.PHYSICS, path=file.path, quote=quote)


def name(path: str) -> str:
    """The last part of a path."""
    return path.rpartition("/")[2]
