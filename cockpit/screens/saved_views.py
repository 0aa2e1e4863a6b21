"""`:view`: ways of looking with a name, from the configuration or saved from the screen."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from cockpit.comeback import PaneName
from cockpit.errors import UsageError
from cockpit.filtering import parse_filter
from cockpit.presenters.runs import Sort
from cockpit.presenters.times import TimeStyle
from cockpit.view_settings import SavedView, SavedViews, find_view

if TYPE_CHECKING:
    from cockpit.screens.cockpit import CockpitScreen
    from cockpit.screens.view import ViewState


def with_view(state: "ViewState", view: SavedView) -> "ViewState":
    """The state as a named view wants it."""
    if view.filter is not None:
        state = replace(state, filter=parse_filter(view.filter))
    if view.sort is not None:
        state = replace(state, sort=Sort(view.sort))
    if view.times is not None:
        state = replace(state, times=TimeStyle(view.times))
    return state if view.cluster is None else replace(state, clustered=view.cluster)


class ViewsByName:
    """Applies, saves and forgets views."""

    def __init__(self, screen: "CockpitScreen") -> None:
        self._screen = screen
        self._saved = SavedViews()

    @property
    def known(self) -> Mapping[str, SavedView]:
        """Every view by its name; those of the configuration go first."""
        return {**self._saved.load(), **self._screen.session.settings.views}

    def command(self, argument: str) -> None:
        """`NAME`, `save NAME` or `drop NAME`.

        Raises:
            UsageError: There is no such view, or it cannot be saved.
        """
        word, _, name = argument.partition(" ")
        name = name.strip()
        if name and word in ("save", "drop"):
            self._keep(name, self.present() if word == "save" else None)
        else:
            self.apply(find_view(argument, self._screen.session.settings.views))

    def apply(self, view: SavedView) -> None:
        """Look at things this way. Marks of lines that stand for many runs do not change their meaning."""
        screen = self._screen
        wanted = with_view(screen.view, view)
        if wanted.clustered != screen.view.clustered:
            if screen.view.clustered:
                screen.marking.spread()
            else:
                screen.marking.clear()
        screen.view = wanted
        screen.painter.everything()
        if view.pane is not None:
            screen.focus_pane(view.pane)
        deck = screen.deck
        if view.zoom is not None and deck.state.zoomed != view.zoom:
            deck.state = replace(deck.state, zoomed=view.zoom)
            screen.painter.focus()

    def present(self) -> SavedView:
        """How things are looked at now."""
        screen = self._screen
        view, deck = screen.view, screen.deck.state
        return SavedView(
            filter=view.filter.text,
            sort=view.sort.value,
            times=view.times.value,
            cluster=view.clustered,
            pane=cast("PaneName", deck.active),
            zoom=deck.zoomed,
        )

    def _keep(self, name: str, view: SavedView | None) -> None:
        if name in self._screen.session.settings.views:
            raise UsageError(f"the configuration has a view {name!r}: change it there")
        if view is None and name not in self._saved.load():
            raise UsageError(f"no saved view {name!r}")
        try:
            self._saved.save(name, view)
        except (OSError, ValueError) as error:
            raise UsageError(f"view {name!r} cannot be saved: {getattr(error, 'strerror', None) or error}") from error
        told = f"view {name} is saved: :view {name}" if view is not None else f"view {name} is forgotten"
        self._screen.app.notify(told, markup=False)
