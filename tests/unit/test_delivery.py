"""Handing a text to a program: what arrives, and programs that misbehave in every way."""

import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from cockpit.actions.delivery import KEPT, Delivery, deliver

BIG = "line of a long text\n" * 20_000
"""More than a pipe takes at once."""


def python(code: str, text: str = "hello\n", **more: float) -> Delivery:
    return deliver((sys.executable, "-c", code), text, **more)


def test_the_text_arrives_whole(tmp_path: Path) -> None:
    target = tmp_path / "got"
    sent = python(f"import sys; open({str(target)!r}, 'w').write(sys.stdin.read()); print('queued as 7')", BIG + "é\n")
    assert (sent.delivered, sent.exit_code, sent.outcome, sent.unread) == (True, 0, "exit 0", 0)
    assert target.read_text("utf-8") == BIG + "é\n"
    assert sent.output == "queued as 7\n"


def test_arguments_are_never_a_shell_line(tmp_path: Path) -> None:
    bait = tmp_path / "pwned"
    sent = deliver((sys.executable, "-c", "import sys; print(sys.argv[1:])", f"$(touch {bait})", "; ls", "-rf"), "x")
    assert sent.delivered
    assert "$(touch" in sent.output
    assert not bait.exists()


def test_a_program_that_is_not_there() -> None:
    sent = deliver(("no-such-mailer-here",), "x")
    assert sent == Delivery(False, None, "there is no such program", unread=1)


def test_a_file_that_is_no_program(tmp_path: Path) -> None:
    path = tmp_path / "plain"
    path.write_text("x")
    sent = deliver((str(path),), "x")
    assert (sent.delivered, sent.exit_code) == (False, None)
    assert sent.outcome == "it could not be started: permission denied"


def test_a_program_that_fails() -> None:
    sent = python("import sys; sys.stdin.read(); sys.stderr.write('no route to host'); sys.exit(1)")
    assert (sent.delivered, sent.exit_code, sent.outcome) == (False, 1, "exit 1")
    assert sent.output == "no route to host"


def test_a_program_that_a_signal_ends() -> None:
    sent = python("import os, sys; sys.stdin.read(); os.kill(os.getpid(), 9)")
    assert (sent.delivered, sent.exit_code, sent.outcome) == (False, -signal.SIGKILL, "it was ended by SIGKILL")


@pytest.mark.parametrize("text", ["short", BIG], ids=["short", "long"])
def test_a_program_that_reads_nothing(text: str) -> None:
    """However fast it closes its input: what nobody read is counted where it waits."""
    sent = python("import os; os.close(0)", text)
    size = len(text.encode())
    assert (sent.delivered, sent.exit_code, sent.unread) == (True, 0, size)
    assert sent.outcome == f"exit 0; {size} bytes of the text were not read"


def test_a_program_that_reads_a_part() -> None:
    sent = python("import os; os.read(0, 1000)", BIG)
    assert sent.unread == len(BIG) - 1000


def test_a_program_that_hangs_is_stopped_with_all_it_started(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    code = (
        "import os, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(pids)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        "time.sleep(600)\n"
    )
    sent = python(code, BIG, timeout_s=3.0)
    assert not sent.delivered
    assert sent.outcome == "it did not end within 3 s and was stopped"
    for pid in map(int, pids.read_text().split()):
        assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_program_that_never_stops_talking_is_stopped() -> None:
    sent = python("import sys\nwhile True: sys.stdout.write('x' * 65536)", timeout_s=1.0)
    assert not sent.delivered
    assert "bytes left out" in sent.output
    assert len(sent.output) < 2 * KEPT + 100


def test_of_much_output_head_and_tail_are_kept() -> None:
    sent = python("import sys; sys.stdin.read(); sys.stdout.write('first\\n' + 'x' * 5_000_000 + '\\nlast')")
    assert sent.delivered
    assert sent.output.startswith("first\n")
    assert sent.output.endswith("\nlast")
    assert f"[{5_000_011 - 2 * KEPT} bytes left out]" in sent.output


def test_what_a_program_leaves_behind_holds_nobody_up() -> None:
    """A mailer that queues in the background keeps the output open."""
    code = (
        "import os, sys\nsys.stdin.read()\n"
        "if os.fork() == 0:\n    import time; time.sleep(60); os._exit(0)\n"
        "print('queued', flush=True)\nos._exit(0)\n"
    )
    sent = python(code, timeout_s=20.0)
    assert (sent.delivered, sent.output) == (True, "queued\n")


def test_a_program_that_closes_its_output_and_goes_on() -> None:
    sent = python("import os, sys; os.close(1); os.close(2); sys.stdin.read(); os._exit(4)", BIG)
    assert (sent.exit_code, sent.unread) == (4, 0)


def test_no_descriptor_is_left_open() -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - counted, not looked at
    for _ in range(3):
        python("pass")
        deliver(("no-such-mailer-here",), "x")
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
