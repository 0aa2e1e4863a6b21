"""The benchmark suite tells the truth about what it measured. Nothing here is timed."""

import json
import random
from pathlib import Path

import pytest

from tests.benchmarks import __main__ as suite
from tests.benchmarks.generate import LIVE_RUN, LOG_RUN, RECEIPTS_PER_RUN, add_live_run, add_routing_log, generate
from tests.benchmarks.harness import Item, percentile, spread
from tests.benchmarks.plain import files, read, stat
from tests.conftest import NOW


def test_a_ratio_is_judged_as_a_ratio_and_a_value_as_a_value() -> None:
    slow = Item("a", 2.0, "s", 1.0, 1.5, "ratio", [2.0, 2.0]).document()
    assert (slow["ratio"], slow["met"]) == (2.0, False)
    assert Item("a", 1.4, "s", 1.0, 1.5, "ratio").document()["met"] is True
    assert Item("a", 90.0, "ms", 1.0, 100.0, "value").document()["met"] is True
    assert Item("a", 0.0, "B", 0.0, 0.0).document()["met"] is True
    assert Item("a", 1.0, "B", 0.0, 0.0).document()["met"] is False
    assert Item("a", 1.0, "B").document()["met"] is None


def test_percentiles_are_samples() -> None:
    samples = [float(number) for number in range(1, 101)]
    random.Random(1).shuffle(samples)  # noqa: S311
    assert (percentile(samples, 99), percentile(samples, 50), percentile([7.0], 99)) == (99.0, 50.0, 7.0)
    assert spread([3.0, 1.0, 2.0]) == {"count": 3, "min": 1.0, "median": 2.0, "p99": 3.0, "max": 3.0}


def test_the_generated_tree_is_what_it_says(tmp_path: Path) -> None:
    data = generate(tmp_path / "tree", 6, NOW)
    found = list(files(str(data.runs)))
    assert len(found) == data.files
    assert sum(entry.stat().st_size for entry in found) == data.size
    assert len(list(data.runs.glob("run-*/build/receipts/*.json"))) == data.receipts == 6 * RECEIPTS_PER_RUN
    assert read(str(data.runs)) > stat(str(data.runs)) == data.files
    assert {path.parent.name for path in data.runs.glob("*/run_state.json")} == {
        path.parent.parent.name for path in data.runs.glob("*/build/handoff")
    }


def test_the_routing_log_has_its_lines(tmp_path: Path) -> None:
    log = add_routing_log(tmp_path, 1_000, NOW)
    lines = log.read_text().splitlines()
    assert len(lines) == 1_000
    assert json.loads(lines[-1])["reason"].startswith("line 0000999")
    assert json.loads(lines[0])["run_id"] == LOG_RUN
    assert (add_live_run(tmp_path, NOW) / "events.jsonl").read_text().count("step_start") == 1
    assert (tmp_path / LIVE_RUN / "meta.json").is_file()


def test_a_broken_item_is_told_and_does_not_hide_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(bench: object) -> object:
        yield Item("broken.first", 1.0, "ms")
        raise RuntimeError("no such thing")

    monkeypatch.setitem(suite.ITEMS, "idle", broken)
    document = suite.measure(tmp_path, ["idle", "journal"], quick=True, runs=2)
    by_name = {item["name"]: item for item in document["items"]}
    assert by_name["idle"]["error"] == "RuntimeError: no such thing"
    assert by_name["broken.first"]["value"] == 1.0
    assert by_name["journal.fold"]["samples"]["count"] == 1
    assert document["summary"]["errors"] == ["idle"]
    assert "RuntimeError" in capsys.readouterr().err
