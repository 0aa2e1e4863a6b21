"""However the connection ends, and whatever is open: the program is gone in seconds, without spinning."""

import signal
import sys
from pathlib import Path

import psutil
import pytest

from tests.app import scenes
from tests.e2e.conftest import PATIENCE_S, Open, answer
from tests.e2e.test_terminal import ready, restored
from tests.terminal import PtyProgram, cockpit_argv

GONE_S = 5.0
"""Seconds the program may take to be gone."""
SPINS_S = 1.5
"""Seconds of processor time that only a program which spins takes on its way out."""
DEAF = ["/bin/sh", "-c", 'trap "" HUP TERM; exec "$@"', "sh"]
"""As `nohup`, some wrappers and some shells start programs: what is ignored stays so."""


def spent(process: psutil.Process) -> float:
    """Seconds of processor time, of user and system together."""
    times = process.cpu_times()
    return float(times.user + times.system)


def end(program: PtyProgram) -> float:
    """Drop the connection; the processor time it took until the program was gone."""
    process = psutil.Process(program.process.pid)
    latest = before = spent(process)
    program.hang_up()
    while True:
        try:
            program.process.wait(0.05)
        except Exception:  # noqa: BLE001 - still there
            latest = spent(process)
            assert latest - before < SPINS_S, "it spins"
        else:
            return latest - before


def open_dialog(program: PtyProgram) -> None:
    program.press("q")
    program.wait_for("Quit?", timeout=PATIENCE_S)


def open_pager(program: PtyProgram) -> None:
    program.press("6")
    program.wait_for("1/", "transcript", timeout=PATIENCE_S)
    program.press("o")
    program.wait_for("pager-has-it", timeout=PATIENCE_S)


@pytest.fixture
def pager(tmp_path: Path) -> dict[str, str]:
    """A pager that does not care: it ignores every signal but KILL and reads nothing."""
    path = tmp_path / "pager"
    path.write_text(f'#!/bin/sh\ntrap "" HUP TERM\necho pager-has-it\nexec {sys.executable} -c "import signal\nsignal.pause()"\n')
    path.chmod(0o755)
    return {"PAGER": str(path)}
