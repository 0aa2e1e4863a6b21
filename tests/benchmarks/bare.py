"""The baseline of everything on screen: a Textual app with one Static."""

from textual.app import App, ComposeResult
from textual.widgets import Static


class Bare(App[None]):
    """One line of text."""

    def compose(self) -> ComposeResult:
        """One Static."""
        yield Static("bare-and-ready", markup=False)


if __name__ == "__main__":
    Bare().run()
