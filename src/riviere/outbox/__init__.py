"""The outbox: what others are to be told, written in the transaction of what it tells, so both stand or neither does.

`put` is all that the rest of Riviere knows of telling. `riviere.webhooks` takes the events from here and sends them.
"""

from datetime import datetime
from typing import Any, Final

import msgspec

from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.ids import random_id, shown

SQL = load("riviere.outbox")

#: Bytes of JSON that the data of one event may take: with its envelope it stays under the 20 kB of Standard Webhooks.
LARGEST_DATA: Final = 17_500


class Event(msgspec.Struct, frozen=True):
    """Something that happened, as others hear of it.

    `kind` is dotted ("redemption.paid"); `subject` says what the order is kept for ("redemption/7d1c…"), and `number`
    only ever grows within it. `data` is JSON. `id` is the event's own name, the same for everybody who hears of it.
    """

    subject: str
    number: int
    id: str
    kind: str
    at: datetime
    data: str


def put(connection: Connection, kind: str, subject: str, data: msgspec.Struct | dict[str, Any], now: datetime) -> None:
    """Tells of something in the caller's transaction: call it inside `connection.transaction()`.

    The subject's row is locked until that transaction ends, so numbers within a subject follow the order of commits;
    who tells of several subjects at once takes them in alphabetical order. `data` holds no floats, amounts of
    diamonds and money as decimal strings, and at most LARGEST_DATA bytes.
    """
    row = {"subject": subject, "id": shown("evt", random_id()), "kind": kind, "at": now}
    connection.execute(SQL["put"], row | {"data": msgspec.json.encode(data).decode()})


def take(connection: Connection, most: int) -> list[Event]:
    """Takes up to `most` events out of the outbox, each subject's in order; gone once the transaction commits.

    One transaction at a time may do this (`riviere.webhooks.dispatch`): two could pass each other's events by.
    """
    rows = connection.execute(SQL["take"], {"most": most}).fetchall()
    return sorted((Event(*row) for row in rows), key=lambda event: (event.subject, event.number))


def forget_subjects(connection: Connection, before: datetime) -> None:
    """Drops the counters of subjects of which nothing was told since `before`: their names may name people."""
    connection.execute(SQL["forget_subjects"], {"before": before})
