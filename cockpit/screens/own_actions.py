"""The user's own actions on the panes: their keys, and their lines in footer, help, palette and command line."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cockpit.own_keys import OWN, OwnKeys
from cockpit.presenters import words
from widgets.rows import KeyHint, MenuItem

if TYPE_CHECKING:
    from cockpit.actions.declared import Declared
    from cockpit.screens.cockpit import CockpitScreen


class OwnActions:
    """The actions of the user's settings, as far as the run in scope has them."""

    def __init__(self, screen: "CockpitScreen") -> None:
        self._screen = screen

    @property
    def keys(self) -> OwnKeys:
        """What they are reached by."""
        return self._screen.host.own_keys

    def press(self, key: str) -> None:
        """Do what a key of the user's stands for with the run in scope, or with those that are marked."""
        wanted = self.keys.direct.get(key, ())
        found = next((each for each in self._here() if each.id in wanted), None)
        if found is not None:
            self.act(found.id)
            return
        run = self._screen.scope.run
        why = "no run in scope" if run is None else f"it is not for runs of {run.ref.source}"
        self._screen.app.notify(why, title=words.text(" ".join(wanted)).text, severity="warning", markup=False)

    def act(self, action: str) -> None:
        """Open the plan of one of them."""
        self._screen.acting.act(action)

    def named(self, word: str) -> str | None:
        """The id of the action of this name, if the run in scope has it."""
        return next((each.id for each in self._here() if each.id == word), None)

    def hints(self) -> tuple[KeyHint, ...]:
        """Those with a key of the panes, for the footer."""
        return tuple(
            KeyHint(each.key or "", words.text(each.id).text, self._refused(each))
            for each in self._here()
            if each.id in self.keys.direct.get(each.key or "", ())
        )

    def items(self) -> list[MenuItem]:
        """All of them, for help and palette."""
        return [
            MenuItem(
                f"{OWN}{each.id}",
                words.text(each.title).text,
                self.keys.shown(each),
                "Your actions",
                words.text(each.id).text,
                self._refused(each),
            )
            for each in self._here()
        ]

    def _here(self) -> "Iterator[Declared]":
        run = self._screen.scope.run
        found: tuple[Declared, ...] = self._screen.session.settings.actions
        return iter(()) if run is None else (each for each in found if each.applies_to(run.ref.source))

    def _refused(self, action: "Declared") -> str | None:
        """What the run in scope has against it, where that is known; with runs marked, their plans tell."""
        offers = self._screen.scope.offers
        reason = None if offers is None or self._screen.marking.runs else offers.get(action.id)
        return None if reason is None else words.text(reason).text
