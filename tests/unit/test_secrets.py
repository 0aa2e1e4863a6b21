"""A secret in a run's files is found with its place and its kind, and is repeated nowhere."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.diagnosis.masking import MASK, mask
from cockpit.diagnosis.rulebook import shipped_rules
from cockpit.diagnosis.verdict import judge
from cockpit.models.detail import RunDetail
from cockpit.runtime.evidence import EvidenceReader
from cockpit.runtime.examine import examine
from cockpit.runtime.secrets import MAX_FILE_BYTES, find_secrets, scan_secrets
from cockpit.sources.flow_studio import FlowStudioSource
from tests.builders import FlowStudioRun
from tests.samples import NOW

# Put together here, so that no scanner takes this file for a leak.
SECRETS: tuple[tuple[str, str], ...] = (
    ("sk-" + "ant-api03-" + "Ab1" * 12, "key is {}"),
    ("sk-" + "Ab1" * 16, "OPENAI: {}"),
    ("AKIA" + "IOSFODNN7ABCDEFG", "id {} of the bucket"),
    ("ghp_" + "Ab1c" * 9, "git push https://x:{}@github.com/a/b"),
    ("xoxb-" + "123456789012-" * 2 + "AbCdEfGhIjKlMnOpQrStUvWx", "slack {}"),
    ("correct-horse-battery", 'password = "{}"'),
    ("s3cr3t-of-the-ages", "'secret': '{}'"),
    ("hunter2hunter2", "postgres://app:{}@db.internal/runs"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0." + "dBjftJeZ4CVP-mB92K27uhbUJU1p1r", "token {}"),
)


def workspace(tmp_path: Path, text: str) -> tuple[EvidenceReader, RunDetail]:
    """A run whose transcript, error and artifact hold a text."""
    run = FlowStudioRun(tmp_path)
    run.step(
        "build", "implement", "code-implementer", at=3, ok=False, error=f"TimeoutError: step exceeded 300s: {text}"
    )
    line = json.dumps({"role": "tool", "tool_output": f"env:\n{text}"})
    run.raw("build/llm/implement-code-implementer-claude.jsonl", f'{{"role":"user","content":"go"}}\n{line}\n')
    run.raw("build/notes.md", f"# Notes\n\n{text}\n")
    run.event("run_completed", "build", at=5, status="failed", error=f"TimeoutError: step exceeded 300s: {text}")
    run.meta("failed", error=text, at=6)
    source = FlowStudioSource()
    return EvidenceReader(tmp_path), source.detail(next(iter(source.scan(tmp_path))))


@pytest.mark.parametrize(("secret", "words"), SECRETS, ids=lambda value: value[:6])
def test_a_planted_secret_is_found_and_never_shown(tmp_path: Path, secret: str, words: str) -> None:
    reader, detail = workspace(tmp_path, words.format(secret))
    [finding] = scan_secrets(reader, detail)
    assert (finding.id, finding.kind) == ("secret-in-files", "security")
    places = {(one.path.rpartition("/")[2], one.line) for one in finding.supporting}
    assert ("notes.md", 3) in places
    assert ("implement-code-implementer-claude.jsonl", 2) in places
    run = judge(detail, NOW)
    everything = examine(reader, run, detail, NOW, rules=shipped_rules(), playbooks=("failed-run",))
    assert "secret-in-files" in {one.id for one in everything}
    assert "step-timeout" in {one.id for one in everything}
    said = "".join(one.model_dump_json(by_alias=True) for one in everything)
    assert secret not in said
    for start in range(0, len(secret) - 10, 5):
        assert secret[start : start + 10] not in said
    assert secret.lower() not in (run.signature or "")


@pytest.mark.parametrize(
    "text",
    [
        "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "run-20261121-035953-z65pok",
        'password = "${DB_PASSWORD}"',
        'password: "changeme"',
        '"api_key": "your-key-here"',
        "secret: 'example-secret'",
        "FAIL secrets: src/config.py:15 matches /sk-[A-Za-z0-9]{48}/",
        "tokens 12345, agent_key code-implementer",
        "http://localhost:11434/api/tags",
    ],
)
def test_what_only_looks_like_a_secret_is_none(tmp_path: Path, text: str) -> None:
    assert list(find_secrets(text)) == []
    assert scan_secrets(*workspace(tmp_path, text)) == ()


def test_two_secrets_of_one_line_are_both_masked() -> None:
    first, second = SECRETS[0][0], SECRETS[2][0]
    found = list(find_secrets(f"{first} {second}"))
    assert len(found) == 2
    assert not any(secret in quote for _, quote in found for secret in (first, second))
    assert all(MASK in quote for _, quote in found)


def test_a_secret_far_into_a_long_line_is_found() -> None:
    assert [kind for kind, _ in find_secrets("x " * 30_000 + SECRETS[0][0] + " y" * 30_000)]


def test_files_that_cannot_be_read_are_passed_over(tmp_path: Path) -> None:
    reader, detail = workspace(tmp_path, SECRETS[0][0])
    run = next(tmp_path.iterdir())
    (run / "build" / "notes.md").unlink()
    os.mkfifo(run / "build" / "notes.md")
    transcript = run / "build" / "llm" / "implement-code-implementer-claude.jsonl"
    transcript.write_bytes(b"\xff" * (MAX_FILE_BYTES + 10) + SECRETS[0][0].encode())
    [finding] = scan_secrets(reader, detail)
    assert {one.path.rpartition("/")[2] for one in finding.supporting} == {
        "implement-code-implementer.json", "meta.json",
    }  # fmt: skip
    for path in list(run.rglob("*.json")):
        path.unlink()
    assert scan_secrets(reader, detail) == ()


@pytest.mark.parametrize(("secret", "words"), SECRETS, ids=lambda value: value[:6])
def test_masking_takes_the_secret_and_leaves_the_rest(secret: str, words: str) -> None:
    masked = mask(f"before {words.format(secret)} after")
    assert secret not in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")
    assert mask(masked) == masked


@given(st.text(max_size=300))
def test_masking_never_raises_and_is_stable(text: str) -> None:
    assert mask(mask(text)) == mask(text)
