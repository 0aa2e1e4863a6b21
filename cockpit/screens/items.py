"""What can be done with an item of the checklist. Journal first, then the screen."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from cockpit.errors import CockpitError, UsageError
from cockpit.models.playbook import Checklist, ChecklistItem, ItemState
from cockpit.models.run import Run
from cockpit.presenters import words
from cockpit.presenters.checklist import told_of
from cockpit.presenters.plans import command_text
from cockpit.screens import asking
from cockpit.standing import Target, Work, Written
from widgets.rows import MenuItem

if TYPE_CHECKING:
    from cockpit.checking import Checklists
    from cockpit.screens.cockpit import CockpitScreen


class Items:
    """The items of the checklist of the run in scope."""

    def __init__(self, screen: "CockpitScreen") -> None:
        self._screen = screen

    def toggle(self, item: str) -> None:
        """Tick an item, or take its tick back: whichever it is on the screen."""
        found = self._found(item)
        if found is not None:
            run, one = found
            settled = one.state is not ItemState.OPEN
            self._write("tick", run, lambda target: self._lists.toggle(target, item, settled=settled))

    def verify(self) -> None:
        """Ask every check of the checklist in scope, and record what is confirmed."""
        run = self._screen.scope.run
        if run is not None:
            self._screen.run_worker(self._verify(run, None), group="record", exit_on_error=False)

    def menu(self, item: str) -> None:
        """What can be done with an item."""
        self._screen.run_worker(self._menu(item), group="dialog", exit_on_error=False)

    async def _menu(self, item: str) -> None:
        found = self._found(item)
        if found is None:
            return
        run, one = found
        target = self._lists.of_run(run)
        places = await asyncio.to_thread(self._lists.places, target, item)
        work: Work | str
        try:
            work = await asyncio.to_thread(self._lists.work, target, item)
        except UsageError as error:
            work = words.text(str(error).partition(": ")[2] or error).text
        title = words.text(one.text, limit=60).text
        choice = await asking.menu(self._screen.app, title, _menu_items(one, places, work))
        if choice == "run" and isinstance(work, Work):
            await self._run(work)
        elif choice == "look":
            evidence = one.evidence[0] if one.evidence else None
            line = evidence.line if evidence is not None and evidence.path == places[0] else None
            self._screen.open_place(places[0], line)
        elif choice is not None:
            await self._chosen(choice, run, one, title)

    async def _chosen(self, choice: str, run: Run, item: ChecklistItem, title: str) -> None:
        """Everything that is written down; what has to be said is asked for first."""
        lists, name, app = self._lists, item.id, self._screen.app
        ledger = lists.ledger(lists.of_run(run))
        if choice == "tick":
            self._write("tick", run, lambda target: lists.tick(target, name))
        elif choice == "verify":
            await self._verify(run, name)
        elif choice == "untick":
            self._write("untick", run, lambda target: ledger.untick(target.id, name))
        elif choice == "claim":
            self._write("claim", run, lambda target: ledger.claim(target.id, name))
        elif choice == "release":
            self._write("release", run, lambda target: ledger.release(target.id, name))
        elif choice == "with" and (place := await asking.text(app, f"Tick: {title}", "Evidence: PATH or PATH:LINE")):
            self._write("tick", run, lambda target: lists.tick(target, name, place))
        elif choice == "skip" and (reason := await asking.text(app, f"Skip: {title}", "Why?")):
            self._write("skip", run, lambda target: ledger.skip(target.id, name, reason))
        elif choice == "note" and (text := await asking.text(app, f"Note: {title}", "What is to be remembered?")):
            self._write("note", run, lambda target: ledger.note(target.id, name, text))
        elif choice == "owner" and (owner := await asking.text(app, f"Give: {title}", "Who works on it?")):
            self._write("claim", run, lambda target: ledger.claim(target.id, name, owner))

    async def _run(self, work: Work) -> None:
        """The plan of an item's work, and the work once it is confirmed."""
        acting = self._screen.acting
        options = await self._screen.choosing.inputs(work.action, work.run) if work.action is not None else {}
        if options is not None:
            await acting.carry_out(lambda: self._lists.plan(work, options), work.run, work.action or "the command")

    async def _verify(self, run: Run, item: str | None) -> None:
        screen = self._screen
        target = self._lists.of_run(run)
        try:
            await asyncio.to_thread(screen.session.require_writable, "verify", target.root, run)
            written = await asyncio.to_thread(self._lists.verify, target, item)
        except CockpitError as error:
            screen.app.notify(words.text(error).text, title="Could not verify", severity="error", markup=False)
            return
        finally:
            screen.refresh_ledgers()
        items = written.standing.checklist.items
        shown = items if item is None else [one for one in items if one.id == item]
        bad = any(one.state is ItemState.CONTRADICTED for one in shown)
        told = words.text(_told_of_one(shown[0]) if item is not None else told_of(items, written.confirmed)).text
        severity: Literal["error", "information"] = "error" if bad else "information"
        screen.app.notify(told, title="Verified against the evidence", severity=severity, markup=False)

    # -- what they share

    @property
    def _lists(self) -> "Checklists":
        return self._screen.checking.lists

    def _found(self, item: str) -> tuple[Run, ChecklistItem] | None:
        """The run in scope, and the item as it is on the screen."""
        run = self._screen.scope.run
        current = self._screen.checking.current(run).items if run is not None else ()
        one = next((each for each in current if each.id == item), None)
        return None if run is None or one is None else (run, one)

    def _write(self, what: str, run: Run, write: Callable[[Target], Written | Checklist]) -> None:
        target = self._lists.of_run(run)
        self._screen.recording.write(what, run, lambda: write(target))


def _told_of_one(item: ChecklistItem) -> str:
    found = item.found
    return "nothing was found" if found is None else f"{found.outcome.value}: {found.why}"


def _menu_items(item: ChecklistItem, places: tuple[str, ...], work: Work | str) -> list[MenuItem]:
    is_open = None if item.state is not ItemState.OPEN else "it is open"
    claimed = None if item.claimed_by else "nobody says so"
    if isinstance(work, str):
        run = MenuItem("run", "run its command", "r", disabled=work)
    else:
        told = work.action or command_text(work.command)
        run = MenuItem("run", f"run: {words.text(told, limit=60).text}  (shows the plan)", "r")
    return [
        MenuItem("tick", "tick: it is done", "t"),
        MenuItem("with", "tick it with evidence: a file, a line", "f"),
        MenuItem("verify", "verify it by its check", "v", disabled=None if item.check else "it names no check"),
        MenuItem("skip", "skip it, with a reason", "s"),
        MenuItem("untick", "untick: it is open again", "u", disabled=is_open),
        MenuItem("claim", "claim: I work on it", "c"),
        MenuItem("owner", "somebody else works on it", "o"),
        MenuItem("release", "release: nobody works on it", "l", disabled=claimed),
        MenuItem("note", "write a note", "n"),
        MenuItem("look", "open its evidence", "e", disabled=None if places else "it names no file that is here"),
        run,
    ]
