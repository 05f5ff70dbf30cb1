"""Our own styles and scripts, out of memory. Their address changes when they do, so browsers may keep them for ever."""

from hashlib import sha256
from importlib import resources
from typing import Final

from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from riviere.http import problems
from riviere.http.dispatch import id_of, refusal
from riviere.http.response import raw, response, send_out

_FOLDER: Final = resources.files("riviere.pages") / "static"
_KINDS: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
#: For what is at another address when it changes.
FOR_EVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}


class Files:
    """Every file of the folder `static`."""

    def __init__(self) -> None:
        self._files = {one.name: one.read_bytes() for one in _FOLDER.iterdir() if one.name.rpartition(".")[2] in _KINDS}
        version = sha256(b"".join(name.encode() + data for name, data in sorted(self._files.items()))).hexdigest()
        #: Where they are found: pages write it before a file's name.
        self.address: Final = f"/static/{version[:12]}"

    def route(self) -> Route:
        """Answers for them."""
        return Route("/static/{version}/{name}", _Endpoint(self._files))


class _Endpoint:
    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = scope["path_params"]["name"]
        found = self._files.get(name)
        if found is None or scope["method"] not in ("GET", "HEAD"):
            answer = refusal(problems.NotFound(), id_of(scope), [])
        else:
            answer = response(
                200, raw(FOR_EVER | {"X-Content-Type-Options": "nosniff"}), found, _KINDS[name.rpartition(".")[2]]
            )
        await send_out(answer, scope, receive, send)
