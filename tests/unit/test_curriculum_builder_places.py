"""Where runs are found, whose a file is, and what can be done to a run."""

import os
from pathlib import Path

import pytest

from cockpit.sources.base import Source
from cockpit.sources.curriculum_builder import CurriculumBuilderSource, layout
from tests.builders import FlowStudioRun
from tests.unit.curriculum_run import NAME, SOURCE, CurriculumRun


def found(root: Path) -> list[str]:
    return sorted(ref.path for ref in SOURCE.scan(root))


def test_it_is_a_source() -> None:
    assert isinstance(CurriculumBuilderSource(), Source)


@pytest.mark.parametrize(
    "above", ["", "runs", "builder/runs", "a/b/runs", "builder/workflows/runs", "any", "any/other"]
)
def test_runs_are_found_where_the_system_keeps_them(tmp_path: Path, above: str) -> None:
    run = CurriculumRun(tmp_path / above)
    path = f"{above}/{NAME}".lstrip("/")
    assert SOURCE.detect(tmp_path)
    assert found(tmp_path) == [path]
    (ref,) = SOURCE.scan(tmp_path)
    assert (ref.id, ref.source, ref.root) == (NAME, "curriculum-builder", str(tmp_path))
    for rel in ("", "run.json", "outputs/plan/plan.json", "new/file"):
        assert SOURCE.owner(tmp_path, run.path / rel) == ref
    assert SOURCE.owner(tmp_path, run.path.parent) is None
    assert SOURCE.owner(tmp_path, run.root / layout.ARCHIVES / f"{NAME}.tar.gz") == ref
    assert SOURCE.owner(tmp_path, run.root / layout.ARCHIVES / "20260101-000000.tar.gz") is None
    assert SOURCE.owner(tmp_path, Path("/elsewhere/run.json")) is None


def test_a_run_may_be_the_root(tmp_path: Path) -> None:
    run = CurriculumRun(tmp_path)
    (ref,) = SOURCE.scan(run.path)
    assert (ref.path, ref.id) == (".", NAME)
    assert SOURCE.owner(run.path, run.path / "run.json") == ref
    assert SOURCE.owner(run.path, run.path / ".cockpit/journal.jsonl") is None
    assert SOURCE.detail(ref).record.claimed == "iterated"


@pytest.mark.parametrize("hidden", [".git/runs", "node_modules/x/runs", "runs/archives", "runs/templates", "a/b/c"])
def test_runs_are_not_looked_for_everywhere(tmp_path: Path, hidden: str) -> None:
    CurriculumRun(tmp_path / hidden)
    assert found(tmp_path) == []
    assert not SOURCE.detect(tmp_path)


def test_directories_of_others_are_left_alone(tmp_path: Path) -> None:
    flow = FlowStudioRun(tmp_path / "runs")
    flow.meta("running")
    flow.raw("run.json", {"title": "x"})
    (tmp_path / "runs" / "20261121-040000-empty").mkdir()
    outside = CurriculumRun(tmp_path / "outside" / "a" / "b")
    (tmp_path / "runs" / NAME).symlink_to(outside.path, target_is_directory=True)
    assert found(tmp_path) == []
    assert SOURCE.owner(tmp_path, flow.path / "run.json") is None
    assert SOURCE.owner(tmp_path, tmp_path / "runs" / NAME / "run.json") is None


def test_a_run_of_another_name_is_told_by_its_files(tmp_path: Path) -> None:
    CurriculumRun(tmp_path, "My Copy")
    assert found(tmp_path) == ["My Copy"]


def test_a_missing_root_is_the_callers_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(SOURCE.scan(tmp_path / "gone"))
    assert not SOURCE.detect(tmp_path / "gone")


def test_detecting_costs_no_look_into_the_runs_of_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(50):
        (tmp_path / "runs" / f"run-20261121-0400{number:02d}-abcdef" / "build").mkdir(parents=True)
    looked: list[str] = []
    scandir = os.scandir

    def counting(path: str) -> object:
        looked.append(path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", counting)
    assert not SOURCE.detect(tmp_path)
    assert len(looked) <= 3


def test_the_fingerprint_changes_with_every_file_and_only_then(tmp_path: Path) -> None:
    run = CurriculumRun(tmp_path)
    first = SOURCE.fingerprint(run.ref)
    assert first == SOURCE.fingerprint(run.ref) == run.detail().fingerprint
    run.touch(layout.CURRICULUM, 9)
    assert SOURCE.fingerprint(run.ref) != first


def test_a_run_is_watched_where_its_files_are_written(tmp_path: Path) -> None:
    run = CurriculumRun(tmp_path)
    assert {str(path.relative_to(run.path)) for path in SOURCE.watch_paths(run.ref)} == {
        ".", "inputs", "logs", "outputs", "outputs/curriculum", "outputs/plan", "outputs/reviews",
    }  # fmt: skip
