"""Gifts as they were sent, for whoever sent them: one by its key, or all of them, newest first.

A gift comes here from the journal (`ledger/batch.py` wrote it) and goes back to its sender.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
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
from riviere.ledger.refusals import UnknownEntry

SQL = load("riviere.economy")

#: Entries of each coin account that one page looks at. A long combo has one a step, so a page may have fewer gifts than
#: asked.
MOST_ROWS: Final = 1_000

_Number = Annotated[int, Meta(ge=1, le=2**63 - 1)]


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
    anonymous: bool


class Position(NamedTuple):
    """How far a walk has come along each coin account of a sender: what is numbered below is still to come."""

    coins: _Number
    bonus: _Number
    imported: _Number


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
    where = dict(zip(AXES, before or _ends(connection, sender), strict=True))
    after = {axis: max(0, number - 1 - MOST_ROWS) for axis, number in where.items()}
    walk = {"sender": sender, "kinds": [*where], "after": [*after.values()], "before": [*where.values()]}
    rows = connection.execute(SQL["walk_sent"], walk).fetchall()
    ids: list[UUID] = []
    left = Counter(kind for _, kind, *_ in rows)
    for gift, kind, seq, first in rows:
        if len(ids) == limit or any(after[axis] and not left[axis] for axis in AXES):
            break
        where[kind] = seq
        left[kind] -= 1
        if first:
            ids.append(gift)
    # An account of which nothing is left goes on below what was looked at.
    where.update({axis: after[axis] + 1 for axis in AXES if not left[axis]})
    onward = Position(*where.values()) if any(number > 1 for number in where.values()) else None
    found = {gift.id: gift for gift in _read(connection, sender, ids)}
    return [found[gift] for gift in ids], onward


def _ends(connection: Connection, sender: int) -> Position:
    """Behind whatever the sender's coin accounts have paid by now."""
    last = {kind: seq for kind, _, _, seq, _ in connection.execute(SQL["read_wallet"], {"user": sender})}
    return Position(*(last.get(axis, 0) + 1 for axis in AXES))


def _read(connection: Connection, sender: int, gifts: Sequence[UUID]) -> list[Sent]:
    reversals = [system_id("reverse", gift) for gift in gifts]
    with connection.cursor(row_factory=dict_row) as cursor:
        parameters = {"sender": sender, "ids": list(gifts), "reversals": reversals}
        rows = cursor.execute(SQL["read_sent"], parameters).fetchall()
    named = people.names(connection, sorted({row["creator"] for row in rows}))
    return [Sent(**row | {"creator": named[row["creator"]]}) for row in rows]
