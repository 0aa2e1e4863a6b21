"""Keys in the order they were pressed, each to where the one before it has led.

Over a slow line many keys arrive at once. Textual hands all of them to the widget that has the focus at that moment,
before the first of them is carried out: of `/failed`, everything behind the slash would be commands.
"""

from collections import deque

from textual.app import ReturnType
from textual.events import Event, Key, Paste
from textual.message import Message
from textual.widget import Widget

from widgets.quiet import QuietApp

_LOST_AFTER_S = 0.5
"""Seconds after which a key counts as carried out although nothing was heard of it."""
_LAPS = 3
"""How often what follows a key goes from its widget to the app: a key leads to a message (the line was entered), and
that to another (the filter was), each of which stands in the queues behind the one before."""


class TypeAhead(QuietApp[ReturnType], inherit_bindings=False):
    """An app that hands out a key or a paste only when the one before was carried out."""

    class CarriedOut(Message):
        """Follows an input through the same queues, from the widget that got it up to the app."""

        def __init__(self, number: int, lap: int) -> None:
            super().__init__()
            self.number = number
            self.lap = lap

    def __init__(self) -> None:
        super().__init__()
        self._typed: deque[Event] = deque()
        self._handed_out = 0
        self._waits_for: Widget | None = None

    @property
    def typing(self) -> bool:
        """Whether something that was typed is not carried out yet."""
        waits_for = self._waits_for
        # What went to a widget that is removed, such as the answer to a dialog, is carried out.
        return bool(self._typed) or (waits_for is not None and waits_for.is_attached)

    async def on_event(self, event: Event) -> None:
        """Queue what was typed; everything else takes its course."""
        if not isinstance(event, Key | Paste) or event.is_forwarded:
            await super().on_event(event)
            return
        waiting = self.typing
        self._typed.append(event)
        if waiting:
            last = self.CarriedOut(self._handed_out, _LAPS)
            self.set_timer(_LOST_AFTER_S, lambda: self.post_message(last))
        else:
            await self._hand_out()

    def typed(self) -> None:
        """Something that was typed is about to be carried out. For the application."""

    async def _hand_out(self) -> None:
        self._waits_for = None
        while self._typed and not self._heard(self._typed[0]):
            self._typed.popleft()
        if not self._typed:
            return
        self._handed_out += 1
        target = self.focused or self.screen
        self.typed()
        await super().on_event(self._typed.popleft())
        self._waits_for = target
        self._follow(1)

    def _heard(self, event: Event) -> bool:
        """Whether the screen takes what was typed for its own; one that opened meanwhile does not.

        On a busy host the turn of a key may come long after it was pressed, when a dialog listens already.
        """
        hears = getattr(self.screen, "hears", None)
        return hears is None or (isinstance(event, Key) and event.key == "ctrl+c") or bool(hears(event))

    def _follow(self, lap: int) -> None:
        target = self._waits_for
        if target is None or not target.post_message(self.CarriedOut(self._handed_out, lap)):
            self.post_message(self.CarriedOut(self._handed_out, _LAPS))

    async def on_type_ahead_carried_out(self, message: CarriedOut) -> None:
        """The next one, if this is not old news."""
        message.stop()
        if message.number != self._handed_out or self._waits_for is None:
            return
        if message.lap < _LAPS:
            self._follow(message.lap + 1)
        else:
            await self._hand_out()
