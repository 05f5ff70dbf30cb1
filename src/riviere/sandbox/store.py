"""What the sandbox remembers, in one SQLite file: a restart changes nothing."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from riviere.database.sql import load

_SQL = load("riviere.sandbox")


class Batch(msgspec.Struct):
    """A batch of payouts: PayPal's id, the sender's own header as it came, and the ids of its items in order.

    `status` is set only where a test forces one; otherwise it follows from the items.
    """

    id: str
    header: dict[str, Any]
    at: datetime
    items: list[str]
    seen: bool = False
    status: str | None = None


class Item(msgspec.Struct):
    """A payout: what was asked, its status since when, the statuses that the next looks find, and all it has had.

    `told` is what the sandbox says of it where a test makes it lie.
    """

    id: str
    batch: str
    asked: dict[str, Any]
    at: datetime
    status: str
    ahead: list[str]
    history: list[str]
    told: dict[str, Any]


class Token(msgspec.Struct):
    """An access token, good until a time."""

    id: str
    until: datetime


class Sender(msgspec.Struct):
    """Which batch a sender_batch_id stands for."""

    id: str
    batch: str


class Fault(msgspec.Struct):
    """How the next `left` calls of one operation go wrong; see riviere.sandbox.control."""

    id: str
    kind: str
    left: int
    status: int = 500
    milliseconds: int = 0


Document = TypeVar("Document", Batch, Item, Token, Sender, Fault)


class Store:
    """The file. Its documents are read and written inside `open`, all of a request or nothing."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
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
        """The document of that name, if there is one."""
        found = self._connection.execute(_SQL["get"], {"kind": kind.__name__, "id": name}).fetchone()
        return None if found is None else msgspec.json.decode(found[0], type=kind)

    def put(self, *documents: Batch | Item | Token | Sender | Fault) -> None:
        """Keeps documents, in place of what had their names."""
        rows = [{"kind": type(one).__name__, "id": one.id, "body": msgspec.json.encode(one)} for one in documents]
        self._connection.executemany(_SQL["put"], rows)

    def every(self, kind: type[Document]) -> list[Document]:
        """All of a kind, oldest first."""
        rows = self._connection.execute(_SQL["every"], {"kind": kind.__name__})
        return [msgspec.json.decode(body, type=kind) for (body,) in rows]

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()
