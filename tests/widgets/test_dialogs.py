"""Dialogs: whole on 60x16, deaf at first, and they confirm nothing by accident."""

import string
from collections.abc import Callable
from typing import Any

import pytest
from rich.cells import cell_len
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Input

from tests.widgets.harness import NASTY, SIZES, Bench, screen_lines, type_text
from widgets.choices import ChoiceLine
from widgets.dialogs import HelpDialog, MenuDialog, MessageDialog, PlanDialog, PromptDialog
from widgets.dialogs.base import Dialog
from widgets.rows import Cell, MenuItem, TextRow, Tone

PLAN = (
    TextRow(key="0", spans=(Cell("run       ", Tone.DIM), Cell("health-check", Tone.STRONG))),
    TextRow(key="1", spans=(Cell("command   ", Tone.DIM), Cell("make stepwise-retry RUN_ID=health-check STEP=critic"))),
    TextRow(key="2", spans=(Cell("effect    ", Tone.DIM), Cell("supersedes build/receipts/critic.json"))),
)
LONG = tuple(TextRow(key=str(index), spans=(Cell(f"effect {index}"),)) for index in range(60))
ITEMS = (
    MenuItem("tick", "tick", "t", help="attest it"),
    MenuItem("skip", "skip", "s", help="with a reason"),
    MenuItem("run", "run its command", "r", disabled="read-only"),
)


class Hand:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def settle(pilot: Pilot[None]) -> None:
    await pilot.pause()
    await pilot.pause()


@pytest.mark.parametrize(
    ("keys", "result"),
    [
        (["y"], "confirm"),
        (["n"], None),
        (["escape"], None),
        (["c"], "copy"),
        (["enter"], None),
        (["right", "enter"], "confirm"),
        (["right", "right", "enter"], "copy"),
        (["left", "enter"], "copy"),
    ],
)
async def test_a_plan_is_confirmed_by_its_keys(keys: list[str], result: str | None) -> None:
    app = Bench()
    async with app.run_test(size=(60, 16)) as pilot:
        app.ask(PlanDialog("Retry critic", PLAN, deaf_s=0))
        await settle(pilot)
        await pilot.press(*keys)
        await settle(pilot)
    assert app.results == [result]


async def test_cancel_has_the_focus_first() -> None:
    app = Bench()
    async with app.run_test(size=(60, 16)) as pilot:
        app.ask(PlanDialog("Retry critic", PLAN, deaf_s=0))
        await settle(pilot)
        choices = app.screen.query_one(ChoiceLine)
        assert app.focused is choices
        assert choices.choices[choices.selected].id == "cancel"


@pytest.mark.parametrize("key", [*"RTAxqjk ", "space", "ctrl+d", "down"])
async def test_other_keys_decide_nothing(key: str) -> None:
    app = Bench()
    async with app.run_test(size=(60, 16)) as pilot:
        app.ask(PlanDialog("Retry critic", PLAN, deaf_s=0))
        await settle(pilot)
        await pilot.press(key)
        await settle(pilot)
        assert isinstance(app.screen, PlanDialog)
    assert app.results == []


async def test_keys_are_ignored_at_first() -> None:
    app, hand = Bench(), Hand()
    async with app.run_test(size=(60, 16)) as pilot:
        app.ask(PlanDialog("Retry critic", PLAN, clock=hand))
        await settle(pilot)
        await pilot.press("y", "n", "c", "enter", "escape", "right", "enter")
        hand.now += 0.29
        await pilot.press("y")
        await settle(pilot)
        assert app.results == []
        assert app.screen.query_one(ChoiceLine).selected == 0
        hand.now += 0.02
        await pilot.press("y")
        await settle(pilot)
    assert app.results == ["confirm"]


async def test_a_typed_confirmation_must_match() -> None:
    app = Bench()
    async with app.run_test(size=(60, 16)) as pilot:
        app.ask(PlanDialog("Archive", PLAN, "typed", "run-1", deaf_s=0))
        await settle(pilot)
        await pilot.press("enter")
        await pilot.press(*"yrun-2", "enter")
        await settle(pilot)
        assert app.results == []
        assert "that is not it" in "\n".join(screen_lines(app))
        app.screen.query_one(Input).value = ""
        await pilot.press(*"run-1", "enter")
        await settle(pilot)
    assert app.results == ["confirm"]


async def test_what_must_be_typed_is_never_cut() -> None:
    app = Bench()
    expected = "health-check-" + "0123456789" * 9
    async with app.run_test(size=(60, 16)) as pilot:
        app.ask(PlanDialog("Archive", LONG, "typed", expected, deaf_s=0))
        await settle(pilot)
        await settle(pilot)
        lines = [line[2:-2] for line in screen_lines(app)]
    assert expected in "".join(line.strip() for line in lines)
    assert any("esc  cancel" in line for line in lines)


async def test_a_typed_confirmation_has_no_key() -> None:
    app = Bench()
    async with app.run_test(size=(60, 16)) as pilot:
        app.ask(PlanDialog("Archive", PLAN, "typed", "run-1", deaf_s=0))
        await settle(pilot)
        await pilot.press("tab")
        assert isinstance(app.focused, ChoiceLine)
        await pilot.press("y")
        await settle(pilot)
        assert app.results == []
        await pilot.press("enter")
        await settle(pilot)
    assert app.results == [None]


async def test_without_an_expected_text_nothing_confirms() -> None:
    app = Bench()
    async with app.run_test(size=(60, 16)) as pilot:
        app.ask(PlanDialog("Archive", PLAN, "typed", "", deaf_s=0))
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert app.results == []


async def test_typing_ahead_does_not_reach_an_input_while_deaf() -> None:
    app, hand = Bench(), Hand()
    async with app.run_test(size=(60, 16)) as pilot:
        app.ask(PlanDialog("Archive", PLAN, "typed", "run-1", clock=hand))
        await settle(pilot)
        await pilot.press(*"run-1", "enter")
        app.screen.query_one(Input).post_message(Paste("run-1"))
        await settle(pilot)
        assert app.screen.query_one(Input).value == ""
        hand.now += 1
        await pilot.press(*"run-1", "enter")
        await settle(pilot)
    assert app.results == ["confirm"]


async def test_a_paste_outside_an_input_does_nothing() -> None:
    app = Bench()
    async with app.run_test(size=(60, 16)) as pilot:
        app.ask(PlanDialog("Retry", PLAN, deaf_s=0))
        await settle(pilot)
        app.post_message(Paste("y\ny\n"))
        await settle(pilot)
        assert isinstance(app.screen, PlanDialog)
    assert app.results == []


async def test_a_long_plan_scrolls_and_keeps_its_choices() -> None:
    app = Bench()
    async with app.run_test(size=(60, 16)) as pilot:
        app.ask(PlanDialog("Retry", LONG, deaf_s=0))
        await settle(pilot)
        before = "\n".join(screen_lines(app))
        await pilot.press("j", "j", "j")
        await settle(pilot)
        after = "\n".join(screen_lines(app))
    assert "effect 0 " in before
    assert "scroll" in before
    assert "effect 0 " not in after
    assert "effect 3 " in after
    assert "n  cancel" in after


DIALOGS: list[tuple[str, Callable[[str], Dialog[Any]], list[str]]] = [
    ("plan", lambda text: PlanDialog(text, rows(text), deaf_s=0), ["n  cancel", "y  yes, do it", "copy"]),
    ("typed", lambda text: PlanDialog(text, rows(text), "typed", text, deaf_s=0), ["esc  cancel", "To confirm, type"]),
    ("prompt", lambda text: PromptDialog(text, text, text, deaf_s=0), ["enter save   esc cancel"]),
    ("menu", lambda text: MenuDialog(text, items(text), deaf_s=0), ["enter choose   esc cancel"]),
    ("help", lambda text: HelpDialog(items(text), title=text, deaf_s=0), ["enter do it   esc close"]),
    ("message", lambda text: MessageDialog(text, rows(text), deaf_s=0), ["enter  close"]),
]


def rows(text: str) -> tuple[TextRow, ...]:
    return tuple(TextRow(key=str(index), spans=(Cell(text),), link=True) for index in range(30))


def items(text: str) -> tuple[MenuItem, ...]:
    return tuple(MenuItem(f"{index}", text, "", text, text, text if index == 2 else None) for index in range(30))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("make", "parts"), [row[1:] for row in DIALOGS], ids=[row[0] for row in DIALOGS])
async def test_every_dialog_is_whole_and_parses_no_markup(
    make: Callable[[str], Dialog[Any]], parts: list[str], size: tuple[int, int]
) -> None:
    app = Bench()
    async with app.run_test(size=size) as pilot:
        app.ask(make(NASTY))
        await settle(pilot)
        lines = screen_lines(app)
        assert {cell_len(line) for line in lines} == {size[0]}
        box = app.screen.query_one("#box").region
        assert app.screen.region.contains_region(box)
        assert box.height >= 4
        text = "\n".join(lines)
        assert all(part in text for part in parts)
        assert "[/x] [@click=app.quit]x[/]" in text
        for child in app.screen.query_one("#box").children:
            if child.display:
                assert box.contains_region(child.region), child
        assert app.is_running


async def test_a_dialog_follows_the_terminal_size() -> None:
    app = Bench()
    async with app.run_test(size=(160, 45)) as pilot:
        app.ask(PlanDialog("Retry", LONG, deaf_s=0))
        await settle(pilot)
        await pilot.resize_terminal(60, 16)
        await settle(pilot)
        await settle(pilot)
        assert "n  cancel" in "\n".join(screen_lines(app))
        assert app.screen.query_one("#box").region.height == 16


@pytest.mark.parametrize(
    ("keys", "result"),
    [(["t"], "tick"), (["s"], "skip"), (["j", "enter"], "skip"), (["enter"], "tick"), (["escape"], None)],
)
async def test_a_menu_is_chosen_from(keys: list[str], result: str | None) -> None:
    app = Bench()
    async with app.run_test(size=(60, 16)) as pilot:
        app.ask(MenuDialog("Item", ITEMS, deaf_s=0))
        await settle(pilot)
        await pilot.press(*keys)
        await settle(pilot)
    assert app.results == [result]


@pytest.mark.parametrize("keys", [["r"], ["G", "enter"]])
async def test_a_disabled_item_says_why(keys: list[str]) -> None:
    app = Bench()
    async with app.run_test(size=(60, 16)) as pilot:
        app.ask(MenuDialog("Item", ITEMS, deaf_s=0))
        await settle(pilot)
        await pilot.press(*keys)
        await settle(pilot)
        assert app.results == []
        assert "run its command: read-only" in "\n".join(screen_lines(app))


async def test_help_is_searched_and_carried_out() -> None:
    app = Bench()
    async with app.run_test(size=(60, 16)) as pilot:
        app.ask(HelpDialog(ITEMS, deaf_s=0))
        await settle(pilot)
        await pilot.press(*"reas")
        await settle(pilot)
        text = "\n".join(screen_lines(app))
        assert "with a reason" in text
        assert "attest" not in text
        await pilot.press("enter")
        await settle(pilot)
    assert app.results == ["skip"]


async def test_help_finds_a_key_and_says_when_nothing_is_found() -> None:
    app = Bench()
    async with app.run_test(size=(60, 16)) as pilot:
        app.ask(HelpDialog(ITEMS, deaf_s=0))
        await settle(pilot)
        await pilot.press(*"zzz", "enter")
        await settle(pilot)
        assert "nothing is called that" in "\n".join(screen_lines(app))
        await pilot.press("backspace", "backspace", "backspace", "down", "down", "enter")
        await settle(pilot)
        assert app.results == []
        assert "run its command: read-only" in "\n".join(screen_lines(app))
        await pilot.press("up", "enter")
        await settle(pilot)
    assert app.results == ["skip"]


async def test_a_prompt_gives_its_text() -> None:
    app = Bench()
    async with app.run_test(size=(60, 16)) as pilot:
        app.ask(PromptDialog("Skip", "why?", deaf_s=0))
        await settle(pilot)
        await pilot.press("space", "enter")
        await settle(pilot)
        assert app.results == []
        assert "something must be said" in "\n".join(screen_lines(app))
        await pilot.press(*"not needed", "enter")
        await settle(pilot)
        app.ask(PromptDialog("Note", initial="as before", required=False, deaf_s=0))
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        app.ask(PromptDialog("Note", deaf_s=0))
        await settle(pilot)
        await pilot.press("escape")
        await settle(pilot)
    assert app.results == ["not needed", "as before", None]


@pytest.mark.parametrize(
    "make",
    [
        lambda: PromptDialog("Skip", deaf_s=0),
        lambda: HelpDialog(ITEMS, deaf_s=0),
        lambda: PlanDialog("Archive", PLAN, "typed", "run-1", deaf_s=0),
    ],
    ids=["prompt", "help", "typed"],
)
async def test_every_printable_character_is_text_in_an_input(make: Callable[[], Dialog[Any]]) -> None:
    app = Bench()
    typed = string.digits + string.ascii_letters + string.punctuation + " "
    async with app.run_test(size=(160, 45)) as pilot:
        app.ask(make())
        await settle(pilot)
        await type_text(pilot, typed)
        await settle(pilot)
        assert app.screen.query_one(Input).value == typed
    assert app.results == []


@pytest.mark.parametrize("key", ["enter", "escape", "q"])
async def test_a_message_is_closed(key: str) -> None:
    app = Bench()
    async with app.run_test(size=(60, 16)) as pilot:
        app.ask(MessageDialog("Refused", PLAN, deaf_s=0))
        await settle(pilot)
        await pilot.press(key)
        await settle(pilot)
    assert app.results == [None]
