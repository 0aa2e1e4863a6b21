"""Following a job's output: nothing twice, nothing out of order, and what was cut out unseen is counted."""

import fcntl
import json
import os
import re
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.actions.following import OutputFollower
from cockpit.actions.output import CappedOutput, marker

GAP = re.compile(rb"\n\[cockpit: +(\d+) bytes of output left out here\]\n")


def make(folder: Path, cap: int) -> Path:
    (folder / "job.json").write_text(json.dumps({"output_cap": cap}))
    return folder / "output.log"


def seen(follower: OutputFollower) -> bytes:
    """What came since the last time, as bytes."""
    return b"".join(line + b"\n" for line in follower.lines())


@given(
    steps=st.lists(st.tuples(st.integers(0, 3000), st.booleans()), max_size=40),
    cap=st.integers(600, 4000),
)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_followed_is_what_was_written(steps: list[tuple[int, bool]], cap: int) -> None:
    """Every line is numbered, so that order and gaps can be told from the lines alone."""
    written = b""
    got = b""
    with TemporaryDirectory() as folder:
        path = make(Path(folder), cap)
        output = CappedOutput(path, cap)
        follower = OutputFollower(path)
        for size, look in steps:
            block = b"".join(b"%06d\n" % number for number in range(len(written) // 7, (len(written) + size) // 7))
            written += block
            output.write(block)
            if look:
                got += seen(follower)
        output.close()
        got += seen(follower) + follower.partial
    position = 0
    parts = GAP.split(got)
    for number, part in enumerate(parts):
        if number % 2:
            position += int(part)
        else:
            assert written[position : position + len(part)] == part
            position += len(part)
    assert position == len(written)


def test_a_follower_that_keeps_up_misses_nothing(tmp_path: Path) -> None:
    path = make(tmp_path, 8_000)
    output = CappedOutput(path, 8_000)
    follower = OutputFollower(path)
    lines = []
    for number in range(5_000):
        output.write(b"line %d\n" % number)
        lines += list(follower.lines())
    output.close()
    assert output.left_out > 0
    assert lines == [b"line %d" % number for number in range(5_000)]


def test_one_that_comes_late_is_told_how_much_it_missed(tmp_path: Path) -> None:
    path = make(tmp_path, 8_000)
    output = CappedOutput(path, 8_000)
    for number in range(5_000):
        output.write(b"line %d\n" % number)
    output.close()
    lines = list(OutputFollower(path).lines())
    assert lines[0] == b"line 0"
    assert lines[-1] == b"line 4999"
    assert marker(output.left_out).strip() in lines


def test_a_follower_that_was_stopped_holds_nobody_up(tmp_path: Path) -> None:
    """As if SIGSTOP had hit it in the middle of a read."""
    path = make(tmp_path, 4_000)
    output = CappedOutput(path, 4_000)
    fd = os.open(path, os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_SH)
    output.write(b"x" * 9_000)
    assert path.stat().st_size <= 4_000
    os.close(fd)
    output.close()


def test_a_line_without_an_end_comes_in_pieces_and_a_file_that_is_gone_is_empty(tmp_path: Path) -> None:
    path = make(tmp_path, 1 << 20)
    follower = OutputFollower(path)
    assert list(follower.lines()) == []
    path.write_bytes(b"y" * 200_000 + b"\nend")
    pieces = list(follower.lines())
    assert b"".join(pieces) == b"y" * 200_000
    assert max(map(len, pieces)) <= 128 * 1024
    assert follower.partial == b"end"
    path.unlink()
    path.symlink_to("/etc/passwd")
    assert list(follower.lines()) == []
