"""Inside a real tmux with the settings it comes with: what is copied reaches the terminal around it."""

import base64
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app import scenes
from tests.e2e.conftest import PATIENCE_S, answer
from tests.e2e.test_terminal import ready
from tests.terminal import PtyProgram, cockpit_argv, terminal_environment

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


@pytest.fixture
def server() -> Iterator[tuple[list[str], dict[str, str]]]:
    """The command line of a tmux of its own, and its environment; ended afterwards."""
    # A socket's path is short.
    with tempfile.TemporaryDirectory(dir="/tmp") as place:
        command, env = ["tmux", "-L", "cockpit-test", "-f", "/dev/null"], {"TMUX_TMPDIR": place}
        try:
            yield command, env
        finally:
            subprocess.run([*command, "kill-server"], env=terminal_environment(env), check=False, capture_output=True)


def test_what_is_copied_in_tmux_reaches_the_terminal_around_it(
    root: Path, server: tuple[list[str], dict[str, str]]
) -> None:
    command, env = server
    with PtyProgram([*command, "new", "-s", "t", *cockpit_argv("--fresh", root)], env=env, keep=True) as program:
        ready(program)
        program.wait_for("TimeoutError", timeout=PATIENCE_S)
        program.press("y")
        answer(program, "Copy", "i")
        program.wait_for("id copied", timeout=PATIENCE_S)
        wanted = base64.b64encode(scenes.FAILED.encode())
        program.read_until(lambda seen: b"\x1b]52;" in seen.raw and wanted in seen.raw, PATIENCE_S)
        shown = subprocess.run(
            [*command, "show-buffer"], env=terminal_environment(env), check=True, capture_output=True, text=True
        )
        assert shown.stdout == scenes.FAILED
        program.press("1", "q")
        answer(program, "Quit?", "y")
        assert program.wait(PATIENCE_S) == 0
