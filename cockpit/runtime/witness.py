"""What transcripts and scent trails of a run testify: files that are no part of its facts, read when it is examined.

An agent may say that the tests passed over its own command that failed; a scent trail may hold a decision that was
found wrong later. Bounded in files, lines and bytes; call it in a thread.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from cockpit.diagnosis.codes import Code
from cockpit.diagnosis.disagreements import TESTS_FAIL, claims_tests_pass
from cockpit.diagnosis.observations import Observation
from cockpit.diagnosis.parts import where
from cockpit.errors import CockpitError
from cockpit.models.detail import RunDetail
from cockpit.models.evidence import Evidence, Rank
from cockpit.runtime.evidence import EvidenceReader

MAX_FILES = 120
MAX_LINES = 600
"""Transcripts looked into, and lines of each, from its end: what an agent claims it claims last."""
_MAX_LINE = 64 * 1024
_TEXT = 8_000
_QUOTE = 240


def observe_files(reader: EvidenceReader, detail: RunDetail) -> tuple[Observation, ...]:
    """What the run's transcripts and scent trails testify. Files that cannot be read testify nothing."""
    return (*_transcripts(reader, detail), *_trails(reader, detail))


def _transcripts(reader: EvidenceReader, detail: RunDetail) -> Iterator[Observation]:
    receipts = {one.transcript: one for one in detail.receipts if one.transcript}
    paths = [*receipts, *(one.path for one in detail.artifacts if one.kind == "transcript")]
    for path in list(dict.fromkeys(paths))[:MAX_FILES]:
        receipt = receipts.get(path)
        failed, claim = _testimony(reader, path)
        flow, step = (receipt.flow, receipt.step) if receipt is not None else (None, None)
        place = where(flow, step) if receipt is not None else path.rpartition("/")[2]
        if failed is not None and claim is not None:
            text = f"the transcript of {place} ends with a claim that the tests pass, over a command that failed"
            yield Observation(Code.TESTS_CLAIMED, text, (failed, claim), flow=flow, step=step)
        elif failed is not None and receipt is not None and _says_none_failed(receipt.measures.get("tests")):
            counted = Evidence(rank=Rank.RECEIPT, path=receipt.path, quote=_counts(receipt.measures["tests"]))
            text = f"the receipt of {place} counts no failed test, its transcript does"
            yield Observation(Code.TESTS_CLAIMED, text, (failed, counted), flow=flow, step=step)


def _testimony(reader: EvidenceReader, path: str) -> tuple[Evidence | None, Evidence | None]:
    """The last test command that failed, and what the agent claimed after it; a later success takes it back."""
    failed: Evidence | None = None
    claim: Evidence | None = None
    command = ""
    for number, entry in _tail(reader, path):
        role = str(entry.get("role") or entry.get("type") or "")
        if role in ("tool_use",) or "tool_input" in entry:
            command = _words(entry.get("input") or entry.get("tool_input"))
        output = _words(entry.get("output") if "output" in entry else entry.get("tool_output"))
        code = entry.get("exit_code")
        bad = (isinstance(code, int) and code != 0) or entry.get("success") is False or entry.get("is_error") is True
        about_tests = "test" in command.lower() or "test" in output.lower() or " passed" in output
        if role in ("tool", "tool_result") and about_tests:
            if bad or TESTS_FAIL.search(output):
                shown = f"exit code {code}: " if isinstance(code, int) and code else ""
                quote = f"{shown}{command[:80]}: {output}"[:_QUOTE]
                failed, claim = Evidence(rank=Rank.PHYSICS, path=path, line=number, quote=quote), None
            else:
                failed = claim = None
        elif role in ("assistant", "message", "result", "text") and entry.get("role") != "user" and failed is not None:
            said = _words(entry.get("content") or entry.get("result") or entry.get("message"))
            if claims_tests_pass(said):
                claim = Evidence(rank=Rank.NARRATIVE, path=path, line=number, quote=said[:_QUOTE])
    return failed, claim


def _tail(reader: EvidenceReader, path: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The last lines of a file that are JSON objects, with their 1-based numbers."""
    try:
        lines = reader.read_lines(path, around=1 << 40, before=MAX_LINES, after=0)
    except (CockpitError, OSError):
        return
    for number, line in lines:
        if len(line) > _MAX_LINE:
            continue
        try:
            entry = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(entry, dict):
            yield number, entry


def _words(value: object) -> str:
    """The text in a content field: a string, or texts in lists and objects one or two levels deep."""
    if isinstance(value, str):
        return value[:_TEXT]
    if isinstance(value, dict):
        value = [value.get(name) for name in ("text", "content", "command", "stdout", "stderr")]
    if isinstance(value, list):
        parts = [one if isinstance(one, str) else one.get("text") if isinstance(one, dict) else None for one in value]
        return " ".join(part for part in parts if isinstance(part, str))[:_TEXT]
    return ""


def _says_none_failed(block: object) -> bool:
    return isinstance(block, dict) and block.get("measured") is not False and block.get("failed") == 0


def _counts(block: dict[str, Any]) -> str:
    return '"tests": ' + ", ".join(f"{name} {block[name]}" for name in ("passed", "failed", "skipped") if name in block)


def _trails(reader: EvidenceReader, detail: RunDetail) -> Iterator[Observation]:
    """Conflicts and refuted assumptions of scent trails (formats/flow-studio.md 2.9)."""
    seen: set[str] = set()
    for artifact in detail.artifacts:
        if artifact.kind != "scent_trail":
            continue
        read = _object(reader, artifact.path)
        inner = read.get("scent_trail")
        trail = inner if isinstance(inner, dict) else read
        for conflict in _dicts(trail.get("conflicts")):
            before, found = _words(conflict.get("prior_decision")), _words(conflict.get("current_finding"))
            if conflict.get("resolved") is True or not (before and found) or f"{before}{found}" in seen:
                continue
            seen.add(f"{before}{found}")
            evidence = Evidence(rank=Rank.ARTIFACT, path=artifact.path, quote=f"{before} / {found}"[:_QUOTE])
            text = f"{before}, but later: {found}"[:_QUOTE]
            yield Observation(Code.DECISION_CONFLICT, text, (evidence,), flow=artifact.flow)
        for assumption in _dicts(trail.get("assumptions_in_effect")):
            said = _words(assumption.get("assumption"))
            if str(assumption.get("status")).upper() == "INVALIDATED" and said and said not in seen:
                seen.add(said)
                evidence = Evidence(rank=Rank.ARTIFACT, path=artifact.path, quote=said[:_QUOTE])
                yield Observation(
                    Code.ASSUMPTION_WRONG, f"an assumption turned out wrong: {said[:_QUOTE]}", (evidence,),
                    flow=artifact.flow,
                )  # fmt: skip


def _object(reader: EvidenceReader, path: str) -> dict[str, Any]:
    try:
        lines = reader.read_lines(path, around=1, before=0, after=20_000)
        found = orjson.loads("\n".join(line for _, line in lines))
    except (CockpitError, OSError, orjson.JSONDecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _dicts(value: object) -> Iterable[dict[str, Any]]:
    return [one for one in value[:200] if isinstance(one, dict)] if isinstance(value, list) else ()
