"""The actions of a run: its source's, the user's and the cockpit's own, each with the reason why not, if so."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from cockpit.actions.catalogue import BUILT_IN, plan_for
from cockpit.actions.checks import Context
from cockpit.actions.earlier import recalled
from cockpit.errors import UsageError
from cockpit.models.action import ActionSpec
from cockpit.models.run import Run
from cockpit.verbs import BUILT_IN_ACTIONS


@dataclass(frozen=True, slots=True)
class Offer:
    """An action of a run, and why it cannot be done now (`None`: it can)."""

    spec: ActionSpec
    refused: str | None


def specs(own: Iterable[ActionSpec], declared: Iterable[ActionSpec] = ()) -> tuple[ActionSpec, ...]:
    """The actions of a run: its source's, those of the user's settings, and the built-in ones.

    A declared action takes the place of the source's own of the same id, and its key where it names none; the built-in
    ones cannot be replaced, but what a source says of those is added. A key that is taken stays with whom it belonged
    to: see `clashes`.

    Args:
        own: The source's.
        declared: The user's, for this source.
    """
    given = {spec.id: spec for spec in own}
    built_in = tuple(_with_notes(spec, given.pop(spec.id, None)) for spec in BUILT_IN)
    users = {spec.id: spec for spec in declared if spec.id not in BUILT_IN_ACTIONS}
    taken = {spec.key for spec in (*built_in, *given.values()) if spec.id not in users}
    found = [_instead(users.pop(id_), spec, taken) if id_ in users else spec for id_, spec in given.items()]
    return (*found, *(_keyed(spec, spec.key, taken) for spec in users.values()), *built_in)


def clashes(own: Iterable[ActionSpec], declared: Iterable[ActionSpec]) -> tuple[str, ...]:
    """What of the user's actions was not taken, and why, for people."""
    users = tuple(declared)
    every = {spec.id: spec for spec in specs(own, users)}
    owners = {spec.key: spec.id for spec in every.values()}
    return tuple(
        f"actions.{spec.id}.key: {spec.key} already belongs to {owners.get(spec.key)}; not taken"
        for spec in users
        if spec.key is not None and spec.id in every and every[spec.id].key is None
    )


def available(
    own: Iterable[ActionSpec], run: Run, context: Context, declared: Iterable[ActionSpec] = ()
) -> tuple[Offer, ...]:
    """Every action of a run (`specs`) with the reason why not, as its plan would give it.

    What must be chosen first is no reason: it is asked for.
    """
    offering = replace(context, offering=True)
    found = specs(own, declared)
    return tuple(Offer(_recalling(spec, context), plan_for(spec, run, offering).refused) for spec in found)


def _recalling(spec: ActionSpec, context: Context) -> ActionSpec:
    """The action with the defaults that earlier jobs give, as a plan would take them."""
    if spec.request is None or all(each.recall is None for each in spec.inputs):
        return spec
    try:
        service = context.service_of(spec.request.service)
    except UsageError:
        service = None
    if service is None:
        return spec
    known = recalled(spec.inputs, {}, context.state_dir, service.url)
    inputs = (each.model_copy(update={"default": known.get(each.name, each.default)}) for each in spec.inputs)
    return spec.model_copy(update={"inputs": tuple(inputs)})


def _with_notes(spec: ActionSpec, notes: ActionSpec | None) -> ActionSpec:
    if notes is None:
        return spec
    return spec.model_copy(update={"expects": notes.expects, "warnings": notes.warnings})


def _instead(spec: ActionSpec, own: ActionSpec, taken: set[str | None]) -> ActionSpec:
    return _keyed(spec, spec.key or own.key, taken)


def _keyed(spec: ActionSpec, key: str | None, taken: set[str | None]) -> ActionSpec:
    return spec.model_copy(update={"key": None if key in taken else key})
