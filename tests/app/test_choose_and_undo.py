"""The menu of everything that can be done with a run, and taking back what was done last."""

from pathlib import Path

from cockpit.clock import system_clock
from tests.app import scenes
from tests.app.conftest import MakeApp
from tests.app.operator import operate
from tests.app.test_act import RETRY, job_ended, jobs_of, plan_text
from widgets.dialogs import FormDialog, MenuDialog, PlanDialog


async def test_the_action_menu_offers_everything_and_says_why_not_the_rest(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    scenes.makefile(root)
    async with operate(make_app()) as me:
        await me.press("X")
        menu = await me.open_dialog(MenuDialog)
        offered = {item.id: item.disabled for item in menu.items}
        assert offered["retry"] is None
        assert offered["restore"] is not None
        assert len({item.key for item in menu.items if item.key}) == len([item for item in menu.items if item.key])
        await me.press(next(item.key for item in menu.items if item.id == "restore"))
        assert me.dialog is menu, "what cannot be done is not chosen"
        await me.until(lambda: "in its place" in me.picture(), "the reason is said in full")
        await me.press(next(item.key for item in menu.items if item.id == "retry"))
        assert RETRY in plan_text(await me.open_dialog(PlanDialog))
        await me.press("n")
        await me.no_dialog()
        assert not jobs_of(root)


async def test_undo_takes_a_tick_back_once_confirmed(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.enter_command("playbook failed-run")
        await me.until(lambda: me.active == "checklist" and me.pane("checklist").rows, "the checklist is there")
        await me.press("space")
        await me.until(lambda: me.kinds()[-1:] == ["checklist.tick"], "the tick is on record")
        await me.press("u")
        plan = await me.open_dialog(PlanDialog)
        assert "take back" in plan.heading.lower()
        await me.press("n")
        await me.no_dialog()
        await me.until(lambda: me.kinds()[-1] == "action.declined", "what is not confirmed is declined, on record")
        assert "checklist.untick" not in me.kinds()
        await me.press("u")
        await me.open_dialog(PlanDialog)
        await me.press("y")
        await me.told("is taken back")
        assert me.kinds()[-1] == "checklist.untick"
        assert me.journal[-1].data["undoes"] == me.journal[me.kinds().index("checklist.tick")].seq
        await me.press("u")
        note = await me.told("can be taken back")
        assert note.title == "Nothing was taken back"


async def test_undo_brings_a_removed_run_back(make_app: MakeApp, root: Path) -> None:
    run, _, _ = scenes.three(root)
    async with operate(make_app(clock=system_clock)) as me:
        await me.scope_on(scenes.FAILED)
        await me.press("A")
        await me.open_dialog(FormDialog)
        await me.press("y", "enter")
        await me.open_dialog(PlanDialog)
        await me.write(scenes.FAILED)
        await me.press("enter")
        await job_ended(me)
        assert not run.path.exists()
        await me.press("u")
        await me.open_dialog(PlanDialog)
        await me.press("y")
        await me.until(lambda: me.kinds().count("action.ended") == 2, "the restore ends")
        assert run.path.is_dir()
