"""Moving about in a pane: actions, their default keys, the mouse."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Click, MouseScrollDown, MouseScrollUp

from widgets.pane import Pane
from widgets.viewport import Viewport


class NavigablePane(Pane):
    """A pane with a cursor. Subclasses say what `go` and `action_select` do."""

    FOLLOWS: ClassVar[bool] = False
    """Whether it has a tail worth following."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "cursor_down", "down", show=False, id="list.down"),
        Binding("k,up", "cursor_up", "up", show=False, id="list.up"),
        Binding("g,home", "cursor_top", "top", show=False, id="list.top"),
        Binding("G,end", "cursor_bottom", "bottom", show=False, id="list.bottom"),
        Binding("ctrl+d", "half_page_down", "half page down", show=False, id="list.half_down"),
        Binding("ctrl+u", "half_page_up", "half page up", show=False, id="list.half_up"),
        Binding("pagedown", "page_down", "page down", show=False, id="list.page_down"),
        Binding("pageup", "page_up", "page up", show=False, id="list.page_up"),
        Binding("enter,l", "select", "open", show=False, id="go.into"),
    ]
    view: Viewport

    @property
    def rows_top(self) -> int:
        """The line of the pane on which the first row in view stands."""
        return self.body_top

    def go(self, index: int, step: int) -> None:
        """Move the cursor to `index`, or where that is not possible on in direction `step`."""
        raise NotImplementedError

    def follow(self) -> None:
        """Follow the tail, where there is one."""

    def action_select(self) -> None:
        """Choose what is under the cursor."""
        raise NotImplementedError

    def action_cursor_down(self) -> None:
        """One row down."""
        self.go(self.view.cursor + 1, 1)

    def action_cursor_up(self) -> None:
        """One row up; leaves follow mode."""
        self.go(self.view.cursor - 1, -1)

    def action_cursor_top(self) -> None:
        """The first row."""
        self.go(0, 1)

    def action_cursor_bottom(self) -> None:
        """The last row; a list with a tail follows it again."""
        self.go(self.view.count - 1, -1)
        self.follow()

    def action_page_down(self) -> None:
        """A page down."""
        self.go(self.view.cursor + max(1, self.view.height - 1), 1)

    def action_page_up(self) -> None:
        """A page up."""
        self.go(self.view.cursor - max(1, self.view.height - 1), -1)

    def action_half_page_down(self) -> None:
        """Half a page down."""
        self.go(self.view.cursor + max(1, self.view.height // 2), 1)

    def action_half_page_up(self) -> None:
        """Half a page up."""
        self.go(self.view.cursor - max(1, self.view.height // 2), -1)

    def on_click(self, event: Click) -> None:
        """Select the row under the pointer; a double click chooses it."""
        index = self.view.top + event.y - self.rows_top
        if event.y >= self.rows_top and index in self.view.visible:
            self.go(index, 1)
            if event.chain > 1:
                self.action_select()

    def on_mouse_scroll_down(self, _event: MouseScrollDown) -> None:
        """Three rows down."""
        self.go(self.view.cursor + 3, 1)

    def on_mouse_scroll_up(self, _event: MouseScrollUp) -> None:
        """Three rows up."""
        self.go(self.view.cursor - 3, -1)
