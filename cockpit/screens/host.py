"""What screens need of the application beyond Textual's own."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from cockpit.commands import Command
from cockpit.own_keys import OwnKeys
from widgets.meter import Meter


class Host(Protocol):
    """The application, as screens know it."""

    @property
    def meter(self) -> Meter:
        """What was written to the terminal."""
        ...

    def meter_shown(self) -> None:
        """The next frame shows what the meter says, and is not to be measured itself."""
        ...

    @property
    def own_keys(self) -> OwnKeys:
        """The keys of the user's own actions."""
        ...

    def keymap_of(self, command: Command) -> tuple[str, ...]:
        """The keys of a command."""
        ...

    def reload_themes(self) -> Sequence[str]:
        """Read the theme files again and draw with them; what is wrong with them."""
        ...

    def next_theme(self) -> None:
        """The theme after this one."""
        ...

    def use_theme(self, name: str) -> bool:
        """Switch to a theme; whether there is one of that name."""
        ...

    def use_frames(self, chosen: int | None) -> None:
        """Another number of frames a second; `None` for what the line is good for."""
        ...

    def use_keys(self, overrides: Mapping[str, str]) -> tuple[str, ...]:
        """Switch to another key map of the user's; what of it was not taken, and why."""
        ...

    def interrupted(self) -> None:
        """Ctrl-c was pressed."""
        ...

    def write_terminal(self, sequence: str) -> None:
        """Send our own escape sequence to the terminal."""
        ...

    def fail(self, error: BaseException) -> None:
        """End with an error that happened in a worker."""
        ...
