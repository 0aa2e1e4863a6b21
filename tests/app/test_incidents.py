"""An incident on the screen: declared, moved through its gates, worked, and told of on the main screen."""

from pathlib import Path

from cockpit.clock import system_clock
from cockpit.models.incident import Phase, Severity
from cockpit.screens.incident import IncidentScreen
from tests.app import scenes
from tests.app.conftest import MakeApp
from tests.app.operator import Operator, operate, row_text
from tests.app.test_act import plan_text
from widgets.dialogs import FormDialog, MenuDialog, PlanDialog, PromptDialog, WalkDialog
from widgets.line_list import LineList
from widgets.tiles import Tiles


def incident_screen(me: Operator) -> IncidentScreen:
    return next(screen for screen in me.app.screen_stack if isinstance(screen, IncidentScreen))


def text_of(me: Operator, pane: str) -> str:
    return "\n".join(row_text(row) for row in incident_screen(me).query_one(f"#{pane}", LineList).rows)


def tiles(me: Operator) -> list[str]:
    return [" ".join(cell.text for cell in (*tile.left, *tile.right)) for tile in me.screen.query_one(Tiles).tiles]


async def declare(me: Operator, answers: str = "nny") -> IncidentScreen:
    await me.press("I")
    await me.open_dialog(WalkDialog)
    await me.press(*answers, "enter")
    await me.open_dialog(PromptDialog)
    await me.press("enter")
    await me.until(lambda: any(isinstance(each, IncidentScreen) for each in me.app.screen_stack), "its screen opens")
    await me.until(lambda: incident_screen(me).picture is not None, "it is read")
    return incident_screen(me)


async def test_three_keys_declare_an_incident_about_the_run_in_scope(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app(clock=system_clock)) as me:
        await me.scope_on(scenes.FAILED)
        assert tiles(me) == []
        screen = await declare(me)
        assert screen.picture is not None
        incident = screen.picture.incident
        assert incident.severity is Severity.SEV3
        assert [link.id for link in incident.runs] == [scenes.FAILED]
        assert scenes.FAILED in incident.title
        assert me.kinds()[0] == "incident.declared"
        assert "failure" in text_of(me, "story")
        assert "Gate of detect" in text_of(me, "page")
        await me.press("q")
        await me.until(lambda: bool(tiles(me)), "the tile is there")
        assert tiles(me)[0].startswith(f"SEV3 {incident.id} detect")
        await me.press("i")
        await me.until(lambda: any(isinstance(each, IncidentScreen) for each in me.app.screen_stack), "i leads back")


async def test_cancelling_declares_nothing(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.scope_on(scenes.FAILED)
        await me.press("I")
        await me.open_dialog(WalkDialog)
        await me.press("y", "y", "escape")
        await me.no_dialog()
        await me.press("I")
        await me.open_dialog(WalkDialog)
        await me.press("y", "y", "enter")
        await me.open_dialog(PromptDialog)
        await me.press("escape")
        await me.no_dialog()
        assert not me.kinds()


async def test_a_gate_that_is_met_is_passed_and_one_that_is_not_needs_a_reason(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app(clock=system_clock)) as me:
        await me.scope_on(scenes.FAILED)
        screen = await declare(me)
        await me.press("P")
        await me.open_dialog(PlanDialog)
        await me.press("y")
        await me.until(lambda: screen.picture and screen.picture.incident.phase is Phase.CONTAIN, "it is in contain")
        await me.press("P")
        gate = await me.open_dialog(PlanDialog)
        assert "not met" in plan_text(gate)
        await me.press("y")
        await me.open_dialog(PromptDialog)
        await me.press("escape")
        await me.no_dialog()
        assert "incident.phase" in me.kinds()
        assert me.kinds().count("incident.phase") == 1, "without a reason nothing is passed"
        await me.press("P")
        await me.open_dialog(PlanDialog)
        await me.press("y")
        await me.open_dialog(PromptDialog)
        await me.write("drill")
        await me.press("enter")
        await me.until(lambda: screen.picture and screen.picture.incident.phase is Phase.DIAGNOSE, "it is in diagnose")
        change = screen.picture.incident.phases[-1] if screen.picture else None
        assert change is not None
        assert change.override == "drill"
        assert change.missing


async def test_command_is_taken_and_a_task_written_down(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app(clock=system_clock)) as me:
        await me.scope_on(scenes.FAILED)
        screen = await declare(me)
        await me.press("O")
        await me.open_dialog(FormDialog)
        await me.press("enter", "enter", "enter")
        await me.until(lambda: screen.picture and screen.picture.incident.commander, "somebody has the command")
        await me.press("X")
        await me.open_dialog(MenuDialog)
        await me.press("t")
        await me.open_dialog(FormDialog)
        for answer in ("add a check", "platform", "2d", "it blocks the sample"):
            await me.write(answer)
            await me.press("enter")
        await me.until(lambda: screen.picture and screen.picture.incident.tasks, "the task is on record")
        assert "add a check" in text_of(me, "page")
        assert me.journal[-1].data["owner"] == "platform"


async def test_read_only_records_nothing(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app(clock=system_clock)) as me:
        await me.scope_on(scenes.FAILED)
        await declare(me)
        await me.press("q", "W")
        before = [kind for kind in me.kinds() if kind.startswith("incident.")]
        await me.press("i")
        await me.until(lambda: any(isinstance(each, IncidentScreen) for each in me.app.screen_stack), "it opens")
        await me.until(lambda: incident_screen(me).picture is not None, "it is read")
        await me.press("c")
        await me.open_dialog(PromptDialog)
        await me.write("a note")
        await me.press("enter")
        await me.told("read-only")
        assert [kind for kind in me.kinds() if kind.startswith("incident.")] == before
