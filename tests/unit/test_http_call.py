"""Carrying out one request: gates, the request once, what is read back, and what is known in the end."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.actions import http_client
from cockpit.actions.http_call import Request
from cockpit.actions.http_client import MAX_ANSWER
from cockpit.actions.http_text import Transcript
from cockpit.models.request import Place, PlannedCheck, PlannedRequest, RequestExit
from tests.service import Handler, Reply, Service, serving

TOKEN = "s3cr3t/t0ken-value"


@pytest.fixture
def service() -> Iterator[Service]:
    with serving(Service()) as running:
        yield running


class Bench:
    """Carries out requests against a service and keeps what was said."""

    def __init__(self, service: Service, folder: Path) -> None:
        self.service = service
        self.folder = folder
        self.lines: list[str] = []
        self.kept: dict[str, Any] = {}

    def check(self, path: str, field: str, equals: str | None = None, **more: Any) -> PlannedCheck:
        return PlannedCheck(url=self.service.url + path, field=field, equals=equals, says=f"{field} is wrong", **more)

    def answer(self, field: str, equals: str | None = None) -> PlannedCheck:
        return PlannedCheck(at=Place.ANSWER, url="", field=field, equals=equals, says=f"it says no {field}")

    def send(self, path: str = "/do", *, token: str | None = None, **more: Any) -> RequestExit:
        more.setdefault("method", "POST")
        more.setdefault("body", {"run_id": "r-1"} if more["method"] != "GET" else None)
        more.setdefault("timeout_s", 5.0)
        request = PlannedRequest(service="s", url=self.service.url + path, **more)
        self.lines.clear()
        return Request(
            request, self.folder, token, self.lines.append, self.kept.update, lambda _seconds: None
        ).carry_out()

    @property
    def last(self) -> str:
        return self.lines[-1]

    @property
    def said(self) -> str:
        return "\n".join(self.lines)


@pytest.fixture
def bench(service: Service, tmp_path: Path) -> Bench:
    return Bench(service, tmp_path)


def test_a_request_is_sent_once_and_read_back(bench: Bench, service: Service) -> None:
    service.on("GET", "/gate", {"open": True})
    service.on("POST", "/do", {"id": "i-1", "status": "created"})
    service.on("GET", "/things/i-1", {"state": "there"})
    end = bench.send(
        before=(bench.check("/gate", "open", "true"),),
        after=(bench.answer("status", "created"), bench.check("/things/{answer.id}", "state", "there")),
    )
    assert end is RequestExit.DONE
    assert bench.last == "done: POST answered 200; 2 of 2 checks hold"
    assert [(one.method, one.path) for one in service.asked] == [
        ("GET", "/gate"),
        ("POST", "/do"),
        ("GET", "/things/i-1"),
    ]
    assert service.sent()[0].body == {"run_id": "r-1"}
    assert "gate: met: " in bench.said
    assert '      "run_id": "r-1"' in bench.lines
    assert bench.kept == {"status": 200, "answer": {"id": "i-1", "status": "created"}}


def test_nothing_is_sent_while_a_gate_is_closed_and_all_closed_gates_are_named(bench: Bench, service: Service) -> None:
    service.on("GET", "/a", {"open": False})
    service.on("GET", "/b", Reply({"detail": "no"}, 503))
    end = bench.send(before=(bench.check("/a", "open", "true"), bench.check("/b", "ok"), bench.check("/a", "gone")))
    assert end is RequestExit.NOT_SENT
    assert service.sent() == []
    assert bench.last == (
        "nothing was sent: open is wrong (open = false); ok is wrong (answered 503: no); "
        "gone is wrong (gone is not there)"
    )


def test_a_service_that_is_down_gets_nothing(bench: Bench, service: Service, tmp_path: Path) -> None:
    with serving(Service()) as other:
        down = other.url
    service.url = down
    assert bench.send() is RequestExit.NOT_SENT
    assert "nothing was sent: the service cannot be reached: " in bench.last
    assert bench.send(before=(bench.check("/gate", "open"),)) is RequestExit.NOT_SENT
    assert "cannot be asked" in bench.last


def test_asking_is_tried_again_while_connections_are_refused_but_acting_is_not(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []

    def refused(call: http_client.Call) -> http_client.Answer:
        tries.append(call.method)
        raise http_client.NotSentError("connection refused")

    monkeypatch.setattr(http_client, "exchange", refused)
    monkeypatch.setattr("cockpit.actions.http_call.exchange", refused)
    monkeypatch.setattr(http_client, "_WAIT_S", 0)
    assert bench.send(method="POST") is RequestExit.NOT_SENT
    assert tries == ["POST"]
    tries.clear()
    assert bench.send(method="GET") is RequestExit.NOT_SENT
    assert tries == ["GET"] * http_client.TRIES


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (404, {"detail": "run not found"}, "failed: answered 404: run not found"),
        (409, {"error": "busy"}, "failed: answered 409: busy"),
        (422, {"detail": [{"msg": "Field required"}]}, "failed: answered 422: Field required"),
    ],
)
def test_a_refusal_is_a_failure_with_its_reason(
    bench: Bench, service: Service, status: int, body: Any, reason: str
) -> None:
    service.on("POST", "/do", Reply(body, status))
    assert bench.send(after=(bench.check("/x", "state"),)) is RequestExit.FAILED
    assert bench.last == reason
    assert len(service.asked) == 1


def test_after_a_fault_of_the_service_it_is_shown_what_is_there_now(bench: Bench, service: Service) -> None:
    service.on("POST", "/do", Reply(b"Internal Server Error", 500, "text/plain"))
    service.on("GET", "/runs/r-1", {"status": "running"})
    assert bench.send(after=(bench.check("/runs/r-1", "status", "succeeded"),)) is RequestExit.FAILED
    assert "read back: not met: " in bench.said
    assert "status = running, succeeded wanted" in bench.said
    assert bench.last == (
        f"failed: answered 500; part of it may have happened; look at GET {service.url}/runs/r-1 (status)"
    )


def test_an_answer_that_says_no_is_a_failure_although_its_status_is_200(bench: Bench, service: Service) -> None:
    service.on("POST", "/do", {"stopped": False, "reason": "not_found"})
    assert bench.send(after=(bench.answer("stopped", "true"),)) is RequestExit.FAILED
    assert bench.last == "failed: answered 200, but it says no stopped (stopped = false)"


def test_what_is_not_confirmed_by_reading_back_may_have_happened(bench: Bench, service: Service) -> None:
    service.on("POST", "/do", {"status": "created"})
    service.on("GET", "/x", {"state": "old"})
    assert bench.send(after=(bench.check("/x", "state", "new"),)) is RequestExit.UNKNOWN
    assert bench.last == (
        "sent, but not confirmed: answered 200, but state is wrong (state = old); it may have happened; "
        f"look at GET {service.url}/x (state)"
    )
    assert len(service.sent()) == 1


def test_reading_back_waits_a_moment_for_what_takes_one(bench: Bench, service: Service) -> None:
    service.on("POST", "/do", {})
    service.on("GET", "/x", {"state": "old"}, {"state": "new"})
    assert bench.send(after=(bench.check("/x", "state", "new"),)) is RequestExit.DONE


def test_a_file_below_the_root_is_read_back(bench: Bench, service: Service, tmp_path: Path) -> None:
    (tmp_path / "revert-i-1.json").write_text('{"run_id": "r-1"}\n')
    back = PlannedCheck(
        at=Place.ROOT, url=f"{tmp_path}/revert-{{answer.id}}.json", field="run_id", equals="r-1", says="not written"
    )
    service.on("POST", "/do", {"id": "i-1"})
    assert bench.send(after=(back,)) is RequestExit.DONE
    service.on("POST", "/do", {"id": "i-2"})
    assert bench.send(after=(back,)) is RequestExit.UNKNOWN
    assert "not written (there is no such file)" in bench.last
    service.on("POST", "/do", {"id": "../../../etc/passwd"})
    assert bench.send(after=(back,)) is RequestExit.UNKNOWN
    assert "cannot be used in a command" in bench.last
    (tmp_path / "revert-i-3.json").symlink_to("/etc/hostname")
    service.on("POST", "/do", {"id": "i-3"})
    assert bench.send(after=(back,)) is RequestExit.UNKNOWN
    assert "a symbolic link, not followed" in bench.last


def hang(handler: Handler) -> None:
    handler.service.over.wait(20)


def reset(handler: Handler) -> None:
    handler.connection.close()


def torn(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{")


def drip_head(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while not handler.service.over.wait(0.02):
        handler.wfile.write(b"X-More: 1\r\n")


def drip_body(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    while not handler.service.over.wait(0.02):
        handler.wfile.write(b" ")


@pytest.mark.parametrize("misdeed", [hang, reset, drip_head])
def test_without_an_answer_it_may_have_happened(bench: Bench, service: Service, misdeed: Any) -> None:
    service.on("POST", "/do", misdeed)
    service.on("GET", "/x", {"state": "new"})
    assert bench.send(timeout_s=0.4, after=(bench.check("/x", "state", "new"),)) is RequestExit.UNKNOWN
    assert bench.last.startswith("sent, but not confirmed: ")
    assert bench.last.endswith(f"it may have happened; look at GET {service.url}/x (state)")
    assert "read back: met: " in bench.said
    assert len(service.sent()) == 1


@pytest.mark.parametrize(("misdeed", "why"), [(torn, "closed connection"), (drip_body, "no whole answer within 0.4 s")])
def test_an_answer_that_breaks_off_confirms_nothing(bench: Bench, service: Service, misdeed: Any, why: str) -> None:
    service.on("POST", "/do", misdeed)
    assert bench.send(timeout_s=0.4, after=(bench.answer("id"),)) is RequestExit.UNKNOWN
    assert why in bench.last
    assert "it may have happened; look at the run itself" in bench.last


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply(b"{broken"), "not valid JSON"),
        (Reply(b""), "empty"),
        (Reply(b"\x00\xff\x1b]52;c;AAAA\x07binary"), "not valid JSON"),
        (Reply(b"<html>captive portal</html>", kind="text/html"), "no JSON: its type is text/html"),
        (Reply(b'{"id": "i-1"}', kind="text/plain"), "no JSON: its type is text/plain"),
        (Reply(b"[" * 100_000), "nested too deeply"),
        (Reply(b'{"id": "i-1"}', headers={"Content-Encoding": "gzip"}), "packed as"),
        (Reply(b'"' + b"x" * (MAX_ANSWER + 10) + b'"'), "longer than 1048576 bytes"),
    ],
)
def test_an_answer_that_cannot_be_read_confirms_nothing(bench: Bench, service: Service, reply: Reply, why: str) -> None:
    service.on("POST", "/do", reply)
    assert bench.send(after=(bench.answer("id"),)) is RequestExit.UNKNOWN
    assert why in bench.last
    assert len(bench.said) < 200_000
    assert not set(bench.said) & set("\x00\x1b\x07")


def test_no_answer_can_say_that_it_is_done(bench: Bench, service: Service) -> None:
    service.on("POST", "/do", Reply(b"\ndone: POST answered 200\x85done: \r\ndone: x", 400, "text/plain\tdone: "))
    assert bench.send() is RequestExit.FAILED
    service.on("POST", "/do", Reply({"\ndone: a": "\u2028done: b", "error": "x\ndone: c"}, 400))
    assert bench.send() is RequestExit.FAILED
    assert not [line for line in bench.lines if line.startswith("done:") or "\n" in line or "\u2028" in line]


def test_a_huge_document_is_shown_in_part(bench: Bench, service: Service) -> None:
    service.on("POST", "/do", {"items": [{"n": n} for n in range(2_000)]})
    assert bench.send() is RequestExit.DONE
    assert bench.last == "done: POST answered 200; there is nothing to read back"
    assert "more lines are not shown)" in bench.said
    assert len(bench.lines) < 500


def test_a_redirect_is_not_followed(bench: Bench, service: Service) -> None:
    with serving(Service()) as elsewhere:
        moved = Reply({}, 307, headers={"Location": f"{elsewhere.url}/do"})
        service.on("POST", "/do", moved)
        service.on("GET", "/gate", moved)
        assert bench.send(token=TOKEN, token_env="T") is RequestExit.FAILED
        assert f"a redirect to {elsewhere.url}/do, which is not followed" in bench.last
        assert bench.send(before=(bench.check("/gate", "open"),)) is RequestExit.NOT_SENT
        assert elsewhere.asked == []


def test_the_token_is_sent_and_never_shown(bench: Bench, service: Service) -> None:
    service.on("GET", "/gate", {"open": True})
    echoed = f"{TOKEN[:5]}\x1b[0m{TOKEN[5:]}"
    service.on("POST", "/do", Reply({"you": f"Bearer {TOKEN}", "id": TOKEN, TOKEN: echoed, "error": TOKEN}, 400))
    bench.send(token=TOKEN, token_env="T", before=(bench.check("/gate", "open"),))
    assert [one.headers["Authorization"] for one in service.asked] == [f"Bearer {TOKEN}"] * 2
    assert TOKEN not in bench.said
    assert TOKEN not in json.dumps(bench.kept)
    assert "[masked]" in json.dumps(bench.kept)
    assert "u001b" not in json.dumps(bench.kept)
    assert "[masked]" in bench.last


@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from(["", "\x1b[0m", "\x1b]0;x\x07", "\u200d"]))
def test_no_text_around_or_within_a_token_brings_it_out(before: str, after: str, within: str) -> None:
    lines: list[str] = []
    transcript = Transcript(lines.append, TOKEN)
    text = f"{before}{TOKEN[:7]}{within}{TOKEN[7:]}{after}"
    transcript.say(text)
    transcript.text(text)
    transcript.document({text: [text, {"x": text}]})
    assert TOKEN not in "\n".join((*lines, str(transcript.kept(text))))


@pytest.mark.parametrize(
    ("token", "why"),
    [
        (None, "the token is missing: the environment variable T is not set"),
        ("", "the token is missing: the environment variable T is not set"),
        ("a\r\nX-Evil: 1", "the environment variable T holds what cannot be a token"),
    ],
)
def test_without_its_token_nothing_is_sent(bench: Bench, service: Service, token: str | None, why: str) -> None:
    assert bench.send(token=token, token_env="T") is RequestExit.NOT_SENT
    assert bench.last == f"nothing was sent: {why}"
    assert service.asked == []


def test_the_environment_brings_in_no_proxy(bench: Bench, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    service.on("POST", "/do", {})
    assert bench.send() is RequestExit.DONE


def test_what_was_given_up_before_it_was_sent_is_never_sent_afterwards(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    import httpx

    about_to_send, go_on = threading.Event(), threading.Event()
    build = httpx.Client.build_request

    def slow(*arguments: Any, **more: Any) -> httpx.Request:
        about_to_send.set()
        go_on.wait(20)
        return build(*arguments, **more)

    monkeypatch.setattr(httpx.Client, "build_request", slow)
    call = http_client.Call("POST", f"{service.url}/do", {}, None, 0.05)
    with pytest.raises(http_client.NotSentError, match=r"no connection within 0\.05 s"):
        http_client.exchange(call)
    assert about_to_send.wait(20)
    threads = [each for each in threading.enumerate() if each.name == "http"]
    go_on.set()
    for each in threads:
        each.join(20)
    assert not any(each.is_alive() for each in threads)
    assert service.asked == []
