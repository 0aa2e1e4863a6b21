"""`--help` and the manual page: each verb says what it does, how it is typed and what its exit codes mean."""

import argparse
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from cockpit.cli.help_texts import EXAMPLES, EXITS, MORE, below
from cockpit.cli.manpage import manpage
from cockpit.cli.parser import VERBS, verb_parser
from cockpit.filtering import parse_filter
from tests.cli.conftest import Cli

ALL = dict(below(verb_parser()))


@pytest.mark.parametrize("name", ALL)
def test_every_verb_can_be_understood_from_its_help(name: str) -> None:
    parser = ALL[name]
    text = parser.format_help()
    assert EXAMPLES[name][0] in text
    assert len(parser.description or "") > 8
    mute = [
        action.dest for action in parser._actions
        if action.help is None and action.metavar is None and not isinstance(action, argparse._SubParsersAction)
    ]  # fmt: skip
    assert not mute
    if name in EXITS:
        assert f"exit codes:\n  {EXITS[name].split(' · ')[0]}" in text


def test_texts_are_those_of_verbs_that_exist() -> None:
    assert set(EXAMPLES) == set(ALL)
    assert set(EXITS) < set(ALL)


def test_the_filters_that_are_explained_exist() -> None:
    terms = [term for line in MORE["runs"].splitlines() if ":" in line or "<" in line for term in line.split()]
    found = [term for term in terms[2:] if re.search(r"\w[:<>]\w", term)]
    assert len(found) > 10
    for term in found:
        parse_filter(term)


def test_the_first_help_shows_how_to_begin(cli: Cli) -> None:
    shown = cli("--help").ok().out
    assert "cockpit demo" in shown
    assert all(f"  {verb:<10} {text}" in shown for verb, text in VERBS.items())
    assert "  129  hang-up" in shown
    assert max(map(len, shown.splitlines())) <= 120


def test_the_manual_page_names_everything() -> None:
    page = manpage()
    assert page.startswith('.TH COCKPIT 1 "" "cockpit ')
    sections = [line.removeprefix(".SH ") for line in page.splitlines() if line.startswith(".SH ")]
    assert sections == [
        "NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "VERBS", "EXIT STATUS", "ENVIRONMENT", "FILES", "SEE ALSO",
    ]  # fmt: skip
    verbs = [line.removeprefix(".SS cockpit ") for line in page.splitlines() if line.startswith(".SS ")]
    assert verbs == list(VERBS)
    known = (".TH", ".SH", ".SS", ".TP", ".PP", ".B ", ".BR", ".br", ".nf", ".fi")
    assert not [line for line in page.splitlines() if line.startswith(".") and not line.startswith(known)]
    assert not [line for line in page.splitlines() if line.startswith("'")]
    assert page.isascii()


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not here")
def test_groff_sets_the_page_without_a_complaint(tmp_path: Path) -> None:
    (tmp_path / "cockpit.1").write_text(manpage())
    command = ["groff", "-man", "-Tascii", "-ww", "-P-cbou", str(tmp_path / "cockpit.1")]
    done = subprocess.run(command, check=True, capture_output=True, encoding="utf-8")
    assert done.stderr == ""
    text = " ".join(done.stdout.split())
    for words in ("cockpit - incident cockpit", "cockpit incident phase INC NAME", "--filter EXPR", "129 hang-up"):
        assert words in text
