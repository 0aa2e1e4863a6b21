"""A session takes up another configuration: what holds at once, what waits, and what is never loosened."""

from pathlib import Path

import pytest

from cockpit.clock import fixed_clock
from cockpit.session import Session
from cockpit.settings import Limits, RootSettings, Settings
from tests.builders import START, FlowStudioRun


def session(settings: Settings, *, read_only: bool = False) -> Session:
    return Session(settings, settings.roots, fixed_clock(START), read_only=read_only)


def test_what_changed_is_named_and_in_force() -> None:
    one = session(Settings(theme="dark"))
    assert one.adopt(Settings(theme="light", keys={"run.retry": "F5"})) == ("theme", "keys")
    assert (one.settings.theme, one.settings.keys) == ("light", {"run.retry": "F5"})
    assert one.adopt(Settings(theme="light", keys={"run.retry": "F5"})) == ()


def test_an_option_of_the_command_line_outlives_other_changes() -> None:
    one = session(Settings())
    one.settings = one.settings.model_copy(update={"glyphs": "unicode"})
    one.adopt(Settings(theme="light"))
    assert str(one.settings.glyphs) == "unicode"
    one.adopt(Settings(theme="light", glyphs="unicode"))
    assert one.adopt(Settings(theme="light")) == ("glyphs",)
    assert str(one.settings.glyphs) == "ascii"


@pytest.mark.parametrize("started", [True, False])
def test_read_only_comes_at_once_and_goes_only_where_the_file_alone_said_it(*, started: bool) -> None:
    one = session(Settings(), read_only=started)
    one.adopt(Settings(read_only=True))
    assert one.read_only
    assert one.pinned_read_only
    one.adopt(Settings())
    assert one.read_only is one.pinned_read_only is started


def test_read_only_by_key_stays_what_it_is() -> None:
    one = session(Settings())
    one.read_only = True
    one.adopt(Settings(theme="light"))
    assert one.read_only


def test_a_root_keeps_its_place_and_takes_its_label_and_its_bounds(tmp_path: Path) -> None:
    one = session(Settings(roots=(RootSettings(path=tmp_path, source="flow-studio"),)))
    assert one.refusal(tmp_path) is None
    changed = RootSettings(path=tmp_path, source="custom", label="production", read_only=True)
    other = RootSettings(path=tmp_path / "other")
    assert one.adopt(Settings(roots=(changed, other))) == ("roots",)
    root = one.roots[tmp_path]
    assert (root.source, root.label) == ("flow-studio", "production")
    assert "read-only" in (one.refusal(tmp_path) or "")
    assert list(one.roots) == [tmp_path]


def test_runs_are_judged_by_the_new_limits_and_so_is_the_index(tmp_path: Path) -> None:
    run = FlowStudioRun(tmp_path / "swarm" / "runs", "run-20261121-040000-aaaaaa")
    run.event("step_start", "build", "branch", "repo-operator", at=1)
    run.meta("running", at=1)
    root = tmp_path.resolve()

    def states(one: Session) -> list[str]:
        return [each.state.value for each in one.board.snapshot.runs]

    def later() -> Session:
        from datetime import timedelta

        return Session(Settings(), [RootSettings(path=root)], fixed_clock(START + timedelta(minutes=10)))

    one = later()
    one.load()
    assert states(one) == ["running"]
    one.adopt(Settings(limits=Limits(stuck_after=60)))
    one.board._scanner._begin_anew(one._judged_by())
    one.load()
    assert states(one) == ["stuck"]
    again = later()
    again.board.first_page()
    assert states(again) == [], "a summary of other limits is not shown"
