"""Single values change in a JSON text; every other byte stays."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.actions.json_edit import Place, changed_lines, edit, shown, spans
from cockpit.actions.own_job import OwnJobError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=5), below, max_size=4),
    max_leaves=20,
)


def _places(value: Any, place: Place = ()) -> list[tuple[Place, Any]]:
    found = [(place, value)]
    if isinstance(value, dict):
        found += [each for key, below in value.items() for each in _places(below, (*place, key))]
    elif isinstance(value, list):
        found += [each for number, below in enumerate(value) for each in _places(below, (*place, number))]
    return found


@given(VALUES, st.sampled_from([None, 0, 2, "\t"]), st.booleans())
def test_every_value_is_found_where_it_stands(value: Any, indent: int | str | None, ascii_only: bool) -> None:
    text = f" {json.dumps(value, indent=indent, ensure_ascii=ascii_only)}\n"
    found = spans(text)
    wanted = dict(_places(value))
    assert found.keys() == wanted.keys()
    for place, (start, end) in found.items():
        assert json.loads(text[start:end]) == wanted[place]


@given(VALUES, st.data(), st.text(max_size=10))
def test_only_the_value_changes(value: Any, data: st.DataObject, new: str) -> None:
    text = json.dumps({"top": value}, indent=2)
    place = data.draw(st.sampled_from([place for place, _ in _places({"top": value})[1:]]))
    start, end = spans(text)[place]
    changed = edit(text, {place: new})
    assert changed.startswith(text[:start])
    assert changed.endswith(text[end:])
    assert dict(_places(json.loads(changed)))[place] == new


def test_of_a_key_that_is_there_twice_the_last_counts_as_for_parsers() -> None:
    text = '{"a": {"b": "first", "c": "gone"}, "a": {"b": "second"}}'
    assert spans(text).keys() == {(), ("a",), ("a", "b")}
    assert edit(text, {("a", "b"): "third"}) == '{"a": {"b": "first", "c": "gone"}, "a": {"b": "third"}}'


@pytest.mark.parametrize("text", ["", "{", '{"a": }', "[1,]", "\ufeff{}", "[" * 100_000])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(OwnJobError, match=r"not valid JSON|nested too deeply"):
        spans(text)


def test_a_place_that_is_not_there_is_refused() -> None:
    with pytest.raises(OwnJobError, match=r"there is no agents\[1\]\.defaultModel"):
        edit('{"agents": [{}]}', {("agents", 1, "defaultModel"): "m"})


def test_differences_are_told_by_line() -> None:
    old = '{\n  "a": "x",\n  "b": "y"\n}\n'
    new = edit(old, {("b",): "z"})
    assert changed_lines(old, new) == [(3, '  "b": "y"', '  "b": "z"')]
    assert shown(("agents", 2, "defaultModel")) == "agents[2].defaultModel"
