"""The best finding of every recorded run of all four systems, and what its summary says of it already."""

from pathlib import Path

import pytest

from cockpit.diagnosis.clusters import clusters
from cockpit.diagnosis.rulebook import shipped_rules
from cockpit.diagnosis.verdict import judge
from cockpit.models.detail import RunDetail
from cockpit.models.finding import Finding
from cockpit.models.run import ATTENTION, Run
from cockpit.runtime.evidence import EvidenceReader
from cockpit.runtime.examine import examine
from cockpit.sources.registry import source_by_id
from tests.conftest import NOW

pytestmark = pytest.mark.real
PLAYBOOKS = ("failed-run", "stuck-run")
EXPECTED: dict[str, dict[str, str | None]] = {
    "flow-studio": {
        "docs-era-synthetic": "blocked",
        "examples/health-check": None,
        "examples/health-check-missing-tests": "degraded-flow",
        "examples/health-check-no-gate-decision": "step-failed",
        "examples/health-check-risky-deploy": None,
        "examples/stepwise-build-claude": "stub-success",
        "examples/stepwise-build-gemini": "loop-exhausted",
        "examples/stepwise-claude": None,
        "examples/stepwise-deploy-claude": "stub-success",
        "examples/stepwise-gate-claude": "stub-success",
        "examples/stepwise-gemini": None,
        "examples/stepwise-sdlc-claude": "stub-success",
        "examples/swarm-selftest-baseline": None,
        "runs/api-canceled": "interrupted-step",
        "runs/api-interrupted": "interrupted-step",
        "runs/api-pause-stop": "stopped-cleanly",
        "runs/run-20261121-035949-s5tz6b": "stub-success",
        "runs/run-20261121-035950-xltkck": "loop-exhausted",
        "runs/run-20261121-035953-z65pok": "missing-module",
        "runs/run-20261121-035955-to0ib1": "missing-module",
        "runs/run-20261121-035958-8axmy1": "loop-exhausted",
        "runs/run-20261121-040000-3jz5oo": "missing-module",
        "runs/run-20261121-040001-ye521o": "contradiction-verified",
        "runs/run-20261121-040003-ji8ceq": "contradiction-verified",
        "runs/run-20261121-040004-4lg9n7": "contradiction-verified",
        "runs/run-20261121-040006-uw74rz": "broken-tree",
        "runs/run-20261121-040007-5l1oer": "broken-tree",
        "runs/run-20261121-040008-zti3ba": "broken-tree",
        "runs/run-20261121-040009-viot4i": "contradiction-missing-steps",
        "runs/run-20261121-040012-f783jy": "contradiction-records",
        "runs/run-20261121-040015-agqkxc": "contradiction-failed-step",
        "runs/run-20261121-040017-h80r3m": "broken-tree",
        "runs/run-20261121-040210-auu5ee": "step-timeout",
        "runs/run-20261121-040211-m3sgt2": "blocked",
        "runs/run-20261121-040212-p0lrgw": "broken-tree",
        "runs/run-20261121-040213-etx4p1": "silent-producer",
        "runs/run-20261121-040214-4kteu3": "broken-tree",
        "runs/run-20261121-040215-zw8zto": "broken-tree",
        "runs/run-20261121-040216-9o6wxi": "broken-tree",
        "runs/run-20261121-040217-mfa1rh": "contradiction-receipt",
        "runs/run-20261121-040218-3s9s59": "step-timeout",
        "runs/run-20261121-040218-5cxcab": "silent-producer",
        "runs/run-20261121-040322-2491qz": "blocked",
        "runs/run-20261121-040425-bz96yc": "contradiction-verified",
        "runs/run-20261121-040519-u844z5": "broken-tree",
        "runs/run-20261121-040552-t2md49": None,
        "runs/run-20261121-040555-l9nhdu": "missing-make-target",
        "runs/run-20261121-040559-kyoyeq": "silent-producer",
        "runs/run-20261121-040854-di39j7": "stub-success",
        "runs/run-20261121-040921-19s14s": "contradiction-verified",
        "runs/run-20261121-041013-khb0us": "stopped-cleanly",
    },
    "curriculum-builder": {
        "runs/20261121-034458-ok-internal": None,
        "runs/20261121-034529-stage-conflict": "a-template-words",
        "runs/20261121-034532-scope-ok": None,
        "runs/20261121-034612-validation-fail-dag": "b-schema",
        "runs/20261121-034618-validation-fail-spec": "a-template-words",
        "runs/20261121-034620-validation-fail-json": "b-schema",
        "runs/20261121-034623-validator-crash": "b-validator-crash",
        "runs/20261121-034658-validation-fail-generated": "b-schema",
        "runs/20261121-034700-legacy-5d46830": "f-invalid-metadata",
        "runs/20261121-034701-legacy-df42b13": "f-invalid-metadata",
        "runs/20261121-034725-corrupt-truncated": "f-broken-metadata",
        "runs/20261121-034727-corrupt-empty": "f-broken-metadata",
        "runs/20261121-034729-corrupt-list": "f-invalid-metadata",
        "runs/20261121-034730-corrupt-stage": "f-invalid-metadata",
        "runs/20261121-034732-extra-keys": "no-trace-of-generation",
        "runs/20261121-034734-bad-utf8": "f-broken-metadata",
        "runs/20261121-034737-dup": "a-template-words",
        "runs/20261121-034737-n-slug-test": "a-template-words",
        "runs/20261121-034820-no-api-key": "no-trace-of-generation",
        "runs/20261121-034822-bad-base-url": "no-trace-of-generation",
        "runs/20261121-034825-remote-fail": "no-trace-of-generation",
        "runs/20261121-034831-remote-ok": None,
        "runs/20261121-034847-codex-fail": None,
        "runs/20261121-034930-codex-exec-fail": "no-trace-of-generation",
        "runs/20261121-034932-stale-curriculum-edited": "contradiction-stale-artifacts",
        "runs/20261121-034936-stale-recovered": None,
        "runs/20261121-034940-stale-unsynced": "contradiction-stale-specification",
        "runs/20261121-035017-archived": None,
        "runs/20261121-035021-interrupted-int": "no-trace-of-generation",
        "runs/20261121-035024-interrupted-term": "no-trace-of-generation",
        "runs/20261121-035027-interrupted-kill": "no-trace-of-generation",
        "runs/20261121-035151-rerun": None,
        "runs/20261121-035156-live-slow": None,
        "runs/20261121-035255-status-during-rerun": "contradiction-records",
        "runs/20261121-035303-provider-typo": None,
        "runs/20261121-035305-codex-flaky-ok": None,
        "runs/20261121-035501-recover-a": None,
        "runs/20261121-035503-recover-b": None,
        "runs/20261121-035505-recover-d": None,
        "runs/20261121-035507-recover-e": None,
        "runs/20261121-035509-recover-f": None,
        "runs/20261121-035512-ap-empty": None,
    },
    "agents-orchestration": {
        "01-invoke-list-validate.txt#2": None,
        "02-run-planner.txt": "embeddings-offline",
        "03-run-reviewer.txt": "provider-unreachable",
        "04-coordinator-run.txt": "embeddings-offline",
        "05-run-parallel.txt": "embeddings-offline",
        "06-switch-provider-github.txt": "model-not-configured",
        "10-coordinator-run-ok.txt": None,
        "11-coordinator-ollama-404.txt": "model-missing",
        "11-coordinator-ollama-429.txt": "rate-limit",
        "11-coordinator-ollama-500.txt": "model-needs-memory",
        "12-stuck-hang.txt": "workflow-killed",
        "20-web-server.log#L1478": "model-missing",
        "20-web-server.log#L2044": "agent-server-error",
        "20-web-server.log#project_1761953754": "model-missing",
        "20-web-server.log#wf1": None,
        "20-web-server.log#wf2": "model-missing",
        "20-web-server.log#wf3": None,
        "22-mcp-planner.log#L108": "model-missing",
        "22-mcp-planner.log#L191": "agent-refuses-work",
        "22-mcp-planner.log#L2": None,
        "30-monitoring.txt": "resource-alert",
        "40-config-errors.txt#1": "agent-configuration",
        "40-config-errors.txt#10": "agent-configuration",
        "40-config-errors.txt#2": "agent-configuration",
        "40-config-errors.txt#3": "agent-configuration",
        "40-config-errors.txt#4": "agent-configuration",
        "40-config-errors.txt#5": "agent-configuration",
        "40-config-errors.txt#6": "agent-configuration",
        "40-config-errors.txt#7": None,
        "40-config-errors.txt#8": "model-not-configured",
        "40-config-errors.txt#9": "agent-configuration",
        "50-wrapper-ok.txt": None,
        "51-wrapper-fail.txt": "model-missing",
        "structured-example/orchestrator.log#wf_fail": "model-missing",
        "structured-example/orchestrator.log#wf_ok": None,
        "work-bad/config/agents.config.json#project_1761953754": "contradiction-records",
        "work-ok/config/agents.config.json#project_1761953754": "contradiction-records",
        "work-ok/config/agents.config.json#project_1795233570": "contradiction-records",
        "work/config/agents.config.json#project_1761953754": "contradiction-records",
    },
    "ai-csuite": {
        "tree-sqlite/dev.db#03e5efe0-3ce8-4e1b-9f81-b4bd1daf37f2": "stuck-after-resume",
        "tree-sqlite/dev.db#07e75c40-c0df-43c5-a737-6b2cf7baeab2": None,
        "tree-sqlite/dev.db#08877800-fa6b-4901-8754-95ecde01d707": "budget-overrun",
        "tree-sqlite/dev.db#090386bb-9d49-40ec-982a-bddf6df6d13c": None,
        "tree-sqlite/dev.db#0934ab28-ae90-4c1f-9412-fef0774136e0": None,
        "tree-sqlite/dev.db#1c3b9aae-93e1-42f6-8ce7-218ca746cb0d": None,
        "tree-sqlite/dev.db#2aa6b4b5-d1be-4d4b-aeb9-938b361afd9c": "retries-exhausted",
        "tree-sqlite/dev.db#2e41d8b9-8963-4503-80ae-c8866da31b8f": None,
        "tree-sqlite/dev.db#3c11afe9-6cde-47e3-9ba2-232aa3d4bee3": "retries-exhausted",
        "tree-sqlite/dev.db#3ead0fff-80a0-45b8-8700-26b24adcc8fd": None,
        "tree-sqlite/dev.db#54203f2d-5ec0-4506-a27f-9600f0f085a5": "steps-skipped-on-resume",
        "tree-sqlite/dev.db#5750afa2-c273-411a-8ba6-02a97f10bf68": None,
        "tree-sqlite/dev.db#586ec728-f2f2-4580-9d35-09110a22dca3": None,
        "tree-sqlite/dev.db#5a976d09-d489-4d93-a5fa-39e58ee106b3": None,
        "tree-sqlite/dev.db#6b07f1dd-20da-4bbb-a2bd-1765c364e09b": "not-ready",
        "tree-sqlite/dev.db#6f25340b-7776-473a-abdf-d43e0245b987": "stuck-after-resume",
        "tree-sqlite/dev.db#7503f653-d7c1-4590-b51e-a7ec3e523eef": None,
        "tree-sqlite/dev.db#761258ff-1dcf-46db-8171-3f5d158bcf40": None,
        "tree-sqlite/dev.db#78fdac29-6694-4dbb-82a6-959a0c6f3c72": "stuck-after-resume",
        "tree-sqlite/dev.db#848b0803-1d25-40e1-9d8d-227493f564e0": None,
        "tree-sqlite/dev.db#901d1d82-aa3c-48f4-8593-69225da2f821": "steps-skipped-on-resume",
        "tree-sqlite/dev.db#9387f43a-b443-4762-b4a8-11c2ea37ccb3": "steps-skipped-on-resume",
        "tree-sqlite/dev.db#9dfbd421-d6ac-4155-a936-f8e2bd24c417": None,
        "tree-sqlite/dev.db#adc82423-eb04-4c8d-9460-67b66d55bfd0": None,
        "tree-sqlite/dev.db#b0a3452a-0cff-45f8-8ae7-031e82d496d8": None,
        "tree-sqlite/dev.db#bcbea6b3-ce03-478f-81d8-b218df552485": "stuck-after-resume",
        "tree-sqlite/dev.db#c07d5301-06ac-40b3-aa94-3c677876f2a2": "contradiction-no-work",
        "tree-sqlite/dev.db#dadd47ff-0559-44d9-89a5-25c9710566b7": "stuck-after-resume",
        "tree-sqlite/dev.db#dfe85c76-f75c-486d-aa9f-01274839e4de": None,
        "tree-sqlite/dev.db#e2e6233a-b72d-4cb1-8d27-e8a624cc0119": None,
        "tree-sqlite/dev.db#ecad64a4-15ab-4e85-87d7-6dcd2b4c28c1": None,
        "tree-sqlite/dev.db#ef32932b-c0c1-42da-a3ce-3446f6a42222": None,
        "tree-sqlite/dev.db#f6505ca7-adcf-4cd9-8d43-d1ea9718ac3a": "stuck-after-resume",
        "tree-sqlite/dev.db#f8522b6a-698d-41a7-aef5-e70662902113": None,
        "tree-sqlite/dev.db#fb53ede5-5d54-4257-bfe3-fdded2183a3b": None,
        "tree-sqlite/dev.db#fd7737c8-2021-45b0-8f37-dc436f36cfa5": None,
        "tree-sqlite/dev.db#self-work": "eval-drop",
    },
}
"""By path of the run: the id of the best finding; `None` where there is none."""

Case = tuple[Run, RunDetail, tuple[Finding, ...]]


@pytest.fixture(scope="module")
def cases(real_data: Path) -> dict[str, dict[str, Case]]:
    """Every run of every system with its findings, by source and by its path."""
    found: dict[str, dict[str, Case]] = {}
    for name in EXPECTED:
        root = real_data / name
        source = source_by_id(name)
        assert source is not None
        for ref in source.scan(root):
            detail = source.detail(ref)
            run = judge(detail, NOW)
            findings = examine(
                EvidenceReader(root), run, detail, NOW, rules=shipped_rules(), playbooks=PLAYBOOKS
            )  # fmt: skip
            found.setdefault(name, {})[ref.path] = (run, detail, findings)
    return found


@pytest.mark.parametrize(
    ("source", "path", "best"),
    [(source, path, best) for source, rows in EXPECTED.items() for path, best in rows.items()],
)
def test_the_best_finding(cases: dict[str, dict[str, Case]], source: str, path: str, best: str | None) -> None:
    _, _, findings = cases[source][path]
    assert (findings[0].id if findings else None) == best


def test_every_run_that_needs_attention_has_a_finding_with_evidence_that_is_there(
    cases: dict[str, dict[str, Case]], real_data: Path
) -> None:
    for source, rows in cases.items():
        for path, (run, _, findings) in rows.items():
            if run.state in ATTENTION:
                assert findings, path
            for finding in findings:
                for place in (*finding.supporting, *finding.against):
                    assert (real_data / source / place.path).exists() or place.path == run.ref.path, (path, place)


def test_summaries_promise_no_finding_that_is_not_made(cases: dict[str, dict[str, Case]]) -> None:
    promised = 0
    for rows in cases.values():
        for run, _, findings in rows.values():
            assert set(run.findings) <= {one.id for one in findings}, run.id
            promised += len(run.findings)
    assert promised > 150


def test_nothing_is_suggested_that_a_system_cannot_do(cases: dict[str, dict[str, Case]]) -> None:
    for source_id, rows in cases.items():
        source = source_by_id(source_id)
        assert source is not None
        for run, _, findings in rows.values():
            offered = {spec.id for spec in source.actions(run.ref)}
            suggested = {one.suggests.action for one in findings if one.suggests is not None}
            if run.id.startswith("40-config-errors") or not offered:
                continue  # nothing can be run again here; the caller names the actions that can
            assert suggested <= offered, (run.id, suggested - offered)


def test_one_defect_of_the_tree_is_one_cluster(cases: dict[str, dict[str, Case]]) -> None:
    found = clusters(run for rows in cases.values() for run, _, _ in rows.values())
    by_signature = {one.signature: one for one in found}
    defect = by_signature["'nonetype' object has no attribute 'decision'"]
    assert [run.id[-6:] for run in defect.runs] == ["p0lrgw", "4kteu3", "zw8zto", "9o6wxi"]
    module = by_signature["modulenotfounderror: no module named 'httpx_retry'"]
    assert len(module.victims) == 2
    assert module.earliest.id.endswith("z65pok")


def test_what_the_manifest_says_of_masked_runs_is_said_here_too(cases: dict[str, dict[str, Case]]) -> None:
    ids = {path[-6:]: {one.id for one in findings} for path, (_, _, findings) in cases["flow-studio"].items()}
    assert {"missing-module", "contradiction-failed-step", "contradiction-missing-steps"} <= ids["to0ib1"]
    assert {"contradiction-blocked", "contradiction-needs-human", "missing-input", "truncated-flow"} <= ids["2491qz"]
    assert {"contradiction-verified", "stub-success"} <= ids["ye521o"]
    assert {"made-up-handoff", "step-without-receipt"} <= ids["agqkxc"]
    assert {"blocked", "broken-tree", "missing-input"} <= ids["m3sgt2"]
    synthetic = {one.id for one in cases["flow-studio"]["docs-era-synthetic"][2]}
    assert {
        "same-failure-twice", "contradiction-tests-claimed", "secret-exposure", "not-measured",
        "decision-conflict", "step-timeout", "loop-exhausted", "detour-lint", "detour-upstream",
        "contradiction-metrics",
    } <= synthetic  # fmt: skip
