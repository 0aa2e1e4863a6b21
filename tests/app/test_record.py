"""The record: checklists, notes and comments. On disk first, on the screen second, and never lost."""

import asyncio
import errno
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cockpit.models.playbook import ItemState
from cockpit.session import Session
from cockpit.settings import RootSettings, Settings
from tests.app import scenes
from tests.app.conftest import MakeApp
from tests.app.operator import HandClock, Operator, operate
from widgets.checklist import Checklist
from widgets.dialogs import HelpDialog, MenuDialog, MessageDialog, PromptDialog


def items(me: Operator) -> dict[str, str]:
    """Item id (without its playbook) to the box of each item."""
    source = me.screen.query_one("#checklist", Checklist).source
    return {row.key.rpartition("/")[2].rpartition(".")[2]: row.state.text for row in source if not row.heading}


def boxes(me: Operator) -> list[str]:
    """The boxes of all items."""
    return list(items(me).values())


async def start_checklist(me: Operator) -> None:
    """`p`: the playbook of the best finding comes first, others are found by their name."""
    await me.until(lambda: me.screen.scope.findings, "the run was looked into")
    await me.press("p")
    menu = await me.open_dialog(HelpDialog)
    findings = me.screen.scope.findings or ()
    assert (menu.items[0].group, menu.items[0].id) == ("Fits this run", findings[0].playbook)
    assert {item.group for item in menu.items[1:]} == {"This system", "Any system"}
    assert "graph-run" not in {item.id for item in menu.items}
    await me.write("failed run")
    await me.press("enter")
    await me.no_dialog()
    await me.until(lambda: boxes(me), "the checklist is there")
    assert me.active == "checklist"
    await me.until(lambda: me.screen.focused is me.pane("checklist"))


async def test_a_playbook_starts_and_space_ticks(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await start_checklist(me)
        assert set(boxes(me)) == {"[ ]"}
        total = len(boxes(me))
        assert me.pane("checklist").count == f"0/{total}"
        await me.press("space")
        await me.until(lambda: boxes(me)[0] == "[x]", "the first item is ticked")
        assert me.pane("checklist").count == f"1/{total}"
        assert me.kinds() == ["checklist.start", "checklist.tick"]
        assert me.journal[1].data["item"] == me.selected("checklist").key
        await me.until(lambda: "ticked" in me.text("timeline"), "the timeline tells it")
        await me.press("space")
        await me.until(lambda: boxes(me)[0] == "[ ]", "and it is open again")
        assert me.kinds()[-1] == "checklist.untick"


async def test_a_tick_is_on_disk_before_it_is_shown(
    make_app: MakeApp, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await start_checklist(me)
        reached, go_on = threading.Event(), threading.Event()
        real = os.fsync

        def slow(descriptor: int) -> None:
            reached.set()
            assert go_on.wait(20)
            real(descriptor)

        monkeypatch.setattr(os, "fsync", slow)
        try:
            await me.press("space")
            await me.until(reached.is_set, "the entry is being synced")
            for _ in range(5):
                await me.pilot.pause(0.01)
                assert boxes(me)[0] == "[ ]", "nothing is shown before it is safe"
        finally:
            go_on.set()
        await me.until(lambda: boxes(me)[0] == "[x]")


async def test_the_item_menu_skips_notes_and_unticks(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await start_checklist(me)
        await me.press("x")
        await me.open_dialog(MenuDialog)
        await me.press("u")
        assert "it is open" in me.picture()
        await me.press("s")
        prompt = await me.open_dialog(PromptDialog)
        await me.press("enter")
        assert me.dialog is prompt, "a skip needs a reason"
        await me.write("no receipt here")
        await me.press("enter")
        await me.no_dialog()
        await me.until(lambda: boxes(me)[0] == "[-]")
        assert "because no receipt here" in me.selected("checklist").note.text
        await me.press("x")
        await me.open_dialog(MenuDialog)
        await me.press("u")
        await me.no_dialog()
        await me.until(lambda: boxes(me)[0] == "[ ]")
        await me.press("x")
        await me.open_dialog(MenuDialog)
        await me.press("n")
        await me.open_dialog(PromptDialog)
        await me.write("remember [b]this[/b]")
        await me.press("enter")
        await me.until(lambda: "remember [b]this[/b]" in me.selected("checklist").note.text)
        assert me.kinds() == ["checklist.start", "checklist.skip", "checklist.untick", "checklist.note"]


async def test_escape_in_a_prompt_writes_nothing(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await start_checklist(me)
        await me.press("x")
        await me.open_dialog(MenuDialog)
        await me.press("s")
        await me.open_dialog(PromptDialog)
        await me.write("half a rea")
        await me.press("escape")
        await me.no_dialog()
        await me.quiet()
        assert me.kinds() == ["checklist.start"]


async def test_evidence_of_an_item_opens_in_the_log(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await start_checklist(me)
        await me.press("x")
        await me.open_dialog(MenuDialog)
        await me.press("e")
        await me.until(lambda: me.active == "log")
        await me.until(lambda: "clarify-clarifier.json" in me.pane("log").subtitle.text)
        await me.until(lambda: '"status": "failed"' in me.text("log"))


async def test_comments_stand_on_the_timeline(make_app: MakeApp, root: Path, hand_clock: HandClock) -> None:
    scenes.failed(root)
    hand_clock.now = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
    async with operate(make_app()) as me:
        await me.press("c")
        await me.open_dialog(PromptDialog)
        await me.write("asked the owner [/x]")
        await me.press("enter")
        await me.until(lambda: "asked the owner [/x]" in me.text("timeline"))
        await me.press("c")
        await me.open_dialog(PromptDialog)
        await me.write("@14:02 the pager went")
        await me.press("enter")
        await me.until(lambda: "the pager went" in me.text("timeline"))
        first, second = me.journal
        assert first.data["run"] == scenes.FAILED
        assert "happened_at" not in first.data
        assert second.data["text"] == "the pager went"
        assert second.data["happened_at"] == "2026-11-21T14:02:00Z"
        await me.press("c")
        await me.open_dialog(PromptDialog)
        await me.write("@25:00 no such time")
        await me.press("enter")
        await me.told("no time of day")
        assert len(me.journal) == 2


async def test_the_timeline_is_the_run_s_and_at_shows_everything(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.press("c")
        await me.open_dialog(PromptDialog)
        await me.write("about the first")
        await me.press("enter")
        await me.until(lambda: len(me.pane("timeline").rows) == 1)
        await me.scope_on(scenes.DONE)
        assert not me.pane("timeline").rows
        await me.press("at")
        assert me.active == "timeline"
        assert "about the first" in me.text("timeline")
        assert "everything" in [badge.text for badge in me.pane("timeline").badges]
        await me.press("at")
        assert not me.pane("timeline").rows


async def test_another_operator_s_tick_appears(make_app: MakeApp, root: Path, hand_clock: HandClock) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await start_checklist(me)
        item = me.selected("checklist").key
        other = Session(Settings(), [RootSettings(path=root)], hand_clock)
        ledger = other.ledger(root)
        checklist = await asyncio.to_thread(ledger.tick, scenes.FAILED, item)
        assert next(each for each in checklist.items if each.id == item).state is ItemState.DONE
        await me.until(lambda: boxes(me)[0] == "[x]", "it is shown here")
        await asyncio.to_thread(ledger.comment, me.run, "from next door")
        await me.until(lambda: "from next door" in me.text("timeline"))


async def test_what_was_recorded_is_there_after_a_restart(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await start_checklist(me)
        await me.press("space", "j", "space")
        await me.until(lambda: boxes(me)[:3] == ["[x]", "[x]", "[ ]"])
    async with operate(make_app()) as me:
        await me.until(lambda: boxes(me)[:3] == ["[x]", "[x]", "[ ]"], "both ticks are there")
        assert me.kinds() == ["checklist.start", "checklist.tick", "checklist.tick"]


async def test_a_journal_that_cannot_be_written_leaves_the_item_open(
    make_app: MakeApp, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await start_checklist(me)

        def full(_descriptor: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        await me.press("space")
        note = await me.told("Could not tick", "No space left")
        assert note.severity == "error"
        await me.quiet()
        assert boxes(me)[0] == "[ ]"
        monkeypatch.undo()
        await me.press("space")
        await me.until(lambda: boxes(me)[0] == "[x]", "once there is room it is ticked")
        assert me.kinds().count("checklist.tick") == 1


async def test_ticks_go_to_the_run_the_menu_was_opened_for(make_app: MakeApp, root: Path) -> None:
    _, run, _ = scenes.three(root)
    async with operate(make_app()) as me:
        await start_checklist(me)
        await me.press("x")
        await me.open_dialog(MenuDialog)
        # While the menu is open the other run becomes the most pressing one, and this one vanishes.
        run.handoff("build", "load_context", "BLOCKED", at=80)
        await me.until(lambda: me.ids[0] == scenes.RUNNING)
        await me.press("t")
        await me.no_dialog()
        await me.until(lambda: "checklist.tick" in me.kinds())
        assert me.journal[-1].data["target"] == scenes.FAILED


async def test_read_only_writes_nothing(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app(read_only=True)) as me:
        assert "READ-ONLY" in me.header
        await me.press("p")
        await me.open_dialog(HelpDialog)
        await me.press("enter")
        await me.told("Could not start a checklist", "read-only")
        await me.press("c")
        await me.open_dialog(PromptDialog)
        await me.write("hello")
        await me.press("enter")
        await me.told("Could not comment", "read-only")
        await me.press("W")
        await me.told("started with --read-only")
        assert me.session.read_only
        assert set(me.kinds()) == {"action.refused"}, "what was refused is recorded, nothing else"


async def test_w_refuses_and_allows_again(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    scenes.makefile(root)
    async with operate(make_app()) as me:
        await me.press("W")
        assert "READ-ONLY" in me.header
        await me.press("T")
        await me.told("read-only: W allows actions again")
        assert me.dialog is None
        await me.press("W")
        assert "READ-ONLY" not in me.header


async def test_the_playbook_of_the_checklist_is_read_as_a_page(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.until(lambda: me.screen.scope.findings, "the run was looked into")
        for started, title in ((False, "Stuck run"), (True, "Failed run")):
            if started:
                await start_checklist(me)
            await me.press("colon")
            await me.write("checklist.read")
            await me.press("enter")
            page = await me.open_dialog(MessageDialog)
            assert page.heading == title
            text = ["".join(span.text for span in row.spans) for row in page.rows]
            assert text[0] == f"# {title}"
            assert any(line.startswith(("Symptom ", "Error pattern ")) for line in text), "with its causes"
            assert any(line.startswith("    $ make stepwise-retry ") for line in text)
            await me.press("escape")
            await me.no_dialog()
        assert me.kinds() == ["checklist.start"], "to read is not to do"
