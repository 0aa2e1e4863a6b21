"""`runs --view`: the filter and the order of a view, without a terminal."""

import json
from pathlib import Path

import pytest

from cockpit.cli import main
from cockpit.view_settings import SavedView, SavedViews
from tests.app import scenes


def test_runs_of_a_view(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "work"
    scenes.three(root)
    SavedViews().save("night", SavedView(filter="is:attention,active !alldon", sort="name"))

    def ids(*options: str) -> list[str]:
        assert main(["runs", "--root", str(root), "--json", *options]) == 0
        return [run["id"] for run in json.loads(capsys.readouterr().out)]

    assert ids("--view", "night") == [scenes.FAILED, scenes.RUNNING]
    assert ids("--view", "night", "--filter", "state:succeeded") == [scenes.DONE]
    assert main(["runs", "--root", str(root), "--view", "none"]) == 2
    assert "no view 'none'; there are night" in capsys.readouterr().err
