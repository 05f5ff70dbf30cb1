"""The ledger's statements by name, and what more than one of its modules asks with them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg import Connection
from psycopg.rows import class_row, tuple_row

from riviere.database.sql import array, load, uuids
from riviere.ledger import provenance
from riviere.ledger.model import Entry, Hole, Known, Origin, Totals

SQL = load("riviere.ledger")


class Tip(msgspec.Struct):
    """The end of a writer's chain of batches."""

    writer: int
    number: int
    entries: int
    hash: bytes
    booked_at: datetime


def plan_by_index(connection: Connection[Any]) -> None:
    """Has this connection look rows up by their keys, whatever its statistics say.

    Where those are old, joining a few ids with the journal once read all of an owner's entries: 565 ms, not 2.
    """
    connection.execute(SQL["plan_by_index"])


def read_known(connection: Connection[Any], asked: Iterable[tuple[int, UUID]]) -> dict[tuple[int, UUID], Known]:
    """What is booked under these (owner, id), which must all be different; those that are not there are left out."""
    rows = connection.execute(SQL["read_known"], known_by(asked), binary=True)
    return {(owner, entry): Known(*known) for owner, entry, *known in rows}


def known_by(asked: Iterable[tuple[int, UUID]]) -> dict[str, str]:
    """The parameters of read_known."""
    pairs = list(asked)
    return {"owners": array(owner for owner, _ in pairs), "ids": uuids(entry for _, entry in pairs)}


def read_queue(connection: Connection[Any], owner: int, axis: int, totals: Totals) -> provenance.Queue:
    """A coin account as provenance sees it, with the totals that were read before."""
    parameters = {"owner": owner, "axis": axis}
    with connection.cursor(row_factory=class_row(Entry)) as cursor:
        came_in = cursor.execute(SQL["read_credits"], parameters).fetchall()
        went_out = cursor.execute(SQL["read_removals"], parameters).fetchall()
    with connection.cursor(row_factory=tuple_row) as cursor:
        origins = [Origin(*row) for row in cursor.execute(SQL["read_origins"], parameters)]
        holes = [Hole(*row) for row in cursor.execute(SQL["read_holes"], parameters)]
    return provenance.queue_of(axis, came_in, went_out, origins, holes, totals)
