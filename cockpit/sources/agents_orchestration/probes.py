"""Live questions to a running system, asked only where the settings switch them on (formats/agents-orchestration.md 2).

`/health` blocks while a workflow runs, so that no answer means busy as well as dead. `/api/agents` is demonstration
data and is never asked. An agent service is alive only while the manager's list says `registered_at`. Nothing is sent
but GET requests to the configured hosts; answers are bounded, redirects are not followed, proxies are not used.
"""

import json
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pydantic import Field

from cockpit.clock import Clock, system_clock
from cockpit.models.base import Model
from cockpit.models.problem import Problem
from cockpit.sources.agents_orchestration.config import Config
from cockpit.sources.fields import SHORT, items, number, obj, word

if TYPE_CHECKING:
    import httpx

ASK_AGAIN_S = 60.0
"""Seconds an answer is taken for what is still true."""
MAX_ANSWER = 1024 * 1024
"""Bytes of an answer that are read."""


class ProbeSettings(Model):
    """Whether and whom to ask.

    Attributes:
        enabled: Off by default: looking at runs must not touch the network.
        web: Base URL of the web server.
        ollama: Base URL of the model provider; `None` takes it from the configuration of the checkout.
        timeout_s: Seconds one answer may take.
    """

    enabled: bool = False
    web: str = "http://127.0.0.1:8000"
    ollama: str | None = None
    timeout_s: float = Field(default=2.0, gt=0, le=30)


class Outcome(StrEnum):
    """How a probe ended."""

    OK = "ok"
    REFUSED = "refused"
    """Nobody listens there."""
    TIMEOUT = "timeout"
    """No answer in time: dead, or busy with a workflow."""
    BAD = "bad"
    """An answer that means trouble: an HTTP error, or not what this system answers."""


class Probe(Model):
    """One question and its answer, as a fact.

    Attributes:
        target: `web`, `services` or `ollama`.
        url: What was asked.
        at: When it was asked.
        outcome: How that ended.
        text: What it means, for people.
        elapsed_ms: How long it took.
        alive: Agent services that gave a sign of life in the last 30 seconds.
        silent: Agent services that are only configured.
        models: Models the provider has.
        missing: Models the configuration asks for and the provider does not have.
    """

    target: str
    url: str
    at: datetime
    outcome: Outcome
    text: str
    elapsed_ms: int
    alive: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def probe(
    settings: ProbeSettings,
    ollama_host: str = "http://localhost:11434",
    wanted: Sequence[str] = (),
    clock: Clock = system_clock,
) -> tuple[Probe, ...]:
    """Ask what may be asked; nothing where the settings say so. Never raises. Blocks: three time limits at most.

    Args:
        settings: Whether and whom to ask.
        ollama_host: `runtime.ollama.host` of the checkout's configuration.
        wanted: Models the configuration asks for.
        clock: What time it is.
    """
    if not settings.enabled:
        return ()
    import httpx

    asked = (
        ("web", f"{settings.web.rstrip('/')}/health", _health),
        ("services", f"{settings.web.rstrip('/')}/api/agent-services", _services),
        ("ollama", f"{(settings.ollama or ollama_host).rstrip('/')}/api/tags", lambda body: _tags(body, wanted)),
    )
    with httpx.Client(timeout=settings.timeout_s, follow_redirects=False, trust_env=False) as client:
        return tuple(_ask(client, target, url, read, settings.timeout_s, clock) for target, url, read in asked)


class Prober:
    """Turns answers into problems of a root, and asks again only after a while.

    That nobody serves the web interface is no problem: workflows run without it.

    Args:
        settings: Whether and whom to ask.
        clock: What time it is.
    """

    def __init__(self, settings: ProbeSettings, clock: Clock = system_clock) -> None:
        self.settings = settings
        self._clock = clock
        self._known: dict[str, tuple[datetime, tuple[Probe, ...]]] = {}

    def answers(self, config: Config) -> tuple[Probe, ...]:
        """The answers for a checkout's configuration, at most `ASK_AGAIN_S` old."""
        if not self.settings.enabled:
            return ()
        now = self._clock()
        known = self._known.get(config.ollama_host)
        if known is None or not 0 <= (now - known[0]).total_seconds() < ASK_AGAIN_S:
            known = now, probe(self.settings, config.ollama_host, config.models, self._clock)
            self._known[config.ollama_host] = known
        return known[1]

    def problems(self, config: Config, shown: str) -> list[Problem]:
        """What the answers say is wrong.

        Args:
            config: Of the checkout.
            shown: Path of its configuration file, relative to the root.
        """
        return [
            Problem(path=shown, reason=f"{one.target} at {one.url}: {one.text}")
            for one in self.answers(config)
            if one.outcome is not Outcome.OK and (one.target == "ollama" or one.outcome is not Outcome.REFUSED)
        ]


Read = Callable[[object], dict[str, Any] | None]
"""Turns a decoded answer into fields of a `Probe`, or `None` where it is not what this system answers."""


def _ask(client: "httpx.Client", target: str, url: str, read: Read, limit_s: float, clock: Clock) -> Probe:
    import httpx

    began = time.monotonic()
    at = clock()

    def told(outcome: Outcome, said: str, **more: object) -> Probe:
        took = int((time.monotonic() - began) * 1000)
        return Probe.model_validate(
            {"target": target, "url": url, "at": at, "outcome": outcome, "text": said, "elapsed_ms": took, **more}
        )

    try:
        code, raw = _get(client, url, began + limit_s)
    except (httpx.TimeoutException, TimeoutError):
        busy = ": dead, or busy with a workflow" if target != "ollama" else ""
        return told(Outcome.TIMEOUT, f"no answer within {limit_s:g} s{busy}")
    except httpx.ConnectError as error:
        return told(Outcome.REFUSED, f"cannot be reached: {str(error)[:200]}")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return told(Outcome.BAD, f"{type(error).__name__}: {str(error)[:200]}")
    if code != 200:
        return told(Outcome.BAD, _refusal(code))
    try:
        found = read(json.loads(raw))
    except (ValueError, RecursionError):
        found = None
    if found is None:
        return told(Outcome.BAD, "answers, but not as this system does")
    return told(found.pop("outcome", Outcome.OK), **found)


def _get(client: "httpx.Client", url: str, deadline: float) -> tuple[int, bytes]:
    """Status and body of an answer.

    Raises:
        TimeoutError: It trickles in too slowly.
        ValueError: It is too long.
        httpx.HTTPError: Anything else that goes wrong on the way.
    """
    with client.stream("GET", url) as response:
        raw = b""
        for chunk in response.iter_bytes():
            raw += chunk
            if len(raw) > MAX_ANSWER:
                raise ValueError(f"an answer of more than {MAX_ANSWER} bytes")
            if time.monotonic() > deadline:
                raise TimeoutError(url)
        return response.status_code, raw


def _refusal(code: int) -> str:
    known = {401: "credentials are refused", 403: "credentials are refused", 429: "the rate limit is exceeded"}
    return f"HTTP {code}" + (f": {known[code]}" if code in known else "")


def _health(body: object) -> dict[str, Any] | None:
    status = word(obj(body).get("status"))
    if status is None:
        return None
    outcome = Outcome.OK if status == "healthy" else Outcome.BAD
    return {"outcome": outcome, "said": f"says {status}"}


def _services(body: object) -> dict[str, Any] | None:
    if not isinstance(body, list):
        return None
    alive: list[str] = []
    silent: list[str] = []
    for service in map(obj, items(body)):
        name = word(service.get("id"))
        if name is not None:
            (silent if number(service.get("registered_at")) is None else alive).append(name)
    said = f"{len(alive)} of {len(alive) + len(silent)} agent services alive"
    return {"said": said, "alive": tuple(alive), "silent": tuple(silent)}


def _tags(body: object, wanted: Sequence[str]) -> dict[str, Any] | None:
    listed = obj(body).get("models")
    if not isinstance(listed, list):
        return None
    names = (one.get("name") for one in map(obj, items(listed)))
    models = tuple(name for name in names if isinstance(name, str) and 0 < len(name) <= SHORT)
    # A name without a tag means the tag `latest`.
    have = set(models) | {name.removesuffix(":latest") for name in models}
    missing = tuple(name for name in wanted if name not in have)
    said = f"{len(models)} models" + (f"; not there: {', '.join(missing)}" if missing else "")
    return {"outcome": Outcome.BAD if missing else Outcome.OK, "said": said, "models": models, "missing": missing}
