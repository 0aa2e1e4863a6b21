"""The severity decision tree, walked with y and n."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.errors import UsageError
from cockpit.incidents.severity import FIRST, QUESTIONS, decide, read_severity, walk
from cockpit.models.incident import Severity


@pytest.mark.parametrize(
    ("answers", "severity"),
    [
        ("yy", Severity.SEV1), ("yn", Severity.SEV2), ("ny", Severity.SEV2), ("nny", Severity.SEV3),
        ("nnn", Severity.SEV4), (" YN ", Severity.SEV2),
    ],
)  # fmt: skip
def test_every_way_through_the_tree(answers: str, severity: Severity) -> None:
    assert decide(answers) is severity
    done = walk(answers)
    assert (done.severity, done.question, done.answers) == (severity, None, answers.strip().lower())


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ("", r"answer 1 is missing: Is production affected\?$"),
        ("y", r"answer 2 is missing: Is data lost .*so far: Is production affected\? yes"),
        ("nn", r"answer 3 is missing: Is it affecting correctness\? .*Are users blocked\? no"),
        ("yny", r"too many: after answer 2 \(Is data lost or security compromised\? no\) it is SEV2"),
        ("nyn", r"too many: after answer 2 \(Are users blocked\? yes\) it is SEV2"),
        ("nnny", r"too many: after answer 3 \(Is it affecting correctness\? no\) it is SEV4"),
        ("yx", r"answer 2 is 'x': write y or n \(Is data lost or security compromised\?\)"),
        ("y n", r"answer 2 is ' '"),
    ],
)
def test_missing_extra_and_odd_answers_name_the_question(answers: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        decide(answers)


def test_every_question_is_reached_and_every_severity_too() -> None:
    asked, reached = set(), set()
    for length in range(4):
        for letters in product("yn", repeat=length):
            try:
                at = walk("".join(letters))
            except UsageError:
                continue
            if at.question:
                asked.add(at.question.id)
            if at.severity:
                reached.add(at.severity)
    assert asked == set(QUESTIONS)
    assert reached == set(Severity)
    assert FIRST in QUESTIONS


@given(st.text(max_size=6))
def test_any_text_leads_somewhere_or_is_refused(text: str) -> None:
    try:
        at = walk(text)
    except UsageError:
        return
    assert (at.question is None) != (at.severity is None)
    assert at.answers == text.strip().casefold()


def test_a_severity_is_read_in_any_scheme_or_refused_with_the_list() -> None:
    assert [read_severity(word) for word in ("P1", "High", "sev2")] == [Severity.SEV2] * 3
    with pytest.raises(UsageError, match=r"no severity 'P7'.*SEV1 \(P0, Critical\).*SEV4 \(P3, Low\)"):
        read_severity("P7")
