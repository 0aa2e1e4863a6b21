"""A root, and the app on it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cockpit.app import CockpitApp
from cockpit.clock import Clock
from cockpit.screens.view import ViewState
from cockpit.session import Session
from cockpit.settings import RootSettings, Settings
from tests.app.operator import HandClock
from tests.app.scenes import runs_of

MakeApp = Callable[..., CockpitApp]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty tree that is one of Flow Studio."""
    runs_of(tmp_path / "work").mkdir(parents=True)
    return tmp_path / "work"


@pytest.fixture
def hand_clock() -> HandClock:
    """A clock to set by hand."""
    return HandClock()


@pytest.fixture
def make_app(root: Path, hand_clock: HandClock) -> MakeApp:
    """Make the app, as the command line does; without roots it is that of `root`."""

    def make(
        *roots: Path,
        clock: Clock = hand_clock,
        settings: Settings | None = None,
        view: ViewState | None = None,
        read_only: bool = False,
        state_dir: Path | None = None,
        first_page: bool = True,
    ) -> CockpitApp:
        settings = settings or Settings(theme="dark")
        chosen = [RootSettings(path=path) for path in roots or (root,)]
        session = Session(settings, chosen, clock, read_only=read_only, state_dir=state_dir)
        if first_page:
            session.board.first_page()
        return CockpitApp(session, view)

    return make
