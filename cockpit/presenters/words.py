"""Words, glyphs and tones of states: the only table of them. Status is glyph + word + colour, never colour alone."""

from cockpit.models.playbook import ItemState
from cockpit.models.records import Decision, HandoffStatus, Level, StepStatus
from cockpit.models.run import RunState
from cockpit.models.snapshot import WatchMode
from cockpit.sanitize import clean
from widgets import rows
from widgets.rows import Cell, Tone

# state: ASCII glyph, unicode glyph, tone. One cell wide each, no emoji: width drifts in tmux.
_RUN: dict[RunState, tuple[str, str, Tone]] = {
    RunState.BLOCKED: ("#", "■", Tone.BAD),
    RunState.STUCK: ("%", "◌", Tone.BAD),
    RunState.FAILED: ("x", "✗", Tone.BAD),
    RunState.UNREADABLE: ("?", "?", Tone.BAD),
    RunState.WAITING: ("!", "!", Tone.WARN),
    RunState.INTERRUPTED: ("/", "⊘", Tone.WARN),
    RunState.PARTIAL: ("~", "◐", Tone.WARN),
    RunState.RUNNING: (">", "▶", Tone.BUSY),
    RunState.PAUSED: ("=", "‖", Tone.WARN),
    RunState.PENDING: (".", "·", Tone.DIM),
    RunState.SUCCEEDED: ("+", "✓", Tone.OK),
    RunState.ARCHIVED: ("_", "_", Tone.DIM),
}
_STEP: dict[StepStatus, tuple[str, str, Tone]] = {
    StepStatus.SUCCEEDED: ("+", "✓", Tone.OK),
    StepStatus.FAILED: ("x", "✗", Tone.BAD),
    StepStatus.INTERRUPTED: ("/", "⊘", Tone.WARN),
    StepStatus.TIMEOUT: ("x", "✗", Tone.BAD),
    StepStatus.SKIPPED: ("-", "-", Tone.DIM),
    StepStatus.PARTIAL: ("~", "◐", Tone.WARN),
    StepStatus.RUNNING: (">", "▶", Tone.BUSY),
    StepStatus.UNKNOWN: ("?", "?", Tone.WARN),
}
_ITEM: dict[ItemState, tuple[str, str, Tone]] = {
    ItemState.OPEN: ("[ ]", "[ ]", Tone.PLAIN),
    ItemState.DONE: ("[x]", "[x]", Tone.OK),
    ItemState.VERIFIED: ("[v]", "[✓]", Tone.OK),
    ItemState.SKIPPED: ("[-]", "[-]", Tone.DIM),
    ItemState.CONTRADICTED: ("[!]", "[!]", Tone.BAD),
    ItemState.STALE: ("[~]", "[~]", Tone.WARN),
}
_DECISION: dict[Decision, Tone] = {
    Decision.ESCALATE: Tone.BAD,
    Decision.TERMINATE: Tone.WARN,
    Decision.PAUSE: Tone.WARN,
    Decision.DETOUR: Tone.WARN,
    Decision.INJECT: Tone.WARN,
    Decision.EXTEND: Tone.WARN,
    Decision.LOOP: Tone.BUSY,
    Decision.UNKNOWN: Tone.DIM,
}
_HANDOFF: dict[HandoffStatus, Tone] = {
    HandoffStatus.VERIFIED: Tone.OK,
    HandoffStatus.BLOCKED: Tone.BAD,
    HandoffStatus.FAILED: Tone.BAD,
    HandoffStatus.UNVERIFIED: Tone.WARN,
    HandoffStatus.PARTIAL: Tone.WARN,
}
_LEVEL: dict[Level, tuple[rows.Level, Tone]] = {
    Level.INFO: (rows.Level.INFO, Tone.PLAIN),
    Level.WARN: (rows.Level.WARN, Tone.WARN),
    Level.ERROR: (rows.Level.ERROR, Tone.BAD),
}
_WATCH: dict[WatchMode, tuple[str, Tone]] = {
    WatchMode.OFF: ("not watching", Tone.DIM),
    WatchMode.INOTIFY: ("live", Tone.OK),
    WatchMode.POLL: ("polling", Tone.WARN),
    WatchMode.DEGRADED: ("few watches", Tone.WARN),
}


def run_state(state: RunState, *, unicode: bool = False) -> Cell:
    """`x failed`, in its tone."""
    glyph, fancy, tone = _RUN[state]
    return Cell(f"{fancy if unicode else glyph} {state.value}", tone)


def run_glyph(state: RunState, *, unicode: bool = False) -> Cell:
    """The glyph alone, for headers and counts."""
    glyph, fancy, tone = _RUN[state]
    return Cell(fancy if unicode else glyph, tone)


def run_level(state: RunState) -> rows.Level:
    """How loud a run is to the hunt keys."""
    tone = _RUN[state][2]
    return {Tone.BAD: rows.Level.ERROR, Tone.WARN: rows.Level.WARN}.get(tone, rows.Level.INFO)


def step_status(status: StepStatus, *, unicode: bool = False) -> Cell:
    """`+ succeeded`, in its tone."""
    glyph, fancy, tone = _STEP[status]
    return Cell(f"{fancy if unicode else glyph} {status.value}", tone)


def step_level(status: StepStatus) -> rows.Level:
    """How loud a step is to the hunt keys."""
    tone = _STEP[status][2]
    return {Tone.BAD: rows.Level.ERROR, Tone.WARN: rows.Level.WARN}.get(tone, rows.Level.INFO)


def item_state(state: ItemState, *, unicode: bool = False) -> Cell:
    """The box of a checklist item; its word is in the row's note where the box alone does not say it."""
    box, fancy, tone = _ITEM[state]
    return Cell(fancy if unicode else box, tone)


def decision(value: Decision) -> Cell:
    """A routing decision, upper case as the routing log writes it."""
    return Cell(value.value.upper(), _DECISION.get(value, Tone.PLAIN))


def handoff_status(status: HandoffStatus) -> Cell:
    """A handoff's status, in its tone."""
    return Cell(status.value.upper(), _HANDOFF.get(status, Tone.DIM))


def level(value: Level) -> tuple[rows.Level, Tone]:
    """Level and tone of a line."""
    return _LEVEL[value]


def watch_mode(mode: WatchMode) -> Cell:
    """How changes are noticed."""
    return Cell(*_WATCH[mode])


def text(value: object, tone: Tone = Tone.PLAIN, limit: int = 500) -> Cell:
    """Foreign text as a cell: the presenters' side of the sanitising door."""
    return Cell("" if value is None else clean(value, limit), tone)
