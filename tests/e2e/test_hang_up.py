"""However the connection ends, and whatever is open: the program is gone in seconds, without spinning."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.e2e.conftest import PATIENCE_S, Open, answer
from tests.e2e.test_terminal import ready, restored
from tests.terminal import PtyProgram, cockpit_argv

GONE_S = 5.0
"""Seconds the program may take to be gone."""
SPUN_S = 1.5
"""Seconds of processor time that only a program which spins takes on its way out."""
DEAF = ["/bin/sh", "-c", 'trap "" HUP; exec "$@"', "sh"]
"""As `nohup`, some wrappers and some shells start programs: what is ignored stays so."""
PAGER = """#!/bin/sh
trap "" HUP TERM
echo pager-has-it
exec {python} -c 'import signal; signal.pause()'
"""


def spent(process: psutil.Process) -> float:
    """Seconds of processor time, of user and system together."""
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


def end(program: PtyProgram, how: Callable[[], None]) -> int:
    """Let the session end, and see that the program goes with it; its exit code."""
    process = psutil.Process(program.process.pid)
    before = latest = spent(process)
    how()
    for _ in range(int(GONE_S / 0.05)):
        try:
            code = program.process.wait(0.05)
        except subprocess.TimeoutExpired:
            program.pump()
            latest = max(latest, spent(process))
        else:
            assert latest - before < SPUN_S, "it spun"
            return code
    raise AssertionError(f"still there after {GONE_S} s; the screen:\n{program.text}")


def nothing(_program: PtyProgram) -> None:
    """The panes alone."""


def a_dialog(program: PtyProgram) -> None:
    program.press("q")
    program.wait_for("Quit?", timeout=PATIENCE_S)


def a_pager(program: PtyProgram) -> None:
    program.wait_for("TimeoutError", timeout=PATIENCE_S)
    program.press("6")
    program.settle(0.3, PATIENCE_S)
    program.press("o")
    answer(program, "Open the file in", "p")
    program.wait_for("pager-has-it", timeout=PATIENCE_S)


@pytest.fixture
def pager(tmp_path: Path) -> dict[str, str]:
    """A pager that cares for nothing: neither for signals nor for its terminal."""
    path = tmp_path / "stubborn"
    path.write_text(PAGER.format(python=sys.executable))
    path.chmod(0o755)
    return {"PAGER": str(path)}


@pytest.mark.parametrize("before", [nothing, a_dialog, a_pager])
@pytest.mark.parametrize("ignored", [False, True], ids=["told", "ignored"])
def test_the_connection_drops(
    root: Path, pager: dict[str, str], ignored: bool, before: Callable[[PtyProgram], None]
) -> None:
    argv = cockpit_argv(root)
    with PtyProgram([*DEAF, *argv] if ignored else argv, env=pager, keep=True) as program:
        ready(program)
        before(program)
        assert end(program, program.hang_up) == 129


@pytest.mark.parametrize("before", [nothing, a_dialog, a_pager])
def test_it_is_asked_to_go(
    root: Path, pager: dict[str, str], open_cockpit: Open, before: Callable[[PtyProgram], None]
) -> None:
    program = ready(open_cockpit(root, env=pager))
    before(program)
    assert end(program, lambda: program.kill(signal.SIGTERM)) == 128 + signal.SIGTERM
    program.settle(0.1)
    assert restored(program)


def test_a_line_that_takes_nothing_any_more_holds_nobody(root: Path, open_cockpit: Open) -> None:
    """Nobody reads: the kernel's buffer fills, and whoever writes to the terminal waits for ever."""
    program = ready(open_cockpit(root))
    process = psutil.Process(program.process.pid)
    for _ in range(40):
        program.press("ctrl+l")  # each one a whole screen that is not read
    program.kill(signal.SIGTERM)
    assert process.wait(2 * GONE_S) == 128 + signal.SIGTERM
