"""Sources: found with and without installed metadata, and a broken one harms nobody."""

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from cockpit.sources import registry
from cockpit.sources.base import Source
from tests.builders import FlowStudioRun


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    registry.load.cache_clear()
    yield
    registry.load.cache_clear()


def points(*found: EntryPoint) -> object:
    return lambda **_: list(found)


def test_built_in_sources_work_without_metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.entry_points", points())
    source = registry.source_by_id("flow-studio")
    assert isinstance(source, Source)
    assert source.title == "Flow Studio"
    assert registry.source_by_id("nope") is None


def test_the_installed_table_and_the_built_in_one_agree() -> None:
    loaded = registry.load()
    assert [source.id for source in loaded.sources][: len(registry.BUILT_IN)] == list(registry.BUILT_IN)
    assert loaded.problems == ()


@pytest.mark.parametrize(
    "target", ["no.such.module:Thing", "json:NoSuchName", "json:loads", "cockpit.errors:CockpitError", "builtins:int"]
)
def test_a_broken_source_is_a_problem_and_the_others_work(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = EntryPoint("broken", target, registry.GROUP)
    monkeypatch.setattr("importlib.metadata.entry_points", points(broken))
    loaded = registry.load()
    assert registry.source_by_id("flow-studio") is not None
    (problem,) = loaded.problems
    assert problem.path == target
    assert "broken" in problem.reason


def test_a_second_source_of_the_same_id_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    again = EntryPoint("again", registry.BUILT_IN["flow-studio"], registry.GROUP)
    monkeypatch.setattr("importlib.metadata.entry_points", points(again))
    loaded = registry.load()
    assert [source.id for source in loaded.sources].count("flow-studio") == 1
    assert "taken" in loaded.problems[0].reason


def test_detect_names_the_sources_of_a_root(tmp_path: Path) -> None:
    assert registry.detect(tmp_path) == []
    assert registry.detect(tmp_path / "gone") == []
    FlowStudioRun(tmp_path / "runs").meta()
    assert [source.id for source in registry.detect(tmp_path)] == ["flow-studio"]


def test_importing_the_source_does_not_import_yaml() -> None:
    code = "import sys, cockpit.sources.flow_studio, cockpit.diagnosis.verdict; print('yaml' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
