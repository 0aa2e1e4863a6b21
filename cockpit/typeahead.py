"""Keys in the order they were pressed, each to where the one before it has led.

Over a slow line many keys arrive at once. Textual hands all of them to the widget that has the focus at that moment,
before the first of them is carried out: of `/failed`, everything behind the slash would be commands.
"""

from collections import deque

from textual.app import App, ReturnType
from textual.events import Event, Key, Paste
from textual.message import Message
from textual.message_pump import MessagePump

_LOST_AFTER_S = 0.5
"""Seconds after which a key counts as carried out although nothing was heard of it: its widget has gone."""
_LAPS = 3
"""How often what follows a key goes from its widget to the app: a key leads to a message (the line was entered), and
that to another (the filter was), each of which stands in the queues behind the one before."""


class TypeAhead(App[ReturnType], inherit_bindings=False):
    """An app that hands out a key or a paste only when the one before was carried out."""

    class CarriedOut(Message):
        """Follows an input through the same queues, from the widget that got it up to the app."""

        def __init__(self, number: int, widget: MessagePump, lap: int = 1) -> None:
            super().__init__()
            self.number = number
            self.widget = widget
            self.lap = lap

    def __init__(self) -> None:
        super().__init__()
        self._typed: deque[Event] = deque()
        self._handed_out = 0
        self._waiting = False

    @property
    def typing(self) -> bool:
        """Whether something that was typed is not carried out yet."""
        return self._waiting

    async def on_event(self, event: Event) -> None:
        """Queue what was typed; everything else takes its course."""
        if not isinstance(event, Key | Paste) or event.is_forwarded:
            await super().on_event(event)
            return
        self._typed.append(event)
        if not self._waiting:
            await self._hand_out()

    async def _hand_out(self) -> None:
        self._waiting = bool(self._typed)
        if not self._typed:
            return
        self._handed_out += 1
        target = self.focused or self.screen
        await super().on_event(self._typed.popleft())
        self._follow(self.CarriedOut(self._handed_out, target))
        if self._typed:
            last = self.CarriedOut(self._handed_out, target, _LAPS)
            self.set_timer(_LOST_AFTER_S, lambda: self.post_message(last))

    def _follow(self, message: CarriedOut) -> None:
        if not message.widget.post_message(message):
            self.post_message(self.CarriedOut(message.number, self, _LAPS))

    async def on_type_ahead_carried_out(self, message: CarriedOut) -> None:
        """The next one, if this is not old news."""
        message.stop()
        if message.number != self._handed_out or not self._waiting:
            return
        if message.lap < _LAPS:
            self._follow(self.CarriedOut(message.number, message.widget, message.lap + 1))
        else:
            await self._hand_out()
