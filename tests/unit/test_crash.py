"""What is left of a crash."""

import stat
from pathlib import Path

import pytest

from cockpit import locations
from cockpit.clock import Clock
from cockpit.crash import KEPT, CrashError, crashed, save_traceback
from cockpit.errors import ExitCode
from cockpit.session import Session
from cockpit.settings import RootSettings, Settings

KEY = "sk-ant-api03-abcdefghijklmnop0123"


def broken(message: str = f"no luck with {KEY}") -> RuntimeError:
    """An error as it was caught."""
    value = "a value that is nobody's business"

    def fail(_value: str) -> None:
        raise RuntimeError(message)

    try:
        fail(value)
    except RuntimeError as error:
        return error
    raise AssertionError


def test_the_traceback_is_private_and_holds_no_secret() -> None:
    path = save_traceback(broken())
    assert path is not None
    assert path.parent == locations.user_state_dir() / "tracebacks"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    told = path.read_text()
    assert "RuntimeError: no luck with" in told
    assert KEY not in told
    assert "nobody's business" not in told
    assert Path(__file__).name in told


def test_what_was_readable_by_all_is_not_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    first = save_traceback(broken())
    assert first is not None
    first.chmod(0o666)
    for path in first.parent.iterdir():
        path.rename(first)
    second = save_traceback(broken())
    assert second is not None
    assert stat.S_IMODE(second.stat().st_mode) == 0o600


def test_only_the_newest_are_kept() -> None:
    directory = locations.user_state_dir() / "tracebacks"
    directory.mkdir(parents=True)
    for number in range(KEPT + 5):
        (directory / f"20200101T0000{number:02}-1.txt").write_text("old")
    path = save_traceback(broken())
    assert path is not None
    assert path.exists()
    left = sorted(each.name for each in directory.iterdir())
    assert len(left) == KEPT
    assert left[0] == "20200101T000006-1.txt"


def test_a_directory_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    locations.user_state_dir().parent.mkdir(parents=True, exist_ok=True)
    locations.user_state_dir().write_text("in the way")
    assert save_traceback(broken()) is None
    error = crashed(broken())
    assert "could not be saved" in str(error)


def test_it_is_said_with_the_file_and_goes_on_record(tmp_path: Path, clock: Clock) -> None:
    session = Session(Settings(), [RootSettings(path=tmp_path)], clock, state_dir=tmp_path / "state")
    try:
        error = crashed(broken(), session)
        (entry,) = session.ledgers()[0].journal.entries()
    finally:
        session.close()
    assert isinstance(error, CrashError)
    assert error.exit_code is ExitCode.INTERNAL
    assert str(error).startswith("internal error: RuntimeError: no luck with ")
    assert KEY not in str(error)
    assert entry.kind == "session.crashed"
    assert str(entry.data["traceback"]) in str(error)
    assert "test_crash.py" in str(entry.data["where"])


def test_a_record_that_cannot_be_written_hides_no_crash(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "state").write_text("a file where the directory should be")
    session = Session(Settings(), [RootSettings(path=tmp_path)], clock, state_dir=tmp_path / "state")
    try:
        assert "traceback in" in str(crashed(broken(), session))
    finally:
        session.close()
