"""Copying over SSH: `tmux load-buffer -w -` inside tmux, OSC 52 outside, and a file in any case.

Stock tmux drops OSC 52, wrapped or not, and takes only its own buffers (research/features.md C3), so which way is
taken depends on `TMUX`. The file is written first: whatever the terminal does, the text is somewhere.
"""

import base64
import os
import subprocess
from pathlib import Path

from cockpit import locations

OSC52_CAP = 74_994
"""Bytes of base64 that terminals take; k9s uses the same."""
_TMUX_TIMEOUT_S = 2.0
_SCREEN_PIECE = 240
"""Characters that screen takes in one piece."""


def save_clip(text: str) -> Path:
    """Write the text to the user's clip file (mode 0600) and return its path.

    Raises:
        OSError: It cannot be written.
    """
    directory = locations.user_state_dir()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / "clip.txt"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    os.fchmod(descriptor, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
    return path


def tmux_copy(text: str) -> bool:
    """Hand the text to tmux, which passes it on to the terminal; `False` outside tmux or where that failed."""
    if not os.environ.get("TMUX"):
        return False
    try:
        done = subprocess.run(
            ["tmux", "load-buffer", "-w", "-"],
            input=text.encode("utf-8", "backslashreplace"),
            check=False,
            capture_output=True,
            timeout=_TMUX_TIMEOUT_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def for_screen(sequence: str) -> str:
    """A sequence as GNU screen passes it on to its terminal: in pieces, each in a device control string."""
    pieces = (sequence[at : at + _SCREEN_PIECE] for at in range(0, len(sequence), _SCREEN_PIECE))
    return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)


def osc52(text: str) -> tuple[str, bool]:
    """The escape sequence that puts the text into the terminal's clipboard, and whether it had to be cut."""
    data = text.encode("utf-8", "backslashreplace")
    room = OSC52_CAP // 4 * 3
    cut = len(data) > room
    if cut:
        # Not in the middle of a character: what is pasted has to be valid UTF-8.
        data = data[:room].decode("utf-8", "ignore").encode()
    encoded = base64.b64encode(data).decode("ascii")
    return f"\x1b]52;c;{encoded}\x07", cut
