"""What transcripts and scent trails testify against what a run says of itself."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from cockpit.diagnosis.codes import Code
from cockpit.diagnosis.observations import Observation
from cockpit.runtime.evidence import EvidenceReader
from cockpit.runtime.witness import observe_files
from cockpit.sources.flow_studio import FlowStudioSource
from tests.builders import FlowStudioRun

Line = dict[str, Any]
FAILED: Line = {
    "role": "tool",
    "tool_name": "Bash",
    "tool_input": {"command": "pytest"},
    "tool_output": "2 failed, 40 passed",
}
PASSED: Line = {**FAILED, "tool_output": "42 passed"}
CLAIM: Line = {"role": "assistant", "content": "Done: all tests pass now."}
CLI_CALL: Line = {"type": "tool_use", "tool": "Bash", "input": {"command": "pytest -q"}}
CLI_FAILED: Line = {
    "type": "tool_result",
    "tool": "Bash",
    "success": False,
    "exit_code": 1,
    "output": "test session starts",
}
CLI_CLAIM: Line = {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "All 42 tests pass."}]}


def observed(tmp_path: Path, lines: list[Line], **receipt: Any) -> list[Observation]:
    run = FlowStudioRun(tmp_path)
    run.receipt("build", "implement", "code-implementer", **receipt)
    text = "".join(json.dumps(line) + "\n" for line in lines)
    run.raw("build/llm/implement-code-implementer-claude.jsonl", text)
    return seen(tmp_path)


def seen(tmp_path: Path) -> list[Observation]:
    source = FlowStudioSource()
    return list(observe_files(EvidenceReader(tmp_path), source.detail(next(iter(source.scan(tmp_path))))))


@pytest.mark.parametrize(
    ("lines", "places"),
    [
        ([FAILED, CLAIM], [1, 2]),
        ([CLI_CALL, CLI_FAILED, CLI_CLAIM], [2, 3]),
        ([PASSED, FAILED, {"role": "assistant", "content": "hm"}, CLAIM], [2, 4]),
        ([FAILED, PASSED, CLAIM], None),
        ([CLAIM, FAILED], None),
        ([FAILED, {"role": "assistant", "content": "2 tests still fail"}], None),
        ([FAILED, {"role": "user", "content": "all tests pass"}], None),
        ([PASSED, CLAIM], None),
        ([{"role": "tool", "tool_input": {"command": "ls"}, "tool_output": "a b", "exit_code": 2}, CLAIM], None),
    ],
)
def test_a_claim_over_a_command_that_failed(tmp_path: Path, lines: list[Line], places: list[int] | None) -> None:
    found = observed(tmp_path, lines)
    if places is None:
        assert found == []
        return
    [one] = found
    assert (one.code, one.flow, one.step) == (Code.TESTS_CLAIMED, "build", "implement")
    assert [place.line for place in one.evidence] == places


def test_a_receipt_that_counts_no_failure_over_a_transcript_that_does(tmp_path: Path) -> None:
    [one] = observed(tmp_path, [FAILED], tests={"measured": True, "passed": 42, "failed": 0})
    assert [place.path.rpartition("/")[2] for place in one.evidence] == [
        "implement-code-implementer-claude.jsonl", "implement-code-implementer.json",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\n", b"[1,2]\nnull\n{\n", b"{" * 5_000, b'{"role": 5, "content": {"a": 1}}\n']
)
def test_transcripts_that_make_no_sense_testify_nothing(tmp_path: Path, content: bytes) -> None:
    observed(tmp_path, [])
    path = next(tmp_path.rglob("*.jsonl"))
    path.write_bytes(content)
    assert seen(tmp_path) == []
    path.unlink()
    os.mkfifo(path)
    assert seen(tmp_path) == []


def test_conflicts_and_refuted_assumptions_of_a_scent_trail(tmp_path: Path) -> None:
    run = FlowStudioRun(tmp_path)
    run.receipt("build", "implement", "code-implementer")
    conflict = {"prior_decision": "Use OAuth", "current_finding": "the API wants keys", "resolved": False}
    settled = {**conflict, "prior_decision": "Use SOAP", "resolved": True}
    wrong = {"assumption": "users have email", "status": "INVALIDATED"}
    holds = {"assumption": "users have names", "status": "ACTIVE"}
    trail = {"conflicts": [conflict, settled, 7], "assumptions_in_effect": [wrong, holds]}
    run.raw("scent_trail.json", {"scent_trail": trail})
    run.raw("build/scent_trail.json", trail)
    found = seen(tmp_path)
    assert [(one.code, one.text) for one in found] == [
        (Code.DECISION_CONFLICT, "Use OAuth, but later: the API wants keys"),
        (Code.ASSUMPTION_WRONG, "an assumption turned out wrong: users have email"),
    ]
