"""`diagnose` and `runs --by cluster` on the command line: the contract's documents, text for people, no secrets."""

import json
from pathlib import Path

import pytest

from tests.builders import FlowStudioRun
from tests.cli.conftest import DONE, FAILED, LIVE, Cli, build_failed

FINDING = {"id", "title", "playbook", "confidence", "cause", "fix", "for", "against", "suggests", "signature"}
SECRET = "sk-" + "ant-api03-" + "Ab1" * 12


def test_the_document_is_the_one_of_the_contract(cli: Cli, root: Path) -> None:
    document = cli("diagnose", FAILED, "--json").ok().json
    assert {"run", "state", "claimed", "findings"} <= set(document)
    assert (document["run"], document["state"], document["claimed"]) == (FAILED, "failed", "failed")
    best = document["findings"][0]
    assert set(best) >= FINDING
    assert best["id"] == "step-timeout"
    assert best["suggests"] == {"action": "retry", "flow": "build", "step": "implement"}
    assert best["playbook"] == "failed-run"
    assert best["signature"] == "timeouterror: step exceeded <n>s"
    place = best["for"][0]
    assert set(place) == {"rank", "path", "line", "quote"}
    assert (root / place["path"]).exists()
    confidences = [one["confidence"] for one in document["findings"]]
    assert confidences == sorted(confidences, reverse=True)
    assert cli("diagnose", FAILED, "--json").ok().out == cli("--json", "diagnose", FAILED).ok().out


def test_text_for_people_names_cause_fix_evidence_and_the_command(cli: Cli, root: Path) -> None:
    said = cli("diagnose", FAILED).ok().out
    for words in (
        f"{FAILED} x failed (claims failed)", "build.implement ran out of time", "step-timeout",
        "cause     The step was",
        "fix       Find what", "warning   ", "playbook  failed-run",
        f"try       cockpit plan retry {FAILED} --flow build --step implement",
        "for       build/receipts/implement-code-implementer.json", "receipt",
    ):  # fmt: skip
        assert words in said, words
    assert "\x1b" not in said


def test_a_run_without_trouble_has_no_findings(cli: Cli, root: Path) -> None:
    assert cli("diagnose", DONE, "--json").ok().json["findings"] == []
    assert "nothing found" in cli("diagnose", DONE).ok().out
    assert cli("diagnose", LIVE, "--json").ok().json["state"] == "running"


def test_nothing_is_suggested_where_nothing_may_be_done(cli: Cli, root: Path) -> None:
    document = cli("diagnose", FAILED, "--json", "--read-only").ok().json
    assert document["findings"]
    assert {one["suggests"] for one in document["findings"]} == {None}


def test_other_runs_with_the_same_failure_are_named(cli: Cli, root: Path) -> None:
    build_failed(root, "run-20261121-035959-zzz999")
    findings = {one["id"]: one for one in cli("diagnose", FAILED, "--json").ok().json["findings"]}
    assert "1 other run failed in the same way" in findings["recurring-failure"]["cause"]


def test_no_run_of_that_name_is_a_usage_error(cli: Cli, root: Path) -> None:
    result = cli("diagnose", "nope")
    assert result.code == 2
    assert "no run 'nope'" in result.err


def test_a_planted_secret_is_in_no_output(cli: Cli, root: Path) -> None:
    run = FlowStudioRun(root, "run-20261121-040000-ddd444")
    error = f"AuthenticationError: key {SECRET} was refused; TimeoutError: step exceeded 300s"
    run.step("build", "implement", "code-implementer", at=3, ok=False, error=error)
    run.raw(
        "build/llm/implement-code-implementer-claude.jsonl", json.dumps({"role": "tool", "tool_output": SECRET}) + "\n"
    )
    run.event("run_completed", "build", at=5, status="failed", error=error)
    run.meta("failed", error=error, at=6)
    for arguments in (("diagnose", run.name), ("diagnose", run.name, "--json")):
        said = cli(*arguments).ok()
        assert "secret-in-files" in said.out
        assert "implement-code-implementer-claude.jsonl" in said.out
        for start in range(7, len(SECRET) - 8, 4):
            assert SECRET[start : start + 8] not in said.out + said.err


def test_rules_of_the_user_count_and_broken_ones_are_reported(
    cli: Cli, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "config"
    (folder / "rules").mkdir(parents=True)
    (folder / "config.toml").write_text("")
    monkeypatch.setenv("COCKPIT_CONFIG", str(folder / "config.toml"))
    rule = (
        '[[rule]]\nid = "ours"\nmatch = ["step exceeded"]\ntitle = "Ours"\ncause = "c"\nfix = "f"\nconfidence = 0.99\n'
    )
    (folder / "rules" / "a.toml").write_text(rule)
    (folder / "rules" / "b.toml").write_text(rule.replace("0.99", "99"))
    result = cli("diagnose", FAILED, "--json").ok()
    assert result.json["findings"][0]["id"] == "ours"
    assert "b.toml: rule 1 (ours): confidence: " in result.err
    runs = {run["id"]: run for run in cli("runs", "--json").ok().json}
    assert "ours" in runs[FAILED]["findings"]


def test_runs_carry_the_ids_of_their_findings(cli: Cli, root: Path) -> None:
    runs = {run["id"]: run for run in cli("runs", "--json").ok().json}
    assert runs[FAILED]["findings"] == ["step-timeout"]
    assert runs[DONE]["findings"] == []


def test_runs_by_cluster(cli: Cli, root: Path) -> None:
    build_failed(root, "run-20261121-035959-zzz999")
    [cluster] = cli("runs", "--by", "cluster", "--json").ok().json
    assert cluster["signature"] == "timeouterror: step exceeded <n>s"
    assert cluster["count"] == 2
    assert {cluster["earliest"], *cluster["victims"]} == {FAILED, "run-20261121-035959-zzz999"}
    assert [run["id"] for run in cluster["runs"]] == [cluster["earliest"], *cluster["victims"]]
    assert len(cluster["id"]) == 12
    text = cli("runs", "--by", "cluster").ok()
    assert "timeouterror: step exceeded <n>s" in text.out
    assert "2 runs without a failure signature" in text.err
    assert cli("runs", "--by", "cluster", "--filter", "state:succeeded", "--json").ok().json == []
    assert cli("runs", "--by", "cluster", "--limit", "0", "--json").ok().json == []
    assert cli("runs", "--by", "moon").code == 2
