"""Is this terminal ready for the panes, and what of it will be missed? What `cockpit doctor` says of the terminal."""

import os
import re
import select
import shutil
import subprocess
import termios
import time
import tty
from collections.abc import Mapping
from contextlib import suppress

from cockpit.health import Finding
from cockpit.terminal import frames_a_second, multiplexer, no_screen, over_ssh, pick_theme

LEAST = (60, 16)
"""Columns and lines of the smallest terminal with room for everything."""
ANSWER_S = 1.0
"""Seconds a terminal at the other end of a slow line may take to answer."""
TMUX_LEAST = (3, 2)
"""The first version of tmux that hands a buffer on to the terminal."""
_ASK = "\x1b[?2026$p\x1b[c"
"""Synchronised updates? And: what are you? Every terminal answers the second, so that nobody waits for the first."""
_SYNC = re.compile(r"\x1b\[\?2026;([0-4])\$y")
_DEVICE = re.compile(r"\x1b\[\?[\d;]*c")


def terminal(size: tuple[int, int] | None, encoding: str, environ: Mapping[str, str]) -> list[Finding]:
    """Size, kind, colours, letters and the line.

    Args:
        size: Columns and lines, or `None` without a terminal.
        encoding: Of standard output.
        environ: The environment.
    """
    if size is None:
        return [Finding("terminal", None, "none: verbs only"), _encoding(encoding, environ)]
    why = no_screen(environ)
    term = environ.get("TERM", "")
    found = [Finding("terminal", why is None, f"TERM={term}" if why is None else f"{why}: cockpit status works")]
    fits = size[0] >= LEAST[0] and size[1] >= LEAST[1]
    least = "" if fits else f": {LEAST[0]}x{LEAST[1]} is the least"
    found += [Finding("size", fits, f"{size[0]}x{size[1]}{least}"), _colours(environ), _encoding(encoding, environ)]
    fps = frames_a_second(None, environ)
    line = "SSH" if over_ssh(environ) else "local"
    found.append(Finding("line", None, f"{line}: {fps} frames a second unasked (--fps); `:net` shows what is sent"))
    return found


def session(environ: Mapping[str, str]) -> list[Finding]:
    """Whether the session outlives the connection."""
    between = multiplexer(environ)
    if not over_ssh(environ):
        return []
    if between is None:
        told = "SSH without tmux or screen: a lost connection ends the view; keep it: tmux new -A -s cockpit"
        return [Finding("session", None, told)]
    return [Finding("session", True, f"{between} keeps it over a lost connection")]


def clipboard(environ: Mapping[str, str]) -> Finding:
    """How what is copied reaches the operator's own machine. Asks tmux, where there is one."""
    between = multiplexer(environ)
    if between == "screen":
        return Finding("clipboard", None, "OSC 52 through screen, and a file")
    if between is None:
        return Finding("clipboard", None, "OSC 52, where the terminal takes it, and a file")
    version = _tmux("-V")
    if version is None:
        return Finding("clipboard", False, "inside tmux, but tmux is not on the PATH: only a file")
    number = re.search(r"(\d+)\.(\d+)", version)
    if number is not None and (int(number[1]), int(number[2])) < TMUX_LEAST:
        return Finding(
            "clipboard", None, f"{version} hands nothing on to the terminal (3.2 does): its buffer, and a file"
        )
    if _tmux("show-options", "-gv", "set-clipboard") == "off":
        told = "tmux has set-clipboard off: its buffer, and a file; tmux set -g set-clipboard external"
        return Finding("clipboard", None, told)
    return Finding("clipboard", True, f"tmux load-buffer -w ({version}), and a file")


def synchronised(environ: Mapping[str, str], answer: str | None) -> Finding:
    """Whether a frame is shown all at once.

    Args:
        environ: The environment.
        answer: What the terminal answered (`ask_terminal`), or `None` where it was not asked.
    """
    if answer is None:
        return Finding("updates", None, "not asked: no terminal")
    found = _SYNC.search(answer)
    if found is not None and found[1] in "123":
        return Finding("updates", True, "synchronised: each frame is shown at once")
    tmux = " (tmux before 3.4 has none)" if multiplexer(environ) == "tmux" else ""
    return Finding("updates", None, f"not synchronised{tmux}: a large change may be seen half-done")


def ask_terminal(environ: Mapping[str, str]) -> str | None:
    """What the terminal says of itself; `None` where there is none, or one that would print the question."""
    if environ.get("TERM_PROGRAM") == "Apple_Terminal" or no_screen(environ) is not None:
        return None
    try:
        descriptor = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return None
    try:
        return _ask(descriptor)
    except (OSError, termios.error):
        return None
    finally:
        os.close(descriptor)


def _ask(descriptor: int) -> str:
    before = termios.tcgetattr(descriptor)
    answer = b""
    try:
        tty.setraw(descriptor, termios.TCSANOW)
        os.write(descriptor, _ASK.encode())
        deadline = time.monotonic() + ANSWER_S
        while (left := deadline - time.monotonic()) > 0 and not _DEVICE.search(answer.decode("ascii", "replace")):
            if select.select([descriptor], [], [], left)[0]:
                answer += os.read(descriptor, 256)
    finally:
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, before)
    return answer.decode("ascii", "replace")


def _colours(environ: Mapping[str, str]) -> Finding:
    if "NO_COLOR" in environ:
        return Finding("colours", None, "NO_COLOR: weight, underline and reverse instead")
    from rich.console import Console

    known = Console(force_terminal=True, _environ=environ).color_system
    number = {"truecolor": "24 bit", "256": "256", "standard": "16"}.get(known or "", "none")
    return Finding(
        "colours", known in ("256", "truecolor") or None, f"{number}; theme auto is {_theme(known, environ)}"
    )


def _theme(known: str | None, environ: Mapping[str, str]) -> str:
    return pick_theme("auto", known, environ)


def _encoding(encoding: str, environ: Mapping[str, str]) -> Finding:
    locale = next((environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(name)), "not set")
    fine = "utf" in encoding.lower()
    return Finding("encoding", fine, f"{encoding or 'unknown'}, locale {locale}{'' if fine else ': set LANG=C.UTF-8'}")


def _tmux(*arguments: str) -> str | None:
    """What tmux says; `None` where it cannot be asked."""
    if shutil.which("tmux") is None:
        return None
    with suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run(["tmux", *arguments], check=False, capture_output=True, text=True, timeout=2)
        return done.stdout.strip() if done.returncode == 0 else ""
    return None
