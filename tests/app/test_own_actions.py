"""The user's own actions on the panes: by key, in footer, help, palette and command line, with the reason why not."""

from pathlib import Path

from cockpit.actions.declared import validate
from cockpit.settings import Settings
from tests.app import scenes
from tests.app.conftest import MakeApp
from tests.app.operator import Operator, operate
from widgets.dialogs import HelpDialog, MessageDialog, PlanDialog
from widgets.footer import Footer
from widgets.rows import KeyHint

ACTIONS = validate(
    [
        {"id": "drain-queue", "title": "Drain the queue", "argv": ["echo", "drained", "{run}"], "key": "Q"},
        {"id": "fill-queue", "title": "Fill the queue", "argv": ["echo", "filled", "{run}"], "key": "f"},
        {"id": "wake", "title": "Wake it", "argv": ["true"], "key": "Z", "states": ["stuck"]},
        {"id": "else", "title": "Of another system", "argv": ["true"], "key": "Y", "sources": ["ai-csuite"]},
        {"id": "stolen", "title": "With a command's key", "argv": ["true"], "key": "T"},
    ]
)
SETTINGS = Settings(actions=ACTIONS)


def hint(me: Operator, key: str) -> KeyHint | None:
    return next((each for each in me.screen.query_one("#footer", Footer).hints if each.key == key), None)


async def test_its_key_opens_its_plan_and_its_job_runs(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app(settings=SETTINGS)) as me:
        await me.told("actions.stolen.key: T already belongs to run.retry")
        await me.scope_on(scenes.FAILED)
        await me.press("Q")
        plan = await me.open_dialog(PlanDialog)
        assert plan.heading == "Drain the queue"
        await me.press("y")
        await me.until(lambda: f"drained {scenes.FAILED}" in me.text("log"), "the job's output is shown")
        await me.until(lambda: "action.ended" in me.kinds())
        assert me.journal[-1].data["action"] == "drain-queue"


async def test_where_they_stand_and_why_not(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app(settings=SETTINGS)) as me:
        await me.scope_on(scenes.FAILED)
        await me.until(lambda: (found := hint(me, "Z")) is not None and found.disabled, "what it is not for is dim")
        assert hint(me, "Q") == KeyHint("Q", "drain-queue", None)
        assert hint(me, "Y") is None, "another system's action is not offered"
        await me.press("Y")
        await me.told("it is not for runs of flow-studio")
        await me.press("question_mark")
        await me.open_dialog(HelpDialog)
        await me.write("queue")
        await me.until(lambda: "X f" in me.picture() and "Drain the queue" in me.picture(), "help has both, with keys")
        await me.press("escape")
        await me.no_dialog()
        await me.enter_command("fill-queue")
        plan = await me.open_dialog(PlanDialog)
        assert plan.heading == "Fill the queue"


async def test_another_configuration_moves_the_keys(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    scenes.makefile(root)
    app = make_app(settings=Settings(actions=ACTIONS, keys={"run.retry": "B"}))
    async with operate(app) as me:
        await me.scope_on(scenes.FAILED)
        await me.press("T")
        plan = await me.open_dialog(PlanDialog)
        assert plan.heading == "With a command's key", "the command's default key is free"
        await me.press("n")
        await me.no_dialog()
        me.session.settings = me.session.settings.model_copy(update={"actions": ACTIONS[:1]})
        assert app.use_keys({}) == ()
        await me.press("T")
        assert "Retry" in (await me.open_dialog(PlanDialog)).heading
        await me.press("n")
        await me.no_dialog()
        await me.press("Z")
        await me.quiet()
        assert me.dialog is None
        await me.press("Q")
        assert (await me.open_dialog(PlanDialog)).heading == "Drain the queue"


async def test_read_only_refuses_them_on_record(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app(settings=SETTINGS, read_only=True)) as me:
        await me.scope_on(scenes.FAILED)
        for command in (None, "drain-queue"):
            await (me.press("Q") if command is None else me.enter_command(command))
            await me.open_dialog(MessageDialog)
            await me.press("escape")
            await me.no_dialog()
        assert me.kinds() == ["action.refused"] * 2
        assert {entry.data["action"] for entry in me.journal} == {"drain-queue"}
