"""Writes orders in batches: reads the balances, applies the rules, moves each balance once, adds the rows, commits.

A gift comes from `economy/gifts.py` as an order, through the queue of `batch_writer.py` where others send gifts at the
same time; it is decided by `rules.py`, kept by `batch.py`, and answered only when it is durable. Several processes may
write at once. A database that goes away in the middle is waited for, and the same orders are sent again: their ids make
that harmless, whether or not the first try was kept.
"""

import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from psycopg import Connection, OperationalError, errors
from psycopg.rows import class_row, scalar_row

from riviere.database.connection import DatabaseUnreachable
from riviere.database.embedded import ServerFailed
from riviere.errors import RiviereError
from riviere.ledger import merkle
from riviere.ledger.batch import Account, Batch, OutOfDate, Seen
from riviere.ledger.law import Kind
from riviere.ledger.model import (
    Buy,
    Expire,
    Freeze,
    Gift,
    Hold,
    Order,
    PayAgain,
    Receipt,
    Refund,
    Release,
    Return,
    Reverse,
    Settle,
    Thaw,
)
from riviere.ledger.rows import Rows, RowsDumper
from riviere.ledger.rules import decide
from riviere.ledger.store import SQL, Tip, plan_by_index

#: Orders a transaction takes at the most: past this a larger batch gains nothing and its first caller waits longer.
LARGEST_BATCH = 2_000

#: Seconds to wait for a database that went away, and how often somebody else may be faster before we give up.
PATIENCE = 60
MOST_TRIES = 1_000

#: Bytes that may be on their way to the database: the rows of a batch, so that sending them waits for nothing.
_ON_THE_WAY = 1_000_000

#: Creators' accounts that are kept: some 30 MB. One more, and they are read again.
MOST_KEPT = 100_000

#: Orders that read more than balances and ids; each is written alone.
ALONE = (Reverse, Expire, Freeze, Thaw, Refund, Hold, Release, Settle, Return, PayAgain)

#: Orders that may be decided while the batch before them is still being written.
AHEAD = (Gift, Buy)

#: The accounts of creators that gifts add to.
RECEIVING = (Kind.DIAMONDS, Kind.UNBACKED)

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


class Draft:
    """Orders on their way into the journal: a batch that is decided while the one `before` it is being written.

    The writer takes it from step to step. Where anything is in the way it has no batch any more, and its orders are
    decided anew, on what is there by then.
    """

    def __init__(self, orders: Sequence[Order], before: "Draft | None" = None, check: str | None = None) -> None:
        """`check` is a statement to be asked with what deciding takes: `Batch.checked` has its rows."""
        self.orders = orders
        self.check = check
        self.before = before
        self.batch: Batch | None = None
        self.answers: list[Answer] = []
        #: The chain's end where it begins to be written, and once it is stored the end that this makes.
        self.tip: Tip | None = None
        #: What went wrong, where that is nothing that trying again would help.
        self.broken: Exception | None = None
        #: Whether it was written as it had been decided.
        self.stands = False

    def holds(self) -> bool:
        """Whether what this rests on is there, or still on its way."""
        return self.before is None or self.before.stands or self.before.batch is not None

    def give_up(self) -> None:
        """Nothing of it is written as it was decided."""
        if self.batch is not None:
            self.batch.drop()
            self.batch = None


class Writer:
    """A leased chain of batches and the connection that extends it. For one thread at a time.

    `write` does everything at once. Where orders keep coming, a batch goes `ask`, `decide`, `move`, `store`, `keep`,
    and those of the one after it come in between: a step waits for what the one before it sent, not for what it sends.
    """

    def __init__(self, connect: Callable[[], Connection[Any]]) -> None:
        """`connect` opens a connection as the server's role; the writer opens as many as it loses."""
        self._connect = connect
        self._connection: Connection[Any] | None = None
        self._reader: Connection[Any] | None = None
        self._chain = 0
        self._row_type = 0
        self._tip: Tip | None = None
        #: Accounts of creators as we left them: accounts are never removed.
        self._left: dict[Account, Seen] = {}

    def close(self) -> None:
        """Gives the lease back."""
        self._let_go()

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

    def ask(self, draft: Draft) -> None:
        """Asks for what deciding takes."""
        if not draft.holds() or not all(isinstance(order, AHEAD) for order in draft.orders):
            return
        with self._trying(draft):
            if self._reader is None or self._reader.closed:
                self._reader = self._open()
                self._reader.autocommit = True
            draft.batch = Batch(self._reader, draft.before.batch if draft.before else None)
            draft.batch.ask(draft.orders, self._left, draft.check)

    def decide(self, draft: Draft) -> None:
        """Decides as if what is being written stood. The answers count once `keep` gives them."""
        if (batch := draft.batch) is None:
            return
        with self._trying(draft):
            batch.read()
            if not draft.holds():
                raise OutOfDate
            draft.answers = _decide(batch, draft.orders)
            for order, answer in zip(draft.orders, draft.answers, strict=True):
                if isinstance(answer, RiviereError) and batch.in_doubt(order):
                    raise OutOfDate

    def move(self, draft: Draft) -> None:
        """Begins to write. The one before is done with by now."""
        if not draft.holds():
            draft.give_up()
        draft.before = None
        if draft.batch is not None and draft.batch.accepted:
            with self._trying(draft):
                connection, draft.tip = self._ready()
                draft.batch.move(connection)

    def store(self, draft: Draft) -> None:
        """Goes on to write, once the balances have moved."""
        if draft.batch is not None and draft.tip is not None:
            with self._trying(draft):
                draft.tip = draft.batch.store(draft.tip, self._row_type)

    def keep(self, draft: Draft) -> list[Answer]:
        """The answers, once all is durable; decided anew where something was in the way.

        Raises what `write` does, and what broke on the way.
        """
        if draft.batch is not None and draft.tip is not None:
            with self._trying(draft):
                draft.batch.end()
                self._kept(draft.batch, draft.tip)
        if draft.broken is not None:
            raise draft.broken
        if draft.batch is None:
            return self.write(draft.orders)
        draft.stands = True
        return draft.answers

    @contextmanager
    def _trying(self, draft: Draft) -> Iterator[None]:
        """A step of a draft, which is given up where anything is in the way."""
        try:
            yield
        except _COLLISIONS:
            self._tip = None
            draft.give_up()
        except _LOST:
            if draft.batch is not None:
                draft.batch.connection.close()
            draft.give_up()
        except Exception as broken:
            draft.broken = broken
            draft.give_up()

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
        batch = Batch(connection)
        try:
            batch.ask(orders)
            batch.read()
            answers = _decide(batch, orders)
            for order, answer in zip(orders, answers, strict=True):
                if isinstance(order, ALONE) and isinstance(answer, RiviereError) and batch.overtaken(order):
                    # The same order, booked by somebody else while we read: to be answered as a repeat.
                    raise OutOfDate from answer
            if batch.accepted:
                batch.move(connection)
                tip = batch.store(tip, self._row_type)
                batch.end()
                self._kept(batch, tip)
        finally:
            batch.drop()
        return answers

    def _kept(self, batch: Batch, tip: Tip) -> None:
        """What is known once a batch is durable: the chain's end, when it was booked, whose accounts are there."""
        self._tip = tip
        batch.date(tip.booked_at)
        if len(self._left) > MOST_KEPT:
            self._left = {}
        self._left.update({account: batch.leaves(account) for account in batch.touched if account[1] in RECEIVING})

    def _ready(self) -> tuple[Connection[Any], Tip]:
        if self._connection is None or self._connection.closed:
            self._connection = self._open()
            self._tip = None
            self._connection.autocommit = True
            self._chain = lease(self._connection)
            with self._connection.cursor(row_factory=scalar_row) as cursor:
                self._row_type = cursor.execute(SQL["read_row_type"]).fetchone() or 0
            self._connection.autocommit = False
        if self._tip is None:
            with self._connection.cursor(row_factory=class_row(Tip)) as cursor:
                self._tip = cursor.execute(SQL["read_tip"], {"writer": self._chain}).fetchone()
            assert self._tip is not None
        return self._connection, self._tip

    def _open(self) -> Connection[Any]:
        connection = self._connect()
        connection.autocommit = True
        connection.adapters.register_dumper(Rows, RowsDumper)
        with socket.socket(fileno=os.dup(connection.fileno())) as way:
            if way.family == socket.AF_UNIX:
                way.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _ON_THE_WAY)
        plan_by_index(connection)
        connection.autocommit = False
        return connection

    def _let_go(self) -> None:
        for connection in (self._connection, self._reader):
            if connection is not None:
                connection.close()
        self._connection = self._reader = None


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
