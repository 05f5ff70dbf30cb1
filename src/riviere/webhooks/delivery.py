"""From deliveries to endpoints: whose turn it is, the tries in flight, and what came of them.

Lanes (an endpoint and a subject) keep the order: only a lane's first waiting delivery is ever sent, and while it is,
the session of the process that sends holds an advisory lock on the lane. Nothing is written before the answer is there,
so a crash anywhere only sends again.
"""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from psycopg.rows import class_row

from riviere import outbox
from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.webhooks.model import DISABLED
from riviere.webhooks.schedule import PATIENCE, next_try
from riviere.webhooks.sender import Letter, Outcome, Sender

SQL = load("riviere.webhooks")

#: Tries at the same time: to one endpoint (one that fails gets a single one), and in all.
EACH: Final = 4
IN_ALL: Final = 512

Lane = tuple[str, str]


def deliver_due(connection: Connection, now: datetime, *, allow_local: bool = False) -> int:
    """Sends all that is due at `now`, until nothing is; answers how many tries that took.

    Returns when the slowest receiver has answered or timed out. `connection` is in autocommit.
    """

    async def send_all() -> int:
        tries = 0
        async with Sender(allow_local=allow_local) as sender:
            flights = Flights(connection, sender)
            while await flights.start(now):
                tries += await flights.land(now)
        return tries

    return asyncio.run(send_all())


class Flights:
    """The tries that are under way, of one process. Its methods are not called at the same time."""

    def __init__(self, connection: Connection, sender: Sender) -> None:
        self._connection = connection
        self._sender = sender
        self._flying: dict[asyncio.Task[Outcome], Lane] = {}

    async def start(self, now: datetime) -> int:
        """Starts what is due and has room; answers how many tries are under way then."""
        letters = await asyncio.to_thread(_claim, self._connection, list(self._flying.values()), now)
        for letter in letters:
            self._flying[asyncio.create_task(self._sender.send(letter, now))] = (letter.endpoint, letter.subject)
        return len(self._flying)

    async def land(self, now: datetime, wait: float | None = None) -> int:
        """Waits until a try ends, at most `wait` seconds, and writes down those that did; answers how many."""
        if not self._flying:
            return 0
        done, _ = await asyncio.wait(self._flying, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
        if done:
            await asyncio.to_thread(_record, self._connection, [task.result() for task in done], now)
        for task in done:
            del self._flying[task]
        return len(done)

    async def abandon(self) -> None:
        """Breaks off what is under way; it will be sent again. The locks end with the connection."""
        for task in self._flying:
            task.cancel()
        await asyncio.gather(*self._flying, return_exceptions=True)
        self._flying.clear()


def _names(lanes: Collection[Lane]) -> dict[str, list[str]]:
    return {"endpoints": [endpoint for endpoint, _ in lanes], "subjects": [subject for _, subject in lanes]}


def _claim(connection: Connection, busy: Collection[Lane], now: datetime) -> list[Letter]:
    """The heads of lanes that are due and nobody's, locked for this session."""
    limits = {"now": now, "each": EACH, "room": IN_ALL - len(busy)}
    due = connection.execute(SQL["list_due"], _names(busy) | limits).fetchall()
    if not due:
        return []
    ours = connection.execute(SQL["lock_lanes"], _names(due)).fetchall()
    with connection.cursor(row_factory=class_row(Letter)) as cursor:
        letters = cursor.execute(SQL["read_heads"], _names(ours) | {"now": now}).fetchall()
    gone = set(ours) - {(letter.endpoint, letter.subject) for letter in letters}
    if gone:
        connection.execute(SQL["unlock_lanes"], _names(gone))
    return letters


def _record(connection: Connection, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Writes down what came of tries, moves their lanes on and gives them free."""
    lanes = [(outcome.letter.endpoint, outcome.letter.subject) for outcome in outcomes]
    with connection.transaction():
        held = {(endpoint, subject) for endpoint, subject, _ in connection.execute(SQL["hold_lanes"], _names(lanes))}
        over = [
            lane
            for lane, outcome in zip(lanes, outcomes, strict=True)
            if lane in held and _count(connection, outcome, now)
        ]
        connection.execute(SQL["pass_on"], _names(over) | {"now": now})
        connection.execute(SQL["end_lanes"], _names(over))
        _judge(connection, outcomes, now)
    connection.execute(SQL["unlock_lanes"], _names(lanes))


def _count(connection: Connection, outcome: Outcome, now: datetime) -> bool:
    """Writes down one try, in a lane that we hold; whether its delivery is over."""
    letter = outcome.letter
    again = None if outcome.taken else next_try(letter.event, letter.failures + 1, outcome.retry_after, now)
    state = "delivered" if outcome.taken else "waiting" if again else "given_up"
    names = {"endpoint": letter.endpoint, "event": letter.event, "subject": letter.subject}
    counted = connection.execute(SQL["count_try"], names | {"state": state, "now": now}).fetchone()
    if counted is None:  # skipped while it was under way
        return False
    seen = {
        "number": counted[0],
        "at": outcome.at,
        "ms": outcome.ms,
        "status": outcome.status,
        "answer": outcome.answer,
    }
    connection.execute(SQL["add_attempt"], names | seen)
    if again:
        connection.execute(SQL["slow_lane"], names | {"next_at": again})
    return again is None


def _judge(connection: Connection, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Notes which endpoints work, and disables one that is gone (410) or took nothing for days; others hear of it."""
    works = {outcome.letter.endpoint for outcome in outcomes if outcome.taken}
    gone = {outcome.letter.endpoint for outcome in outcomes if outcome.status == 410}
    for endpoint in sorted({outcome.letter.endpoint for outcome in outcomes}):
        if endpoint in gone:
            _disable(connection, endpoint, "gone", now)
        elif endpoint in works:
            connection.execute(SQL["works_again"], {"id": endpoint})
        else:
            asked = {"id": endpoint, "now": now, "too_long": now - PATIENCE}
            if connection.execute(SQL["fails"], asked).fetchone() == (True,):
                _disable(connection, endpoint, "failing", now)


def _disable(connection: Connection, endpoint: str, state: str, now: datetime) -> None:
    change = {"id": endpoint, "state": state, "now": now, "before": ["on"]}
    if connection.execute(SQL["set_state"], change).fetchone():
        data = {"endpoint": endpoint, "state": state}
        outbox.put(connection, DISABLED, f"webhook/{endpoint}", data, now)
