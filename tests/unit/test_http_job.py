"""A request as a job: by the same supervisor as a command, with its token nowhere on disk."""

import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cockpit.actions.earlier import Deed, newest, recalled, unmet
from cockpit.actions.http_client import Call, NotSentError, exchange
from cockpit.actions.jobs import cancel_job
from cockpit.actions.launcher import start_job
from cockpit.actions.plan import sealed
from cockpit.errors import UsageError
from cockpit.models.action import ActionInput, InputKind, Job, JobState, Plan
from cockpit.models.request import Earlier, Place, PlannedCheck, PlannedRequest, Prior, Recall
from tests.service import Handler, Reply, Service, serving
from tests.workshop import Workshop, until

TOKEN = "tok-7f3b9c41d2e85a60"
VARIABLE = "SERVICE_TOKEN"


@pytest.fixture
def service() -> Iterator[Service]:
    with serving(Service()) as running:
        yield running


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def plan(service: Service, action: str = "act", *, path: str = "/do", **more: Any) -> Plan:
    options = more.pop("options", {})
    request = PlannedRequest(
        service="s", method="POST", url=service.url + path, body={"run_id": "r-1"}, token_env=VARIABLE, **more
    )
    return sealed(
        Plan(action=action, run="r-1", run_key="s:r-1", hash="", request=request, options=options, fingerprint="f1")
    )


def send(shop: Workshop, made: Plan) -> Job:
    return shop.end(start_job(made, shop.context, lambda: "f1"))


def test_a_request_is_a_job_that_knows_its_token_and_keeps_it_to_itself(
    shop: Workshop, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, TOKEN)
    service.on("POST", "/do", {"id": "i-1", "echo": f"Bearer {TOKEN}"})
    made = plan(service, after=(PlannedCheck(at=Place.ANSWER, url="", field="id", says="no id"),))
    job = send(shop, made)
    assert (job.state, job.exit_code) == (JobState.SUCCEEDED, 0), shop.output(job)
    assert service.sent()[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert job.argv[1:4] == ("-P", "-m", "cockpit.actions.http_call")
    files = [path for path in shop.base.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"job.json", "result.json", "output.log", "answer.json", "journal.jsonl"}
    assert [path for path in files if TOKEN.encode() in path.read_bytes()] == []
    assert TOKEN not in made.model_dump_json()
    assert b"done: POST answered 200; 1 of 1 checks hold" in shop.output(job)


@pytest.mark.parametrize(
    ("reply", "code", "outcome"),
    [
        (Reply({"detail": "run not found"}, 404), 1, "failed: answered 404: run not found"),
        (Reply({"id": ""}), 1, "failed: answered 200, but no id (id = )"),
        (Reply(b"-", kind="text/plain"), 4, "sent, but not confirmed: "),
    ],
)
def test_the_end_of_a_request_is_the_end_of_its_job(
    shop: Workshop, service: Service, monkeypatch: pytest.MonkeyPatch, reply: Reply, code: int, outcome: str
) -> None:
    monkeypatch.setenv(VARIABLE, TOKEN)
    service.on("POST", "/do", reply)
    job = send(shop, plan(service, after=(PlannedCheck(at=Place.ANSWER, url="", field="id", says="no id"),)))
    assert (job.state, job.exit_code) == (JobState.FAILED, code)
    assert outcome in job.outcome
    assert [entry.data["exit_code"] for entry in shop.entries("action.ended")] == [code]


def test_without_its_token_a_job_sends_nothing(shop: Workshop, service: Service) -> None:
    job = send(shop, plan(service))
    assert job.exit_code == 3
    assert f"nothing was sent: the token is missing: the environment variable {VARIABLE} is not set" in job.outcome
    assert service.asked == []


def test_a_cancelled_request_says_whether_it_was_sent(
    shop: Workshop, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, TOKEN)
    arrived = threading.Event()

    def hang(handler: Handler) -> None:
        arrived.set()
        handler.service.over.wait(20)

    service.on("POST", "/do", hang)
    job = start_job(plan(service, timeout_s=60.0), shop.context, lambda: "f1")
    assert arrived.wait(20)
    assert cancel_job(shop.dir(job), "ada")
    ended = shop.end(job)
    assert ended.state is JobState.CANCELLED
    assert b"sent, but not confirmed: cancelled while the answer was waited for; it may have happened" in shop.output(
        ended
    )


def test_a_request_that_waits_at_its_gate_is_cancelled_before_it_is_sent(
    shop: Workshop, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, TOKEN)
    arrived = threading.Event()

    def hang(handler: Handler) -> None:
        arrived.set()
        handler.service.over.wait(20)

    service.on("GET", "/gate", hang)
    gate = PlannedCheck(url=f"{service.url}/gate", field="open", says="closed")
    job = start_job(plan(service, before=(gate,), check_timeout_s=60.0), shop.context, lambda: "f1")
    assert arrived.wait(20)
    cancel_job(shop.dir(job), "ada")
    assert b"nothing was sent: " in shop.output(shop.end(job))
    assert service.sent() == []


def test_a_plan_with_neither_command_nor_request_is_refused(shop: Workshop) -> None:
    empty = sealed(Plan(action="act", run="r-1", run_key="s:r-1", hash="", fingerprint="f1"))
    with pytest.raises(UsageError, match="holds neither a command nor a request"):
        start_job(empty, shop.context, lambda: "f1")


def test_jobs_tell_what_was_done_at_a_service_before(
    shop: Workshop, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, TOKEN)
    service.on("POST", "/ramp", {"stage": 5, "shadow_id": "s-1", "hostile": "../../x"})
    service.on("POST", "/bad", Reply({}, 500))
    ads = {"capability": "ads", "candidate": "noop_ads"}
    ramped = Earlier(action="ramp", options=ads, ended_by={"rollback": {"capability": "ads"}})
    url = f"{service.url}/anything"

    assert newest(ramped, shop.state, url) is None
    send(shop, plan(service, "ramp", path="/bad", options={**ads, "stage": "25"}))
    assert newest(ramped, shop.state, url) is None
    first = send(shop, plan(service, "ramp", path="/ramp", options={**ads, "stage": "5"}))
    assert newest(ramped, shop.state, url) == Deed(
        first.id, "ramp", {**ads, "stage": "5"}, {"stage": "5", "shadow_id": "s-1"}
    )
    assert newest(ramped, shop.state, "http://elsewhere/") is None
    assert newest(Earlier(action="ramp", options={"candidate": "other"}), shop.state, url) is None
    prior = Prior(earlier=ramped, says="ramp first")
    assert unmet((prior,), shop.state, url) is None
    assert unmet((prior,), shop.state, "http://elsewhere/") == "ramp first"

    send(shop, plan(service, "rollback", path="/ramp", options={"capability": "cdp"}))
    assert newest(ramped, shop.state, url) is not None
    service.on("POST", "/ramp", Reply(b"", kind="text/plain"))
    after = (PlannedCheck(at=Place.ANSWER, url="", field="stage", says="-"),)
    unknown = send(shop, plan(service, "rollback", path="/ramp", options={"capability": "ads"}, after=after))
    assert unknown.exit_code == 4
    assert newest(ramped, shop.state, url) is None, "what may have been rolled back is not ramped any more"
    (shop.dir(unknown) / "result.json").unlink()
    assert newest(ramped, shop.state, url) is None, "a rollback whose supervisor was killed may have been sent"
    shutil.rmtree(shop.dir(unknown))
    assert newest(ramped, shop.state, url) is not None


def test_earlier_jobs_give_defaults(shop: Workshop, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, TOKEN)
    service.on("POST", "/do", {"shadow_id": "s-1"})
    same = Earlier(action="ramp", options={"candidate": "{candidate}"})
    stage = ActionInput(
        name="stage",
        title="Stage",
        kind=InputKind.CHOICE,
        choices=("5", "25", "50"),
        recall=Recall(earlier=same, field="options.stage", next=True),
    )
    shadow = ActionInput(name="shadow", title="Id", recall=Recall(earlier=same, field="answer.shadow_id"))
    inputs = (ActionInput(name="candidate", title="Candidate"), stage, shadow)

    def defaults(**chosen: str) -> dict[str, str]:
        return recalled(inputs, chosen, shop.state, service.url)

    assert defaults() == {}, "without a candidate nothing can be looked up"
    assert defaults(candidate="noop") == {"stage": "5"}
    for ramped, following in (("5", "25"), ("25", "50"), ("50", "50")):
        send(shop, plan(service, "ramp", options={"candidate": "noop", "stage": ramped}))
        assert defaults(candidate="noop") == {"stage": following, "shadow": "s-1"}
    assert defaults(candidate="noop", stage="5", shadow="mine") == {}
    assert defaults(candidate="other") == {"stage": "5"}


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_a_certificate_nobody_vouches_for_gets_nothing(service: Service, tmp_path: Path) -> None:
    import socket

    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *subject]
    subprocess.run([*command, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    got: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                raw, _ = listener.accept()
                with context.wrap_socket(raw, server_side=True) as peer:
                    data = b""
                    while not data.endswith(b"{}"):  # all of it: closing on unread bytes resets the connection
                        data += peer.recv(4096)
                    got.append(data)
                    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
            except ssl.SSLError:
                continue
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/do"
        with pytest.raises(NotSentError, match="certificate verify failed"):
            exchange(Call("POST", url, {}, TOKEN, 10))
        assert got == []
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("SSL_CERT_FILE", str(certificate))
            assert exchange(Call("POST", url, {}, TOKEN, 10)).value == {}
        until(lambda: got)
        assert f"Authorization: Bearer {TOKEN}".encode() in got[0]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(20)
