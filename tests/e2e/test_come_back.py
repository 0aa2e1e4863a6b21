"""A dropped connection and the return, on a real terminal: the first screen is where the last one was."""

from pathlib import Path

from cockpit.comeback import session_path
from tests.e2e.conftest import PATIENCE_S, Open, answer, quit_with_keys


def test_a_hang_up_and_the_way_back(open_cockpit: Open, root: Path, tmp_path: Path) -> None:
    home = {"XDG_STATE_HOME": str(tmp_path / "state"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    first = open_cockpit(root, size=(100, 30), env=home)
    first.wait_for("alldon", "live", timeout=PATIENCE_S)
    first.press("/")
    first.send("state:failed,succeeded")
    first.wait_for("2 of 3", timeout=PATIENCE_S)
    first.send("\r")
    # Marks, a range, and the plan of several runs: looked at, and left.
    first.send("gv*")
    first.wait_for("2 marked", timeout=PATIENCE_S)
    first.press("A")
    answer(first, "Archive 2 runs", "\x1b")
    first.wait_gone("Archive 2 runs", timeout=PATIENCE_S)
    first.send("G3")
    first.send(":")
    first.wait_for("One line down", timeout=PATIENCE_S)
    first.send("zoom\r")
    first.wait_gone("[1] Runs", timeout=PATIENCE_S)
    first.hang_up()
    assert first.process.wait(PATIENCE_S) == 129
    kept = list((tmp_path / "state" / "cockpit" / "sessions").iterdir())
    assert [path.name for path in kept] == [session_path([root.resolve()]).name]
    second = open_cockpit(root, size=(80, 24), env=home)
    second.wait_for("As you left at", "2 marked", timeout=PATIENCE_S)
    assert "[3] Routing" in second.text
    assert "[1] Runs" not in second.text
    second.send("z1")
    second.wait_for("2 of 3", "/state:failed", timeout=PATIENCE_S)
    second.send("\x1b")
    second.wait_for("[1] Runs 3", timeout=PATIENCE_S)
    assert quit_with_keys(second) == 0
    third = open_cockpit(root, "--fresh", size=(80, 24), env=home)
    third.wait_for("[1] Runs 3", "live", timeout=PATIENCE_S)
    assert "marked" not in third.text
