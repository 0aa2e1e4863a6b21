"""Text that would act, crash or deceive: every pane shows it, nothing happens."""

import unicodedata
from pathlib import Path
from typing import Any

import pytest

from cockpit.screens.view import PANES
from tests.app import scenes
from tests.app.conftest import MakeApp
from tests.app.operator import Operator, operate, row_text
from tests.builders import FlowStudioRun
from widgets.checklist import Checklist
from widgets.dialogs import HelpDialog, MenuDialog, MessageDialog, PlanDialog, PromptDialog

ESCAPES = "\x1b]52;c;cHduZWQ=\x07\x1b[2J\x1b[31m\x9b2J\x1bP+q\x1b\\"
MARKUP = "[/x] [@click=app.quit]x[/] [b]bold [link=http://x]l[/link] \\["
DECEIT = "\u202egnp.exe\u202c \u200b\ufeff\x00\x7f\x85"
WIDE = "日本語テキスト 👩\u200d💻 e\u0301"
NASTY = f"{MARKUP}{ESCAPES}{DECEIT}{WIDE}"
MARK = "[@click=app.quit]x[/]"
STEP = "[/x]; $(touch pwned)"


def nasty_run(root: Path) -> FlowStudioRun:
    """A run whose every text is hostile."""
    name = "[red]x\u202e\x1b[31m\nsecond 日本"
    run = FlowStudioRun(scenes.runs_of(root), name)
    run.meta("failed", at=10, error=NASTY, title=NASTY, tags=[NASTY], sdlc_status=NASTY)
    run.event("step_start", "build", "clarify", NASTY, at=1)
    run.receipt("build", "clarify", "clarifier", status=NASTY, error=NASTY * 3, at=5, model=NASTY, mode=NASTY)
    run.event("step_error", "build", "clarify", NASTY, at=5, error=NASTY, status=NASTY)
    run.event(NASTY, NASTY, NASTY, NASTY, at=6, anything=NASTY)
    run.handoff(
        "build", "clarify", "BLOCKED", at=6, agent="clarifier", summary=NASTY,
        concerns=[{"severity": NASTY, "text": NASTY, "description": NASTY}], assumptions=[NASTY],
        routing={"decision": NASTY, "reason": NASTY, "next_step_id": NASTY, "needs_human": True},
    )  # fmt: skip
    run.decision("build", "clarify", NASTY, at=6, reason=NASTY, target=NASTY)
    run.decision("build", "clarify", "ESCALATE", at=7, reason=NASTY * 20)
    scenes.transcript(run, "clarify", [NASTY, "x" * 1_000_000, MARK, NASTY])
    run.append("build/llm/clarify-clarifier-claude.jsonl", NASTY.encode() + b"\xff\xfe\n" + b"y" * 1_000_000 + b"\n")
    run.raw("build/logs/clarify.log", NASTY.encode() + b"\r\n\x00\x00" + b"z" * 100_000)
    run.raw(f"build/receipts/clarify-{MARK.replace('/', '_')}\x1b[2J.json", "{", at=8)
    run.raw("build/receipts/broken.json", NASTY, at=8)
    return run


def visible(text: str) -> bool:
    """Nothing in `text` moves a cursor, hides or turns round."""
    return not any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in text)


def check(me: Operator) -> None:
    """No pane, header or picture holds anything that acts."""
    assert visible(me.header), repr(me.header)
    for name in PANES:
        pane = me.pane(name)
        pieces: list[Any] = [pane.count, pane.subtitle.text, *(badge.text for badge in pane.badges)]
        pieces += [row_text(pane.row_at(index)) for index in range(len(pane.rows))]
        for piece in pieces:
            assert visible(piece), (name, repr(piece[:200]))
    for line in me.picture().splitlines():
        assert visible(line), repr(line)


@pytest.mark.parametrize("size", [(160, 45), (60, 16)])
async def test_every_pane_shows_it(make_app: MakeApp, root: Path, size: tuple[int, int]) -> None:
    run = nasty_run(root)
    async with operate(make_app(), size) as me:
        assert me.run.id == run.name
        check(me)
        assert MARK in me.text("detail")
        assert MARK in me.text("routing")
        assert MARK in me.text("receipts")
        for key in "2345601":
            await me.press(key)
            check(me)
        await me.press("6")
        for _ in me.screen.logfiles.files:
            before = me.pane("log").subtitle.text
            await me.press("right_square_bracket")
            await me.until(lambda b=before: me.pane("log").subtitle.text != b)  # type: ignore[misc]
            await me.until(lambda: me.pane("log").rows or me.pane("log").empty)
            await me.press("G", "g", "e", "w", "shift+right", "z", "z")
            check(me)
        assert me.app.is_running


async def test_dialogs_and_the_record_show_it(make_app: MakeApp, root: Path) -> None:
    nasty_run(root)
    scenes.makefile(root)
    async with operate(make_app()) as me:
        await me.press("c")
        await me.open_dialog(PromptDialog)
        assert visible(me.picture().replace("\n", ""))
        await me.write(f"{MARK} [/x] 日本 👩")
        await me.press("enter")
        await me.until(lambda: MARK in me.text("timeline"))
        await me.press("p")
        await me.open_dialog(HelpDialog)
        await me.press("enter")
        await me.until(lambda: me.screen.query_one("#checklist", Checklist).source)
        await me.press("x")
        await me.open_dialog(MenuDialog)
        await me.press("s")
        await me.open_dialog(PromptDialog)
        await me.write(f"{MARK} because")
        await me.press("enter")
        await me.until(lambda: any(MARK in row_text(row) for row in me.pane("checklist").rows))
        for key, kind in (("T", None), ("A", MessageDialog), ("y", MenuDialog), ("ctrl+p", HelpDialog)):
            await me.press(key)
            await me.until(lambda: me.dialog is not None, f"{key} opens something")
            assert me.dialog is not None
            assert kind is None or isinstance(me.dialog, kind)
            dialog = me.dialog
            await me.until(lambda d=dialog: not d.deaf)  # type: ignore[misc]
            assert visible(me.picture().replace("\n", ""))
            await me.press("escape")
            await me.no_dialog()
        check(me)
        assert not scenes.pwned(root)


async def test_a_step_of_any_name_is_refused_not_run(make_app: MakeApp, root: Path) -> None:
    run = scenes.failed(root)
    scenes.makefile(root)
    run.event("step_start", "build", STEP, "x", at=40)
    run.event("step_error", "build", STEP, "x", at=41, error="boom")
    run.meta("failed", at=41, error="boom")
    async with operate(make_app()) as me:
        await me.press("2")
        row = next(row for row in me.pane("receipts").rows if "touch pwned" in row.key)
        assert me.pane("receipts").move_to(row.key)
        await me.until(lambda: me.scope.step is not None and "pwned" in me.scope.step[1])
        for key in ("R", "T"):
            await me.press(key)
            await me.until(lambda: me.dialog is not None)
            assert not isinstance(me.dialog, PlanDialog)
            dialog = me.dialog
            assert dialog is not None
            await me.until(lambda d=dialog: not d.deaf)  # type: ignore[misc]
            await me.press("y", "escape")
            await me.no_dialog()
        assert "action.started" not in me.kinds()
        assert not scenes.pwned(root)


async def test_a_file_that_is_a_link_out_of_the_root_is_not_read(make_app: MakeApp, root: Path, tmp_path: Path) -> None:
    run = scenes.failed(root)
    secret = tmp_path / "secret"
    secret.write_text("the password\n")
    log = run.path / "build" / "logs" / "clarify.log"
    log.parent.mkdir()
    log.symlink_to(secret)
    async with operate(make_app()) as me:
        me.screen.open_place(f"swarm/runs/{run.name}/build/logs/clarify.log", None)
        await me.until(lambda: me.active == "log" and not me.pane("log").rows)
        me.screen.open_place("../secret", None)
        await me.until(lambda: "secret" in me.pane("log").subtitle.text)
        await me.quiet()
        assert not me.pane("log").rows
        assert "password" not in me.picture()
