"""Arguments of every verb. Global options may stand before or after the verb."""

import argparse
import re
from collections.abc import Callable, Sequence

from cockpit import __version__
from cockpit.cli import (
    action_arguments,
    completion_arguments,
    config_arguments,
    help_texts,
    incident_arguments,
    report_arguments,
    shift_arguments,
)

_MORE = """\
A first word that is a verb is the verb: write ./runs for a directory of that name. Another word before a run is one
of the run's actions, as `cockpit actions RUN` lists them: cockpit ACTION RUN [--set NAME=VALUE] [--yes]."""

VERBS: dict[str, str] = {
    "status": "one screen of text: counts by state and what needs attention first",
    "runs": "all runs, what needs attention first",
    "show": "everything about a run",
    "diagnose": "what is probably wrong with a run, on what evidence, and what helps",
    **action_arguments.VERBS,
    **incident_arguments.VERBS,
    **report_arguments.VERBS,
    **shift_arguments.VERBS,
    "record": "run any command unchanged and keep its output and end as evidence: record -- CMD ARG...",
    "checklist": "the checklist of a run or an incident as it stands; --playbook starts one",
    "tick": "tick a checklist item",
    "untick": "take a tick back",
    "skip": "skip a checklist item, with a reason",
    "claim": "say that you work on a checklist item",
    "unclaim": "say that nobody works on a checklist item any more",
    "verify": "ask every check of a checklist; exit 1 where the evidence says otherwise than a tick",
    "note": "write something down about a checklist item",
    "perform": "do what a checklist item names: its action or its command, once the plan is confirmed",
    "playbooks": "the playbooks: list, show one, lint",
    "audit": "who did what; `audit verify` checks the hash chain",
    "doctor": "is this host ready",
    "info": "paths and versions",
    "keys": "the key map",
    **config_arguments.VERBS,
    **completion_arguments.VERBS,
    "demo": "a live demo workspace",
}


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; exits with 2 and a message on a wrong one, as argparse does."""
    words = list(arguments)
    action = _action_place(words)
    if action is not None:
        words.insert(action, "do")
    elif not any(word in VERBS for word in words[:1]) and _verb_place(words) is None:
        return view_parser().parse_args(words)
    words, command = _split_command(words)
    options = verb_parser().parse_args(words)
    options.command = command
    options.guessed = action is not None
    # argparse lets what stands after the verb replace what stood before; roots add up.
    options.root = [
        *(options.root or ()),
        *getattr(options, "more_roots", ()),
        *getattr(options, "last_roots", ()),
    ] or None
    return options


def _split_command(words: list[str]) -> tuple[list[str], list[str]]:
    """What stands before and after the first `--` of `record`; the command's own options are none of ours."""
    place = _verb_place(words)
    if place is None or words[place] != "record" or "--" not in words[place:]:
        return words, []
    end = words.index("--", place)
    return words[:end], words[end + 1 :]


def _verb_place(words: list[str]) -> int | None:
    """Where the verb stands: the first word that is neither an option nor an option's value."""
    place = _next_word(words, 0)
    return place if place is not None and words[place] in VERBS else None


def _action_place(words: list[str]) -> int | None:
    """Where the id of an action stands: a first word that is no verb and no path, with a run or its options after it.

    What a run's actions are, only its source and the settings can tell; that is asked when it is carried out.
    """
    place = _next_word(words, 0)
    if place is None or words[place] in VERBS or not _ACTION.fullmatch(words[place]):
        return None
    rest = words[place + 1 :]
    named = any(word.partition("=")[0] in _ACTS for word in rest)
    return place if named or _next_word(rest, 0) is not None else None


def _next_word(words: list[str], place: int) -> int | None:
    """Where the first word stands that is neither an option nor an option's value."""
    while place < len(words):
        word = words[place]
        if word == "--":
            return None
        if not word.startswith("-"):
            return place
        place += 2 if word in _TAKES_VALUE else 1
    return None


_TAKES_VALUE = {
    "--root", "--source", "--state-dir", "--config", "--now", "--theme", "--glyphs", "--fps", "--filter", "--view",
    "--flow", "--step", "--set", "--plan", "--timeout",
}  # fmt: skip
_ACTS = {"--flow", "--step", "--set", "--remove", "--yes", "--plan", "--timeout", "--wait", "--no-wait"}
_ACTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def _codes() -> str:
    return "exit codes:\n" + "\n".join(f"  {code:<4} {text}" for code, text in help_texts.EXIT_CODES)


def _examples() -> str:
    return "\n".join(f"  {each}" for each in help_texts.VIEW_EXAMPLES)


def _global_options(*, defaults: bool, roots: str = "root") -> argparse.ArgumentParser:
    """Options shared by all verbs; on sub-parsers without defaults, so that they do not undo what stood before.

    Args:
        defaults: Whether what is not given is set.
        roots: Where the roots are kept: each level of words has its own.
    """
    missing = None if defaults else argparse.SUPPRESS
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    group = parser.add_argument_group("everywhere")
    help_text = "where runs live (repeatable)"
    group.add_argument("--root", action="append", metavar="DIR", dest=roots, default=missing, help=help_text)
    group.add_argument("--source", metavar="ID", default=missing, help="read with this source only")
    group.add_argument("--state-dir", metavar="DIR", default=missing, help="journal, jobs and archives go here")
    group.add_argument("--config", metavar="FILE", default=missing, help="configuration file")
    group.add_argument("--now", metavar="ISO", default=missing, help="judge and print as of that moment")
    flag = False if defaults else argparse.SUPPRESS
    group.add_argument("--read-only", action="store_true", default=flag, help="refuse every action")
    group.add_argument("--json", action="store_true", default=flag, help="print one JSON document")
    return parser


def view_parser() -> argparse.ArgumentParser:
    """The parser of the program without a verb: the terminal UI."""
    verbs = "\n".join(f"  {name:<10} {text}" for name, text in VERBS.items())
    parser = argparse.ArgumentParser(
        prog="cockpit",
        description="Incident cockpit for AI-agent workflow runs. With no verb it opens the terminal UI on ROOT.",
        epilog=f"examples:\n{_examples()}\n\nverbs (cockpit VERB --help):\n{verbs}\n\n{_MORE}\n\n{_codes()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[_global_options(defaults=True)],
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"cockpit {__version__}")
    parser.add_argument("directory", nargs="?", metavar="ROOT", help="where runs live; default: see --root")
    parser.add_argument("--theme", metavar="NAME", help="colour theme")
    parser.add_argument("--glyphs", choices=("ascii", "unicode"), help="status glyphs")
    parser.add_argument("--filter", metavar="EXPR", default="", help="filter the runs from the start")
    parser.add_argument("--mouse", action="store_true", help="switch the mouse on")
    parser.add_argument("--view", metavar="NAME", help="a view of the configuration, or one saved with `:view save`")
    parser.add_argument("--fresh", action="store_true", help="begin anew, not where you left last time")
    parser.add_argument("--fps", metavar="N", type=_frames, help="frames a second (1-60); default: 10, 4 over SSH")
    parser.set_defaults(verb="view")
    return parser


def _frames(text: str) -> int:
    """Frames a second."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 60:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 60")
    return int(text)


def verb_parser() -> argparse.ArgumentParser:
    """The parser of everything that begins with a verb."""
    parser = argparse.ArgumentParser(
        prog="cockpit", parents=[_global_options(defaults=True)], epilog=_codes(),
        formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False,
    )  # fmt: skip
    parser.add_argument("--version", action="version", version=f"cockpit {__version__}")
    shared = _global_options(defaults=False, roots="more_roots")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)

    def verb(name: str) -> argparse.ArgumentParser:
        return verbs.add_parser(
            name, help=VERBS[name], description=f"{VERBS[name][0].upper()}{VERBS[name][1:].rstrip(' .')}.",
            parents=[shared], allow_abbrev=False,
        )  # fmt: skip

    for name in ("status", "doctor", "info", "keys"):
        verb(name)
    runs = verb("runs")
    runs.add_argument("--filter", metavar="EXPR", default="", help="words, !word, field:value; all must hold")
    runs.add_argument("--view", metavar="NAME", help="filter and order of a view; --filter goes before its filter")
    runs.add_argument("--limit", metavar="N", type=int, help="at most N runs")
    runs.add_argument("--by", choices=("cluster",), help="cluster: runs that failed in the same way on one line")
    for name in ("show", "diagnose"):
        verb(name).add_argument("run", metavar="RUN", help=action_arguments.RUN)
    action_arguments.add(verb)
    _record_verb(verb)
    _checklist_verbs(verb)
    incident_arguments.add(verb, _global_options(defaults=False, roots="last_roots"))
    report_arguments.add(verb)
    shift_arguments.add(verb)
    config_arguments.add(verb, _global_options(defaults=False, roots="last_roots"))
    completion_arguments.add(verb)
    audit = verb("audit")
    audit.add_argument("check", metavar="verify", nargs="?", choices=("verify",), help="check the hash chain")
    audit.add_argument("--since", metavar="T", help="ISO time, or an age such as 2h")
    audit.add_argument("--actor", metavar="A", help="only what this user did")
    audit.add_argument("--run", metavar="R", help="only what was done to this run")
    audit.add_argument("--incident", metavar="INC", help="only what belongs to this incident")
    audit.add_argument("--action", metavar="ID", help="only about this action, such as retry")
    audit.add_argument("--kind", metavar="KIND", help="only this kind of event, or family: action.refused, action")
    demo = verb("demo")
    demo.add_argument("directory", metavar="DIR", nargs="?", help="where to make it; default: a temporary directory")
    demo.add_argument("--headless", action="store_true", help="print its status instead of opening it")
    help_texts.complete_helps(parser)
    return parser


_RECORD_HELP = """\
Runs CMD with its output, exit code, signals, colours and standard input passed through unchanged, and keeps a
recording under STATE/recordings/<id>/ (STATE: --state-dir, else .cockpit in the root):
  meta.json   the command (what looks like a secret is masked), the names of the environment's variables (never their
              values), working directory, host, times, exit code or signal
  output.log  what it wrote, as bytes; of more than 64 MiB the head and the tail
  output.idx  when it wrote it
Output itself is not masked. If nothing can be kept, the command runs all the same and a warning goes to stderr.
The exit code is that of CMD; 128 + n where signal n ended it, 127 where there is no such command, 126 where it cannot
be executed, and 2 where the words before -- are wrong.
The root is --root, else COCKPIT_ROOT, else the configured root or directory with a .cockpit the command is started in
or below, else the working directory."""


def _record_verb(verb: Callable[[str], argparse.ArgumentParser]) -> None:
    record = verb("record")
    record.usage = "cockpit record [--root DIR] [--state-dir DIR] [--run ID] -- CMD ARG..."
    record.description = _RECORD_HELP
    record.formatter_class = argparse.RawDescriptionHelpFormatter
    record.add_argument("--run", metavar="ID", help="the run this command works on")


def _checklist_verbs(verb: Callable[[str], argparse.ArgumentParser]) -> None:
    checklist = verb("checklist")
    checklist.add_argument("target", metavar="TARGET", help="a run's id, an incident's, or the end of that")
    checklist.add_argument("--playbook", metavar="ID", help="start this playbook's checklist")
    tick = verb("tick")
    tick.add_argument("--evidence", metavar="PATH[:LINE]", help="what shows that it is done, below the root")
    tick.add_argument("--note", metavar="N", help="a remark")
    skip = verb("skip")
    skip.add_argument("--reason", metavar="R", required=True, help="why")
    claim = verb("claim")
    claim.add_argument("--owner", metavar="PERSON", help="who works on it, where that is not you")
    verify = verb("verify")
    note, perform = verb("note"), verb("perform")
    for parser in (tick, skip, verb("untick"), claim, verb("unclaim"), verify, note, perform):
        parser.add_argument("target", metavar="TARGET", help="a run's id, an incident's, or the end of that")
        nargs = "?" if parser is verify else None
        parser.add_argument("item", metavar="ITEM", nargs=nargs, help="the id that `checklist` prints")
    note.add_argument("text", metavar="TEXT", help="what is to be remembered")
    perform.add_argument("--show", action="store_true", help="print the plan and do nothing")
    perform.add_argument("--set", metavar="NAME=VALUE", action="append", default=[], help="an input of the action")
    action_arguments.confirmation(perform)
    playbooks = verb("playbooks")
    playbooks.add_argument("what", nargs="?", choices=("list", "show", "lint"), default="list", help="default: list")
    playbooks.add_argument("names", metavar="ID|FILE", nargs="*")
    playbooks.add_argument("--raw", action="store_true", help="show: the file as it is, to start your own from")
