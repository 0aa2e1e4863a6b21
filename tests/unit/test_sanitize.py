"""The one door: whatever goes in, what comes out is one printable line of bounded length."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cockpit.sanitize import MAX_LENGTH, clean, clean_lines
from tests.samples import FORBIDDEN, HOSTILE

ANYTHING = st.text(st.characters(), max_size=300) | st.text(
    st.sampled_from("\x1b[]P\\^_X;:0123mMA \x07\x9b\x9c\x9d\x90\n\t\r\x00\x7f\u202e\u200d\ufe0f\ud800a❤é日👩"),
    max_size=80,
)


@given(ANYTHING)
@example("\x1b\x1b[31m[31mx")
@example("\x1b[\x1b]\x1b")
def test_no_control_character_comes_out(text: str) -> None:
    assert not FORBIDDEN.search(clean(text))


@given(ANYTHING)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(ANYTHING, st.integers(1, 50))
def test_the_length_is_bounded_and_a_cut_is_shown(text: str, limit: int) -> None:
    shown = clean(text, limit)
    assert len(shown) <= limit
    assert shown.endswith("…") or len(text) <= limit


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=MAX_LENGTH))
def test_plain_ascii_is_left_alone(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("before\x1b]52;c;cHduZWQ=\x07after", "beforeafter"),
        ("before\x1b]52;c;cHduZWQ=\x1b\\after", "beforeafter"),
        ("before\x1b]8;;http://evil\x9cafter", "beforeafter"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b[?1049h\x1b[2J\x1b[H", ""),
        ("\x1bP+q544e\x1b\\after", "after"),
        ("\x1b_apc\x1b\\\x1b^pm\x1b\\\x1bXsos\x1b\\after", "after"),
        ("\x9b31mred\x9b0m", "red"),
        ("\x9d52;c;x", "\ufffd52;c;x"),
        ("\x1bcreset", "reset"),
        ("\x1b", ""),
        ("a\x00b\x7fc", "a\ufffdb\ufffdc"),
        ("a\tb\r\nc\x0bd", "a b c d"),
        ("a\u2028b\u2029c\x85d", "a\ufffdb\ufffdc\ufffdd"),
        ("\u202egnp.exe", "\ufffdgnp.exe"),
        ("pay\u200dload\u200b", "pay\ufffdload\ufffd"),
        ("\ud800", "\ufffd"),
    ],
)
def test_sequences_vanish_and_controls_are_marked(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_letters_of_all_scripts_stay() -> None:
    text = "日本語 ÄÖÜ ñ e\u0301 עברית العربية ✅ 🚀 ⚠"
    assert clean(text) == text


def test_emoji_come_apart_without_litter() -> None:
    assert clean("⚠\ufe0f ❤\ufe0f\u200d🔥 👩\u200d💻") == "⚠ ❤🔥 👩💻"


def test_markup_is_text() -> None:
    assert clean("[@click=app.quit]x[/]") == "[@click=app.quit]x[/]"


def test_an_unended_sequence_ends_with_the_line() -> None:
    assert clean_lines("\x1b]52;c;never ended\nnext\x1b[31") == ["", "next31"]


@pytest.mark.parametrize(
    "text",
    ["x" * 1_000_000, "\x1b[" * 500_000, "\x1b[" + "0" * 1_000_000, "\x1b]" * 500_000],
    ids=["plain", "csi", "parameters", "osc"],
)
def test_a_line_of_a_megabyte_costs_what_is_shown_of_it(text: str) -> None:
    # Only what is kept is looked at, so the rest of the line cannot cost anything.
    assert clean(text) == clean(text[:MAX_LENGTH] + "?" * 10)
    assert len(clean(text)) <= MAX_LENGTH


def test_lines_are_counted_and_cleaned() -> None:
    assert clean_lines("a\n\x1b[1mb\nc", max_lines=2) == ["a", "b"]


def test_any_value_can_be_shown() -> None:
    nested: list[object] = []
    for _ in range(5_000):
        nested = [nested]
    assert clean(None) == "None"
    assert clean({"a": "\x1b"}) == "{'a': '\\x1b'}"
    assert "nested too deeply" in clean(nested)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
def test_the_hostile_texts_of_the_other_tests(text: str) -> None:
    assert not FORBIDDEN.search(clean(text))
