"""Who is told: endpoints, their secrets, and what was delivered to them.

Connections are in autocommit; a function that writes opens its own transaction. A secret is shown once, when it is
made; it is kept as it is, since signing needs it, in a table that only the server's role reads.
"""

import base64
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from psycopg.rows import class_row

from riviere import ids
from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.economy import checks
from riviere.outbox import Event
from riviere.webhooks import addresses
from riviere.webhooks.dispatch import deliver, open_lanes
from riviere.webhooks.gather import wanted_of_journal
from riviere.webhooks.model import (
    LONGEST_DESCRIPTION,
    TEST,
    Attempt,
    Delivery,
    Endpoint,
    NotWaiting,
    UnknownDelivery,
    UnknownEndpoint,
    checked_kinds,
)

SQL = load("riviere.webhooks")

#: How long a secret still signs, beside the new one, after it was replaced.
OVERLAP: Final = timedelta(hours=24)

#: Bytes of chance in a secret (Standard Webhooks: 24 to 64).
_SECRET: Final = 32


def create(
    connection: Connection,
    url: str,
    kinds: Iterable[str],
    description: str,
    by: str,
    now: datetime,
    *,
    allow_local: bool = False,
) -> tuple[Endpoint, str]:
    """A new endpoint and its secret. It hears of what happens from now on.

    `kinds` are of riviere.webhooks.model.KINDS, "*" for all or "redemption.*" for some. Raises BadUrl, InternalAddress,
    UnknownKind or BadText.
    """
    addresses.check_url(url, allow_local=allow_local)
    wanted = checked_kinds(kinds)
    if description:
        checks.text(description, "A description", LONGEST_DESCRIPTION)
    name = ids.shown("whe", ids.random_id())
    row = {"id": name, "url": url, "kinds": wanted, "description": description, "by": by, "now": now}
    with connection.transaction():
        connection.execute(SQL["lock_dispatch"])
        if not wanted_of_journal(connection):
            # What nobody wanted so far is the past, also where no courier has run to pass it over.
            connection.execute(SQL["skip_journal"])
        connection.execute(SQL["add_endpoint"], row)
        secret = _add_secret(connection, name)
    return find(connection, name), secret


def find(connection: Connection, endpoint: str) -> Endpoint:
    """Raises UnknownEndpoint."""
    found = _endpoints(connection, endpoint)
    if not found:
        raise UnknownEndpoint(endpoint=endpoint)
    return found[0]


def listed(connection: Connection) -> list[Endpoint]:
    """Every endpoint, oldest first."""
    return _endpoints(connection, None)


def rotate(connection: Connection, endpoint: str, now: datetime) -> str:
    """A new secret; those before it sign too for another 24 hours. Raises UnknownEndpoint."""
    with connection.transaction():
        # One after the other, so that no two secrets are the newest.
        if connection.execute(SQL["lock_endpoint"], {"id": endpoint}).fetchone() is None:
            raise UnknownEndpoint(endpoint=endpoint)
        connection.execute(SQL["end_secrets"], {"endpoint": endpoint, "until": now + OVERLAP})
        return _add_secret(connection, endpoint)


def disable(connection: Connection, endpoint: str, now: datetime) -> Endpoint:
    """Sends nothing from now on; what happens meanwhile waits, for 30 days at the most. Raises UnknownEndpoint."""
    return _set_state(connection, endpoint, "off", ["on"], now)


def enable(connection: Connection, endpoint: str, now: datetime) -> Endpoint:
    """Goes on where it stopped, also where it was disabled by itself. Raises UnknownEndpoint.

    After an answer of 410 nothing was kept for it: what happened since is not told.
    """
    with connection.transaction():
        connection.execute(SQL["lock_dispatch"])
        if not wanted_of_journal(connection):
            connection.execute(SQL["skip_journal"])
        return _set_state(connection, endpoint, "on", ["off", "failing", "gone"], now)


def delete(connection: Connection, endpoint: str) -> None:
    """Removes an endpoint with all that was delivered to it or waits for it. Raises UnknownEndpoint."""
    find(connection, endpoint)
    with connection.transaction():
        connection.execute(SQL["lock_dispatch"])
        for statement in ("delete_lanes", "delete_attempts", "delete_deliveries", "delete_endpoint"):
            connection.execute(SQL[statement], {"endpoint": endpoint})


def send_test(connection: Connection, endpoint: str, now: datetime) -> str:
    """Has a webhook.test sent to this endpoint alone; answers its webhook-id. Raises UnknownEndpoint."""
    event = Event(
        f"webhook/{endpoint}/test",
        int(now.timestamp() * 1_000),
        ids.shown("evt", ids.random_id()),
        TEST,
        now,
        msgspec.json.encode({"endpoint": endpoint}).decode(),
    )
    with connection.transaction():
        # Nobody removes the endpoint in between.
        connection.execute(SQL["lock_dispatch"])
        find(connection, endpoint)
        deliver(connection, [(endpoint, event)], now)
    return event.id


def deliveries(
    connection: Connection,
    endpoint: str,
    *,
    state: str | None = None,
    before: tuple[int, str] | None = None,
    limit: int = 100,
) -> list[Delivery]:
    """What was or is to be delivered, newest first; `before` is the number and event that the last page ended with.

    Raises UnknownEndpoint.
    """
    find(connection, endpoint)
    number, event = before or (None, None)
    asked = {"endpoint": endpoint, "state": state, "number": number, "event": event, "most": limit}
    return _deliveries(connection, "list_deliveries", asked)


def delivery(connection: Connection, endpoint: str, event: str) -> Delivery:
    """One delivery with its tries. Raises UnknownEndpoint or UnknownDelivery."""
    find(connection, endpoint)
    found = _deliveries(connection, "read_delivery", {"endpoint": endpoint, "event": event})
    if not found:
        raise UnknownDelivery(endpoint=endpoint, event=event)
    return found[0]


def replay(connection: Connection, endpoint: str, event: str, now: datetime) -> None:
    """Sends one delivery again, under its old webhook-id, or at once if it waits.

    Raises UnknownEndpoint or UnknownDelivery.
    """
    subject = delivery(connection, endpoint, event).subject
    with connection.transaction():
        connection.execute(SQL["replay"], {"endpoint": endpoint, "event": event, "since": None})
        open_lanes(connection, [(endpoint, subject)], now, at_once=True)


def replay_since(connection: Connection, endpoint: str, since: datetime, now: datetime) -> int:
    """Sends all that happened since then again, each subject's in order; answers how many. Raises UnknownEndpoint."""
    find(connection, endpoint)
    with connection.transaction():
        asked = {"endpoint": endpoint, "event": None, "since": since}
        subjects = [subject for (subject,) in connection.execute(SQL["replay"], asked)]
        open_lanes(connection, [(endpoint, subject) for subject in subjects], now, at_once=True)
    return len(subjects)


def skip(connection: Connection, endpoint: str, event: str, now: datetime) -> None:
    """Gives up a delivery that waits, so that its subject goes on with the next.

    Raises UnknownEndpoint, UnknownDelivery or NotWaiting.
    """
    found = delivery(connection, endpoint, event)
    lane = {"endpoints": [endpoint], "subjects": [found.subject]}
    with connection.transaction():
        connection.execute(SQL["hold_lanes"], lane)
        if connection.execute(SQL["skip"], {"endpoint": endpoint, "event": event, "now": now}).fetchone() is None:
            raise NotWaiting(event=event, state=delivery(connection, endpoint, event).state)
        connection.execute(SQL["pass_on"], lane | {"now": now})
        connection.execute(SQL["end_lanes"], lane)


def _add_secret(connection: Connection, endpoint: str) -> str:
    secret = "whsec_" + base64.b64encode(ids.salt(_SECRET)).decode()
    connection.execute(SQL["add_secret"], {"endpoint": endpoint, "secret": secret})
    return secret


def _set_state(connection: Connection, endpoint: str, state: str, before: Sequence[str], now: datetime) -> Endpoint:
    connection.execute(SQL["set_state"], {"id": endpoint, "state": state, "before": before, "now": now})
    return find(connection, endpoint)


def _endpoints(connection: Connection, endpoint: str | None) -> list[Endpoint]:
    with connection.cursor(row_factory=class_row(Endpoint)) as cursor:
        return cursor.execute(SQL["list_endpoints"], {"id": endpoint}).fetchall()


def _deliveries(connection: Connection, query: str, asked: dict[str, Any]) -> list[Delivery]:
    rows = connection.execute(SQL[query], asked).fetchall()
    attempts: dict[str, list[Attempt]] = {row[0]: [] for row in rows}
    names = {"endpoint": asked["endpoint"], "events": list(attempts)}
    for event, *attempt in connection.execute(SQL["list_attempts"], names):
        attempts[event].append(Attempt(*attempt))
    return [Delivery(*[*row, attempts[row[0]]]) for row in rows]
