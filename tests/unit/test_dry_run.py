"""Dry runs and notes of plans: short, capped, clean, without a shell, and nothing left behind."""

import os
import sys
from pathlib import Path

import pytest

from cockpit.actions.dry_run import dry_run
from cockpit.actions.notes import KEEP, check_hash, facts_of, is_hash_of, not_that_plan, recall, remember
from cockpit.actions.plan import sealed
from cockpit.actions.templates import dry_run_of
from cockpit.errors import Change, CockpitError, UsageError
from cockpit.models.action import ActionSpec, Plan
from tests.workshop import gone, until


def plan(tmp_path: Path, *dry: str, **fields: object) -> Plan:
    values = {"action": "go", "run": "run-1", "run_key": "s:/r/run-1", "hash": "", "cwd": str(tmp_path), "dry_run": dry}
    return sealed(Plan.model_validate({**values, **fields}))


def script(tmp_path: Path, text: str, **fields: object) -> Plan:
    path = tmp_path / "script.py"
    path.write_text(text)
    return plan(tmp_path, sys.executable, str(path), **fields)


def test_make_needs_no_telling_how_to_show_its_recipes(tmp_path: Path) -> None:
    spec = ActionSpec(id="go", title="Go", argv=("make", "go", "RUN={run}"))
    assert dry_run_of(spec, {}) == ("make", "-n", "go", "RUN={run}")
    assert dry_run_of(spec.model_copy(update={"argv": ("tool",), "dry_run": ("tool", "-n")}), {}) == ("tool", "-n")
    # A dry run belongs to the command it was written for.
    assert dry_run_of(spec.model_copy(update={"dry_run": ("x",)}), {"go": ("other",)}) == ()
    assert dry_run_of(spec, {"go": ("/usr/bin/make", "else")}) == ("/usr/bin/make", "-n", "else")
    (tmp_path / "Makefile").write_text("go:\n\ttouch made-$(RUN)\n")
    said = dry_run(plan(tmp_path, "make", "-n", "go", "RUN=run-1"))
    assert (said.exit_code, said.ended) == (0, None)
    assert said.lines == ("touch made-run-1",)
    assert not (tmp_path / "made-run-1").exists()


def test_it_runs_in_the_plans_place_with_its_environment_and_no_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAKEFLAGS", "k")
    text = "import os, sys\nprint(os.getcwd(), os.environ['HOW'], os.environ.get('MAKEFLAGS'), repr(sys.stdin.read()))"
    said = dry_run(script(tmp_path, text, env={"HOW": "$(so)"}))
    assert said.lines == (f"{tmp_path} $(so) None ''",)


def test_what_it_says_is_clean_and_its_failure_is_told(tmp_path: Path) -> None:
    said = dry_run(
        script(tmp_path, "import sys\nprint('a\\x1b]52;c;aGk=\\x07b')\nprint('bad', file=sys.stderr)\nsys.exit(3)")
    )
    assert sorted(said.lines) == ["ab", "bad"]
    assert said.exit_code == 3


def test_one_that_takes_too_long_or_says_too_much_is_ended_with_all_it_started(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    text = (
        "import os, pathlib, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"pathlib.Path({str(pid)!r}).write_text(str(child.pid))\n"
        "print('still here', flush=True)\n"
    )
    slow = dry_run(script(tmp_path, f"{text}time.sleep(600)"), limit_s=1.0)
    assert slow.exit_code is None
    assert slow.ended == "it took longer than 1 s and was ended"
    assert slow.lines == ("still here",)
    until(lambda: gone(int(pid.read_text())), "the child of an ended dry run")
    # Ended itself, while what it started keeps its output open.
    left = dry_run(script(tmp_path, text))
    assert (left.exit_code, left.lines) == (0, ("still here",))
    until(lambda: gone(int(pid.read_text())), "the child of a dry run")
    loud = dry_run(script(tmp_path, "while True: print('x' * 1000)"), cap=10_000)
    assert loud.ended == "it wrote more than 9 KiB and was ended"
    assert sum(map(len, loud.lines)) <= 10_000


def test_what_cannot_be_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no dry run"):
        dry_run(plan(tmp_path))
    with pytest.raises(UsageError, match="because"):
        dry_run(plan(tmp_path, "true", refused="because"))
    with pytest.raises(CockpitError, match="could not be started"):
        dry_run(plan(tmp_path, "no-such-program-here"))
    with pytest.raises(CockpitError, match="could not be started"):
        dry_run(plan(tmp_path, "true", cwd=str(tmp_path / "gone")))


# Notes of plans.


def test_what_a_plan_rested_on_is_found_by_its_hash_or_the_beginning_of_it(tmp_path: Path) -> None:
    first = plan(tmp_path, basis={"state": "failed", "receipts": "4", "files": "aa"}, argv=("make", "a b"))
    remember(tmp_path, first)
    for text in (first.hash, first.hash[:12]):
        assert is_hash_of(text, first)
        assert recall(tmp_path, text) == facts_of(first)
    for wrong in (first.hash[:11], "0" * 12, "../..", "*", ""):
        assert not is_hash_of(wrong, first)
        assert recall(tmp_path, wrong) is None
    for wrong in ("", "x", first.hash[:11], first.hash + "0", "\x1b[2J"):
        with pytest.raises(UsageError, match="no hash"):
            check_hash(wrong)
    second = plan(tmp_path, basis={"state": "running", "receipts": "5", "files": "bb"}, argv=("make", "c"))
    moved = not_that_plan(second, first.hash, recall(tmp_path, first.hash))
    assert moved.changes == (
        Change("state", "failed", "running"), Change("receipts", "4", "5"), Change("command", "make 'a b'", "make c"),
    )  # fmt: skip
    assert "state failed -> running; receipts 4 -> 5" in str(moved)
    unknown = not_that_plan(second, "0" * 64, None)
    assert unknown.changes == ()
    assert "now: state running; receipts 5" in str(unknown)


def test_only_so_many_notes_are_kept_and_a_cache_that_cannot_be_written_is_no_matter(tmp_path: Path) -> None:
    folder = tmp_path / "plans"
    folder.mkdir()
    for number in range(KEEP + 3):
        old = folder / f"{number:064x}.json"
        old.write_text("{}")
        os.utime(old, (number, number))
    newest = plan(tmp_path, basis={"state": "failed"})
    remember(tmp_path, newest)
    assert len(list(folder.iterdir())) == KEEP
    assert recall(tmp_path, newest.hash) is not None
    assert not (folder / f"{0:064x}.json").exists()
    (tmp_path / "file").write_text("")
    remember(tmp_path / "file", newest)
    assert recall(tmp_path / "file", newest.hash) is None
    (folder / f"{newest.hash}.json").write_text("[1")
    assert recall(tmp_path, newest.hash) is None
