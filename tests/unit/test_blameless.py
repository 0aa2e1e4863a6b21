"""The blameless check: what it points at, what it must let pass, and that nothing makes it fail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.reports.blameless import blames


@pytest.mark.parametrize(
    "text",
    [
        "Maria broke the deploy.",
        "Nobody reviewed properly.",
        "The engineer forgot to rotate the key.",
        "This was Peter's fault.",
        "Why didn't somebody notice?",
        "Who made the mistake?",
        "The outage was caused by human error.",
        "They should have tested this.",
        "Jane Doe failed to run the checks.",
        "The reviewer did not read the diff.",
        "Root cause: the on-call engineer ignored the page.",
        "The team was careless.",
    ],
)
def test_a_sentence_that_blames_is_found(text: str) -> None:
    (found,) = blames(f"# Summary\n\n{text}\n")
    assert found.line == 3
    assert found.text == text
    assert found.ask.endswith("?")


@pytest.mark.parametrize(
    "text",
    [
        "The deploy script failed.",
        "The validation did not catch the missing field.",
        "Validation failed to notice the empty list.",
        "Step critic failed to write its receipt.",
        "The timeout caused the step to end early.",
        "No check looked at the fixtures.",
        "What signal was missed?",
        "What would have detected this earlier?",
        "CI missed the import because the fixture is never loaded.",
        "alice took command at 14:02.",
        "The run was retried by bob.",
        "> Maria broke the build",
        "The log says `Peter forgot the key`.",
        "Careful rollout in four stages.",
    ],
)
def test_a_sentence_about_the_system_passes(text: str) -> None:
    assert blames(text) == ()


def test_what_a_tool_printed_is_evidence_whatever_it_says() -> None:
    assert blames("```\nMaria broke it.\n```\n\n~~~text\nWho made the mistake?\n~~~\n") == ()
    assert [each.line for each in blames("```\nx\n```\nMaria broke it.\n")] == [4]


def test_each_sentence_is_told_once_and_with_its_line() -> None:
    found = blames("One is fine. They forgot it, and they missed it too. Fine.\nShe broke it.", first_line=10)
    assert [each.line for each in found] == [10, 11]


@given(st.text(max_size=400))
def test_nothing_makes_it_fail(text: str) -> None:
    for each in blames(text):
        assert "\x1b" not in each.text
        assert each.line >= 1
