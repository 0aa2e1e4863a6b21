"""Acting on a run: the plan, its confirmation, the job, and everything that must not happen."""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from textual.notifications import Notification

from cockpit.clock import system_clock
from cockpit.sources.flow_studio import FlowStudioSource
from tests.app import scenes
from tests.app.conftest import MakeApp
from tests.app.operator import Operator, operate
from widgets.dialogs import FormDialog, HelpDialog, MenuDialog, MessageDialog, PlanDialog, PromptDialog
from widgets.dialogs.base import Dialog

RETRY = f"make stepwise-retry RUN_ID={scenes.FAILED} FLOW=build STEP=clarify"


def jobs_of(root: Path) -> list[Path]:
    """Directories of the jobs that were started."""
    folder = root / ".cockpit" / "jobs"
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def plan_text(dialog: PlanDialog | MessageDialog) -> str:
    return "\n".join("".join(cell.text for cell in row.spans) for row in dialog.rows)


def clip_of(note: Notification) -> str:
    """The text in the file a toast names."""
    return Path(note.message.rpartition(" in ")[2]).read_text()


DECLINED = ["action.planned", "action.declined"]


async def job_ended(me: Operator) -> None:
    await me.until(lambda: "action.ended" in me.kinds(), "the end of the job is recorded")


async def test_retry_shows_its_command_runs_it_and_tells_the_end(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    scenes.makefile(root)
    async with operate(make_app(clock=system_clock)) as me:
        await me.scope_on(scenes.FAILED)
        await me.press("T")
        plan = await me.open_dialog(PlanDialog)
        assert RETRY in plan_text(plan)
        assert str(root) in plan_text(plan)
        assert RETRY.partition(" RUN")[0] in me.picture()
        assert not jobs_of(root)
        assert not me.kinds()
        await me.press("y")
        await me.no_dialog()
        await me.until(lambda: me.active == "log", "the output is shown")
        await me.until(lambda: f"retried {scenes.FAILED} build clarify" in me.text("log"), "the job's output is live")
        await job_ended(me)
        await me.told("retry of")
        kinds = me.kinds()
        assert [kind for kind in kinds if kind.startswith("action.")] == [
            "action.planned", "action.confirmed", "action.started", "action.ended",
        ]  # fmt: skip
        assert me.journal[-1].data["exit_code"] == 0
        await me.until(lambda: "ended" in me.text("timeline"), "the timeline tells it")
        await me.until(lambda: "job" not in me.header, "no job is counted any more")
        assert len(jobs_of(root)) == 1


async def test_resume_starts_at_the_step_under_the_cursor(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    scenes.makefile(root)
    async with operate(make_app()) as me:
        await me.press("2", "g", "j")
        await me.until(lambda: me.scope.step == ("build", "load_context"))
        await me.press("R")
        plan = await me.open_dialog(PlanDialog)
        assert f"make stepwise-build RUN_ID={scenes.FAILED} START_STEP=load_context" in plan_text(plan)
        await me.press("y")
        await me.until(lambda: f"resumed {scenes.FAILED} at load_context" in me.text("log"))
        await job_ended(me)


@pytest.mark.parametrize("keys", [("n",), ("escape",), ("enter",)])
async def test_no_escape_and_enter_do_nothing_and_are_on_record(
    make_app: MakeApp, root: Path, keys: tuple[str, ...]
) -> None:
    scenes.three(root)
    scenes.makefile(root)
    async with operate(make_app()) as me:
        await me.press("T")
        await me.open_dialog(PlanDialog)
        await me.press(*keys)
        await me.no_dialog()
        await me.until(lambda: me.kinds() == DECLINED, "what was planned and not done is on record")
        planned, declined = me.journal
        assert planned.data["plan"] == declined.data["plan"]
        assert (declined.data["run"], declined.data["reason"]) == (scenes.FAILED, "answered no")
        await me.until(lambda: "declined" in me.text("timeline"), "and in the timeline")
        assert not jobs_of(root)


async def test_c_copies_the_command_instead(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    scenes.makefile(root)
    async with operate(make_app()) as me:
        await me.press("T")
        await me.open_dialog(PlanDialog)
        await me.press("c")
        await me.told("command copied", "clip.txt")
        assert clip_of(await me.told("command copied")) == RETRY
        assert not jobs_of(root)
        assert me.kinds() == DECLINED
        assert me.journal[-1].data["reason"] == "its command was copied instead"


async def test_keys_that_were_typed_ahead_confirm_nothing(
    make_app: MakeApp, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenes.three(root)
    scenes.makefile(root)
    async with operate(make_app()) as me:
        # The 300 ms in which a dialog is deaf last until this test has typed.
        with monkeypatch.context() as patch:
            patch.setattr(Dialog, "deaf", property(lambda _: True))
            await me.write("Tyy")
            await me.until(lambda: isinstance(me.dialog, PlanDialog))
            await me.write("yy\r")
            assert isinstance(me.dialog, PlanDialog)
        assert [type(screen).__name__ for screen in me.app.screen_stack].count("PlanDialog") == 1
        await me.open_dialog(PlanDialog)
        assert not jobs_of(root)
        assert not me.kinds()
        await me.press("n")
        await me.no_dialog()


async def test_a_capital_pressed_twice_opens_one_plan(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    scenes.makefile(root)
    async with operate(make_app()) as me:
        await me.write("TTRT")
        plan = await me.open_dialog(PlanDialog)
        assert RETRY in plan_text(plan)
        await me.press("n")
        await me.no_dialog()
        await me.quiet()
        assert me.dialog is None


async def test_what_is_typed_behind_a_slash_is_a_filter(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    scenes.makefile(root)
    async with operate(make_app()) as me:
        # As a slow line delivers it: all at once.
        await me.write("/alldon\rz")
        assert me.ids == [scenes.DONE]
        assert me.screen.view.sort.value == "attention"
        assert me.screen.deck.state.zoomed, "and behind the Enter it is a command again"
        assert me.dialog is None


async def test_a_paste_confirms_nothing_anywhere(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    scenes.makefile(root)
    everything = "".join(map(chr, range(32, 127))) * 20 + "\nTy\nRy\nqy\n"
    async with operate(make_app()) as me:
        await me.paste(everything)
        await me.quiet()
        assert me.dialog is None
        for name in "234560":
            await me.press(name)
            await me.paste(everything)
        assert me.dialog is None
        await me.press("1", "T")
        plan = await me.open_dialog(PlanDialog)
        await me.paste("y\n")
        assert me.dialog is plan
        assert not jobs_of(root)
        assert not me.kinds()


async def test_a_plan_whose_run_has_moved_is_refused(make_app: MakeApp, root: Path) -> None:
    run, _, _ = scenes.three(root)
    scenes.makefile(root)
    async with operate(make_app()) as me:
        await me.press("T")
        await me.open_dialog(PlanDialog)
        run.event("step_start", "build", "author_tests", "test-author", at=60)
        first = me.dialog
        await me.press("y")
        await me.until(lambda: me.dialog is not None and me.dialog is not first, "what moved is shown")
        moved = await me.open_dialog(PlanDialog)
        assert "moved; nothing was done" in moved.heading
        assert re.search(r"events +8 +-> +9", plan_text(moved)), "what moved is named"
        assert not jobs_of(root)
        assert me.kinds() == ["action.refused"]
        await me.until(lambda: "refused" in me.text("timeline"))
        await me.press("y")
        await me.until(lambda: me.dialog is not None and me.dialog is not moved, "the plan of what the run is now")
        assert RETRY in plan_text(await me.open_dialog(PlanDialog))


async def test_the_plan_is_for_the_run_it_was_opened_on(make_app: MakeApp, root: Path) -> None:
    _, run, _ = scenes.three(root)
    scenes.makefile(root)
    async with operate(make_app()) as me:
        await me.press("T")
        await me.open_dialog(PlanDialog)
        run.handoff("build", "load_context", "BLOCKED", at=80)
        await me.until(lambda: me.ids[0] == scenes.RUNNING, "another run is on top now")
        await me.press("y")
        await me.until(lambda: f"retried {scenes.FAILED} build clarify" in me.text("log"))
        await job_ended(me)
        assert {entry.data["run"] for entry in me.journal} == {scenes.FAILED}


async def test_archive_needs_the_typed_id(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.press("A")
        await me.open_dialog(FormDialog)
        await me.press("enter")
        plan = await me.open_dialog(PlanDialog)
        assert plan.confirm == "typed"
        await me.write("y")
        await me.press("enter")
        assert me.dialog is plan
        assert "that is not it" in me.picture()
        await me.press("backspace")
        await me.write(scenes.FAILED)
        await me.press("enter")
        await me.no_dialog()
        await job_ended(me)
        assert me.journal[-1].data["exit_code"] == 0
        assert (scenes.runs_of(root) / scenes.FAILED).is_dir(), "the original stays"
        archives = list((root / ".cockpit").rglob("*.tar.gz"))
        assert len(archives) == 1


async def test_archive_moves_aside_and_restore_brings_back(make_app: MakeApp, root: Path) -> None:
    run, _, _ = scenes.three(root)
    receipt = run.path / "build" / "receipts" / "clarify-clarifier.json"
    before = receipt.read_bytes()
    async with operate(make_app()) as me:
        await me.press("A")
        await me.open_dialog(FormDialog)
        await me.press("y", "enter")
        await me.open_dialog(PlanDialog)
        await me.write(scenes.FAILED)
        await me.press("enter")
        await job_ended(me)
        await me.until(lambda: scenes.FAILED not in me.ids, "it is gone from the list")
        assert not run.path.exists()
        await me.enter_command("run.restore")
        await me.open_dialog(MenuDialog)
        await me.press("enter")
        plan = await me.open_dialog(PlanDialog)
        if plan.confirm == "typed":
            await me.write(plan.expected)
            await me.press("enter")
        else:
            await me.press("y")
        await me.until(lambda: scenes.FAILED in me.ids, "it is back")
        assert receipt.read_bytes() == before
        await me.until(lambda: me.kinds().count("action.ended") == 2)


async def test_nothing_to_restore_is_said(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.enter_command("run.restore")
        await me.told("There are no archives")


async def test_kill_ends_the_job(make_app: MakeApp, root: Path, tmp_path: Path) -> None:
    scenes.three(root)
    started = tmp_path / "started"
    scenes.makefile(root, f"\t@echo $$$$ > {started}; echo at work; exec sleep 600")
    async with operate(make_app()) as me:
        await me.press("T")
        await me.open_dialog(PlanDialog)
        await me.press("y")
        await me.until(lambda: "at work" in me.text("log"), "the job is at work")
        await me.until(lambda: "1 job" in me.header, "the header counts it")
        pid = int(started.read_text())
        await me.press("K")
        await me.open_dialog(PlanDialog)
        await me.press("n")
        await me.no_dialog()
        assert psutil.pid_exists(pid)
        await me.until(lambda: me.kinds()[-1] == "action.declined", "that nothing was ended is on record too")
        await me.press("K")
        await me.open_dialog(PlanDialog)
        await me.press("y")
        await job_ended(me)
        await me.until(lambda: not psutil.pid_exists(pid), "the process is gone")
        assert "action.cancelled" in me.kinds()
        note = await me.told("retry of")
        assert note.severity == "error"
        await me.until(lambda: "job" not in me.header)
        await me.press("K")
        await me.told("No job of this run is running")


async def test_one_action_at_a_time(make_app: MakeApp, root: Path, tmp_path: Path) -> None:
    scenes.three(root)
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    scenes.makefile(root, f"\t@echo at work; cat {gate}")
    async with operate(make_app()) as me:
        await me.press("T")
        await me.open_dialog(PlanDialog)
        await me.press("y")
        await me.until(lambda: "at work" in me.text("log"))
        await me.press("T")
        message = await me.open_dialog(MessageDialog)
        assert "taken" in plan_text(message)
        await me.press("enter")
        await me.no_dialog()
        gate.write_text("go on\n")
        await job_ended(me)
        assert len(jobs_of(root)) == 1


async def test_a_failing_job_is_told_of_as_failed(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    scenes.makefile(root, "\t@echo broken; exit 3")
    async with operate(make_app()) as me:
        await me.press("T")
        await me.open_dialog(PlanDialog)
        await me.press("y")
        note = await me.told("retry of")
        assert note.severity == "error"
        assert me.journal[-1].data["exit_code"] != 0
        await me.press("5", "G", "enter")
        await me.until(lambda: me.active == "log", "an entry of a job leads to its output")
        await me.until(lambda: "broken" in me.text("log"))


async def test_without_a_makefile_the_plan_says_so(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.press("T")
        message = await me.open_dialog(MessageDialog)
        assert "Makefile" in plan_text(message)
        await me.press("y")
        await me.press("enter")
        await me.no_dialog()
        assert not jobs_of(root)


async def test_a_running_run_is_not_retried(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    scenes.makefile(root)
    async with operate(make_app()) as me:
        await me.scope_on(scenes.RUNNING)
        for key in ("R", "T"):
            me.said.clear()
            await me.press(key)
            await me.told("running")
            assert me.dialog is None
        await me.press("A")
        message = await me.open_dialog(MessageDialog)
        assert "running" in plan_text(message)
        assert not jobs_of(root)


@pytest.mark.parametrize(
    "name", ["$(touch pwned)", "--help", "a b", "x;touch pwned", "-f", "[@click=app.quit]x", "`touch pwned`"]
)
async def test_hostile_names_are_shown_and_refused(make_app: MakeApp, root: Path, name: str) -> None:
    scenes.failed(root, name)
    scenes.makefile(root)
    async with operate(make_app()) as me:
        assert me.run.id == name
        assert name in me.header
        for key in ("R", "T"):
            await me.press(key)
            message = await me.open_dialog(MessageDialog)
            assert "refused" in plan_text(message)
            await me.press("y", "enter")
            await me.no_dialog()
        await me.press("A")
        await me.open_dialog(MessageDialog)
        await me.press("escape")
        await me.no_dialog()
        assert not jobs_of(root)
        assert not scenes.pwned(root)
        await me.press("p")
        await me.open_dialog(HelpDialog)
        await me.press("enter")
        await me.until(lambda: "checklist.start" in me.kinds())
        await me.press("space")
        await me.until(lambda: "checklist.tick" in me.kinds())
        assert me.journal[-1].data["target"] == name


async def test_a_run_that_vanished_cannot_be_acted_on(make_app: MakeApp, root: Path) -> None:
    run, _, _ = scenes.three(root)
    scenes.makefile(root)
    async with operate(make_app()) as me:
        await me.press("T")
        await me.open_dialog(PlanDialog)
        first = me.dialog
        shutil.rmtree(run.path)
        await me.press("y")
        await me.until(lambda: me.dialog is not None and me.dialog is not first, "what moved is shown")
        assert "unreadable" in plan_text(await me.open_dialog(PlanDialog))
        assert not jobs_of(root)


async def open_filter(me: Operator) -> None:
    await me.press("slash")


async def open_command(me: Operator) -> None:
    await me.press("colon")


async def open_prompt(me: Operator) -> None:
    await me.press("c")
    await me.open_dialog(PromptDialog)


async def open_help(me: Operator) -> None:
    await me.press("question_mark")
    await me.open_dialog(HelpDialog)


async def open_typed(me: Operator) -> None:
    await me.press("A")
    await me.open_dialog(FormDialog)
    await me.press("enter")
    await me.open_dialog(PlanDialog)


@pytest.mark.parametrize("open_it", [open_filter, open_command, open_prompt, open_help, open_typed])
async def test_printable_keys_in_inputs_are_text(
    make_app: MakeApp, root: Path, open_it: Callable[[Operator], object]
) -> None:
    scenes.three(root)
    scenes.makefile(root)
    text = "".join(map(chr, range(32, 127)))
    async with operate(make_app()) as me:
        await open_it(me)  # type: ignore[misc]
        screen, focused = me.app.screen, me.app.focused
        assert focused is not None
        view = me.screen.view
        await me.write(text)
        assert me.app.screen is screen
        assert me.app.focused is focused
        assert getattr(focused, "value", None) == text
        assert not me.kinds()
        assert (me.screen.view.sort, me.screen.view.frozen_at, me.screen.view.times) == (
            view.sort, view.frozen_at, view.times,
        )  # fmt: skip
        assert me.active == "runs"
        await me.press("escape")
        await me.no_dialog()
        await me.quiet()
        assert not jobs_of(root)
        assert me.kinds() in ([], DECLINED)
        assert not me.session.read_only


async def test_ctrl_q_is_nobody_s_key(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.press("ctrl+q", "ctrl+s", "f1")
        await me.quiet()
        assert me.app.is_running
        assert not me.app._exit
        assert "ctrl+q" not in me.app.active_bindings


async def test_output_that_would_write_to_the_terminal(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    scenes.makefile(root, "\t@printf '\\033]52;c;cHduZWQ=\\007[/x] \\033[2Jbye\\n'; exit 1")
    async with operate(make_app()) as me:
        await me.press("T")
        await me.open_dialog(PlanDialog)
        await me.press("y")
        await job_ended(me)
        await me.until(lambda: "[/x] bye" in me.text("log"), "the output is shown, without what it would do")
        assert "\x1b" not in me.text("log")


async def test_an_action_that_the_system_does_not_have_says_so(
    make_app: MakeApp, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenes.three(root)
    monkeypatch.setattr(FlowStudioSource, "actions", lambda _self, _ref: ())
    async with operate(make_app()) as me:
        await me.until(lambda: me.scope.offers is not None)
        await me.press("R")
        await me.told("flow-studio has no resume for this run")
        assert me.dialog is None
