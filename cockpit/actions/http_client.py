"""One HTTP exchange that can neither hang, nor flood, nor be sent twice.

The exchange runs in a thread of its own and is given up at its deadline whatever the other side does: a slow name
server, headers that trickle in, a body without an end. Whether anything had been sent by then is known exactly,
because the thread asks for leave right before it sends.
"""

import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cockpit import __version__
from cockpit.models.request import BodyValue
from cockpit.sources.jsonfile import Unreadable, decode

if TYPE_CHECKING:
    import httpx

MAX_ANSWER = 1024 * 1024
"""Bytes read of an answer."""
TRIES = 3
"""How often a GET is tried while the service refuses connections."""
_WAIT_S = 0.2

_SENDING = "http11.send_request_headers.started"


class NotSentError(Exception):
    """Nothing was sent; the message says why."""


class NoAnswerError(Exception):
    """It was sent, and there is no answer: it may have happened. The message says why there is none."""


class CancelledCall(BaseException):
    """The job is being ended."""


@dataclass(frozen=True, slots=True)
class Call:
    """What is to be sent.

    Attributes:
        token: Sent as `Authorization: Bearer`; `None` for none.
        timeout_s: Seconds for all of it.
    """

    method: str
    url: str
    body: Mapping[str, BodyValue] | None = None
    token: str | None = field(default=None, repr=False)
    timeout_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        body: At most `MAX_ANSWER` bytes of it.
        size: Bytes that came.
        value: The JSON document, where it is one.
        unreadable: Why `value` is none, or `None`.
    """

    status: int
    content_type: str
    body: bytes
    size: int
    elapsed_s: float
    location: str | None = None
    value: Any = None
    unreadable: str | None = None

    @property
    def good(self) -> bool:
        """Whether the service says that it did what it was asked."""
        return 200 <= self.status < 300


def exchange(call: Call) -> Answer:
    """Send a request once and read the answer.

    Redirects are not followed, proxies of the environment not used, certificates checked against those the system
    trusts.

    Raises:
        NotSentError: Nothing was sent.
        NoAnswerError: It was sent, and no answer came.
        CancelledCall: The job was ended before anything was sent.
    """
    return _Exchange(call).carry_out()


def get(call: Call) -> Answer:
    """Ask; while connections are refused a few times, as nothing is sent then and asking changes nothing.

    Raises:
        NotSentError: The service cannot be reached.
        NoAnswerError: It does not answer.
    """
    for tried in range(1, TRIES + 1):
        try:
            return exchange(call)
        except NotSentError:
            if tried == TRIES:
                raise
            time.sleep(_WAIT_S * tried)
    raise AssertionError("unreachable: the last try returns or raises")


class _Exchange:
    """One exchange: what its thread and the one that waits for it share."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._lock = threading.Lock()
        self._sent = False
        self._given_up = False
        self._over = threading.Event()
        self._began = time.monotonic()
        self._head: tuple[int, str, str | None, str] | None = None
        self._chunks: list[bytes] = []
        self._size = 0
        self._trouble: str | None = None

    def carry_out(self) -> Answer:
        thread = threading.Thread(target=self._work, name="http", daemon=True)
        thread.start()
        try:
            in_time = self._over.wait(self._call.timeout_s)
        except CancelledCall:
            if self._give_up():
                raise NoAnswerError("cancelled while the answer was waited for") from None
            raise
        sent = self._give_up()
        if not in_time:
            what = "whole answer" if sent else "connection"
            self._trouble = f"no {what} within {self._call.timeout_s:g} s"
        if self._head is not None:
            return self._answer(*self._head)
        why = self._trouble or "the connection was closed"
        raise NoAnswerError(why) if sent else NotSentError(why)

    def _give_up(self) -> bool:
        """From now on nothing is sent; tells whether it was before."""
        with self._lock:
            self._given_up = True
            return self._sent

    def _work(self) -> None:
        import httpx

        try:
            with httpx.Client(
                timeout=self._call.timeout_s, follow_redirects=False, trust_env=False, verify=_trusted(self._call.url)
            ) as client:
                self._talk(client)
        except httpx.TimeoutException:
            self._trouble = f"no answer within {self._call.timeout_s:g} s"
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ValueError, OSError) as error:
            self._trouble = _why(error)
        except _GivenUp:
            pass
        finally:
            self._over.set()

    def _talk(self, client: "httpx.Client") -> None:
        headers = {
            "Accept": "application/json",
            # What is packed could unpack to any size.
            "Accept-Encoding": "identity",
            "User-Agent": f"cockpit/{__version__}",
        }
        if self._call.token is not None:
            headers["Authorization"] = f"Bearer {self._call.token}"
        body = None if self._call.body is None else dict(self._call.body)
        request = client.build_request(
            self._call.method, self._call.url, json=body, headers=headers, extensions={"trace": self._trace}
        )
        response = client.send(request, stream=True)
        try:
            kind = response.headers.get("content-type", "")
            packed = response.headers.get("content-encoding", "")
            self._head = response.status_code, kind, response.headers.get("location"), packed
            for chunk in response.iter_raw():
                if self._given_up:
                    return
                self._size += len(chunk)
                if self._size > MAX_ANSWER:
                    self._trouble = f"longer than {MAX_ANSWER} bytes; the rest was not read"
                    self._chunks.append(chunk[: MAX_ANSWER - self._size])
                    return
                self._chunks.append(chunk)
        finally:
            response.close()

    def _trace(self, event: str, _info: Mapping[str, Any]) -> None:
        if event != _SENDING:
            return
        with self._lock:
            if self._given_up:
                raise _GivenUp
            self._sent = True

    def _answer(self, status: int, kind: str, location: str | None, packed: str) -> Answer:
        body = b"".join(list(self._chunks))
        value, unreadable = None, self._trouble
        if unreadable is None:
            value, unreadable = _json(body, kind, packed)
        elapsed = time.monotonic() - self._began
        return Answer(status, kind, body, self._size, elapsed, location, value, unreadable)


class _GivenUp(Exception):  # noqa: N818 - no error: the exchange was given up before it sent anything
    pass


def _json(body: bytes, kind: str, packed: str) -> tuple[Any, str | None]:
    if packed not in ("", "identity"):
        return None, f"packed as {packed[:40]!r}, which was not asked for"
    if not body:
        return None, "empty"
    media = kind.partition(";")[0].strip().lower()
    if media != "application/json" and not media.endswith("+json"):
        return None, f"no JSON: its type is {media[:80] or 'not given'}"
    try:
        return decode(body)[0], None
    except Unreadable as trouble:
        return None, trouble.reason


def _trusted(url: str) -> ssl.SSLContext | bool:
    """What the system trusts, which an operator can add to, instead of a list that comes with a library."""
    return ssl.create_default_context() if url.lower().startswith("https:") else True


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__
