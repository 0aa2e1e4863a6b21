"""Fixtures shared by all tests: nothing of the developer's machine leaks in, and real data is found where it exists."""

import gc
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cockpit.clock import Clock, fixed_clock

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("COCKPIT_TEST_SHARED") or REPOSITORY.parent / "shared")
"""Where the recorded data of the real systems is, if anywhere."""
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
"""The frozen moment tests judge from; later than everything in the recorded data."""


@pytest.fixture(autouse=True)
def _isolated_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Configuration, state and cache of the person running the tests are never read or written."""
    home = tmp_path_factory.mktemp("home")
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(home / name.lower()))
    monkeypatch.setenv("HOME", str(home))
    for name in [key for key in os.environ if key.startswith("COCKPIT_")] + ["NO_COLOR", "TMUX", "SSH_CONNECTION"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    """A program keeps what it loads out of collections until it ends; this process runs thousands of them."""
    yield
    gc.unfreeze()
    gc.enable()


@pytest.fixture
def clock() -> Clock:
    """A clock that stands at `NOW`."""
    return fixed_clock(NOW)


@pytest.fixture(scope="session")
def real_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recorded data of the real systems, unpacked; tests that ask for it are skipped where it is missing.

    Treat it as read-only: copy what a test changes.
    """
    unpack = SHARED / "real" / "unpack"
    if not unpack.exists():
        pytest.skip("recorded data of the real systems is not here")
    target = tmp_path_factory.mktemp("real")
    subprocess.run([str(unpack), str(target)], check=True, capture_output=True)
    return target
