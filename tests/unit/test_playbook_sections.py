"""Every section of the five documents is in the library: in the playbook it belongs to, with the facts it holds."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.playbooks.loader import load_library
from tests.conftest import SHARED
from tests.unit.playbook_sections import LEFT_OUT, SECTIONS

LIBRARY = load_library()
SEEDS = SHARED / "seeds"


def flat(text: str) -> str:
    """Markdown in lower case on one line, without the marks that only set type."""
    return " ".join(text.lower().replace("`", "").replace("**", "").split())


def headings(text: str) -> Iterator[str]:
    """The headings of a document below its title, each with those above it, as slugs; none out of code blocks."""
    fence = ""
    above = ""
    for line in text.splitlines():
        if mark := re.match(r"`{3,}", line):
            fence = "" if mark[0] == fence else fence or mark[0]
        elif not fence and (found := re.match(r"(#{2,3}) +(.*)", line)):
            slug = "-".join(re.findall(r"[a-z0-9]+", found[2].lower()))
            above = slug if found[1] == "##" else above
            yield slug if found[1] == "##" else f"{above}/{slug}"


@pytest.mark.parametrize(("seed", "section"), SECTIONS, ids=lambda text: text)
def test_a_section_is_in_its_playbook(seed: str, section: str) -> None:
    name, facts = SECTIONS[seed, section]
    book = LIBRARY.get(name)
    assert book is not None
    text = flat(book.body)
    commands = flat("\n".join(" ".join(item.command or ()) for item in book.items))
    missing = [fact for fact in facts if fact not in text and fact not in commands]
    assert not missing, f"{name} does not say {missing}"


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the documents are not here")
def test_no_section_of_the_documents_is_forgotten() -> None:
    for path in sorted(SEEDS.glob("*.txt")):
        seed = path.name[:3]
        wanted = {(seed, heading) for heading in headings(path.read_text(encoding="utf-8"))}
        assert wanted
        known = {key for key in {*SECTIONS, *LEFT_OUT} if key[0] == seed}
        assert known == wanted


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the documents are not here")
def test_no_playbook_repeats_a_sentence_of_the_documents() -> None:
    sentences = {words for path in SEEDS.glob("*.txt") for words in _runs(path)}
    for book in LIBRARY.playbooks:
        prose = re.sub(r"<!--.*?-->", " ", book.body)
        copied = sentences & set(_windows(prose))
        assert not copied, book.id


_LENGTH = 9
"""Words in a row that are no coincidence any more."""


def _runs(path: Path) -> Iterator[tuple[str, ...]]:
    return _windows(path.read_text(encoding="utf-8"))


def _windows(text: str) -> Iterator[tuple[str, ...]]:
    for line in text.splitlines():
        # Commands and paths are facts, not prose.
        words = re.findall(r"[a-z']+", re.sub(r"`[^`]*`|\S*[/=_]\S*|--\S+", " ", line.lower()))
        yield from (tuple(words[at : at + _LENGTH]) for at in range(len(words) - _LENGTH + 1))
