"""A run of very many receipts: a change of one reads one, and the pane makes the rows it shows."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cockpit.presenters.receipts import receipt_rows, step_key
from cockpit.presenters.times import TimeStyle
from cockpit.sources.flow_studio import FlowStudioSource
from tests.app import scenes
from tests.builders import FlowStudioRun
from tests.widgets.harness import Bench
from widgets.receipt_list import ReceiptList
from widgets.rows import Level, hunt

MANY = 1_000
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)

_opened: list[str] | None = None


def _listen(event: str, arguments: tuple[Any, ...]) -> None:
    if _opened is not None and event == "open" and isinstance(arguments[0], str):
        _opened.append(arguments[0])


sys.addaudithook(_listen)


@contextmanager
def opens(below: Path) -> Iterator[list[str]]:
    """The files below a directory that are opened meanwhile, by whatever means."""
    global _opened  # noqa: PLW0603 - an audit hook cannot be taken away again
    _opened = []
    found: list[str] = []
    try:
        yield found
    finally:
        found += [path for path in _opened if path.startswith(f"{below}/")]
        _opened = None


@pytest.fixture
def run(tmp_path: Path) -> FlowStudioRun:
    run = FlowStudioRun(scenes.runs_of(tmp_path))
    run.meta("running")
    for number in range(MANY):
        run.receipt("build", f"step_{number:04d}", "coder", at=number)
    return run


def test_one_changed_receipt_of_a_thousand_is_one_file_read(run: FlowStudioRun, tmp_path: Path) -> None:
    source = FlowStudioSource()
    (ref,) = source.scan(tmp_path)
    with opens(tmp_path) as first:
        detail = source.detail(ref)
    assert len([path for path in first if "/receipts/" in path]) == MANY, "the opens are seen"
    with opens(tmp_path) as none:
        again = source.detail(ref, detail)
    assert none == []
    changed = run.receipt("build", "step_0500", "coder", status="failed", error="boom", at=2_000)
    with opens(tmp_path) as one:
        after = source.detail(ref, again)
    assert one == [str(changed)]
    assert next(each for each in after.receipts if each.step == "step_0500").error == "boom"
    kept = {each.step: each for each in again.receipts}
    assert sum(kept[each.step] is each for each in after.receipts) == MANY - 1, "the others are not even made anew"


async def test_the_pane_makes_the_rows_it_shows(
    run: FlowStudioRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.receipt("build", "step_0700", "coder", status="failed", error="boom", at=700)
    source = FlowStudioSource()
    (ref,) = source.scan(tmp_path)
    detail = source.detail(ref)
    rows = receipt_rows(detail, NOW, TimeStyle.UTC)
    made: list[int] = []
    make = rows._to_row

    def counted(index: int, item: Any) -> Any:
        made.append(index)
        return make(index, item)

    monkeypatch.setattr(rows, "_to_row", counted)
    place = next(index for index, fact in enumerate(detail.steps) if fact.step == "step_0700")
    app = Bench(lambda: ReceiptList(title="Receipts"))
    async with app.run_test(size=(80, 20)) as pilot:
        pane = app.query_one(ReceiptList)
        pane.set_rows(rows)
        await pilot.pause()
        assert pane.hunt(frozenset({Level.ERROR}))
        assert pane.cursor_index == place
        assert pane.move_to(step_key("build", "step_0123"))
        await pilot.pause()
        pane.set_rows(rows)
        await pilot.pause()
        assert pane.cursor_key == step_key("build", "step_0123")
    assert len(set(made)) < 100, "those in view, around three places"
    assert hunt(rows, place, -1, frozenset({Level.ERROR})) is None


def test_the_facts_of_a_run_are_not_written_out_where_they_are_named(run: FlowStudioRun, tmp_path: Path) -> None:
    source = FlowStudioSource()
    (ref,) = source.scan(tmp_path)
    assert repr(source.detail(ref)) == f"RunDetail({ref.key!r})"
