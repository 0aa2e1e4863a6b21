"""`d`: the run in scope against the last one that went well."""

import asyncio
from typing import TYPE_CHECKING

from cockpit.diagnosis.compare import compare
from cockpit.models.detail import RunDetail
from cockpit.models.run import Run, RunState
from cockpit.presenters import words
from cockpit.presenters.compare import compare_lines
from cockpit.screens.reading import ReadingScreen

if TYPE_CHECKING:
    from cockpit.screens.cockpit import CockpitScreen

_LOOKED_AT = 8
"""Good runs that are read at most to find one that did the same flow."""


class Comparing:
    """Finds the run to compare with, and shows the difference."""

    def __init__(self, screen: "CockpitScreen") -> None:
        self._screen = screen

    def show(self) -> None:
        """Compare the run in scope."""
        self._screen.run_worker(self._show(), group="dialog", exit_on_error=False)

    async def _show(self) -> None:
        screen = self._screen
        run = screen.scope.run
        if run is None:
            return
        detail = screen.scope.detail or await asyncio.to_thread(screen.session.board.detail, run.key)
        if detail is None:
            return
        flow = screen.scope.flow_and_step[0]
        found = await asyncio.to_thread(self._good, run, flow)
        if found is None:
            what = f" of flow {words.text(flow).text}" if flow else ""
            screen.app.notify(f"No run{what} went well so far.", severity="warning", markup=False)
            return
        good, its_detail = found
        rows = compare_lines(run, good, compare(detail, its_detail, flow))
        title = f"{words.text(run.id).text} against the last good run"
        await screen.app.push_screen(ReadingScreen(title, rows))

    def _good(self, run: Run, flow: str | None) -> tuple[Run, RunDetail] | None:
        """The newest run of the same system that succeeded and did the flow. Reads a few runs: not for the loop."""
        candidates = sorted(
            (
                other
                for other in self._screen.snapshot.runs
                if other.key != run.key
                and other.ref.source == run.ref.source
                and other.state is RunState.SUCCEEDED
                and other.updated_at is not None
            ),
            key=lambda other: other.updated_at.timestamp() if other.updated_at else 0.0,
            reverse=True,
        )
        for other in candidates[:_LOOKED_AT]:
            detail = self._screen.session.board.detail(other.key)
            if detail is not None and (flow is None or any(fact.flow == flow for fact in detail.steps)):
                return other, detail
        return None
