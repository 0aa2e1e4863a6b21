"""Foreign text in reports, and templates: shipped, replaced, wrong, and out to do harm."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.errors import UsageError
from cockpit.reports.markdown import block, code, inline, prose
from cockpit.reports.render import render, source_of


def own(tmp_path: Path, text: str, name: str = "mine.md") -> Path:
    (tmp_path / f"{name}.j2").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# no heading", "\\# no heading"),
        ("- no list", "\\- no list"),
        ("1. no list", "\\1. no list"),
        ("a | b", "a \\| b"),
        ("[x](javascript:alert)", "\\[x\\](javascript\\:alert)"),
        ("<script>", "\\<script\\>"),
        ("two\nlines", "two lines"),
        (None, ""),
    ],
)
def test_syntax_is_escaped(text: str | None, shown: str) -> None:
    assert inline(text) == shown


@given(st.text())
def test_a_value_stays_on_its_line(text: str) -> None:
    for shown in (inline(text), code(text)):
        assert "\n" not in shown
        assert "\x1b" not in shown
        assert not re.search(r"(?<!\\)\|", shown), "a table keeps its columns"


@given(st.text())
def test_code_cannot_be_left(text: str) -> None:
    shown = code(text)
    if shown:
        fence = re.match(r"`+", shown)
        assert fence is not None
        assert len(re.findall(rf"(?<!`){fence[0]}(?!`)", shown)) == 2


@given(st.text())
def test_a_block_ends_at_its_own_fence(text: str) -> None:
    lines = block(text).split("\n")
    assert lines[0] == lines[-1]
    assert not any(line.strip().startswith(lines[0]) for line in lines[1:-1])


@given(st.text())
def test_prose_makes_no_headings_html_or_fences(text: str) -> None:
    for line in prose(text).split("\n"):
        assert not re.match(r"\s*(#{1,6}|```|~~~|=+$)", line)
        assert not re.search(r"(?<!\\)<", line)


def test_a_users_template_goes_first_and_changes_are_seen(tmp_path: Path) -> None:
    folder = own(tmp_path, "{{ name | inline }}\n\n")
    assert render("mine.md", {"name": "*x*"}, folder) == "\\*x\\*\n"
    assert source_of("mine.md", folder) == folder / "mine.md.j2"
    own(tmp_path, "now {{ name }}")
    assert render("mine.md", {"name": "x"}, folder) == "now x\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("line\n{{ nothing }}", r"mine\.md\.j2:2: 'nothing' is undefined"),
        ("\n\n{% if %}", r"mine\.md\.j2:3: "),
        ("{{ 1 / 0 }}", r"mine\.md\.j2:1: division by zero"),
        ("{{ ''.__class__.__mro__ }}", r"mine\.md\.j2:1: access to attribute '__class__'"),
        ("{% include 'other.md.j2' %}", "no template 'other.md.j2'"),
        ("{% include '../secret' %}", "no template"),
        ("{{ lipsum() }}", "'lipsum' is undefined"),
        ("{{ [1, 2] | random }}", "random"),
        ("{% for _ in range(99999) %}{% for _ in range(99) %}xx{% endfor %}{% endfor %}", "more than 8 MiB"),
        ("{{ 'x'.format_map }}{{ facts.update({}) }}", "facts"),
    ],
)
def test_a_wrong_template_is_told_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        render("mine.md", {}, own(tmp_path, text))


def test_a_template_nobody_has(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no template 'none\.md\.j2'"):
        render("none.md", {}, tmp_path)


def test_a_template_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "mine.md.j2").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="cannot be read"):
        render("mine.md", {}, tmp_path)
