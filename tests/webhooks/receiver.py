"""A receiver of webhooks on this machine, as good or as bad as a test wants it to be."""

import json
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook


@dataclass(frozen=True)
class Heard:
    """One request: when it came, and whether it was still being answered when another of its subject came."""

    at: float
    path: str
    headers: Mapping[str, str]
    body: str

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def told(self) -> dict[str, Any]:
        return dict(json.loads(self.body))

    @property
    def subject(self) -> str:
        return str(self.told["subject"])

    def signed_by(self, secret: str) -> bool:
        """Whether one of its signatures is this secret's, at whatever time it says it was made."""
        at = datetime.fromtimestamp(int(self.headers["webhook-timestamp"]), UTC)
        return Webhook(secret).sign(self.id, at, self.body) in self.headers["webhook-signature"].split(" ")


@dataclass(frozen=True)
class Answer:
    """What the receiver does with a request: wait, then answer, or close the connection without a word (status 0).

    `drip` sends the body a byte at a time, one every tenth of a second.
    """

    status: int = 200
    wait: float = 0
    body: str = "thanks"
    headers: Mapping[str, str] = field(default_factory=dict)
    drip: bool = False


OK = Answer()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 200  # connections that wait to be taken; with the usual 5, many at once are refused

    def handle_error(self, *_: object) -> None:
        """A sender that hangs up is nobody's error here."""


class Receiver:
    """Use it as a context manager. `plan` says what to do with a request; it may be changed at any time."""

    def __init__(
        self, plan: Callable[[Heard], Answer] = lambda heard: OK, *, tls: ssl.SSLContext | None = None
    ) -> None:
        self.plan = plan
        self.heard: list[Heard] = []
        self.taken: list[Heard] = []
        self.overlaps: list[str] = []
        self._busy: set[str] = set()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks"

    def __enter__(self) -> "Receiver":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def ids(self) -> list[str]:
        """The webhook-ids taken, in the order they came."""
        return [heard.id for heard in self.taken]

    def wait_for(self, done: Callable[[], bool], seconds: float = 20) -> bool:
        """Whether `done` comes true in time."""
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        return True

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                body = self.rfile.read(length).decode()
                if len(body.encode()) < length:
                    # Whoever sent it was killed between the head and the body: nothing was heard.
                    self.close_connection = True
                    return
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver._hear(Heard(time.monotonic(), self.path, headers, body), self)

            def do_GET(self) -> None:
                raise AssertionError("a redirect was followed")

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    def _hear(self, heard: Heard, handler: BaseHTTPRequestHandler) -> None:
        with self._lock:
            answer = self.plan(heard)
            self.heard.append(heard)
            if heard.subject in self._busy:
                self.overlaps.append(heard.subject)
            self._busy.add(heard.subject)
        self._closing.wait(answer.wait)
        with self._lock:
            self._busy.discard(heard.subject)
            if 200 <= answer.status < 300:
                self.taken.append(heard)
        try:
            self._answer(answer, handler)
        except OSError:
            handler.close_connection = True

    def _answer(self, answer: Answer, handler: BaseHTTPRequestHandler) -> None:
        if answer.status == 0:
            handler.close_connection = True
            return
        body = answer.body.encode()
        handler.send_response(answer.status)
        for name, value in {"content-length": str(len(body)), **answer.headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        for at in range(len(body)) if answer.drip else ():
            handler.wfile.write(body[at : at + 1])
            self._closing.wait(0.1)
        if not answer.drip:
            handler.wfile.write(body)
