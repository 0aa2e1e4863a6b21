"""`undo`: the last thing that can be taken back is, after its plan was confirmed, once, and on record."""

import subprocess
import sys
from pathlib import Path

import pytest

from cockpit.clock import fixed_clock as fixed
from cockpit.errors import ExitCode
from cockpit.journal.actor import current_actor
from cockpit.journal.log import Journal
from cockpit.models.journal import Actor
from cockpit.session import Session
from cockpit.settings import RootSettings, Settings
from tests.builders import FlowStudioRun
from tests.cli.conftest import DONE, FAILED, Cli, Result
from tests.conftest import NOW
from tests.unit.test_archive import picture

ITEM = "failed-run/receipt"


@pytest.fixture
def items(cli: Cli, root: Path) -> list[str]:
    """The items of a checklist that was started."""
    assert root.is_dir()
    return [each["id"] for each in cli("checklist", FAILED, "--playbook", "failed-run", "--json").ok().json["items"]]


def state(cli: Cli, item: str) -> tuple[str, str | None]:
    """State and note of an item."""
    items = cli("checklist", FAILED, "--json").ok().json["items"]
    return next((each["state"], each["note"]) for each in items if each["id"] == item)


def last(cli: Cli) -> dict[str, object]:
    """The entry that was appended last."""
    entries = cli("audit", "--json").ok().json
    found = max(entries, key=lambda each: int(each["seq"]))
    assert isinstance(found, dict)
    return found


def test_an_archived_run_comes_back_and_that_is_not_undone_twice(cli: Cli, root: Path) -> None:
    before = picture(root / FAILED)
    cli("archive", FAILED, "--yes", "--remove").ok()
    assert not (root / FAILED).exists()
    (listed,) = cli("undo", "--list", "--json").ok().json
    assert (listed["run"], listed["undone_by"], listed["why_not"]) == (FAILED, "restore", None)
    done = cli("undo", "--yes", "--json").ok().json
    assert done["undoes"] == listed["seq"]
    assert (done["job"]["action"], done["job"]["state"]) == ("restore", "succeeded")
    assert picture(root / FAILED) == before
    kinds = ("action.planned", "action.confirmed", "action.started")
    told = [each for each in cli("audit", "--json", "--action", "restore").ok().json if each["kind"] in kinds]
    assert [each["data"]["undoes"] for each in told] == [listed["seq"]] * 3
    assert {each["data"]["plan"] for each in told} == {done["plan"]}
    again = cli("undo", "--yes")
    assert again.code == ExitCode.USAGE
    assert "nothing can be taken back: it was taken back already" in again.err
    listed = cli("undo", "--list", "--json").ok().json
    assert [each["undone_by"] for each in listed] == [None, None]
    assert "itself an undo" in listed[0]["why_not"]
    assert "it was taken back by" in listed[1]["why_not"]


def test_a_restore_is_taken_back_by_archiving_again(cli: Cli, root: Path) -> None:
    before = picture(root / FAILED)
    cli("archive", FAILED, "--yes", "--remove").ok()
    cli("restore", FAILED, "--yes").ok()
    done = cli("undo", "--yes", "--json").ok().json
    assert done["job"]["action"] == "archive"
    assert not (root / FAILED).exists()
    cli("restore", FAILED, "--yes").ok()
    assert picture(root / FAILED) == before


def test_a_tick_a_skip_and_an_untick_are_taken_back_to_what_was_before(cli: Cli, items: list[str]) -> None:
    one = items[0]
    cli("skip", FAILED, one, "--reason", "no receipt").ok()
    cli("tick", FAILED, one, "--note", "found it").ok()
    cli("untick", FAILED, one).ok()
    assert state(cli, one) == ("open", "found it")
    cli("undo", "--yes").ok()
    assert state(cli, one) == ("done", "found it")
    cli("undo", "--yes").ok()
    assert state(cli, one) == ("skipped", "no receipt")
    done = cli("undo", "--yes", "--json").ok().json
    assert state(cli, one) == ("open", None)
    assert done["job"] is None
    assert done["entry"]["kind"] == "checklist.untick"
    assert done["entry"]["data"]["undoes"] == done["undoes"]
    assert done["entry"]["data"]["plan"] == done["plan"]
    refused = cli("undo", "--yes")
    assert refused.code == 2
    assert "a playbook that was started stays" in refused.err


def test_newer_things_that_stay_are_named_in_the_plan(cli: Cli, root: Path, items: list[str]) -> None:
    cli("tick", FAILED, items[0]).ok()
    session = Session(Settings(), [RootSettings(path=root)], fixed(NOW))
    session.ledger(root).comment(session.find(FAILED), "hello \x1b[31m")
    shown = cli("undo")
    assert shown.code == 2
    assert "--yes" in shown.err
    assert state(cli, items[0])[0] == "done"
    text = cli("undo", "--list").ok().out
    assert "what was written down stays on record" in text
    assert "checklist.untick" in text
    assert "\x1b" not in text
    cli("undo", "--yes").ok()
    assert state(cli, items[0])[0] == "open"


def test_without_a_run_or_with_one(cli: Cli, root: Path, items: list[str]) -> None:
    cli("archive", DONE, "--yes", "--remove").ok()
    cli("tick", FAILED, items[0]).ok()
    assert cli("undo", "--run", DONE, "--yes", "--json").ok().json["job"]["run"] == DONE
    assert (root / DONE).is_dir()
    assert state(cli, items[0])[0] == "done"
    assert cli("undo", "--run", "nothing", "--yes").code == 2
    assert [each["run"] for each in cli("undo", "--list", "--json", "--run", DONE).ok().json] == [DONE, DONE]


def test_a_prompt_takes_only_the_right_answer(
    cli: Cli, items: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("tick", FAILED, items[0]).ok()

    def answer(text: str) -> Result:
        (tmp_path / "typed").write_text(text)
        with (tmp_path / "typed").open() as stdin:
            monkeypatch.setattr("sys.stdin", stdin)
            monkeypatch.setattr("cockpit.cli.actions.on_terminal", lambda: True)
            return cli("undo")

    for text in ("", "n\n", "yes\n"):
        assert answer(text).code == 2
        assert state(cli, items[0])[0] == "done"
    shown = answer("y\n").ok()
    assert f"{items[0]} is open" in shown.out
    assert "take back tick of" in shown.out
    assert state(cli, items[0])[0] == "open"


def test_a_plan_made_before_holds_only_while_it_is_the_same(cli: Cli, root: Path, items: list[str]) -> None:
    cli("tick", FAILED, items[0]).ok()
    moved = cli("undo", "--yes", "--plan", "0" * 64)
    assert moved.code == ExitCode.MOVED
    assert last(cli)["kind"] == "action.refused"
    cli("archive", FAILED, "--yes", "--remove").ok()
    assert cli("undo", "--yes", "--plan", "0" * 64).code == ExitCode.MOVED
    assert not (root / FAILED).exists()


def test_what_another_person_did_is_not_mine_to_take_back(cli: Cli, root: Path) -> None:
    path = root / ".cockpit" / "journal.jsonl"
    other = Journal(path, Actor(user="root", real_user="somebody-else"), fixed(NOW))
    other.append("checklist.tick", {"target": FAILED, "item": ITEM, "text": "x"})
    refused = cli("undo", "--yes")
    assert refused.code == 2
    assert "you did nothing yet" in refused.err
    me = Journal(path, current_actor(), fixed(NOW))
    me.append("checklist.untick", {"target": FAILED, "item": ITEM, "text": "x"})
    cli("undo", "--yes").ok()
    assert last(cli)["kind"] == "checklist.tick"


def test_a_run_that_came_back_in_another_way_is_refused(cli: Cli, root: Path) -> None:
    cli("archive", FAILED, "--yes", "--remove").ok()
    FlowStudioRun(root, FAILED).meta("failed", error="again", at=6)
    refused = cli("undo", "--yes")
    assert refused.code == 2
    assert "exists" in refused.err
    recorded = last(cli)
    assert recorded["kind"] == "action.refused"


def test_an_archive_that_is_gone_cannot_be_restored(cli: Cli, root: Path) -> None:
    cli("archive", FAILED, "--yes", "--remove").ok()
    for path in (root / ".cockpit" / "archives").iterdir():
        path.unlink()
    refused = cli("undo", "--yes")
    assert refused.code == 2
    assert "there is no archive" in refused.err


@pytest.mark.parametrize("way", ["option", "policy"])
def test_read_only_takes_nothing_back(cli: Cli, root: Path, tmp_path: Path, items: list[str], way: str) -> None:
    config = tmp_path / "closed.toml"
    config.write_text(f'[[roots]]\npath = "{root}"\nread_only = true\n')
    closed = ("--read-only",) if way == "option" else ("--config", str(config))
    cli("tick", FAILED, items[0]).ok()
    refused = cli("undo", "--yes", *closed)
    assert refused.code == 2
    assert "read-only" in refused.err
    recorded = last(cli)
    assert recorded["kind"] == "action.refused"
    assert state(cli, items[0])[0] == "done"
    cli("undo", "--list", *closed).ok()


def test_of_two_undos_at_once_one_is_refused(cli: Cli, root: Path, items: list[str]) -> None:
    cli("tick", FAILED, items[0]).ok()
    argv = [sys.executable, "-m", "cockpit", "--root", str(root), "undo", "--yes"]
    both = [subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(2)]
    codes = sorted(each.wait(60) for each in both)
    assert codes[0] == 0
    assert codes[1] in (ExitCode.USAGE, ExitCode.MOVED)
    undone = [each for each in cli("audit", "--json", "--kind", "checklist").ok().json if "undoes" in each["data"]]
    assert len(undone) == 1


DECLARED = """
[[actions]]
id = "set-up"
title = "Set up"
argv = ["touch", "{run}.{stage}"]
cwd = "Makefile"
undone_by = "take-down"

[[actions.inputs]]
name = "stage"
title = "Stage"

[[actions.inputs]]
name = "why"
title = "Why"
kind = "text"
optional = true

[[actions]]
id = "take-down"
title = "Take down"
argv = ["rm", "{run}.{stage}"]
cwd = "Makefile"

[[actions.inputs]]
name = "stage"
title = "Stage"
"""


def test_an_action_is_taken_back_by_the_one_it_names_with_what_was_chosen(cli: Cli, root: Path, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(DECLARED)
    config = ("--config", tmp_path / "c.toml")
    made = root.parent / f"{FAILED}.blue"
    cli("do", "set-up", FAILED, "--set", "stage=blue", "--set", "why=because", "--yes", *config).ok()
    assert made.exists()
    done = cli("undo", "--yes", "--json", *config).ok().json
    assert (done["job"]["action"], done["job"]["state"]) == ("take-down", "succeeded")
    assert not made.exists()
    again = cli("undo", "--yes", *config)
    assert again.code == 2
    assert "taken back already" in again.err
    cli("do", "set-up", FAILED, "--set", "stage=green", "--yes", *config).ok()
    cli("do", "take-down", FAILED, "--set", "stage=green", "--yes", *config).ok()
    refused = cli("undo", "--yes", *config)
    assert refused.code == 2
    assert "no action takes it back" in refused.err
    assert "take-down followed" in refused.err
