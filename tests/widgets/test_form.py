"""The form dialog: answers, what is missing, what is refused, and small screens."""

from collections.abc import Mapping

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from tests.widgets.harness import NASTY, SIZES, Bench, screen_lines, type_text
from widgets.dialogs import FormDialog
from widgets.pick_line import PickLine
from widgets.rows import FormField

FIELDS = (
    FormField("provider", "Provider", "internal", choices=("codex_exec", "internal", "remote_llm")),
    FormField("timeout", "Timeout (s)", "120", hint="whole seconds"),
    FormField("reason", "Reason", required=True, hint="goes on record"),
)


async def settle(pilot: Pilot[None]) -> None:
    await pilot.pause()
    await pilot.pause()


def note(app: Bench) -> str:
    return str(app.screen.query_one("#note", Static).content)


async def test_answers_come_back_by_name() -> None:
    app = Bench()
    async with app.run_test(size=(60, 16)) as pilot:
        app.ask(FormDialog("Run", FIELDS, deaf_s=0))
        await settle(pilot)
        assert app.focused is not None
        assert app.focused.id == "field-reason", "the first question without an answer has the focus"
        await type_text(pilot, "again")
        await pilot.press("shift+tab", "shift+tab", "right", "enter", "enter", "enter")
        await settle(pilot)
    assert app.results == [{"provider": "remote_llm", "timeout": "120", "reason": "again"}]


async def test_what_is_missing_is_said_and_gets_the_focus() -> None:
    app = Bench()
    async with app.run_test(size=(60, 16)) as pilot:
        app.ask(FormDialog("Run", FIELDS, deaf_s=0))
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert note(app) == "Reason: needed"
        assert not app.results
        await pilot.press("escape")
        await settle(pilot)
    assert app.results == [None]


async def test_what_the_check_refuses_stays_in_the_form() -> None:
    def check(answers: Mapping[str, str]) -> str | None:
        return None if answers["timeout"].isdigit() else "the timeout is no number"

    app = Bench()
    async with app.run_test(size=(60, 16)) as pilot:
        app.ask(FormDialog("Run", (FIELDS[0], FIELDS[2], FIELDS[1]), check=check, deaf_s=0))
        await settle(pilot)
        await type_text(pilot, "x")
        await pilot.press("enter")
        await type_text(pilot, "s")
        await pilot.press("enter")
        await settle(pilot)
        assert note(app) == "the timeout is no number"
        await pilot.press("backspace", "enter")
        await settle(pilot)
    assert app.results == [{"provider": "internal", "reason": "x", "timeout": "120"}]


async def test_a_letter_turns_to_the_choice_it_begins() -> None:
    app = Bench()
    async with app.run_test(size=(60, 16)) as pilot:
        app.ask(FormDialog("Run", FIELDS[:1], deaf_s=0))
        await settle(pilot)
        await pilot.press("r")
        assert app.screen.query_one(PickLine).value == "remote_llm"
        await pilot.press("c")
        assert app.screen.query_one(PickLine).value == "codex_exec"
        await pilot.press("left", "enter")
        await settle(pilot)
    assert app.results == [{"provider": "remote_llm"}]


@pytest.mark.parametrize("size", SIZES)
async def test_a_long_form_is_whole_on_every_screen(size: tuple[int, int]) -> None:
    fields = tuple(FormField(f"f{index}", f"{NASTY} {index}", str(index)) for index in range(20))
    app = Bench()
    async with app.run_test(size=size) as pilot:
        app.ask(FormDialog("Many", fields, deaf_s=0))
        await settle(pilot)
        assert any("enter go on" in line for line in screen_lines(app))
        for _ in range(19):
            await pilot.press("tab")
        await settle(pilot)
        assert app.focused is not None
        assert app.focused.id == "field-f19"
        assert any("19" in line for line in screen_lines(app)), "the question in focus is in view"


@pytest.mark.parametrize("deaf", [0.0, 60.0])
async def test_keys_that_came_before_it_answer_nothing(deaf: float) -> None:
    app = Bench()
    async with app.run_test(size=(60, 16)) as pilot:
        dialog = FormDialog("Run", (FIELDS[1], FIELDS[0]), deaf_s=deaf)
        app.ask(dialog)
        await settle(pilot)
        await pilot.press("7", "tab", "r", "enter")
        await settle(pilot)
        if deaf:
            assert dialog.answers == {"timeout": "120", "provider": "internal"}
    assert app.results == ([] if deaf else [{"timeout": "1207", "provider": "remote_llm"}])
