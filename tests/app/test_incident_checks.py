"""The checklist of an incident on its own screen: live states, the same menu as a run's, and who else is here."""

import asyncio
from pathlib import Path

from cockpit.clock import system_clock
from cockpit.models.journal import Actor
from cockpit.presence import Presence, people
from cockpit.screens.incident import IncidentScreen
from tests.app import scenes
from tests.app.conftest import MakeApp
from tests.app.operator import Operator, operate
from tests.app.test_incidents import declare
from tests.builders import FlowStudioRun
from widgets.checklist import Checklist
from widgets.dialogs import MenuDialog

BOB = Actor(user="bob", real_user="bob", tty="/dev/pts/9")
ITEM = "response-protocol/verify-original"


def box(screen: IncidentScreen, item: str = ITEM) -> str:
    """Box and what stands below it."""
    row = next(row for row in screen.query_one("#steps", Checklist).source if row.key == item)
    return " | ".join([row.state.text, *(cell.text for cell in row.below)])


def badges(screen: IncidentScreen) -> str:
    return " / ".join(cell.text for cell in screen.query_one("#steps", Checklist).badges)


async def on_item(me: Operator, screen: IncidentScreen, item: str = ITEM) -> None:
    await me.press("4")
    steps = screen.query_one("#steps", Checklist)
    await me.until(lambda: any(row.key == item for row in steps.source), "the checklist is there")
    assert steps.move_to(item)
    await me.pilot.pause()


async def test_items_of_an_incident_stand_against_its_runs(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app(clock=system_clock)) as me:
        await me.scope_on(scenes.FAILED)
        screen = await declare(me)
        await on_item(me, screen)
        await me.press("space")
        await me.until(lambda: box(screen).startswith("[!] | contradicted: the run is failed"))
        await me.told("the evidence says otherwise")
        await me.press("V")
        await me.told("Verified against the evidence", "1 contradicted")
        run = FlowStudioRun(scenes.runs_of(root), scenes.FAILED)
        for step in (
            "clarify",
            "author_tests",
            "critique_tests",
            "implement",
            "critique_code",
            "mutate",
            "fix",
            "docs",
        ):
            run.step("build", step, "agent", at=70)
        for step in ("self_review", "commit"):
            run.step("build", step, "agent", at=80)
        run.event("run_completed", "build", at=90, status="succeeded")
        run.meta("succeeded", at=91)
        await me.until(lambda: not box(screen).startswith("[!]"), "the run went well since")
        await me.press("x")
        await me.open_dialog(MenuDialog)
        await me.press("v")
        await me.told("met: by its evidence the run succeeded")
        await me.until(lambda: box(screen) == "[v]")
        assert me.journal[-1].kind == "checklist.verified"
        assert me.journal[-1].data["target"] == screen.name_of


async def test_the_menu_gives_items_to_people(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app(clock=system_clock)) as me:
        await me.scope_on(scenes.FAILED)
        screen = await declare(me)
        await on_item(me, screen)
        await me.press("x")
        await me.open_dialog(MenuDialog)
        assert "it names no action and no command" in me.picture()
        await me.press("c")
        await me.until(lambda: "works on it" in box(screen))
        await me.press("x")
        await me.open_dialog(MenuDialog)
        await me.press("l")
        await me.until(lambda: "works on it" not in box(screen))


async def test_who_has_the_incident_open(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app(clock=system_clock)) as me:
        await me.scope_on(scenes.FAILED)
        screen = await declare(me)
        state = me.session.state_dir(root)
        await me.until(lambda: screen.name_of in [one.target for one in people(state)], "the others see me")
        bob = Presence(state, BOB, system_clock)
        await asyncio.to_thread(bob.show, screen.name_of)
        await me.until(lambda: "bob is here" in badges(screen))
        await asyncio.to_thread(bob.leave)
        await me.until(lambda: "bob" not in badges(screen))
        await me.press("q")
        await me.until(lambda: screen.name_of not in [one.target for one in people(state)], "I left it")
    assert people(state) == ()
