"""Commands with something behind their names: what each takes, and what it does with that."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.commands import Command
from cockpit.errors import CockpitError, UsageError
from cockpit.filtering import FIELDS, FLAGS, parse_filter
from cockpit.fuzzy import best
from cockpit.goto import Target, first_since, parse_target
from cockpit.presenters import words
from cockpit.presenters.logs import happened_at
from cockpit.presenters.runs import Sort
from cockpit.presenters.times import TimeStyle
from cockpit.screens.saved_views import ViewsByName
from cockpit.screens.view import PANES
from widgets.rows import Cell, Row

if TYPE_CHECKING:
    from cockpit.screens.cockpit import CockpitScreen

MOST = 200
"""Most things offered behind a name."""
MOST_LINES = 100_000
"""Lines written to a file in one go."""


class Arguments:
    """The table from command ids to what they do with an argument, and what may stand there."""

    def __init__(self, screen: "CockpitScreen") -> None:
        self._screen = screen
        self.views = ViewsByName(screen)
        self._table: dict[str, Callable[[str], None]] = {
            "find.filter": self._filter,
            "view.sort": self._sort,
            "view.times": self._times,
            "view.theme": self._theme,
            "view.root": self._root,
            "view.named": self.views.command,
            "checklist.open": self._playbook,
            "go.to": self._goto,
            "go.run": self._run,
            "go.pane": self._pane,
            "incident.next": self._incident,
            "run.do": self._do,
            "copy.write": self._write,
        }

    def carry_out(self, command: Command, argument: str) -> None:
        """Do it.

        Raises:
            UsageError: The argument means nothing here; nothing was done.
        """
        self._table[command.id](argument)

    def choices(self, command: Command, begun: str) -> Sequence[tuple[str, str]]:
        """What may stand behind a command's name, with a remark: what fits best with what was typed of it first."""
        offered = self._offers.get(command.id)
        if offered is None:
            return []
        return fitting(offered(begun), begun)

    @cached_property
    def _offers(self) -> dict[str, Callable[[str], Sequence[tuple[str, str]]]]:
        screen = self._screen
        return {
            "find.filter": self._filters,
            "view.sort": lambda _: [(order.value, "") for order in Sort],
            "view.times": lambda _: [(style.value, "") for style in TimeStyle],
            "view.theme": lambda _: [(name, "") for name in sorted(screen.app.available_themes)],
            "view.root": lambda _: [(self._label(root), str(root)) for root in screen.session.roots],
            "view.named": lambda _: [(name, view.filter or "") for name, view in sorted(self.views.known.items())],
            "checklist.open": lambda _: [(book.id, book.title) for book in screen.session.library.playbooks],
            "go.run": lambda _: [(run.id, run.state.value) for run in screen.snapshot.runs],
            "go.pane": lambda _: [(name, "") for name in PANES],
            "go.to": lambda _: [("-10m", "ten minutes before the line under the cursor"), ("+10m", "after it")],
            "incident.next": lambda _: [
                (each.id, f"{each.severity.value} {words.text(each.title, limit=60).text}")
                for each in screen.responding.everything
            ],
            "run.do": lambda _: [(name, refused or "") for name, refused in (screen.scope.offers or {}).items()],
        }

    @staticmethod
    def _filters(begun: str) -> Sequence[tuple[str, str]]:
        before, _, _ = begun.rpartition(" ")
        lead = f"{before} " if before else ""
        fields = [f"{lead}is:{flag}" for flag in FLAGS] + [f"{lead}{field}:" for field in FIELDS]
        return [(text, "") for text in fields]

    # -- looking

    def _filter(self, text: str) -> None:
        wanted = parse_filter(text)
        self._screen.commanding.change(filter=wanted)

    def _sort(self, text: str) -> None:
        self._screen.commanding.change(sort=Sort(one_of(text, [order.value for order in Sort], "order")))

    def _times(self, text: str) -> None:
        self._screen.commanding.change(times=TimeStyle(one_of(text, [style.value for style in TimeStyle], "style")))

    def _theme(self, text: str) -> None:
        self._screen.app.theme = one_of(text, sorted(self._screen.app.available_themes), "theme")

    def _root(self, text: str) -> None:
        names = {self._label(root): root for root in self._screen.session.roots}
        root = names[one_of(text, sorted(names), "root")]
        exact = "".join(f"\\{sign}" if not sign.isalnum() and sign not in "/_" else sign for sign in str(root))
        # A comma would begin another value, whatever stands before it.
        exact = exact.replace("\\,", ".")
        self._filter(f'root:"^{exact}$"')

    def _label(self, root: Path) -> str:
        return self._screen.session.roots[root].label or str(root)

    def _write(self, text: str) -> None:
        """Off the event loop: the disk may be slow."""
        screen = self._screen
        pane = screen.pane(screen.deck.state.active)
        if not len(pane.rows):
            raise UsageError("the pane is empty")
        rows = [pane.row_at(index) for index in range(min(pane.view.count, MOST_LINES))]
        data = "".join(f"{as_text(row)}\n" for row in rows).encode("utf-8", "backslashreplace")
        screen.run_worker(self._save(_path(text), data, len(rows)), group="copy", exit_on_error=False)

    async def _save(self, path: Path, data: bytes, lines: int) -> None:
        app = self._screen.app
        try:
            await asyncio.to_thread(_write_new, path, data)
        except (CockpitError, OSError, ValueError) as error:
            app.notify(words.text(error).text, title="Not written", severity="error", markup=False)
        else:
            app.notify(f"{lines} lines in {words.text(path).text}", markup=False)

    # -- going

    def _run(self, text: str) -> None:
        screen = self._screen
        runs = screen.snapshot.runs
        found = [run for run in runs if text in (run.id, run.key)] or [run for run in runs if text in run.id]
        if not found:
            raise UsageError(f"no run {words.text(text, limit=60).text!r}")
        if len({run.id for run in found}) > 1:
            some = ", ".join(words.text(run.id, limit=40).text for run in found[:3])
            raise UsageError(f"{len(found)} runs are called that: {some}{' ...' if len(found) > 3 else ''}")
        self.to_run(found[0].key)

    def to_run(self, key: str) -> None:
        """Jump to a run; a filter that hides it is cleared.

        Raises:
            UsageError: It is gone.
        """
        from cockpit.filtering import EVERYTHING

        screen = self._screen
        screen.jumps.start()
        screen.focus_pane("runs")
        if screen.pane("runs").move_to(key):
            return
        if screen.view.filter.text or screen.view.clustered:
            screen.commanding.change(filter=EVERYTHING, clustered=False)
        if not screen.pane("runs").move_to(key):
            raise UsageError("this run is gone")

    def _pane(self, text: str) -> None:
        by_number = {"1": "runs", "2": "receipts", "3": "routing", "4": "checklist", "5": "timeline", "6": "log"}
        name = by_number.get(text, text)
        self._screen.commanding.run(f"pane.{one_of(name, PANES, 'pane')}")

    def _incident(self, text: str) -> None:
        from cockpit.incidents.words import is_called

        found = [each for each in self._screen.responding.everything if is_called(each.id, text)]
        exact = [each for each in found if each.id == text.casefold()] or found
        if len(exact) != 1:
            shown = words.text(text, limit=40).text
            raise UsageError(f"{len(exact)} incidents are called {shown!r}" if exact else f"no incident {shown!r}")
        self._screen.responding.show(exact[0].id)

    def _goto(self, text: str) -> None:
        screen = self._screen
        name = screen.deck.state.active
        pane = screen.pane(name)
        now = screen.session.now()
        zone = datetime.now().astimezone().tzinfo if screen.view.times is TimeStyle.LOCAL else UTC
        times = self._times_of(name)
        here = times(max(0, pane.cursor_index)) if times is not None else screen.logfiles.time_here
        target = parse_target(text, here, now, zone or UTC)
        if target.moment is not None and times is None and name != "log":
            raise UsageError("this pane has no times: go to a line, or to Routing, Timeline or Log")
        screen.jumps.start()
        if name == "log":
            self._goto_in_log(target)
            return
        place: int | None = None if target.line is None else min(target.line, pane.view.count) - 1
        if times is not None and target.moment is not None:
            place = first_since(pane.view.count, times, target.moment)
        if place is None or place < 0:
            raise UsageError("nothing in this pane has a time" if target.line is None else "the pane is empty")
        pane.following = False
        pane.move_to(place)

    def _goto_in_log(self, target: Target) -> None:
        if target.line is not None:
            self._screen.logfiles.goto_line(target.line)
        elif target.moment is not None:
            self._screen.logfiles.goto_time(target.moment)

    def _times_of(self, pane: str) -> Callable[[int], datetime | None] | None:
        screen = self._screen
        detail = screen.scope.detail
        if pane == "routing" and detail is not None:
            routing = detail.routing
            return lambda index: routing[index].at if index < len(routing) else None
        if pane == "timeline":
            run = screen.scope.run
            mine = screen.recording.timeline(run) if run else ()
            entries = screen.recording.all_entries() if screen.view.audit else mine
            moments = sorted(happened_at(entry) for entry in entries)
            return lambda index: moments[index] if index < len(moments) else None
        return None

    # -- acting

    def _playbook(self, text: str) -> None:
        screen = self._screen
        if screen.scope.run is None:
            raise UsageError("no run in scope")
        if screen.session.library.get(text) is None:
            raise UsageError(f"no playbook {words.text(text, limit=60).text!r}")
        screen.recording.start(screen.scope.run, text)

    def _do(self, text: str) -> None:
        screen = self._screen
        offers = screen.scope.offers
        if offers is not None and text not in offers and not screen.marking.runs:
            raise UsageError(f"this run has no action {words.text(text, limit=40).text!r}: {', '.join(sorted(offers))}")
        screen.acting.act(text)


def fitting(offered: Sequence[tuple[str, str]], begun: str) -> list[tuple[str, str]]:
    """Of what may stand behind a name, with a remark each: what fits best with what was typed of it first."""
    known = dict(offered)
    return [(name, known[name]) for name in best(begun, [(name, name) for name in known], MOST)]


def _path(text: str) -> Path:
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError as error:
        raise UsageError(str(error)) from error


def _write_new(path: Path, data: bytes) -> None:
    from cockpit.reports.writing import write_report

    if path.exists() or path.is_symlink():
        raise UsageError(f"{path} exists: write to another name")
    write_report(path, data, force=False)


def one_of(text: str, names: Sequence[str], what: str) -> str:
    """The name that is meant: it, or the only one that begins so.

    Raises:
        UsageError: There is none, or several are.
    """
    if text in names:
        return text
    begun = [name for name in names if name.startswith(text)]
    if len(begun) == 1:
        return begun[0]
    raise UsageError(f"no {what} {words.text(text, limit=40).text!r}; there are {', '.join(names)}")


def as_text(row: Row) -> str:
    """A row as one line of text, as it is written to files and copied."""
    spans = getattr(row, "spans", None)
    if spans is not None:
        return " " * int(getattr(row, "indent", 0)) + "".join(cell.text for cell in spans)
    cells = [getattr(row, name) for name in row.__dataclass_fields__]
    return "  ".join(cell.text for cell in cells if isinstance(cell, Cell) and cell.text)
