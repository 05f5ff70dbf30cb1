"""What an operation of the API is: one row of the table that routes, checks and documents it.

The routes (`app.py`), the checks before a handler runs (`dispatch.py`), the OpenAPI document (`openapi.py`) and the
table test of who may do what all read the same rows, so that they cannot differ.
"""

import inspect
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Generic, Literal, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from riviere import clock
from riviere.access.gate import Principal
from riviere.access.scopes import Scope
from riviere.database.connection import Connection
from riviere.errors import RiviereError
from riviere.http.front import Front
from riviere.office import Office

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"

#: In place of a scope: any credentials will do.
ANY: Final = "any"

#: The time in examples.
EXAMPLE_TIME: Final = datetime(2026, 1, 31, 20, 15, tzinfo=UTC)


@dataclass(slots=True)
class Call:
    """One request as a handler sees it: who asks, for what, when."""

    front: Front
    now: datetime
    principal: Principal | None
    path: Mapping[str, str]
    key: str
    request_id: str

    @property
    def office(self) -> Office:
        """The running Riviere."""
        return self.front.office

    @property
    def caller(self) -> Principal:
        """Who asks, where an operation needs a scope."""
        assert self.principal is not None, "an operation without a scope asked who calls"
        return self.principal

    def instant(self, at: datetime | None) -> datetime:
        """`at` in UTC, or the present where it is None. Raises BadTime before the year 1 and after 9999."""
        return self.now if at is None else clock.instant(at)

    @property
    def actor(self) -> str:
        """Who acts, as people read it in records and steps: "creator", "operator kim", "key app"."""
        who = self.caller
        return {"user": "creator", "operator": f"operator {who.name}", "backend": f"key {who.name}"}[who.kind]

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection in autocommit, given back at the end of the block."""
        return self.office.pool.connection()


Body = TypeVar("Body", bound=msgspec.Struct | AsyncIterator[msgspec.Struct] | None)


class Answered(NamedTuple, Generic[Body]):
    """An answer with more to it than its body: another status, further headers."""

    body: Body
    status: int | None = None
    headers: Mapping[str, str] = {}


class Signed(NamedTuple):
    """A body as it came and its sender's signature, in place of a struct: the very bytes were signed."""

    body: bytes
    signature: str


Handler = Callable[..., Any]


@dataclass(frozen=True)
class Operation:
    """One row.

    `scope` None means that anybody may ask, ANY whoever says who they are; `owner` names the path parameter that a
    user's own token must be. `keyed` asks for an Idempotency-Key. `again` is the status where what was asked stood
    before. `raises` are the errors that it documents beyond those that every operation has. `asked` and `answer` are
    examples, which the document shows and a test sends.
    """

    id: str
    method: str
    path: str
    tag: str
    scope: Scope | Literal["any"] | None
    owner: str | None
    keyed: bool
    status: int
    again: int | None
    raises: Sequence[type[RiviereError]]
    asked: Any
    answer: Any
    takes: str
    gives: str
    handler: Handler
    body: Any = field(init=False)
    query: Any = field(init=False)
    reply: Any = field(init=False)
    waits: bool = field(init=False)

    def __post_init__(self) -> None:
        hints = get_type_hints(self.handler, include_extras=True)
        object.__setattr__(self, "body", hints.get("body"))
        object.__setattr__(self, "query", hints.get("query"))
        reply = hints["return"]
        if get_origin(reply) is Answered:
            (reply,) = get_args(reply)
        object.__setattr__(self, "reply", None if reply is type(None) else reply)
        object.__setattr__(self, "waits", not inspect.iscoroutinefunction(self.handler))

    @property
    def summary(self) -> str:
        """The first line of the handler's docstring, without a full stop."""
        return (inspect.getdoc(self.handler) or "").partition("\n")[0].rstrip(".")

    @property
    def description(self) -> str:
        """The whole docstring of the handler."""
        return inspect.getdoc(self.handler) or ""


#: Every operation of the API, in the order of the document. Modules add to it as they are imported by app.py.
OPERATIONS: Final[list[Operation]] = []


def operation(
    method: str,
    path: str,
    *,
    id: str,  # noqa: A002 - OpenAPI's own word
    tag: str,
    scope: Scope | Literal["any"] | None,
    owner: str | None = None,
    keyed: bool = False,
    status: int = 200,
    again: int | None = None,
    raises: Sequence[type[RiviereError]] = (),
    asked: Any = None,
    answer: Any = None,
    takes: str = JSON,
    gives: str = JSON,
) -> Callable[[Handler], Handler]:
    """Adds the decorated handler to OPERATIONS.

    A handler takes a Call, and where it needs them `body` and `query` (structs of riviere.wire); it returns a struct
    or Answered. One that is not a coroutine runs in a thread, and may wait for the database.
    """

    def add(handler: Handler) -> Handler:
        OPERATIONS.append(
            Operation(
                id, method, path, tag, scope, owner, keyed, status, again, raises, asked, answer, takes, gives, handler
            )
        )
        return handler

    return add
