"""Text styles as terminals take them: one number a style, and the shortest sequence from one to another."""

from rich.color import Color, ColorSystem
from rich.style import Style

PLAIN = 0
"""The number of the terminal's own style, in force after `ESC [ 0 m`."""
_ATTRIBUTES = (
    ("bold", "1"), ("dim", "2"), ("italic", "3"), ("underline", "4"), ("blink", "5"), ("blink2", "6"), ("reverse", "7"),
    ("conceal", "8"), ("strike", "9"), ("underline2", "21"), ("frame", "51"), ("encircle", "52"), ("overline", "53"),
)  # fmt: skip
_UNSEEN_ON_BLANK = frozenset({"1", "2", "3", "5", "6", "8"})
"""Attributes that make no difference to a space."""
_DEFAULT_FOREGROUND, _DEFAULT_BACKGROUND = "39", "49"

_Look = tuple[frozenset[str], str, str]
"""Attributes, foreground and background as SGR parameters."""


class Styles:
    """Numbers styles that look the same alike.

    Args:
        system: The colours the terminal has; others are brought down to them.
    """

    def __init__(self, system: ColorSystem = ColorSystem.TRUECOLOR) -> None:
        self._system = system
        self._looks: list[_Look] = []
        self._numbers: dict[_Look, int] = {}
        self._by_style: dict[Style, int] = {}
        self._blanks: dict[int, int] = {}
        self._ways: dict[tuple[int, int], str] = {}
        self._number((frozenset(), _DEFAULT_FOREGROUND, _DEFAULT_BACKGROUND))

    def number(self, style: Style | None) -> int:
        """The number of a style; `None` is the terminal's own."""
        if style is None:
            return PLAIN
        number = self._by_style.get(style)
        if number is None:
            attributes = frozenset(code for name, code in _ATTRIBUTES if getattr(style, name))
            foreground = self._codes(style.color, foreground=True) or _DEFAULT_FOREGROUND
            background = self._codes(style.bgcolor, foreground=False) or _DEFAULT_BACKGROUND
            number = self._by_style[style] = self._number((attributes, foreground, background))
        return number

    def blank(self, number: int) -> int:
        """The number of a style that looks the same on a space, one for all of them."""
        found = self._blanks.get(number)
        if found is None:
            attributes, _, background = look = self._looks[number]
            seen = attributes - _UNSEEN_ON_BLANK
            # Lines and reversed spaces are drawn in the foreground's colour.
            found = self._number(look if seen else (frozenset(), _DEFAULT_FOREGROUND, background))
            self._blanks[number] = found
        return found

    def way(self, before: int, after: int) -> str:
        """The sequence that changes one style into the other."""
        if before == after:
            return ""
        found = self._ways.get((before, after))
        if found is None:
            found = self._ways[before, after] = self._shortest(self._looks[before], self._looks[after])
        return found

    def _shortest(self, before: _Look, after: _Look) -> str:
        if after == self._looks[PLAIN]:
            return "\x1b[0m"
        codes = []
        if before[0] - after[0]:
            codes.append("0")
            before = self._looks[PLAIN]
        codes += sorted(after[0] - before[0], key=int)
        codes += [new for old, new in zip(before[1:], after[1:], strict=True) if old != new]
        return f"\x1b[{';'.join(codes)}m"

    def _number(self, look: _Look) -> int:
        number = self._numbers.get(look)
        if number is None:
            number = self._numbers[look] = len(self._looks)
            self._looks.append(look)
        return number

    def _codes(self, colour: Color | None, *, foreground: bool) -> str:
        if colour is None:
            return ""
        return ";".join(colour.downgrade(self._system).get_ansi_codes(foreground))
