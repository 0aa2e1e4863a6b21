"""The checklist verifies itself: live states, who works on what, who is here, and the command of an item."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cockpit.clock import Clock
from cockpit.journal.log import Journal
from cockpit.ledger import Ledger
from cockpit.models.journal import Actor
from cockpit.presence import Presence, people
from tests.app import scenes
from tests.app.conftest import MakeApp
from tests.app.operator import HandClock, Operator, operate
from tests.builders import FlowStudioRun
from tests.conftest import REPOSITORY
from widgets.checklist import Checklist
from widgets.dialogs import MenuDialog, PlanDialog, PromptDialog

BOB = Actor(user="bob", real_user="bob", tty="/dev/pts/9")
PLAYBOOK = """\
+++
id = "drill"
title = "Drill"
systems = ["flow-studio"]
states = ["failed"]
signatures = ["TimeoutError"]
+++
# Drill

- [ ] Read the receipt <!-- id: look; evidence: {flow}/receipts/{step}-{agent}.json -->
- [ ] The receipt says succeeded
  <!-- id: receipt; check: receipt-succeeded; evidence: {flow}/receipts/{step}-{agent}.json -->
- [ ] Retry it <!-- id: retry; action: retry; check: job-succeeded -->
- [ ] Say hello <!-- id: hello; command: echo hello {run}; check: job-succeeded -->
- [ ] Think <!-- id: think -->
"""


@pytest.fixture(autouse=True)
def drill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A playbook of one's own whose checks cover what is to be seen."""
    folder = tmp_path / "config" / "playbooks"
    folder.mkdir(parents=True)
    (folder / "drill.md").write_text(PLAYBOOK)
    monkeypatch.setenv("COCKPIT_CONFIG", str(folder.parent / "config.toml"))


async def begin(me: Operator) -> None:
    """The drill is started for the failed run, and the Checklist pane has the focus."""
    await me.scope_on(scenes.FAILED)
    await asyncio.to_thread(me.screen.checking.lists.start, me.screen.checking.lists.of_run(me.run), "drill")
    await me.press("4")
    await me.until(lambda: len(rows(me)) == 5, "the checklist is there")
    await me.quiet()


def rows(me: Operator) -> dict[str, str]:
    """Box, and what stands below it, of every item."""
    source = me.screen.query_one("#checklist", Checklist).source
    return {
        row.key.partition("/")[2]: " | ".join([row.state.text, *(cell.text for cell in row.below)])
        for row in source
        if not row.heading
    }


async def at(me: Operator, item: str) -> None:
    """The cursor is on an item."""
    assert me.pane("checklist").move_to(f"drill/{item}")
    await me.pilot.pause()


async def choose(me: Operator, item: str, key: str) -> None:
    """`x`, and one entry of the item's menu."""
    await at(me, item)
    await me.press("x")
    await me.open_dialog(MenuDialog)
    await me.press(key)


def badges(me: Operator) -> str:
    return " / ".join(cell.text for cell in me.pane("checklist").badges)


def repair(root: Path) -> None:
    run = FlowStudioRun(scenes.runs_of(root), scenes.FAILED)
    run.step("build", "clarify", scenes.AGENTS["clarify"], at=60)
    run.meta("running", at=61)


async def test_a_tick_against_the_evidence_is_contradicted_and_a_repair_is_verified(
    make_app: MakeApp, root: Path
) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await begin(me)
        assert rows(me)["receipt"] == "[ ]"
        await at(me, "receipt")
        await me.press("space")
        await me.until(
            lambda: rows(me)["receipt"].startswith("[!] | contradicted: the newest receipt of build.clarify")
        )
        await me.told("the evidence says otherwise")
        assert "1 contradicted" in badges(me)
        assert me.pane("checklist").count == "0/5", "what does not stand is not settled"
        await asyncio.to_thread(repair, root)
        await me.until(lambda: rows(me)["receipt"].startswith("[~] | stale: build/receipts/clarify-clarifier.json"))
        await me.press("V")
        await me.told("Verified against the evidence", "1 verified now")
        await me.until(lambda: rows(me)["receipt"] == "[v]")
        assert me.kinds()[-1] == "checklist.verified"
        assert "check receipt-succeeded: " in me.selected("checklist").note.text
        await me.until(lambda: "verified" in me.text("timeline"))


async def test_a_tick_goes_stale_when_its_file_changes_and_stands_when_it_is_back(
    make_app: MakeApp, root: Path
) -> None:
    run, *_ = scenes.three(root)
    async with operate(make_app()) as me:
        await begin(me)
        await at(me, "look")
        await me.press("space")
        await me.until(lambda: rows(me)["look"] == "[x]")
        receipt = run.path / "build" / "receipts" / "clarify-clarifier.json"
        before = receipt.read_text()
        receipt.write_text(before + "\n")
        await me.until(lambda: rows(me)["look"].startswith("[~] | stale: "), "it is shown as stale")
        assert "1 stale" in badges(me)
        receipt.write_text(before)
        await me.until(lambda: rows(me)["look"] == "[x]", "it is what it was")
        assert me.kinds() == ["checklist.start", "checklist.tick"], "nothing of that is stored"


async def test_what_could_be_verified_is_told_before_anybody_does(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await begin(me)
        await at(me, "receipt")
        await me.until(lambda: "not yet: the newest receipt" in me.selected("checklist").note.text)
        await asyncio.to_thread(repair, root)
        await me.until(lambda: "holds, V verifies" in me.selected("checklist").note.text)
        assert "V: 1 holds" in badges(me)
        await choose(me, "receipt", "v")
        await me.told("met: the newest receipt of build.clarify")
        await me.until(lambda: rows(me)["receipt"] == "[v]")


async def test_claims_are_seen_and_told(make_app: MakeApp, root: Path, hand_clock: HandClock) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await begin(me)
        journal = me.session.ledgers()[0].journal
        bob = Ledger(Journal(journal.path, BOB, hand_clock), me.session.library)
        await asyncio.to_thread(bob.refresh)
        await asyncio.to_thread(bob.claim, scenes.FAILED, "think")
        await me.until(lambda: rows(me)["think"] == "[ ] | bob works on it")
        await at(me, "think")
        await me.press("space")
        await me.told("bob was working on drill/think")
        await me.until(lambda: rows(me)["think"] == "[x]")
        await choose(me, "look", "c")
        await me.until(lambda: rows(me)["look"].endswith("works on it"))
        await choose(me, "look", "o")
        await me.open_dialog(PromptDialog)
        await me.write("carol [/x]")
        await me.press("enter")
        await me.until(lambda: rows(me)["look"] == "[ ] | carol [/x] works on it")
        await choose(me, "look", "l")
        await me.until(lambda: rows(me)["look"] == "[ ]")
        assert me.kinds()[-3:] == ["checklist.claim", "checklist.claim", "checklist.release"]


async def test_who_is_here_comes_and_goes(make_app: MakeApp, root: Path, hand_clock: HandClock) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await begin(me)
        state = me.session.state_dir(root)
        await me.until(lambda: [one.target for one in people(state)] == [scenes.FAILED], "the others see me")
        bob = Presence(state, BOB, hand_clock)
        await asyncio.to_thread(bob.show, scenes.FAILED)
        await me.until(lambda: "bob is here" in badges(me))
        await asyncio.to_thread(bob.show, scenes.DONE)
        await me.until(lambda: "bob" not in badges(me), "he looks at another one")
        await asyncio.to_thread(bob.show, scenes.FAILED)
        await me.until(lambda: "bob is here" in badges(me))
        await asyncio.to_thread(bob.leave)
        await me.until(lambda: "bob" not in badges(me))
        await me.press("1")
        await me.scope_on(scenes.DONE)
        await me.until(lambda: not people(state), "this run has no checklist: I am nowhere")
    assert people(state) == ()


CAROL = """
import sys
from pathlib import Path
from cockpit.clock import system_clock
from cockpit.models.journal import Actor
from cockpit.presence import Presence
here = Presence(Path(sys.argv[1]), Actor(user="carol", real_user="carol"), system_clock)
here.show(sys.argv[2])
print("here", flush=True)
sys.stdin.read()
"""


async def test_somebody_whose_cockpit_is_killed_is_gone_at_once(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await begin(me)
        argv = [sys.executable, "-c", CAROL, str(me.session.state_dir(root)), scenes.FAILED]
        carol = await asyncio.create_subprocess_exec(
            *argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=REPOSITORY
        )
        try:
            await me.until(lambda: "carol is here" in badges(me))
        finally:
            carol.kill()
            await carol.wait()
        await me.until(lambda: "carol" not in badges(me), "nobody had to look for that")


async def test_a_session_that_must_not_write_is_nowhere(make_app: MakeApp, root: Path, hand_clock: Clock) -> None:
    scenes.three(root)
    state = root / ".cockpit"
    Ledger(Journal(state / "journal.jsonl", BOB, hand_clock), make_app().session.library).start(scenes.FAILED, "drill")
    async with operate(make_app(read_only=True)) as me:
        await me.scope_on(scenes.FAILED)
        await me.until(lambda: len(rows(me)) == 5)
        await me.quiet()
        assert people(state) == ()
        await me.press("V")
        await me.told("read-only")
        assert set(me.kinds()) == {"checklist.start", "action.refused"}


async def test_the_command_of_an_item_is_the_action_s_plan_where_there_is_one(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    scenes.makefile(root)
    async with operate(make_app()) as me:
        await begin(me)
        await choose(me, "retry", "r")
        await me.open_dialog(PlanDialog)
        assert "make stepwise-retry" in me.picture()
        await me.press("y")
        await me.until(lambda: "action.ended" in me.kinds(), "the job ends")
        started = next(entry for entry in me.journal if entry.kind == "action.started")
        assert (started.data["action"], started.data["step"]) == ("retry", "clarify")


async def test_any_other_command_is_confirmed_and_recorded_as_a_job(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await begin(me)
        await choose(me, "hello", "r")
        await me.open_dialog(PlanDialog)
        assert f"echo hello {scenes.FAILED}" in me.picture()
        assert "Nothing is known of how to take it back" in me.picture()
        await me.press("n")
        await me.no_dialog()
        assert "action.started" not in me.kinds()
        await choose(me, "hello", "r")
        await me.open_dialog(PlanDialog)
        await me.press("y")
        await me.until(lambda: "action.ended" in me.kinds(), "the job ends")
        started = next(entry for entry in me.journal if entry.kind == "action.started")
        assert (started.data["action"], started.data["argv"]) == ("command", ["echo", "hello", scenes.FAILED])
        await me.until(lambda: f"hello {scenes.FAILED}" in me.text("log"), "its output is shown")
        await me.press("4")
        await me.press("V")
        await me.until(lambda: rows(me)["hello"] == "[v]", "that it went well is its check")


async def test_an_item_that_names_nothing_to_run_says_so(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await begin(me)
        await choose(me, "think", "r")
        assert "it names no action and no command" in me.picture()
        await me.press("v")
        assert "it names no check" in me.picture()
        await me.press("f")
        await me.open_dialog(PromptDialog)
        await me.write("../../etc/passwd")
        await me.press("enter")
        await me.told("Could not tick", "not a path below the root")
        assert rows(me)["think"] == "[ ]"
        await choose(me, "think", "f")
        await me.open_dialog(PromptDialog)
        await me.write(f"swarm/runs/{scenes.FAILED}/events.jsonl:2")
        await me.press("enter")
        await me.until(lambda: rows(me)["think"] == "[x]")
        (seen,) = me.journal[-1].data["evidence"]
        assert seen["line"] == 2
        await choose(me, "think", "e")
        await me.until(lambda: me.active == "log")


@pytest.mark.parametrize("size", [(80, 24), (60, 16)])
async def test_the_reason_is_readable_in_a_small_terminal(make_app: MakeApp, root: Path, size: tuple[int, int]) -> None:
    scenes.three(root)
    async with operate(make_app(), size=size) as me:
        await begin(me)
        await at(me, "receipt")
        lists = me.screen.checking.lists
        await asyncio.to_thread(lists.tick, lists.of_run(me.run), "receipt")
        await me.until(lambda: rows(me)["receipt"].startswith("[!]"))
        await me.press("z")
        await me.pilot.pause()
        picture = " ".join(re.sub(r"[│┃]>?", " ", me.picture()).split())
        assert "contradicted: the newest receipt of build.clarify says failed" in picture
