"""One night at a real terminal: the configuration is mended, a run fails, it rings once, the title is given back."""

import re
from pathlib import Path

from tests.app import scenes
from tests.e2e.conftest import PATIENCE_S, Open, quit_with_keys
from tests.e2e.test_terminal import ready
from tests.terminal import PtyProgram

TITLE = b"\x1b]2;"
_COMMAND = re.compile(rb"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")


def bells(program: PtyProgram) -> int:
    """How often the terminal rang: the same byte ends a command to it, too."""
    return _COMMAND.sub(b"", bytes(program.raw)).count(b"\x07")


def test_what_happens_is_told_and_nothing_of_it_stays(root: Path, tmp_path: Path, open_cockpit: Open) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[attention]\nbell = false\n")
    program = ready(open_cockpit(root, "--config", config))
    program.wait_for("need", "live", timeout=PATIENCE_S)
    assert program.raw.count(b"\x1b[22;2t" + TITLE) == 1, "the terminal's own title is kept"

    config.write_text("[attention]\nbel = true\n")
    program.wait_for("not taken up", "there is no such key", "mean bell?", timeout=PATIENCE_S)
    config.write_text("[attention]\nbell = true\n")
    program.wait_for("taken up: attention", timeout=PATIENCE_S)
    assert bells(program) == 0

    scenes.failed(root, "run-20261121-050000-fresh1")
    program.wait_for("1 new", "run-20261121-050000-fresh1 failed", timeout=PATIENCE_S)
    program.settle()
    assert TITLE + b"(1 new) cockpit: " in program.raw
    assert bells(program) == 1
    program.press("j")
    program.wait_gone("1 new", timeout=PATIENCE_S)

    assert quit_with_keys(program) == 0
    assert program.raw.rfind(b"\x1b[23;2t") > program.raw.rfind(TITLE) > 0, "the last word is the terminal's own title"
    again = ready(open_cockpit(root, "--config", config))
    again.wait_for("live", timeout=PATIENCE_S)
    again.settle()
    assert "new" not in again.lines[0].split()
    assert bells(again) == 0, "nobody rings for yesterday"
