"""A service on 127.0.0.1 for tests of actions that are HTTP requests: answers as told, misbehaves as told."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Raw = Callable[["Handler"], None]
"""Answers by itself, on the connection: for what no server should do."""


@dataclass(frozen=True)
class Reply:
    """An answer."""

    body: Any = None
    status: int = 200
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def data(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Asked:
    """A request that came."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


class Service:
    """Routes and what came. The last of several answers to one route stays."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.routes: dict[tuple[str, str], list[Reply | Raw]] = {}
        self.fallback: Callable[[Asked], Reply | None] = lambda _asked: None
        self.url = ""
        self.over = threading.Event()
        self._lock = threading.Lock()

    def on(self, method: str, path: str, *replies: Any, status: int = 200) -> None:
        """Answer a request; anything but a `Reply` or a function is a JSON document."""
        made = [one if isinstance(one, Reply) or callable(one) else Reply(one, status) for one in replies]
        self.routes[method, path] = made

    def reply(self, asked: Asked) -> Reply | Raw:
        with self._lock:
            self.asked.append(asked)
            listed = self.routes.get((asked.method, asked.path))
            if listed:
                return listed.pop(0) if len(listed) > 1 else listed[0]
        return self.fallback(asked) or Reply({"detail": "Not Found"}, 404)

    def sent(self, method: str = "POST") -> list[Asked]:
        return [one for one in self.asked if one.method == method]


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    service: Service
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        raw = self.rfile.read(length)
        asked = Asked(self.command, self.path, dict(self.headers.items()), json.loads(raw) if raw else None)
        reply = self.service.reply(asked)
        self.close_connection = True
        if not isinstance(reply, Reply):
            reply(self)
            return
        self.send_response(reply.status)
        headers = {"Content-Type": reply.kind, "Content-Length": str(len(reply.data)), **reply.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.data)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # noqa: N815 - names of the standard library

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - a name of the standard library
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is what some tests are about."""


@contextmanager
def serving(service: Service) -> Iterator[Service]:
    """Serve on a free port of 127.0.0.1."""
    server = _Server(("127.0.0.1", 0), type("Bound", (Handler,), {"service": service}))
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        service.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
