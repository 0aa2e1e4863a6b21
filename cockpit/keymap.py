"""The user's key map, checked against the registry: unknown ids, nonsense keys and stolen keys are reported.

Textual itself ignores the first two without a word and lets a remap steal another command's key (research/style.md,
trap T7), so nothing reaches it that has not passed here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cockpit.commands import BY_ID, COMMANDS, Command, Scope, show_key

_SYMBOLS = {
    "/": "slash", ":": "colon", "?": "question_mark", "-": "minus", "[": "left_square_bracket",
    "]": "right_square_bracket", "=": "equals_sign", "@": "at", "*": "asterisk", "+": "plus", ".": "full_stop",
    ",": "comma", ";": "semicolon", "!": "exclamation_mark", "#": "number_sign", "%": "percent_sign",
    "&": "ampersand", "'": "apostrophe", '"': "quotation_mark", "(": "left_parenthesis", ")": "right_parenthesis",
    "<": "less_than_sign", ">": "greater_than_sign", "_": "underscore", "{": "left_curly_bracket",
    "}": "right_curly_bracket", "|": "vertical_line", "\\": "backslash", "^": "circumflex_accent", "~": "tilde",
    "`": "grave_accent", "$": "dollar_sign", "esc": "escape", "pgdn": "pagedown", "pgup": "pageup",
    "bksp": "backspace", " ": "space",
}  # fmt: skip
_NAMED = {
    "enter", "escape", "tab", "space", "backspace", "delete", "insert", "home", "end", "pageup", "pagedown",
    "up", "down", "left", "right", *_SYMBOLS.values(), *(f"f{number}" for number in range(1, 25)),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Keymap:
    """The keys in force.

    Attributes:
        keys: Command id to its keys.
        problems: What of the user's map was not taken, and why.
    """

    keys: Mapping[str, tuple[str, ...]]
    problems: tuple[str, ...] = ()

    def of(self, command: Command) -> tuple[str, ...]:
        """The keys of `command`."""
        return self.keys.get(command.id, command.keys)


def build_keymap(overrides: Mapping[str, str] | None = None) -> Keymap:
    """Apply the user's `[keys]` to the defaults.

    Args:
        overrides: Command id to keys, comma-separated; an empty text takes all keys away.
    """
    keys = {command.id: command.keys for command in COMMANDS}
    problems: list[str] = []
    for command_id, text in (overrides or {}).items():
        if command_id not in BY_ID:
            problems.append(f"keys.{command_id}: no such command; `cockpit keys` lists them")
            continue
        wanted = tuple(normalise_key(part) for part in _split(text))
        broken = [part for part, key in zip(_split(text), wanted, strict=True) if key is None]
        if broken:
            problems.append(f"keys.{command_id}: {', '.join(map(repr, broken))} is not a key")
            continue
        keys[command_id] = tuple(dict.fromkeys(key for key in wanted if key is not None))
    problems.extend(_clashes(keys, set(overrides or {})))
    return Keymap(keys, tuple(problems))


def normalise_key(text: str) -> str | None:
    """A key as Textual spells it (`?` is `question_mark`, `^d` is `ctrl+d`), or `None` for nonsense."""
    text = text.strip() or text
    if re.fullmatch(r"\^[A-Za-z]", text):
        return f"ctrl+{text[1].lower()}"
    *modifiers, key = text.split("+") if len(text) > 1 else [text]
    if any(modifier not in ("ctrl", "shift", "alt") for modifier in modifiers):
        return None
    key = _SYMBOLS.get(key, key)
    if re.fullmatch(r"[A-Za-z]", key) and modifiers:
        # Terminals know no shift+a, only A, and no difference between ctrl+a and ctrl+A.
        if modifiers == ["shift"]:
            return key.upper()
        key = key.lower()
    if key in _NAMED or re.fullmatch(r"[A-Za-z0-9]", key):
        return "+".join([*modifiers, key])
    return None


def _split(text: str) -> list[str]:
    """`a, b` as two keys; a lone comma is the comma key."""
    if text.strip() == ",":
        return [","]
    return [part.strip() for part in text.split(",") if part.strip()]


def _clashes(keys: dict[str, tuple[str, ...]], changed: set[str]) -> list[str]:
    """Take a key from the remapped command where another command already has it in an overlapping scope."""
    problems: list[str] = []
    for command in COMMANDS:
        if command.id not in changed:
            continue
        for key in keys[command.id]:
            other = next(
                (
                    owner
                    for owner in COMMANDS
                    if owner is not command and key in keys[owner.id] and _overlap(owner.scope, command.scope)
                ),
                None,
            )
            if other is not None:
                problems.append(f"keys.{command.id}: {show_key(key)} already belongs to {other.id}; not taken")
                keys[command.id] = tuple(kept for kept in keys[command.id] if kept != key)
    return problems


def _overlap(first: Scope, second: Scope) -> bool:
    wide = (Scope.ANYWHERE, Scope.LISTS)
    return first == second or first in wide or second in wide
