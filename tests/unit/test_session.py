"""A session: which run is meant, what may be written, and one record for roots that share their state."""

from pathlib import Path

import pytest

from cockpit.clock import Clock
from cockpit.errors import CockpitError, RootError, UsageError
from cockpit.models.run import RunState
from cockpit.session import Session
from cockpit.settings import Limits, RootSettings, Settings
from tests.builders import FlowStudioRun


def session(clock: Clock, *roots: Path | RootSettings, settings: Settings | None = None, **more: object) -> Session:
    given = [root if isinstance(root, RootSettings) else RootSettings(path=root) for root in roots]
    return Session(settings or Settings(), given, clock, **more)  # type: ignore[arg-type]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    runs = tmp_path / "runs"
    FlowStudioRun(runs, "run-a").meta("failed", error="boom", at=6)
    FlowStudioRun(runs, "run-b").meta("running", at=6)
    FlowStudioRun(runs / "examples", "run-a").meta("failed", error="boom", at=6)
    return runs


def test_a_run_is_found_by_id_path_or_key(root: Path, clock: Clock) -> None:
    one = session(clock, root)
    assert one.find("run-b").id == "run-b"
    assert one.find("examples/run-a").ref.path == "examples/run-a"
    key = one.find("run-b").key
    assert one.find(key).key == key
    for wrong in ("", ".", "run-", "run-a/", "nothing"):
        with pytest.raises(UsageError):
            one.find(wrong)
    one.close()


def test_namesakes_are_listed_by_names_that_work(root: Path, clock: Clock) -> None:
    one = session(clock, root)
    with pytest.raises(UsageError, match="2 runs are called 'run-a'") as caught:
        one.find("run-a")
    names = [line.strip() for line in str(caught.value).splitlines()[1:]]
    assert {one.find(name).ref.path for name in names} == {"run-a", "examples/run-a"}


def test_a_name_that_is_not_utf_8_is_found_as_it_is_typed(root: Path, clock: Clock) -> None:
    name = b"run-\xff\xfe".decode("utf-8", "surrogateescape")
    FlowStudioRun(root, name).meta("failed", error="x", at=6)
    one = session(clock, root)
    found = one.find(name)
    assert found.id == "run-\\xff\\xfe"
    assert one.find(found.id) == found
    assert one.detail(found).record.error == "x"


def test_what_is_typed_is_shown_clean(root: Path, clock: Clock) -> None:
    with pytest.raises(UsageError) as caught:
        session(clock, root).find("\x1b]52;c;x\x07\x1b[31mnothing")
    assert "\x1b" not in str(caught.value)


def test_a_root_that_is_gone(root: Path, clock: Clock, tmp_path: Path) -> None:
    with pytest.raises(RootError, match="missing"):
        session(clock, tmp_path / "missing").load()
    assert len(session(clock, tmp_path / "missing", root).load().runs) == 3


def test_a_run_that_vanished(root: Path, clock: Clock) -> None:
    one = session(clock, root)
    run = one.find("run-b")
    for path in sorted((root / "run-b").rglob("*"), reverse=True):
        path.unlink()
    (root / "run-b").rmdir()
    with pytest.raises(CockpitError, match="vanished"):
        one.detail(run)


def test_how_long_silence_may_last_is_configured(root: Path, clock: Clock) -> None:
    patient = Settings(limits=Limits(stuck_after=10_000_000))
    states = {
        settings.limits.stuck_after: session(clock, root, settings=settings).find("run-b").state
        for settings in (Settings(), patient)
    }
    assert states == {900.0: RunState.STUCK, 10_000_000.0: RunState.RUNNING}


def test_an_unknown_source_is_told(root: Path, clock: Clock) -> None:
    with pytest.raises(UsageError, match="no source 'nope'"):
        session(clock, root, source="nope").sources_for(root)


@pytest.mark.parametrize("way", ["line", "settings", "root", "key"])
def test_read_only_refuses_and_records_the_refusal(root: Path, clock: Clock, way: str) -> None:
    one = session(
        clock, RootSettings(path=root, read_only=way == "root"),
        settings=Settings(read_only=way == "settings"), read_only=way == "line",
    )  # fmt: skip
    if way == "key":
        one.read_only = True
    run = one.find("run-b")
    with pytest.raises(UsageError, match="cannot tick: read-only"):
        one.require_writable("tick", root, run)
    ledger = one.ledger(root)
    ledger.refresh()
    (entry,) = ledger.timeline(run)
    assert (entry.kind, entry.data["action"], entry.data["run"]) == ("action.refused", "tick", "run-b")
    assert one.plan("archive", run, None, None).refused == one.refusal(root)
    one.read_only = False
    if way in ("key", "line", "settings"):
        one.require_writable("tick", root, run)
        assert one.plan("archive", run, None, None).refused is None
    else:
        assert one.refusal(root) is not None


def test_a_refusal_that_cannot_be_recorded_is_still_one(root: Path, clock: Clock, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the directory should be")
    one = session(clock, root, state_dir=tmp_path / "state", read_only=True)
    with pytest.raises(UsageError, match="read-only"):
        one.require_writable("tick", root)


def test_roots_that_share_their_state_share_their_record(root: Path, clock: Clock, tmp_path: Path) -> None:
    other = tmp_path / "other"
    FlowStudioRun(other, "run-c").meta("running", at=6)
    apart, shared = session(clock, root, other), session(clock, root, other, state_dir=tmp_path / "state")
    assert len(apart.ledgers()) == len(apart.journal_paths()) == 2
    assert len(shared.ledgers()) == len(shared.journal_paths()) == 1
    assert shared.ledger(root) is shared.ledger(other)


def test_making_a_session_touches_nothing(root: Path, clock: Clock, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    session(clock, root, state_dir=tmp_path / "state").close()
    assert sorted(tmp_path.rglob("*")) == before
