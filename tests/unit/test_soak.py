"""A live board under hundreds of random changes says at the end what a fresh look says; no clock is asked."""

from pathlib import Path

import pytest

from cockpit.models.run import Run
from cockpit.runtime.table import RunTable
from tests.benchmarks import report, soak


def test_after_a_thousand_changes_board_and_disk_agree(tmp_path: Path) -> None:
    said: list[str] = []
    soaked = soak.soak(tmp_path, runs=12, changes=600, round_=200, say=said.append)
    assert soaked.changes == 600
    assert soaked.snapshots > 0
    assert len(said) == len(soaked.memory) == len(soaked.descriptors) == 3


def test_a_board_that_misses_changes_fails_the_soak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soak, "_PATIENCE_S", 2.0)
    put = RunTable.put

    def deaf(self: RunTable, runs: list[tuple[Run, str]], now: object) -> bool:
        known = [(run, mark) for run, mark in runs if self.ref(run.key) is None]
        return put(self, known, now)  # type: ignore[arg-type]

    monkeypatch.setattr(RunTable, "put", deaf)
    with pytest.raises(soak.DriftError, match="differ from a fresh scan"):
        soak.soak(tmp_path, runs=6, changes=200, round_=100)


@pytest.mark.parametrize(
    ("memory", "descriptors"), [((50.0,) * 5 + (90.0,) * 4, (9,) * 9), ((50.0,) * 9, (9,) * 6 + (30,) * 3)]
)
def test_growth_fails_the_soak(memory: tuple[float, ...], descriptors: tuple[int, ...]) -> None:
    soak._flat(soak.Soaked(1, 1, (50.0,) * 9, (9,) * 9, 1.0))
    with pytest.raises(soak.DriftError, match="grew"):
        soak._flat(soak.Soaked(1, 1, memory, descriptors, 1.0))


def test_the_page_tells_what_misses_and_the_plot_has_every_line() -> None:
    sizes = (100, 1_000, 10_000)
    names = ("cold_s", "second_s", "first_frame_s", "change_cpu_ms", "memory_mb", "cold_ms_per_run", "change_shown_ms")
    points = [{"runs": size, "files": size * 14, **dict.fromkeys(names, size / 100)} for size in sizes]
    slow = {
        "name": "idle.cpu",
        "value": 0.9,
        "unit": "%",
        "met": False,
        "baseline": 0.1,
        "ratio": 9.0,
        "judged": "value",
    }
    slow |= {"note": "of one core", "budget": 0.5, "samples": {"count": 3, "min": 0.8, "max": 1.0, "median": 0.9}}
    grown = [
        slow | {"name": f"growth.{point['runs']}", "budget": None, "met": None, "point": point} for point in points
    ]
    document = {
        "as_of": "2026-11-21T12:00:00Z", "cockpit": "0", "quick": False, "seconds": 1.0,
        "data": {"runs": 1, "receipts": 10, "files": 14, "bytes": 1, "log_lines": 1},
        "host": {"cpus": 2, "cpu": "", "machine": "x", "memory_mb": 1, "system": "L", "python": "3", "load": [0.1]},
        "items": [slow, {"name": "l", "skipped": "lnav is not installed"}, {"name": "b", "error": "E: x | y"}, *grown],
    }  # fmt: skip
    page = report.page(document, "performance.svg")
    assert "`idle.cpu`: 0.9 % instead of 0.5 %. Watching" in page
    assert "| 10,000 | 140,000 |" in page
    assert r"E: x \| y" in page
    assert "lnav is not installed" in report.table(document)
    drawn = report.plot(points)
    assert drawn.count("<polyline") == 5
    assert drawn.startswith("<svg")
    assert drawn.endswith("</svg>\n")
