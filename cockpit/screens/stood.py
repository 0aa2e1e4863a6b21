"""What the look at a checklist tells the screen. Apart from what looks: the first frame needs only these."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from cockpit.presence import Person
    from cockpit.standing import Standing


class Stirred(Message):
    """Something changed that a checklist rests on, or somebody came or went."""

    def can_replace(self, message: Message) -> bool:
        """Once is enough."""
        return isinstance(message, Stirred)


@dataclass
class Stood(Message):
    """A checklist was held against the evidence."""

    key: str
    standing: "Standing"
    here: "tuple[Person, ...]"
