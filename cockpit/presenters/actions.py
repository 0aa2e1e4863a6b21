"""The actions of a run as a menu, and what one of them asks for as a form. Pure functions."""

from collections.abc import Iterable, Sequence

from cockpit.actions.menu import Offer
from cockpit.models.action import ActionInput, ActionSpec, Confirm, InputKind, Reach
from cockpit.presenters import words
from widgets.rows import FormField, MenuItem

_FLAG = ("no", "yes")
_KEYS = "abcdefghilmnoprstuvwxz"
"""Letters given to actions that ask for none themselves; j and k move, q and y are not for opening plans."""


def action_items(offers: Sequence[Offer]) -> list[MenuItem]:
    """Every action with its key; those that cannot be done now come last and say why."""
    keys = _keys([offer.spec for offer in offers])
    offers = sorted(offers, key=lambda offer: offer.refused is not None)
    return [
        MenuItem(
            offer.spec.id,
            words.text(offer.spec.title).text,
            keys[offer.spec.id],
            help=_traits(offer.spec),
            disabled=None if offer.refused is None else words.text(offer.refused).text,
            name=words.text(offer.spec.id).text,
        )
        for offer in offers
    ]


def form_fields(spec: ActionSpec) -> tuple[FormField, ...]:
    """What an action asks for, in the order it asks."""
    return tuple(_field(each) for each in spec.inputs)


def _field(each: ActionInput) -> FormField:
    choices = _FLAG if each.kind is InputKind.FLAG else each.choices
    if choices and each.optional and each.default is None:
        choices = ("", *choices)
    return FormField(
        name=each.name,
        label=words.text(each.name.replace("_", " ")).text,
        value=words.text(each.default or "").text,
        choices=tuple(words.text(choice).text for choice in choices),
        required=each.default is None and not each.optional,
        hint=words.text(each.title).text,
    )


def _traits(spec: ActionSpec) -> str:
    """What sets it apart: `cannot be undone`, `reaches the whole system`, `typed confirmation`."""
    found = []
    if spec.danger:
        found.append("dangerous")
    if spec.reach is Reach.SYSTEM:
        found.append("reaches the whole system")
    if spec.confirm is Confirm.TYPED:
        found.append("typed confirmation")
    return ", ".join(found)


def _keys(specs: Iterable[ActionSpec]) -> dict[str, str]:
    """A key for each action: its own, else the first free letter of its id, else any free one, else none."""
    found = list(specs)
    keys: dict[str, str] = {}
    taken: set[str] = set()
    for spec in found:
        if spec.key and spec.key not in taken:
            keys[spec.id] = spec.key
            taken.add(spec.key)
    for spec in found:
        if spec.id not in keys:
            letter = next((each for each in (*spec.id, *_KEYS) if each in _KEYS and each not in taken), "")
            keys[spec.id] = letter
            taken.add(letter)
    return keys
