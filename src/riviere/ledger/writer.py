"""Writes orders in batches: reads the balances, applies the rules, moves each balance once, copies the rows, commits.

A gift comes from `economy/gifts.py` as an order, through the queue of `batch_writer.py` where others send gifts at the
same time; it is decided by `rules.py`, kept by `store.py`, and answered only when it is durable. Several processes may
write at once. A database that goes away in the middle is waited for, and the same orders are sent again: their ids make
that harmless, whether or not the first try was kept.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol
from uuid import UUID

from psycopg import Connection, OperationalError, errors
from psycopg.rows import class_row

from riviere.database.connection import DatabaseUnreachable
from riviere.database.embedded import ServerFailed
from riviere.errors import RiviereError
from riviere.ledger import merkle
from riviere.ledger.model import (
    Buy,
    Expire,
    Gift,
    Hold,
    Known,
    Order,
    PayAgain,
    Receipt,
    Release,
    Return,
    Reverse,
    Settle,
)
from riviere.ledger.rules import decide, receiver
from riviere.ledger.store import SQL, Batch, OutOfDate, Tip, plan_by_index

#: Orders a transaction takes at the most: past this a larger batch gains nothing and its first caller waits longer.
LARGEST_BATCH = 2_000

#: Seconds to wait for a database that went away, and how often somebody else may be faster before we give up.
PATIENCE = 60
MOST_TRIES = 1_000

#: Creators whose accounts are known to be there: some 20 MB. One more, and they are looked up again.
MOST_KEPT = 100_000

#: Orders that read more than balances and ids; each is written alone.
ALONE = (Reverse, Expire, Hold, Release, Settle, Return, PayAgain)

#: Orders that may be decided while the batch before them is still being written.
AHEAD = (Gift, Buy)

#: What another writer's work can do to ours: read again and decide again.
_COLLISIONS = (
    OutOfDate,
    errors.UniqueViolation,
    # The chain's tip was moved by somebody else.
    errors.NotNullViolation,
    errors.DeadlockDetected,
    errors.SerializationFailure,
    errors.CheckViolation,
    # A creator's account would pass the largest amount: to be read, and the gift refused that is too large.
    errors.NumericValueOutOfRange,
)

#: What may be lost on the way to the database, or found gone.
_LOST = (OperationalError, DatabaseUnreachable, ServerFailed)


class DatabaseGone(RiviereError):
    """The database has been away for {seconds} seconds; nothing unanswered is lost, send the same requests again."""

    code = "database_gone"


class Crowded(RiviereError):
    """Other writers kept changing the same accounts; send the same request again."""

    code = "crowded"


#: What became of an order: it stands, or why not.
Answer = Receipt | RiviereError


class Writes(Protocol):
    """Whatever books orders: a writer, or the queue before one."""

    def write(self, orders: Sequence[Order]) -> list[Answer]:
        """Books each order, or answers why not; in order, durable when this returns.

        Raises what kept it from answering; sending the same orders again is harmless then.
        """


class Decided:
    """Orders that were decided ahead, and how: a batch that may be written unless something happens before."""

    def __init__(self, orders: Sequence[Order], batch: Batch, answers: list[Answer], before: "Decided | None") -> None:
        self.orders = orders
        self.batch = batch
        self.answers = answers
        self._before = before
        #: Whether it was written as it had been decided.
        self.stands = False

    def holds(self) -> bool:
        """Whether what this rests on came to be. To be asked once, when the batch before is done with."""
        before, self._before = self._before, None
        return before is None or before.stands


class Writer:
    """A leased chain of batches and the connection that extends it.

    One thread at a time may write; another one may meanwhile decide what is written next.
    """

    def __init__(self, connect: Callable[[], Connection[Any]]) -> None:
        """`connect` opens a connection as the server's role; the writer opens as many as it loses."""
        self._connect = connect
        self._connection: Connection[Any] | None = None
        self._reader: Connection[Any] | None = None
        self._chain = 0
        self._tip: Tip | None = None
        #: Accounts of creators that are there: accounts are never removed.
        self._there: set[tuple[int, int]] = set()

    def close(self) -> None:
        """Gives the lease back."""
        self._let_go()
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, orders: Sequence[Order]) -> list[Answer]:
        """Books each order, or answers why not; in order, durable when this returns.

        Raises DatabaseGone after a minute without a database, and Crowded where others never let us through.
        """
        answers: list[Answer] = []
        for chunk in _chunks(orders):
            answers += self._persist(chunk)
        return answers

    def decide(self, orders: Sequence[Order], before: Decided | None) -> Decided | None:
        """Decides on orders while `before` is being written, or None where that cannot be known before it is.

        Its answers count once `keep` has written it.
        """
        if not all(isinstance(order, AHEAD) for order in orders):
            return None
        try:
            if self._reader is None:
                self._reader = self._connect()
                self._reader.autocommit = True
                plan_by_index(self._reader)
            batch = Batch(self._reader, before.batch if before else None)
            batch.load(orders, self._there)
        except _LOST:
            if self._reader is not None:
                self._reader.close()
                self._reader = None
            return None
        answers = _decide(batch, orders)
        refused = [order for order, answer in zip(orders, answers, strict=True) if isinstance(answer, RiviereError)]
        if before and any(batch.in_doubt(order) for order in refused):
            return None
        return Decided(orders, batch, answers, before)

    def keep(self, decided: Decided) -> list[Answer]:
        """Writes what was decided ahead and still holds; or decides it anew, where others moved what it rests on.

        Raises what `write` does.
        """
        try:
            if decided.batch.accepted:
                connection, tip = self._ready()
                with _or_nothing(connection):
                    self._tip = _book(connection, tip, decided.batch)
                self._remember(decided.batch)
        except _COLLISIONS:
            self._tip = None
        except _LOST:
            self._let_go()
        else:
            decided.stands = True
            return decided.answers
        return self.write(decided.orders)

    def _persist(self, orders: Sequence[Order]) -> list[Answer]:
        deadline = time.monotonic() + PATIENCE
        tries = 0
        while True:
            try:
                connection, tip = self._ready()
                return self._attempt(connection, tip, orders)
            except _COLLISIONS:
                tries += 1
                self._tip = None
                if tries == MOST_TRIES:
                    raise Crowded from None
            except _LOST as lost:
                self._let_go()
                if time.monotonic() > deadline:
                    raise DatabaseGone(seconds=int(PATIENCE)) from lost
                time.sleep(0.2)

    def _attempt(self, connection: Connection[Any], tip: Tip, orders: Sequence[Order]) -> list[Answer]:
        """One transaction: all that stands of `orders`, or nothing."""
        with _or_nothing(connection):
            batch = Batch(connection)
            batch.load(orders)
            answers = _decide(batch, orders)
            for order, answer in zip(orders, answers, strict=True):
                if isinstance(order, ALONE) and isinstance(answer, RiviereError) and batch.overtaken(order):
                    # The same order, booked by somebody else while we read: to be answered as a repeat.
                    raise OutOfDate from answer
            self._tip = _book(connection, tip, batch)
        self._remember(batch)
        return answers

    def _remember(self, batch: Batch) -> None:
        if len(self._there) > MOST_KEPT:
            self._there = set()
        self._there.update(receiver(order) for order, _ in batch.accepted if isinstance(order, Gift))

    def _ready(self) -> tuple[Connection[Any], Tip]:
        if self._connection is None:
            self._connection = self._connect()
            self._connection.autocommit = True
            plan_by_index(self._connection)
            self._tip = None
            self._chain = lease(self._connection)
            self._connection.autocommit = False
        if self._tip is None:
            with self._connection.cursor(row_factory=class_row(Tip)) as cursor:
                self._tip = cursor.execute(SQL["read_tip"], {"writer": self._chain}).fetchone()
            assert self._tip is not None
        return self._connection, self._tip

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@contextmanager
def _or_nothing(connection: Connection[Any]) -> Iterator[None]:
    """A transaction, of which nothing is kept but what the block has committed."""
    try:
        yield
    finally:
        if not connection.closed:
            connection.rollback()


def _decide(batch: Batch, orders: Sequence[Order]) -> list[Answer]:
    """What the rules say to each; what they accept is the batch's."""
    answers: list[Answer] = []
    for order in orders:
        try:
            posting = decide(batch, order)
        except RiviereError as refusal:
            answers.append(refusal)
            continue
        answers.append(posting.receipt)
        if posting.receipt.entries:
            batch.accept(order, posting)
    return answers


def _book(connection: Connection[Any], tip: Tip, batch: Batch) -> Tip:
    """Writes what stands of a decided batch. Answers the chain's new end, or the old one where nothing does."""
    if not batch.accepted:
        return tip
    tip = batch.write(connection, tip)
    begun: dict[tuple[int, UUID], Known] = {}
    for _, posting in batch.accepted:
        receipt = posting.receipt
        known, pair = receipt.known, (receipt.owner, receipt.id)
        if known.legs == len(receipt.entries):
            known.booked_at = tip.booked_at
            begun[pair] = known
        elif (first := begun.get(pair) or batch.begun.get(pair)) is not None:
            # A combo that was begun in this batch, or in the one before while this was decided.
            known.booked_at = first.booked_at
    return tip


def lease(connection: Connection[Any]) -> int:
    """A chain that no other process writes to; held by an advisory lock, so a killed process gives it back at once."""
    known = [row[0] for row in connection.execute(SQL["list_writers"])]
    for writer in [*known, *range(len(known) + 1, len(known) + 100)]:
        row = connection.execute(SQL["lease_writer"], {"writer": writer}).fetchone()
        if row is not None and row[0]:
            connection.execute(SQL["add_writer"], {"writer": writer, "hash": merkle.EMPTY})
            return int(writer)
    raise Crowded


def _chunks(orders: Sequence[Order]) -> Iterator[Sequence[Order]]:
    """Batches of at most LARGEST_BATCH, with every exceptional order in one of its own."""
    begin = 0
    for at, order in enumerate(orders):
        alone = isinstance(order, ALONE)
        if at > begin and (alone or at - begin == LARGEST_BATCH or isinstance(orders[begin], ALONE)):
            yield orders[begin:at]
            begin = at
    if begin < len(orders):
        yield orders[begin:]
