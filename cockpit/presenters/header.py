"""The header: one line that never hides. What matters most stands left; what may go first stands right."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cockpit.models.run import ATTENTION, Run, RunState
from cockpit.models.snapshot import Snapshot
from cockpit.presenters import times, words
from cockpit.presenters.runs import place
from widgets.rows import Cell, HeaderLine, Tone

_COLOURS = {"red": Tone.BAD, "yellow": Tone.WARN, "green": Tone.OK, "blue": Tone.ACCENT}


@dataclass(frozen=True, slots=True)
class HeaderFacts:
    """What the header speaks of besides the runs."""

    now: datetime
    run: Run | None = None
    label: str = ""
    colour: str | None = None
    """The colour of the root, as the settings name it."""
    incident: tuple[Cell, ...] = ()
    """Severity, id and clock of the incident the run belongs to."""
    read_only: str | None = None
    """Why actions are refused, or `None`."""
    frozen_since: datetime | None = None
    anchored: bool = False
    jobs: int = 0
    news: int = 0
    """How much was told since the last key."""
    unicode: bool = False
    net: Cell | None = None
    """What goes over the wire, where that is shown."""


def header_line(snapshot: Snapshot, facts: HeaderFacts) -> tuple[HeaderLine, int]:
    """The line for a snapshot, and how many of its left pieces must stay at any width."""
    kept = [words.text(facts.run.id, Tone.STRONG) if facts.run else Cell("cockpit", Tone.STRONG)]
    if facts.label:
        kept.insert(0, root_cell(facts.label, facts.colour))
    kept[:0] = facts.incident
    if facts.news:
        kept.append(Cell(f"{facts.news} new", Tone.WARN))
    if facts.read_only:
        kept.append(Cell("READ-ONLY", Tone.WARN))
    if facts.frozen_since is not None:
        kept.append(Cell(f"FROZEN {times.span(facts.now - facts.frozen_since)}", Tone.WARN))
    if facts.anchored:
        kept.append(Cell("ANCHORED", Tone.WARN))
    if facts.jobs:
        kept.append(Cell(f"{facts.jobs} job{'s' if facts.jobs > 1 else ''} running", Tone.BUSY))
    left = [*kept]
    tally = snapshot.count()
    pressing = tally.pressing
    if pressing:
        left.append(Cell(f"{pressing} need{'s' if pressing == 1 else ''} a look", Tone.BAD))
    if facts.run is not None and snapshot.several_systems:
        left.append(words.text(facts.run.ref.source, Tone.DIM))
    if facts.run is not None and (where := place(facts.run.flow, facts.run.step)):
        left.append(words.text(where, Tone.DIM))
    left.extend(state_counts(tally.states, unicode=facts.unicode))
    right = [
        *((facts.net,) if facts.net else ()),
        *_scan(snapshot),
        words.watch_mode(snapshot.watch),
        Cell(facts.now.strftime("%H:%MZ"), Tone.DIM),
    ]
    return HeaderLine(tuple(left), tuple(right)), len(kept)


def root_cell(label: str, colour: str | None) -> Cell:
    """The name of a root: a block of its colour where it has one, in the theme's own shade of it."""
    if colour is None:
        return words.text(label, Tone.ACCENT)
    return Cell(f" {words.text(label).text} ", _COLOURS[colour], block=True)


def state_counts(found: Mapping[RunState, int], *, unicode: bool = False) -> list[Cell]:
    """`2 failed 1 stuck 30 ok`: what needs attention by name, the rest only where there is some."""
    cells = [_count(state, found[state], unicode=unicode) for state in ATTENTION if state in found]
    rest = (RunState.RUNNING, RunState.PAUSED, RunState.PENDING, RunState.SUCCEEDED)
    return cells + [_count(state, found[state], unicode=unicode) for state in rest if state in found]


def _count(state: RunState, number: int, *, unicode: bool) -> Cell:
    shown = words.run_glyph(state, unicode=unicode)
    word = "ok" if state is RunState.SUCCEEDED else state.value
    return Cell(f"{shown.text}{number} {word}", shown.tone)


def _scan(snapshot: Snapshot) -> list[Cell]:
    cells: list[Cell] = []
    broken = [root for root in snapshot.roots if root.error]
    if broken:
        cells.append(words.text(f"root lost: {broken[0].error}", Tone.BAD))
    if not snapshot.progress.finished:
        total = snapshot.progress.total
        cells.append(Cell(f"scanning {snapshot.progress.done}/{'?' if total is None else total}", Tone.BUSY))
    if snapshot.stale:
        cells.append(Cell(f"{len(snapshot.stale)} stale", Tone.WARN))
    return cells
