"""Bad data on disk: nothing raises, nothing blocks, and a Problem names path and reason."""

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.diagnosis.verdict import judge
from cockpit.models.run import RunState
from cockpit.sources.curriculum_builder import layout
from cockpit.sources.jsonfile import MAX_BYTES
from tests.conftest import NOW
from tests.unit.curriculum_run import SOURCE, CurriculumRun

JSON = (
    layout.RUN, layout.SPEC, layout.CURRICULUM, layout.PREVIOUS, layout.TRACE, layout.PLAN, layout.DIFF,
    layout.CONCEPTS, layout.DAG,
)  # fmt: skip
EVERY = (*JSON, layout.REPORT, layout.EVENTS)
NEEDED = (layout.CURRICULUM, layout.REPORT, layout.PLAN, layout.DIFF)
"""Files a run cannot have come to its end without."""
BROKEN = {
    "empty": b"",
    "truncated": b'{"stage": "iter',
    "not utf-8": b"\xff\xfe\x00{",
    "array": b'[{"stage": "iterated"}]',
    "NUL": b"\0" * 512,
    "deep": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "words": b"I am not JSON",
}


@pytest.fixture
def run(tmp_path: Path) -> CurriculumRun:
    return CurriculumRun(tmp_path)


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("rel", JSON)
def test_a_broken_file_is_one_problem_with_its_path(run: CurriculumRun, rel: str, kind: str) -> None:
    run.write(rel, BROKEN[kind], 3)
    detail = run.detail()
    (problem,) = detail.problems
    assert (problem.path, problem.fatal) == (f"{run.name}/{rel}", rel == layout.RUN)
    assert problem.reason
    verdict = judge(detail, NOW)
    assert verdict.problems == 1
    failed = rel in (layout.SPEC, layout.CURRICULUM, layout.PLAN, layout.DIFF)
    expected = RunState.UNREADABLE if rel == layout.RUN else RunState.FAILED if failed else RunState.SUCCEEDED
    assert (verdict.state, verdict.contradicted) == (expected, failed)


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_report_is_no_pass(run: CurriculumRun, kind: str) -> None:
    run.write(layout.REPORT, BROKEN[kind], 3)
    detail = run.detail()
    assert [one.path for one in detail.problems] == [f"{run.name}/{layout.REPORT}"]
    assert "no verdict" in detail.problems[0].reason
    assert [one.status.value for one in detail.receipts if one.step == "validate"] == ["unknown"]


@pytest.mark.parametrize("kind", [kind for kind in BROKEN if kind != "empty"])
def test_a_broken_line_of_the_event_log_is_named(run: CurriculumRun, kind: str) -> None:
    path = run.path / layout.EVENTS
    path.write_bytes(path.read_bytes() + BROKEN[kind] + b"\n")
    detail = run.detail()
    (problem,) = detail.problems
    assert (problem.path, problem.line) == (f"{run.name}/{layout.EVENTS}", 7)
    assert [one.line for one in detail.events] == [1, 2, 3, 4, 5, 6]


def make_fifo(path: Path) -> None:
    os.mkfifo(path)


def make_directory(path: Path) -> None:
    path.mkdir()


def make_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # socket names are short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


def make_loop(path: Path) -> None:
    path.symlink_to(path.name)


def make_way_out(path: Path) -> None:
    path.symlink_to("/etc/hostname")


@pytest.mark.parametrize("make", [make_fifo, make_directory, make_socket, make_loop, make_way_out])
@pytest.mark.parametrize("rel", EVERY)
def test_what_is_no_ordinary_file_is_a_problem_and_never_opened(
    run: CurriculumRun, rel: str, make: Callable[[Path], None]
) -> None:
    path = run.path / rel
    path.unlink(missing_ok=True)
    make(path)
    detail = run.detail()
    if make is make_directory and rel == layout.REPORT:  # a directory is listed, and there is no report then
        assert detail.problems == ()
    else:
        assert [one.path for one in detail.problems] == [f"{run.name}/{rel}"]
    state = judge(detail, NOW).state
    if rel == layout.RUN:
        assert state is RunState.UNREADABLE
    elif rel == layout.SPEC:
        assert state is RunState.FAILED
    else:
        assert state is (RunState.PARTIAL if rel in NEEDED else RunState.SUCCEEDED)


def test_a_link_inside_the_root_is_the_file_it_leads_to(run: CurriculumRun) -> None:
    kept = run.path / "kept.json"
    (run.path / layout.PLAN).rename(kept)
    (run.path / layout.PLAN).symlink_to(kept)  # made now, of a file as old as before
    assert run.judged().state is RunState.SUCCEEDED
    run.touch("kept.json", 1)
    assert (run.judged().state, run.judged().step) == (RunState.PARTIAL, "plan")


def test_a_huge_file_is_not_read(run: CurriculumRun) -> None:
    for rel in (layout.CURRICULUM, layout.REPORT):
        with (run.path / rel).open("r+b") as file:
            file.truncate(MAX_BYTES + 1)
        run.touch(rel, 3)
    reasons = {one.path.rpartition("/")[2]: one.reason for one in run.detail().problems}
    assert set(reasons) == {"curriculum.json", "validation_report.md"}
    assert all("too big" in reason for reason in reasons.values())


def close(monkeypatch: pytest.MonkeyPatch, path: Path, name: str) -> None:
    """Have the system refuse to open or list a path, also to root, who may read everything."""
    real: Callable[..., Any] = getattr(os, name)

    def refusing(asked: str, *args: Any, **kwargs: Any) -> Any:
        if os.fspath(asked) == os.fspath(path):
            raise PermissionError(13, "Permission denied", os.fspath(asked))
        return real(asked, *args, **kwargs)

    monkeypatch.setattr(os, name, refusing)


@pytest.mark.parametrize("rel", [rel for rel in EVERY if rel not in (layout.PREVIOUS, layout.CONCEPTS, layout.DAG)])
def test_an_unreadable_file_is_a_problem(run: CurriculumRun, rel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    close(monkeypatch, run.path / rel, "open")
    (problem,) = run.detail().problems
    assert problem.path == f"{run.name}/{rel}"
    assert "no permission (mode 0644 of another user)" in problem.reason


def test_a_closed_directory_is_a_problem(run: CurriculumRun, monkeypatch: pytest.MonkeyPatch) -> None:
    close(monkeypatch, run.path / "outputs/reviews", "scandir")
    assert [one.path for one in run.detail().problems] == [f"{run.name}/outputs/reviews"]
    assert run.judged().state is RunState.PARTIAL


def test_a_closed_run_is_shown_as_unreadable(run: CurriculumRun, monkeypatch: pytest.MonkeyPatch) -> None:
    close(monkeypatch, run.path, "scandir")
    (ref,) = SOURCE.scan(run.root)
    verdict = judge(SOURCE.detail(ref), NOW)
    assert verdict.state is RunState.UNREADABLE
    assert "no permission to list this directory" in verdict.reasons[0].text


def test_a_run_that_vanishes_is_unreadable_and_nothing_raises(run: CurriculumRun) -> None:
    before = run.detail()
    shutil.rmtree(run.path)
    detail = run.detail(before)
    assert detail.problems[0].reason == "the run's directory is gone"
    assert judge(detail, NOW).state is RunState.UNREADABLE
    assert SOURCE.fingerprint(run.ref) != before.fingerprint
    assert SOURCE.watch_paths(run.ref) == []
    assert SOURCE.owner(run.root, run.path / layout.RUN) == run.ref
    assert SOURCE.actions(run.ref)


def test_a_run_without_a_record_is_a_lost_one(run: CurriculumRun) -> None:
    (run.path / layout.RUN).unlink()
    (ref,) = SOURCE.scan(run.root)
    verdict = judge(SOURCE.detail(ref), NOW)
    assert verdict.state is RunState.UNREADABLE
    assert "the system does not take this directory for a run" in verdict.reasons[0].text


def test_a_record_caught_empty_stays_as_it_was(run: CurriculumRun) -> None:
    """The system empties the file before it writes it: 471 times in 30 runs a reader saw that (formats 4)."""
    first = run.detail()
    run.write(layout.RUN, b"", 8)
    second = run.detail(first)
    assert second.record.claimed == "iterated"
    assert [(one.fatal, "shown as last read" in one.reason) for one in second.problems] == [(False, True)]
    run.record("planned")
    third = run.detail(second)
    assert (third.record.claimed, third.problems) == ("planned", ())


def test_only_what_changed_is_read_again(run: CurriculumRun) -> None:
    first = run.detail()
    run.record("planned")
    second = run.detail(first)
    assert second.cache[layout.SPEC] is first.cache[layout.SPEC]
    assert second.cache[layout.EVENTS][1] is first.cache[layout.EVENTS][1]
    assert second.cache[layout.RUN] is not first.cache[layout.RUN]


WRONG: list[Any] = [None, True, 12, -1.5, "x", "x" * 100_000, [], [[]], {}, {"a": {}}, [None], 10**400, float("nan")]
anything = st.recursive(st.sampled_from(WRONG), lambda inner: st.lists(inner, max_size=3), max_leaves=5)


@pytest.mark.parametrize("rel", JSON)
@given(data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_every_field_may_hold_anything(run: CurriculumRun, rel: str, data: st.DataObject) -> None:
    keys = st.sampled_from(
        ["run_id", "created_at_utc", "stage", "history", "goal", "audience", "constraints", "context_pack", "scope_in",
         "domain_mode", "nodes", "iterations", "stop_reason", "best_score", "duration_weeks", "added_nodes", "extra"]
    )  # fmt: skip
    run.write(rel, data.draw(st.dictionaries(keys, anything, max_size=6)), 3)
    detail = run.detail()
    judge(detail, NOW)
    assert all(event.path for event in detail.events)
    assert all(entry.reason is not None for entry in detail.routing)


def test_names_that_are_not_utf8_are_carried_and_found_again(tmp_path: Path) -> None:
    run = CurriculumRun(tmp_path)
    odd = os.fsencode(run.path) + b"/outputs/\xff\x1b[2J"
    with open(odd, "wb"):  # noqa: PTH123 - Path cannot hold these bytes
        pass
    paths = [one.path for one in run.detail().artifacts]
    assert f"{run.name}/outputs/\\xff\x1b[2J" in paths
