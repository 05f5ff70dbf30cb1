"""The desk where gifts are priced: all that wait at the writer together, right before they are decided.

A gift comes here from `http/gifts.py` and goes through `gifts.py` and `ledger/batch_writer.py` to `ledger/writer.py`;
whoever sent it is told once it is durable. Pricing reads a fixed number of times however many gifts there are, so a
crowd costs little more than one. Gifts are booked in the order in which they were submitted.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Final, Protocol

from psycopg import OperationalError

from riviere import clock
from riviere.database.connection import Connection
from riviere.economy import gifts
from riviere.economy.gifts import GiftRequest
from riviere.economy.remembered import Remembered
from riviere.economy.revision import SQL
from riviere.ledger.batch_writer import Answered, BatchWriter, Outcome
from riviere.ledger.model import Booked, Gift
from riviere.ledger.store import plan_by_index

#: Hears what became of a group of gifts, in its order: it must be quick, and raise nothing.
Told = Callable[[Sequence[Booked | Exception]], None]


class Desk(Protocol):
    """Where a server hands in gifts: a desk of its own process, or one apart (`apart/desk.py`)."""

    @property
    def away(self) -> bool:
        """Whether gifts cannot be handed in at the moment."""

    def submit(self, requests: Sequence[GiftRequest], told: Told, /) -> None:
        """Asks for gifts, as many as a batch may have at the most.

        `told` is called once, from any thread, when each of them is durable or refused. Raises a RiviereError at once
        where none of them was taken.
        """

    def close(self) -> None:
        """Gives everything back."""


class GiftDesk:
    """Prices gifts and passes them on. Any thread may submit."""

    #: batch_writer.Pricing.
    check: Final = SQL["read_revisions"]

    #: It is there as long as its process.
    away: Final = False

    def __init__(self, connect: Callable[[], Connection], writer: BatchWriter) -> None:
        """`connect` opens a connection in autocommit, which only the writer's thread uses."""
        self._connect = connect
        self._writer = writer
        self._connection: Connection | None = None
        self._remembered = Remembered()

    def submit(self, requests: Sequence[GiftRequest], answered: Answered) -> None:
        """Asks for gifts, as many as a batch may have at the most.

        `answered` is called once from the writer's thread, when each of them is durable or refused: it must be quick,
        and raise nothing. Raises QueueFull and WriterClosed at once, and then none of them was taken.
        """
        self._writer.submit(requests, answered, self)

    def send(self, requests: Sequence[GiftRequest]) -> Sequence[Outcome]:
        """Sends gifts and waits until each of them is durable or refused. Raises QueueFull and WriterClosed."""
        waiting: Future[Sequence[Outcome]] = Future()
        self.submit(requests, waiting.set_result)
        return waiting.result()

    def close(self) -> None:
        """Gives its connection back. The writer must be closed by then: it prices what still waits."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def price(self, asked: Sequence[GiftRequest], *, anew: bool) -> Sequence[Gift | Exception]:
        """batch_writer.Pricing. A connection that was lost since the last batch is opened again, once."""
        way = gifts.prepare if anew else gifts.price
        if self._connection is not None:
            try:
                return way(self._connection, self._remembered, asked, clock.now())
            except OperationalError:
                self.close()
        self._connection = self._connect()
        plan_by_index(self._connection)
        return way(self._connection, self._remembered, asked, clock.now())

    def still(self, rows: Sequence[tuple[Any, ...]]) -> bool:
        """batch_writer.Pricing."""
        return self._remembered.still(dict(rows))
