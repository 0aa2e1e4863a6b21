"""A few whole screens as pictures. After a wanted change: `make test ARGS="tests/app --snapshot-update"`."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.app import scenes
from tests.app.conftest import MakeApp
from tests.app.operator import Operator

SnapCompare = Callable[..., bool]


def after(*keys: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Wait until everything is read, then press keys, and wait again."""

    async def prepare(pilot: Pilot[None]) -> None:
        app: Any = pilot.app
        me = Operator(app, pilot, [])
        await me.quiet()
        await me.until(lambda: me.scope.findings is not None)
        for key in keys:
            await me.press(key)
        await me.quiet()

    return prepare


@pytest.fixture
def app(make_app: MakeApp, root: Path) -> Any:
    """The cockpit over a failed, a running and a good run."""
    scenes.three(root)
    scenes.makefile(root)
    return make_app()


def test_three_columns(app: Any, snap_compare: SnapCompare) -> None:
    assert snap_compare(app, terminal_size=(160, 45), run_before=after())


def test_one_column_with_the_detail_open(app: Any, snap_compare: SnapCompare) -> None:
    assert snap_compare(app, terminal_size=(80, 24), run_before=after("0"))


def test_help(app: Any, snap_compare: SnapCompare) -> None:
    assert snap_compare(app, terminal_size=(80, 24), run_before=after("question_mark"))
