"""The verbs over the recorded runs of the real system."""

import json
import shutil
from pathlib import Path

import pytest

from cockpit.models.run import RunState
from tests.cli.conftest import Cli
from tests.samples import FORBIDDEN
from tests.unit.test_documents import EVIDENCE, HANDOFF, RECEIPT, ROUTING, RUN

pytestmark = pytest.mark.real

NOW = ("--now", "2026-11-21T12:00:00Z")


@pytest.fixture
def runs(real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the recorded runs, as the root."""
    root = tmp_path / "flow-studio"
    shutil.copytree(real_data / "flow-studio", root)
    monkeypatch.setenv("COCKPIT_ROOT", str(root / "runs"))
    return root / "runs"


def ids(cli: Cli) -> list[str]:
    return [run["id"] for run in cli("runs", "--json", *NOW).ok().json]


def test_every_run_is_listed(cli: Cli, runs: Path) -> None:
    listed = cli("runs", "--json", *NOW).ok().json
    assert {run["id"] for run in listed} == {path.name for path in runs.iterdir() if path.is_dir()} - {".cockpit"}
    assert len(listed) == 38
    assert all(set(run) >= RUN for run in listed)
    assert {run["state"] for run in listed} <= {state.value for state in RunState}
    assert len(cli("runs", *NOW).ok().out.splitlines()) == 39


def test_every_run_shows_and_says_the_same_twice(cli: Cli, runs: Path) -> None:
    assert runs.is_dir()
    for name in ids(cli):
        shown = cli("show", name, "--json", *NOW)
        assert shown.code == 0, (name, shown.err)
        assert cli("show", name, "--json", *NOW) == shown
        document = shown.json
        assert document["id"] == name
        assert all(set(one) >= RECEIPT for one in document["receipts"])
        assert all(set(one) >= HANDOFF for one in document["handoffs"])
        assert all(set(one) >= ROUTING for one in document["routing"])
        for reason in document["reasons"]:
            for place in reason["evidence"]:
                assert set(place) == EVIDENCE
                assert (runs / place["path"]).exists(), (name, place)
                if place["line"] is not None:
                    assert 1 <= place["line"] <= len((runs / place["path"]).read_bytes().splitlines())


def test_every_run_reads_as_text(cli: Cli, runs: Path) -> None:
    assert runs.is_dir()
    for name in ids(cli):
        text = cli("show", name, *NOW).ok().out
        assert name in text
        assert not FORBIDDEN.search(text.replace("\n", ""))


def test_the_list_and_a_single_run_agree(cli: Cli, runs: Path) -> None:
    assert runs.is_dir()
    for run in cli("runs", "--json", *NOW).ok().json:
        shown = cli("show", run["id"], "--json", *NOW).ok().json
        assert {name: shown[name] for name in RUN - {"problems"}} == {name: run[name] for name in RUN - {"problems"}}
        assert len(shown["problems"]) == run["problems"]


def test_counts_add_up(cli: Cli, runs: Path) -> None:
    assert runs.is_dir()
    document = cli("status", "--json", *NOW).ok().json
    assert sum(document["counts"].values()) == 38
    wanted = cli("runs", "--json", "--filter", "is:attention", *NOW).ok().json
    assert [run["id"] for run in document["attention"]] == [run["id"] for run in wanted]
    told = cli("runs", "--json", "--filter", "is:contradicted", *NOW).ok().json
    assert told
    assert all(run["contradicted"] for run in told)


def test_every_step_of_a_failed_run_can_be_planned(cli: Cli, runs: Path) -> None:
    (runs.parent / "Makefile").write_text("stepwise-%:\n\t@true\n")
    failed = cli("runs", "--json", "--filter", "state:failed", *NOW).ok().json
    assert len(failed) > 10
    for run in failed:
        if run["step"] is None:
            continue
        plan = cli("plan", "retry", run["id"], "--json", *NOW).ok().json
        assert plan["argv"] == [
            "make", "stepwise-retry", f"RUN_ID={run['id']}", f"FLOW={run['flow']}", f"STEP={run['step']}",
        ]  # fmt: skip


def test_looking_leaves_no_trace(cli: Cli, runs: Path) -> None:
    def state() -> dict[str, tuple[int, int]]:
        return {str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in runs.rglob("*")}

    before = state()
    for verb in ("status", "runs", "doctor", "info", "audit", "jobs", "show api-canceled", "playbooks"):
        assert cli(*verb.split()).code in (0, 1)
    assert state() == before


def test_a_second_start_says_the_same(cli: Cli, runs: Path) -> None:
    assert runs.is_dir()
    first = cli("runs", "--json", *NOW).ok()
    assert cli("runs", "--json", *NOW) == first
    json.loads(first.out)
