"""The application: a route for each operation, and problem documents for what is no operation at all.

A gift comes here from the web server and goes on to `dispatch.py`.
"""

import re
from collections import defaultdict
from typing import Final
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from riviere.errors import RiviereError
from riviere.http import (
    access,
    bulk,
    catalogue,
    docs,
    earnings,
    gifts,
    health,
    payees,
    places,
    policies,
    problems,
    purchases,
    redemptions,
    reviews,
    statements,
    users,
    verifying,
    wallets,
    webhooks,
)
from riviere.http.dispatch import ENCODED_SLASH, answering, id_of, refusal
from riviere.http.front import Front
from riviere.http.openapi import ELSEWHERE, conditions, document
from riviere.http.operation import OPERATIONS, Operation
from riviere.office import Office

#: The areas of the API. Importing a module adds its operations to the table, in this order.
AREAS: Final = (
    gifts,
    bulk,
    users,
    wallets,
    statements,
    earnings,
    redemptions,
    reviews,
    payees,
    places,
    catalogue,
    policies,
    purchases,
    access,
    webhooks,
    verifying,
    health,
)

_CONTROL: Final = re.compile("[\x00-\x1f\x7f]")


def create_app(office: Office) -> ASGIApp:
    """The API of a running Riviere, as an ASGI application."""
    front = Front(office)
    by_path: dict[str, list[Operation]] = defaultdict(list)
    for operation in OPERATIONS:
        by_path[operation.path].append(operation)
    routes: list[BaseRoute] = [_route(path, operations, front) for path, operations in by_path.items()]
    kinds = {*ELSEWHERE, *(kind for operation in OPERATIONS for kind in conditions(operation))}
    routes += docs.routes(document(OPERATIONS), kinds)
    app = Starlette(routes=routes, exception_handlers={HTTPException: _elsewhere})
    app.router.redirect_slashes = False
    return _Slashes(app)


def _route(path: str, operations: list[Operation], front: Front) -> Route:
    """One path, whatever the method: so that a wrong method is told which ones there are."""
    handlers = {operation.method: answering(operation, front) for operation in operations}

    async def choose(request: Request) -> Response:
        # The web server leaves the body of an answer to HEAD away.
        handler = handlers.get("GET" if request.method == "HEAD" else request.method)
        if handler is None:
            allowed = ", ".join(sorted({*handlers, "HEAD"} if "GET" in handlers else handlers))
            return _refused(problems.NotAllowed(allowed=allowed, method=request.method), request)
        return await handler(request)

    return Route(path, _Any(choose))


class _Any:
    """An endpoint that takes every method: Starlette asks only functions which ones they take."""

    def __init__(self, answer: object) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._answer(Request(scope, receive, send))  # type: ignore[operator]
        await response(scope, receive, send)


def _elsewhere(request: Request, wrong: Exception) -> Response:
    """What is at no address of ours, or at the document's with another method."""
    if isinstance(wrong, HTTPException) and wrong.status_code == 405:
        return _refused(problems.NotAllowed(allowed="GET, HEAD", method=request.method), request)
    return _refused(problems.NotFound(), request)


def _refused(wrong: RiviereError, request: Request) -> Response:
    return refusal(wrong, id_of(request), {})


class _Slashes:
    """Lets a name in a path have a slash in it, sent as %2F: a server hands paths on decoded, and parts there."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = {**scope, "path": _parted(scope["path"], scope["raw_path"])}
        await self._app(scope, receive, send)


def _parted(path: str, raw: bytes) -> str:
    # No name has one of these. One stands for a slash below, and a route would overlook a line's end at its own end.
    if _CONTROL.search(path):
        return "/%"
    if b"%2F" not in raw and b"%2f" not in raw:
        return path
    return unquote(raw.decode("latin-1").replace("%2F", ENCODED_SLASH).replace("%2f", ENCODED_SLASH))
