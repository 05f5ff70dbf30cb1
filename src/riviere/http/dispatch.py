"""The one way in which every operation is answered: who asks, may they, what do they ask, then the handler.

A gift comes here from `app.py` as a request and goes on to `gifts.py` as a Call and a SendGift.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import anyio.to_thread
import msgspec
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse

from riviere import clock, ids
from riviere.access.gate import Principal
from riviere.economy import checks
from riviere.errors import RiviereError
from riviere.http import problems
from riviere.http.front import Front
from riviere.http.limits import Left
from riviere.http.operation import ANY, NDJSON, Answered, Call, Operation

#: Bytes of a JSON body. Bulk requests are read line by line and have no such limit.
MOST_BYTES: Final = 64 * 1024
#: Seconds without a byte of a body that was announced, after which it is waited for no more.
BODY_PATIENCE: Final = 30
#: Seconds that a request waits for a thread to be worked on in.
_PATIENCE: Final = 5

_LOG = structlog.get_logger("riviere.http")
_CLIENT_IDS = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
#: U+0000 as JSON escapes it; a backslash before it would make it six ordinary characters.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
#: An encoded slash inside a path parameter, as `app.py` hands it on: no name can have this character.
ENCODED_SLASH: Final = "\x00"


def answering(operation: Operation, front: Front) -> Callable[[Request], Awaitable[Response]]:
    """What answers requests for one operation."""

    async def answer(request: Request) -> Response:
        request_id = id_of(request)
        begun = time.perf_counter()
        headers = {"X-Request-Id": request_id, "Cache-Control": "no-store"}
        try:
            response = await _answer(operation, front, request, request_id, headers)
        except ClientDisconnect:
            # Nobody is there to hear it. Whatever was handed on before is booked or refused as if they were.
            response = Response(status_code=499)
        except Exception as broken:
            wrong = problems.known(broken)
            if wrong is None:
                _LOG.exception("broken", operation=operation.id, request_id=request_id)
            response = refusal(wrong or problems.Internal(), request_id, headers)
        seconds = time.perf_counter() - begun
        front.metrics.answered(operation.id, response.status_code, seconds)
        _LOG.info(
            "answered", operation=operation.id, status=response.status_code, ms=round(seconds * 1000, 1), id=request_id
        )
        return response

    return answer


def id_of(request: Request) -> str:
    """What names a request in the log: the client's own word where it is a plain one."""
    given = request.headers.get("x-request-id", "")
    return given if _CLIENT_IDS.fullmatch(given) else ids.shown("r", ids.random_id())


def refusal(wrong: RiviereError, request_id: str, headers: dict[str, str]) -> Response:
    """The problem document of an error."""
    document = problems.problem(wrong, request_id)
    further = {"X-Request-Id": request_id, "Cache-Control": "no-store"}
    if document.status == 401:
        further["WWW-Authenticate"] = f'Bearer realm="riviere", error="{document.code}"'
    elif document.status == 503:
        further["Retry-After"] = str(problems.RETRY_AFTER)
    elif isinstance(wrong, problems.TooManyRequests):
        further["Retry-After"] = str(wrong.facts["wait"])
    elif isinstance(wrong, problems.NotAllowed):
        further["Allow"] = str(wrong.facts["allowed"])
    return Response(msgspec.json.encode(document), document.status, {**headers, **further}, media_type=problems.PROBLEM)


async def _answer(
    operation: Operation, front: Front, request: Request, request_id: str, headers: dict[str, str]
) -> Response:
    principal = await _principal(operation, front, request, headers)
    path = _path(request)
    if principal is not None:
        _may(operation, principal, path)
    key = _key(operation, request)
    call = Call(front, clock.now(), principal, path, key, request_id)
    given = await _given(operation, request)
    with _once(operation, call):
        if operation.waits:
            result = await _worked(front, lambda: operation.handler(call, **given))
        else:
            result = await operation.handler(call, **given)
    return _response(operation, result, headers)


async def _worked(front: Front, work: Callable[[], Any]) -> Any:
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


async def _principal(operation: Operation, front: Front, request: Request, headers: dict[str, str]) -> Principal | None:
    """Who asks, counted against their quota; a stranger is counted by address."""
    if operation.scope is None:
        return None
    try:
        principal = await anyio.to_thread.run_sync(
            front.office.gate.principal, request.headers.get("authorization"), clock.now()
        )
    except RiviereError:
        _within(front.count_stranger(request.client.host if request.client else ""), headers)
        raise
    _within(front.count(principal), headers)
    return principal


def _within(left: Left, headers: dict[str, str]) -> None:
    headers.update(left.headers)
    if left.wait:
        raise problems.too_many(left)


def _path(request: Request) -> dict[str, str]:
    """The path's parameters. What no name can be is not found."""
    path = {name: str(value).replace(ENCODED_SLASH, "/") for name, value in request.path_params.items()}
    if not all(checks.is_text(value, 255) for value in path.values()):
        raise problems.NotFound
    return path


def _may(operation: Operation, principal: Principal, path: dict[str, str]) -> None:
    """Raises ScopeTooSmall; and for what is another user's NotFound, as if it were not there."""
    if operation.scope != ANY and operation.scope not in principal.scopes:
        raise problems.ScopeTooSmall(scope=operation.scope)
    if principal.kind == "user" and operation.owner and path[operation.owner] != principal.name:
        raise problems.NotFound


def _key(operation: Operation, request: Request) -> str:
    if not operation.keyed:
        return ""
    sent = request.headers.get("idempotency-key", "")
    if not sent:
        raise problems.MissingKey
    # Bytes, which the framework hands on as Latin-1: in a path or a body the same key is UTF-8.
    key = sent.encode("latin-1").decode(errors="surrogateescape")
    ids.client_id(key)
    return key


async def _given(operation: Operation, request: Request) -> dict[str, Any]:
    """The query and the body as the handler takes them."""
    given: dict[str, Any] = {}
    query = request.query_params
    if operation.query is not None:
        given["query"] = _query(operation.query, query.multi_items())
    elif query:
        raise problems.InvalidQuery(reason=f"there is no {min(query.keys())!r}"[:100])
    if operation.body is not None:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != operation.takes:
            raise problems.WrongContentType(takes=operation.takes, got=kind[:60] or "nothing")
        parts = _parts(request)
        given["body"] = parts if operation.takes == NDJSON else decoded(operation.body, await _whole(parts))
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


async def _parts(request: Request) -> AsyncIterator[bytes]:
    """The body as it arrives. Raises TooSlow where nothing does any more."""
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(BODY_PATIENCE):
                part = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise problems.TooSlow(seconds=BODY_PATIENCE) from None
        yield part


async def _whole(parts: AsyncIterator[bytes]) -> bytes:
    """The whole body. Raises BodyTooLarge before more than the limit is kept."""
    kept = bytearray()
    async for part in parts:
        kept += part
        if len(kept) > MOST_BYTES:
            raise problems.BodyTooLarge(most=MOST_BYTES)
    return bytes(kept)


def decoded(kind: Any, body: bytes) -> Any:
    """A JSON text as a struct of riviere.wire. Raises MalformedBody or InvalidBody."""
    if _NUL.search(body):
        # PostgreSQL keeps no text with it, and no name or message has use for it.
        raise problems.InvalidBody(reason="text has the character U+0000")
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as wrong:
        raise problems.InvalidBody(reason=str(wrong)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise problems.MalformedBody(takes="JSON", reason=str(wrong)[:200].rstrip(".")) from None


@contextmanager
def _once(operation: Operation, call: Call) -> Iterator[None]:
    """Keeps a second request with the same key out while the first is worked on. A gift's second step may overtake."""
    if not call.key or not operation.waits:
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


def _response(operation: Operation, result: Any, headers: dict[str, str]) -> Response:
    status = operation.status
    if isinstance(result, Answered):
        status = result.status or status
        headers = {**headers, **result.headers}
        result = result.body
    if isinstance(result, str):
        return Response(result, status, {**headers, "Content-Type": operation.gives})
    if isinstance(result, AsyncIterator):
        return StreamingResponse(result, status, headers, media_type=operation.gives)
    if result is None:
        return Response(status_code=204, headers=headers)
    return Response(msgspec.json.encode(result), status, headers, media_type=operation.gives)
