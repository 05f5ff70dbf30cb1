"""The document and a page to try the API with, all of it out of this server and an installed package: no CDN."""

from collections.abc import Callable, Iterable
from importlib import resources
from typing import Final

import msgspec
import swagger_ui_bundle
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from riviere.errors import RiviereError
from riviere.http import problems

_OURS: Final = resources.files("riviere.http") / "static"

#: Swagger UI sets styles from its script, so styles alone may be inline. Nothing comes from or goes to anywhere else.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def routes(document: Callable[[], bytes], kinds: Iterable[type[RiviereError]]) -> list[BaseRoute]:
    """/openapi.json, /docs and what that page loads; and an address for each of the `kinds` of problem."""
    explained = {kind.code: msgspec.json.encode(problems.explained(kind)) for kind in kinds}
    page = (_OURS / "docs.html").read_text("utf-8")

    # Not async: making the document takes a tenth of a second, in which others are answered.
    def openapi(_: Request) -> Response:
        return Response(document(), media_type="application/json")

    async def docs(_: Request) -> Response:
        return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"})

    async def problem(request: Request) -> Response:
        if request.path_params["code"] not in explained:
            raise HTTPException(404)
        return Response(explained[request.path_params["code"]], media_type="application/json")

    return [
        Route("/openapi.json", openapi),
        Route("/problems/{code}", problem),
        Route("/docs", docs),
        Mount("/docs/swagger", StaticFiles(directory=swagger_ui_bundle.swagger_ui_path)),
        Mount("/docs/static", StaticFiles(packages=[("riviere.http", "static")])),
    ]
