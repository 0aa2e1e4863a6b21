"""Live probes against a server on this host that answers as the recorded system did; off unless switched on."""

import contextlib
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from cockpit.clock import fixed_clock
from cockpit.settings import load_settings
from cockpit.sources.agents_orchestration import AgentsOrchestrationSource
from cockpit.sources.agents_orchestration.config import Config
from cockpit.sources.agents_orchestration.probes import MAX_ANSWER, Outcome, Probe, Prober, ProbeSettings, probe
from cockpit.sources.base import Configurable

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HEALTHY = {"status": "healthy", "timestamp": "2026-11-21T04:00:03.507198", "version": "1.0.0"}
SERVICES = [
    {"id": "planner", "serviceUrl": "http://127.0.0.1:8100", "metadata": {}},
    {"id": "executor", "serviceUrl": "http://127.0.0.1:8101", "metadata": {}, "registered_at": 1795233525.7349863},
    {"id": "diagnostic", "serviceUrl": "http://127.0.0.1:8103", "metadata": {}, "registered_at": None},
]
TAGS = {"models": [{"name": "llama3.2:latest", "size": 1}, {"name": "gemma2:latest"}, {"name": 5}, "x"]}


class Answers(BaseHTTPRequestHandler):
    """Answers with what the test put there, and writes down what was asked."""

    bodies: ClassVar[dict[str, tuple[int, bytes]]] = {}
    asked: ClassVar[list[str]] = []
    hold: ClassVar[threading.Event] = threading.Event()

    def do_GET(self) -> None:
        self.asked.append(f"{self.command} {self.path}")
        code, body = self.bodies.get(self.path, (404, b"{}"))
        if body == b"hold":
            self.hold.wait(20)
            return
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        if code in (301, 307):
            self.send_header("Location", "/health")
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


Put = Callable[..., None]


@pytest.fixture
def base() -> Iterator[str]:
    Answers.bodies, Answers.asked, Answers.hold = {}, [], threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    Answers.hold.set()
    server.shutdown()
    thread.join()
    server.server_close()


def put(path: str, body: object, code: int = 200) -> None:
    Answers.bodies[path] = (code, body if isinstance(body, bytes) else json.dumps(body).encode())


def ask(base: str, *wanted: str, **more: Any) -> dict[str, Probe]:
    settings = ProbeSettings(**{"enabled": True, "web": base, "ollama": base, "timeout_s": 5.0, **more})
    return {one.target: one for one in probe(settings, wanted=wanted, clock=fixed_clock(NOW))}


def test_nothing_is_asked_unless_switched_on(base: str) -> None:
    assert probe(ProbeSettings(web=base, ollama=base)) == ()
    assert Answers.asked == []


def test_a_healthy_system(base: str) -> None:
    put("/health", HEALTHY)
    put("/api/agent-services", SERVICES)
    put("/api/tags", TAGS)
    found = ask(base, "llama3.2:latest", "gemma2")
    assert {name: one.outcome for name, one in found.items()} == dict.fromkeys(
        ("web", "services", "ollama"), Outcome.OK
    )
    # Alive means that its heartbeat is registered; configured alone means nothing.
    assert (found["services"].alive, found["services"].silent) == (("executor",), ("planner", "diagnostic"))
    assert found["services"].text == "1 of 3 agent services alive"
    assert found["ollama"].models == ("llama3.2:latest", "gemma2:latest")
    assert found["web"].at == NOW
    # The demonstration data of /api/agents is never looked at, and nothing is changed.
    assert sorted(Answers.asked) == ["GET /api/agent-services", "GET /api/tags", "GET /health"]


def test_a_model_the_configuration_asks_for_is_missing(base: str) -> None:
    put("/api/tags", TAGS)
    found = ask(base, "llama3.2:latest", "deepseek-coder:6.7b")["ollama"]
    assert (found.outcome, found.missing) == (Outcome.BAD, ("deepseek-coder:6.7b",))
    assert found.text == "2 models; not there: deepseek-coder:6.7b"


def test_no_answer_in_time_may_mean_busy_as_well_as_dead(base: str) -> None:
    put("/health", b"hold")
    found = ask(base, timeout_s=0.2)["web"]
    assert found.outcome is Outcome.TIMEOUT
    assert found.text == "no answer within 0.2 s: dead, or busy with a workflow"
    assert found.elapsed_ms >= 200


def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused, and nobody else can have it
        found = ask(f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert {one.outcome for one in found.values()} == {Outcome.REFUSED}
    assert found["ollama"].text.startswith("cannot be reached: ")


@pytest.mark.parametrize(
    ("code", "words"),
    [(401, "credentials are refused"), (403, "credentials"), (429, "rate limit"), (500, "HTTP 500"), (307, "HTTP 307")],
)
def test_an_error_answer_is_told(base: str, code: int, words: str) -> None:
    put("/api/tags", TAGS, code)
    found = ask(base)["ollama"]
    assert (found.outcome, words in found.text) == (Outcome.BAD, True)
    assert Answers.asked.count("GET /health") == 1  # redirects are not followed


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[]", b'"healthy"', b"\xff\xfe", b"[" * 100_000, b"x" * (MAX_ANSWER + 1), b'{"models": 5}'],
)
def test_an_answer_of_something_else_is_told_and_never_raises(base: str, body: bytes) -> None:
    for path in ("/health", "/api/tags"):
        put(path, body)
    put("/api/agent-services", body if body != b"[]" else b"{}")
    assert {one.outcome for one in ask(base).values()} == {Outcome.BAD}


@pytest.mark.parametrize("url", ["", "x", "http://", "file:///etc/passwd", "http://[::1", "http://\0/"])
def test_an_address_that_is_none_is_told(url: str) -> None:
    assert {one.outcome for one in ask(url).values()} <= {Outcome.BAD, Outcome.REFUSED}


def test_answers_become_problems_of_the_root_and_are_asked_for_once_in_a_while(base: str) -> None:
    moment = [NOW]
    prober = Prober(ProbeSettings(enabled=True, web=base, ollama=base), lambda: moment[0])
    put("/health", HEALTHY)
    put("/api/agent-services", SERVICES)
    put("/api/tags", TAGS)
    config = Config(models=("gemma2", "phi3.5"))
    (problem,) = prober.problems(config, "config/agents.config.json")
    assert problem.reason == f"ollama at {base}/api/tags: 2 models; not there: phi3.5"
    asked = len(Answers.asked)
    assert prober.problems(config, "x") == [problem.model_copy(update={"path": "x"})]
    assert len(Answers.asked) == asked
    moment[0] += timedelta(seconds=61)
    prober.problems(config, "x")
    assert len(Answers.asked) == 2 * asked


def test_a_web_server_that_is_not_there_is_no_problem_and_a_provider_is() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
        prober = Prober(ProbeSettings(enabled=True, web=nobody, ollama=nobody))
        (problem,) = prober.problems(Config(), "config/agents.config.json")
    assert "/api/tags: cannot be reached" in problem.reason


def test_the_source_asks_only_once_it_is_configured_to(base: str, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    agents = [{"id": name, "defaultModel": "m"} for name in ("planner", "executor", "reviewer")]
    content = {
        "runtime": {"defaultProvider": "ollama", "ollama": {"host": base}},
        "models": {"ollama": {"m": {}}},
        "agents": agents,
    }
    (tmp_path / "config" / "agents.config.json").write_text(json.dumps(content))
    source = AgentsOrchestrationSource()
    assert isinstance(source, Configurable)
    assert source.root_problems(tmp_path) == []
    assert Answers.asked == []
    (tmp_path / "config.toml").write_text(f'[probes]\nenabled = true\nweb = "{base}"\ntimeout = "5s"\n')
    source.configure(load_settings(tmp_path / "config.toml").for_sources[source.id])
    assert any("ollama at" in problem.reason for problem in source.root_problems(tmp_path))


def test_an_unhealthy_answer(base: str) -> None:
    put("/health", {"status": "degraded"})
    assert (ask(base)["web"].outcome, ask(base)["web"].text) == (Outcome.BAD, "says degraded")


def test_nothing_of_the_network_is_loaded_until_it_is_needed() -> None:
    code = "import sys, cockpit.sources.agents_orchestration\nprint({'httpx', 'psutil', 'sqlite3'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
