"""Every action a shipped playbook names is one its systems offer for a real run."""

from functools import cache
from pathlib import Path

import pytest

from cockpit.actions.catalogue import BUILT_IN
from cockpit.models.playbook import Playbook
from cockpit.playbooks.loader import load_library
from cockpit.sources import registry

BOOKS = [book for book in load_library().playbooks if any(item.action for item in book.items)]
ROOTS = {
    "flow-studio": "flow-studio/runs",
    "curriculum-builder": "curriculum-builder/runs",
    "agents-orchestration": "agents-orchestration",
    "ai-csuite": "ai-csuite",
}
SAMPLED = 40


@cache
def offered(real_data: Path, system: str) -> frozenset[str]:
    """Ids of the actions of a system, whether or not they can be done just now."""
    source = next(source for source in registry.load().sources if source.id == system)
    root = real_data / ROOTS[system]
    refs = list(source.scan(root))
    some = refs[:: max(1, len(refs) // SAMPLED)]
    own = {spec.id for ref in some for spec in source.actions(ref)}
    return frozenset(own | {spec.id for spec in BUILT_IN})


@pytest.mark.real
@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.id)
def test_an_action_that_an_item_names_is_offered(real_data: Path, book: Playbook) -> None:
    wanted = {item.action for item in book.items if item.action}
    # What only one of several systems can do is refused with its reason in the others.
    missing = wanted.difference(*(offered(real_data, system) for system in book.systems or ROOTS))
    assert not missing
