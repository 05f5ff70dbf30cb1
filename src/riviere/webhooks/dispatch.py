"""From the outbox to deliveries: each event, once for every endpoint that wants it, and the lane it waits in."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from riviere import outbox
from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.outbox import Event
from riviere.webhooks.model import wants

SQL = load("riviere.webhooks")

#: Events a transaction takes out of the outbox.
_AT_ONCE: Final = 500

#: How long deliveries and their tries are kept once they are done, and the counters of subjects of which nobody spoke.
KEPT: Final = timedelta(days=30)


class _Body(msgspec.Struct, frozen=True):
    """What is sent. `number` grows within the subject; it has gaps where an endpoint does not want a kind."""

    type: str
    timestamp: datetime
    subject: str
    number: int
    data: msgspec.Raw


def fan_out(connection: Connection, now: datetime) -> int:
    """Makes a delivery of every event in the outbox for each endpoint that wants it; answers how many.

    An event that nobody wants is dropped. Does nothing while another process is at it.
    """
    made = 0
    while True:
        with connection.transaction():
            if connection.execute(SQL["try_dispatch"]).fetchone() != (True,):
                return made
            events = outbox.take(connection, _AT_ONCE)
            endpoints = connection.execute(SQL["list_wanting"]).fetchall() if events else []
            told = [(name, event) for event in events for name, kinds in endpoints if wants(kinds, event.kind)]
            deliver(connection, told, now)
        made += len(told)
        if len(events) < _AT_ONCE:
            return made


def deliver(connection: Connection, told: Sequence[tuple[str, Event]], now: datetime) -> None:
    """Makes a delivery of each event for the endpoint named before it, in the caller's transaction."""
    if not told:
        return
    bodies = {event.id: _body(event) for _, event in told}
    rows = [
        {
            "endpoint": endpoint,
            "event": event.id,
            "subject": event.subject,
            "number": event.number,
            "kind": event.kind,
            "body": bodies[event.id],
            "now": now,
        }
        for endpoint, event in told
    ]
    with connection.cursor() as cursor:
        # Row by row: as one array, so much text would take psycopg thirty times as long.
        cursor.executemany(SQL["add_delivery"], rows)
    open_lanes(connection, [(endpoint, event.subject) for endpoint, event in told], now, at_once=False)


def open_lanes(connection: Connection, lanes: Sequence[tuple[str, str]], now: datetime, *, at_once: bool) -> None:
    """Has (endpoint, subject) looked at: from `now` on, or, where it waits to be tried again, then or `at_once`."""
    names = {"endpoints": [endpoint for endpoint, _ in lanes], "subjects": [subject for _, subject in lanes]}
    connection.execute(SQL["open_lanes"], names | {"now": now, "at_once": at_once})


def forget(connection: Connection, now: datetime) -> None:
    """Deletes what was done 30 days ago, and what has waited that long for an endpoint that is not on. Run it daily."""
    with connection.transaction():
        lanes = connection.execute(SQL["hold_idle_lanes"]).fetchall()
        connection.execute(SQL["forget_attempts"], {"before": now - KEPT})
        connection.execute(SQL["forget_deliveries"], {"before": now - KEPT})
        names = {"endpoints": [endpoint for endpoint, _ in lanes], "subjects": [subject for _, subject in lanes]}
        connection.execute(SQL["end_lanes"], names)
        connection.execute(SQL["forget_secrets"], {"now": now})
        outbox.forget_subjects(connection, now - KEPT)


def _body(event: Event) -> str:
    body = _Body(event.kind, event.at, event.subject, event.number, msgspec.Raw(event.data.encode()))
    return msgspec.json.encode(body).decode()
