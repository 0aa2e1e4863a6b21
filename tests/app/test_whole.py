"""Every screen and every dialog that a command leads to is whole on every terminal, and lives through resizing."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from cockpit.app import CockpitApp
from cockpit.clock import system_clock
from cockpit.commands import COMMANDS, Group
from cockpit.screens.cockpit import CockpitScreen
from tests.app import scenes
from tests.app.conftest import MakeApp
from tests.app.operator import TAIL, Operator, operate
from tests.app.test_incident_keys import declared
from widgets.choices import ChoiceLine
from widgets.dialogs.base import Dialog
from widgets.footer import Footer
from widgets.header import Header
from widgets.quiet import PacedScreen

SIZES = [(160, 45), (100, 30), (80, 24), (60, 16)]
LIVE = [(61, 17), (160, 45), (79, 23), (20, 5), (140, 24), (60, 16), (160, 45)]
"""One after the other, over the borders between the layouts and below the floor."""
ELSEWHERE = {"app.suspend", "app.quit", "app.leave", "view.open"}
"""Commands that leave the program, which a terminal of our own making cannot."""
OPEN_SOMETHING = {
    "app.help", "app.palette", "app.close", "copy.menu", "record.comment", "checklist.open", "checklist.read",
    "view.monitor", "job.list", "run.resume", "run.retry", "run.archive", "run.menu", "incident.declare",
    "incident.next", "incident.metrics", "incident.severity", "incident.phase", "incident.own", "incident.update",
    "incident.postmortem", "incident.bundle", "incident.handoff",
}  # fmt: skip
"""At least these lead to a screen or a dialog, over a failed run that has an incident."""


def shown(screen: Screen[Any]) -> list[Widget]:
    """What of a screen is to be seen."""
    return [each for each in screen.query("*") if each.display and each.region.area]


def check(screen: Screen[Any], size: tuple[int, int]) -> None:
    """A screen or dialog is whole."""
    width, height = size
    if isinstance(screen, Dialog):
        check_dialog(screen, width, height)
        return
    header, footer = screen.query_one(Header), screen.query_one(Footer)
    assert (header.region.y, header.region.height, header.region.width) == (0, 1, width)
    assert header.line.left, "the header says where we are"
    assert footer.region.bottom == height
    assert footer.region.height == 1
    focused = screen.focused
    if focused is not None:
        assert focused.region.height >= 3, (focused, focused.region)
    for widget in shown(screen):
        assert widget.region.right <= width, (widget, widget.region)
        assert widget.region.bottom <= height, (widget, widget.region)


def check_dialog(dialog: Dialog[Any], width: int, height: int) -> None:
    """Its frame, and what says how to answer, are on the screen and uncut."""
    box = dialog.query_one("#box")
    assert box.region.x >= 0
    assert box.region.y >= 0
    assert box.region.right <= width
    assert box.region.bottom <= height
    inside = box.content_region
    for child in box.children:
        if child.display:
            assert child.region.height >= 1, (child, child.region)
            assert inside.contains_region(child.region), (child, child.region, inside)
    for hint in box.query("#hint, #ask").results(Static):
        lines = str(hint.content).splitlines()
        assert all(cell_len(line) <= hint.region.width for line in lines), (lines, hint.region)
        assert len(lines) <= hint.region.height
    for choices in box.query(ChoiceLine):
        said = "".join(segment.text for segment in choices.render_line(0))
        assert all(choice.title in said for choice in choices.choices), (said, choices.region)
    for answer in box.query("Input"):
        assert answer.region.width >= 20


async def look_at(me: Operator, screen: Screen[Any]) -> None:
    """Look at it at every size, then drag the window about."""
    for size in SIZES:
        await me.pilot.resize_terminal(*size)
        await me.pilot.pause()
        assert me.app.screen is screen
        check(screen, size)
    for size in LIVE:
        await me.pilot.resize_terminal(*size)
    await me.pilot.pause()
    assert me.app.screen is screen
    check(screen, LIVE[-1])


async def settled(me: Operator) -> None:
    """Until a command has led to where it leads: nothing works any more, but what waits for an answer."""
    calm = 0
    while calm < 3:
        await me.pilot.pause(0.01)
        asked = not isinstance(me.app.screen, CockpitScreen)
        waiting = {TAIL, "dialog", "jobs-screen"} if asked else {TAIL}
        busy = [worker for worker in me.app.workers if worker.is_running and worker.group not in waiting]
        calm = 0 if busy else calm + 1


async def leave(me: Operator, home: Screen[Any]) -> None:
    """Back to where the command was given."""
    for _ in range(6):
        if me.app.screen is home:
            return
        screen = me.app.screen
        if isinstance(screen, Dialog):
            await me.until(lambda screen=screen: not screen.deaf)  # type: ignore[misc]
        await me.press("escape")
        await me.pilot.pause()
    raise AssertionError(f"no way back from {me.app.screen}")


@pytest.fixture
async def me(make_app: MakeApp, root: Path) -> AsyncIterator[Operator]:
    """An operator over three runs; the failed one has an incident."""
    scenes.three(root)
    scenes.makefile(root)
    app: CockpitApp = make_app(clock=system_clock)
    async with operate(app) as operator:
        await declared(operator)
        await operator.until(lambda: operator.scope.findings is not None)
        yield operator


async def through(me: Operator, home: Screen[Any], ways: Sequence[tuple[str, str]]) -> set[str]:
    """Take every way from a screen, look at where it leads, and come back; the ways that lead somewhere."""
    led: set[str] = set()
    for name, key in ways:
        if key:
            await me.press(key)
        else:
            me.screen.commanding.run(name)
        await settled(me)
        if me.app.screen is not home:
            led.add(name)
            try:
                await look_at(me, me.app.screen)
            except AssertionError as error:
                raise AssertionError(f"{name}: {error}\n{me.picture()}") from error
            await me.pilot.resize_terminal(*SIZES[0])
            await leave(me, home)
            await settled(me)
    return led


@pytest.mark.parametrize("group", [(Group.ACT, Group.PROGRAM), (Group.INCIDENT,), (Group.RECORD, Group.VIEW)])
async def test_wherever_a_command_leads_it_is_whole(me: Operator, group: tuple[Group, ...]) -> None:
    commands = [each for each in COMMANDS if each.group in group and each.id not in ELSEWHERE]
    led = await through(me, me.screen, [(each.id, "") for each in commands])
    assert led >= {each.id for each in commands if each.id in OPEN_SOMETHING}, led


async def test_wherever_a_key_of_the_incident_leads_it_is_whole(me: Operator) -> None:
    await me.press("i")
    await me.until(lambda: not isinstance(me.app.screen, CockpitScreen))
    home = me.app.screen
    await look_at(me, home)
    keys = ["P", "S", "O", "U", "c", "X", "M", "E"]
    led = await through(me, home, [(key, key) for key in keys])
    assert led == set(keys)


def test_every_screen_keeps_the_pace() -> None:
    """A screen of Textual's own would draw as often as it likes."""

    def kinds(kind: type[Screen[Any]]) -> set[type[Screen[Any]]]:
        return {kind, *(each for below in kind.__subclasses__() for each in kinds(below))}

    import cockpit.screens.incident
    import cockpit.screens.jobs
    import cockpit.screens.monitor
    import cockpit.screens.reading
    import cockpit.screens.review

    ours = {each for each in kinds(Screen) if each.__module__.startswith(("cockpit.", "widgets."))}
    assert len(ours) > 10
    assert {each for each in ours if not issubclass(each, PacedScreen)} == set()
    assert cockpit.screens.review.__name__
