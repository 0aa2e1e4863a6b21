"""Where runs of several systems are shown together, each says which system it is of; else nothing does."""

from datetime import UTC, datetime

from cockpit.models.run import RunState
from cockpit.models.snapshot import RootStatus, Snapshot
from cockpit.presenters.detail import run_lines
from cockpit.presenters.header import HeaderFacts, header_line
from cockpit.presenters.runs import RunsView, run_row
from tests.samples import NOW, cells, make_run
from widgets.run_list import RunList

AT = datetime(2026, 11, 21, tzinfo=UTC)
ONE = Snapshot(1, AT, roots=(RootStatus("/srv/a", ("flow-studio",)), RootStatus("/srv/b", ("flow-studio",))))
TWO = Snapshot(1, AT, roots=(RootStatus("/srv/a", ("flow-studio",)), RootStatus("/srv/b", ("ai-csuite",))))
RUN = make_run(state=RunState.FAILED, flow="build", step="implement")


def test_several_systems_are_known_by_the_roots() -> None:
    assert (ONE.several_systems, TWO.several_systems) == (False, True)
    assert Snapshot(1, AT, roots=(RootStatus("/srv/a", ("flow-studio", "ai-csuite")),)).several_systems


def test_the_header_names_the_system_of_the_run_before_its_place() -> None:
    def said(snapshot: Snapshot) -> list[str]:
        return [cell.text for cell in header_line(snapshot, HeaderFacts(now=NOW, run=RUN))[0].left]

    assert "flow-studio" not in said(ONE)
    assert said(TWO)[1:3] == ["flow-studio", "build › implement"]


def test_a_row_and_the_detail_name_it() -> None:
    assert run_row(RUN, RunsView(now=NOW)).system.text == ""
    assert run_row(RUN, RunsView(now=NOW, systems=True)).system.text == "flow-studio"
    texts = {cell.text for cell in cells(run_lines(RUN, None, NOW, system=True))}
    assert "flow-studio" in texts
    assert "flow-studio" not in {cell.text for cell in cells(run_lines(RUN, None, NOW))}


def test_the_list_has_the_column_only_then() -> None:
    pane = RunList()
    assert RunList.SYSTEM not in pane.columns
    pane.show_system(True)
    assert [column.field for column in pane.columns[2:4]] == ["name", "system"]
    pane.show_system(False)
    assert pane.columns == RunList.COLUMNS
