"""The deck: places panes by the terminal's size. Three columns, two, one with titles, or one pane with a tab line."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.containers import Container
from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

THREE_COLUMNS = 140
TWO_COLUMNS = 100
ONE_COLUMN = 80
FULL_HEIGHT = 24
"""On a terminal of fewer than `ONE_COLUMN` columns or `FULL_HEIGHT` lines there is one pane at a time."""
_OPEN = 9
"""Lines an open pane of an accordion should have, the titles of the closed ones counted in."""

Regions = dict[str, Region]


@dataclass(frozen=True, slots=True)
class DeckState:
    """What decides where panes go besides the size.

    Attributes:
        active: Id of the pane that has, or last had, the focus.
        recent: Pane ids, most recently focused first.
        zoomed: Whether the active pane takes everything.
    """

    active: str = "runs"
    recent: tuple[str, ...] = ()
    zoomed: bool = False

    def focus(self, pane: str) -> "DeckState":
        """The state after `pane` got the focus."""
        return DeckState(pane, (pane, *(name for name in self.recent if name != pane)), self.zoomed)


@dataclass(frozen=True, slots=True)
class DeckPlan:
    """Which panes stand where.

    Attributes:
        order: Every pane id, in the order of Tab.
        main: The pane that stays open beside the active one.
        second: The pane below `main` in two columns.
    """

    order: tuple[str, ...]
    main: str
    second: str


def is_single(terminal: Size) -> bool:
    """Whether there is one pane at a time on a terminal of this size."""
    return terminal.width < ONE_COLUMN or terminal.height < FULL_HEIGHT


def arrange(size: Size, plan: DeckPlan, state: DeckState, *, single: bool = False) -> Regions:
    """Where each pane goes in a deck of `size`; panes that are not in the result are hidden."""
    width, height = size
    if state.zoomed or single:
        return {state.active: Region(0, 0, width, height)}
    if width >= THREE_COLUMNS:
        return _three_columns(width, height, plan)
    if width >= TWO_COLUMNS:
        return _two_columns(width, height, plan, state)
    return _accordion(Region(0, 0, width, height), plan.order, state, always=(plan.main,))


def _three_columns(width: int, height: int, plan: DeckPlan) -> Regions:
    """Main and second on the left, the other panes two by two, the last one under both columns."""
    left = max(58, width * 9 // 20)
    middle = (width - left) // 2
    right = width - left - middle
    lower = max(9, height * 2 // 5)
    upper = height - lower
    top, bottom = upper - upper // 2, upper // 2
    first, second, third, fourth, last = [name for name in plan.order if name not in (plan.main, plan.second)]
    return {
        plan.main: Region(0, 0, left, upper),
        plan.second: Region(0, upper, left, lower),
        first: Region(left, 0, middle, top),
        second: Region(left, top, middle, bottom),
        third: Region(left + middle, 0, right, top),
        fourth: Region(left + middle, top, right, bottom),
        last: Region(left, upper, middle + right, lower),
    }


def _two_columns(width: int, height: int, plan: DeckPlan, state: DeckState) -> Regions:
    left = width // 2
    upper = height * 3 // 5
    regions = {
        plan.main: Region(0, 0, left, upper),
        plan.second: Region(0, upper, left, height - upper),
    }
    others = tuple(name for name in plan.order if name not in regions)
    return regions | _accordion(Region(left, 0, width - left, height), others, state, always=())


def _accordion(area: Region, panes: Sequence[str], state: DeckState, always: tuple[str, ...]) -> Regions:
    """Panes one below the other: as many of the most recent open as fit, the others closed to their titles."""
    wanted = [*always, state.active, *state.recent, *panes]
    opened = [name for name in dict.fromkeys(wanted) if name in panes][: max(1 + len(always), area.height // _OPEN)]
    room = area.height - (len(panes) - len(opened))
    share, rest = divmod(room, len(opened))
    regions: Regions = {}
    y = area.y
    for name in panes:
        height = 1
        if name in opened:
            height = share + (1 if rest > 0 else 0)
            rest -= 1
        regions[name] = Region(area.x, y, area.width, height)
        y += height
    return regions


class _DeckLayout(Layout):
    """Textual's side of `arrange`. A pane without a place is not drawn."""

    name = "deck"

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        regions = parent.regions(size) if isinstance(parent, Deck) else {}
        return [
            WidgetPlacement(regions[child.id], NULL_OFFSET, NULL_SPACING, child)
            for child in children
            if child.id in regions
        ]


class Deck(Container, inherit_bindings=False):
    """Holds the panes and places them; the pane that gets the focus becomes the active one."""

    DEFAULT_CSS = """
    Deck { height: 1fr; width: 1fr; overflow: hidden hidden; }
    """

    def __init__(self, *panes: Widget, plan: DeckPlan, state: DeckState, id: str | None = None) -> None:  # noqa: A002
        super().__init__(*panes, id=id)
        self._layout = _DeckLayout()
        self.plan = plan
        self._state = state

    @property
    def layout(self) -> Layout:
        """Its own; style sheets only know Textual's."""
        return self._layout

    @property
    def state(self) -> DeckState:
        """What decides where panes go."""
        return self._state

    @state.setter
    def state(self, state: DeckState) -> None:
        if state == self._state:
            return
        before, self._state = self.regions(self.size), state
        if self.regions(self.size) != before and self.children:
            # Asking for it through a child also drops the arrangement that Textual remembers for this size.
            self.children[0].refresh(layout=True)

    def regions(self, size: Size) -> Regions:
        """Where the panes are in a deck of `size`."""
        return arrange(size, self.plan, self._state, single=self.single)

    @property
    def single(self) -> bool:
        """Whether one pane is shown at a time because the terminal is small."""
        return is_single(self.app.size)
