"""The sandbox as an ASGI application: reads a request, finds who answers it, and writes the answer, or fails to.

`create_sandbox` makes it; riviere.sandbox says what it does.
"""

import asyncio
import base64
import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import msgspec

from riviere import clock, ids
from riviere.sandbox import control, payouts
from riviere.sandbox.answers import Answer, Wrong, malformed, missing, stranger
from riviere.sandbox.store import Fault, Store, Token

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

#: A token's life (nine hours, as PayPal's sandbox gives; seconds), and the longest body that is read (bytes).
TOKEN_SECONDS = 32_400
LONGEST_BODY = 2**24

_SCOPE = "https://uri.paypal.com/payments/payouts"


class Request(msgspec.Struct, frozen=True):
    """What came: the path in parts, the query, headers in lower case, the body, and the address it came to."""

    method: str
    path: list[str]
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    base: str

    def json(self) -> Any:
        """The body, if it says that it is JSON and is (else Wrong)."""
        if self.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            message = "The server does not support the request payload's media type."
            raise Wrong(415, "UNSUPPORTED_MEDIA_TYPE", message)
        try:
            return msgspec.json.decode(self.body)
        except msgspec.DecodeError:
            raise malformed() from None


class Sandbox:
    """PayPal Payouts v1 with one account: `client_id` and `secret` are its credentials."""

    def __init__(self, path: Path, client_id: str, secret: str, now: Callable[[], datetime]) -> None:
        self._store = Store(path)
        self._credentials = f"{client_id}:{secret}".encode()
        self._now = now

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """One request. The server is told to send no lifespan events: the sandbox is there from the start."""
        assert scope["type"] == "http", "the sandbox speaks nothing but HTTP"
        fault: Fault | None = None
        try:
            request = await _read(scope, receive)
            with self._store.transaction():
                fault = control.fault_of(self._store, operation(request) or "")
            if fault and fault.kind == "dropped":
                await _drop(send)
                return
            if fault and fault.kind == "error":
                raise Wrong(fault.status, "INTERNAL_ERROR", "An internal service error has occurred.")
            with self._store.transaction():
                answer = self._answer(request)
        except Wrong as wrong:
            answer = wrong.answer
        if fault and fault.kind == "lost":
            await _drop(send)
            return
        if fault and fault.kind == "late":
            await asyncio.sleep(fault.milliseconds / 1000)
        if fault and fault.kind == "double" and "items" in answer.body:
            answer.body["items"] *= 2
        await _write(send, answer)

    def _answer(self, request: Request) -> Answer:
        now, base = self._now(), request.base
        match operation(request), request.path:
            case "token", _:
                return self._token(request, now)
            case None, ["_sandbox", *rest]:
                self._is_client(request)
                body = request.json() if request.method == "POST" else None
                return control.steer(self._store, request.method, rest, body, now)
            case None, _:
                raise missing()
            case named, path:
                self._has_token(request, now)
                return self._payout(str(named), path, request, base, now)

    def _payout(self, named: str, path: list[str], request: Request, base: str, now: datetime) -> Answer:
        match named:
            case "create":
                return payouts.create(self._store, request.json(), base, now)
            case "show":
                return payouts.show(self._store, path[3], request.query, base, now)
            case "show_item":
                return payouts.show_item(self._store, path[3], base, now)
            case _:
                return payouts.cancel(self._store, path[3], base, now)

    def _token(self, request: Request, now: datetime) -> Answer:
        self._is_client(request)
        if parse_qs(request.body.decode("ascii", "replace")).get("grant_type") != ["client_credentials"]:
            told = {"error": "unsupported_grant_type", "error_description": "Grant Type is NULL or not supported"}
            return Answer(400, told)
        token = Token(f"A21AA{ids.salt(32).hex()}", now + timedelta(seconds=TOKEN_SECONDS))
        self._store.put(token)
        told = {"scope": _SCOPE, "access_token": token.id, "token_type": "Bearer", "app_id": "APP-80W284485P519543T"}
        return Answer(200, {**told, "expires_in": TOKEN_SECONDS, "nonce": now.isoformat()})

    def _is_client(self, request: Request) -> None:
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        try:
            credentials = base64.b64decode(given, validate=True)
        except ValueError:
            credentials = b""
        if kind.lower() != "basic" or not hmac.compare_digest(credentials, self._credentials):
            wrong = stranger()
            told = {"error": "invalid_client", "error_description": "Client Authentication failed"}
            wrong.answer = Answer(401, told)
            raise wrong

    def _has_token(self, request: Request, now: datetime) -> None:
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        token = self._store.get(Token, given)
        if kind.lower() != "bearer" or token is None or token.until <= now:
            raise stranger()

    def close(self) -> None:
        """Closes the file; whoever serves the sandbox does it at the end."""
        self._store.close()


def create_sandbox(path: Path, client_id: str, secret: str, now: Callable[[], datetime] = clock.now) -> Sandbox:
    """The ASGI application whose state is the SQLite file at `path`; `now` is its clock."""
    return Sandbox(path, client_id, secret, now)


def operation(request: Request) -> str | None:
    """The name of a PayPal call, by method and path; nothing for any other."""
    match request.method, request.path:
        case "POST", ["v1", "oauth2", "token"]:
            return "token"
        case "POST", ["v1", "payments", "payouts"]:
            return "create"
        case "GET", ["v1", "payments", "payouts", _]:
            return "show"
        case "GET", ["v1", "payments", "payouts-item", _]:
            return "show_item"
        case "POST", ["v1", "payments", "payouts-item", _, "cancel"]:
            return "cancel"
    return None


async def _read(scope: MutableMapping[str, Any], receive: Receive) -> Request:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    body, more = bytearray(), True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > LONGEST_BODY:
            raise Wrong(413, "REQUEST_TOO_LARGE", "The request is larger than the server reads.")
    return Request(
        scope["method"],
        scope["path"].strip("/").split("/"),
        dict(parse_qsl(scope["query_string"].decode("latin-1"))),
        headers,
        bytes(body),
        f"{scope['scheme']}://{headers.get('host', 'localhost')}",
    )


async def _write(send: Send, answer: Answer) -> None:
    body = msgspec.json.encode(answer.body)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _drop(send: Send) -> None:
    """Ends the connection in the middle of an answer: the server closes what was begun and not finished."""
    headers = [(b"content-length", b"1000")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"{", "more_body": True})
