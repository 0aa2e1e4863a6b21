"""The dialog of yes-or-no questions: answers, taking them back, and that only Enter at the end confirms."""

import pytest
from textual.pilot import Pilot

from tests.widgets.harness import SIZES, Bench, screen_lines
from widgets.dialogs import WalkDialog, WalkPicture
from widgets.rows import Cell, TextRow


def picture(answers: str) -> WalkPicture:
    rows = [
        TextRow(key=str(index), spans=(Cell(f"question {index} {letter}"),)) for index, letter in enumerate(answers)
    ]
    if len(answers) == 3 or answers[-1:] == "y":
        return WalkPicture([*rows, TextRow(key="end", spans=(Cell(f"the end of {answers}"),))], done=True)
    return WalkPicture([*rows, TextRow(key="ask", spans=(Cell(f"question {len(answers)}?"),))], done=False)


async def settle(pilot: Pilot[None]) -> None:
    await pilot.pause()
    await pilot.pause()


@pytest.mark.parametrize(
    ("keys", "result"),
    [
        ("y enter", ["y"]),
        ("n n n enter", ["nnn"]),
        ("n y y y enter", ["ny"]),
        ("y backspace n y enter", ["ny"]),
        ("n enter", []),
        ("n n n", []),
        ("y escape", [None]),
    ],
)
async def test_answers_lead_to_an_end_that_enter_confirms(keys: str, result: list[str | None]) -> None:
    app = Bench()
    async with app.run_test(size=(60, 16)) as pilot:
        app.ask(WalkDialog("How bad is it?", picture, deaf_s=0))
        await settle(pilot)
        await pilot.press(*keys.split())
        await settle(pilot)
    assert app.results == result


@pytest.mark.parametrize("size", SIZES)
async def test_question_and_keys_are_in_view_on_every_screen(size: tuple[int, int]) -> None:
    app = Bench()
    async with app.run_test(size=size) as pilot:
        app.ask(WalkDialog("How bad is it?", picture, deaf_s=0))
        await settle(pilot)
        await pilot.press("n", "n")
        await settle(pilot)
        text = "\n".join(screen_lines(app))
        assert "question 2?" in text
        assert "y yes   n no" in text
