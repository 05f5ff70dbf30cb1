"""What a page is: one row of the table that routes it and says who may see it; a test holds the server to it."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from riviere.access.scopes import Scope

#: Everybody; who is signed in as a user; or the operators who have a scope.
Who: TypeAlias = Literal["anyone", "user", "operator"]


@dataclass(frozen=True, slots=True)
class Shown:
    """A page: a template of ours and what it shows."""

    template: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    #: Where a frame in the page may come from, beside nowhere.
    frames: str = ""


@dataclass(frozen=True, slots=True)
class See:
    """Go on to another address of ours; `cookies` (a value, and how many seconds it lasts) are set on the way."""

    address: str
    cookies: Mapping[str, tuple[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """JSON for a script of ours."""

    facts: Any
    status: int = 200


@dataclass(frozen=True, slots=True)
class File:
    """Bytes to keep: a table, a statement."""

    body: bytes
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG whose address says all that it is made of, so that browsers may keep it for ever."""

    body: bytes


@dataclass(frozen=True, slots=True)
class Framed:
    """A page for a frame of opaque origin: what runs in it is not ours, and `policy` says what it may load."""

    template: str
    policy: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Live:
    """Server-sent events."""

    messages: AsyncIterator[bytes]


#: Cookies by what they are for: who is signed in, and whether amounts are veiled.
SESSION: Final = "session"
VEIL: Final = "veil"

Answer: TypeAlias = Shown | See | Told | File | Picture | Framed | Live
Handler: TypeAlias = Callable[..., Any]


@dataclass(frozen=True)
class Page:
    """One row. `who` may ask; operators need `scope`. A handler that is no coroutine may wait for the database.

    Where the address itself is `secret`, no cookie is looked at, nobody is told where a request came from, and what
    goes wrong shows nothing: broadcasting software would send it out.
    """

    method: Literal["GET", "POST"]
    path: str
    who: Who
    scope: Scope | None
    handler: Handler
    secret: bool = False


#: Every page, in the order in which they were imported.
PAGES: Final[list[Page]] = []


def page(
    method: Literal["GET", "POST"], path: str, *, who: Who, scope: Scope | None = None, secret: bool = False
) -> Callable[[Handler], Handler]:
    """Adds the decorated handler to PAGES. It takes a Visit and returns an Answer."""

    def add(handler: Handler) -> Handler:
        PAGES.append(Page(method, path, who, scope, handler, secret))
        return handler

    return add
