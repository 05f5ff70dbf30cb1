"""What the stand-in remembers, in one SQLite file: a restart or a `kill -9` changes nothing that was answered.

Stripe's objects are kept as Stripe shows them, by their `object` and `id`; what only the stand-in knows has types here.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from riviere.database.sql import load

_SQL = load("riviere.sandbox.cards")


class Endpoint(msgspec.Struct):
    """Where webhooks go: an address, the secret they are signed with, and the types it wants (`*` for all)."""

    id: str
    url: str
    secret: str
    events: list[str]


class Delivery(msgspec.Struct):
    """An event on its way to an endpoint: how often it was tried, when it is due (seconds since 1970), the last answer.

    `held` waits until a test lets it go.
    """

    id: str
    event: str
    endpoint: str
    due: float
    tries: int = 0
    held: bool = False
    status: int | None = None


class Delivered(Delivery):
    """One that is over: the endpoint has answered 2xx, or is no more."""


class PaidOut(msgspec.Struct):
    """In which payout a balance transaction was."""

    id: str
    payout: str


class Kept(msgspec.Struct):
    """The first answer to an idempotency key, what was asked for it, and when (seconds since 1970)."""

    id: str
    asked: str
    at: int
    status: int
    body: Any
    request: str


class Fault(msgspec.Struct):
    """How the next `left` calls of one operation go wrong; see riviere.sandbox.cards.control."""

    id: str
    kind: str
    left: int
    status: int = 500
    milliseconds: int = 0


class Asked(msgspec.Struct):
    """A request that came: its operation, method, path, idempotency key, and the status it was answered with."""

    id: str
    operation: str
    method: str
    path: str
    key: str | None
    replayed: bool
    status: int | None


class Steered(msgspec.Struct):
    """What a test has set: seconds that the clock is ahead, whether new webhooks wait, how many payments take long."""

    id: str = "now"
    ahead: int = 0
    holding: bool = False
    slow: int = 0


Document = TypeVar("Document", Endpoint, Delivery, Delivered, Kept, Fault, Asked, Steered, PaidOut)


class Store:
    """The file. All that a request changes is written inside one `transaction`, before it is answered."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        # Outlives a crash of this process at no wait for the disk; a crash of the machine may cost the last requests.
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute(_SQL["create"])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything written inside is kept, or nothing of it."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def get(self, kind: type[Document], name: str) -> Document | None:
        """What the stand-in has written down under that name, if anything."""
        found = self.raw(kind.__name__, name)
        return None if found is None else msgspec.json.decode(found, type=kind)

    def put(self, *documents: Endpoint | Delivery | Kept | Fault | Asked | Steered | PaidOut) -> None:
        """Writes down, in place of what had their names."""
        for one in documents:
            self.put_raw(type(one).__name__, one.id, msgspec.json.encode(one))

    def steered(self) -> Steered:
        """What a test has set."""
        return self.get(Steered, "now") or Steered()

    def drop(self, kind: type[Document], name: str) -> None:
        """Forgets."""
        self._connection.execute(_SQL["drop"], {"kind": kind.__name__, "id": name})

    def every(self, kind: type[Document]) -> list[Document]:
        """All of a kind, oldest first."""
        return [msgspec.json.decode(body, type=kind) for body in self.every_raw(kind.__name__)]

    def object(self, kind: str, name: str) -> dict[str, Any] | None:
        """Stripe's object of that kind and id, if there is one."""
        found = self.raw(kind, name)
        return None if found is None else dict(msgspec.json.decode(found))

    def put_object(self, made: dict[str, Any]) -> None:
        """Keeps one of Stripe's objects as it stands now."""
        self.put_raw(made["object"], made["id"], msgspec.json.encode(made))

    def objects(self, kind: str) -> Iterator[dict[str, Any]]:
        """Stripe's objects of a kind, newest first."""
        for (body,) in self._connection.execute(_SQL["newest"], {"kind": kind}):
            yield msgspec.json.decode(body)

    def raw(self, kind: str, name: str) -> bytes | None:
        """A document's bytes."""
        found = self._connection.execute(_SQL["get"], {"kind": kind, "id": name}).fetchone()
        return None if found is None else found[0]

    def put_raw(self, kind: str, name: str, body: bytes) -> None:
        """Keeps bytes as a document."""
        self._connection.execute(_SQL["put"], {"kind": kind, "id": name, "body": body})

    def every_raw(self, kind: str) -> list[bytes]:
        """The bytes of all documents of a kind, oldest first."""
        return [body for (body,) in self._connection.execute(_SQL["every"], {"kind": kind})]

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()
