"""Copying: the file first, tmux where there is one, else OSC 52."""

import base64
import re
import stat
from pathlib import Path

import pytest

from cockpit import locations
from cockpit.clipboard import OSC52_CAP, for_screen, osc52, save_clip, tmux_copy


def test_the_clip_file_is_private_and_is_written_anew() -> None:
    save_clip("a long first text")
    path = save_clip("日本\udcff")
    assert path == locations.user_state_dir() / "clip.txt"
    assert path.read_text(encoding="utf-8") == "日本\\udcff"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_clip_file_that_was_readable_by_all_is_not_afterwards() -> None:
    path = save_clip("first")
    path.chmod(0o644)
    save_clip("second")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("precious")
    path = locations.user_state_dir() / "clip.txt"
    path.parent.mkdir(parents=True)
    path.symlink_to(target)
    with pytest.raises(OSError, match="symbolic"):
        save_clip("x")
    assert target.read_text() == "precious"


def fake_tmux(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exit_code: int) -> Path:
    """A `tmux` on the PATH that keeps its arguments and its input."""
    program = tmp_path / "tmux"
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/args\ncat > {tmp_path}/input\nexit {exit_code}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


def test_tmux_gets_the_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = fake_tmux(tmp_path, monkeypatch, 0)
    assert not tmux_copy("x")
    assert not (seen / "args").exists()
    monkeypatch.setenv("TMUX", "/tmp/tmux-0/default,1,0")
    assert tmux_copy("täxt; $(touch pwned)")
    assert (seen / "args").read_text() == "load-buffer -w -\n"
    assert (seen / "input").read_text(encoding="utf-8") == "täxt; $(touch pwned)"


def test_a_tmux_that_fails_or_is_missing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMUX", "/tmp/tmux-0/default,1,0")
    fake_tmux(tmp_path, monkeypatch, 1)
    assert not tmux_copy("x")
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    assert not tmux_copy("x")


def decoded(sequence: str) -> bytes:
    assert sequence.startswith("\x1b]52;c;")
    assert sequence.endswith("\x07")
    return base64.b64decode(sequence[7:-1], validate=True)


def test_osc_52_carries_the_text() -> None:
    sequence, cut = osc52("日本 \x1b]52;c;x\x07")
    assert decoded(sequence).decode() == "日本 \x1b]52;c;x\x07"
    assert not cut
    assert sequence.count("\x1b") == 1


@pytest.mark.parametrize("text", ["x" * 200_000, "日" * 100_000, "a" + "日" * 100_000], ids=["ascii", "wide", "mixed"])
def test_what_is_too_long_is_cut_between_characters(text: str) -> None:
    sequence, cut = osc52(text)
    assert cut
    assert len(sequence) <= OSC52_CAP + 8
    assert text.startswith(decoded(sequence).decode("utf-8"))


def test_what_just_fits_is_not_cut() -> None:
    room = OSC52_CAP // 4 * 3
    assert osc52("x" * room)[1] is False
    assert osc52("x" * (room + 1))[1] is True


def test_screen_gets_it_in_pieces() -> None:
    sequence, _ = osc52("x" * 2_000)
    wrapped = for_screen(sequence)
    pieces = re.findall("\x1bP(.*?)\x1b\\\\", wrapped, re.DOTALL)
    assert "".join(pieces) == sequence
    assert max(map(len, pieces)) <= 240
    assert re.sub("\x1bP.*?\x1b\\\\", "", wrapped, flags=re.DOTALL) == ""
