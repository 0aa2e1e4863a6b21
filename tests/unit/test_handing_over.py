"""What a file is handed over to: argument lists at a line, nothing that passes control characters on unasked."""

import os
from pathlib import Path

import pytest

from cockpit.screens.handing_over import Handover, handovers

FILE = Path("/work/run/a log; rm -rf ~")


def only(**environment: str) -> Handover:
    return handovers(FILE, 12, {"PATH": "/nowhere", **environment})[-1]


@pytest.mark.parametrize(
    ("pager", "argv", "safe"),
    [
        ("", ("less", "-+r", "-+R", "+12"), True),
        ("less -R --mouse", ("less", "-R", "--mouse", "-+r", "-+R", "+12"), True),
        ("/usr/bin/less", ("/usr/bin/less", "-+r", "-+R", "+12"), True),
        ("most", ("most", "+12"), False),
        ("bat --paging 'always'", ("bat", "--paging", "always"), False),
        ("my-pager; rm -rf ~", ("my-pager;", "rm", "-rf", "~"), False),
    ],
)
def test_pagers(pager: str, argv: tuple[str, ...], safe: bool) -> None:
    way = only(PAGER=pager)
    assert way.argv == (*argv, str(FILE))
    assert way.safe is safe


def test_less_runs_no_commands_whatever_its_options_say() -> None:
    assert only(LESS="-r").env == {"LESSSECURE": "1", "LESS": "-r"}
    assert only().env["LESS"] == "-S"


@pytest.mark.parametrize(
    ("editor", "argv"),
    [
        ("vim", ("vim", "-R", "+12", str(FILE))),
        ("nano -w", ("nano", "-w", "-v", "+12", str(FILE))),
        ("emacs -nw", ("emacs", "-nw", "+12", str(FILE))),
        ("hx", ("hx", f"{FILE}:12")),
        ("code", ("code", "--wait", "--goto", f"{FILE}:12")),
        ("something", ("something", str(FILE))),
    ],
)
def test_editors(editor: str, argv: tuple[str, ...]) -> None:
    assert only(EDITOR=editor).argv == argv
    assert only(EDITOR="unused", VISUAL=editor).argv == argv


def test_lnav_where_it_is_installed(tmp_path: Path) -> None:
    (tmp_path / "lnav").write_text("#!/bin/sh\n")
    (tmp_path / "lnav").chmod(0o755)
    ways = handovers(FILE, 12, {"PATH": os.fspath(tmp_path), "EDITOR": "vi"})
    assert [way.id for way in ways] == ["pager", "editor", "lnav"]
    assert ways[-1].argv == ("lnav", "-c", ":goto 11", str(FILE))


def test_a_variable_that_cannot_be_split_is_told() -> None:
    with pytest.raises(ValueError, match="quotation"):
        only(PAGER='less "')
