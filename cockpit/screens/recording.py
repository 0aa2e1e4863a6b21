"""What the operator writes down: ticks, skips, notes, comments. Journal first, then the screen."""

import asyncio
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.clock import iso
from cockpit.errors import CockpitError, UsageError
from cockpit.ledger import Ledger
from cockpit.models.journal import Entry
from cockpit.models.playbook import Checklist
from cockpit.models.run import Run
from cockpit.presenters import words
from cockpit.screens import asking
from cockpit.screens.item_menu import say_told
from widgets.rows import MenuItem, TextRow

if TYPE_CHECKING:
    from cockpit.models.playbook import Playbook
    from cockpit.screens.cockpit import CockpitScreen

_PAGE = 86
"""Cells of a line of a page in a dialog, at most."""
_FRAME = 6
"""Cells that the dialog's frame and scroll bar take."""
_BACKDATED = re.compile(r"@(\d{1,2}):(\d{2})(?::(\d{2}))?\s+(.*)", re.DOTALL)


class Recording:
    """The record of the run in scope, read and written."""

    def __init__(self, screen: "CockpitScreen") -> None:
        self._screen = screen
        self._seen: dict[int, int] = {}
        self._news: list[Entry] = []

    # -- reading

    def ledger(self, run: Run) -> Ledger:
        """The record a run belongs to."""
        return self._screen.session.ledger(self._screen.session.root_of(run.ref))

    def checklist(self, run: Run) -> Checklist:
        """Its checklist."""
        return self.ledger(run).checklist(run.id)

    def timeline(self, run: Run) -> tuple[Entry, ...]:
        """What was done about it."""
        return self.ledger(run).timeline(run)

    def all_entries(self) -> tuple[Entry, ...]:
        """Everything recorded under all roots, oldest first."""
        found = [entry for ledger in self._screen.session.ledgers() for entry in ledger.entries]
        return tuple(sorted(found, key=lambda entry: (entry.at, entry.seq)))

    async def refresh(self, *, settle: bool) -> list[Entry]:
        """Read on in every journal; returns what is new since the last time.

        Args:
            settle: Whether to look for jobs whose end nobody recorded, too.
        """
        if settle:
            await asyncio.to_thread(self._screen.session.settle)
        for ledger in self._screen.session.ledgers():
            await asyncio.to_thread(ledger.refresh)
            entries = ledger.entries
            known = self._seen.get(id(ledger), 0)
            # Kept until the end: a look that is cut short by the next one loses nothing.
            self._news.extend(entries[known:] if known <= len(entries) else entries)
            self._seen[id(ledger)] = len(entries)
        news, self._news = self._news, []
        return news

    # -- writing

    def open_playbook(self) -> None:
        """Start a playbook's checklist for the run in scope."""
        self._screen.run_worker(self._open_playbook(), group="dialog", exit_on_error=False)

    async def _open_playbook(self) -> None:
        screen = self._screen
        run = screen.scope.run
        if run is None:
            return
        library, started = screen.session.library, self.checklist(run).playbooks
        offer = library.suggest(run, screen.scope.findings or ())
        books = sorted(
            (book for book in library.playbooks if book is offer or book.fits(run.ref.source)),
            key=lambda book: (book is not offer, not book.systems, book.id),
        )
        items = [
            MenuItem(
                book.id,
                words.text(book.title).text,
                group="Fits this run" if book is offer else "This system" if book.systems else "Any system",
                disabled="started already" if book.id in started else None,
            )
            for book in books
        ]
        choice = await asking.search(screen.app, f"Playbook for {words.text(run.id).text}", items)
        if choice is not None:
            self.start(run, choice)

    def read_playbook(self) -> None:
        """Show a playbook as a page: that of the checklist, at the item under the cursor, else the one that fits."""
        self._screen.run_worker(self._read_playbook(), group="dialog", exit_on_error=False)

    async def _read_playbook(self) -> None:
        screen = self._screen
        run = screen.scope.run
        if run is None:
            return
        library, current = screen.session.library, self.checklist(run)
        row = screen.pane("checklist").cursor_row
        at = row.key.lstrip("=").partition("/")[0] if row is not None else ""
        name = at if at in current.playbooks else next(iter(current.playbooks), "")
        book = library.get(name) or library.suggest(run, screen.scope.findings or ())
        if book is None:
            screen.app.notify("no playbook fits this run; p lists them", markup=False)
            return
        await self._show_page(book)

    async def _show_page(self, book: "Playbook") -> None:
        from cockpit.presenters.pages import playbook_page

        screen = self._screen
        lines = playbook_page(book, min(_PAGE, screen.size.width - _FRAME))
        rows = [TextRow(str(number), spans=line) for number, line in enumerate(lines)]
        await asking.tell(screen.app, words.text(book.title).text, rows)

    def read(self, name: str) -> None:
        """Show a playbook as a page, by its id."""
        book = self._screen.session.library.get(name)
        if book is not None:
            self._screen.run_worker(self._show_page(book), group="dialog", exit_on_error=False)

    def start(self, run: Run, playbook: str) -> None:
        """Start a playbook and go to its checklist."""
        lists = self._screen.checking.lists
        self.write("start a checklist", run, lambda: lists.start(lists.of_run(run), playbook))
        self._screen.focus_pane("checklist")

    def comment(self) -> None:
        """A remark on the timeline of the run in scope."""
        self._screen.run_worker(self._comment(), group="dialog", exit_on_error=False)

    async def _comment(self) -> None:
        screen = self._screen
        run = screen.scope.run
        if run is None:
            return
        title = f"Comment on {words.text(run.id).text}"
        text = await asking.text(screen.app, title, "@14:02 in front back-dates it (UTC)")
        if not text:
            return
        try:
            body, at = backdated(text, screen.session.now())
        except UsageError as error:
            screen.app.notify(str(error), severity="error", markup=False)
            return
        self.write("comment", run, lambda: self.ledger(run).comment(run, body, iso(at)))

    def write(self, what: str, run: Run, write: Callable[[], object]) -> None:
        """Append, off the event loop; what is shown afterwards was read back from disk."""
        self._screen.run_worker(self._append(what, run, write), group="record", exit_on_error=False)

    def refuse(self, what: str, title: str) -> None:
        """Say that something is refused because nothing may be written, and keep that on record."""
        screen = self._screen
        run = screen.scope.run
        root = screen.session.root_of(run.ref) if run else next(iter(screen.session.roots))
        screen.run_worker(self._refuse(what, title, root, run), group="record", exit_on_error=False)

    async def _refuse(self, what: str, title: str, root: Path, run: Run | None) -> None:
        screen = self._screen
        try:
            await asyncio.to_thread(screen.session.require_writable, what, root, run)
        except CockpitError as error:
            screen.app.notify(words.text(error).text, title=title, severity="warning", markup=False)
        screen.refresh_ledgers()

    async def _append(self, what: str, run: Run, write: Callable[[], object]) -> None:
        screen = self._screen
        try:
            root = screen.session.root_of(run.ref)
            await asyncio.to_thread(screen.session.require_writable, what, root, run)
            written = await asyncio.to_thread(write)
        except CockpitError as error:
            screen.app.notify(words.text(error).text, title=f"Could not {what}", severity="error", markup=False)
        else:
            say_told(screen.app, written)
        screen.painter.record()
        screen.refresh_ledgers()


def backdated(text: str, now: datetime) -> tuple[str, datetime | None]:
    """Take `@14:02` off the front of a comment.

    Returns:
        The rest, and the moment it speaks of: the last time the clock (UTC) showed that; `None` without one.

    Raises:
        UsageError: There is no such time of day, or nothing follows it.
    """
    found = _BACKDATED.fullmatch(text.strip())
    if found is None:
        return text, None
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    if hour > 23 or minute > 59 or second > 59:
        raise UsageError(f"@{found[1]}:{found[2]} is no time of day")
    moment = now.replace(hour=hour, minute=minute, second=second, microsecond=0)
    return found[4], moment if moment <= now else moment - timedelta(days=1)
