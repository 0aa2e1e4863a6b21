"""What a document says against what it should say."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.actions.http_checks import ABSENT, as_text, judge, look_up, plain_fields, resolve, said
from cockpit.errors import UsageError
from cockpit.models.request import Place, PlannedCheck

PROVIDERS = [
    {"capability": "cdp", "adapter": "mock_cdp", "healthy": True},
    {"capability": "ads", "adapter": "noop.v2", "healthy": False},
]


def check(field: str, **more: Any) -> PlannedCheck:
    return PlannedCheck(url="http://x/", field=field, says="it is not so", **more)


@pytest.mark.parametrize(
    ("document", "place", "value"),
    [
        (PROVIDERS, "[capability=ads].adapter", "noop.v2"),
        (PROVIDERS, "[adapter=noop.v2].capability", "ads"),
        (PROVIDERS, "[capability=none].adapter", ABSENT),
        (PROVIDERS, "1.healthy", False),
        (PROVIDERS, "-1.capability", "ads"),
        (PROVIDERS, "2.capability", ABSENT),
        (PROVIDERS, "-3.capability", ABSENT),
        (PROVIDERS, "capability", ABSENT),
        ({"items": PROVIDERS}, "items[healthy=true].adapter", "mock_cdp"),
        ({"a": {"b": None}}, "a.b", None),
        ({"a": {"b": None}}, "a.b.c", ABSENT),
        ({"a": 1}, "a.b", ABSENT),
        ("text", "0", ABSENT),
        ({"items": "no list"}, "items[a=b].c", ABSENT),
        ([1, {"n": 2}], "[n=2].n", 2),
    ],
)
def test_a_place_leads_to_one_value_or_none(document: Any, place: str, value: Any) -> None:
    assert look_up(document, place) is value or look_up(document, place) == value


@pytest.mark.parametrize(
    ("document", "wanted", "met"),
    [
        ({"v": True}, {"equals": "true"}, True),
        ({"v": "true"}, {"equals": "true"}, True),
        ({"v": 5}, {"equals": "5"}, True),
        ({"v": None}, {"equals": "null"}, True),
        ({"v": False}, {"equals": "true"}, False),
        ({"v": [1]}, {"equals": "[1]"}, True),
        ({}, {"equals": "5"}, None),
        ({"v": 2}, {"at_most": "2"}, True),
        ({"v": 2.5}, {"at_most": "2"}, False),
        ({"v": "2"}, {"at_most": "2"}, False),
        ({"v": True}, {"at_most": "2"}, False),
        ({"v": float("nan")}, {"at_most": "2"}, False),
        ({}, {"at_most": "2"}, None),
        ({"v": "x"}, {}, True),
        ({"v": ""}, {}, False),
        ({"v": 0}, {}, False),
        ({"v": None}, {}, False),
        ({}, {}, None),
    ],
)
def test_a_check_holds_fails_or_is_not_known(document: Any, wanted: dict[str, str], met: bool | None) -> None:
    verdict = judge(check("v", **wanted), document)
    assert verdict.met is met
    assert verdict.text.startswith("it is not so (v")


def test_hostile_values_are_shown_clean_and_short() -> None:
    verdict = judge(check("v", equals="x"), {"v": "\x1b]52;c;ZXZpbA==\x07" + "y" * 10_000})
    assert "\x1b" not in verdict.seen
    assert len(verdict.seen) < 200


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
        max_leaves=12,
    ),
    st.text(alphabet="ab.[]=-01", max_size=12),
)
def test_no_document_and_no_place_breaks_a_check(document: Any, place: str) -> None:
    verdict = judge(check(place, equals="x"), document)
    assert verdict.met is (as_text(look_up(document, place)) == "x" if look_up(document, place) is not ABSENT else None)
    assert "\n" not in verdict.seen


def test_only_plain_short_fields_of_an_answer_are_kept() -> None:
    answer = {"id": "i-1", "n": 4, "ok": True, "long": "x" * 501, "list": [1], "none": None, "f": 1.5}
    assert plain_fields(answer) == {"id": "i-1", "n": 4, "ok": True}
    assert plain_fields([answer]) == {}


def test_what_the_answer_names_becomes_part_of_a_check_only_if_it_is_plain() -> None:
    asked = PlannedCheck(
        at=Place.ROOT, url="/root/incidents/revert-{answer.id}.json", field="id", equals="{answer.id}", says="-"
    )
    found = resolve(asked, {"id": "73ac1bc4"})
    assert (found.url, found.equals) == ("/root/incidents/revert-73ac1bc4.json", "73ac1bc4")
    for hostile in ("../../etc/passwd", "a/b", "", "-x", "a\x1b", "a?b"):
        with pytest.raises(UsageError, match="id in the answer"):
            resolve(asked, {"id": hostile})
    with pytest.raises(UsageError, match="the answer names no id"):
        resolve(asked, {})


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"detail": "run not found"}, "run not found"),
        ({"detail": {"error": "Nothing to resume"}}, "Nothing to resume"),
        ({"detail": [{"type": "missing", "loc": ["body", "reason"], "msg": "Field required"}]}, "Field required"),
        (
            {"detail": {"status": "failed", "error": "(sqlite3.IntegrityError) UNIQUE"}},
            "(sqlite3.IntegrityError) UNIQUE",
        ),
        ({"other": 1}, None),
        ([], None),
        (None, None),
    ],
)
def test_the_reason_of_a_failure_is_found_where_services_put_it(answer: Any, reason: str | None) -> None:
    assert said(answer) == reason
