"""The manual page, made from the parser: `make docs` writes docs/cockpit.1, which is installed with the program."""

import argparse
import re
from collections.abc import Iterator

from cockpit import __version__
from cockpit.cli.help_texts import EXIT_CODES
from cockpit.cli.parser import VERBS, verb_parser, view_parser

_ENVIRONMENT = (
    ("COCKPIT_ROOT", "Where runs live, where no --root is given; several, divided by colons."),
    ("COCKPIT_CONFIG", "The configuration file."),
    ("COCKPIT_NOW", "Judge and print as of that moment, like --now."),
    ("COCKPIT_<SERVICE>_URL", "Where a service answers, as COCKPIT_AI_CSUITE_URL; stronger than the file."),
    ("NO_COLOR", "Without colours."),
    ("PAGER, VISUAL, EDITOR", "What o and cockpit config edit open."),
)
_FILES = (
    ("~/.config/cockpit/config.toml", "Configuration; playbooks/, rules/, themes/ and templates/ lie beside it."),
    ("ROOT/.cockpit/", "State of a root: journal, jobs, archives; where it cannot be written, below the next one."),
    ("ROOT/.cockpit.toml", "What a root asks for itself: it can only tighten."),
    ("~/.local/state/cockpit/", "State of the user: sessions, tracebacks, what was told."),
    ("~/.cache/cockpit/", "The index of run summaries; safe to delete."),
)
_DESCRIPTION = """\
From one screen, over SSH, on the host where the runs live: what every run of an AI-agent workflow is really doing, why
one failed or hangs, the playbook to work, the way to resume, retry or archive it, and a record that stands up in the
post-mortem. Evidence ranks before claims: where a run's own record disagrees with its receipts, logs and processes, the
screen says so.
.PP
Lower case looks, a CAPITAL acts. Nothing acts without a plan, and the plan is confirmed with another key. ? lists what
can be done here.
.PP
Every key has a headless twin among the verbs, with --json and exit codes."""


def manpage() -> str:
    """The page, as roff with the macros of man(7)."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    view, verbs = view_parser(), verb_parser()
    yield f'.TH COCKPIT 1 "" "cockpit {__version__}" "User Commands"'
    yield from (".SH NAME", "cockpit \\- incident cockpit for AI\\-agent workflow runs")
    yield from (".SH SYNOPSIS", ".B cockpit", "[\\fIROOT\\fR] [options]", ".br", ".B cockpit", "\\fIVERB\\fR [options]")
    yield ".SH DESCRIPTION"
    yield from (line if line.startswith(".PP") else _text(line) for line in _DESCRIPTION.splitlines())
    yield ".SH OPTIONS"
    yield from _arguments(view)
    yield ".SH VERBS"
    known = dict(_below(verbs))
    for name, text in VERBS.items():
        yield from _verb(name, known[name], text)
    yield ".SH EXIT STATUS"
    yield from _pairs(EXIT_CODES)
    yield ".SH ENVIRONMENT"
    yield from _pairs(_ENVIRONMENT)
    yield ".SH FILES"
    yield from _pairs(_FILES)
    yield from (".SH SEE ALSO", ".BR tmux (1),", ".BR lnav (1)")


def _verb(name: str, parser: argparse.ArgumentParser, text: str) -> Iterator[str]:
    inner = list(_below(parser))
    yield f".SS {_text(f'cockpit {name}')}"
    yield _text(f"{text[0].upper()}{text[1:].rstrip(' .')}.")
    described = (parser.description or "").partition("\n\n")[2] or (parser.description or "")
    if "\n" in described:
        yield from _example(described)
    if parser.epilog and not inner:
        yield from _example(parser.epilog)
    yield from _arguments(parser, shared=False)
    for word, child in inner:
        yield ".TP"
        usage = " ".join(_usage(child))
        yield f"\\fB{_text(f'cockpit {name} {word}')}\\fR {_text(usage)}".rstrip()
        yield _text((child.description or "").partition("\n")[0])
    if parser.epilog and inner:
        yield from _example(parser.epilog)


def _below(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.items()


def _own(parser: argparse.ArgumentParser, *, shared: bool) -> list[argparse.Action]:
    """The arguments of a parser; those that are everywhere only where they are wanted."""
    everywhere = {
        id(action) for group in parser._action_groups if group.title == "everywhere"
        for action in group._group_actions
    }  # fmt: skip
    return [
        action for action in parser._actions
        if action.help != argparse.SUPPRESS and not isinstance(action, argparse._SubParsersAction)
        and (shared or (id(action) not in everywhere and action.dest != "help"))
    ]  # fmt: skip


def _usage(parser: argparse.ArgumentParser) -> list[str]:
    """The words of a verb below another, without what is everywhere."""
    parts = []
    for action in sorted(_own(parser, shared=False), key=lambda each: bool(each.option_strings)):
        name = _name(action)
        parts.append(name if action.required and action.nargs not in ("?", "*") else f"[{name}]")
    return parts


def _name(action: argparse.Action) -> str:
    value = action.metavar if isinstance(action.metavar, str) else "|".join(map(str, action.choices or ()))
    if not action.option_strings:
        return value or action.dest
    return " ".join(part for part in (action.option_strings[-1], value if action.nargs != 0 else "") if part)


def _arguments(parser: argparse.ArgumentParser, *, shared: bool = True) -> Iterator[str]:
    for action in _own(parser, shared=shared):
        names = ", ".join(action.option_strings[:-1])
        yield ".TP"
        yield f"\\fB{_text(f'{names}, ' if names else '')}{_text(_name(action))}\\fR"
        yield _text(action.help or _known(action))


def _known(action: argparse.Action) -> str:
    return "its id" if action.metavar in ("RUN", "JOB") else ""


def _pairs(pairs: tuple[tuple[str, str], ...]) -> Iterator[str]:
    for name, text in pairs:
        yield from (".TP", f"\\fB{_text(name)}\\fR", _text(text))


def _example(text: str) -> Iterator[str]:
    yield from (".PP", ".nf", *(_text(line) for line in text.splitlines()), ".fi")


def _text(text: str) -> str:
    """Text as roff takes it: backslashes and hyphens are meant, and no line is a request."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("·", "\\(bu").replace("~", "\\(ti")
    return re.sub(r"^([.'])", r"\\&\1", text)
