"""Fitting text into cells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from widgets.cells import break_lines, clip, fit, plain, window, wrap

TEXTS = st.text(
    alphabet=st.one_of(st.characters(codec="utf-8"), st.sampled_from("日本 \u0301👩[]\x1b\x00a")), max_size=40
)


@given(TEXTS, st.integers(0, 30), st.sampled_from(["end", "middle", "start"]), st.sampled_from(["left", "right"]))
def test_fit_takes_exactly_its_width(text: str, width: int, cut: str, align: str) -> None:
    shown = fit(text, width, cut, align)
    assert cell_len(shown) == width
    assert not any(character < " " or character == "\x7f" for character in shown)


@given(TEXTS, st.integers(0, 40), st.integers(0, 30))
def test_window_takes_exactly_its_width(text: str, start: int, width: int) -> None:
    assert cell_len(window(text, start, width)) == width


@given(TEXTS, st.integers(2, 20), st.integers(2, 20))
def test_break_lines_loses_nothing_but_spaces(text: str, first: int, rest: int) -> None:
    text = plain(text)
    lines = break_lines(text, first, rest)
    assert all(cell_len(text[start:end]) <= (rest if number else first) for number, (start, end) in enumerate(lines))
    assert "".join(text[start:end] for start, end in lines).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    ("cut", "shown"), [("end", "abcde…"), ("start", "…fghij"), ("middle", "abc…ij")], ids=["end", "start", "middle"]
)
def test_cuts(cut: str, shown: str) -> None:
    assert clip("abcdefghij", 6, cut) == shown  # type: ignore[arg-type]


def test_short_texts_are_padded_on_their_side() -> None:
    assert fit("ab", 4) == "ab  "
    assert fit("ab", 4, align="right") == "  ab"


def test_wide_characters_are_never_halved() -> None:
    assert fit("日本語", 5) == "日本…"
    assert fit("日本語", 4) == "日 …"


def test_wrapping_breaks_at_spaces_and_inside_long_words() -> None:
    assert wrap("the test suite exited", 9) == ["the test", "suite", "exited"]
    assert wrap("abcdefghij", 4) == ["abcd", "efgh", "ij"]
    assert wrap("", 4) == [""]


def test_control_characters_are_replaced() -> None:
    assert plain("a\x1b]52;c;x\x07b\nc") == "a\ufffd]52;c;x\ufffdb\ufffdc"
