"""One action on many runs, from the command line: plans, confirmation, results for each, following, cancelling."""

import io
import json
import os
import threading
from pathlib import Path

import pytest

from cockpit.models.bulk import BulkItemState, BulkState
from tests.cli.conftest import DONE, FAILED, Cli, build_failed
from tests.workshop import until

MORE = tuple(f"run-20261121-04000{number}-ddd444" for number in range(1, 4))
ALL = (FAILED, *MORE)


@pytest.fixture
def four(root: Path) -> Path:
    """Four runs that failed at the same step, one that succeeded and one at work."""
    for name in MORE:
        build_failed(root, name)
    return root


@pytest.fixture
def gate(root: Path) -> Path:
    """Every producer waits here until somebody writes."""
    path = root.parent / "gate"
    os.mkfifo(path)
    return path


def states(document: dict[str, object]) -> dict[str, str]:
    items = document["items"]
    assert isinstance(items, list)
    return {item["run"]: item["state"] for item in items}


def test_what_it_would_do_is_shown_and_changes_nothing(cli: Cli, four: Path) -> None:
    before = sorted(str(path) for path in four.rglob("*"))
    plan = cli("bulk", "retry", "--filter", "state:failed", "--dry-run", "--json").ok().json
    assert {item["run"] for item in plan["items"]} == set(ALL)
    assert all(item["argv"][:2] == ["make", "stepwise-retry"] for item in plan["items"])
    assert plan["phrase"] == "retry 4"
    text = cli("bulk", "retry", *ALL, DONE, "--flow", "build", "--dry-run").ok().out
    assert f"make stepwise-retry RUN_ID={FAILED} FLOW=build STEP=implement" in text
    assert "refused: " in text
    assert "retry 4 runs, 2 at a time; 1 refused and left alone; plan " in text
    assert sorted(str(path) for path in four.rglob("*")) == before


def test_every_run_gets_its_result(cli: Cli, four: Path) -> None:
    done = cli("bulk", "retry", "--filter", "state:failed", "--yes", "--json").ok().json
    assert states(done) == dict.fromkeys(ALL, "done")
    assert (done["state"], done["counts"], done["outcome"]) == ("succeeded", {"done": 4}, "4 done")
    jobs = cli("jobs", "--json").ok().json
    assert {job["id"] for job in jobs} == {item["job"] for item in done["items"]}
    assert {job["bulk"] for job in jobs} == {done["id"]}
    assert all(cli("show", run, "--json").json["state"] != "failed" for run in ALL)
    kinds = [entry["kind"] for entry in cli("audit", "--json").json]
    assert (kinds[0], kinds[-1]) == ("bulk.started", "bulk.ended")
    assert kinds.count("action.started") == kinds.count("action.ended") == 4
    (started, *_, ended) = [entry["data"] for entry in cli("audit", "--json").json]
    assert set(started["runs"]) == set(ALL)
    assert (ended["bulk"], ended["state"], ended["counts"]) == (done["id"], "succeeded", {"done": 4})
    assert cli("audit", "verify").code == 0
    assert four.is_dir()


def test_one_that_is_refused_and_one_that_fails_make_it_exit_1(cli: Cli, four: Path) -> None:
    (four.parent / "broken").touch()
    done = cli("bulk", "retry", FAILED, DONE, "--yes", "--json")
    assert done.code == 1
    assert states(done.json) == {FAILED: "failed", DONE: "refused"}
    assert done.json["state"] == "failed"
    outcomes = {item["run"]: item["outcome"] for item in done.json["items"]}
    assert "exit 2 after" in outcomes[FAILED]
    assert outcomes[DONE]
    assert cli("jobs", done.json["id"]).code == 1


def test_nothing_starts_where_every_plan_is_refused(cli: Cli, four: Path) -> None:
    refused = cli("bulk", "retry", DONE, "--yes")
    assert refused.code == 2
    assert "nothing to retry: all of the 1 plans are refused: " in refused.err
    assert cli("jobs", "--bulks", "--json").ok().json == []
    (entry,) = cli("audit", "--json").json
    assert (entry["kind"], entry["data"]["action"]) == ("action.refused", "retry")
    assert not (four / ".cockpit" / "bulks").exists()


def test_the_first_failure_stops_what_has_not_begun(cli: Cli, four: Path) -> None:
    (four.parent / "broken").touch()
    done = cli("bulk", "retry", *ALL, "--yes", "--parallel", 1, "--stop-on-failure", "--json")
    assert done.code == 1
    assert states(done.json) == {FAILED: "failed", **dict.fromkeys(MORE, "skipped")}
    assert done.json["outcome"] == f"stopped after {FAILED}: failed; 1 failed, 3 skipped"
    assert {item["outcome"] for item in done.json["items"][1:]} == {f"stopped after {FAILED}: failed"}
    # The rest of it, once the trouble is gone, planned anew.
    (four.parent / "broken").unlink()
    again = cli("bulk", "retry", "--rest-of", done.json["id"], "--yes", "--json").ok().json
    assert states(again) == dict.fromkeys(ALL, "done")
    assert again["rest_of"] == done.json["id"]
    wrong = cli("bulk", "archive", "--rest-of", done.json["id"], "--yes")
    assert (wrong.code, "is retry, not archive" in wrong.err) == (2, True)


def test_a_run_that_moved_is_left_alone(cli: Cli, four: Path, gate: Path) -> None:
    """The second one's turn comes when the first one is done; it changed meanwhile."""
    started = cli("bulk", "retry", FAILED, MORE[0], "--yes", "--parallel", 1, "--no-wait", "--json").ok().json
    assert started["state"] == BulkState.RUNNING
    (four / MORE[0] / "meta.json").write_text("{}")
    opener = threading.Thread(target=lambda: gate.open("w").close(), daemon=True)
    opener.start()
    ended = cli("jobs", started["id"], "--follow", "--json")
    assert ended.code == 1
    assert states(ended.json) == {FAILED: "done", MORE[0]: "moved"}
    assert "changed after this was planned" in ended.json["items"][1]["outcome"]


def test_a_plan_confirmed_elsewhere_must_be_the_same_plan(cli: Cli, four: Path) -> None:
    plan = cli("bulk", "retry", FAILED, MORE[0], "--dry-run", "--json").ok().json
    (four / MORE[0] / "note.txt").write_text("new")
    moved = cli("bulk", "retry", FAILED, MORE[0], "--yes", "--plan", plan["hash"])
    assert (moved.code, cli("jobs", "--json").json) == (5, [])
    same = cli("bulk", "retry", FAILED, MORE[0], "--dry-run", "--json").ok().json
    done = cli("bulk", "retry", FAILED, MORE[0], "--yes", "--plan", same["hash"], "--json").ok().json
    assert (done["plan_hash"], done["state"]) == (same["hash"], "succeeded")


def test_without_a_terminal_nothing_is_asked_and_nothing_done(cli: Cli, four: Path) -> None:
    refused = cli("bulk", "retry", *ALL)
    assert (refused.code, "confirm with --yes" in refused.err) == (2, True)
    assert cli("jobs", "--json").ok().json == []
    (declined,) = cli("audit", "--json").ok().json
    assert (declined["kind"], declined["data"]["bulk_of"]) == ("action.declined", 4)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["retry", "--yes"], "name the runs, or give --filter EXPR"),
        (["retry", FAILED, "--filter", "x", "--yes"], "one of them"),
        (["retry", "--filter", "id:nothing-such", "--yes"], "no run matches"),
        (["retry", "nope", "--yes"], "no run 'nope'"),
        (["nope", FAILED, "--yes"], "has no action 'nope'"),
        (["retry", FAILED, "--yes", "--parallel", "0"], "is not a number from 1 to 64"),
        (["retry", "--rest-of", "nope", "--yes"], "no bulk 'nope'"),
        (["retry", FAILED, "--rest-of", "nope", "--yes"], "--rest-of names the runs already"),
    ],
)
def test_wrong_requests_are_usage_errors(cli: Cli, four: Path, arguments: list[str], told: str) -> None:
    done = cli("bulk", *arguments)
    assert done.code == 2
    assert told in done.err
    assert not (four / ".cockpit" / "jobs").exists()


def test_read_only_refuses_bulks(cli: Cli, four: Path) -> None:
    refused = cli("bulk", "archive", *ALL, "--yes", "--read-only")
    assert refused.code == 2
    assert "read-only" in refused.err
    assert not (four / ".cockpit" / "jobs").exists()


def test_a_run_named_twice_is_done_once_and_at_most_n_run_at_a_time(cli: Cli, four: Path, gate: Path) -> None:
    started = cli("bulk", "retry", *ALL, FAILED, "--yes", "--parallel", 3, "--no-wait", "--json").ok().json
    assert [item["run"] for item in started["items"]] == list(ALL)

    def at_work() -> list[str]:
        found = cli("jobs", started["id"], "--json").json
        return [run for run, state in states(found).items() if state == BulkItemState.RUNNING]

    until(lambda: len(at_work()) == 3)
    assert "pending" in states(cli("jobs", started["id"], "--json").json).values()
    assert len([job for job in cli("jobs", "--json").json if job["state"] == "running"]) == 3
    listed = cli("jobs").ok().out
    assert started["id"] in listed
    cancelled = cli("jobs", started["id"], "--cancel", "--json")
    assert cancelled.code == 1
    assert set(states(cancelled.json).values()) == {"cancelled", "skipped"}
    assert (cancelled.json["state"], cancelled.json["counts"]) == ("cancelled", {"cancelled": 3, "skipped": 1})
    assert cancelled.json["outcome"].startswith("cancelled by ")
    assert gate.exists()
    again = cli("jobs", started["id"], "--cancel", "--json")
    assert "has ended already" in again.err
    kinds = [entry["kind"] for entry in cli("audit", "--json").json]
    assert kinds.count("bulk.cancelled") == 1
    assert kinds.count("action.ended") == 3
    assert kinds[-1] == "bulk.ended"
    assert four.is_dir()


def test_following_tells_each_change_and_nothing_raw(cli: Cli, four: Path) -> None:
    done = cli("bulk", "retry", FAILED, MORE[0], "--yes").ok()
    assert f"1/2 {FAILED} done: exit 0 after" in done.out
    assert f"2/2 {MORE[0]} done: exit 0 after" in done.out
    assert "retry of 2 runs succeeded: 2 done" in done.err
    (listed,) = cli("jobs", "--bulks", "--json").ok().json
    shown = cli("jobs", listed["id"]).ok().out
    assert "RESULT" in shown
    assert "\x1b" not in done.out + shown
    assert json.loads((four / ".cockpit" / "bulks" / listed["id"] / "result.json").read_bytes())["reason"] is None


def test_runs_kept_under_several_roots_are_done_one_root_at_a_time(cli: Cli, four: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "runs"
    build_failed(other, MORE[2])
    refused = cli("bulk", "archive", "--root", four, "--root", other, "--filter", "state:failed", "--yes")
    assert (refused.code, "kept under 2 roots" in refused.err) == (2, True)
    done = cli("bulk", "archive", "--root", other, "--filter", "state:failed", "--yes", "--json").ok().json
    assert states(done) == {MORE[2]: "done"}


@pytest.mark.parametrize(("typed", "done"), [("y", False), ("retry", False), ("retry 5", False), ("retry 2", True)])
def test_several_at_once_are_confirmed_by_typing_how_many(
    cli: Cli, four: Path, monkeypatch: pytest.MonkeyPatch, typed: str, done: bool
) -> None:
    """The one that is refused does not count."""
    monkeypatch.setattr("cockpit.cli.bulk.on_terminal", lambda: True)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{typed}\n"))
    answered = cli("bulk", "retry", FAILED, MORE[0], DONE)
    assert "type retry 2 to confirm: " in answered.err
    assert "refused: " in answered.out
    assert len(cli("jobs", "--json").ok().json) == (2 if done else 0)
    # One of the three was refused: done, and yet not all well.
    assert answered.code == (1 if done else 2)
    assert four.is_dir()
