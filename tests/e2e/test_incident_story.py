"""An incident from its discovery to its end, headless, behind a run that says it succeeded: built and recorded."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from cockpit.errors import ExitCode
from tests.e2e import masked_failure
from tests.e2e.conftest import journal
from tests.e2e.masked_failure import AGENT, FLOW, RECEIPT, STEP, Place

INC = "inc-20261121-01"
PROTOCOL = "response-protocol"

# What cli.md promises; more may be there.
RUN = {
    "id", "source", "root", "path", "title", "state", "claimed", "contradicted", "flow", "step", "started_at",
    "updated_at", "age_s", "silent_s", "steps", "reasons", "findings", "problems",
}  # fmt: skip
EVIDENCE = {"rank", "path", "line", "quote"}
FINDING = {
    "id", "title", "playbook", "confidence", "cause", "fix", "for", "against", "suggests", "signature",
}  # fmt: skip
RECEIPT_FIELDS = {
    "flow", "step", "agent", "status", "raw_status", "started_at", "ended_at", "duration_ms", "tokens", "model",
    "error", "path",
}  # fmt: skip
PLAN = {
    "action", "run", "hash", "argv", "request", "cwd", "env", "effects", "expected_s", "undo", "refused",
}  # fmt: skip
JOB = {"id", "action", "run", "argv", "started_at", "ended_at", "exit_code", "state", "outcome", "output"}
ITEM = {"id", "text", "playbook", "state", "by", "at", "evidence", "note", "check"}
EVENT = {"seq", "at", "actor", "kind", "incident", "data", "prev", "hash"}


@pytest.fixture(params=["built", pytest.param("recorded", marks=pytest.mark.real)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where it happens."""
    if request.param == "built":
        return masked_failure.built(tmp_path)
    return masked_failure.recorded(request.getfixturevalue("real_data"), tmp_path)


def has(document: Mapping[str, Any], fields: Iterable[str]) -> None:
    assert set(fields) <= set(document), sorted(set(fields) - set(document))


def gate_of(place: Place, at: str, phase: str, *, met: bool) -> list[str]:
    """The gate of the current phase is what it should be, and so is the exit code; what is missing."""
    done = place.ask("gate", INC, "--json", at=at)
    assert done.returncode == (0 if met else ExitCode.GATE), done.stderr
    document = json.loads(done.stdout)
    has(document, ("incident", "phase", "met", "missing"))
    assert (document["incident"], document["phase"], document["met"]) == (INC, phase, met)
    assert bool(document["missing"]) is not met
    return list(document["missing"])


def refused(place: Place, phase: str, at: str) -> str:
    """Going on is refused and changes nothing; the words for it."""
    before = journal(place.root)
    done = place.ask("incident", "phase", INC, phase, at=at)
    assert done.returncode == ExitCode.GATE
    assert done.stdout == ""
    assert [entry for entry in journal(place.root) if entry["kind"] == "incident.phase"] == [
        entry for entry in before if entry["kind"] == "incident.phase"
    ]
    return done.stderr


def tick(place: Place, at: str, *, state: str = "done", **notes: str) -> None:
    for name, note in notes.items():
        items = place.read("tick", INC, f"{PROTOCOL}/{name.replace('_', '-')}", "--note", note, at=at)["items"]
        (item,) = [each for each in items if each["id"] == f"{PROTOCOL}/{name.replace('_', '-')}"]
        has(item, ITEM)
        assert (item["state"], item["note"], item["at"]) == (state, note, f"2026-11-21T{at}:00Z")


def found(place: Place) -> None:
    """The failure behind the green record is found."""
    status = place.read("status", at="04:10")
    has(status, ("counts", "attention", "incidents", "roots", "as_of"))
    assert (status["incidents"], status["as_of"]) == ([], "2026-11-21T04:10:00Z")
    assert sum(status["counts"].values()) == len(place.read("runs", at="04:10"))
    (run,) = [each for each in place.read("runs", "--filter", "is:contradicted", at="04:10") if each["id"] == place.run]
    has(run, RUN)
    assert (run["state"], run["claimed"], run["contradicted"]) == ("failed", "succeeded", True)
    assert (run["flow"], run["step"], run["steps"]) == (FLOW, STEP, {"done": 10, "failed": 1, "total": 14})
    assert any(each["id"] == place.run for each in status["attention"])
    assert all(set(evidence) >= EVIDENCE for reason in run["reasons"] for evidence in reason["evidence"])

    shown = place.read("show", place.run, at="04:10")
    has(shown, RUN | {"receipts", "handoffs", "routing", "events", "problems", "artifacts"})
    (receipt,) = [each for each in shown["receipts"] if (each["flow"], each["step"]) == (FLOW, STEP)]
    has(receipt, RECEIPT_FIELDS)
    assert (receipt["agent"], receipt["status"], receipt["raw_status"]) == (AGENT, "failed", "failed")

    diagnosis = place.read("diagnose", place.run, at="04:10")
    has(diagnosis, ("run", "state", "claimed", "findings"))
    best, *others = diagnosis["findings"]
    has(best, FINDING)
    assert (best["id"], best["playbook"]) == ("missing-module", "failed-run")
    assert "httpx_retry" in best["title"]
    assert "contradiction-failed-step" in {each["id"] for each in others}
    lines = {(each["path"], each["line"]) for each in best["for"] if each["line"]}
    for path, line in lines:
        assert "httpx_retry" in (place.root / path).read_text().splitlines()[line - 1]
    assert lines


def declared(place: Place) -> None:
    made = place.read(
        "incident", "declare", "--title", "Requirements were never written", "--answers", "nny", "--run", place.run,
        "--finding", "missing-module", "--how", "an audit of green runs", at="04:10",
    )  # fmt: skip
    assert (made["id"], made["severity"], made["priority"]) == (INC, "SEV3", "P2")
    assert made["playbooks"] == [PROTOCOL, "failed-run"]
    (link,) = made["runs"]
    assert (link["id"], link["state"], link["flow"], link["step"]) == (place.run, "failed", FLOW, STEP)
    assert [each["id"] for each in place.read("status", at="04:10")["incidents"]] == [INC]
    gate_of(place, "04:11", "detect", met=True)
    place.say("incident", "phase", INC, "contain", at="04:11")


def contained(place: Place) -> None:
    assert len(gate_of(place, "04:11", "contain", met=False)) == 3
    assert "The immediate harm is stopped" in refused(place, "diagnose", "04:11")
    tick(place, "04:12", contain_harm_stopped="nothing builds on it", contain_scope="one run",
         contain_documented="the branch is held back")  # fmt: skip
    gate_of(place, "04:12", "contain", met=True)
    contained = place.read("incident", "phase", INC, "diagnose", at="04:12")
    assert contained["contained_at"] == "2026-11-21T04:12:00Z"


def diagnosed(place: Place) -> None:
    assert len(gate_of(place, "04:13", "diagnose", met=False)) == 2
    pinned = place.read("incident", "pin", INC, f"{place.run}/{RECEIPT}:1", "--note", "the error", at="04:13")
    assert [pin["path"] for pin in pinned["pins"]] == [f"{place.run}/{RECEIPT}"]
    place.say("incident", "section", INC, "root-cause", "A module is in no list of requirements.", at="04:13")
    gate_of(place, "04:13", "diagnose", met=True)
    place.say("incident", "phase", INC, "fix", at="04:14")
    decision = ("Install httpx_retry", "--because", "the step needs it", "--instead-of", "a client of our own")
    place.say("incident", "decide", INC, *decision, at="04:14")
    tick(place, "04:15", fix_root_cause="it is required now", fix_tested="in a shell", fix_rollback_plan="take it out")
    gate_of(place, "04:15", "fix", met=True)
    place.say("incident", "phase", INC, "verify", at="04:16")


def retried(place: Place) -> None:
    """Nobody's word passes the gate of verify: the retry's new receipt does."""
    checked = {each["id"]: each for each in place.read("verify", INC, at="04:16")["items"]}
    assert checked[f"{PROTOCOL}/verify-original"]["state"] == "open"
    tick(place, "04:16", verify_related="looked at", verify_no_new="looked at")
    tick(place, "04:16", state="contradicted", verify_original="it is fine", verify_evidence="it is fine")
    missing = gate_of(place, "04:17", "verify", met=False)
    assert any(f"{FLOW}.{STEP} of {place.run} has no success newer than its failure" in each for each in missing)
    assert "The original failure does not come back" in refused(place, "document", "04:17")

    plan = place.read("plan", "retry", place.run, at="04:20")
    has(plan, PLAN)
    assert plan["argv"] == ["make", "stepwise-retry", f"RUN_ID={place.run}", f"FLOW={FLOW}", f"STEP={STEP}"]
    assert (plan["refused"], plan["request"]) == (None, None)
    assert any(RECEIPT in effect for effect in plan["effects"])
    assert place.ask("retry", place.run, at="04:20").returncode == ExitCode.USAGE, "without --yes nothing is done"
    job = place.read("retry", place.run, "--yes", "--plan", plan["hash"], at="04:21")
    has(job, JOB)
    assert (job["state"], job["exit_code"], job["argv"]) == ("succeeded", 0, plan["argv"])
    assert Path(job["output"]).read_text().startswith(f"{STEP} done\n")
    assert [each["id"] for each in place.read("jobs", at="04:22")] == [job["id"]]
    stale = place.ask("retry", place.run, "--yes", "--plan", plan["hash"], at="04:22")
    assert stale.returncode == ExitCode.MOVED, "the run has moved since the plan"


def verified(place: Place) -> None:
    (run,) = place.read("runs", "--filter", f"id:{place.run}", at="04:22")
    assert (run["state"], run["contradicted"], run["steps"]) == (
        "succeeded", False, {"done": 14, "failed": 0, "total": 14},
    )  # fmt: skip
    document = place.read("verify", INC, at="04:23")
    has(document, ("target", "items"))
    assert document["target"] == INC
    states = {each["id"]: each["state"] for each in document["items"]}
    assert states["failed-run/verify-receipt"] == states["failed-run/verify-run"] == "verified"
    assert gate_of(place, "04:23", "verify", met=True) == []
    place.say("incident", "phase", INC, "document", at="04:24")


def closed(place: Place) -> None:
    place.say("incident", "section", INC, "summary", "A step failed; the record said it had not.", at="04:25")
    task = ("Check imports before a run", "--owner", "platform", "--due", "2d", "--verify", "a drill fails early")
    place.say("incident", "task", INC, *task, at="04:26")
    gate_of(place, "04:26", "document", met=True)
    document = place.read("incident", "close", INC, "--reason", "the module is installed", at="04:30")
    assert (document["status"], document["phase"], document["resolved_at"]) == (
        "closed", "closed", "2026-11-21T04:24:00Z",
    )  # fmt: skip
    assert [change["override"] for change in document["phases"]] == [None] * 6
    assert place.read("incident", "list", at="04:31") == []
    rows = place.read("incident", "timeline", INC, at="04:31")
    kinds = [row["kind"] for row in rows]
    assert kinds.index("failure") < kinds.index("declared") < kinds.index("recovery")
    assert all(row["evidence"] or row["seq"] for row in rows)


def reported(place: Place) -> None:
    """The post-mortem is written, agrees with record and evidence, and is found out once it does not."""
    document = place.state / "reports" / f"{INC}-postmortem.md"
    place.say("postmortem", INC, "-o", document, at="04:32")
    checked = json.loads(place.ask("postmortem", INC, "--check", document, "--json", at="04:40").stdout)
    assert (checked["differs"], checked["blames"], checked["secrets"]) == ([], [], 0)
    assert "A module is in no list of requirements." in document.read_text()
    document.write_text(document.read_text().replace("Phase contain", "Phase verify"))
    checked = json.loads(place.ask("postmortem", INC, "--check", document, "--json", at="04:40").stdout)
    assert (checked["differs"], checked["ok"]) == (["timeline"], False)


def on_record(place: Place) -> None:
    """Everything is in the journal, in order, and the chain holds."""
    assert place.ask("audit", "verify").returncode == 0
    kinds = [each["kind"] for each in place.read("audit", "--run", place.run)]
    done = [kind for kind in kinds if kind in {"action.confirmed", "action.started", "action.ended"}]
    assert done == ["action.confirmed", "action.started", "action.ended"], "one retry, whatever was refused"
    for each in place.read("audit"):
        has(each, EVENT)
    phases = [entry["data"]["to"] for entry in journal(place.root) if entry["kind"] == "incident.phase"]
    assert phases == ["contain", "diagnose", "fix", "verify", "document"]
    assert [entry["kind"] for entry in journal(place.root)][-2:] == ["incident.closed", "incident.report"]


@pytest.mark.timeout(600)  # some fifty programs, one after the other
def test_from_a_green_record_to_a_closed_incident(place: Place) -> None:
    found(place)
    declared(place)
    contained(place)
    diagnosed(place)
    retried(place)
    verified(place)
    closed(place)
    reported(place)
    on_record(place)
