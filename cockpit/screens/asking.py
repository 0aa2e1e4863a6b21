"""Questions to the operator, one function each. Dialogs are loaded when the first question is asked."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from textual.app import App

from widgets.rows import FormField, MenuItem, TextRow

if TYPE_CHECKING:
    from widgets.dialogs import WalkPicture
    from widgets.dialogs.help import Find


async def menu(app: App[Any], title: str, items: Sequence[MenuItem]) -> str | None:
    """One of a few things; its id, or `None`."""
    from widgets.dialogs import MenuDialog

    return await app.push_screen_wait(MenuDialog(title, items))


async def search(app: App[Any], title: str, items: "Sequence[MenuItem] | Find") -> str | None:
    """One of many things, found by typing; its id, or `None`."""
    from widgets.dialogs import HelpDialog

    return await app.push_screen_wait(HelpDialog(items, title=title))


async def text(app: App[Any], title: str, label: str = "", initial: str = "", *, required: bool = True) -> str | None:
    """A line of text, or `None`."""
    from widgets.dialogs import PromptDialog

    return await app.push_screen_wait(PromptDialog(title, label, initial, required=required))


async def form(
    app: App[Any],
    title: str,
    fields: Sequence[FormField],
    check: Callable[[Mapping[str, str]], str | None] | None = None,
    submit: str = "go on",
) -> dict[str, str] | None:
    """Several answers by field name, or `None`."""
    from widgets.dialogs import FormDialog

    return await app.push_screen_wait(FormDialog(title, fields, check=check, submit=submit))


async def walk(app: App[Any], title: str, picture: "Callable[[str], WalkPicture]") -> str | None:
    """Answers to a tree of yes-or-no questions as `yny`, or `None`."""
    from widgets.dialogs import WalkDialog

    return await app.push_screen_wait(WalkDialog(title, picture))


async def plan(
    app: App[Any],
    title: str,
    rows: Sequence[TextRow],
    confirm: Literal["yes", "typed"] = "yes",
    expected: str = "",
    *,
    yes: str = "yes, do it",
    copyable: bool = True,
) -> str | None:
    """Whether to carry out a plan: `confirm`, `copy`, or `None`."""
    from widgets.dialogs import PlanDialog

    return await app.push_screen_wait(PlanDialog(title, rows, confirm, expected, yes=yes, copyable=copyable))


async def tell(app: App[Any], title: str, rows: Sequence[TextRow]) -> None:
    """Something the operator should read."""
    from widgets.dialogs import MessageDialog

    await app.push_screen_wait(MessageDialog(title, rows))
