"""Help, palette, command line, yank and closing are alike on every screen before the panes."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from cockpit import clipboard
from cockpit.clock import system_clock
from cockpit.screens.incident import IncidentScreen
from cockpit.screens.jobs import JobsScreen
from cockpit.screens.monitor import MonitorScreen
from cockpit.screens.reading import ReadingScreen
from cockpit.screens.review import ReviewScreen
from cockpit.screens.side import SideScreen
from tests.app import scenes
from tests.app.conftest import MakeApp
from tests.app.operator import Operator, operate
from tests.app.test_incidents import declare, text_of
from widgets.dialogs import FormDialog, HelpDialog, MenuDialog, PlanDialog, PromptDialog
from widgets.filter_bar import FilterBar
from widgets.footer import Footer
from widgets.menu_list import MenuList

Screen = SideScreen[Any]


async def _on(me: Operator, kind: type[Screen]) -> Screen:
    await me.until(lambda: isinstance(me.app.screen, kind), f"a {kind.__name__} opens")
    screen = me.app.screen
    assert isinstance(screen, kind)
    await me.pilot.pause()
    return screen


async def incident(me: Operator) -> Screen:
    await me.scope_on(scenes.FAILED)
    await declare(me)
    return await _on(me, IncidentScreen)


async def monitor(me: Operator) -> Screen:
    await me.scope_on(scenes.RUNNING)
    await me.press("b")
    return await _on(me, MonitorScreen)


async def jobs(me: Operator) -> Screen:
    await me.press("exclamation_mark")
    return await _on(me, JobsScreen)


async def report(me: Operator) -> Screen:
    await me.press("H")
    return await _on(me, ReviewScreen)


async def page(me: Operator) -> Screen:
    await me.enter_command("metrics")
    return await _on(me, ReadingScreen)


Open = Callable[[Operator], Awaitable[Screen]]
every_screen = pytest.mark.parametrize("opened", [incident, monitor, jobs, report, page])


def offered(dialog: HelpDialog) -> dict[str, str | None]:
    """What a help offers, each with why not."""
    return {item.id: item.disabled for item in dialog.items}


def notice(screen: Screen) -> str:
    return screen.query_one("#footer", Footer).notice.text


@every_screen
async def test_every_screen_has_help_palette_command_line_and_closes(
    make_app: MakeApp, root: Path, opened: Open
) -> None:
    scenes.three(root)
    async with operate(make_app(clock=system_clock)) as me:
        screen = await opened(me)
        hints = [hint.key for hint in screen.query_one("#footer", Footer).hints]
        assert {"?", "q"} <= set(hints[:4])

        await me.press("question_mark")
        found = offered(await me.open_dialog(HelpDialog))
        assert {"app.close", "app.help", "app.palette", "find.command", "copy.menu", "list.down", "view.redraw"} <= set(
            found
        )
        assert "run.resume" not in found, "what means nothing here is not in its help"
        await me.press("escape")
        await me.until(lambda: me.app.screen is screen, "back on the screen")

        await me.press("ctrl+p")
        palette = await me.open_dialog(HelpDialog)
        assert "q leads back" in (offered(palette)["run.resume"] or "")
        await me.press("escape")
        await me.until(lambda: me.app.screen is screen, "back on the screen")

        await me.press("R")
        await me.until(lambda: "Resume: not on" in notice(screen), "it says so in place")
        assert me.dialog is None
        assert "action.started" not in me.kinds()

        await me.press("ctrl+l")
        await me.enter_command("retry")
        await me.until(lambda: "reTry: not on" in notice(screen), "the command line says so, too")
        bar = screen.query_one("#command", FilterBar)
        assert not bar.display
        await me.press("colon")
        await me.write("cl")
        assert bar.display
        items = [row.key for row in screen.query_one("#completions", MenuList).rows if row.item is not None]
        assert "close" in items, "it completes"
        assert items.index("close") < items.index("cluster"), "what means nothing here stands last"
        await me.press("escape")
        assert not bar.display
        assert me.app.screen is screen, "esc left the line, not the screen"

        await me.press("q")
        await me.until(lambda: me.app.screen is me.screen, "q leads back")


@every_screen
async def test_what_is_found_in_the_help_is_done_and_esc_leads_back(
    make_app: MakeApp, root: Path, opened: Open
) -> None:
    scenes.three(root)
    async with operate(make_app(clock=system_clock)) as me:
        screen = await opened(me)
        await me.press("question_mark")
        await me.open_dialog(HelpDialog)
        await me.write("command line")
        await me.press(*["backspace"] * len("command line"))
        await me.write("completion")
        await me.press("enter")
        await me.until(lambda: screen.query_one("#command", FilterBar).display, "the command line opens")
        await me.press("escape")
        await me.until(lambda: me.app.screen is screen, "on the screen")
        await me.press("escape")
        await me.until(lambda: me.app.screen is me.screen, "esc leads back")


async def test_help_of_an_incident_starts_its_acts_and_says_what_is_not_possible(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app(clock=system_clock)) as me:
        screen = await incident(me)
        await me.press("question_mark")
        found = offered(await me.open_dialog(HelpDialog))
        assert found["incident.phase"] is None
        assert "Checklist pane" in (found["checklist.tick"] or "")
        await me.write("status update")
        await me.press("enter")
        await me.open_dialog(FormDialog)
        await me.press("escape")
        await me.until(lambda: me.app.screen is screen, "back")
        await me.enter_command("phase")
        await me.open_dialog(PlanDialog)
        await me.press("y")
        await me.until(lambda: "incident.phase" in me.kinds(), "the command line reaches the same gate")
        me.session.read_only = True
        await me.press("question_mark")
        assert "read-only" in (offered(await me.open_dialog(HelpDialog))["incident.phase"] or "")


async def test_a_line_leads_to_a_run_and_a_wrong_one_stays(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app(clock=system_clock)) as me:
        screen = await incident(me)
        await me.enter_command("run no-such-run")
        bar = screen.query_one("#command", FilterBar)
        await me.until(lambda: "no run" in bar.problem, "it is said")
        assert bar.value == "run no-such-run"
        await me.press("escape")
        await me.enter_command(f"run {scenes.DONE}")
        await me.until(lambda: me.app.screen is me.screen, "back in the panes")
        await me.until(lambda: me.scope.run is not None and me.run.id == scenes.DONE, "at the run")
        await monitor(me)
        await me.press("colon", "up")
        line = me.app.screen.query_one("#command", FilterBar)
        assert line.value == f"run {scenes.DONE}", "one history for every command line"
        await me.press("escape")
        await me.press("exclamation_mark")
        await _on(me, JobsScreen)
        await me.press("ctrl+p")
        await me.open_dialog(HelpDialog)
        await me.write(scenes.FAILED)
        await me.press("enter")
        await me.until(lambda: me.app.screen is me.screen and me.run.id == scenes.FAILED, "the palette leads there")


async def test_times_and_yank_on_the_incident(make_app: MakeApp, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenes.three(root)
    copied: list[str] = []

    def copy(text: str) -> bool:
        copied.append(text)
        return True

    monkeypatch.setattr(clipboard, "tmux_copy", copy)
    async with operate(make_app(clock=system_clock)) as me:
        screen = await incident(me)
        before = text_of(me, "story")
        await me.enter_command("times relative")
        await me.until(lambda: text_of(me, "story") != before, "the times are ages")
        await me.press("t")
        await me.until(lambda: text_of(me, "story") == before, "and UTC again")
        assert isinstance(screen, IncidentScreen)
        await me.press("y")
        await me.open_dialog(MenuDialog)
        await me.press("i")
        await me.until(lambda: copied, "it is copied")
        assert copied == [screen.name_of]


async def test_y_and_n_answer_a_report_and_yank_has_its_name(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app(clock=system_clock)) as me:
        screen = await report(me)
        await me.press("question_mark")
        dialog = await me.open_dialog(HelpDialog)
        keys = {item.id: item.key for item in dialog.items}
        assert keys["here:write"] == "y"
        assert keys["copy.menu"] == "", "y is yes here"
        await me.press("escape")
        await me.until(lambda: me.app.screen is screen, "back")
        await me.enter_command("yank")
        await me.until(lambda: "no command" in screen.query_one("#command", FilterBar).problem or me.dialog, "entered")
        await me.press("escape")
        await me.enter_command("copy.menu")
        await me.open_dialog(MenuDialog)
        await me.press("escape")
        await me.until(lambda: me.app.screen is screen, "back")
        await me.press("n")
        await me.until(lambda: me.app.screen is me.screen, "n leaves it")


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (160, 45)])
async def test_the_keys_that_matter_are_in_view_at_any_size(
    make_app: MakeApp, root: Path, size: tuple[int, int]
) -> None:
    scenes.three(root)
    async with operate(make_app(clock=system_clock), size) as me:
        await incident(me)
        await me.until(lambda: "Phase" in me.picture().splitlines()[-1], "the footer is there")
        last = me.picture().splitlines()[-1]
        for words in ("P Phase", "X actions", "? help", "q close"):
            assert words in last


async def test_a_key_that_is_remapped_is_remapped_everywhere(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app(clock=system_clock)) as me:
        me.app.use_keys({"app.help": "f1"})
        screen = await incident(me)
        await me.press("question_mark")
        assert me.dialog is None
        await me.press("f1")
        await me.open_dialog(HelpDialog)
        await me.press("escape")
        await me.until(lambda: me.app.screen is screen, "back")
        await me.until(
            lambda: "f1" in [hint.key for hint in screen.query_one("#footer", Footer).hints], "the footer says f1"
        )


async def test_a_note_from_the_help_is_written(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app(clock=system_clock)) as me:
        await incident(me)
        await me.press("question_mark")
        await me.open_dialog(HelpDialog)
        await me.write("note on its timeline")
        await me.press("enter")
        await me.open_dialog(PromptDialog)
        await me.write("mirror is slow")
        await me.press("enter")
        await me.until(lambda: me.kinds()[-1] == "incident.note", "it is on record")
        assert me.journal[-1].data["text"] == "mirror is slow"
