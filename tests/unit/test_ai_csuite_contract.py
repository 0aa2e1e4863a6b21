"""The action catalogue of ai-csuite against the recorded calls: the same requests, judged as they turned out."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cockpit.models.action import ActionSpec
from cockpit.models.request import RequestExit
from cockpit.sources.ai_csuite import actions_provider
from cockpit.sources.ai_csuite.actions_run import RunFacts
from cockpit.sources.ai_csuite.steps import STEPS
from tests.recorded_calls import SAMPLES, Call, Recording
from tests.service import Service, serving
from tests.unit.csuite_catalogue import NO_RUN, catalogue, facts, send

DONE, FAILED, NOT_SENT, UNKNOWN = RequestExit.DONE, RequestExit.FAILED, RequestExit.NOT_SENT, RequestExit.UNKNOWN


@pytest.fixture
def service() -> Iterator[Service]:
    with serving(Service()) as running:
        yield running


@pytest.fixture(params=["samples", "sqlite-calls.jsonl", "sqlite-calls2.jsonl"])
def recording(request: pytest.FixtureRequest) -> Recording:
    """The few calls that lie beside the tests, and all of them where the recorded data is."""
    if request.param == "samples":
        return Recording(SAMPLES)
    real: Path = request.getfixturevalue("real_data")
    return Recording(real / "ai-csuite" / request.param)


@pytest.fixture
def samples() -> Recording:
    return Recording(SAMPLES)


def options_of(spec: ActionSpec, call: Call) -> dict[str, str]:
    """The inputs with which an action is this call."""
    assert spec.request is not None
    known = {each.name for each in spec.inputs}
    named = {str(text)[1:-1]: call.body[name] for name, text in (spec.request.body or {}).items() if name in call.body}
    found = {name: str(value) for name, value in named.items() if name in known}
    if "{stage}" in spec.request.path:
        found["stage"] = call.path.rpartition("/")[2]
    return found


# Which action on a run is which recorded call, and where the call names the run.
RUNS: dict[str, tuple[str, Callable[[Call], str]]] = {
    "resume": (r"/runs/[^/]+/graph/resume", lambda call: call.path.split("/")[2]),
    "start": (r"/runs/[^/]+/graph/start", lambda call: call.path.split("/")[2]),
    "retry": (r"/runs", lambda call: str(call.response["id"])),
    "revert": (r"/incidents/revert", lambda call: str(call.body["run_id"])),
    "bisect": (r"/incidents/bisect", lambda call: str(call.body["run_id"])),
    "alerts": (r"/integrations/alerts/[^/]+/compute", lambda call: call.path.split("/")[3]),
    "budget": (r"/integrations/budget/[^/]+/compute", lambda call: call.path.split("/")[3]),
    "evals": (r"/evals/run", lambda call: str(call.body["run_id"])),
    "enqueue": (r"/scheduler/enqueue", lambda call: str(call.body["run_id"])),
}
READ_BACK = {
    "retry": "/runs/{}",
    "alerts": "/integrations/alerts/{}",
    "budget": "/integrations/budget/{}",
    "enqueue": "/scheduler/queue",
}


def recorded_acts(recording: Recording) -> Iterator[tuple[int, str, str, RunFacts]]:
    """The recorded calls that actions on runs make, as a user of the actions could make them: place, action, run."""
    plain = catalogue()
    for at, call in enumerate(recording.calls):
        for action, (path, run_of) in RUNS.items():
            if call.method != "POST" or re.fullmatch(path, call.path) is None:
                continue
            request = plain[action].request
            assert request is not None
            lacking = set(request.body or {}) - set(call.body or {})
            more = set(call.body or {}) - set(request.body or {})
            # What has more was made to stop or to fail on purpose; what has less was made to be refused.
            run = run_of(call)
            if not lacking and not more and recording.made(run):
                yield at, action, run, recording.facts(run, at)


def wanted(recording: Recording, action: str, run: str, call: Call) -> RequestExit:
    """How a recorded call turned out."""
    if call.status != 200:
        return FAILED
    back = READ_BACK.get(action)
    return DONE if back is None or recording.tells(back.format(run)) else UNKNOWN


def test_what_the_recordings_show_is_what_is_offered_and_how_it_is_judged(
    recording: Recording, service: Service, tmp_path: Path
) -> None:
    offered: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for at, action, run, stands in recorded_acts(recording):
        spec = catalogue(stands)[action]
        call = recording.play(service, at)
        if spec.unavailable is not None:
            refused[action] += 1
            good = call.status == 200
            if action == "resume" and good:  # it answers 200 and has skipped steps
                assert len(call.response["nodes_run"]) < len(STEPS)
            else:
                assert not good, (action, run, spec.unavailable)
            continue
        offered[action] += 1
        options = options_of(spec, call)
        end, last = send(service, tmp_path, spec, run, options)
        assert end is wanted(recording, action, run, call), (action, run, last)
        assert [asked.body for asked in service.sent()] == [call.body]
    assert offered["resume"]
    assert refused["resume"]


def test_a_resume_that_is_safe_is_done_and_read_back(samples: Recording, service: Service, tmp_path: Path) -> None:
    run = "7503f653-d7c1-4590-b51e-a7ec3e523eef"
    at = samples.find("POST", f"/runs/{run}/graph/resume")
    facts = samples.facts(run, at)
    assert (facts.status, facts.last) == ("paused", "research")
    spec = catalogue(facts)["resume"]
    assert spec.unavailable is None
    assert spec.expects == ("runs in delivery: cto_plan engineer qa release",)
    samples.play(service, at)
    end, last = send(service, tmp_path, spec, run)
    assert (end, last) == (DONE, "done: POST answered 200; 2 of 2 checks hold")
    assert [asked.path for asked in service.asked] == [
        f"/runs/{run}",
        f"/runs/{run}/graph/history",
        f"/runs/{run}/graph/resume",
        f"/runs/{run}",
    ]
    assert service.sent()[0].body == {}


def test_a_resume_is_not_sent_where_the_run_went_on_meanwhile(
    samples: Recording, service: Service, tmp_path: Path
) -> None:
    run = "7503f653-d7c1-4590-b51e-a7ec3e523eef"
    spec = catalogue(samples.facts(run, samples.find("POST", f"/runs/{run}/graph/resume")))["resume"]
    service.on("GET", f"/runs/{run}", {"id": run, "status": "succeeded"})
    service.on("GET", f"/runs/{run}/graph/history", [{"step_name": "release"}])
    end, last = send(service, tmp_path, spec, run)
    assert end is NOT_SENT
    assert "only a paused run is resumed (status = succeeded)" in last
    assert "does not stand where it did" in last
    assert service.sent() == []


def test_a_failed_resume_says_in_what_state_the_run_was_left(service: Service, tmp_path: Path) -> None:
    spec = catalogue(facts("paused", "research"))["resume"]
    service.on("GET", "/runs/r-1", {"id": "r-1", "status": "paused"}, {"id": "r-1", "status": "running"})
    service.on("GET", "/runs/r-1/graph/history", [{"step_name": "research"}])
    service.fallback = lambda asked: Recording(SAMPLES).calls[_resume_500()].reply
    end, last = send(service, tmp_path, spec, "r-1")
    assert end is FAILED
    assert last == f"failed: answered 500; part of it may have happened; look at GET {service.url}/runs/r-1 (status)"


def _resume_500() -> int:
    calls = Recording(SAMPLES).calls
    return next(at for at, call in enumerate(calls) if call.path.endswith("/resume") and call.status == 500)


def test_a_shadow_is_started_compared_and_stopped(samples: Recording, service: Service, tmp_path: Path) -> None:
    found = catalogue()
    ads = {"capability": "ads", "candidate": "noop_ads"}
    samples.play(service, samples.find("POST", "/providers/shadow/start"))
    assert send(service, tmp_path, found["shadow"], "self-work", {**ads, "duration_sec": "30"})[0] is DONE

    samples.play(service, samples.find("POST", "/providers/shadow/compare-once"))
    assert send(service, tmp_path, found["shadow-compare"], "self-work", {**ads, "max_mismatches": "2"})[0] is DONE
    end, last = send(service, tmp_path, found["shadow-compare"], "self-work", ads)
    assert (end, "differs by more than was allowed (mismatches = 2)" in last) == (FAILED, True)
    other = {**ads, "candidate": "other"}
    end, last = send(service, tmp_path, found["shadow-compare"], "self-work", {**other, "max_mismatches": "2"})
    assert (end, "another candidate" in last) == (FAILED, True)

    stop = found["shadow-stop"]
    samples.play(service, samples.find("POST", "/providers/shadow/stop"))
    known = samples.calls[samples.find("POST", "/providers/shadow/stop")].body["shadow_id"]
    assert send(service, tmp_path, stop, "self-work", {"capability": "ads", "shadow_id": known})[0] is DONE
    samples.play(service, samples.find("POST", "/providers/shadow/stop", 1))
    end, last = send(service, tmp_path, stop, "self-work", {"capability": "ads", "shadow_id": "nope"})
    assert (end, last) == (FAILED, "failed: answered 200, but the server knows no such shadow (stopped = false)")


def test_a_comparison_that_an_unknown_candidate_broke_is_a_failure(
    samples: Recording, service: Service, tmp_path: Path
) -> None:
    broken = [at for at, call in enumerate(samples.calls) if call.path.endswith("compare-once") and call.status == 500]
    samples.play(service, broken[0])
    end, last = send(
        service, tmp_path, catalogue()["shadow-compare"], "self-work", {"capability": "ads", "candidate": "x"}
    )
    assert (end, last.startswith("failed: answered 500")) == (FAILED, True)


def test_every_stage_of_a_ramp_is_one_recorded_request(samples: Recording, service: Service, tmp_path: Path) -> None:
    ramp = catalogue()["ramp"]
    for stage in actions_provider.STAGES:
        at = samples.find("POST", f"/providers/ramp/{stage}")
        call = samples.play(service, at)
        options = options_of(ramp, call)
        assert options == {"capability": "ads", "candidate": "noop_ads", "stage": stage}
        end, last = send(service, tmp_path, ramp, "self-work", {**options, "baseline": "mock_ads"})
        assert (end, last) == (DONE, "done: POST answered 200; 4 of 4 checks hold")
        assert [asked.path for asked in service.sent()] == [f"/providers/ramp/{stage}"]


def test_a_promotion_that_the_providers_do_not_show_is_not_confirmed(
    samples: Recording, service: Service, tmp_path: Path
) -> None:
    """The server takes any name at 100; recorded with `bogus_store`, which then serves and is not healthy."""
    samples.play(service, samples.find("POST", "/providers/ramp/100", 1))
    bogus = {"capability": "vectorstore", "baseline": "bogus_store"}
    end, last = send(service, tmp_path, catalogue()["rollback"], "self-work", bogus)
    assert end is UNKNOWN
    assert "the baseline serves and is not healthy: is its name right?" in last


@pytest.mark.parametrize(
    ("providers", "alerts", "why"),
    [
        ({"adapter": "other", "healthy": True}, "ok", "is not served by the baseline"),
        ({"adapter": "mock_ads", "healthy": False}, "ok", "is not healthy"),
        ({"adapter": "mock_ads", "healthy": True}, "alerts", "the run has active alerts (status = alerts)"),
        (None, "ok", "is not there"),
    ],
)
def test_no_stage_is_taken_while_its_gate_is_closed(
    service: Service, tmp_path: Path, providers: dict[str, object] | None, alerts: str, why: str
) -> None:
    service.on("GET", "/providers", [] if providers is None else [{"capability": "ads", **providers}])
    service.on("GET", "/integrations/alerts/r-1", {"run_id": "r-1", "status": alerts})
    ramp = catalogue(with_run=True)["ramp"]
    options = {"capability": "ads", "candidate": "noop_ads", "baseline": "mock_ads", "stage": "5"}
    end, last = send(service, tmp_path, ramp, "r-1", options)
    assert (end, why in last) == (NOT_SENT, True), last
    assert service.sent() == []


def test_the_scheduler_is_switched_and_read_back(samples: Recording, service: Service, tmp_path: Path) -> None:
    found = catalogue()
    for action, nth in (("pause-scheduler", 0), ("resume-scheduler", 1)):
        call = samples.play(service, samples.find("PATCH", "/scheduler/policy", nth))
        assert send(service, tmp_path, found[action], "self-work") == (
            DONE,
            "done: PATCH answered 200; 2 of 2 checks hold",
        )
        assert service.sent("PATCH")[0].body == call.body
    service.fallback = lambda asked: samples.calls[samples.find("GET", "/scheduler/policy")].reply
    end, last = send(service, tmp_path, found["pause-scheduler"], "self-work")
    assert (end, "the server did not switch it (enabled = true)" in last) == (FAILED, True)


def test_a_revert_is_read_back_from_its_file_where_the_tree_is_seen(
    samples: Recording, service: Service, tmp_path: Path
) -> None:
    at = samples.find("POST", "/incidents/revert")
    call = samples.play(service, at)
    run = call.body["run_id"]
    seen = NO_RUN._replace(code="apps/orchestrator/orchestrator", audited=frozenset(("incident.revert",)))
    revert = catalogue(seen)["revert"]
    assert any("no row in the server's audit log" in warning for warning in revert.warnings)
    end, last = send(service, tmp_path, revert, run, {"reason": "slo_breach"})
    assert (end, "the incident's file does not say so (there is no such file)" in last) == (UNKNOWN, True)

    folder = tmp_path / "apps/orchestrator/orchestrator/incidents"
    folder.mkdir(parents=True)
    incident = call.response["incident_id"]
    (folder / f"revert-{incident}.json").write_text(f'{{"reason": "slo_breach", "run_id": "{run}"}}\n')
    samples.play(service, at)
    assert send(service, tmp_path, revert, run, {"reason": "slo_breach"}) == (
        DONE,
        "done: POST answered 200; 3 of 3 checks hold",
    )
    assert send(service, tmp_path, revert, "nope", {"reason": "slo_breach"})[0] is NOT_SENT


def test_conformance_and_the_gate_on_evaluations_fail_as_they_answer(
    samples: Recording, service: Service, tmp_path: Path
) -> None:
    found = catalogue()
    service.on(
        "POST", "/providers/conformance/run", {"summary": {"total": 1, "failed": 0}, "reports": [{"pass": True}]}
    )
    assert send(service, tmp_path, found["conformance"], "self-work", {"capability": "ads"})[0] is DONE
    assert service.sent()[0].body == {"capabilities": ["ads"]}
    service.on(
        "POST", "/providers/conformance/run", {"summary": {"total": 1, "failed": 1}, "reports": [{"pass": False}]}
    )
    assert send(service, tmp_path, found["conformance"], "self-work", {"capability": "ads"})[0] is FAILED
    samples.play(service, samples.find("POST", "/self/eval/gate"))
    assert send(service, tmp_path, found["eval-gate"], "self-work")[0] is DONE
    service.fallback = lambda asked: samples.calls[samples.find("POST", "/self/eval/gate", 1)].reply
    assert send(service, tmp_path, found["eval-gate"], "self-work")[0] is FAILED
