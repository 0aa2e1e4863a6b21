"""Runs whose files hold anything: every verb ends well, prints clean text and valid JSON."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.builders import FlowStudioRun
from tests.cli.conftest import Cli
from tests.samples import FORBIDDEN, HOSTILE

NAME = "run-20261121-040000-bad666"


def write(root: Path, text: str) -> FlowStudioRun:
    """A run with `text` in every field that is one."""
    run = FlowStudioRun(root, NAME)
    run.meta("failed", error=text, at=6, title=text, tags=[text], sdlc_status=text, initiator=text)
    run.event("step_start", "build", text[:300], text[:300], at=1)
    run.event("step_error", "build", text[:300], text[:300], at=2, error=text, status=text)
    run.event(text[:300], text[:300], "implement", text[:300], at=2, message=text)
    run.receipt("build", "implement", "a", status=text, error=text, model=text, tests={"measured": True, text: text})
    run.handoff("build", "implement", "BLOCKED", summary=text, concerns=[{"concern": text}], assumptions=[text])
    run.decision("build", "implement", text, reason=text, target=text, at=3)
    run.raw("build/llm/implement-a-claude.jsonl", json.dumps({"role": text, "content": text}) + "\n")
    run.raw("build/logs/implement.jsonl", text.encode("utf-8", "surrogatepass"))
    return run


def check(cli: Cli) -> dict[str, Any]:
    for verb in (["status"], ["runs"], ["show", NAME], ["plan", "retry", NAME], ["actions", NAME]):
        for more in ([], ["--json"]):
            printed = cli(*verb, *more)
            assert printed.code in (0, 1, 2), (verb, printed.err)
            assert "internal error" not in printed.err
            assert not FORBIDDEN.search(printed.err.replace("\n", ""))
            if more and printed.out:
                assert printed.json is not None
            elif not more:
                assert not FORBIDDEN.search(printed.out.replace("\n", "")), verb
    document = cli("show", NAME, "--json").json
    assert isinstance(document, dict)
    return document


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
def test_text(cli: Cli, root: Path, text: str) -> None:
    write(root, text)
    document = check(cli)
    assert document["id"] == NAME


@pytest.mark.parametrize("depth", [50, 200, 500, 900, 1_000, 5_000, 100_000])
def test_nesting(cli: Cli, root: Path, depth: int) -> None:
    run = write(root, "x")
    nested = b'{"a": ' * depth + b"1" + b"}" * depth
    receipt = run.receipt("build", "implement", "a", status="failed")
    receipt.write_bytes(receipt.read_bytes().replace(b'"mode"', b'"tests": ' + nested + b', "mode"'))
    run.raw("build/handoff/implement.json", nested)
    run.raw("spec.json", nested)
    run.append("events.jsonl", nested + b"\n")
    run.append("build/routing/decisions.jsonl", nested + b"\n")
    check(cli)


@pytest.mark.parametrize(
    "value", ["1e999", "-1e999", "NaN", "Infinity", "9" * 5_000, "1" + "0" * 400, "-0.0", "18446744073709551616"]
)
def test_numbers(cli: Cli, root: Path, value: str) -> None:
    run = write(root, "x")
    numbers = f'"duration_ms": {value}, "tokens": {{"prompt": {value}, "total": {value}}}'
    body = f'{{"status": "failed", {numbers}, "tests": {{"measured": true, "passed": {value}}}}}'
    run.raw("build/receipts/implement-a.json", body)
    line = f'{{"decision": "loop", "step_id": "implement", "confidence": {value}, "iteration": {value}}}\n'
    run.append("build/routing/decisions.jsonl", line.encode())
    check(cli)


@pytest.mark.parametrize(
    "stamp",
    [
        "0001-01-01T00:00:00+23:00",
        "9999-12-31T23:59:59-23:00",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "1e9",
        "",
    ],
)
def test_timestamps(cli: Cli, root: Path, stamp: str) -> None:
    run = write(root, "x")
    run.meta("failed", error="x", started_at=stamp, updated_at=stamp, created_at=stamp, completed_at=stamp)
    run.receipt("build", "implement", "a", status="failed", started_at=stamp, completed_at=stamp)
    line = {"ts": stamp, "kind": "step_error", "flow_key": "build", "step_id": "implement", "payload": {"error": "x"}}
    run.append("events.jsonl", line)
    check(cli)
    cli("show", NAME, "--json", "--now", "0001-01-01T00:00:00Z")
    assert "internal error" not in cli("runs", "--now", "9999-12-31T23:59:59Z").err


@pytest.mark.parametrize("value", [None, True, 5, 1.5, "x", [], {}, [[]], [{}], {"a": None}], ids=str)
def test_types(cli: Cli, root: Path, value: object) -> None:
    run = write(root, "x")
    names = (
        "id", "status", "error", "started_at", "completed_at", "duration_ms", "tokens", "model", "step_id", "flow_key",
        "agent_key", "summary", "concerns", "assumptions", "routing", "tests", "tags", "title", "spec", "payload",
        "kind", "ts", "decision", "reason", "iteration", "target", "confidence", "needs_human",
    )  # fmt: skip
    record = json.dumps(dict.fromkeys(names, value))
    for path in ("meta.json", "spec.json", "run_state.json", "run.json", "build/receipts/implement-a.json",
                 "build/handoff/implement.json", "build/interrupt_state.json"):  # fmt: skip
        run.raw(path, record)
    for path in ("events.jsonl", "build/routing/decisions.jsonl", "build/timeouts.jsonl"):
        run.append(path, record.encode() + b"\n")
    check(cli)
    for path in ("meta.json", "build/receipts/implement-a.json", "events.jsonl"):
        run.raw(path, json.dumps(value))
    check(cli)
