"""What can be taken back: a fold of the journal, so that it holds for other sessions and after a restart.

An action that ended well is taken back by another one: an archive that moved its run by a restore, a restore by another
archive, any other by the action its plan names (`undone_by`). A tick, an untick and a skip are taken back by the event
that puts the item back as it was. The entries of the undo carry `undoes`, the number of the entry they take back;
nothing is taken back twice, and nothing that others have built upon since. What cannot be taken back says why.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cockpit.actions.catalogue import ARCHIVE, REMOVE, RESTORE
from cockpit.actions.desk import CANCELLED
from cockpit.actions.ending import ENDED
from cockpit.actions.launcher import STARTED
from cockpit.models.action import JobState, Plan, Reach
from cockpit.models.journal import Actor, Entry
from cockpit.sanitize import clean

TICK, UNTICK, SKIP = "checklist.tick", "checklist.untick", "checklist.skip"
START, NOTE = "checklist.start", "checklist.note"

UNDOES = "undoes"
"""Field of an entry: the number of the entry it takes back."""

PlanOf = Callable[[str, str], Plan | None]
"""The plan of a job by the job's id and the hash the journal knows it by; `None` where it is gone or another one."""

_QUIET = (
    "action.planned",
    "action.confirmed",
    "action.refused",
    "action.declined",
    ENDED,
    "journal.",
    "record.",
    "session.",
)
"""Kinds that tell of something else that is listed itself, or that no operator did."""


@dataclass(frozen=True, slots=True)
class Inverse:
    """What takes something back.

    Attributes:
        action: Id of an action, or a kind of checklist event.
        options: Of the action.
        flow: Likewise.
        step: Likewise.
        data: Fields of the checklist event.
    """

    action: str
    options: Mapping[str, str] = field(default_factory=dict)
    flow: str | None = None
    step: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def on_checklist(self) -> bool:
        """Whether it is an event of a checklist, which needs no job."""
        return self.action in (TICK, UNTICK, SKIP)


@dataclass(frozen=True, slots=True)
class Undoable:
    """One thing an operator did, and how it is taken back.

    Attributes:
        seq: Number of its entry.
        at: When it was done.
        actor: Who did it.
        kind: Kind of the entry.
        run: Id of the run or other target it was done to, or empty.
        run_key: Key of the run, where it is known.
        title: What was done, for people.
        inverse: What takes it back, or `None`.
        why_not: Why nothing does, for people, or `None`.
        settled: Whether that is because it was taken back, or is itself the taking back.
    """

    seq: int
    at: datetime
    actor: Actor
    kind: str
    run: str
    run_key: str | None
    title: str
    inverse: Inverse | None = None
    why_not: str | None = None
    settled: bool = False


def undoables(entries: Iterable[Entry], who: Actor, plan_of: PlanOf) -> tuple[Undoable, ...]:
    """Everything a person did, newest first, each with its way back or the reason why there is none. Never raises.

    Args:
        entries: Entries of one journal, oldest first.
        who: The person: what the same real user did from any terminal counts.
        plan_of: Finds the plans of jobs.
    """
    history = _History(entries)
    mine = (entry for entry in reversed(history.entries) if entry.actor.real_user == who.real_user)
    return tuple(_undoable(entry, history, plan_of) for entry in mine if not entry.kind.startswith(_QUIET))


class _History:
    """The journal as far as undoing asks."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = tuple(entries)
        self.by_seq = {entry.seq: entry for entry in self.entries}
        self.ended: dict[str, Entry] = {}
        self.started: list[Entry] = []
        self.undone: dict[int, list[Entry]] = {}
        self.items: dict[tuple[str, str], list[Entry]] = {}
        for entry in self.entries:
            job = entry.data.get("job")
            if entry.kind == ENDED and isinstance(job, str):
                self.ended[job] = entry
            elif entry.kind == STARTED:
                self.started.append(entry)
            elif entry.kind.startswith("checklist.") and entry.kind not in (START, NOTE):
                self.items.setdefault(_item(entry), []).append(entry)
            undoes = undone_by(entry)
            if undoes is not None and entry.kind in (STARTED, TICK, UNTICK, SKIP):
                self.undone.setdefault(undoes, []).append(entry)

    def state(self, started: Entry) -> str | None:
        """How the job of an entry ended, or `None` while it has not."""
        ended = self.ended.get(str(started.data.get("job")))
        return None if ended is None else str(ended.data.get("state"))

    def worked(self, started: Entry) -> bool:
        """Whether an action took effect, or still may."""
        return self.state(started) in (None, JobState.SUCCEEDED.value)

    def taken_back(self, entry: Entry) -> Entry | None:
        """The entry that took this one back, or is about to."""
        for undo in self.undone.get(entry.seq, ()):
            if undo.kind != STARTED or self.worked(undo):
                return undo
        return None

    def standing(self, entry: Entry) -> list[Entry]:
        """What was said of the item of an entry, without what was taken back, and without the taking back itself."""
        said = self.items[_item(entry)]
        return [each for each in said if undone_by(each) is None and self.taken_back(each) is None]

    def later(self, entry: Entry, actions: tuple[str, ...], *, anywhere: bool = False) -> Entry | None:
        """The first action of these on the same run, or on any, that took effect after an entry."""
        key = entry.data.get("run_key")
        for other in self.started:
            same = anywhere or other.data.get("run_key") == key
            if other.seq > entry.seq and same and other.data.get("action") in actions and self.worked(other):
                return other
        return None


def undone_by(entry: Entry) -> int | None:
    """The number of the entry that an entry takes back, or `None`."""
    seq = entry.data.get(UNDOES)
    return seq if type(seq) is int else None


def _undoable(entry: Entry, history: _History, plan_of: PlanOf) -> Undoable:
    found: Inverse | str
    settled = undone_by(entry) is not None or history.taken_back(entry) is not None
    if (undoes := undone_by(entry)) is not None:
        found = f"it is itself an undo, of #{undoes}; do that again instead"
    elif (undo := history.taken_back(entry)) is not None:
        found = f"it was taken back by {_by(undo)}"
    elif entry.kind == STARTED:
        found = _action(entry, history, plan_of)
    elif entry.kind in (TICK, UNTICK, SKIP):
        found = _checklist(entry, history)
    else:
        found = _WHY_NOT.get(entry.kind) or _why_not_family(entry.kind)
    run, key = entry.data.get("run") or entry.data.get("target"), entry.data.get("run_key")
    return Undoable(
        seq=entry.seq,
        at=entry.at,
        actor=entry.actor,
        kind=entry.kind,
        run=run if isinstance(run, str) else entry.incident or "",
        run_key=key if isinstance(key, str) else None,
        title=_title(entry),
        inverse=None if isinstance(found, str) else found,
        why_not=found if isinstance(found, str) else None,
        settled=settled,
    )


def _action(entry: Entry, history: _History, plan_of: PlanOf) -> Inverse | str:
    """The way back of an action that was started, or why there is none."""
    action, state = entry.data.get("action"), history.state(entry)
    if state is None:
        return "it has not ended yet: wait, or cancel its job"
    plan = plan_of(str(entry.data.get("job")), str(entry.data.get("plan")))
    if state != JobState.SUCCEEDED.value:
        way = plan.undo if plan is not None else ""
        return f"it {state}, so what it did is not known" + (f"; by hand: {clean(way)}" if way else "")
    if action == ARCHIVE.id:
        return _archived(entry, history)
    if action == RESTORE.id:
        again = history.later(entry, (ARCHIVE.id, RESTORE.id))
        return f"the run was moved again since, by {_by(again)}" if again else Inverse(ARCHIVE.id, {REMOVE: "yes"})
    if plan is None:
        return "its plan is no longer on disk, so what takes it back is not known"
    if plan.undone_by is None:
        return "no action takes it back" + (f": {clean(plan.undo)}" if plan.undo else "")
    followed = history.later(entry, (plan.action, plan.undone_by), anywhere=plan.reach is Reach.SYSTEM)
    if followed is not None:
        return f"{clean(followed.data.get('action'))} followed, by {_by(followed)}"
    return Inverse(plan.undone_by, dict(plan.options), plan.flow, plan.step)


def _archived(entry: Entry, history: _History) -> Inverse | str:
    words = entry.data.get("argv")
    argv = [word for word in words if isinstance(word, str)] if isinstance(words, list) else []
    archive = next((word.partition("=")[2] for word in argv if word.startswith("--archive=")), "")
    if "--aside" not in argv:
        return f"the run itself was not touched; delete {clean(archive)} if it is not wanted"
    back = history.later(entry, (ARCHIVE.id, RESTORE.id))
    if back is not None:
        return f"the run was moved again since, by {_by(back)}"
    return Inverse(RESTORE.id, {"archive": Path(archive).name}) if archive else "its entry names no archive"


def _checklist(entry: Entry, history: _History) -> Inverse | str:
    """The event that puts an item back as it was before, or why there is none."""
    said = history.standing(entry)
    place = said.index(entry)
    if place + 1 < len(said):
        return f"the item was changed since, by {_by(said[place + 1])}"
    before = said[place - 1] if place else None
    kept: dict[str, Any] = {name: entry.data[name] for name in ("target", "item", "text") if name in entry.data}
    if before is None or before.kind == UNTICK:
        return Inverse(UNTICK, data=kept) if entry.kind != UNTICK else "the item was open before, too"
    more = {TICK: ("evidence", "note"), SKIP: ("reason",)}.get(before.kind)
    if more is None:
        return "before it the item was settled by a check: verify the checklist again"
    data = kept | {name: before.data[name] for name in more if name in before.data}
    return Inverse(before.kind, data=data)


_WHY_NOT = {
    START: "a playbook that was started stays; skip what does not apply",
    NOTE: "what was written down stays on record; write another note that puts it right",
    "note": "what was written down stays on record; write another note that puts it right",
    CANCELLED: "what was ended does not go on; start it again",
}


def _why_not_family(kind: str) -> str:
    if kind.startswith("incident."):
        return "the record of an incident is added to and never taken back; say what holds now"
    return "nothing is known that takes it back"


def _item(entry: Entry) -> tuple[str, str]:
    return str(entry.data.get("target")), str(entry.data.get("item"))


def _by(entry: Entry) -> str:
    return f"{clean(entry.actor.real_user)} (#{entry.seq})"


def _title(entry: Entry) -> str:
    data = entry.data
    about = data.get("item") or data.get("playbook") or data.get("text") or data.get("run") or ""
    what = data.get("action") if entry.kind.startswith("action.") else entry.kind.rpartition(".")[2]
    verb = f"cancel {what}" if entry.kind == CANCELLED else f"{what}"
    return clean(f"{verb} of {about}" if about else verb, 100)
