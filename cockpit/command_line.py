"""What a line on the command line (`:`) means: a command of the registry and its argument. Pure.

A command is called by its id (`view.sort`), by its word (`sort`), or by as much of either as only it begins with.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from cockpit.commands import BY_ID, COMMANDS, Command
from cockpit.errors import UsageError
from cockpit.sanitize import clean

SHORT = {"q": "quit", "w": "write", "h": "help", "g": "goto"}
"""What fingers type that know vim."""


@dataclass(frozen=True, slots=True)
class Entered:
    """A command, and what stood behind its name."""

    command: Command
    argument: str = ""


def names() -> dict[str, Command]:
    """Every name of every command: ids, words, and the last part of an id where only one command has it."""
    found = {command.id: command for command in COMMANDS}
    found |= {command.word: command for command in COMMANDS if command.word}
    last: dict[str, list[Command]] = {}
    for command in COMMANDS:
        last.setdefault(command.id.rpartition(".")[2], []).append(command)
    for name, commands in last.items():
        if len(commands) == 1:
            found.setdefault(name, commands[0])
    return found


def word_of(command: Command) -> str:
    """The shortest name of a command."""
    known = names()
    last = command.id.rpartition(".")[2]
    return command.word or (last if known.get(last) is command else command.id)


def resolve(line: str, aliases: Mapping[str, str] | None = None) -> Entered | None:
    """What a line asks for; `None` for an empty one.

    Args:
        line: As it was typed, without the colon.
        aliases: The user's own names, each with the line it stands for; what is typed behind one goes behind that.

    Raises:
        UsageError: There is no such command, or its argument is missing or too much.
    """
    word, _, argument = line.strip().removeprefix(":").strip().partition(" ")
    argument = argument.strip()
    if not word:
        return None
    stands_for = (aliases or {}).get(word)
    if stands_for is not None:
        word, _, first = stands_for.strip().removeprefix(":").strip().partition(" ")
        argument = f"{first.strip()} {argument}".strip()
    command = _called(word, aliases or {})
    if argument and not command.takes:
        raise UsageError(f"{word_of(command)} takes nothing behind it")
    if command.needs and not argument:
        raise UsageError(f"{word_of(command)} needs {command.takes}: {command.help}")
    return Entered(command, argument)


def _called(word: str, aliases: Mapping[str, str]) -> Command:
    known = names()
    word = SHORT.get(word, word)
    if word in known:
        return known[word]
    lowered = word.casefold()
    begun = {known[name].id for name in known if name.startswith(lowered)}
    found = begun or {command.id for command in COMMANDS if lowered in command.id}
    if len(found) == 1:
        return BY_ID[next(iter(found))]
    shown = clean(word, 40)
    if found:
        some = sorted(word_of(BY_ID[each]) for each in found)
        more = f" and {len(some) - 6} more" if len(some) > 6 else ""
        raise UsageError(f"{shown!r} may be {', '.join(some[:6])}{more}")
    close = difflib.get_close_matches(lowered, [*known, *aliases], n=2)
    hint = f": did you mean {' or '.join(close)}?" if close else "; tab completes, ctrl-p lists them"
    raise UsageError(f"no command {shown!r}{hint}")
