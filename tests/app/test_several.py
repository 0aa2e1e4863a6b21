"""Actions on marked runs: one form, one confirmation, a result for each; and the list of jobs."""

from pathlib import Path

from cockpit.clock import system_clock
from tests.app import scenes
from tests.app.conftest import MakeApp
from tests.app.operator import Operator, operate, row_text
from tests.app.test_act import plan_text
from widgets.detail import DetailPane
from widgets.dialogs import FormDialog, MenuDialog, PlanDialog
from widgets.job_list import JobList

NIGHTS = ("night-1", "night-2", "night-3")


def jobs(me: Operator) -> list[str]:
    return [row_text(row) for row in me.app.screen.query_one(JobList).rows]


def story(me: Operator) -> str:
    rows = me.app.screen.query_one("#story", DetailPane).source
    return "\n".join("".join(cell.text for cell in row.spans) for row in rows)


async def test_a_retry_of_three_runs_is_confirmed_once_and_tells_what_became_of_each(
    make_app: MakeApp, root: Path
) -> None:
    for name in NIGHTS:
        scenes.failed(root, name)
    scenes.makefile(root, "\t@test $(RUN_ID) != night-2 && echo retried $(RUN_ID)")
    async with operate(make_app(clock=system_clock)) as me:
        await me.press("asterisk", "T")
        form = await me.open_dialog(FormDialog)
        assert {"at_a_time", "stop_on_failure"} <= set(form.answers)
        await me.press("enter", "enter")
        plan = await me.open_dialog(PlanDialog)
        assert plan.confirm == "typed"
        places = [plan_text(plan).index(f"RUN_ID={run}") for run in me.ids]
        assert sorted(me.ids) == sorted(NIGHTS)
        assert places == sorted(places), "in the order they are listed"
        await me.write("retry 2")
        await me.press("enter")
        assert me.dialog is plan, "another number confirms nothing"
        assert not me.kinds()
        for _ in "retry 2":
            await me.press("backspace")
        await me.write("retry 3")
        await me.press("enter")
        await me.until(lambda: bool(me.app.screen.query(JobList)), "the list of jobs opens")
        await me.until(lambda: me.kinds().count("action.ended") == 3, "all of them end")
        await me.until(lambda: "3 of 3 runs" in jobs(me)[0], "the list tells it")
        await me.told("retry of several runs", "2 done, 1 failed")
        assert not [note for note in me.said if "night" in (note.title or "")], "one toast for all of them"
        result = {name: next(line for line in jobs(me) if name in line) for name in NIGHTS}
        assert "failed" in result["night-2"]
        await me.press("e")
        await me.until(lambda: "judged by exit code" in story(me), "how it went stands below, in full")
        assert "make stepwise-retry RUN_ID=night-2" in story(me)
        await me.press("g")
        await me.until(lambda: "2 at a time" in story(me), "and of the bulk as a whole")
        assert "by        " in story(me)
        await me.press("q")
        await me.until(lambda: not me.app.screen.query(JobList), "back in the panes")
        assert me.screen.marking.runs == (), "what was done is marked no more"


async def test_what_not_all_of_them_allow_is_refused_run_by_run(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    scenes.makefile(root)
    async with operate(make_app()) as me:
        await me.press("asterisk", "X")
        menu = await me.open_dialog(MenuDialog)
        await me.press(next(item.key for item in menu.items if item.id == "archive"))
        await me.open_dialog(FormDialog)
        await me.press("enter", "enter", "enter")
        plan = await me.open_dialog(PlanDialog)
        assert plan.expected == "archive 2", "the run that is running is left alone"
        assert "is running" in plan_text(plan)
        await me.press("escape")
        await me.no_dialog()
        await me.until(lambda: me.kinds() == ["action.declined"], "that it was not done is on record")
        assert len(me.journal[-1].data["runs"]) == 3


async def test_the_output_of_a_job_opens_from_the_list(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    scenes.makefile(root)
    async with operate(make_app(clock=system_clock)) as me:
        await me.scope_on(scenes.FAILED)
        await me.press("T")
        await me.open_dialog(PlanDialog)
        await me.press("y")
        await me.until(lambda: "action.ended" in me.kinds(), "it ends")
        await me.press("1", "exclamation_mark")
        await me.until(lambda: bool(me.app.screen.query(JobList)) and bool(jobs(me)), "the list of jobs opens")
        assert scenes.FAILED in jobs(me)[0]
        await me.press("enter")
        await me.until(lambda: me.active == "log" and "retried" in me.text("log"), "its output is shown")


async def test_a_job_is_ended_from_the_list_once_confirmed(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    scenes.makefile(root, "\t@echo at work; exec sleep 600")
    async with operate(make_app(clock=system_clock)) as me:
        await me.scope_on(scenes.FAILED)
        await me.press("T")
        await me.open_dialog(PlanDialog)
        await me.press("y")
        await me.until(lambda: "at work" in me.text("log"), "it works")
        await me.press("1", "exclamation_mark")
        await me.until(lambda: bool(me.app.screen.query(JobList)) and bool(jobs(me)), "the list of jobs opens")
        await me.press("K")
        await me.open_dialog(PlanDialog)
        await me.press("n")
        await me.until(lambda: me.kinds()[-1] == "action.declined", "that it goes on is on record")
        assert me.journal[-1].data["action"] == "cancel retry"
        await me.press("K")
        await me.open_dialog(PlanDialog)
        await me.press("y")
        await me.until(lambda: "judged by cancellation" in story(me), "it is ended")
        assert "action.cancelled" in me.kinds()
