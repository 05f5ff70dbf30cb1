"""Gifts as they were sent, for whoever sent them: one by its key, or all of them, newest first.

A gift comes here from the journal (`ledger/store.py` wrote it) and goes back to its sender.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Final, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Meta
from psycopg.rows import dict_row

from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.economy import people
from riviere.ids import system_id
from riviere.ledger.law import AXES
from riviere.ledger.model import UnknownEntry

SQL = load("riviere.economy")

#: Rows of the journal that one page looks at. A long combo has a row a step, so a page may have fewer gifts than asked.
MOST_ROWS: Final = 1_000


class Sent(msgspec.Struct, frozen=True):
    """A gift that stands, or was reversed. `count`, `coins` and `diamonds` (thousandths) are those of all its steps.

    `at` is when it (for a combo its first step) happened, `message` the last words that are kept beside it.
    """

    id: UUID
    creator: str
    code: str
    count: int
    coins: int
    diamonds: int
    kind: str
    place: str
    at: datetime
    booked_at: datetime
    imported: bool
    message: str | None
    reversed: bool


class Position(NamedTuple):
    """A row of the journal in the order of `listed`."""

    booked_at: Annotated[datetime, Meta(tz=True)]
    kind: Annotated[int, Meta(ge=0, le=2**15 - 1)]
    seq: Annotated[int, Meta(ge=0, le=2**63 - 1)]


_NEWEST: Final = Position(datetime.max.replace(tzinfo=UTC), 0, 0)


def find(connection: Connection, sender: int, gift: UUID) -> Sent:
    """The gift that the user `sender` (our id) sent. Raises UnknownEntry."""
    found = _read(connection, sender, [gift])
    if not found:
        raise UnknownEntry(what="gift", id=gift)
    return found[0]


def listed(
    connection: Connection, sender: int, before: Position | None, limit: int
) -> tuple[list[Sent], Position | None]:
    """What `sender` sent before a position, newest first: `limit` gifts at the most, and where to go on (None: end).

    A combo lies where its first step does. There may be more even where there are fewer than `limit`.
    """
    where = (before or _NEWEST)._asdict()
    walk = where | {"sender": sender, "kinds": list(AXES), "most": MOST_ROWS}
    rows = connection.execute(SQL["walk_sent"], walk).fetchall()
    ids: list[UUID] = []
    after = None
    for gift, booked_at, kind, seq, first in rows:
        if len(ids) == limit:
            break
        after = Position(booked_at, kind, seq)
        if first:
            ids.append(gift)
    else:
        after = after if len(rows) == MOST_ROWS else None
    found = {gift.id: gift for gift in _read(connection, sender, ids)}
    return [found[gift] for gift in ids], after


def _read(connection: Connection, sender: int, gifts: Sequence[UUID]) -> list[Sent]:
    reversals = [system_id("reverse", gift) for gift in gifts]
    with connection.cursor(row_factory=dict_row) as cursor:
        parameters = {"sender": sender, "ids": list(gifts), "reversals": reversals}
        rows = cursor.execute(SQL["read_sent"], parameters).fetchall()
    named = people.names(connection, sorted({row["creator"] for row in rows}))
    return [Sent(**row | {"creator": named[row["creator"]]}) for row in rows]
