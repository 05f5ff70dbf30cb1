"""A request for a page as it came: cookies, fields of a form, and whether one of our own pages sent it."""

from functools import cached_property
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from starlette.types import Scope

from riviere.http import problems

FORM: Final = "application/x-www-form-urlencoded"

#: Fields of one form or address. None of ours has a tenth of it.
_MOST_FIELDS: Final = 200


class Asked:
    """The head of a request. Of a header that was sent twice the first one counts."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._headers = {name: value.decode("latin-1") for name, value in reversed(scope["headers"])}
        client = scope["client"]
        self.address: Final = client[0] if client else ""
        self.languages: Final = self._headers.get(b"accept-language", "")
        accepted = self._headers.get(b"accept", "")
        self.wants_json: Final = "application/json" in accepted
        self.wants_html: Final = "text/html" in accepted

    @cached_property
    def url(self) -> str:
        """The address on this server, as links write it."""
        query = self._scope["query_string"].decode("latin-1")
        path: str = self._scope["raw_path"].decode("latin-1")
        return f"{path}?{query}" if query else path

    @cached_property
    def cookies(self) -> dict[str, str]:
        """Cookies by name; none where they cannot be read."""
        try:
            return {name: one.value for name, one in SimpleCookie(self._headers.get(b"cookie", "")).items()}
        except CookieError:
            return {}

    @cached_property
    def query(self) -> dict[str, str]:
        """The address's fields. A browser that comes back to a feed says in a header how far it has read."""
        fields = _fields(self._scope["query_string"].decode("latin-1"))
        last = self._headers.get(b"last-event-id")
        return fields if last is None else fields | {"after": last}

    def form(self, body: bytes) -> dict[str, str]:
        """The fields of a form. Raises WrongContentType, or InvalidBody for what no page of ours sends."""
        kind = self._headers.get(b"content-type", "").partition(";")[0].strip().lower()
        if kind != FORM:
            raise problems.WrongContentType(takes=FORM, got=kind[:60] or "nothing")
        return _fields(body.decode("utf-8", errors="replace"))

    @property
    def came_from_here(self) -> bool:
        """Whether the browser says that a page of this server sent the form; a program that is none says neither."""
        fetched = self._headers.get(b"sec-fetch-site")
        if fetched is not None:
            return fetched in ("same-origin", "none")
        origin = self._headers.get(b"origin")
        return origin is None or urlsplit(origin).netloc == self._headers.get(b"host", "")


def _fields(text: str) -> dict[str, str]:
    """Fields by name, without space around them. Raises InvalidBody for too many, or for text that nothing keeps."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise problems.InvalidBody(reason="it has too many fields") from None
    fields = {name: value.strip() for name, value in pairs}
    if any("\x00" in value for value in fields.values()):
        raise problems.InvalidBody(reason="text has the character U+0000")
    return fields
