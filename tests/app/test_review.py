"""Reports of an incident are looked through before they are written, from the panes and from the incident's screen."""

import tarfile
from pathlib import Path

import pytest

from cockpit.clock import system_clock
from cockpit.notify_settings import Channel
from cockpit.reports.inspect import inspect
from cockpit.reports.notices import KINDS
from cockpit.screens.reading import ReadingScreen
from cockpit.screens.review import ReviewScreen
from cockpit.settings import Settings
from tests.app import scenes
from tests.app.conftest import MakeApp
from tests.app.operator import Operator, operate, row_text
from tests.app.test_incident_keys import declared
from tests.app.test_incidents import incident_screen
from widgets.detail import DetailPane
from widgets.dialogs import MenuDialog


async def review(me: Operator) -> ReviewScreen:
    """Until a report is shown and `y` is listened to."""
    await me.until(lambda: isinstance(me.app.screen, ReviewScreen), "a report is shown")
    screen = me.app.screen
    assert isinstance(screen, ReviewScreen)
    await me.until(lambda: not screen.deaf, "it listens")
    return screen


def text_of(screen: ReviewScreen | ReadingScreen) -> str:
    return "\n".join(row_text(row) for row in screen.query_one("#text", DetailPane).rows)


def title(me: Operator) -> str:
    """The heading of the dialog that is open."""
    return getattr(me.app.screen, "heading", "")


def written(root: Path) -> list[Path]:
    folder = root / ".cockpit" / "reports"
    return sorted(folder.iterdir()) if folder.is_dir() else []


async def test_a_post_mortem_is_shown_with_what_is_missing_and_written_with_y(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app(clock=system_clock)) as me:
        name = await declared(me)
        await me.press("M")
        screen = await review(me)
        assert name in text_of(screen)
        assert "missing:" in text_of(screen)
        await me.press("q")
        await me.until(lambda: me.app.screen is me.screen, "back in the panes")
        assert not written(root), "left, not written"
        assert "incident.report" not in me.kinds()
        await me.press("M")
        await review(me)
        await me.press("y")
        await me.told("Post-mortem is written", f"{name}-postmortem.md")
        (path,) = written(root)
        assert name in path.read_text()
        assert me.journal[-1].kind == "incident.report"
        assert me.journal[-1].data["path"] == str(path)


async def test_what_people_wrote_into_the_post_mortem_stays(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app(clock=system_clock)) as me:
        await declared(me)
        await me.press("M")
        await review(me)
        await me.press("y")
        await me.told("Post-mortem is written")
        (path,) = written(root)
        path.write_text(f"{path.read_text()}\nThe disk was full all along.\n")
        await me.press("M")
        screen = await review(me)
        assert "The disk was full all along." in text_of(screen)
        path.write_text(f"{path.read_text()}\nAnd hot.\n")
        await me.press("y")
        await me.told("not written", "changed meanwhile")
        assert "And hot." in path.read_text()


async def test_the_bundle_is_written_from_the_screen_of_the_incident(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app(clock=system_clock)) as me:
        name = await declared(me)
        await me.press("i")
        await me.until(lambda: me.app.screen is not me.screen and incident_screen(me).picture, "its screen is there")
        await me.press("E")
        screen = await review(me)
        assert "report.md" in text_of(screen)
        assert "secrets were taken out" in text_of(screen)
        await me.press("y")
        await me.told("Escalation bundle is written")
        (path,) = written(root)
        assert inspect(path).ok
        with tarfile.open(path) as archive:
            assert f"{name}/report.md" in {each.partition("/")[0] + "/report.md" for each in archive.getnames()}


@pytest.mark.parametrize("key", ["M", "E"])
async def test_without_an_incident_there_is_nothing_to_report(make_app: MakeApp, root: Path, key: str) -> None:
    scenes.three(root)
    async with operate(make_app()) as me:
        await me.scope_on(scenes.FAILED)
        await me.press(key)
        await me.told("in no incident", "I declares one")
        assert not written(root)


async def test_read_only_shows_it_and_writes_nothing(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app(clock=system_clock)) as me:
        await declared(me)
        await me.press("W", "M")
        await review(me)
        await me.press("y")
        await me.told("read-only")
        assert isinstance(me.app.screen, ReviewScreen)
        assert not written(root)


async def test_metrics_are_a_page(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app(clock=system_clock)) as me:
        await declared(me)
        await me.enter_command("incident.metrics")
        await me.until(lambda: isinstance(me.app.screen, ReadingScreen), "the page is there")
        screen = me.app.screen
        assert isinstance(screen, ReadingScreen)
        assert "1 incident declared" in text_of(screen)
        assert "incidents by severity" in text_of(screen)


async def test_a_notification_is_looked_at_and_then_sent_through_its_channel(
    make_app: MakeApp, root: Path, tmp_path: Path
) -> None:
    scenes.three(root)
    target = tmp_path / "sent"
    mail = Channel(command=("sh", "-c", f"cat > {target}"), templates=("initial",))
    settings = Settings(theme="dark", notify={"mail": mail})
    async with operate(make_app(clock=system_clock, settings=settings)) as me:
        name = await declared(me)
        await me.press("i")
        await me.until(lambda: me.app.screen is not me.screen and incident_screen(me).picture, "its screen is there")

        async def chosen(template: str, way: str) -> None:
            await me.press("X")
            await me.open_dialog(MenuDialog)
            await me.press("m")
            await me.until(lambda: title(me).startswith("Notify about"), "the notifications are offered")
            await me.open_dialog(MenuDialog)
            await me.press(*["down"] * list(KINDS).index(template), "enter")
            await me.until(lambda: title(me).startswith("Notification"), "the ways are offered")
            await me.open_dialog(MenuDialog)
            await me.press(*([] if way else ["down"]), "enter")

        await chosen("initial", "mail")
        screen = await review(me)
        assert not target.exists(), "shown before it is sent"
        shown = text_of(screen)
        await me.press("y")
        await me.told("Sent through mail")
        assert "INVESTIGATING" in shown
        assert all(line in shown for line in target.read_text().splitlines())
        assert me.journal[-1].kind == "incident.notified"
        assert (me.journal[-1].incident, me.journal[-1].data["delivered"]) == (name, True)

        await chosen("resolution", "mail")
        await me.told("Not recorded", "carries only: initial")
        await chosen("update", "")
        await me.until(lambda: isinstance(me.app.screen, ReadingScreen), "only looked at")


async def test_a_line_of_the_timeline_is_read_in_full_and_leads_to_its_evidence(make_app: MakeApp, root: Path) -> None:
    scenes.three(root)
    async with operate(make_app(clock=system_clock)) as me:
        await declared(me)
        await me.press("i")
        await me.until(lambda: me.app.screen is not me.screen and incident_screen(me).picture, "its screen is there")
        await me.press("5", "g", "enter")
        await me.until(lambda: isinstance(me.app.screen, ReadingScreen), "the line is there")
        screen = me.app.screen
        assert isinstance(screen, ReadingScreen)
        assert scenes.FAILED in text_of(screen)
        assert "failure, " in text_of(screen)
        await me.press("j", "j", "enter")
        await me.until(lambda: me.app.screen is me.screen, "back in the panes, at the evidence")
        await me.until(lambda: me.pane("log").has_focus and me.texts("log"), "its evidence is open")
