"""What the doctor says of the terminal."""

from pathlib import Path

import pytest

from cockpit import terminal_health
from cockpit.health import Finding

SSH = {"SSH_CONNECTION": "10.0.0.1 5000 10.0.0.2 22", "TERM": "xterm-256color"}


def told(findings: list[Finding], name: str) -> Finding:
    return next(each for each in findings if each.name == name)


@pytest.mark.parametrize(("size", "fits"), [((80, 24), True), ((60, 16), True), ((59, 24), False), ((80, 15), False)])
def test_the_size_is_told_and_too_small_is_bad(size: tuple[int, int], fits: bool) -> None:
    found = told(terminal_health.terminal(size, "utf-8", SSH), "size")
    assert (found.ok, f"{size[0]}x{size[1]}" in found.told) == (fits, True)
    assert fits or "60x16 is the least" in found.told


@pytest.mark.parametrize(
    ("environ", "ok", "says"),
    [
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, True, "24 bit; theme auto is dark"),
        ({"TERM": "xterm-256color"}, True, "256; theme auto is dark"),
        ({"TERM": "xterm-256color", "COLORFGBG": "0;15"}, True, "256; theme auto is light"),
        ({"TERM": "linux"}, None, "16; theme auto is ansi-dark"),
        ({"TERM": "xterm", "NO_COLOR": "1"}, None, "NO_COLOR"),
    ],
)
def test_the_colours_and_what_follows_from_them(environ: dict[str, str], ok: bool | None, says: str) -> None:
    found = told(terminal_health.terminal((80, 24), "utf-8", environ), "colours")
    assert found.ok is ok
    assert says in found.told


def test_a_dumb_terminal_is_bad_and_none_is_told() -> None:
    dumb = told(terminal_health.terminal((80, 24), "utf-8", {"TERM": "dumb"}), "terminal")
    assert dumb.ok is False
    assert "cockpit status" in dumb.told
    assert told(terminal_health.terminal(None, "utf-8", {}), "terminal").ok is None


def test_letters_need_an_encoding_for_them() -> None:
    good = told(terminal_health.terminal(None, "utf-8", {"LANG": "de_DE.UTF-8"}), "encoding")
    assert (good.ok, "de_DE.UTF-8" in good.told) == (True, True)
    bad = told(terminal_health.terminal(None, "ascii", {}), "encoding")
    assert bad.ok is False
    assert "LANG=C.UTF-8" in bad.told


def test_over_ssh_the_line_and_what_keeps_the_session_are_told() -> None:
    assert "SSH: 4 frames" in told(terminal_health.terminal((80, 24), "utf-8", SSH), "line").told
    assert "tmux new -A -s cockpit" in told(terminal_health.session(SSH), "session").told
    assert told(terminal_health.session({**SSH, "TMUX": "x,1,0"}), "session").ok is True
    assert told(terminal_health.session({**SSH, "STY": "1.x"}), "session").ok is True
    assert terminal_health.session({}) == []


@pytest.mark.parametrize(
    ("version", "option", "ok", "says"),
    [
        ("tmux 3.3a", "external", True, "tmux 3.3a"),
        ("tmux 3.3a", "off", None, "set-clipboard off"),
        ("tmux 2.9", "external", None, "3.2 does"),
        ("tmux next-3.5", "on", True, "load-buffer"),
    ],
)
def test_tmux_is_asked_for_the_clipboard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, option: str, ok: bool | None, says: str
) -> None:
    program = tmp_path / "tmux"
    program.write_text(f'#!/bin/sh\ncase "$1" in -V) echo "{version}";; *) echo "{option}";; esac\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    found = terminal_health.clipboard({"TMUX": "x,1,0"})
    assert found.ok is ok
    assert says in found.told


def test_without_tmux_there_is_osc_52_and_always_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "OSC 52" in terminal_health.clipboard({}).told
    assert "screen" in terminal_health.clipboard({"STY": "1.x"}).told
    monkeypatch.setenv("PATH", str(tmp_path))
    missing = terminal_health.clipboard({"TMUX": "x,1,0"})
    assert (missing.ok, "only a file" in missing.told) == (False, True)


@pytest.mark.parametrize(
    ("answer", "ok", "says"),
    [
        ("\x1b[?2026;2$y\x1b[?62;c", True, "synchronised"),
        ("\x1b[?2026;0$y\x1b[?62;c", None, "not synchronised"),
        ("\x1b[?2026;4$y\x1b[?62;c", None, "not synchronised"),
        ("\x1b[?1;2c", None, "not synchronised"),
        ("", None, "not synchronised"),
        (None, None, "not asked"),
    ],
)
def test_synchronised_updates_are_what_the_terminal_says(answer: str | None, ok: bool | None, says: str) -> None:
    found = terminal_health.synchronised({}, answer)
    assert (found.ok, says in found.told) == (ok, True)
