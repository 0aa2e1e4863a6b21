"""Where a run's records disagree with each other: exit codes, counts of tests, claims of agents."""

import re
from collections.abc import Iterator
from typing import Any

from cockpit.diagnosis.claims import Claim
from cockpit.diagnosis.codes import Code
from cockpit.diagnosis.observations import Observation
from cockpit.diagnosis.parts import where
from cockpit.models.detail import RunDetail
from cockpit.models.evidence import Evidence, Rank
from cockpit.models.records import Handoff, Receipt, StepStatus
from cockpit.models.run import RunState

TESTS_PASS = re.compile(
    r"\ball (?:\d{1,6} |the |of the )?(?:unit |integration )?tests? (?:now )?(?:pass|are passing|are green|succeed)"
    r"|\btests? (?:now )?(?:all )?(?:pass|passed|passing|are passing|are green|succeeded)\b"
    r"|\b\d{1,6} (?:tests? )?passed\b|\btest suite (?:is )?(?:green|passes|passing)",
    re.IGNORECASE,
)
TESTS_FAIL = re.compile(
    r"\b[1-9]\d{0,5} (?:tests? )?(?:failed|failing|failures?|errors?)\b|\b[1-9]\d{0,5} of \d{1,6} tests? fail"
    r"|\bFAILED\b|\btests? (?:still )?fail(?:s|ed|ing)?\b|\b(?:not|don't|doesn't|never|0 tests) pass",
    re.IGNORECASE,
)
_MACHINE_WORD = re.compile(r"(?:exit|rc|http)\b", re.IGNORECASE)
_BAD = (RunState.FAILED, RunState.BLOCKED, RunState.PARTIAL, RunState.INTERRUPTED)
_PASSING = 0.8
_WEAK = 0.6


def observe_disagreements(detail: RunDetail) -> Iterator[Observation]:
    """Everything below."""
    for receipt in detail.receipts:
        yield from _exit_code(receipt)
        yield from _panel(receipt)
    for handoff in detail.handoffs:
        if not handoff.draft:
            yield from _claimed_tests(detail, handoff)
    yield from _assumptions(detail)


def observe_claim(detail: RunDetail, claim: Claim, state: RunState) -> list[Observation]:
    """A record that is an exit code or a reply of a server: it says that all went well, and it did not."""
    claimed = detail.record.claimed
    if claimed is None or claim is not Claim.SUCCEEDED or state not in _BAD or not _MACHINE_WORD.match(claimed):
        return []
    evidence = () if detail.record.evidence is None else (detail.record.evidence,)
    return [Observation(Code.EXIT_CODE_LIES, f"the command ended with {claimed}, and its work {state.value}", evidence)]


def _exit_code(receipt: Receipt) -> Iterator[Observation]:
    """0 over a failed step, and a failed command under a step that succeeded."""
    if receipt.exit_code == 0 and receipt.status in (StepStatus.FAILED, StepStatus.TIMEOUT):
        text = f"{where(receipt.flow, receipt.step)} failed and its command ended with exit code 0"
    elif receipt.exit_code and receipt.status is StepStatus.SUCCEEDED:
        text = f"{where(receipt.flow, receipt.step)} succeeded over a command that ended with {receipt.exit_code}"
    else:
        return
    quote = f'"status": "{receipt.raw_status or receipt.status.value}", exit code {receipt.exit_code}'
    evidence = (Evidence(rank=Rank.PHYSICS, path=receipt.path, quote=quote),)
    yield Observation(Code.EXIT_CODE_LIES, text, evidence, flow=receipt.flow, step=receipt.step)


def _panel(receipt: Receipt) -> Iterator[Observation]:
    """The figures of the evidence panel of one step: do they agree, and were they measured at all?"""
    tests = _block(receipt, "tests")
    failed = _figure(tests, "failed")
    if failed and receipt.status is StepStatus.SUCCEEDED:
        text = f"{where(receipt.flow, receipt.step)} succeeded with {failed:g} failed tests"
        yield Observation(
            Code.METRICS_DISAGREE, text, (_quoted(receipt, "tests"),), flow=receipt.flow, step=receipt.step
        )
    coverage = _share(_block(receipt, "coverage"), "line_percent", "lines", "percent", "line")
    mutation = _share(_mutation(receipt), "score", "percent", "killed_percent")
    if failed == 0 and coverage is not None and mutation is not None and coverage >= _PASSING and mutation < _WEAK:
        text = f"tests pass with {coverage:.0%} coverage, and {1 - mutation:.0%} of the mutants survive"
        places = tuple(_quoted(receipt, name) for name in ("coverage", "mutation", "mutation_testing")
                       if name in receipt.measures)  # fmt: skip
        yield Observation(Code.METRICS_DISAGREE, text, places, flow=receipt.flow, step=receipt.step)
    for name, block in sorted(receipt.measures.items()):
        if isinstance(block, dict) and block.get("measured") is False:
            text = f"{name.replace('_', ' ')} was not measured in {where(receipt.flow, receipt.step)}"
            yield Observation(
                Code.NOT_MEASURED, text, (_quoted(receipt, name),), flow=receipt.flow, step=receipt.step, name=name
            )


def _claimed_tests(detail: RunDetail, handoff: Handoff) -> Iterator[Observation]:
    """An envelope that says that the tests passed, over the step's own receipt."""
    if not claims_tests_pass(handoff.summary):
        return
    for receipt in detail.receipts:
        if (receipt.flow, receipt.step) != (handoff.flow, handoff.step):
            continue
        failed = _figure(_block(receipt, "tests"), "failed")
        if not failed and not receipt.exit_code:
            continue
        said = f"{failed:g} failed tests" if failed else f"exit code {receipt.exit_code}"
        proof = _quoted(receipt, "tests") if failed else Evidence(rank=Rank.PHYSICS, path=receipt.path, quote=said)
        claim = Evidence(rank=Rank.NARRATIVE, path=handoff.path, quote=handoff.summary[:300])
        text = f"{where(handoff.flow, handoff.step)} says that the tests pass; its receipt has {said}"
        yield Observation(Code.TESTS_CLAIMED, text, (proof, claim), flow=handoff.flow, step=handoff.step)


def claims_tests_pass(text: str) -> bool:
    """Whether a text says that tests passed, and says nothing of tests that failed."""
    return bool(TESTS_PASS.search(text[:8_000])) and not TESTS_FAIL.search(text[:8_000])


def _assumptions(detail: RunDetail) -> Iterator[Observation]:
    for handoff in detail.handoffs:
        for assumption in handoff.assumptions:
            if (assumption.status or "").lower() in ("invalidated", "invalid", "wrong", "refuted"):
                evidence = (Evidence(rank=Rank.ARTIFACT, path=handoff.path, quote=assumption.text[:300]),)
                yield Observation(
                    Code.ASSUMPTION_WRONG, f"an assumption of {where(handoff.flow, handoff.step)} turned out wrong: "
                    f"{assumption.text[:200]}", evidence, flow=handoff.flow, step=handoff.step,
                )  # fmt: skip


def _block(receipt: Receipt, name: str) -> dict[str, Any]:
    block = receipt.measures.get(name)
    return block if isinstance(block, dict) and block.get("measured") is not False else {}


def _mutation(receipt: Receipt) -> dict[str, Any]:
    return _block(receipt, "mutation") or _block(receipt, "mutation_testing")


def _figure(block: dict[str, Any], *names: str) -> float | None:
    for name in names:
        value = block.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    return None


def _share(block: dict[str, Any], *names: str) -> float | None:
    """A figure as a share of 1; figures above 1 are percent."""
    value = _figure(block, *names)
    return None if value is None else value / 100 if value > 1 else value


def _quoted(receipt: Receipt, name: str) -> Evidence:
    block = receipt.measures.get(name)
    shown = {key: value for key, value in block.items() if not isinstance(value, dict | list)} if block else {}
    quote = f'"{name}": ' + ", ".join(f"{key} {value}" for key, value in list(shown.items())[:6])
    return Evidence(rank=Rank.RECEIPT, path=receipt.path, quote=quote[:300])
