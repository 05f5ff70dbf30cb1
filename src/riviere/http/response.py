"""An answer on its way out: a status, headers and a body, sent without a framework's objects in between."""

from collections.abc import AsyncIterator, Mapping
from typing import NamedTuple

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

#: Names in lower case, as HTTP/2 and the server below want them.
Headers = list[tuple[bytes, bytes]]


class Response(NamedTuple):
    """What a request is answered with."""

    status: int
    headers: Headers
    body: bytes | AsyncIterator[bytes]


def response(status: int, headers: Headers, body: bytes, kind: str) -> Response:
    """A whole body of a media type."""
    added = [(b"content-length", b"%d" % len(body)), (b"content-type", kind.encode())]
    return Response(status, headers + added, body)


def raw(headers: Mapping[str, str]) -> Headers:
    """Headers as a handler names them."""
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


async def send_out(answer: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Sends it. A body that comes in parts ends early where nobody listens any more, and is not begun for a HEAD."""
    if isinstance(answer.body, bytes) or scope["method"] == "HEAD":
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await send({"type": "http.response.body", "body": answer.body if isinstance(answer.body, bytes) else b""})
        return
    parts = StreamingResponse(answer.body, answer.status)
    parts.raw_headers = answer.headers
    await parts(scope, receive, send)
