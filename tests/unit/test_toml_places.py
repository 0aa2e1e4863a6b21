"""Every value of a TOML document is found at its line."""

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cockpit.toml_places import Place, line_of, places

TEXT = '''\
# a comment with a = sign
title = "x # no comment" # but this
"odd key".'other' = 1
dotted.key.deep = 2

[limits]   # [not.a.table]
stuck_after = "15m"
text = """
stuck_after = 1
[fake]
""\\"""""
raw = \'\'\'
\'more\'\'\'\'

[[roots]]
path = "/a"
[roots.commands]
retry = ["make",
  # in between
  "again"]
[[roots]]
label = "b"
commands = { retry = ["x"], "a.b" = [ { c = 1 },
   { c = 2 } ] }
[roots.deep.er]
when = 2026-11-21 10:00:00
'''


def walk(value: Any, place: Place = ()) -> Iterator[Place]:
    """Every place of a document that was read by tomllib."""
    if place:
        yield place
    if isinstance(value, dict):
        for key, below in value.items():
            yield from walk(below, (*place, key))
    elif isinstance(value, list):
        for number, below in enumerate(value):
            yield from walk(below, (*place, number))


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("title",), 2), (("odd key", "other"), 3), (("dotted", "key", "deep"), 4), (("limits",), 6),
        (("limits", "stuck_after"), 7), (("limits", "text"), 8), (("limits", "raw"), 12), (("roots",), 15),
        (("roots", 0), 15), (("roots", 0, "path"), 16), (("roots", 0, "commands"), 17),
        (("roots", 0, "commands", "retry"), 18), (("roots", 0, "commands", "retry", 0), 18),
        (("roots", 0, "commands", "retry", 1), 20), (("roots", 1), 21), (("roots", 1, "label"), 22),
        (("roots", 1, "commands", "retry", 0), 23), (("roots", 1, "commands", "a.b", 0, "c"), 23),
        (("roots", 1, "commands", "a.b", 1, "c"), 24), (("roots", 1, "deep", "er", "when"), 26),
    ],
)  # fmt: skip
def test_each_key_at_its_line(place: Place, line: int) -> None:
    assert places(TEXT)[place] == line


def test_the_places_are_those_of_the_document() -> None:
    assert set(places(TEXT)) == set(walk(tomllib.loads(TEXT)))


def test_what_is_missing_is_told_at_the_table_it_is_missing_from() -> None:
    found = places(TEXT)
    assert line_of(found, ("roots", 1, "path")) == 21
    assert line_of(found, ("nothing", "here")) is None


KEYS = st.sampled_from(["a", "b-1", '"q.k"', "'l k'", "d.e"])
SCALARS = st.sampled_from(
    ["1", "-2.5e3", "true", '"s#,]}"', "'l\"'", '"""m\n\\"""\n=""" ', "'''r\n''x'''", "2026-11-21", '""', '"\\\\"']
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda each: "[\n" + " ,\n # c ]\n".join(each) + "\n]")
        | st.lists(st.tuples(KEYS, inner), max_size=2).map(
            lambda each: f"{{{', '.join(f'{k} = {v}' for k, v in each)}}}"
        )
    ),
    max_leaves=6,
)
LINES = st.lists(
    st.tuples(KEYS, VALUES).map(lambda pair: f"{pair[0]} = {pair[1]}")
    | KEYS.map(lambda key: f"[t.{key}] # c")
    | KEYS.map(lambda key: f"[[ many . {key} ]]")
    | st.just("# [x]\n"),
    max_size=8,
)


@given(LINES)
def test_any_document_has_the_places_that_tomllib_finds(lines: list[str]) -> None:
    text = "\n".join(lines)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        places(text)
        return
    found = places(text)
    assert set(found) == set(walk(document))
    assert all(1 <= line <= text.count("\n") + 1 for line in found.values())


@given(st.text("[]={}\"'.\n ab#,\\", max_size=60))
@example("[" * 50_000)
def test_no_text_makes_it_fail(text: str) -> None:
    assert isinstance(places(text), dict)
