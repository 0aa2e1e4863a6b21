"""Starts the live producer of a demo workspace, so that it ends with whoever started it."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path


def start_live(
    workspace: Path, *, runs: int = 2, silence: tuple[float, float] = (2.0, 6.0), fail: float = 0.25
) -> "subprocess.Popen[bytes]":
    """Start a process that keeps runs of the workspace going.

    It runs in a session of its own, so that Ctrl-C at the terminal does not reach it, and ends when its standard
    input is closed: a pipe this process holds, so the kernel ends it even after `kill -9`.

    Args:
        workspace: A demo workspace.
        runs: How many runs at a time.
        silence: The shortest and the longest time a step works, in seconds.
        fail: How likely a run fails, 0 to 1.

    Returns:
        The process; give it to `stop_live` at the end.
    """
    package = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
    argv = [sys.executable, "-m", "cockpit.demo.producer", "live", "--workspace", str(workspace), "--until-eof"]
    argv += ["--runs", str(runs), "--silence", str(silence[0]), str(silence[1]), "--fail", str(fail)]
    return subprocess.Popen(
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": path},
        cwd="/",
    )


def stop_live(process: "subprocess.Popen[bytes]", timeout: float = 3.0) -> None:
    """End a live producer and wait for it; what it was writing stays as a killed producer leaves it."""
    with contextlib.suppress(OSError):
        if process.stdin:
            process.stdin.close()
    process.terminate()
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
