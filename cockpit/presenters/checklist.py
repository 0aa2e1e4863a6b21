"""A checklist as rows: sections, boxes, who settled what and when, and what the evidence says of it."""

import re
from collections.abc import Collection, Sequence
from datetime import datetime

from cockpit.models.evidence import Evidence
from cockpit.models.playbook import Checklist, ChecklistItem, ItemState, Outcome
from cockpit.presence import Person
from cockpit.presenters import times, words
from cockpit.presenters.times import TimeStyle
from widgets.rows import EMPTY, Cell, CheckRow, Level, Tone

_GOOD = frozenset((ItemState.DONE, ItemState.VERIFIED, ItemState.SKIPPED))
_LOUD = {ItemState.CONTRADICTED: Level.ERROR, ItemState.STALE: Level.WARN}
_FOUND = {Outcome.MET: Tone.OK, Outcome.NOT_MET: Tone.BAD, Outcome.CANNOT_TELL: Tone.DIM}
_NAMED = 2
"""People named in a title; of more, only how many."""


def checklist_rows(
    checklist: Checklist, titles: dict[str, str], now: datetime, style: TimeStyle, *, unicode: bool = False
) -> list[CheckRow]:
    """Every item under its playbook's and section's heading."""
    rows: list[CheckRow] = []
    playbook = section = None
    for item in checklist.items:
        if item.playbook != playbook:
            playbook, section = item.playbook, None
            rows.append(_heading(f"={playbook}", titles.get(playbook, playbook), Tone.ACCENT))
        if item.section and item.section != section:
            section = item.section
            rows.append(_heading(f"={playbook}/{section}", section, Tone.STRONG))
        rows.append(item_row(_shorter(item, checklist.target), now, style, unicode=unicode))
    return rows


def _shorter(item: ChecklistItem, target: str) -> ChecklistItem:
    """The item with paths below the run named from there: everything on a run's checklist is about that run."""
    if item.why is None or f"{target}/" not in item.why:
        return item
    return item.model_copy(update={"why": re.sub(rf"(?:[^\s'\"]*/)?{re.escape(target)}/", "", item.why)})


def item_row(item: ChecklistItem, now: datetime, style: TimeStyle, *, unicode: bool = False) -> CheckRow:
    """One item. What makes it stale or contradicted, and who works on it, stands below it in full."""
    settled = item.state is not ItemState.OPEN
    return CheckRow(
        key=item.id,
        level=_LOUD.get(item.state, Level.INFO),
        state=words.item_state(item.state, unicode=unicode),
        text=words.text(item.text, Tone.DIM if item.state in _GOOD else Tone.PLAIN),
        by=words.text(item.by, Tone.DIM) if settled else EMPTY,
        at=Cell(times.moment(item.at, now, style), Tone.DIM) if settled else EMPTY,
        note=words.text(_note(item), Tone.DIM),
        below=_below(item),
    )


def _below(item: ChecklistItem) -> tuple[Cell, ...]:
    lines: list[Cell] = []
    if item.state in _LOUD:
        lines.append(
            words.text(f"{item.state.value}: {item.why or 'no reason is known'}", words.item_state(item.state).tone)
        )
    if item.claimed_by:
        lines.append(words.text(f"{item.claimed_by} works on it", Tone.ACCENT))
    return tuple(lines)


def _note(item: ChecklistItem) -> str:
    """The reason of a skip, a remark, what it was settled with, what its check says, or what to look at."""
    if item.note:
        return f"{'because ' if item.state is ItemState.SKIPPED else ''}{item.note}"
    if item.evidence:
        by = f"check {item.check}: " if item.state is ItemState.VERIFIED and item.check else ""
        return f"{by}{place(item.evidence[0])}"
    if item.stamps:
        return item.stamps[0].path
    if item.state is not ItemState.OPEN:
        return ""
    if item.found is not None and item.found.outcome is Outcome.MET:
        return f"holds, V verifies: {item.found.why}"
    if item.found is not None and item.found.outcome is Outcome.NOT_MET:
        return f"not yet: {item.found.why}"
    return item.detail[0] if item.detail else ""


def place(evidence: Evidence) -> str:
    """`path:line`."""
    return f"{evidence.path}:{evidence.line}" if evidence.line else evidence.path


def progress(checklist: Checklist) -> str:
    """`3/8`: items that are settled and stand, of all."""
    settled = sum(item.state in _GOOD for item in checklist.items)
    return f"{settled}/{len(checklist.items)}" if checklist.items else ""


def badges(checklist: Checklist, here: Sequence[Person], me: str | None = None) -> tuple[Cell, ...]:
    """What must be seen from any item: who else is here, contradicted and stale items, and what could be verified."""
    found = [here_now(here, me)] if here else []
    for state in _LOUD:
        count = sum(item.state is state for item in checklist.items)
        if count:
            found.append(Cell(f"{count} {state.value}", words.item_state(state).tone))
    holds = sum(
        item.state is ItemState.OPEN and item.found is not None and item.found.outcome is Outcome.MET
        for item in checklist.items
    )
    if holds:
        found.append(Cell(f"V: {holds} {'holds' if holds == 1 else 'hold'}", Tone.OK))
    return tuple(found)


def here_now(here: Sequence[Person], me: str | None = None) -> Cell:
    """`bob is here`, with the terminal where the name alone would not tell them apart, from each other or from me."""
    names = [*(one.who for one in here), *([me] if me else [])]
    shown = [
        f"{one.who} ({one.tty.removeprefix('/dev/')})" if one.tty and names.count(one.who) > 1 else one.who
        for one in here
    ]
    if len(shown) > _NAMED:
        return words.text(f"{len(shown)} others are here", Tone.ACCENT)
    return words.text(f"{' and '.join(shown)} {'is' if len(shown) == 1 else 'are'} here", Tone.ACCENT, limit=60)


def verdict_rows(items: Sequence[ChecklistItem], confirmed: Collection[str]) -> list[list[Cell]]:
    """What each check said, one line an item, for people who verify from the command line."""
    rows = []
    for item in items:
        if item.found is None and item.state not in _LOUD:
            continue
        outcome = item.found.outcome if item.found is not None else Outcome.CANNOT_TELL
        why = item.why or (item.found.why if item.found is not None else "")
        proof = place(item.found.evidence[0]) if item.found is not None and item.found.evidence else ""
        rows.append(
            [
                words.item_state(item.state),
                words.text(item.id, Tone.DIM),
                Cell(outcome.value, _FOUND[outcome]),
                words.text(item.state.value if item.state in _LOUD else "", words.item_state(item.state).tone),
                Cell("recorded", Tone.ACCENT) if item.id in confirmed else EMPTY,
                words.text(why),
                words.text(proof, Tone.DIM),
            ]
        )
    return rows


def told_of(items: Sequence[ChecklistItem], confirmed: Collection[str]) -> str:
    """`2 verified now, 3 in all; 1 contradicted, 1 cannot be told`."""
    checked = [item for item in items if item.found is not None]
    if not checked:
        return "no item of this checklist names a check"
    verified = sum(item.state is ItemState.VERIFIED for item in items)
    parts = [f"{len(confirmed)} verified now, {verified} in all"]
    for state in _LOUD:
        count = sum(item.state is state for item in items)
        parts += [f"{count} {state.value}"] if count else []
    for outcome, told in ((Outcome.NOT_MET, "not met"), (Outcome.CANNOT_TELL, "cannot be told")):
        count = sum(item.found is not None and item.found.outcome is outcome for item in items)
        parts += [f"{count} {told}"] if count else []
    return "; ".join(parts)


def _heading(key: str, text: str, tone: Tone) -> CheckRow:
    return CheckRow(key=key, text=words.text(text, tone), heading=True)
