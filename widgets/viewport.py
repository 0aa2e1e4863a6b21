"""Where a list stands: cursor and scroll offset over a number of rows. Knows nothing of what the rows are."""

from dataclasses import dataclass

MARGIN = 1
"""Rows kept in view above and below the cursor."""


@dataclass(slots=True)
class Viewport:
    """Cursor and scroll offset.

    Attributes:
        count: How many rows there are.
        cursor: Index of the selected row; -1 without rows.
        top: Index of the first row in view.
        height: Rows in view; 0 before the first layout.
    """

    count: int = 0
    cursor: int = -1
    top: int = 0
    height: int = 0

    @property
    def visible(self) -> range:
        """Indexes of the rows in view."""
        return range(self.top, min(self.count, self.top + self.height))

    @property
    def at_end(self) -> bool:
        """Whether the last row is in view."""
        return self.top + self.height >= self.count

    def move(self, index: int) -> None:
        """Select `index` and bring it into view."""
        self.cursor = index
        self.clamp()

    def keep(self, index: int, *, follow: bool) -> None:
        """Select `index` after the rows have changed.

        Where the selected row has moved, the view moves with it, so that it stays on its line of the screen; but a
        view that was at the very top stays there, so that new first rows are seen.
        """
        if follow and self.top > 0:
            self.top += index - self.cursor
        self.cursor = index
        self.clamp()

    def to_end(self) -> None:
        """Select the last row and bring it into view."""
        self.cursor = self.count - 1
        self.top = max(0, self.count - self.height)

    def clamp(self) -> None:
        """Bring the cursor among the rows and the view to the cursor."""
        if self.count == 0:
            self.cursor, self.top = -1, 0
            return
        self.cursor = max(0, min(self.cursor, self.count - 1))
        if self.height <= 0:
            return
        margin = min(MARGIN, (self.height - 1) // 2)
        self.top = max(min(self.top, self.cursor - margin), self.cursor + margin - self.height + 1)
        self.top = max(0, min(self.top, self.count - self.height))

    def thumb(self) -> range:
        """Lines of the view beside which a scroll thumb stands; empty where everything is in view."""
        if self.height <= 0 or self.count <= self.height:
            return range(0)
        size = max(1, self.height * self.height // self.count)
        start = round((self.height - size) * self.top / (self.count - self.height))
        return range(start, start + size)
