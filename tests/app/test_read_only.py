"""Read-only in the app: every command that acts or records is refused, on record; a new one cannot be forgotten."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from cockpit.commands import BY_ID, COMMANDS, Group
from cockpit.incident_index import IncidentIndex
from cockpit.session import Session
from cockpit.settings import RootSettings, Settings
from tests.app import scenes
from tests.app.conftest import MakeApp
from tests.app.operator import HandClock, Operator, operate
from widgets.dialogs import HelpDialog, MenuDialog, MessageDialog, PromptDialog


async def _checklist(me: Operator) -> None:
    await me.press("4")
    await me.until(lambda: me.screen.focused is me.pane("checklist"), "the checklist has the focus")
    await me.until(lambda: me.pane("checklist").cursor_row is not None, "the cursor stands on an item")


async def _item(me: Operator, key: str) -> None:
    await _checklist(me)
    await me.press("x")
    await me.open_dialog(MenuDialog)
    await me.press(key)


async def _tick(me: Operator) -> None:
    await _checklist(me)
    await me.press("space")


async def _menu(me: Operator) -> None:
    await _item(me, "t")


async def _comment(me: Operator) -> None:
    await me.press("c")
    await me.open_dialog(PromptDialog)
    await me.write("hello")
    await me.press("enter")


async def _playbook(me: Operator) -> None:
    await me.press("p")
    await me.open_dialog(HelpDialog)
    await me.write("stuck-run")
    await me.press("enter")


async def _verify(me: Operator) -> None:
    await me.press("V")


LOOKS = {
    # Copying writes into the operator's own clips, not about a run.
    "copy.menu",
    "copy.write",
    "checklist.read",
    "incident.next",
    "incident.metrics",
    # A report is looked through first; that it may not be written is said there.
    "incident.postmortem",
    "incident.bundle",
    "incident.handoff",
}
"""Commands of the record and of incidents that write nothing."""

RECORDS: dict[str, Callable[[Operator], Awaitable[None]]] = {
    "record.comment": _comment,
    "checklist.open": _playbook,
    "checklist.tick": _tick,
    "checklist.menu": _menu,
    "checklist.verify": _verify,
}
"""How each command of the record is carried out to the point where something would be written."""

RESPONDS = [command.id for command in COMMANDS if command.group is Group.INCIDENT and command.id not in LOOKS]
ACTS = [command.id for command in COMMANDS if command.group is Group.ACT]


def close(me: Operator, root: Path, way: str) -> None:
    """Forbid everything."""
    if way == "policy":
        me.session.roots[root] = RootSettings(path=root, read_only=True)
    elif way == "W":
        me.session.read_only = True


async def refused(me: Operator, known: int) -> None:
    """Until the journal has exactly one entry more, a refusal."""
    await me.until(lambda: len(me.journal) > known, "the refusal is recorded")
    await me.quiet()
    (entry,) = me.journal[known:]
    assert entry.kind == "action.refused"
    assert "read-only" in entry.data["reason"]
    assert entry.data["action"]
    assert entry.actor == me.session.actor


def test_every_command_of_the_record_is_in_the_table() -> None:
    assert set(RECORDS) == {command.id for command in COMMANDS if command.group is Group.RECORD} - LOOKS
    assert {"run.resume", "run.retry", "run.archive", "run.restore", "job.cancel"} <= set(ACTS)


def test_every_group_of_commands_is_known_to_write_or_to_look() -> None:
    looks = {Group.MOVE, Group.PANES, Group.FIND, Group.VIEW, Group.PROGRAM}
    assert set(Group) == {Group.ACT, Group.RECORD, Group.INCIDENT} | looks, (
        "commands of a new group that write need a table here"
    )


def test_whatever_acts_is_of_a_group_that_writes() -> None:
    assert {command.id for command in COMMANDS if command.acts} <= {*ACTS, *RECORDS, *RESPONDS}


@pytest.mark.parametrize("way", ["--read-only", "policy", "W"])
async def test_every_command_that_acts_is_refused_and_that_is_on_record(
    make_app: MakeApp, root: Path, way: str
) -> None:
    scenes.three(root)
    scenes.makefile(root)
    async with operate(make_app(read_only=way == "--read-only")) as me:
        close(me, root, way)
        await me.scope_on(scenes.FAILED)
        for number, command in enumerate(ACTS):
            me.screen.commanding.run(command)
            await refused(me, number)
            assert me.journal[-1].data["action"] == command.partition(".")[2]
            assert me.journal[-1].data["run"] == scenes.FAILED
            await me.told(BY_ID[command].title, "read-only")
            assert me.dialog is None
        assert not (root / ".cockpit" / "jobs").exists()


@pytest.mark.parametrize("way", ["--read-only", "policy", "W"])
@pytest.mark.parametrize("command", RECORDS)
async def test_every_command_of_the_record_is_refused_and_that_is_on_record(
    make_app: MakeApp, root: Path, way: str, command: str
) -> None:
    scenes.three(root)
    before = Session(Settings(), [RootSettings(path=root)], HandClock())
    before.ledger(root).start(scenes.FAILED, "failed-run")
    before.close()
    async with operate(make_app(read_only=way == "--read-only")) as me:
        close(me, root, way)
        await me.scope_on(scenes.FAILED)
        await me.until(lambda: me.pane("checklist").rows, "the checklist is there")
        await RECORDS[command](me)
        await refused(me, 1)


@pytest.mark.parametrize("way", ["--read-only", "policy", "W"])
async def test_every_command_about_an_incident_is_refused_and_that_is_on_record(
    make_app: MakeApp, root: Path, way: str
) -> None:
    scenes.three(root)
    before = Session(Settings(), [RootSettings(path=root)], HandClock())
    before.load()
    IncidentIndex(before).desk(root).declare("it fails", answers="nny", runs=[before.find(scenes.FAILED)])
    before.close()
    async with operate(make_app(read_only=way == "--read-only")) as me:
        close(me, root, way)
        await me.scope_on(scenes.FAILED)
        await me.until(lambda: me.screen.responding.of_run(me.run), "its incident is known")
        known = len(me.journal)
        for number, command in enumerate(RESPONDS):
            me.screen.commanding.run(command)
            await refused(me, known + number)
            await me.told(BY_ID[command].title, "read-only")
            assert me.dialog is None


async def test_without_a_run_a_restore_is_refused_too(make_app: MakeApp, root: Path) -> None:
    async with operate(make_app(read_only=True)) as me:
        me.screen.commanding.run("run.restore")
        await refused(me, 0)
        assert me.dialog is None


async def test_a_plan_that_is_refused_is_on_record(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.scope_on(scenes.RUNNING)
        await me.press("A")
        await me.open_dialog(MessageDialog)
        assert me.kinds() == ["action.refused"], "on disk before it is on the screen"
        await me.press("escape")
        await me.no_dialog()
        assert "is running" in me.journal[0].data["reason"]
        assert me.journal[0].data["run"] == scenes.RUNNING
