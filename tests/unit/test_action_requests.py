"""Requests in plans: what would be sent where, and what is refused before anything could be. Nothing is sent here."""

import json
from pathlib import Path

import pytest

from cockpit.actions.checks import Context
from cockpit.actions.menu import available
from cockpit.actions.plan import make_plan
from cockpit.actions.requests import check_request
from cockpit.errors import UsageError
from cockpit.models.action import ActionInput, ActionSpec, InputKind, Plan
from cockpit.models.request import Earlier, Place, Prior, Recall, RequestCheck, RequestSpec, Service
from cockpit.models.run import Run, RunRef, RunState
from cockpit.presenters.plans import plan_lines, request_text
from cockpit.settings import Settings, load_settings
from tests.conftest import NOW

INPUTS = (
    ActionInput(name="capability", title="Capability"),
    ActionInput(name="stage", title="Stage", kind=InputKind.CHOICE, choices=("5", "100"), default="5"),
    ActionInput(name="seconds", title="Seconds", kind=InputKind.INTEGER, default="120"),
    ActionInput(name="hard", title="Hard", kind=InputKind.FLAG, default="no"),
    ActionInput(name="reason", title="Reason", kind=InputKind.TEXT, optional=True),
)
RAMP = RequestSpec(
    service="ai-csuite",
    path="/providers/ramp/{stage}",
    query={"why": "{reason}", "run": "{run}"},
    body={"capability": "{capability}", "seconds": "{seconds}", "hard": "{hard}", "note": "{reason}", "fixed": True},
    timeout_s=30,
    prior=(
        Prior(
            earlier=Earlier(action="shadow", options={"capability": "{capability}"}, ended_by={"stop": {}}),
            says="no shadow",
        ),
        Prior(earlier=Earlier(action="ramp"), when={"stage": "100"}, says="no ramp"),
    ),
    before=(
        RequestCheck(path="/state?cap={capability}", field="items[name={capability}].ok", equals="true", says="not ok"),
        RequestCheck(at=Place.ROOT, path="self/{stage}.json", field="score", at_most="{seconds}", says="too much"),
        RequestCheck(path="/only-at-100", field="x", when={"stage": "100"}, says="never"),
    ),
    after=(
        RequestCheck(at=Place.ANSWER, field="stage", equals="{stage}", says="another stage"),
        RequestCheck(path="/shadows/{answer.shadow_id}", field="ok", says="lost"),
        RequestCheck(path="/notes", field="note", equals="{reason}", says="note lost"),
    ),
)
SPEC = ActionSpec(id="ramp", title="Ramp", request=RAMP, inputs=INPUTS, danger=True, undone_by="rollback", undo="roll")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run that is a row of a database: it has no directory of its own."""
    (tmp_path / "dev.db").write_bytes(b"")
    ref = RunRef(source="ai-csuite", root=str(tmp_path), path="dev.db#one", id="one")
    return Run(ref=ref, state=RunState.FAILED)


def plan(run: Run, service: Service | None, spec: ActionSpec = SPEC, **options: str) -> Plan:
    state = Path(run.ref.root) / ".cockpit"

    def service_of(name: str) -> Service | None:
        return service if service and name == service.name else None

    context = Context(now=NOW, state_dir=state, fingerprint="f", options=options, service_of=service_of)
    return make_plan(spec, run, context)


def did(run: Run, action: str, **options: str) -> None:
    """A job of before that the service confirmed."""
    jobs = Path(run.ref.root) / ".cockpit" / "jobs"
    job = jobs / f"2026112{len(list(jobs.glob('*'))) if jobs.is_dir() else 0}T000000.000000Z-abc"
    job.mkdir(parents=True)
    done = {"action": action, "options": options, "request": {"url": "http://127.0.0.1:8001/api/x"}}
    (job / "job.json").write_text(json.dumps({"plan": done, "run_key": run.key}))
    (job / "result.json").write_text(json.dumps({"exit_code": 0}))


def shown_of(made: Plan) -> str:
    """The lines of its dialog."""
    return "\n".join("".join(cell.text for cell in row.spans) for row in plan_lines(made))


LOCAL = Service(name="ai-csuite", url="http://127.0.0.1:8001/api", timeout_s=7)


@pytest.fixture
def shadowed(run: Run) -> Run:
    """The run, at a service where shadows of two capabilities were started and one was ramped before."""
    did(run, "shadow", capability="ads")
    did(run, "shadow", capability="llm")
    did(run, "ramp", capability="ads", stage="5")
    return run


def test_what_was_not_done_before_refuses_the_plan(run: Run) -> None:
    assert plan(run, LOCAL, capability="ads").refused == "no shadow"
    did(run, "shadow", capability="ads")
    assert plan(run, LOCAL, capability="ads").refused is None
    assert plan(run, LOCAL, capability="llm").refused == "no shadow"
    assert plan(run, LOCAL, capability="ads", stage="100").refused == "no ramp"
    assert plan(run, LOCAL.model_copy(update={"url": "http://127.0.0.1:9"}), capability="ads").refused == "no shadow"
    did(run, "stop")
    assert plan(run, LOCAL, capability="ads").refused == "no shadow"


def test_an_earlier_job_gives_a_default_and_a_choice_is_stronger(shadowed: Run) -> None:
    recall = Recall(earlier=Earlier(action="shadow"), field="options.capability")
    inputs = (INPUTS[0].model_copy(update={"recall": recall}), *INPUTS[1:])
    spec = SPEC.model_copy(update={"inputs": inputs})
    assert plan(shadowed, LOCAL, spec).options["capability"] == "llm"
    assert plan(shadowed, LOCAL, spec, capability="ads").options["capability"] == "ads"
    # A form proposes what the plan would take.
    state = Path(shadowed.ref.root) / ".cockpit"
    for service, default in ((LOCAL, "llm"), (None, None)):
        context = Context(now=NOW, state_dir=state, fingerprint="f", service_of={"ai-csuite": service}.get)
        (offer, *_) = available([spec], shadowed, context)
        assert {each.name: each.default for each in offer.spec.inputs}["capability"] == default
        assert (offer.refused is None) is (service is not None)


def test_a_request_is_planned_to_the_last_character(shadowed: Run) -> None:
    made = plan(shadowed, LOCAL, capability="ads", reason="it's 100% & more", hard="yes")
    assert made.refused is None
    assert (made.argv, made.cwd) == (None, None)
    request = made.request
    assert request is not None
    why = "it%27s%20100%25%20%26%20more"
    assert (request.method, request.url) == ("POST", f"http://127.0.0.1:8001/api/providers/ramp/5?why={why}&run=one")
    assert request.body == {
        "capability": "ads", "seconds": 120, "hard": True, "note": "it's 100% & more", "fixed": True,
    }  # fmt: skip
    assert (request.timeout_s, request.check_timeout_s) == (30, 7)
    (prior,) = request.prior
    assert prior.earlier.options == {"capability": "ads"}
    service, file = request.before
    assert service.url == "http://127.0.0.1:8001/api/state?cap=ads"
    assert (service.field, service.equals) == ("items[name=ads].ok", "true")
    assert (file.at, file.url, file.at_most) == (Place.ROOT, f"{shadowed.ref.root}/self/5.json", "120")
    answer, lost, note = request.after
    assert (answer.url, answer.equals) == ("", "5")
    assert lost.url == "http://127.0.0.1:8001/api/shadows/{answer.shadow_id}"
    assert note.equals == "it's 100% & more"


def test_what_was_left_out_is_not_sent_and_not_asked(shadowed: Run) -> None:
    request = plan(shadowed, LOCAL, capability="ads", stage="100").request
    assert request is not None
    assert request.url == "http://127.0.0.1:8001/api/providers/ramp/100?run=one"
    assert "note" not in (request.body or {})
    assert [prior.says for prior in request.prior] == ["no shadow", "no ramp"]
    assert [check.says for check in request.before] == ["not ok", "too much", "never"]
    assert [check.says for check in request.after] == ["another stage", "lost"]


def test_another_choice_is_another_plan(shadowed: Run) -> None:
    first, second = plan(shadowed, LOCAL, capability="ads"), plan(shadowed, LOCAL, capability="llm")
    assert first.hash != second.hash
    slower = LOCAL.model_copy(update={"timeout_s": 60})
    assert plan(shadowed, slower, capability="ads").hash != first.hash
    assert plan(shadowed, LOCAL, capability="ads").hash == first.hash


def test_a_service_that_is_not_configured_is_a_refusal_that_says_how(run: Run) -> None:
    assert "[services.ai-csuite] url" in (plan(run, None, capability="ads").refused or "")


def test_a_token_is_named_never_shown(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    service = LOCAL.model_copy(update={"token_env": "CSUITE_TOKEN", "url": "http://prod.example"})
    spec = SPEC.model_copy(update={"request": RAMP.model_copy(update={"prior": ()})})
    assert "CSUITE_TOKEN is not set" in (plan(run, service, spec, capability="ads").refused or "")
    monkeypatch.setenv("CSUITE_TOKEN", "s3cr3t-value")
    made = plan(run, service, spec, capability="ads")
    assert made.request is not None
    assert made.request.token_env == "CSUITE_TOKEN"
    assert any("unencrypted" in warning for warning in made.warnings)
    shown = shown_of(made) + request_text(made.request) + made.model_dump_json()
    assert "s3cr3t-value" not in shown
    assert "$CSUITE_TOKEN" in shown
    for url in ("http://127.0.0.1:1", "https://prod.example"):
        assert plan(run, service.model_copy(update={"url": url}), spec, capability="ads").warnings == ()


def test_a_dialog_shows_what_is_sent_and_asked(shadowed: Run) -> None:
    text = shown_of(plan(shadowed, LOCAL, capability="ads"))
    assert "request   POST http://127.0.0.1:8001/api/providers/ramp/5?run=one" in text
    assert '"capability": "ads"' in text
    assert "before: GET http://127.0.0.1:8001/api/state?cap=ads says items[name=ads].ok = true, else: not ok" in text
    assert "needs a job shadow before, else: no shadow" in text
    assert "roll (cockpit rollback)" in text
    assert "danger" in text
    order = [name for name in ("run", "chosen", "request", "danger", "undo", "plan") if f"\n{name}" in f"\n{text}"]
    places = [f"\n{text}".index(f"\n{name}") for name in order]
    assert places == sorted(places)
    assert len(order) == 6


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"method": "DELETE"}, "not one of GET POST PATCH"),
        ({"path": "providers"}, "must begin with /"),
        ({"path": "//evil.example/x"}, "must begin with /"),
        ({"path": "/a/../../b"}, "stay below"),
        ({"path": "/a b"}, "cannot hold"),
        ({"path": "/a#b"}, "cannot hold"),
        ({"path": "/a/{reason}"}, "query or the body only"),
        ({"path": "/a/{nope}"}, "names {nope}"),
        ({"body": {"x": "{nope}"}}, "names {nope}"),
        ({"query": {"x": "{run"}}, "brace"),
        ({"before": (RequestCheck(at=Place.ANSWER, field="x", says="y"),)}, "no answer"),
        ({"before": (RequestCheck(path="/{answer.id}", field="x", says="y"),)}, "no answer"),
        ({"before": (RequestCheck(at=Place.ROOT, path="../x.json", field="x", says="y"),)}, "stay below"),
        ({"after": (RequestCheck(path="/{reason}", field="x", says="y"),)}, "query or the body only"),
    ],
)
def test_templates_that_cannot_be_right(run: Run, change: dict[str, object], why: str) -> None:
    broken = RAMP.model_copy(update=change)
    with pytest.raises(UsageError) as caught:
        check_request(broken, INPUTS)
    assert why in str(caught.value)
    made = plan(run, LOCAL, SPEC.model_copy(update={"request": broken}), capability="ads")
    assert (made.request, why in (made.refused or "")) == (None, True)


def test_a_command_configured_for_the_root_takes_the_place_of_the_request(run: Run) -> None:
    state = Path(run.ref.root) / ".cockpit"
    overrides = {"ramp": ("ramp-tool", "{run}", "{stage}")}
    options = {"capability": "ads"}
    context = Context(now=NOW, state_dir=state, fingerprint="f", options=options, overrides=overrides)
    made = make_plan(SPEC, run, context)
    assert (made.argv, made.request) == (("ramp-tool", "one", "5"), None)


# Where services answer.


def settings(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "config.toml"
    path.write_text(text)
    return load_settings(path)


def test_services_come_from_the_settings_and_the_environment(tmp_path: Path) -> None:
    table = '[services.ai-csuite]\nurl = "https://csuite.example/api/"\ntoken_env = "TOKEN"\ntimeout = "1m"\n'
    known = settings(tmp_path, table)
    service = known.service("ai-csuite", {})
    assert service == Service(name="ai-csuite", url="https://csuite.example/api", token_env="TOKEN", timeout_s=60)
    there = known.service("ai-csuite", {"COCKPIT_AI_CSUITE_URL": "http://127.0.0.1:8001"})
    assert there is not None
    assert (there.url, there.token_env) == ("http://127.0.0.1:8001", "TOKEN")
    assert known.service("other", {}) is None
    assert Settings().service("ai-csuite", {"COCKPIT_AI_CSUITE_URL": "http://[::1]:8001"}) is not None
    with pytest.raises(UsageError, match="COCKPIT_AI_CSUITE_URL") as caught:
        known.service("ai-csuite", {"COCKPIT_AI_CSUITE_URL": "http://ada:pa55@host"})
    assert "pa55" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('url = "ftp://host"', "no http or https URL"), ('url = "host:8001"', "no http or https URL"),
        ('url = "http://"', "no http or https URL"), ('url = "http://ada:pa55@host"', "holds credentials"),
        ('url = "http://ho st"', "cannot hold"), ('url = "http://h\\u202eost"', "cannot hold"),
        ('url = "http://host:99999"', "ort"), ('url = "http://host/?x=1"', "query or a fragment"),
        ('url = "http://host/#x"', "query or a fragment"), ('url = "http://host/../x"', "'..'"),
        ('url = "http://host"\ntoken_env = "a b"', "token_env"), ('url = "http://host"\ntimeout = 0', "greater than 0"),
        ('url = "http://host"\ntimeout = "1d"', "less than or equal"),
        ('url = "http://host"\ntoken = "x"', "no such key"),
        ('token_env = "X"', "this key is needed"),
    ],
)  # fmt: skip
def test_broken_services_are_named_with_their_line(tmp_path: Path, line: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        settings(tmp_path, f'theme = "dark"\n\n[services.ai-csuite]\n{line}\n')
    told = str(caught.value)
    assert "config.toml:" in told
    assert "services.ai-csuite" in told
    assert why in told
    assert "pa55" not in told


def test_a_service_has_a_plain_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no name of a service"):
        settings(tmp_path, '[services."A B"]\nurl = "http://host"\n')
