"""A command's output on disk: whole while small, head and tail when not."""

import errno
import os
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cockpit.actions.output import CappedOutput, marker

MARK = re.compile(rb"\n\[cockpit: +(\d+) bytes of output left out here\]\n")

BLOCKS = (
    st.binary(max_size=3000)
    | st.integers(0, 3000).map(lambda size: b"x" * size)
    | st.text("ab\n", max_size=3000).map(str.encode)
)


@given(
    writes=st.lists(
        st.binary(max_size=3000)
        | st.integers(0, 3000).map(lambda size: b"x" * size)
        | st.text("ab\n", max_size=3000).map(str.encode),
        max_size=30,
    ),
    cap=st.integers(600, 4000),
)
@example(writes=[b"\0" * 3000, b"\0\0\n", b"\0"], cap=1072)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_head_and_tail_are_what_was_written_and_nothing_is_lost_silently(writes: list[bytes], cap: int) -> None:
    everything = b"".join(writes)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "output.log"
        output = CappedOutput(path, cap)
        for data in writes:
            output.write(data)
            assert path.stat().st_size <= cap
        output.close()
        kept = path.read_bytes()
    assert output.total == len(everything)
    assert output.lost == 0
    if output.left_out == 0:
        assert kept == everything
        return
    head = cap // 4
    gap = len(marker(0))
    assert kept[head : head + gap] == marker(output.left_out)
    tail = kept[head + gap :]
    assert kept[:head] == everything[:head]
    assert everything.endswith(tail)
    assert head + output.left_out + len(tail) == len(everything)
    assert len(tail) > cap // 4 - gap


def test_the_marker_is_always_equally_long() -> None:
    assert len(marker(0)) == len(marker(10**18))
    assert MARK.fullmatch(marker(12))


def test_a_full_disk_loses_output_and_says_how_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "output.log"
    output = CappedOutput(path, 10_000)
    output.write(b"before\n")
    real = os.write

    def half_full(fd: int, data: bytes) -> int:
        if len(data) > 4:
            return real(fd, data[:4])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", half_full)
        output.write(b"in the middle\n")
    output.write(b"after\n")
    output.close()
    assert path.read_bytes() == b"before\nafter\n"
    assert output.lost == len(b"in the middle\n")
    assert output.last_line == "after"


def test_the_last_line_is_the_last_that_says_something(tmp_path: Path) -> None:
    output = CappedOutput(tmp_path / "output.log")
    assert output.last_line == ""
    output.write(b"first\nsec")
    output.write(b"ond \xff\n\n  \n")
    assert output.last_line == "second \ufffd"
    output.write(b"x" * 5000)
    assert output.last_line == "x" * 300
    output.close()
