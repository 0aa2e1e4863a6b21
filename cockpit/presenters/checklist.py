"""A checklist as rows: sections, boxes, who ticked when, and the reason where something was skipped."""

from datetime import datetime

from cockpit.models.playbook import Checklist, ChecklistItem, ItemState
from cockpit.presenters import times, words
from cockpit.presenters.times import TimeStyle
from widgets.rows import EMPTY, Cell, CheckRow, Level, Tone


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
        rows.append(item_row(item, now, style, unicode=unicode))
    return rows


def item_row(item: ChecklistItem, now: datetime, style: TimeStyle, *, unicode: bool = False) -> CheckRow:
    """One item. The note names the evidence, the reason of a skip, or what to look at."""
    loud = {ItemState.CONTRADICTED: Level.ERROR, ItemState.STALE: Level.WARN}.get(item.state, Level.INFO)
    closed = item.state in (ItemState.DONE, ItemState.VERIFIED, ItemState.SKIPPED)
    return CheckRow(
        key=item.id,
        level=loud,
        state=words.item_state(item.state, unicode=unicode),
        text=words.text(item.text, Tone.DIM if closed else Tone.PLAIN),
        by=words.text(item.by, Tone.DIM) if closed else EMPTY,
        at=Cell(times.moment(item.at, now, style), Tone.DIM) if closed else EMPTY,
        note=words.text(_note(item), Tone.DIM),
    )


def _note(item: ChecklistItem) -> str:
    if item.note:
        return f"{'because ' if item.state is ItemState.SKIPPED else ''}{item.note}"
    if item.evidence:
        first = item.evidence[0]
        return f"{first.path}:{first.line}" if first.line else first.path
    return item.detail[0] if item.detail and item.state is ItemState.OPEN else ""


def progress(checklist: Checklist) -> str:
    """`3/8`: items that are settled, of all."""
    settled = sum(item.state in (ItemState.DONE, ItemState.VERIFIED, ItemState.SKIPPED) for item in checklist.items)
    return f"{settled}/{len(checklist.items)}" if checklist.items else ""


def _heading(key: str, text: str, tone: Tone) -> CheckRow:
    return CheckRow(key=key, text=words.text(text, tone), heading=True)
