"""What a run has against an action: a dim key, the same words in the dialog; and jobs that lost their supervisor."""

import os
import signal
from pathlib import Path

import psutil

from cockpit.actions.storage import read_object
from cockpit.actions.supervisor import SUPERVISOR
from tests.app import scenes
from tests.app.conftest import MakeApp
from tests.app.operator import Operator, operate
from widgets.dialogs import MessageDialog, PlanDialog
from widgets.footer import Footer


def dim(me: Operator, key: str) -> str | None:
    """Why a key of the footer is dim, or `None`."""
    hints = me.screen.query_one("#footer", Footer).hints
    return next(hint.disabled for hint in hints if hint.key == key)


async def test_a_key_is_dim_for_the_reason_its_dialog_gives(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.scope_on(scenes.FAILED)
        await me.until(lambda: dim(me, "T") is not None, "there is no Makefile: the key is dim")
        reason = dim(me, "T")
        assert reason is not None
        assert "there is no Makefile" in reason
        assert dim(me, "A") is None
        await me.press("T")
        dialog = await me.open_dialog(MessageDialog)
        assert dialog.heading.startswith("Cannot retry")
        told = "".join(cell.text for row in dialog.rows for cell in row.spans)
        assert reason in told
        assert me.kinds() == ["action.refused"]


async def test_keys_are_dim_while_a_job_of_somebody_holds_the_run(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    scenes.makefile(root, "\t@echo at work; exec sleep 600")
    async with operate(make_app()) as me:
        await me.scope_on(scenes.FAILED)
        await me.until(lambda: me.scope.offers is not None, "what can be done is known")
        assert dim(me, "T") is None
        async with operate(make_app()) as other:
            await other.scope_on(scenes.FAILED)
            await other.press("T")
            await other.open_dialog(PlanDialog)
            await other.press("y")
            await other.until(lambda: "at work" in other.text("log"), "the job is at work")
            await me.until(lambda: "taken" in (dim(me, "T") or ""), "the first cockpit sees it")
            await me.press("K")
            await me.open_dialog(PlanDialog)
            await me.press("y")
            await me.until(lambda: "action.ended" in me.kinds(), "the end is recorded")
            await me.until(lambda: dim(me, "T") is None, "the run is free again")


async def test_kill_ends_what_outlived_its_supervisor(make_app: MakeApp, root: Path, tmp_path: Path) -> None:
    scenes.three(root)
    started = tmp_path / "started"
    scenes.makefile(root, f"\t@echo $$$$ > {started}; echo at work; exec sleep 600")
    async with operate(make_app()) as me:
        await me.scope_on(scenes.FAILED)
        await me.press("T")
        await me.open_dialog(PlanDialog)
        await me.press("y")
        await me.until(lambda: "at work" in me.text("log"), "the job is at work")
        (job,) = (root / ".cockpit" / "jobs").iterdir()
        os.kill((read_object(job / SUPERVISOR) or {})["pid"], signal.SIGKILL)
        pid = int(started.read_text())
        desk = me.session.desk(root)
        await me.until(lambda: desk.jobs()[0].state.value == "lost", "the job is lost")
        assert psutil.pid_exists(pid)
        await me.press("K")
        await me.open_dialog(PlanDialog)
        await me.press("y")
        await me.until(lambda: not psutil.pid_exists(pid), "the process is gone")
        assert "action.cancelled" in me.kinds()
