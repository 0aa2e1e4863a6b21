"""Reports from the keyboard: made, looked through, written or sent, on record; and the metrics."""

import asyncio
from typing import TYPE_CHECKING, Any, Literal

from textual.screen import Screen

from cockpit.errors import CockpitError
from cockpit.presenters import words
from cockpit.screens.reading import ReadingScreen

if TYPE_CHECKING:
    from cockpit.actions.delivery import Delivery
    from cockpit.incident_index import IncidentIndex
    from cockpit.models.metrics import Metrics
    from cockpit.reports.notices import Notice
    from cockpit.session import Session

TITLES = {"postmortem": "Post-mortem", "bundle": "Escalation bundle"}


class Reviewing:
    """The keys `M`, `E` and `H`, and what is sent; headless: `postmortem`, `bundle`, `handoff`, `notify`."""

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
            rows, refused = review_rows(made.text, (), None), session.refusal(made.root)
            if not await screen.app.push_screen_wait(ReviewScreen(name, rows, refused=refused)):
                return
            await asyncio.to_thread(keep_handoff, session, made)
        except CockpitError as error:
            screen.notify(words.text(error).text, title="Hand-off: not written", severity="error", markup=False)
        else:
            screen.notify(words.text(made.path).text, title="Hand-off is written", markup=False, timeout=10)

    async def notify(self, name: str) -> None:
        """A notification about an incident: chosen, looked through, and sent where a channel is configured."""
        from cockpit.notifying import outcome
        from cockpit.presenters.review import review_rows
        from cockpit.reporting import templates_dir
        from cockpit.reports.notices import notice_ids
        from cockpit.screens import asking
        from cockpit.screens.review import ReviewScreen
        from widgets.rows import MenuItem

        app, channels = self._screen.app, sorted(self._session.settings.notify)
        ids = await asyncio.to_thread(notice_ids, templates_dir())
        template = await asking.menu(app, f"Notify about {name}", [MenuItem(each, each) for each in ids])
        if template is None:
            return
        ways = [MenuItem(each, f"send it through {words.text(each).text}") for each in channels]
        way = await asking.menu(app, f"Notification {template}", [*ways, MenuItem("", "only look at it")])
        if way is None:
            return
        notice = await asyncio.to_thread(self._compose, name, template, way)
        # Without the line on what is missing: a notification says itself what is not known.
        rows = review_rows(notice.text, (), notice.redactions)[1:]
        if not way:
            await app.push_screen(ReadingScreen(notice.subject, rows))
        elif await app.push_screen_wait(ReviewScreen(notice.subject, rows, yes=f"send it through {way}")):
            sent = await asyncio.to_thread(self._send, name, notice, way)
            level: Literal["information", "error"] = "information" if sent.delivered else "error"
            told = words.text(outcome(sent)).text
            heading = f"{'Sent' if sent.delivered else 'NOT sent'} through {way}"
            self._screen.notify(told, title=heading, severity=level, markup=False, timeout=10)

    def _compose(self, name: str, template: str, way: str) -> "Notice":
        """In a thread; refused where the channel may not carry it."""
        from cockpit.notifying import channel_for
        from cockpit.reporting import templates_dir
        from cockpit.reports.notices import compose

        desk, one = self._index.find(name)
        if way:
            channel_for(self._session, one, template, way)
        clocks, rows = desk.clocks(one), desk.timeline(one)
        return compose(one, template, clocks=clocks, timeline=rows, own=templates_dir())

    def _send(self, name: str, notice: "Notice", way: str) -> "Delivery":
        """In a thread."""
        from cockpit.notifying import channel_for, send

        desk, one = self._index.find(name)
        root = next(root for root in self._session.roots if self._session.ledger(root) is desk.ledger)
        self._session.require_writable("send a notification", root, incident=one.id)
        return send(desk, one, notice, way, channel_for(self._session, one, notice.template, way))

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
