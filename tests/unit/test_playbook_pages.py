"""A playbook as a page: everything is there, within the width, and ids and commands can be read off."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.models.playbook import Playbook
from cockpit.playbooks.loader import load_library
from cockpit.playbooks.parse import parse_playbook
from cockpit.presenters.catalogue import catalogue_rows
from cockpit.presenters.pages import column_widths, playbook_page

LIBRARY = load_library()
HOSTILE = "\x1b]52;c;eA==\x07\x1b[31m[/x]\u202e"

BOOK = """\
+++
id = "b"
title = "B"
systems = ["custom"]
states = ["failed"]
severity = "SEV2"
+++
# B

Some words that are **set** in a paragraph,
over two lines. <!-- a remark -->

## Look

- [ ] Ask `df` how full it is <!-- id: df; check: artifact-exists; evidence: {flow}/x.json; command: df "a b" {run} -->
  - A line below it
    that wraps.
1. First
   of two
2. Second

```text
a -> b   | c
- [ ] no item
```

| Symptom | Likely cause | Fix |
|---|---|---|
| A long sentence about what one sees | `x` | y |
"""


def parsed(text: str) -> Playbook:
    book, _ = parse_playbook(text, "b.md", stem="b")
    assert book is not None
    return book


def page(book: Playbook, width: int = 80) -> list[str]:
    return ["".join(cell.text for cell in line) for line in playbook_page(book, width)]


def test_a_page() -> None:
    assert page(parsed(BOOK), 40) == [
        "# B",
        "b; for custom; runs that are failed;",
        "usually SEV2",
        "",
        "Some words that are set in a paragraph,",
        "over two lines.",
        "",
        "## Look",
        "",
        "[ ] Ask `df` how full it is",
        "    df  check artifact-exists",
        "    see {flow}/x.json",
        '    $ df "a b" {run}',
        "    - A line below it that wraps.",
        "1. First of two",
        "2. Second",
        "",
        "  a -> b   | c",
        "  - [ ] no item",
        "",
        "Symptom                Likely cause  Fix",
        "A long sentence about  x             y",
        "what one sees",
    ]


@pytest.mark.parametrize("book", LIBRARY.playbooks, ids=lambda book: book.id)
@pytest.mark.parametrize("width", [80, 60, 160])
def test_a_shipped_playbook_fits_and_nothing_of_it_is_lost(book: Playbook, width: int) -> None:
    lines = page(book, width)
    # A command is there to be copied, and is never broken; a drawing is not wrapped.
    drawn = {
        f"  {line}" for block in re.findall(r"```\w*\n(.*?)```", book.body, re.DOTALL) for line in block.split("\n")
    }
    assert all(len(line) <= width for line in lines if line not in drawn and not line.startswith("    $ "))
    assert all(len(line) <= 80 for line in drawn)
    text = " ".join(" ".join(lines).split())
    for item in book.items:
        assert f" {item.id} " in f"{text} "
        assert item.text in text
        assert all(" ".join(detail.split()) in text for detail in item.detail)
        assert item.check is None or f"check {item.check}" in text
    assert "<!--" not in text
    assert "**" not in text.replace("**/", "")


def test_foreign_text_is_clean_wherever_it_stands() -> None:
    text = BOOK.replace("Some words", HOSTILE).replace("First", HOSTILE).replace("no item", HOSTILE)
    text = text.replace("Ask `df`", HOSTILE).replace("`x`", HOSTILE).replace("## Look", f"## {HOSTILE}")
    text = text.replace("A line", HOSTILE).replace('"a b"', f'"{HOSTILE}"')
    shown = "".join(page(parsed(text)))
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "\u202e" not in shown
    assert shown.count("[/x]") >= 7


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["- [ ] a", "  - b", "| a | b |", "|---|---|", "```", "~~~", "# x", "1. y", "", "日本" * 30, "x" * 99]
        )
    ),
    st.integers(1, 90),
)  # fmt: skip
def test_no_mixture_of_marks_makes_it_raise(pieces: list[str], width: int) -> None:
    book = parsed("+++\nid = 'a'\ntitle = 'A'\n+++\n" + "\n".join(pieces))
    for line in page(book, width):
        assert line.isprintable()


@given(st.lists(st.lists(st.text("abc de", max_size=30), min_size=3, max_size=3), min_size=1), st.integers(30, 120))
def test_columns_take_no_more_than_there_is(rows: list[list[str]], width: int) -> None:
    widths = column_widths(rows, width)
    assert sum(widths) + 4 <= width
    longest = [max(len(row[column]) for row in rows) for column in range(3)]
    if sum(longest) + 4 <= width:
        assert widths == longest


def test_the_catalogue_says_what_takes_the_place_of_what() -> None:
    mine = parsed(BOOK).model_copy(update={"shipped": False, "overrides": "library/b.md"})
    both = mine.model_copy(update={"systems": ("a", "b"), "overrides": None})
    any_ = mine.model_copy(update={"systems": (), "overrides": None, "shipped": True})
    rows = [[cell.text for cell in row] for row in catalogue_rows([mine, both, any_])]
    assert rows == [
        ["b", "1", "custom", "yours", "B (instead of library/b.md)"],
        ["b", "1", "2 systems", "yours", "B"],
        ["b", "1", "any", "shipped", "B"],
    ]
