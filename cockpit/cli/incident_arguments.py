"""Arguments of `incident` and `gate`."""

import argparse
from collections.abc import Callable

VERBS: dict[str, str] = {
    "incident": "incidents: declare, list, show, phase, note, pin, decide, role, task, update, close ...",
    "gate": "what must hold before a phase may be left; exit 3 with what is missing",
}

_AGE = "ISO time, 14:02 (UTC) or an age such as 20m"
_AHEAD = "ISO time, a date, 14:02 (UTC), or 30m, 2d from now"
_GATES = """\
A phase is left through its gate: forward every gate on the way must be met
(cockpit gate INC), backward always works. --override goes on all the same; the
reason and what was missing are on record."""
_TREE = """\
The severity is named (SEV1 to SEV4, P0 to P3, Critical to Low), or follows
from the answers to the severity tree, y or n for each question asked:
  production affected?
    y  data lost or security compromised?  y SEV1  n SEV2
    n  users blocked?                      y SEV2
       n  correctness affected?            y SEV3  n SEV4"""
_ROLE = """\
ROLE is incident-commander (ic), technical-lead, communications, scribe or
responder; PERSON a name, or me. Command is handed over in two halves: whoever
has it names the next person, who accepts by naming themself. --override takes
or gives it without the other side, with the reason on record."""
_TASK = """\
  task INC TEXT --owner P --due T --verify HOW   a new action item
  task done INC ID [--outcome TEXT]   it is done, and what verifying it showed
  task start INC ID                   it is begun
  task reset INC ID                   it is pending again"""
_ESCALATE = """\
Without a level: every reason to escalate and whether it holds now; calls nobody.
L1 on-call engineer · L2 technical lead · L3 project manager ·
L4 security team · L0 founder"""


_FILE = """\
One file for each action of that kind that has ended: incidents/revert-<job>.json, incidents/bisect-<job>.json,
incidents/rollback-<job>.json, provider_shadow_diffs/<job>.json, ramp_reports/<job>.json; adr/<incident>.md.
Where no such action is on record, one of what was done by hand. A file that says something else is not replaced."""


def add(verb: Callable[[str], argparse.ArgumentParser], shared: argparse.ArgumentParser) -> None:
    """Add both verbs.

    Args:
        verb: Makes the parser of a verb.
        shared: The options that work everywhere, for the words below `incident`.
    """
    gate = verb("gate")
    gate.add_argument("incident", metavar="INC", help="its id, or the end of it")
    gate.add_argument("phase", metavar="PHASE", nargs="?", help="default: the phase it is in")
    words = verb("incident").add_subparsers(dest="what", metavar="WHAT", required=True)

    def word(name: str, text: str, more: str = "") -> argparse.ArgumentParser:
        description = f"{text[0].upper()}{text[1:]}.\n{more}".rstrip()
        return words.add_parser(
            name, help=text, description=description, parents=[shared], allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )  # fmt: skip

    def about(name: str, text: str, more: str = "") -> argparse.ArgumentParser:
        made = word(name, text, more)
        made.add_argument("incident", metavar="INC", help="its id, or the end of it: inc-20261121-02, 1121-02, 02")
        return made

    _declaring(word, about)
    _moving(about)
    _recording(about)
    _people(word, about)
    _reporting(about)


_Make = Callable[..., argparse.ArgumentParser]


def _described(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--symptoms", metavar="TEXT", help="what was seen first")
    parser.add_argument("--how", metavar="TEXT", help="how it was noticed: an alert, a report, a failed run ...")
    parser.add_argument("--detected-at", metavar="T", help=f"when it was noticed: {_AGE}")


def _severity(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--answers", metavar="YN", help="answers to the severity tree, one letter a question")


def _declaring(word: _Make, about: _Make) -> None:
    declare = word("declare", "declare an incident", _TREE)
    declare.add_argument("--title", metavar="T", required=True, help="one line")
    declare.add_argument("--severity", metavar="SEV", help="or --answers")
    _severity(declare)
    declare.add_argument("--run", metavar="RUN", action="append", default=[], help="a run it is about (repeatable)")
    declare.add_argument(
        "--playbook", metavar="ID", action="append", default=[],
        help="work this playbook (repeatable); default: the one that fits the run",
    )  # fmt: skip
    declare.add_argument(
        "--finding", metavar="ID", help="the finding of the run it is declared from (cockpit diagnose)"
    )
    declare.add_argument("--again", action="store_true", help="although an open incident has the run")
    _described(declare)
    listed = word("list", "the open incidents, the most severe first")
    listed.add_argument("--all", action="store_true", help="closed ones too")
    about("show", "everything about an incident")
    about("timeline", "its timeline, put together from the record and the evidence of its runs")
    describe = about("describe", "say better what it is, how and when it was noticed")
    describe.add_argument("--title", metavar="T", help="one line")
    _described(describe)
    about("attach", "make a run part of it").add_argument("run", metavar="RUN")
    detach = about("detach", "take a run off it that has nothing to do with it")
    detach.add_argument("run", metavar="RUN")
    detach.add_argument("--reason", metavar="R", required=True, help="why")


def _moving(about: _Make) -> None:
    phase = about("phase", "go to another phase", _GATES)
    phase.add_argument("phase", metavar="NAME", help="detect, contain, diagnose, fix, verify, document, closed")
    close = about("close", "close it", _GATES)
    for parser in (phase, close):
        parser.add_argument("--override", metavar="REASON", help="although a gate is not met")
        parser.add_argument("--reason", metavar="R", help="what there is to say")
    reopen = about("reopen", "open it again")
    reopen.add_argument("--reason", metavar="R", help="why")
    reopen.add_argument("--phase", metavar="NAME", default="diagnose", help="the phase to go on in")
    severity = about("severity", "make it more or less severe", _TREE)
    severity.add_argument("severity", metavar="SEV", nargs="?", help="or --answers")
    severity.add_argument("--reason", metavar="R", required=True, help="why")
    _severity(severity)


def _recording(about: _Make) -> None:
    note = about("note", "write a remark on its timeline")
    note.add_argument("text", metavar="TEXT")
    note.add_argument("--at", metavar="T", help=f"when it was: {_AGE}")
    pin = about("pin", "keep a file or a line as evidence, with the hash of what is there now")
    pin.add_argument("place", metavar="PATH[:LINE]", help="relative to the root")
    pin.add_argument("--note", metavar="N", help="why it matters")
    decide = about("decide", "write down a decision")
    decide.add_argument("text", metavar="TEXT")
    decide.add_argument("--because", metavar="R", required=True, help="why")
    decide.add_argument("--instead-of", metavar="X", help="what was considered instead")
    update = about("update", "tell how it stands")
    update.add_argument("text", metavar="TEXT")
    update.add_argument("--next", metavar="T", help=f"when the next update comes: {_AHEAD}")
    section = about("section", "write a text of the post-mortem")
    section.add_argument("section", metavar="KEY", nargs="?", help="without: all keys and what belongs there")
    section.add_argument("text", metavar="TEXT", nargs="?", help="- reads it from the standard input; '' takes it away")


def _reporting(about: _Make) -> None:
    capture = about("capture", "timeline, commands with their output, decisions and people, as Markdown")
    capture.add_argument("-o", "--output", metavar="FILE", help="where to write it")
    capture.add_argument("--force", action="store_true", help="replace a file that is there")
    file = about("file", "write the incident's file below the state directory, as its playbook asks", _FILE)
    file.add_argument("kind", metavar="KIND", help="revert, bisect, rollback, shadow, ramp, adr")


def _people(word: _Make, about: _Make) -> None:
    role = about("role", "put a person in a role", _ROLE)
    role.add_argument("role", metavar="ROLE")
    role.add_argument("person", metavar="PERSON")
    role.add_argument("--did", metavar="TEXT", help="what they contributed, for the record")
    role.add_argument("--leave", action="store_true", help="they leave the role")
    role.add_argument("--override", metavar="REASON", help="command changes hands without the other side")
    task = word("task", "write down an action item, or say how it stands", _TASK)
    task.add_argument("words", metavar="WORD", nargs="+", help="see above")
    task.add_argument("--owner", metavar="P", help="who does it")
    task.add_argument("--due", metavar="T", help=f"by when: {_AHEAD}")
    task.add_argument("--verify", metavar="HOW", help="how it will be known to be done")
    task.add_argument("--outcome", metavar="TEXT", help="done: what the verification showed")
    escalate = about("escalate", "call a higher level, or see whether there is a reason to", _ESCALATE)
    escalate.add_argument("level", metavar="LEVEL", nargs="?")
    escalate.add_argument("--reason", metavar="R", help="why")
    escalate.add_argument("--to", metavar="P", help="the person called")
    escalate.add_argument("--answered", metavar="ID", help="the level that was called has answered: e1, or L2")
    escalate.add_argument("--note", metavar="N", help="with --answered: what they said")
