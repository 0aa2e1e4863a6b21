"""Who else has the same checklist open: shown and told without looking again and again."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.presence import FOLDER, Person, Presence, people, tell_when_gone

if TYPE_CHECKING:
    from cockpit.session import Session


class Neighbours:
    """This screen's own sign in the state directories, and the signs of others.

    Args:
        session: Roots, board, and who is at the keyboard.
        stir: Called, from any thread, when somebody came, went or moved on.
    """

    def __init__(self, session: "Session", stir: Callable[[], None]) -> None:
        self._session = session
        self._tell = stir
        self._gone = False
        self._leave: list[Callable[[], None]] = []
        self._waiting: set[tuple[Path, str]] = set()
        self._signs: dict[Path, Presence] = {}

    def start(self) -> None:
        """Listen for people who come and go. Works while the board is started."""
        for directory in {self._session.state_dir(root) for root in self._session.roots}:
            self._leave.append(self._session.board.watch_file(directory / FOLDER, self._stir))

    def stop(self) -> None:
        """Stop listening, and be gone for the others."""
        self._gone = True
        for leave in self._leave:
            leave()
        for sign in self._signs.values():
            sign.leave()

    def meet(self, root: Path, target: str, *, here: bool) -> tuple[Person, ...]:
        """Show what is open here, and tell who else has it open. Blocks on the disk: in a thread.

        Args:
            root: The root whose record keeps the checklist.
            target: The run's or incident's id.
            here: Whether there is a checklist to be seen on. A session that must not write shows itself to nobody.
        """
        state_dir = self._session.state_dir(root)
        sign = self._signs.setdefault(state_dir, Presence(state_dir, self._session.actor, self._session.now))
        for other in list(self._signs.values()):
            if other is not sign:
                other.show(None)
        sign.show(target if here and not self._session.read_only else None)
        found = people(state_dir, but=sign.name)
        for one in found:
            self._notice(state_dir, one.name)
        return tuple(one for one in found if one.target == target)

    def _stir(self) -> None:
        """Those who wait for somebody's end may outlive the screen."""
        if not self._gone:
            self._tell()

    def _notice(self, state_dir: Path, name: str) -> None:
        if (state_dir, name) not in self._waiting:
            self._waiting.add((state_dir, name))
            tell_when_gone(state_dir, name, self._stir)
