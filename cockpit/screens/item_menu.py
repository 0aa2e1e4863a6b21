"""The menu of a checklist's item, the same on the checklist of a run and of an incident."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from textual.app import App

from cockpit.errors import UsageError
from cockpit.models.playbook import ChecklistItem, ItemState
from cockpit.presenters import words
from cockpit.presenters.checklist import told_of
from cockpit.presenters.plans import command_text
from cockpit.screens import asking
from cockpit.standing import Target, Work, Written
from widgets.rows import MenuItem

if TYPE_CHECKING:
    from cockpit.checking import Checklists


@dataclass(frozen=True, slots=True)
class Doors:
    """What the screen does with what is chosen.

    Attributes:
        write: Records something: what it is called where it is refused, and how. Says what went wrong.
        verify: Verifies an item by its check, and says what was found.
        run: Shows the plan of the item's work, and does it once it is confirmed.
        look: Opens a file below the root at a line; `None` where there is no pane for it.
    """

    write: Callable[[str, Callable[[], object]], Awaitable[None]]
    verify: Callable[[str], Awaitable[None]]
    run: Callable[[Work], Awaitable[None]]
    look: Callable[[str, int | None], None] | None = None


async def item_menu(app: App[Any], lists: "Checklists", target: Target, item: ChecklistItem, doors: Doors) -> None:
    """Ask what is to be done with an item, and have it done.

    Args:
        app: Where dialogs open.
        lists: The checklists of the session.
        target: What the checklist is about.
        item: The item as it is on the screen.
        doors: What the screen does with what is chosen.
    """
    places = await asyncio.to_thread(lists.places, target, item.id)
    work: Work | str
    try:
        work = await asyncio.to_thread(lists.work, target, item.id)
    except UsageError as error:
        work = words.text(str(error).partition(": ")[2] or error).text
    title = words.text(item.text, limit=60).text
    choice = await asking.menu(app, title, _entries(item, places if doors.look else (), work))
    if choice == "run" and isinstance(work, Work):
        await doors.run(work)
    elif choice == "verify":
        await doors.verify(item.id)
    elif choice == "look" and doors.look is not None:
        first = item.evidence[0] if item.evidence else None
        doors.look(places[0], first.line if first is not None and first.path == places[0] else None)
    elif choice is not None:
        await _record(app, lists, target, item, choice, doors)


async def _record(
    app: App[Any], lists: "Checklists", target: Target, item: ChecklistItem, choice: str, doors: Doors
) -> None:
    """Everything that is written down; what has to be said is asked for first."""
    ledger, name = lists.ledger(target), item.id
    title = words.text(item.text, limit=60).text
    if choice == "tick":
        await doors.write("tick", lambda: lists.tick(target, name))
    elif choice == "untick":
        await doors.write("untick", lambda: ledger.untick(target.id, name))
    elif choice == "claim":
        await doors.write("claim", lambda: ledger.claim(target.id, name))
    elif choice == "release":
        await doors.write("release", lambda: ledger.release(target.id, name))
    elif choice == "with" and (place := await asking.text(app, f"Tick: {title}", "Evidence: PATH or PATH:LINE")):
        await doors.write("tick", lambda: lists.tick(target, name, place))
    elif choice == "skip" and (reason := await asking.text(app, f"Skip: {title}", "Why?")):
        await doors.write("skip", lambda: ledger.skip(target.id, name, reason))
    elif choice == "note" and (text := await asking.text(app, f"Note: {title}", "What is to be remembered?")):
        await doors.write("note", lambda: ledger.note(target.id, name, text))
    elif choice == "owner" and (owner := await asking.text(app, f"Give: {title}", "Who works on it?")):
        await doors.write("claim", lambda: ledger.claim(target.id, name, owner))


def _entries(item: ChecklistItem, places: tuple[str, ...], work: Work | str) -> list[MenuItem]:
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


def say_verified(app: App[Any], written: Written, item: str | None) -> None:
    """Say what a verification found: of one item what its check said, else how many items of what kind."""
    items = written.standing.checklist.items
    shown = items if item is None else tuple(one for one in items if one.id == item)
    bad = any(one.state is ItemState.CONTRADICTED for one in shown)
    found = shown[0].found if item is not None and shown else None
    told = f"{found.outcome.value}: {found.why}" if found is not None else told_of(items, written.confirmed)
    severity: Literal["error", "information"] = "error" if bad else "information"
    title = "Verified against the evidence"
    app.notify(words.text(told).text, title=title, severity=severity, markup=False)


def say_told(app: App[Any], written: object) -> None:
    """Say what whoever wrote should know."""
    for told in written.told if isinstance(written, Written) else ():
        app.notify(words.text(told).text, severity="warning", markup=False)
