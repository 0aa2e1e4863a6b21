"""What the reports of the self-work judge, and how (formats/ai-csuite.md 1, "Other files"). Pure functions of JSON."""

from collections.abc import Callable
from typing import NamedTuple

from cockpit.models.records import SignalKind, StepStatus
from cockpit.sources.fields import SHORT, Obj, flag, items, number, obj, text, word


class Verdict(NamedTuple):
    """What a report says of one thing it judges."""

    step: str
    status: StepStatus
    said: str | None = None
    kinds: tuple[SignalKind, ...] = ()
    raw: str | None = None


def canary(data: Obj) -> list[Verdict]:
    """`self/canary_report.json`: rolled back by itself where it found an anomaly."""
    step = f"{word(data.get('feature_key')) or '?'}@{data.get('requested_stage')}%"
    metrics, found = obj(data.get("metrics")), obj(data.get("anomalies"))
    kinds = {
        "eval_below_threshold": SignalKind.EVAL_DROP,
        "safety_blocked": SignalKind.SAFETY,
        "latency_regression": SignalKind.SLO_BREACH,
    }
    loud = [name for name in kinds if found.get(name) is True]
    if data.get("rolled_back") is not True and not loud:
        return [Verdict(step, StepStatus.SUCCEEDED, raw=f"applied {data.get('applied_stage')} %")]
    said = f"rolled back to {data.get('applied_stage')} %: {', '.join(loud) or 'no anomaly named'}"
    said += f" (eval {metrics.get('eval_score')}, p95 {metrics.get('latency_p95_delta_ms')} ms slower)"
    return [
        Verdict(step, StepStatus.FAILED, said, (SignalKind.ANOMALY, *(kinds[name] for name in loud)), "rolled_back")
    ]


def eval_gate(data: Obj) -> list[Verdict]:
    """`self/eval_gate.json`."""
    status = word(data.get("status"))
    if status != "fail":
        return [Verdict("gate", _passed(status), raw=status)]
    said = f"evaluation score {data.get('score')} is below the threshold {data.get('threshold')}"
    return [Verdict("gate", StepStatus.FAILED, said, (SignalKind.EVAL_DROP,), status)]


def release(data: Obj) -> list[Verdict]:
    """`deployments/report.json`: one step for every share of the traffic."""
    found = []
    summary = obj(data.get("summary"))
    for step in map(obj, items(data.get("steps"))):
        status, metrics = word(step.get("status")), obj(step.get("metrics"))
        said = None
        if status == "fail":
            said = f"{word(step.get('reason'))}: error rate {metrics.get('error_rate')} (at most "
            said += f"{summary.get('threshold_err')}), p95 {metrics.get('p95_ms')} ms "
            said += f"(at most {summary.get('threshold_p95')})"
        kinds = (SignalKind.SLO_BREACH,) if said else ()
        found.append(Verdict(f"{step.get('percent')}%", _passed(status), said, kinds, status))
    if word(summary.get("status")) == "fail" and not any(one.said for one in found):
        found.append(Verdict("release", StepStatus.FAILED, "the release failed", (SignalKind.SLO_BREACH,), "fail"))
    return found


def evals(data: Obj) -> list[Verdict]:
    """`eval/report.json`: one step for every suite, failed where its score or a task is below what it should be."""
    found = []
    for suite in map(obj, items(data.get("suites"))):
        score, threshold = number(suite.get("score")), number(suite.get("threshold"))
        tasks = [word(obj(task).get("id")) for task in items(suite.get("tasks")) if obj(task).get("status") == "fail"]
        said = None
        if tasks:
            said = f"failed tasks: {', '.join(str(task) for task in tasks[:5])}"
        elif score is not None and threshold is not None and score < threshold:
            said = f"evaluation score {score} is below the threshold {threshold}"
        status = StepStatus.FAILED if said else StepStatus.SUCCEEDED
        found.append(Verdict(word(suite.get("id")) or "?", status, said, (SignalKind.EVAL_DROP,) if said else ()))
    return found


def policy(data: Obj) -> list[Verdict]:
    """`policy/report.json`."""
    bad = [obj(one) for one in items(data.get("results")) if obj(one).get("ok") is False]
    said = "; ".join(
        f"{word(one.get('id'))}: {text(one.get('message'), SHORT) or word(one.get('severity'))}" for one in bad[:5]
    )
    status = word(data.get("status"))
    return [Verdict("policy", _passed(status), said or None, (SignalKind.GATE,) if status == "fail" else (), status)]


def compliance(data: Obj) -> list[Verdict]:
    """`compliance/audit_report.json`: whether every kind of event it looks for was ever audited."""
    if flag(data.get("ok")) is not False:
        return [Verdict("audit", StepStatus.SUCCEEDED)]
    missing = ", ".join(str(word(one)) for one in items(data.get("missing_events"))[:10])
    return [Verdict("audit", StepStatus.PARTIAL, f"no audit event of: {missing}", (SignalKind.GATE,), "ok: false")]


def spec(data: Obj) -> list[Verdict]:
    """`self/spec_report.json`: the estimate of a fix, made without trying it."""
    metrics = obj(data.get("metrics"))
    tests = obj(metrics.get("tests"))
    said = f"{text(data.get('description'), SHORT)}: risk {metrics.get('risk')}, tests {tests.get('passed')}/"
    said += f"{tests.get('total')}, eval {obj(metrics.get('evals')).get('score')}"
    status = StepStatus.PARTIAL if word(data.get("status")) == "warn" else StepStatus.SUCCEEDED
    return [Verdict("speculate", status, said, raw=word(data.get("status")))]


def vendor_shadow(data: Obj) -> list[Verdict]:
    """`self/vendor_shadow_report.json`: documented, and written by no endpoint."""
    held = word(data.get("decision")) == "hold"
    said = f"{data.get('mismatches')} mismatches, decision {word(data.get('decision'))}"
    step = f"{word(data.get('capability'))}:{word(data.get('candidate'))}"
    return [Verdict(step, StepStatus.PARTIAL if held else StepStatus.SUCCEEDED, said)]


def _passed(status: str | None) -> StepStatus:
    return {"pass": StepStatus.SUCCEEDED, "ok": StepStatus.SUCCEEDED, "fail": StepStatus.FAILED}.get(
        status or "", StepStatus.UNKNOWN
    )


JUDGES: dict[str, Callable[[Obj], list[Verdict]]] = {
    "canary": canary,
    "eval-gate": eval_gate,
    "release": release,
    "evals": evals,
    "policy": policy,
    "compliance": compliance,
    "spec": spec,
    "vendor-shadow": vendor_shadow,
}
