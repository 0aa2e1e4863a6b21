"""Whatever is typed into an input is text, and whatever is pasted anywhere acts on nothing."""

import string
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.events import Key
from textual.widgets import Input

from cockpit.clock import system_clock
from cockpit.models.journal import Entry
from cockpit.screens.view import PANES
from tests.app import scenes
from tests.app.conftest import MakeApp
from tests.app.operator import Operator, operate
from tests.app.test_find import bar
from tests.app.test_incident_keys import declared
from tests.app.test_review import written
from widgets.dialogs import FormDialog, HelpDialog, PlanDialog, PromptDialog
from widgets.dialogs.base import Dialog

PRINTABLE = string.digits + string.ascii_letters + string.punctuation + " äß日"
"""Every printable key, and some that are not on every keyboard."""
PASTED = (PRINTABLE * 25)[:2_000]


def acted(me: Operator) -> tuple[object, ...]:
    """What a key that acts would have changed."""
    journal: tuple[Entry, ...] = me.journal
    jobs = me.session.desk(next(iter(me.session.roots))).jobs()
    return (len(journal), len(jobs), me.session.read_only, me.pane("runs").marked, me.screen.view, me.active)


def stack(me: Operator) -> list[str]:
    return [type(screen).__name__ for screen in me.app.screen_stack]


async def open_prompt(me: Operator) -> None:
    await me.press("c")
    await me.open_dialog(PromptDialog)


async def open_help(me: Operator) -> None:
    await me.press("question_mark")
    await me.open_dialog(HelpDialog)


async def open_palette(me: Operator) -> None:
    await me.press("ctrl+p")
    await me.open_dialog(HelpDialog)


async def open_playbooks(me: Operator) -> None:
    await me.press("p")
    await me.open_dialog(HelpDialog)


async def open_filter(me: Operator) -> None:
    await me.press("slash")


async def open_command(me: Operator) -> None:
    await me.press("colon")


async def open_update(me: Operator) -> None:
    await declared(me)
    await me.press("U")
    await me.open_dialog(FormDialog)


@pytest.mark.parametrize(
    "open_it", [open_prompt, open_help, open_palette, open_playbooks, open_filter, open_command, open_update]
)
async def test_every_printable_character_is_text_in_every_input(
    make_app: MakeApp, root: Path, open_it: Callable[[Operator], object]
) -> None:
    scenes.three(root)
    async with operate(make_app(clock=system_clock)) as me:
        await me.scope_on(scenes.FAILED)
        await open_it(me)  # type: ignore[misc]
        field = me.app.screen.focused
        assert isinstance(field, Input)
        before, screens = acted(me), stack(me)
        field.value = ""
        await me.write(PRINTABLE)
        assert field.value == PRINTABLE
        assert stack(me) == screens
        if open_it is not open_filter:
            assert acted(me) == before
        await me.press("escape")
        await me.no_dialog()
        assert acted(me)[:3] == before[:3], "nothing was recorded or begun"


async def test_two_kilobytes_pasted_over_every_pane_and_screen_act_on_nothing(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app(clock=system_clock)) as me:
        await declared(me)
        for name in PANES:
            me.screen.focus_pane(name)
            before = acted(me)
            await me.paste(PASTED)
            await me.paste("y\r")
            await me.pilot.pause()
            assert acted(me) == before, name
            assert me.app.screen is me.screen
        me.screen.focus_pane("runs")
        for key in ("b", "i", "M", "E", "H", "exclamation_mark"):
            await me.press(key)
            await me.until(lambda: me.app.screen is not me.screen, f"{key} opens its screen")
            await me.pilot.pause()
            before, screens = acted(me), stack(me)
            await me.paste(PASTED)
            await me.paste("y")
            await me.pilot.pause()
            assert (acted(me), stack(me)) == (before, screens), key
            await me.press("escape")
            await me.until(lambda: me.app.screen is me.screen, f"the screen of {key} closes")
        assert not written(root)


async def test_a_dialog_is_deaf_to_what_was_typed_before_it_opened(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    scenes.makefile(root)
    async with operate(make_app(clock=system_clock)) as me:
        await me.scope_on(scenes.FAILED)
        before = acted(me)
        # R opens the plan; y, typed ahead, would confirm it.
        await me.write("Ryyyy")
        await me.until(lambda: isinstance(me.app.screen, Dialog), "the plan is shown")
        assert acted(me)[1] == before[1], "no job was begun"
        await me.paste("y\r")
        await me.pilot.pause()
        await me.open_dialog(PlanDialog)
        await me.press("escape")
        await me.no_dialog()
        assert acted(me)[1] == before[1]


async def test_a_key_that_was_typed_before_a_dialog_is_not_its_answer_however_late_its_turn(
    make_app: MakeApp, root: Path
) -> None:
    scenes.three(root)
    scenes.makefile(root)
    async with operate(make_app(clock=system_clock)) as me:
        await me.scope_on(scenes.FAILED)
        early = Key("y", "y")
        await me.press("R")
        dialog = await me.open_dialog(PlanDialog)
        me.app.post_message(early)
        await me.pilot.pause()
        assert me.dialog is dialog
        await me.press("n")
        await me.no_dialog()
        assert not me.session.desk(root).jobs()


async def test_a_paste_into_the_command_line_is_text_until_enter(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.press("colon")
        await me.paste("app.readonly\nq\n")
        await me.until(lambda: bar(me, "command").value, "it stands there")
        assert bar(me, "command").display
        assert not me.session.read_only
        assert me.app.is_running
