"""What a word of the command line could be, for the shells' completion: asked with every press of tab, so it is quick.

Verbs and options come from the parser, what they take from `completing_values`.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from cockpit.cli.completing_values import BY_DEST, BY_KIND, BY_OPTION, DIRS, FILES, Typed

MOST = 300
"""Words that are offered."""


def main(words: Sequence[str]) -> int:
    """Print what the last of the words could be, a line each: the word, a tab, what it is. Never fails."""
    with suppress(Exception):
        lines = [f"{word}\t{text}" if text else word for word, text in complete(words)]
        sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def complete(words: Sequence[str]) -> list[tuple[str, str]]:
    """What the last of the words could be, each with what it is.

    Args:
        words: All after the program's name, up to the one that is typed, which may be empty.
    """
    # bash takes `--root=x` for three words.
    words = [word for word in words if word != "="] or [""]
    before, word = words[:-1], words[-1]
    typed = _read(before)
    found: list[tuple[str, str]] = []
    for value, text in _candidates(typed, word):
        if value in (FILES, DIRS) or (value.startswith(word) and value != word):
            found.append((value, text))
            if len(found) >= MOST:
                break
    return list(dict.fromkeys(found))


def _read(before: Sequence[str]) -> Typed:
    from cockpit.cli.parser import verb_parser

    parser, option, places, verb = verb_parser(), None, 0, False
    given: dict[str, list[str]] = {}
    for word in before:
        if option is not None:
            given.setdefault(option.option_strings[-1], []).append(word)
            option = None
            continue
        name, equals, value = word.partition("=")
        if word.startswith("-"):
            found = _known(parser, top=not verb and not places).get(name)
            if found is not None and equals:
                given.setdefault(name, []).append(value)
            elif found is not None and _takes_value(found):
                option = found
            continue
        below = _words(parser).get(word)
        if below is not None:
            parser, places, verb = below, 0, True
        else:
            places += 1
    return Typed(parser, option, places, verb, given)


def _options(parser: argparse.ArgumentParser) -> dict[str, argparse.Action]:
    return parser._option_string_actions


def _known(parser: argparse.ArgumentParser, *, top: bool) -> dict[str, argparse.Action]:
    """The options that fit; before a verb those of the terminal UI too."""
    if not top:
        return _options(parser)
    from cockpit.cli.parser import view_parser

    return _options(view_parser()) | _options(parser)


def _words(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The words below a parser: verbs, or those of `incident`."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def _helps(parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from ((choice.dest, choice.help or "") for choice in action._choices_actions)


def _takes_value(action: argparse.Action) -> bool:
    return action.nargs != 0


def _candidates(typed: Typed, word: str) -> Iterable[tuple[str, str]]:
    if typed.option is not None:
        return _values(typed, typed.option)
    parser = typed.parser
    if word.startswith("-"):
        known = _known(parser, top=not typed.verb and not typed.places)
        return [(name, action.help or "") for name, action in sorted(known.items()) if name.startswith("--")]
    if _words(parser):
        more = [(DIRS, "")] if not typed.verb and not typed.places else []
        return [*_helps(parser), *more] if not typed.places else []
    return _values(typed, place) if (place := _place(typed)) is not None else []


def _place(typed: Typed) -> argparse.Action | None:
    """The positional argument that the word is."""
    places = [action for action in typed.parser._actions if not action.option_strings]
    if typed.places < len(places):
        return places[typed.places]
    return places[-1] if places and places[-1].nargs in ("*", "+") else None


def _values(typed: Typed, action: argparse.Action) -> Iterable[tuple[str, str]]:
    """What an option or a place takes."""
    if action.choices is not None:
        return [(str(choice), "") for choice in action.choices]
    kind = action.metavar if isinstance(action.metavar, str) else ""
    if action.dest in BY_DEST:
        return BY_DEST[action.dest](typed)
    name = action.option_strings[-1] if action.option_strings else ""
    if name in BY_OPTION:
        return BY_OPTION[name](typed)
    return BY_KIND[kind](typed) if kind in BY_KIND else []
