"""The one registry of commands: keys, footer, `?`, palette, `cockpit keys` and the README's table all come from it.

Lower case looks, a CAPITAL acts (vim's own `G` and `N` aside). Ids are stable: users remap by them.
"""

from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """Where a command's key works. The screen's keys work in every pane, a pane's only while it has the focus."""

    ANYWHERE = "anywhere"
    LISTS = "lists"
    RUNS = "runs"
    CHECKLIST = "checklist"

    def reaches(self, pane: str) -> bool:
        """Whether keys of this scope work in a pane (by its id, which is the scope's value for scopes of one pane)."""
        return self in (Scope.ANYWHERE, Scope.LISTS) or self.value == pane


class Group(StrEnum):
    """Headings of help, in order."""

    MOVE = "Move"
    PANES = "Panes"
    FIND = "Find"
    VIEW = "View"
    RECORD = "Record"
    INCIDENT = "Incident"
    ACT = "Act"
    PROGRAM = "Program"


@dataclass(frozen=True, slots=True)
class Command:
    """One thing the operator can ask for.

    Attributes:
        id: Stable name, `group.verb`.
        keys: Default keys as Textual spells them.
        title: A few words, for footer and palette.
        help: One sentence, for `?`.
        scope: Where its keys work.
        group: Heading in help.
        acts: Whether it starts something on a run; read-only refuses it.
        footer: Whether the footer offers it; lower numbers first, 0 never.
        word: Its name on the command line, besides its id.
        takes: What may stand behind its name there; empty where nothing may.
        needs: Whether that must be given.
    """

    id: str
    keys: tuple[str, ...]
    title: str
    help: str
    scope: Scope = Scope.ANYWHERE
    group: Group = Group.VIEW
    acts: bool = False
    footer: int = 0
    word: str = ""
    takes: str = ""
    needs: bool = False

    @property
    def action(self) -> str:
        """Name of the Textual action that carries it out: `list.page_down` is `list_page_down`."""
        return self.id.replace(".", "_")


def _move(name: str, keys: str, title: str, text: str) -> Command:
    return Command(f"list.{name}", tuple(keys.split()), title, text, Scope.LISTS, Group.MOVE)


def _typed(name: str, word: str, takes: str, text: str) -> Command:
    """One that is only useful with something behind its name."""
    return Command(name, (), word, text, group=Group.MOVE, word=word, takes=takes, needs=True)


def _pane(number: int, name: str, text: str) -> Command:
    return Command(f"pane.{name}", (str(number),), name.capitalize(), text, group=Group.PANES)


COMMANDS: tuple[Command, ...] = (
    _move("down", "j down", "down", "One line down."),
    _move("up", "k up", "up", "One line up."),
    _move("top", "g home", "top", "First line."),
    _move("bottom", "G end", "bottom", "Last line; a following pane follows again."),
    _move("half_down", "ctrl+d", "half page down", "Half a page down."),
    _move("half_up", "ctrl+u", "half page up", "Half a page up."),
    _move("page_down", "pagedown", "page down", "A page down."),
    _move("page_up", "pageup", "page up", "A page up."),
    _move("left", "shift+left", "left", "Scroll a wide log to the left."),
    _move("right", "shift+right", "right", "Scroll a wide log to the right."),
    _move("line_start", "shift+home", "start of line", "Scroll a wide log back to where its lines begin."),
    _move("line_end", "shift+end", "end of line", "Scroll a wide log to where the line under the cursor ends."),
    Command(
        "go.into",
        ("enter", "l"),
        "open",
        "Into the selection: run, step, evidence line.",
        Scope.LISTS,
        Group.MOVE,
        footer=1,
    ),
    Command(
        "go.back",
        ("escape", "h", "backspace"),
        "back",
        "Back up; at the top it clears the filter first, then the marks.",
        group=Group.MOVE,
    ),
    Command("go.last", ("minus",), "last view", "Swap with the view before.", group=Group.MOVE),
    Command(
        "go.older",
        ("ctrl+o", "left_curly_bracket"),
        "jump back",
        "Where the last jump started from: a hunt, evidence, a run, a time.",
        group=Group.MOVE,
    ),
    Command("go.newer", ("right_curly_bracket",), "jump forward", "Forward again among the jumps.", group=Group.MOVE),
    _typed("go.to", "goto", "WHERE", "To a line (120), a time (14:05, 2026-11-20T14:05Z), or by a span (-10m, +1h)."),
    _typed("go.run", "run", "RUN", "To a run, by its id or a part of it."),
    _typed("go.pane", "pane", "NAME", "To a pane by its name."),
    _pane(1, "runs", "Every run, what needs attention first."),
    _pane(2, "receipts", "Steps and receipts of the run in scope."),
    _pane(3, "routing", "Its routing decisions, oldest first."),
    _pane(4, "checklist", "The playbook's checklist for it."),
    _pane(5, "timeline", "What was done about it, from the journal."),
    _pane(6, "log", "Log, transcript, evidence file or job output."),
    _pane(0, "detail", "Why its state is what it is, with the evidence."),
    Command("pane.next", ("tab",), "next pane", "Focus the next pane.", group=Group.PANES),
    Command("pane.previous", ("shift+tab",), "previous pane", "Focus the pane before.", group=Group.PANES),
    Command(
        "tab.previous",
        ("left_square_bracket",),
        "previous tab",
        "Previous file of the step in the Log pane.",
        group=Group.PANES,
    ),
    Command(
        "tab.next", ("right_square_bracket",), "next tab", "Next file of the step in the Log pane.", group=Group.PANES
    ),
    Command("view.zoom", ("z",), "zoom", "The focused pane fills the screen, and back.", group=Group.PANES),
    Command(
        "find.filter",
        ("slash",),
        "filter",
        "Filter the runs: words, !word, state:failed age<2h is:contradicted; in Log its lines: words, !word, is:error.",
        group=Group.FIND,
        footer=2,
        word="filter",
        takes="EXPR",
    ),
    Command("find.command", ("colon",), "command", "Type a command by its name, with completion.", group=Group.FIND),
    Command("find.error", ("e",), "next error", "Jump to the next error in this pane.", group=Group.FIND),
    Command("find.warning", ("w",), "next warning", "Jump to the next warning or error.", group=Group.FIND),
    Command("find.next", ("n",), "again", "Repeat the last hunt forward.", group=Group.FIND),
    Command("find.previous", ("N",), "again back", "Repeat the last hunt backward.", group=Group.FIND),
    Command(
        "mark.toggle",
        ("space",),
        "mark",
        "Mark the run, or take its mark away; actions then are about all marked runs.",
        Scope.RUNS,
        Group.FIND,
    ),
    Command("mark.range", ("v",), "mark range", "Mark every run from the last mark to here.", Scope.RUNS, Group.FIND),
    Command("mark.all", ("asterisk",), "mark all", "Mark all runs shown, or none.", Scope.RUNS, Group.FIND),
    Command("view.follow", ("f",), "follow", "Follow the end of the pane, or stop.", group=Group.VIEW),
    Command(
        "view.times",
        ("t",),
        "times",
        "Times as ages, in UTC, in local time.",
        group=Group.VIEW,
        word="times",
        takes="STYLE",
    ),
    Command(
        "view.sort",
        ("s",),
        "sort",
        "Sort runs by attention, last change, age, name; in Log the keys of a record.",
        group=Group.VIEW,
        word="sort",
        takes="ORDER",
    ),
    Command(
        "view.cluster",
        ("ampersand",),
        "by cause",
        "Runs that failed in the same way share one line, and back.",
        group=Group.VIEW,
    ),
    Command("view.freeze", ("equals_sign",), "freeze", "Stop live updates, and catch up again.", group=Group.VIEW),
    Command(
        "view.anchor", ("a",), "anchor", "Panes stop following the cursor in Runs, and start again.", group=Group.VIEW
    ),
    Command(
        "view.monitor", ("b",), "monitor", "Watch the run in scope: pace, processes, clock to stuck.", group=Group.VIEW
    ),
    Command("view.rescan", ("r",), "rescan", "Look at every run on disk again.", group=Group.VIEW),
    Command("view.redraw", ("ctrl+l",), "redraw", "Paint the whole screen again.", group=Group.VIEW),
    Command(
        "view.diagnose",
        ("D",),
        "Diagnose",
        "Look into the run again: causes, contradictions, secrets.",
        group=Group.VIEW,
    ),
    Command("view.diff", ("d",), "diff", "What differs from the last run that did this flow well.", group=Group.VIEW),
    Command("view.open", ("o",), "open in", "Open the file in $PAGER, $EDITOR or lnav at its line.", group=Group.VIEW),
    Command("view.audit", ("at",), "audit", "Timeline of everything, or of this run only.", group=Group.VIEW),
    Command(
        "view.theme",
        (),
        "theme",
        "The colour theme of that name, or the next one.",
        group=Group.VIEW,
        word="theme",
        takes="NAME",
    ),
    Command(
        "view.named",
        (),
        "view",
        "A way of looking by its name; `view save NAME` keeps the present one, `view drop NAME` forgets it.",
        group=Group.VIEW,
        word="view",
        takes="NAME",
        needs=True,
    ),
    Command(
        "view.root",
        (),
        "root",
        "Only the runs of one root, by its label or path; without a name those of all.",
        group=Group.VIEW,
        word="root",
        takes="NAME",
    ),
    Command(
        "view.net", (), "net", "Bytes and frames a second to this terminal, in the header, and back.", group=Group.VIEW
    ),
    Command(
        "copy.menu", ("y",), "yank", "Copy the id, path, line or command, or save it to a file.", group=Group.RECORD
    ),
    Command(
        "copy.write",
        (),
        "write",
        "Write the lines of the pane into a file that is not there yet.",
        group=Group.RECORD,
        word="write",
        takes="FILE",
        needs=True,
    ),
    Command(
        "record.comment",
        ("c",),
        "comment",
        "Put a note on the run's timeline; @14:02 in front back-dates it.",
        group=Group.RECORD,
    ),
    Command(
        "checklist.open",
        ("p",),
        "playbook",
        "Start a playbook's checklist for this run.",
        group=Group.RECORD,
        footer=6,
        word="playbook",
        takes="ID",
    ),
    Command(
        "checklist.read",
        (),
        "read playbook",
        "The playbook of the checklist as a page, with its tables; without one, the playbook that fits.",
        group=Group.RECORD,
    ),
    Command(
        "checklist.tick",
        ("space",),
        "tick",
        "Tick the item, or take the tick back.",
        Scope.CHECKLIST,
        Group.RECORD,
        footer=1,
    ),
    Command(
        "checklist.menu",
        ("x",),
        "item menu",
        "Tick, verify, skip with a reason, claim, evidence, note, untick, run its command.",
        Scope.CHECKLIST,
        Group.RECORD,
        footer=2,
    ),
    Command(
        "checklist.verify",
        ("V",),
        "Verify",
        "Ask every check of the checklist, and record what the evidence confirms.",
        group=Group.RECORD,
    ),
    Command(
        "incident.postmortem",
        ("M",),
        "post-Mortem",
        "The post-mortem of the run's incident, to look through; y writes it.",
        group=Group.INCIDENT,
    ),
    Command(
        "incident.bundle",
        ("E",),
        "Escalation",
        "The escalation bundle of the run's incident: what is in it, what is missing; y writes it.",
        group=Group.INCIDENT,
    ),
    Command(
        "incident.handoff",
        ("H",),
        "Handoff",
        "What the next shift must know, to look through; y writes it.",
        group=Group.INCIDENT,
    ),
    Command("incident.metrics", (), "metrics", "What the incidents cost: times, shares, charts.", group=Group.INCIDENT),
    Command(
        "run.resume",
        ("R",),
        "Resume",
        "Resume the run from the step. Shows the plan first.",
        group=Group.ACT,
        acts=True,
        footer=3,
    ),
    Command(
        "run.retry", ("T",), "reTry", "Retry the step. Shows the plan first.", group=Group.ACT, acts=True, footer=4
    ),
    Command(
        "run.archive",
        ("A",),
        "Archive",
        "Archive the run; the original stays unless asked. Shows the plan first.",
        group=Group.ACT,
        acts=True,
        footer=5,
    ),
    Command(
        "run.menu",
        ("X",),
        "actions",
        "Everything that can be done with the run, and why not the rest. Shows the plan first.",
        group=Group.ACT,
        acts=True,
        footer=5,
    ),
    Command(
        "run.do",
        (),
        "do",
        "Any action of the run by its name, your own too. Shows the plan first.",
        group=Group.ACT,
        acts=True,
        word="do",
        takes="ACTION",
        needs=True,
    ),
    Command(
        "run.restore", (), "restore", "Bring an archived run back. Shows the plan first.", group=Group.ACT, acts=True
    ),
    Command(
        "act.undo",
        ("u",),
        "undo",
        "Take back the last thing you did that can be taken back. Shows the plan first.",
        group=Group.ACT,
    ),
    Command(
        "incident.next",
        ("i",),
        "incident",
        "The incident of the run in scope, else the most severe open one; there, the next one.",
        group=Group.INCIDENT,
        word="incident",
        takes="INC",
    ),
    Command(
        "incident.pin",
        ("m",),
        "pin",
        "Pin the line or receipt under the cursor as evidence of the run's incident.",
        group=Group.INCIDENT,
    ),
    Command(
        "incident.declare",
        ("I",),
        "Incident",
        "Declare an incident about the run in scope: three questions give its severity.",
        group=Group.INCIDENT,
        acts=True,
        footer=7,
    ),
    Command(
        "incident.by_hand",
        (),
        "declare by hand",
        "Declare an incident that is about no run: three questions give its severity.",
        group=Group.INCIDENT,
        acts=True,
    ),
    Command(
        "incident.severity",
        ("S",),
        "Severity",
        "Change the severity of the run's incident: the questions again, and the reason.",
        group=Group.INCIDENT,
        acts=True,
    ),
    Command(
        "incident.phase",
        ("P",),
        "Phase",
        "The next phase of the run's incident. Shows its gate first.",
        group=Group.INCIDENT,
        acts=True,
    ),
    Command(
        "incident.own",
        ("O",),
        "Own",
        "Take a role in the run's incident, hand one over, or accept the command.",
        group=Group.INCIDENT,
        acts=True,
    ),
    Command(
        "incident.update",
        ("U",),
        "Update",
        "Write a status update on the run's incident, and promise the next one.",
        group=Group.INCIDENT,
        acts=True,
    ),
    Command(
        "job.list",
        ("exclamation_mark",),
        "jobs",
        "Every job of these roots, whoever started it: what runs, what became of it, its output.",
        group=Group.VIEW,
    ),
    Command(
        "job.cancel",
        ("K",),
        "Kill job",
        "Cancel the run's job: TERM to its whole process group, then KILL.",
        group=Group.ACT,
        acts=True,
    ),
    Command(
        "app.readonly",
        ("W",),
        "read-only",
        "Refuse all actions in this session, and allow them again.",
        group=Group.PROGRAM,
    ),
    Command(
        "app.help",
        ("question_mark",),
        "help",
        "What can be done here: searchable, Enter does it.",
        group=Group.PROGRAM,
        footer=8,
    ),
    Command("app.palette", ("ctrl+p",), "palette", "Every command and every run, by name.", group=Group.PROGRAM),
    Command("app.suspend", ("ctrl+z",), "suspend", "Back to the shell; `fg` returns.", group=Group.PROGRAM),
    Command(
        "app.close",
        ("q",),
        "close",
        "Close this view; at the top it asks whether to quit.",
        group=Group.PROGRAM,
        footer=9,
    ),
    Command("app.quit", ("ctrl+c",), "interrupt", "Pressed twice, quit.", group=Group.PROGRAM),
    Command("app.leave", (), "quit", "End the cockpit; jobs go on without it.", group=Group.PROGRAM, word="quit"),
)

BY_ID: dict[str, Command] = {command.id: command for command in COMMANDS}
"""Every command by its id."""

_KEY_NAMES = {
    "slash": "/", "colon": ":", "question_mark": "?", "minus": "-", "left_square_bracket": "[",
    "right_square_bracket": "]", "equals_sign": "=", "at": "@", "ampersand": "&", "exclamation_mark": "!",
    "escape": "esc", "pagedown": "pgdn",
    "left_curly_bracket": "{", "right_curly_bracket": "}", "pageup": "pgup", "asterisk": "*", "backspace": "bksp",
}  # fmt: skip


def show_key(key: str) -> str:
    """How people read a key: `question_mark` is `?`, `ctrl+d` is `^d`."""
    if key.startswith("ctrl+"):
        return f"^{key[5:]}"
    return _KEY_NAMES.get(key, key)


def show_keys(keys: tuple[str, ...]) -> str:
    """All keys of a command, in one short text."""
    return " ".join(show_key(key) for key in keys)
