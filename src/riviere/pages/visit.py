"""One request for a page, and how a page gets what it shows: by the operations of the API, with the visitor's rights.

So a page can do nothing that the platform's own app could not do, and who may do what is decided in one place.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import msgspec
from babel import Locale

from riviere.access.gate import Principal
from riviere.access.scopes import Scope
from riviere.access.sessions import Visitor
from riviere.http import problems
from riviere.http.dispatch import once, permit
from riviere.http.front import Front
from riviere.http.operation import OPERATIONS, Answered, Call, Operation

#: What everybody may see who opens a stream's page without signing in.
PUBLIC: Final[frozenset[Scope]] = frozenset(
    {
        "announcements:read",
        "boards:read",
        "catalogue:read",
        "feed:read",
        "places:read",
        "policies:read",
        "questions:read",
    }
)

#: For a field whose value is JSON's null; None leaves a field out.
NULL: Final = object()

#: For operations without an object.
_NOWHERE: Final[Mapping[str, str]] = MappingProxyType({})

_NOBODY: Final = Principal("user", "", PUBLIC, None)


class House(NamedTuple):
    """What is the same for every visit: whether this is a demo, and whether people reach it by https alone."""

    demo: bool
    secure: bool


@dataclass(frozen=True, slots=True)
class Visit:
    """A request as a page sees it.

    `visitor` is None for somebody who is not signed in, `secret` what their cookie says. `wants_json` says that a
    script of ours asks, and not the browser itself; `veiled` that amounts are not to be shown, as somebody shares their
    screen; `url` is what they asked for, and `address` where they are.
    """

    house: House
    front: Front
    now: datetime
    visitor: Visitor | None
    secret: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, str]
    url: str
    wants_json: bool
    veiled: bool
    locale: Locale
    address: str
    request_id: str

    @property
    def principal(self) -> Principal:
        """Who asks, as the operations of the API know them. What everybody may see, who is signed in may see too."""
        if self.visitor is None:
            return _NOBODY
        principal = self.visitor.principal
        return msgspec.structs.replace(principal, scopes=principal.scopes | PUBLIC)

    @property
    def user(self) -> str:
        """The visitor's name, on a page that only users may see."""
        assert self.principal.kind == "user", "a page for users was shown to somebody else"
        return self.principal.name

    def may(self, scope: Scope) -> bool:
        """Whether the visitor's own role, or their being a user, allows what needs this scope."""
        return self.visitor is not None and scope in self.visitor.principal.scopes

    def ask(
        self,
        operation: str,
        path: Mapping[str, str] = _NOWHERE,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        key: str = "",
    ) -> Any:
        """What an operation of the API answers this visitor. Raises what it raises, and what a request of it would.

        Texts from a form are read as the operation's own types; empty ones are left out.
        """
        row = _rows()[operation]
        call = self._call(row, path, key)
        with once(row, call):
            return _body(row.handler(call, **_given(row, query, body)))

    async def ask_soon(
        self,
        operation: str,
        path: Mapping[str, str] = _NOWHERE,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        key: str = "",
    ) -> Any:
        """The same for an operation that is answered in the event loop."""
        row = _rows()[operation]
        return _body(await row.handler(self._call(row, path, key), **_given(row, query, body)))

    def _call(self, row: Operation, path: Mapping[str, str], key: str) -> Call:
        if row.scope is not None:
            permit(row, self.principal, path)
        if row.keyed and not key:
            raise problems.MissingKey
        return Call(self.front, self.now, self.principal, path, key, self.request_id)


_ROWS: Final[dict[str, Operation]] = {}


def _rows() -> Mapping[str, Operation]:
    if not _ROWS:
        _ROWS.update({row.id: row for row in OPERATIONS})
    return _ROWS


def _given(row: Operation, query: Mapping[str, Any] | None, body: Mapping[str, Any] | None) -> dict[str, Any]:
    given = {}
    if row.query is not None:
        given["query"] = _converted(row.query, query, problems.InvalidQuery)
    if row.body is not None:
        given["body"] = _converted(row.body, body, problems.InvalidBody)
    return given


def _converted(
    kind: Any, fields: Mapping[str, Any] | None, wrong: type[problems.InvalidQuery | problems.InvalidBody]
) -> Any:
    said = {name: value for name, value in (fields or {}).items() if value not in ("", None)}
    said |= {name: None for name, value in said.items() if value is NULL}
    try:
        return msgspec.convert(said, kind, strict=False)
    except msgspec.ValidationError as refused:
        raise wrong(reason=str(refused)) from None


def _body(result: Any) -> Any:
    return result.body if isinstance(result, Answered) else result
