"""The installed program in a real terminal, on roots of its own."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.app import scenes
from tests.builders import FlowStudioRun
from tests.terminal import PtyProgram, cockpit_argv, terminal_environment
from widgets.dialogs.base import DEAF_S

PATIENCE_S = 60.0
LEAVES = b"\x1b[?1049l"
"""Back to the shell's screen."""
SHOWS_CURSOR = b"\x1b[?25h"

Open = Callable[..., PtyProgram]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here runs the installed program."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A tree with a failed run, one at work (as of now) and one that went well."""
    root = tmp_path / "work"
    scenes.failed(root)
    scenes.done(root)
    at_work(root)
    return root


@pytest.fixture
def open_cockpit() -> Iterator[Open]:
    """Open the program in a terminal; all of them are ended at the end."""
    with ExitStack() as stack:

        def start(
            *arguments: str | Path, size: tuple[int, int] = (160, 45), env: dict[str, str] | None = None
        ) -> PtyProgram:
            return stack.enter_context(PtyProgram(cockpit_argv(*arguments), size=size, env=env, keep=True))

        yield start


def at_work(root: Path, name: str = scenes.RUNNING) -> FlowStudioRun:
    """A run whose producer was heard of just now."""
    run = FlowStudioRun(scenes.runs_of(root), name)
    now = datetime.now(UTC)
    run.meta("running", at=now, created_at=now.isoformat(), started_at=now.isoformat())
    run.event("step_start", "build", "branch", "repo-operator", at=now)
    return run


def answer(program: PtyProgram, question: str, *keys: str) -> None:
    """Answer a dialog: it is deaf at first, so a person who types ahead is not heard; this one reads it first."""
    program.wait_for(question, timeout=PATIENCE_S)
    program.read_for(DEAF_S + 0.05)
    program.press(*keys)


def quit_with_keys(program: PtyProgram) -> int:
    """`q`, and yes; the exit code."""
    program.press("1", "q")
    answer(program, "Quit?", "y")
    return program.wait(PATIENCE_S)


def verb(*arguments: str | Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a headless verb."""
    return subprocess.run(
        cockpit_argv(*arguments),
        env=terminal_environment(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def journal(root: Path) -> list[dict[str, Any]]:
    """The entries of a root's journal."""
    path = root / ".cockpit" / "journal.jsonl"
    return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def copied(source: Path, target: Path) -> Path:
    """A copy to write into."""
    shutil.copytree(source, target, symlinks=True)
    for path in [target, *target.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | 0o600)
    return target
