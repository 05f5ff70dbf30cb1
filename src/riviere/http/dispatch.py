"""The one way in which every operation is answered: who asks, may they, what do they ask, then the handler.

A gift comes here from `app.py` as a request and goes on to `gifts.py` as a Call and a SendGift. Thousands of requests a
second go through here, in one thread: what most of them need costs little, and what few of them need is asked for only
then.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, TypeVar

import anyio.to_thread
import msgspec
import structlog
from starlette.datastructures import QueryParams
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from riviere import clock, ids
from riviere.access.gate import Principal
from riviere.economy import checks
from riviere.errors import RiviereError
from riviere.http import problems
from riviere.http.front import Front
from riviere.http.limits import Left
from riviere.http.operation import ANY, NDJSON, Answered, Call, Operation, Signed
from riviere.http.response import Headers, Response, raw, response, send_out
from riviere.wire.feed import EVENT_STREAM

#: Bytes of a JSON body. Bulk requests are read line by line and have no such limit.
MOST_BYTES: Final = 64 * 1024
#: Seconds without a byte of a body that was announced, after which it is waited for no more.
BODY_PATIENCE: Final = 30
#: Seconds that a request waits for a thread to be worked on in.
_PATIENCE: Final = 5

_LOG = structlog.get_logger("riviere.http")
_CLIENT_IDS = re.compile(rb"[A-Za-z0-9_.:-]{1,64}")
#: U+0000 as JSON escapes it; a backslash before it would make it six ordinary characters.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
#: An encoded slash inside a path parameter, as `app.py` hands it on: no name can have this character.
ENCODED_SLASH: Final = "\x00"

Result = TypeVar("Result")


class _Asked:
    """A request as it came. Of a header that was sent twice the first one counts."""

    __slots__ = ("headers", "receive", "request_id", "scope")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.scope = scope
        self.receive = receive
        self.headers: dict[bytes, bytes] = dict(reversed(scope["headers"]))
        self.request_id = _id_in(self.headers)

    def header(self, name: bytes) -> str | None:
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")


def answering(operation: Operation, front: Front) -> ASGIApp:
    """What answers requests for one operation."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        begun = time.perf_counter()
        asked = _Asked(scope, receive)
        # What is known by the time of the answer, whichever it will be.
        headers: Headers = []
        try:
            answer = await _answer(operation, front, asked, headers)
        except ClientDisconnect:
            # Nobody is there to hear it. Whatever was handed on before is booked or refused as if they were.
            answer = Response(499, [], b"")
        except Exception as broken:
            wrong = problems.known(broken)
            if wrong is None:
                _LOG.exception("broken", operation=operation.id, request_id=asked.request_id)
            answer = refusal(wrong or problems.Internal(), asked.request_id, headers)
        seconds = time.perf_counter() - begun
        front.metrics.answered(operation.id, answer.status, seconds)
        _LOG.info(
            "answered", operation=operation.id, status=answer.status, ms=round(seconds * 1000, 1), id=asked.request_id
        )
        await send_out(answer, scope, receive, send)

    return answer


def id_of(scope: Scope) -> str:
    """What names a request in the log: the client's own word where it is a plain one."""
    return _id_in(dict(reversed(scope["headers"])))


def _id_in(headers: dict[bytes, bytes]) -> str:
    given = headers.get(b"x-request-id")
    return ids.request_id() if given is None or not _CLIENT_IDS.fullmatch(given) else given.decode()


def refusal(wrong: RiviereError, request_id: str, headers: Headers) -> Response:
    """The problem document of an error. `headers` go out with it."""
    document = problems.problem(wrong, request_id)
    further = {}
    if document.status == 401:
        further["WWW-Authenticate"] = f'Bearer realm="riviere", error="{document.code}"'
    elif document.status == 503:
        further["Retry-After"] = str(problems.RETRY_AFTER)
    elif isinstance(wrong, problems.TooManyRequests):
        further["Retry-After"] = str(wrong.facts["wait"])
    elif isinstance(wrong, problems.NotAllowed):
        further["Allow"] = str(wrong.facts["allowed"])
    every = _every(request_id) + headers + raw(further)
    return response(document.status, every, msgspec.json.encode(document), problems.PROBLEM)


def _every(request_id: str) -> Headers:
    """The headers that every answer has."""
    return [(b"x-request-id", request_id.encode()), (b"cache-control", b"no-store")]


async def _answer(operation: Operation, front: Front, asked: _Asked, headers: Headers) -> Response:
    now = clock.now()
    principal = await _principal(operation, front, asked, now, headers)
    path = path_of(asked.scope)
    if principal is not None:
        permit(operation, principal, path)
    call = Call(front, now, principal, path, _key(operation, asked), asked.request_id)
    given = await _given(operation, asked)
    if operation.waits:
        with once(operation, call):
            result = await worked(front, lambda: operation.handler(call, **given))
    else:
        result = await operation.handler(call, **given)
    return _response(operation, result, _every(asked.request_id) + headers)


async def worked(front: Front, work: Callable[[], Result]) -> Result:
    """What `work` answers, in a thread. Raises Busy where all have had enough to do for a while."""
    try:
        async with asyncio.timeout(_PATIENCE):
            await front.workers.acquire()
    except TimeoutError:
        raise problems.Busy from None
    try:
        return await anyio.to_thread.run_sync(work)
    finally:
        front.workers.release()


async def _principal(
    operation: Operation, front: Front, asked: _Asked, now: datetime, headers: Headers
) -> Principal | None:
    """Who asks, counted against their quota; a stranger is counted by address."""
    if operation.scope is None:
        return None
    gate, authorization = front.office.gate, asked.header(b"authorization")
    try:
        principal = gate.remembered(authorization, now)
        if principal is None:
            principal = await anyio.to_thread.run_sync(gate.principal, authorization, now)
    except RiviereError:
        client = asked.scope["client"]
        _within(front.count_stranger(client[0] if client else ""), headers)
        raise
    _within(front.count(principal), headers)
    return principal


def _within(left: Left, headers: Headers) -> None:
    headers += left.headers
    if left.wait:
        raise problems.too_many(left)


def path_of(scope: Scope) -> dict[str, str]:
    """The path's parameters. What no name can be is not found."""
    parameters = scope.get("path_params")
    if not parameters:
        return {}
    path = {name: str(value).replace(ENCODED_SLASH, "/") for name, value in parameters.items()}
    if not all(checks.is_text(value, 255) for value in path.values()):
        raise problems.NotFound
    return path


def permit(operation: Operation, principal: Principal, path: Mapping[str, str]) -> None:
    """Raises ScopeTooSmall; and for what is another user's NotFound, as if it were not there."""
    if operation.scope != ANY and operation.scope not in principal.scopes:
        raise problems.ScopeTooSmall(scope=operation.scope)
    if principal.kind == "user" and operation.owner and path[operation.owner] != principal.name:
        raise problems.NotFound


def _key(operation: Operation, asked: _Asked) -> str:
    if not operation.keyed:
        return ""
    sent = asked.headers.get(b"idempotency-key")
    if not sent:
        raise problems.MissingKey
    # UTF-8, as the same key is in a path or a body.
    return ids.client_key(sent.decode(errors="surrogateescape"))


async def _given(operation: Operation, asked: _Asked) -> dict[str, Any]:
    """The query and the body as the handler takes them."""
    given: dict[str, Any] = {}
    sent = asked.scope["query_string"]
    if sent or operation.query is not None:
        query = QueryParams(sent)
        if operation.query is not None:
            items = query.multi_items()
            last = asked.header(b"last-event-id") if operation.gives == EVENT_STREAM else None
            if last is not None:
                # A browser that comes back asks for the same address as the first time, and says here how far it is.
                items = [(name, value) for name, value in items if name != "after"] + [("after", last)]
            given["query"] = _query(operation.query, items)
        elif query:
            raise problems.InvalidQuery(reason=f"there is no {min(query.keys())!r}"[:100])
    if operation.body is not None:
        kind = (asked.header(b"content-type") or "").partition(";")[0].strip().lower()
        if kind != operation.takes:
            raise problems.WrongContentType(takes=operation.takes, got=kind[:60] or "nothing")
        if operation.takes == NDJSON:
            given["body"] = _parts(asked.receive)
        elif operation.body is Signed:
            given["body"] = Signed(await whole(asked.receive), asked.header(b"stripe-signature") or "")
        else:
            given["body"] = decoded(operation.body, await whole(asked.receive))
    return given


def _query(kind: Any, items: list[tuple[str, str]]) -> Any:
    fields = dict(items)
    if len(fields) < len(items):
        raise problems.InvalidQuery(reason="a name comes twice")
    try:
        return msgspec.convert(_fit(fields), kind, strict=False)
    except msgspec.ValidationError as wrong:
        raise problems.InvalidQuery(reason=str(wrong)) from None


def _fit(fields: dict[str, str]) -> dict[str, str]:
    if not all(value.isprintable() for value in fields.values()):
        raise problems.InvalidQuery(reason="it has control characters")
    return fields


async def _part(receive: Receive) -> tuple[bytes, bool]:
    """What has arrived of a body, and whether there is more. Raises TooSlow where nothing arrives any more."""
    try:
        async with asyncio.timeout(BODY_PATIENCE):
            message = await receive()
    except TimeoutError:
        raise problems.TooSlow(seconds=BODY_PATIENCE) from None
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message.get("body", b""), message.get("more_body", False)


async def _parts(receive: Receive) -> AsyncIterator[bytes]:
    """A body as it arrives."""
    more = True
    while more:
        part, more = await _part(receive)
        yield part


async def whole(receive: Receive) -> bytes:
    """A whole body. Raises BodyTooLarge before more than the limit is kept."""
    kept, more = await _part(receive)
    while len(kept) <= MOST_BYTES:
        if not more:
            return kept
        part, more = await _part(receive)
        kept += part
    raise problems.BodyTooLarge(most=MOST_BYTES)


def decoded(kind: Any, body: bytes) -> Any:
    """A JSON text as a struct of riviere.wire. Raises MalformedBody or InvalidBody."""
    if b"\\u0000" in body and _NUL.search(body):
        # PostgreSQL keeps no text with it, and no name or message has use for it.
        raise problems.InvalidBody(reason="text has the character U+0000")
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as wrong:
        raise problems.InvalidBody(reason=str(wrong)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise problems.MalformedBody(takes="JSON", reason=str(wrong)[:200].rstrip(".")) from None


@contextmanager
def once(operation: Operation, call: Call) -> Iterator[None]:
    """Keeps a second request with the same key out while the first is worked on."""
    if not call.key:
        yield
        return
    actor = call.path.get("user") or call.caller.name
    running = (operation.id, actor, call.key)
    if running in call.front.running:
        raise problems.StillRunning
    call.front.running.add(running)
    try:
        yield
    finally:
        call.front.running.discard(running)


def _response(operation: Operation, result: Any, headers: Headers) -> Response:
    status = operation.status
    if isinstance(result, Answered):
        status = result.status or status
        headers += raw(result.headers)
        result = result.body
    if isinstance(result, str):
        return response(status, headers, result.encode(), operation.gives)
    if isinstance(result, AsyncIterator):
        return Response(status, [*headers, (b"content-type", operation.gives.encode())], result)
    if result is None:
        return Response(204, headers, b"")
    return response(status, headers, msgspec.json.encode(result), operation.gives)
