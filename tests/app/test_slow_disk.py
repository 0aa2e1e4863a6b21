"""A disk that does not answer holds up what waits for it, and nothing else: keys work, the header says what it does."""

import threading
from pathlib import Path

import pytest

from cockpit.models.detail import RunDetail
from cockpit.models.run import RunRef
from cockpit.sources.flow_studio.source import FlowStudioSource
from tests.app import scenes
from tests.app.conftest import MakeApp
from tests.app.operator import operate


class Disk:
    """Lets no read pass while it is stopped."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.runs = threading.Event()
        self.runs.set()
        self.waiting = threading.Event()
        read = FlowStudioSource.detail

        def detail(source: FlowStudioSource, ref: RunRef, previous: RunDetail | None = None) -> RunDetail:
            if not self.runs.is_set():
                self.waiting.set()
                assert self.runs.wait(60)
            return read(source, ref, previous)

        monkeypatch.setattr(FlowStudioSource, "detail", detail)


async def test_keys_work_while_the_first_scan_hangs(
    make_app: MakeApp, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenes.three(root)
    disk = Disk(monkeypatch)
    disk.runs.clear()
    async with operate(make_app(), wait=False) as me:
        await me.until(disk.waiting.is_set, "the scan hangs")
        await me.until(lambda: "scanning" in me.header, "the header says so")
        await me.press("2")
        assert me.screen.deck.state.active == "receipts"
        await me.press("1", "?")
        await me.until(lambda: me.dialog is not None, "help opens")
        await me.press("escape")
        disk.runs.set()
        await me.until(lambda: len(me.ids) == 3, "it catches up")
        await me.until(lambda: "scanning" not in me.header)


async def test_the_cursor_moves_while_a_run_cannot_be_read(
    make_app: MakeApp, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, run, _ = scenes.three(root)
    disk = Disk(monkeypatch)
    async with operate(make_app()) as me:
        disk.runs.clear()
        run.event("step_error", "build", "load_context", "context-loader", at=70, error=scenes.ERROR)
        await me.until(disk.waiting.is_set, "its facts are waited for")
        for wanted in (1, 2, 1, 0):
            await me.press("down" if wanted > me.pane("runs").cursor_index else "up")
            assert me.pane("runs").cursor_index == wanted
        disk.runs.set()
        await me.until(lambda: "2 failed" in me.header, "the change is shown once it can be read")
