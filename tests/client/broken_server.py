"""A server on the loopback that does with each request what a story says, and remembers what it was asked."""

import asyncio
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import pytest

from riviere.client import AsyncClient, Client


class Asked(NamedTuple):
    """A request as it arrived."""

    method: str
    path: str
    key: str | None
    body: bytes


@dataclass(frozen=True)
class Step:
    """How one request is treated. `status` 0: not answered at all, the connection is reset or held for `seconds`."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    seconds: int = 0
    cut: bool = False


def problem(status: int, code: str, **headers: str) -> Step:
    """An answer with a problem document."""
    document = {
        "type": f"/problems/{code}",
        "title": code,
        "status": status,
        "detail": "A sentence.",
        "code": code,
        "request_id": "r_1",
        "facts": {"needed": 5},
    }
    return Step(status, document, {name.replace("_", "-"): value for name, value in headers.items()})


RESET = Step(0)


class Broken:
    """The server. Steps are taken one a request; after the last one there is nothing left to ask."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.steps: list[Step] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def _any(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                outer.asked.append(Asked(self.command, self.path, self.headers.get("idempotency-key"), body))
                self._take(outer.steps.pop(0))

            do_GET = do_POST = do_PUT = _any  # noqa: N815 - the library's names

            def _take(self, step: Step) -> None:
                if step.seconds:
                    outer.over.wait(step.seconds)
                if not step.status:
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.connection.shutdown(socket.SHUT_RD)
                    self.close_connection = True
                    return
                said = step.body if isinstance(step.body, bytes) else json.dumps(step.body).encode()
                self.send_response(step.status)
                for name, value in step.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(said) + step.cut))
                self.end_headers()
                self.wfile.write(said)
                self.close_connection = step.cut

        self.over = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def does(self, *steps: Step) -> None:
        """What it does next."""
        self.steps = list(steps)

    def keys(self) -> list[str | None]:
        """The idempotency keys it saw, in order."""
        return [asked.key for asked in self.asked]

    def close(self) -> None:
        """Stops it."""
        self.over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Kind(NamedTuple):
    """Which client plays a story."""

    name: str

    def tell(self, url: str, ask: Callable[[Any], Any], key: str = "rvk_test", **terms: int) -> Any:
        """What the client answers; of what can be iterated over, all of it."""
        if self.name == "sync":
            with Client(url, key, **terms) as client:
                answer = ask(client)
                return list(answer) if isinstance(answer, Iterable) and not isinstance(answer, str) else answer

        async def story() -> Any:
            async with AsyncClient(url, key, **terms) as client:
                answer = ask(client)
                return [each async for each in answer] if hasattr(answer, "__aiter__") else await answer

        return asyncio.run(story())


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> Kind:
    """Both clients, one after the other."""
    return Kind(request.param)


@pytest.fixture
def broken() -> Iterator[Broken]:
    """A server that does what it is told."""
    server = Broken()
    yield server
    server.close()
