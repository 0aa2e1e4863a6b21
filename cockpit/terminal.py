"""What the terminal is, as far as the environment tells, and what follows for frames, colours and the clipboard."""

from collections.abc import Mapping

FPS = 10
"""Frames a second that nobody asked for, on a terminal of this host."""
FPS_SSH = 4
"""... and at the other end of a line."""
AUTO = "auto"
"""The theme that is chosen by the terminal's colours."""
_NO_SCREEN = ("", "dumb", "unknown")
_LIGHT = ("7", "9", "10", "11", "12", "13", "14", "15")
"""Background colours of `COLORFGBG` that are light (as vim takes them)."""


def over_ssh(environ: Mapping[str, str]) -> bool:
    """Whether the operator sits at the other end of SSH."""
    return bool(environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"))


def multiplexer(environ: Mapping[str, str]) -> str | None:
    """What stands between the program and the terminal: `tmux`, `screen` or nothing."""
    return "tmux" if environ.get("TMUX") else "screen" if environ.get("STY") else None


def no_screen(environ: Mapping[str, str]) -> str | None:
    """Why nothing can be drawn on this terminal, or `None`."""
    term = environ.get("TERM", "")
    if term not in _NO_SCREEN:
        return None
    return (
        f"TERM={term} cannot place text on a screen" if term else "TERM is not set, so nothing is known of the screen"
    )


def frames_a_second(chosen: int | None, environ: Mapping[str, str]) -> int:
    """How many frames a second may come unasked; `chosen` wins."""
    if chosen is not None:
        return chosen
    return FPS_SSH if over_ssh(environ) else FPS


def pick_theme(chosen: str, colours: str | None, environ: Mapping[str, str]) -> str:
    """The name of the theme to draw with.

    Args:
        chosen: A theme's name, or `auto`.
        colours: What the terminal has, as rich names it: `standard` (16), `256`, `truecolor`.
        environ: `COLORFGBG` tells a light terminal, where there is one.
    """
    if chosen != AUTO:
        return chosen
    light = environ.get("COLORFGBG", "").rpartition(";")[2] in _LIGHT
    own = "light" if light else "dark"
    # With 16 colours, a theme of many is brought down to what may be unreadable; the terminal's own are not.
    return own if colours in ("256", "truecolor") else f"ansi-{own}"
