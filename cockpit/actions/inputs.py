"""What an operator chose for an action (`--set NAME=VALUE`, a dialog), checked before there is a plan."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from cockpit.actions.names import why_not_plain
from cockpit.errors import UsageError
from cockpit.models.action import ActionInput, InputKind
from cockpit.sanitize import clean

MAX_TEXT = 500
"""Characters of a text."""

_INTEGER = re.compile(r"-?[0-9]{1,15}")
_FLAGS = {"yes": "yes", "true": "yes", "on": "yes", "1": "yes", "no": "no", "false": "no", "off": "no", "0": "no"}


def choose(
    inputs: Sequence[ActionInput], given: Mapping[str, str], root: Path, *, complete: bool = True
) -> dict[str, str | None]:
    """The value of every input: what was chosen, else its default, else `None` where it may be left out.

    A path is returned as the absolute path it leads to, so that it means the same from any working directory.

    Args:
        inputs: Of the action.
        given: Input name to what was chosen; an empty text is no choice.
        root: What paths must stay in.
        complete: Whether a required input without a value is a mistake; else it is `None`.

    Raises:
        UsageError: An unknown name, a value of the wrong kind, or a required input without a value; the message says
            how to choose it.
    """
    known = {each.name: each for each in inputs}
    strange = [name for name in given if name not in known]
    if strange:
        raise UsageError(f"there is no input {clean(strange[0], 60)!r}; {_known(inputs)}")
    values: dict[str, str | None] = {}
    missing: list[ActionInput] = []
    for each in inputs:
        text = given.get(each.name) or each.default
        values[each.name] = None if text is None else check_value(each, text, root)
        if text is None and not each.optional:
            missing.append(each)
    if missing and complete:
        how = " ".join(f"--set {each.name}={_pattern(each)}" for each in missing)
        raise UsageError(f"it must be chosen: {', '.join(_named(each) for each in missing)}; add {how}")
    return values


def check_value(each: ActionInput, text: str, root: Path) -> str:
    """`text` as a value of the input, in its one spelling.

    Args:
        each: The input.
        text: What was chosen; not empty.
        root: What a path must stay in.

    Raises:
        UsageError: It is no such value.
    """
    if each.kind is InputKind.PATH:
        return str(inside(root, text, each.name))
    if each.kind is InputKind.INTEGER and _INTEGER.fullmatch(text):
        return str(int(text))
    if each.kind is InputKind.FLAG and text.lower() in _FLAGS:
        return _FLAGS[text.lower()]
    reason = _why_not(each, text)
    if reason is not None:
        raise UsageError(f"{each.name}={clean(text, 60)}: {reason}")
    return text


def _why_not(each: ActionInput, text: str) -> str | None:
    """Why `text` is no value as it stands, or `None`."""
    match each.kind:
        case InputKind.NAME:
            return why_not_plain(text)
        case InputKind.TEXT:
            return _why_no_text(text)
        case InputKind.CHOICE:
            listed = " ".join(clean(choice, 60) for choice in each.choices)
            return None if text in each.choices else f"choose one of {listed}"
        case InputKind.INTEGER:
            return "it is no whole number"
        case _:
            return "write yes or no"


def inside(root: Path, text: str, name: str) -> Path:
    """The file an operator means, which must lie in the root after every link is followed.

    Raises:
        UsageError: It does not, or there is no such file.
    """
    shown = f"{name}={clean(text, 120)}"
    if "\0" in text or not text.isprintable():
        raise UsageError(f"{shown}: it holds characters that are not printable")
    top = root.resolve()
    try:
        found = (top / text).resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise UsageError(f"{shown}: there is no such file in {clean(top)}") from error
    if not found.is_relative_to(top):
        raise UsageError(f"{shown}: it lies outside of {clean(top)}")
    if not found.is_file():
        raise UsageError(f"{shown}: it is no file")
    return found


def input_problem(each: ActionInput) -> str | None:
    """What is wrong with the declaration of an input, or `None`. Defaults of paths are checked when they are used."""
    if each.kind is InputKind.CHOICE and not each.choices:
        return f"the input {each.name} is a choice without choices"
    if each.choices and each.kind is not InputKind.CHOICE:
        return f"the input {each.name} has choices, but is no choice"
    if each.default is None or each.kind is InputKind.PATH:
        return None
    try:
        check_value(each, each.default, Path())
    except UsageError as error:
        return f"the default of the input {error}"
    return None


def _why_no_text(text: str) -> str | None:
    if len(text) > MAX_TEXT:
        return f"it has {len(text)} characters, more than {MAX_TEXT}"
    if not text.isprintable() or clean(text) != text:
        return "it holds characters that are not printable, or a line break"
    return None


def _pattern(each: ActionInput) -> str:
    match each.kind:
        case InputKind.CHOICE:
            return "|".join(clean(choice, 60) for choice in each.choices)
        case InputKind.FLAG:
            return "yes|no"
        case InputKind.INTEGER:
            return "NUMBER"
        case InputKind.PATH:
            return "FILE"
        case _:
            return "VALUE"


def _named(each: ActionInput) -> str:
    return f"{each.name} ({clean(each.title, 80)})"


def _known(inputs: Sequence[ActionInput]) -> str:
    if not inputs:
        return "the action has none"
    return "it has " + " ".join(f"{each.name}={_pattern(each)}" for each in inputs)
