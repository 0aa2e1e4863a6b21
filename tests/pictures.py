"""Pictures of the real screen for the documentation: `make pictures` opens the demo workspace at a fixed moment.

Each is what the app itself draws, as SVG. They are looked at before they are committed; no test compares them.
"""

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from cockpit.app import CockpitApp
from cockpit.clock import fixed_clock
from cockpit.demo.workspace import make_workspace
from cockpit.session import Session
from cockpit.settings import RootSettings, Settings
from tests.app.operator import Operator, operate
from tests.generated import REPOSITORY
from widgets.dialogs import PlanDialog

MOMENT = datetime(2026, 11, 21, 9, 37, tzinfo=UTC)
FOLDER = REPOSITORY / "docs" / "pictures"
_FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_CLIP = re.compile(r' clip-path="url\([^)]*\)"|<clipPath id="[^"]*-line-.*?</clipPath>\s*', re.DOTALL)
_TEXT = re.compile(r'x="([0-9.]+)" y="([0-9.]+)" textLength="([0-9.]+)">((?:&#160;)*)(.*?)((?:&#160;)*)</text>')
_CELL = 12.2
"""Width of a cell in the picture."""


async def _failed(me: Operator) -> None:
    """The cursor on the run whose record claims more than the evidence."""
    runs = me.session.board.snapshot.runs
    lie = next(run for run in runs if run.state.value == "failed" and run.contradicted)
    await me.scope_on(lie.id)
    await me.until(lambda: me.scope.findings, "what is probably wrong with it is found")
    await me.quiet()


async def triage(me: Operator) -> None:
    """All panes."""
    await _failed(me)


async def plan(me: Operator) -> None:
    """What a retry would do, before anybody says yes."""
    await _failed(me)
    await me.press("T")
    await me.open_dialog(PlanDialog)


async def incident(me: Operator) -> None:
    """The open incident with its clocks and its gate."""
    await me.until(lambda: me.screen.responding.open, "the incident is known")
    await me.press("i")
    await me.until(lambda: me.app.screen is not me.screen, "its screen opens")
    await me.pilot.pause(0.5)


async def narrow(me: Operator) -> None:
    """The same on a small terminal: one pane at a time, with a line of tabs."""
    await _failed(me)
    await me.press("0")
    await me.quiet()


PICTURES: dict[str, tuple[Callable[[Operator], Awaitable[None]], tuple[int, int]]] = {
    "triage": (triage, (140, 36)),
    "plan": (plan, (110, 32)),
    "incident": (incident, (120, 34)),
    "narrow": (narrow, (80, 20)),
}
"""What is shown, and on how many columns and rows."""


def _small(picture: str) -> str:
    """The picture without what it can do without: fonts from elsewhere, clipping of each text, blanks around texts.

    Blanks are replaced by places, because some viewers leave them out.
    """

    def placed(found: re.Match[str]) -> str:
        x, y, length, before, text, after = found.groups()
        left, right = (each.count("&#160;") * _CELL for each in (before, after))
        return f'x="{float(x) + left:.1f}" y="{y}" textLength="{float(length) - left - right:.1f}">{text}</text>'

    text = _CLIP.sub("", _FONT.sub("", picture)).replace("Fira Code", "monospace")
    text = re.sub(r"terminal-\d+-", "t-", text)
    return re.sub(r'<text [^>]*textLength="0.0"></text>', "", _TEXT.sub(placed, text))


async def _draw(name: str, workspace: Path) -> None:
    show, size = PICTURES[name]
    settings = Settings(theme="dark")
    session = Session(settings, [RootSettings(path=workspace)], fixed_clock(MOMENT))
    session.load()
    async with operate(CockpitApp(session), size) as me:
        await show(me)
        me.app.clear_notifications()
        await me.pilot.pause(0.1)
        picture = me.app.export_screenshot(title="cockpit", simplify=True)
    text = _small(picture).replace(str(workspace), "/srv/demo")
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.svg").write_text("\n".join(line.rstrip() for line in text.splitlines()) + "\n", encoding="utf-8")
    sys.stdout.write(f"docs/pictures/{name}.svg\n")


def main() -> None:
    """Draw every picture, in a home of its own."""
    with tempfile.TemporaryDirectory(prefix="cockpit-pictures-") as folder:
        for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "HOME"):
            os.environ[name] = str(Path(folder) / name.lower())
        for name in [key for key in os.environ if key.startswith("COCKPIT_")]:
            del os.environ[name]
        os.environ["TEXTUAL_ANIMATIONS"] = "none"
        workspace = make_workspace(Path(folder) / "demo", MOMENT, incident=True)
        for name in PICTURES:
            asyncio.run(_draw(name, workspace))


if __name__ == "__main__":
    main()
