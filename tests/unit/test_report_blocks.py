"""Generated parts of a document: found, made anew, and nothing that people wrote is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.errors import UsageError
from cockpit.reports.blocks import generated, merge, parse

OLD = "# T\n\n<!-- cockpit:begin a -->\nold\n<!-- cockpit:end a -->\nmine\n"
NEW = (
    "# T\n\n<!-- cockpit:begin a -->\nnew\n<!-- cockpit:end a -->\n\n## B\n\n"
    "<!-- cockpit:begin b -->\nmore\n<!-- cockpit:end b -->\n"
)
NAMES = st.sampled_from(["a", "b", "c", "d"])
WORDS = st.text(
    st.characters(codec="utf-8", exclude_characters="<\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"), max_size=20
)


def document(blocks: dict[str, str], own: list[str]) -> str:
    parts = [f"{text}\n" for text in own[:1]]
    for (name, text), after in zip(blocks.items(), [*own[1:], "", "", "", ""], strict=False):
        parts.append(f"<!-- cockpit:begin {name} -->\n{text}\n<!-- cockpit:end {name} -->\n{after}\n")
    return "".join(parts)


def test_only_generated_parts_change() -> None:
    made = merge(parse(OLD, "old"), parse(NEW, "new"))
    assert made == (
        "# T\n\n<!-- cockpit:begin a -->\nnew\n<!-- cockpit:end a -->\n\n## B\n\n"
        "<!-- cockpit:begin b -->\nmore\n<!-- cockpit:end b -->\nmine\n"
    )


def test_a_part_that_is_no_longer_generated_stays() -> None:
    assert merge(parse(NEW, "old"), parse(OLD, "new")) == NEW.replace("new", "old")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<!-- cockpit:begin a -->\nx\n", "f:1: a has no end"),
        ("x\n<!-- cockpit:end a -->\n", "f:2: "),
        ("<!-- cockpit:begin a -->\n<!-- cockpit:begin b -->\n", "f:2: "),
        ("<!-- cockpit:begin a -->\n<!-- cockpit:end b -->\n", "f:2: "),
        (OLD + OLD, "f:9: a begins a second time"),
    ],
)
def test_marks_that_are_wrong_are_told_with_their_line(text: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse(text, "f")
    assert str(refused.value).startswith(message)


@given(st.dictionaries(NAMES, WORDS), st.dictionaries(NAMES, WORDS), st.lists(WORDS, max_size=4))
def test_what_people_wrote_survives_in_order(old: dict[str, str], new: dict[str, str], own: list[str]) -> None:
    before = parse(document(old, own), "old")
    made = parse(merge(before, parse(document(new, []), "new")), "made")
    wanted = {name: f"{text}\n" for name, text in {**old, **new}.items()}
    assert dict(generated(made)) == wanted
    written = [text for text in "".join(part.text for part in before if part.name is None).splitlines() if text.strip()]
    kept = [text for text in "".join(part.text for part in made if part.name is None).splitlines() if text.strip()]
    assert kept == written


@given(st.text())
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        parts = parse(text, "f")
    except UsageError:
        return
    assert merge(parts, parts) == text
