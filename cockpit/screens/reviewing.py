"""Reports of an incident from the keyboard: made, looked through, written, on record; and the metrics."""

import asyncio
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from cockpit.errors import CockpitError
from cockpit.presenters import words
from cockpit.screens.reading import ReadingScreen

if TYPE_CHECKING:
    from cockpit.incident_index import IncidentIndex
    from cockpit.models.metrics import Metrics
    from cockpit.session import Session

TITLES = {"postmortem": "Post-mortem", "bundle": "Escalation bundle"}


class Reviewing:
    """The keys `M`, `E` and `H`; their headless twins are `cockpit postmortem`, `bundle` and `handoff`."""

    def __init__(self, screen: Screen[Any], session: "Session", index: "IncidentIndex") -> None:
        self._screen = screen
        self._session = session
        self._index = index

    def review(self, kind: str, incident: str) -> None:
        """Make a report of an incident, show it, and write it once that is confirmed."""
        self._screen.run_worker(self._review(kind, incident), group="dialog", exit_on_error=False)

    async def _review(self, kind: str, incident: str) -> None:
        from cockpit import reporting
        from cockpit.presenters.review import review_rows
        from cockpit.screens.review import ReviewScreen

        screen, title = self._screen, TITLES[kind]
        try:
            report = await asyncio.to_thread(reporting.make_report, self._session, self._index, incident, kind)
            rows = review_rows(report.text, report.missing, report.redactions, report.files)
            name = words.text(f"{title} of {incident}: {report.path.name}").text
            refused = self._session.refusal(report.root)
            if not await screen.app.push_screen_wait(ReviewScreen(name, rows, refused=refused)):
                return
            await asyncio.to_thread(reporting.keep_report, self._session, self._index, report)
        except CockpitError as error:
            screen.notify(words.text(error).text, title=f"{title}: not written", severity="error", markup=False)
        else:
            screen.notify(words.text(report.path).text, title=f"{title} is written", markup=False, timeout=10)

    def handoff(self) -> None:
        """The hand-off of the shift: shown, and written once that is confirmed."""
        self._screen.run_worker(self._handoff(), group="dialog", exit_on_error=False)

    async def _handoff(self) -> None:
        from cockpit.presenters.review import review_rows
        from cockpit.screens.review import ReviewScreen
        from cockpit.shift_report import keep_handoff, make_handoff

        screen, session = self._screen, self._session
        try:
            made = await asyncio.to_thread(make_handoff, session, session.board.snapshot.runs)
            name = words.text(f"Shift hand-off: {made.path.name}").text
            rows, refused = review_rows(made.text, (), 0), session.refusal(made.root)
            if not await screen.app.push_screen_wait(ReviewScreen(name, rows, refused=refused)):
                return
            await asyncio.to_thread(keep_handoff, session, made)
        except CockpitError as error:
            screen.notify(words.text(error).text, title="Hand-off: not written", severity="error", markup=False)
        else:
            screen.notify(words.text(made.path).text, title="Hand-off is written", markup=False, timeout=10)

    def metrics(self) -> None:
        """What all incidents cost."""
        self._screen.run_worker(self._metrics(), group="dialog", exit_on_error=False)

    async def _metrics(self) -> None:
        from cockpit.presenters.review import metric_rows

        found = await asyncio.to_thread(self._measure)
        unicode = self._session.settings.glyphs == "unicode"
        await self._screen.app.push_screen(ReadingScreen("Incident metrics", metric_rows(found, unicode=unicode)))

    def _measure(self) -> "Metrics":
        """In a thread."""
        from cockpit.incidents.metrics import metrics

        session = self._session
        now = session.now()
        return metrics(
            [incident for _, incident in self._index.everything()],
            now,
            policy=session.settings.incidents.policy(),
            runs=[run.at(now) for run in session.board.snapshot.runs],
        )
