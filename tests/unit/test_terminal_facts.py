"""What follows from the environment for frames, colours and whether there is a screen at all."""

import pytest

from cockpit.presenters.wire import net_cell, size
from cockpit.terminal import frames_a_second, multiplexer, no_screen, over_ssh, pick_theme

SSH = {"SSH_CONNECTION": "10.0.0.1 5000 10.0.0.2 22"}


@pytest.mark.parametrize(
    ("environ", "ssh"), [({}, False), (SSH, True), ({"SSH_TTY": "/dev/pts/3"}, True), ({"SSH_CONNECTION": ""}, False)]
)
def test_frames_are_fewer_over_ssh(environ: dict[str, str], ssh: bool) -> None:
    assert over_ssh(environ) is ssh
    assert frames_a_second(None, environ) == (4 if ssh else 10)
    assert frames_a_second(25, environ) == 25


@pytest.mark.parametrize(
    ("chosen", "colours", "environ", "name"),
    [
        ("mono", "truecolor", {}, "mono"),
        ("no-such", "standard", SSH, "no-such"),
        ("auto", "truecolor", {}, "dark"),
        ("auto", "256", SSH, "dark"),
        ("auto", "standard", {}, "ansi-dark"),
        ("auto", None, {}, "ansi-dark"),
        ("auto", "truecolor", {"COLORFGBG": "0;15"}, "light"),
        ("auto", "truecolor", {"COLORFGBG": "0;default;15"}, "light"),
        ("auto", "standard", {"COLORFGBG": "0;7"}, "ansi-light"),
        ("auto", "truecolor", {"COLORFGBG": "15;0"}, "dark"),
        ("auto", "truecolor", {"COLORFGBG": "15;8"}, "dark"),
        ("auto", "truecolor", {"COLORFGBG": "nonsense"}, "dark"),
    ],
)
def test_the_theme_follows_the_terminal_unless_one_is_chosen(
    chosen: str, colours: str | None, environ: dict[str, str], name: str
) -> None:
    assert pick_theme(chosen, colours, environ) == name


@pytest.mark.parametrize("term", ["xterm-256color", "linux", "screen", "tmux-256color", "vt220", "xterm-kitty"])
def test_there_is_a_screen(term: str) -> None:
    assert no_screen({"TERM": term}) is None


@pytest.mark.parametrize(("environ", "why"), [({}, "not set"), ({"TERM": "dumb"}, "dumb"), ({"TERM": ""}, "not set")])
def test_there_is_none_and_that_is_said(environ: dict[str, str], why: str) -> None:
    assert why in (no_screen(environ) or "")


def test_what_stands_between() -> None:
    assert multiplexer({}) is None
    assert multiplexer({"TMUX": "/tmp/tmux-0/default,1,0", "STY": "1.pts-0"}) == "tmux"
    assert multiplexer({"STY": "1.pts-0"}) == "screen"


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "0B"), (999, "999B"), (1_234, "1.2kB"), (93_000, "93.0kB"), (123_456, "123kB"), (12_345_678, "12.3MB")],
)
def test_sizes_are_short(number: float, shown: str) -> None:
    assert size(number) == shown


def test_what_goes_over_the_wire_is_one_cell() -> None:
    assert net_cell(1_234.5, 3.7, 93_000).text == "net 1.2kB/s 4f/s 93.0kB"
