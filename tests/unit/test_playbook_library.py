"""The shipped library as a whole: findings lead to what exists, and it is recognised by what is really written."""

import re

import pytest

from cockpit.diagnosis.rulebook import shipped_rules
from cockpit.diagnosis.rules import KNOWN_SYSTEMS, Rule
from cockpit.models.playbook import Playbook
from cockpit.playbooks.loader import load_library
from tests.conftest import REPOSITORY
from tests.unit.diagnosis_samples import SAMPLES

LIBRARY = load_library()
RULES = shipped_rules()
ELSEWHERE = "somebody-elses"
"""A source without rules of its own."""


def names(book: Playbook) -> str:
    return book.id


@pytest.mark.parametrize("rule", RULES.rules, ids=lambda rule: rule.id)
@pytest.mark.parametrize("source", [*sorted(KNOWN_SYSTEMS), ELSEWHERE])
def test_the_playbook_a_finding_names_exists_and_is_for_the_system_of_the_run(rule: Rule, source: str) -> None:
    if not rule.for_system(source) or rule.playbook is None:
        return
    shown = RULES.playbook(rule.playbook, source, {book.id for book in LIBRARY.playbooks})
    book = LIBRARY.get(shown or "")
    assert book is not None, rule.playbook
    assert book.fits(source), f"{book.id} is not for {source}"


def test_nothing_stands_for_a_playbook_that_no_rule_names_or_that_does_not_exist() -> None:
    named = {rule.playbook for rule in RULES.rules}
    for table in RULES.instead.values():
        assert set(table) <= named
        assert all(LIBRARY.get(one) for one in table.values())


@pytest.mark.parametrize("book", [book for book in LIBRARY.playbooks if book.signatures], ids=names)
def test_a_playbook_is_recognised_by_what_its_systems_really_write(book: Playbook) -> None:
    texts = [sample.text for sample in SAMPLES if book.fits(sample.source)]
    assert any(re.search(pattern, text, re.IGNORECASE) for pattern in book.signatures for text in texts)


@pytest.mark.parametrize("book", LIBRARY.playbooks, ids=names)
def test_every_playbook_is_for_systems_that_exist_and_says_what_it_is(book: Playbook) -> None:
    assert set(book.systems) <= KNOWN_SYSTEMS
    assert book.body.startswith("# ")
    assert book.title
    assert all(item.section for item in book.items)


@pytest.mark.parametrize("book", LIBRARY.playbooks, ids=names)
def test_a_playbook_that_is_mentioned_exists(book: Playbook) -> None:
    known = {one.id for one in LIBRARY.playbooks}
    for line in book.body.splitlines():
        if "playbook" in line.lower():
            for name in re.findall(r"`([a-z]+(?:-[a-z]+)+)`", line):
                assert name in known, line


def test_every_item_that_a_gate_asks_for_is_in_the_response_protocol() -> None:
    folder = REPOSITORY / "cockpit" / "incidents"
    phases = "detect|contain|diagnose|fix|verify|document"
    asked = {
        name
        for path in folder.glob("*.py")
        for name in re.findall(rf'(?:item|settled)\((?:situation, )?"((?:{phases})-[a-z-]+)"', path.read_text())
    }
    protocol = LIBRARY.get("response-protocol")
    assert protocol is not None
    assert len(asked) >= 10
    assert asked <= {item.id for item in protocol.items}
