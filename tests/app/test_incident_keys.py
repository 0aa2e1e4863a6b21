"""The keys of the incident on the main screen: where there is one they lead to its questions, else they say why not."""

from pathlib import Path

import pytest

from cockpit.clock import system_clock
from cockpit.incident_index import IncidentIndex
from cockpit.models.incident import Severity
from tests.app import scenes
from tests.app.conftest import MakeApp
from tests.app.operator import Operator, operate
from tests.app.test_act import plan_text
from tests.app.test_incidents import declare, incident_screen
from widgets.detail import DetailPane
from widgets.dialogs import FormDialog, PlanDialog, PromptDialog, WalkDialog
from widgets.dialogs.base import Dialog


async def declared(me: Operator, answers: str = "nny") -> str:
    """Declare an incident about the failed run and go back to the panes; its id."""
    await me.scope_on(scenes.FAILED)
    screen = await declare(me, answers)
    assert screen.picture is not None
    await me.press("q")
    await me.until(lambda: me.screen.responding.open, "the panes know it")
    await me.until(lambda: me.app.screen is me.screen, "back in the panes")
    return screen.picture.incident.id


@pytest.mark.parametrize("key", ["S", "P", "O", "U", "m"])
async def test_without_an_incident_the_key_says_how_to_declare_one(make_app: MakeApp, root: Path, key: str) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.scope_on(scenes.FAILED)
        await me.press(key)
        await me.told("no open incident", "I declares one")
        assert me.dialog is None
        assert not me.kinds()


@pytest.mark.parametrize(
    ("key", "dialog"), [("S", WalkDialog), ("P", PlanDialog), ("O", FormDialog), ("U", FormDialog)]
)
async def test_the_key_opens_the_incident_and_asks_at_once(
    make_app: MakeApp, root: Path, key: str, dialog: type[Dialog[object]]
) -> None:
    scenes.three(root)
    async with operate(make_app(clock=system_clock)) as me:
        name = await declared(me)
        await me.press(key)
        await me.open_dialog(dialog)
        assert incident_screen(me).name_of == name
        before = me.kinds()
        await me.press("escape")
        await me.no_dialog()
        assert me.kinds() == before, "asking records nothing"


async def test_the_header_keeps_severity_id_and_clock_of_the_runs_incident(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app(clock=system_clock)) as me:
        name = await declared(me)
        assert me.header.startswith(f"SEV3  {name}  ack in ")
        await me.pilot.resize_terminal(60, 16)
        await me.until(lambda: "1 Runs" in me.picture() or "Runs" in me.picture(), "it is laid out anew")
        top = me.picture().splitlines()[0]
        assert "SEV3" in top
        assert name in top
        await me.pilot.resize_terminal(160, 45)
        await me.scope_on(scenes.DONE)
        assert "SEV3" not in me.header, "another run is not in it"


async def test_m_pins_a_line_of_the_log_with_a_note(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app(clock=system_clock)) as me:
        name = await declared(me)
        await me.press("6")
        await me.until(lambda: me.pane("log").rows, "the file is open")
        assert me.pane("log").move_to(1)
        await me.press("m")
        await me.open_dialog(PromptDialog)
        await me.write("it slows down here")
        await me.press("enter")
        await me.told("Pinned", name)
        pinned = me.journal[-1]
        assert pinned.kind == "incident.pin"
        assert pinned.data["line"] == 2
        assert pinned.data["note"] == "it slows down here"
        assert "warning: slow" in str(pinned.data["quote"])


async def test_m_pins_a_receipt_and_a_decision_without_a_note(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app(clock=system_clock)) as me:
        await declared(me)
        for pane, path in (("2", "receipts/"), ("3", "")):
            await me.press(pane, "m")
            await me.open_dialog(PromptDialog)
            await me.press("enter")
            await me.no_dialog()
            await me.quiet()
            assert me.journal[-1].kind == "incident.pin"
            assert path in str(me.journal[-1].data["path"])
            assert me.journal[-1].data["note"] is None


async def test_m_on_what_is_no_place_says_what_can_be_pinned(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app(clock=system_clock)) as me:
        await declared(me)
        before = me.kinds()
        await me.press("1", "m")
        await me.told("Nothing to pin here")
        assert me.kinds() == before


async def test_read_only_dims_the_keys_that_record(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app(clock=system_clock)) as me:
        await declared(me)
        await me.press("W")
        before = [kind for kind in me.kinds() if kind.startswith("incident.")]
        for key in ("S", "P", "O", "U", "I", "m"):
            await me.press(key)
        await me.told("read-only")
        assert me.dialog is None
        assert [kind for kind in me.kinds() if kind.startswith("incident.")] == before
        assert "action.refused" in me.kinds()


async def test_in_a_sev1_an_action_on_its_run_is_confirmed_by_typing_the_run(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    scenes.makefile(root)
    async with operate(make_app(clock=system_clock)) as me:
        await declared(me, "yy")
        await me.press("T")
        dialog = await me.open_dialog(PlanDialog)
        assert "SEV1" in plan_text(dialog)
        await me.press("y")
        await me.pilot.pause()
        assert me.dialog is dialog, "y alone does nothing"
        await me.press("backspace")
        await me.write(scenes.FAILED)
        await me.press("enter")
        await me.until(lambda: "action.started" in me.kinds(), "it is started")


async def test_it_is_declared_from_the_finding_under_the_cursor(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app(clock=system_clock)) as me:
        await me.scope_on(scenes.FAILED)
        await me.until(lambda: len(me.scope.findings or ()) > 1, "its findings are there")
        second = (me.scope.findings or ())[1]
        await me.press("0")
        pane = me.screen.query_one("#detail", DetailPane)
        place = next(row.key for row in pane.source if row.spans and row.spans[-1].text.strip() == second.id)
        at = next(number for number, row in enumerate(pane.rows) if row.key == place)
        await me.press(*["j"] * (at + 1))
        await declare(me, "nny")
        data = next(entry.data for entry in me.journal if entry.kind == "incident.declared")
        assert data["finding"] == second.id
        assert second.title in data["title"]


async def test_it_is_declared_by_hand_where_it_is_about_no_run(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app(clock=system_clock)) as me:
        await me.scope_on(scenes.FAILED)
        await me.enter_command("incident.by_hand")
        await me.open_dialog(WalkDialog)
        await me.press("n", "y", "enter")
        await me.open_dialog(PromptDialog)
        await me.write("The mirror of packages is gone")
        await me.press("enter")
        await me.until(lambda: me.app.screen is not me.screen and me.dialog is None, "its screen is there")
        await me.until(lambda: incident_screen(me).picture, "it is read")
        assert [entry.kind for entry in me.journal] == ["incident.declared", "checklist.start"]
        assert me.journal[0].data["title"] == "The mirror of packages is gone"


async def test_the_first_key_after_the_start_finds_the_open_incident(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    app = make_app(clock=system_clock)
    IncidentIndex(app.session).desk(root).declare("Builds fail", severity=Severity.SEV3)
    async with operate(make_app(clock=system_clock)) as me:
        me.screen.responding._open = ()  # as before the journals were read
        await me.press("i")
        await me.until(lambda: me.app.screen is not me.screen and incident_screen(me).picture, "its screen is there")
    app.session.close()
