"""A checklist held against the evidence: its checks asked, its files looked at. Reads files: call it in a thread.

What comes out is data; what it makes of the items is decided by the pure functions of `cockpit.playbooks.states`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from cockpit.diagnosis.masking import mask
from cockpit.errors import CockpitError
from cockpit.models.action import Job
from cockpit.models.detail import RunDetail
from cockpit.models.evidence import Evidence
from cockpit.models.playbook import Anchor, Checklist, ChecklistItem, CheckResult, PlaybookItem, Stamp, Start
from cockpit.models.run import Run
from cockpit.playbooks.anchors import anchor_of
from cockpit.playbooks.checks import Case, combine, known_checks, run_check
from cockpit.playbooks.loader import Library
from cockpit.playbooks.states import SETTLED, Look, Prints, key_of, stamps_of
from cockpit.runtime.evidence import EvidenceReader
from cockpit.runtime.fileview import FileView
from cockpit.runtime.fingerprints import Fingerprints
from cockpit.runtime.secrets import SecretsLook, look_for_secrets

_KEEP = 32
_STAMPS = 8
"""Files an item is settled against at most."""
_QUOTE = 300


class RootView:
    """Reads below one root. Kept while a session lasts, so that what has not changed is not read again."""

    def __init__(self, reader: EvidenceReader) -> None:
        self.reader = reader
        self.files = FileView(reader)
        self.prints = Fingerprints(reader)
        self._secrets: dict[str, tuple[str, SecretsLook]] = {}

    def secrets(self, detail: RunDetail) -> SecretsLook:
        """What secrets are in a run's files, searched again only when the run changed."""
        known = self._secrets.get(detail.ref.key)
        if known is not None and known[0] == detail.fingerprint and detail.fingerprint:
            return known[1]
        found = look_for_secrets(self.reader, detail)
        self._secrets[detail.ref.key] = (detail.fingerprint, found)
        while len(self._secrets) > _KEEP:
            self._secrets.pop(next(iter(self._secrets)))
        return found


@dataclass(frozen=True, eq=False)
class Subject:
    """One run a checklist is about.

    Attributes:
        run: Its verdict as of now.
        detail: Its facts.
        view: Its root.
        jobs: Jobs of its root, newest first.
        place: Where it stood when it was put on the target, where something else than the checklist's start tells.
    """

    run: Run
    detail: RunDetail
    view: RootView
    jobs: Callable[[], Sequence[Job]] = field(default=lambda: ())
    place: Anchor | None = None

    def anchor(self, start: Start | None) -> Anchor:
        """Where it stood when a playbook was started; where it stands now where that was not recorded."""
        recorded = next((one for one in start.anchors if one.run_key == self.run.key), None) if start else None
        return recorded or self.place or self._now

    @cached_property
    def _now(self) -> Anchor:
        return anchor_of(self.run, self.detail)

    def case(self, item: PlaybookItem, start: Start | None) -> Case:
        """What a check is given."""
        return Case(
            item=item,
            run=self.run,
            detail=self.detail,
            files=self.view.files,
            jobs=self.jobs,
            secrets=lambda: self.view.secrets(self.detail),
            anchor=self.anchor(start),
            since=start.at if start else None,
        )


class Examiner:
    """Asks the evidence about one target's checklist.

    Args:
        library: The playbooks, with the templates of their items.
        subjects: The runs the target is about.
    """

    def __init__(self, library: Library, subjects: Sequence[Subject]) -> None:
        self._library = library
        self._subjects = tuple(subjects)

    def look(self, checklist: Checklist, *, thorough: bool = False) -> Look:
        """Ask every check, and look at every file that items were settled against.

        Args:
            checklist: As recorded.
            thorough: Also ask costly checks of items that are open.
        """
        found: dict[str, CheckResult] = {}
        for item in checklist.items:
            check = known_checks().get(item.check or "")
            if item.check is None or (
                check is not None and check.costly and item.state not in SETTLED and not thorough
            ):
                continue
            found[item.id] = self.ask(checklist, item)
        return Look(found, self.prints(stamps_of(checklist.items)))

    def ask(self, checklist: Checklist, item: ChecklistItem) -> CheckResult:
        """What an item's check says of all runs together."""
        start, template = checklist.start_of(item.playbook), self._template(item)
        results = [
            (one.run.id, run_check(template.check or "", one.case(template, start))) for one in self._subjects
        ]  # fmt: skip
        return combine(results)

    def prints(self, stamps: Sequence[Stamp]) -> Prints:
        """Fingerprints now of what was stamped."""
        views = {str(one.view.reader.root): one.view for one in self._subjects}
        own = next(iter(views.values()), None)
        found: dict[tuple[str | None, str, int | None], str | None] = {}
        for stamp in stamps:
            view = own if stamp.root is None else views.get(stamp.root)
            found[key_of(stamp)] = None if view is None else view.prints.of(stamp.path, stamp.line)
        return found

    def stamps(self, places: Sequence[Evidence]) -> tuple[Stamp, ...]:
        """The files of evidence as they are now; places without a fingerprint are left out."""
        found: dict[tuple[str, int | None], Stamp] = {}
        for place in places:
            for number, view in enumerate(dict.fromkeys(one.view for one in self._subjects)):
                fingerprint = view.prints.of(place.path, place.line) if len(found) < _STAMPS else None
                if fingerprint is None or view.files.look(place.path) is None:
                    continue
                line = place.line if fingerprint.startswith("line:") else None
                root = str(view.reader.root) if number else None
                found.setdefault(
                    (place.path, line), Stamp(path=place.path, fingerprint=fingerprint, line=line, root=root)
                )
                break
        return tuple(found.values())

    def pointed(self, checklist: Checklist, item: ChecklistItem) -> tuple[Evidence, ...]:
        """The file an item's evidence path names: of each run the one changed last."""
        start, template = checklist.start_of(item.playbook), self._template(item)
        found: list[Evidence] = []
        for one in self._subjects if template.evidence else ():
            matches = one.case(template, start).matches(template.evidence or "")
            found += [Evidence(rank="artifact", path=matches[0].path)] if matches else []
        return tuple(found)

    def quoted(self, place: Evidence) -> Evidence:
        """Evidence a person gave, with the words of its line; secrets are masked.

        Raises:
            CockpitError: There is no such file below the root, or no such line in it.
        """
        errors: list[CockpitError] = []
        for view in dict.fromkeys(one.view for one in self._subjects):
            try:
                view.reader.stat(place.path)
                return place if place.line is None else _with_line(view.reader, place)
            except CockpitError as error:
                errors.append(error)
        raise errors[0] if errors else CockpitError("no run belongs to it, so there is no place for evidence")

    def _template(self, item: ChecklistItem) -> PlaybookItem:
        known = self._library.item(item.id)
        return known or PlaybookItem(id=item.id, text=item.text, check=item.check, command=item.command)


def _with_line(reader: EvidenceReader, place: Evidence) -> Evidence:
    for number, text in reader.read_lines(place.path, around=place.line, before=0, after=0):
        if number == place.line:
            return place.model_copy(update={"quote": mask(text)[:_QUOTE]})
    raise CockpitError(f"{place.path} has no line {place.line}")
