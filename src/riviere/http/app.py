"""The application: a route for each operation, and problem documents for what is no operation at all.

A gift comes here from the web server and goes on to `dispatch.py`.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Final
from urllib.parse import unquote

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from riviere.errors import RiviereError
from riviere.http import (
    access,
    announcements,
    bulk,
    catalogue,
    checkouts,
    contests,
    docs,
    earnings,
    feed,
    gifts,
    goals,
    health,
    imports,
    income,
    journal,
    overlays,
    payees,
    places,
    policies,
    problems,
    purchases,
    questions,
    redemptions,
    refunds,
    reports,
    reviews,
    spending,
    statements,
    supporters,
    users,
    verifying,
    wallets,
    webhooks,
    words,
)
from riviere.http.dispatch import ENCODED_SLASH, answering, id_of, refusal
from riviere.http.front import Front
from riviere.http.openapi import ELSEWHERE, conditions, document
from riviere.http.operation import OPERATIONS, Operation
from riviere.http.response import send_out
from riviere.office import Office

#: The areas of the API. Importing a module adds its operations to the table, in this order.
AREAS: Final = (
    gifts,
    bulk,
    users,
    wallets,
    journal,
    statements,
    earnings,
    income,
    redemptions,
    reviews,
    payees,
    places,
    feed,
    words,
    reports,
    questions,
    announcements,
    goals,
    supporters,
    contests,
    overlays,
    catalogue,
    policies,
    purchases,
    checkouts,
    refunds,
    spending,
    access,
    webhooks,
    verifying,
    imports,
    health,
)

_CONTROL: Final = re.compile("[\x00-\x1f\x7f]")


def create_app(
    office: Office, *, also: Sequence[Operation] = (), pages: Callable[[Front], Sequence[BaseRoute]] = lambda _: ()
) -> ASGIApp:
    """The API of a running Riviere, as an ASGI application, and the `pages` in front of the same office.

    `also` are operations beside those that it documents.
    """
    front = Front(office)
    by_path: dict[str, list[Operation]] = defaultdict(list)
    for operation in (*OPERATIONS, *also):
        by_path[operation.path].append(operation)
    endpoints = {path: _Endpoint(operations, front) for path, operations in by_path.items()}
    routes: list[BaseRoute] = [Route(path, endpoint) for path, endpoint in endpoints.items()]
    kinds = {*ELSEWHERE, *(kind for operation in OPERATIONS for kind in conditions(operation))}
    routes += docs.routes(_document, kinds)
    routes += pages(front)
    app = Starlette(routes=routes, exception_handlers={HTTPException: _elsewhere})
    app.router.redirect_slashes = False
    return _Entrance(endpoints, app)


@cache
def _document() -> bytes:
    """What /openapi.json answers, made when somebody first asks for it."""
    return msgspec.json.encode(document(OPERATIONS))


class _Endpoint:
    """One path, whatever the method: so that a wrong method is told which ones there are."""

    def __init__(self, operations: Sequence[Operation], front: Front) -> None:
        self._handlers = {operation.method: answering(operation, front) for operation in operations}
        self._allowed = ", ".join(sorted({*self._handlers, "HEAD"} if "GET" in self._handlers else self._handlers))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # The web server leaves the body of an answer to HEAD away.
        method = scope["method"]
        handler = self._handlers.get("GET" if method == "HEAD" else method)
        if handler is None:
            wrong = problems.NotAllowed(allowed=self._allowed, method=method)
            await send_out(refusal(wrong, id_of(scope), []), scope, receive, send)
        else:
            await handler(scope, receive, send)


def _elsewhere(request: Request, wrong: Exception) -> Response:
    """What is at no address of ours, or at the document's with another method."""
    if isinstance(wrong, HTTPException) and wrong.status_code == 405:
        return _framed(problems.NotAllowed(allowed="GET, HEAD", method=request.method), request)
    return _framed(problems.NotFound(), request)


def _framed(wrong: RiviereError, request: Request) -> Response:
    """The refusal as the framework sends it."""
    answer = refusal(wrong, id_of(request.scope), [])
    framed = Response(answer.body, answer.status)
    framed.raw_headers = answer.headers
    return framed


class _Entrance:
    """Finds what answers a request: an address without parameters by one look, for all others the framework's routes.

    It also lets a name in a path have a slash in it, sent as %2F: a server hands paths on decoded, and parts there.
    """

    def __init__(self, endpoints: Mapping[str, ASGIApp], app: ASGIApp) -> None:
        self._endpoints = {path.encode(): endpoint for path, endpoint in endpoints.items() if "{" not in path}
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = self._endpoints.get(scope["raw_path"])
        if endpoint is None:
            scope = {**scope, "path": _parted(scope["path"], scope["raw_path"])}
            endpoint = self._app
        await endpoint(scope, receive, send)


def _parted(path: str, raw: bytes) -> str:
    # No name has one of these. One stands for a slash below, and a route would overlook a line's end at its own end.
    if _CONTROL.search(path):
        return "/%"
    if b"%2F" not in raw and b"%2f" not in raw:
        return path
    return unquote(raw.decode("latin-1").replace("%2F", ENCODED_SLASH).replace("%2f", ENCODED_SLASH))
