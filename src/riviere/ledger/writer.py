"""Writes orders in batches: reads the balances, applies the rules, moves each balance once, copies the rows, commits.

A gift comes from `economy/gifts.py` as an order, is decided by `rules.py`, kept by `store.py`, and answered only when
it is durable. Several processes may write at once. A database that goes away in the middle is waited for, and the same
orders are sent again: their ids make that harmless, whether or not the first try was kept.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

from psycopg import Connection, OperationalError, errors
from psycopg.rows import class_row

from riviere.database.connection import DatabaseUnreachable
from riviere.database.embedded import ServerFailed
from riviere.errors import RiviereError
from riviere.ledger import merkle
from riviere.ledger.model import Expire, Hold, Order, PayAgain, Receipt, Release, Return, Reverse, Settle
from riviere.ledger.posting import Posting
from riviere.ledger.rules import decide
from riviere.ledger.store import SQL, Batch, OutOfDate, Tip, plan_by_index

#: Orders a transaction takes at the most: past this a larger batch gains nothing and its first caller waits longer.
LARGEST_BATCH = 2_000

#: Seconds to wait for a database that went away, and how often somebody else may be faster before we give up.
PATIENCE = 60
MOST_TRIES = 1_000

#: Orders that read more than balances and ids; each is written alone.
ALONE = (Reverse, Expire, Hold, Release, Settle, Return, PayAgain)

#: What another writer's work can do to ours: read again and decide again.
_COLLISIONS = (
    OutOfDate,
    errors.UniqueViolation,
    errors.DeadlockDetected,
    errors.SerializationFailure,
    errors.CheckViolation,
)


class DatabaseGone(RiviereError):
    """The database has been away for {seconds} seconds; nothing unanswered is lost, send the same requests again."""

    code = "database_gone"


class Crowded(RiviereError):
    """Other writers kept changing the same accounts; send the same request again."""

    code = "crowded"


class QueueFull(RiviereError):
    """Too many requests wait to be written; send the same request again in a second."""

    code = "queue_full"


class WriterClosed(RiviereError):
    """This writer was closed; open another."""

    code = "writer_closed"


Answer = Receipt | RiviereError


class Writes(Protocol):
    """Whatever books orders: a writer, or the queue before one."""

    def write(self, orders: Sequence[Order]) -> list[Answer]:
        """Books each order, or answers why not; in order, durable when this returns.

        Raises what kept it from answering; sending the same orders again is harmless then.
        """


class Writer:
    """A leased chain of batches and the connection that extends it. One thread at a time may use it."""

    def __init__(self, connect: Callable[[], Connection[Any]]) -> None:
        """`connect` opens a connection as the server's role; the writer opens as many as it loses."""
        self._connect = connect
        self._connection: Connection[Any] | None = None
        self._chain = 0
        self._tip: Tip | None = None

    def close(self) -> None:
        """Gives the lease back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

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
            except (OperationalError, DatabaseUnreachable, ServerFailed) as lost:
                self.close()
                if time.monotonic() > deadline:
                    raise DatabaseGone(seconds=int(PATIENCE)) from lost
                time.sleep(0.2)

    def _attempt(self, connection: Connection[Any], tip: Tip, orders: Sequence[Order]) -> list[Answer]:
        """One transaction: all that stands of `orders`, or nothing."""
        with connection.transaction():
            batch = Batch(connection)
            batch.load(orders)
            answers: list[Answer] = []
            accepted: list[tuple[Order, Posting]] = []
            for order in orders:
                try:
                    posting = decide(batch, order)
                except RiviereError as refusal:
                    if isinstance(order, ALONE) and batch.overtaken(order):
                        # The same order, booked by somebody else while we read: to be answered as a repeat.
                        raise OutOfDate from refusal
                    answers.append(refusal)
                    continue
                answers.append(posting.receipt)
                if posting.receipt.entries:
                    accepted.append((order, posting))
                    batch.accept(order, posting)
            if accepted:
                tip = batch.write(accepted, tip)
        self._tip = tip
        fresh = {
            (new.owner, new.id) for _, posting in accepted if (new := posting.receipt).known.legs == len(new.entries)
        }
        for answer in answers:
            if isinstance(answer, Receipt) and (answer.owner, answer.id) in fresh:
                answer.known.booked_at = tip.booked_at
        return answers

    def _ready(self) -> tuple[Connection[Any], Tip]:
        if self._connection is None:
            self._connection = self._connect()
            self._connection.autocommit = True
            plan_by_index(self._connection)
            self._tip = None
            self._chain = lease(self._connection)
        if self._tip is None:
            with self._connection.cursor(row_factory=class_row(Tip)) as cursor:
                self._tip = cursor.execute(SQL["read_tip"], {"writer": self._chain}).fetchone()
            assert self._tip is not None
        return self._connection, self._tip


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


class BatchWriter:
    """A writer with a bounded queue before it: whatever waits is written together, and no timer delays it."""

    def __init__(self, writer: Writer, *, room: int = 4 * LARGEST_BATCH) -> None:
        """`room` is how many orders may wait; one more is refused with QueueFull."""
        self._writer = writer
        self._queue: queue.Queue[tuple[Order, Future[Receipt]] | None] = queue.Queue(maxsize=room)
        self._closed = False
        # Only one thread at a time adds to the queue: whatever is in it lies before the sign to stop.
        self._entrance = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="riviere-writer", daemon=True)
        self._thread.start()

    def submit(self, order: Order) -> Future[Receipt]:
        """Asks for one order. The future has its receipt once it is durable, or the error that refused it.

        Raises QueueFull and WriterClosed at once.
        """
        return self._enqueue([order])[0]

    def write(self, orders: Sequence[Order]) -> list[Answer]:
        """Books each order, or answers why not; in order, durable when this returns.

        Raises what Writer.write raises, WriterClosed, and QueueFull where there is no room; some of many orders may be
        booked then, and sending the same ones again is harmless.
        """
        most = min(LARGEST_BATCH, self._queue.maxsize)
        answers: list[Answer] = []
        for begin in range(0, len(orders), most):
            answers += [_answer_of(future) for future in self._enqueue(orders[begin : begin + most])]
        return answers

    def _enqueue(self, orders: Sequence[Order]) -> list[Future[Receipt]]:
        """Queues all of these or none of them."""
        waiting: list[tuple[Order, Future[Receipt]]] = [(order, Future()) for order in orders]
        for _, future in waiting:
            # Whoever asked may stop waiting, but cannot take back what may be written already.
            future.set_running_or_notify_cancel()
        with self._entrance:
            if self._closed:
                raise WriterClosed
            if self._queue.qsize() + len(waiting) > self._queue.maxsize:
                raise QueueFull
            for item in waiting:
                self._queue.put_nowait(item)
        return [future for _, future in waiting]

    def waiting(self) -> int:
        """Orders that wait to be written."""
        return self._queue.qsize()

    def close(self) -> None:
        """Writes what still waits, then stops."""
        with self._entrance:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()
        self._writer.close()

    def __enter__(self) -> "BatchWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        going = True
        while going:
            waiting = [self._queue.get()]
            while len(waiting) < LARGEST_BATCH and not self._queue.empty():
                waiting.append(self._queue.get_nowait())
            asked = [item for item in waiting if item is not None]
            going = len(asked) == len(waiting)
            self._answer(asked)

    def _answer(self, asked: Sequence[tuple[Order, Future[Receipt]]]) -> None:
        try:
            answers = self._writer.write([order for order, _ in asked])
        except Exception as broken:
            # Whoever waits must hear of it, whatever it is.
            for _, future in asked:
                future.set_exception(broken)
            return
        for (_, future), answer in zip(asked, answers, strict=True):
            if isinstance(answer, BaseException):
                future.set_exception(answer)
            else:
                future.set_result(answer)


def _answer_of(future: Future[Receipt]) -> Answer:
    """What a future came to, as Writer.write answers it. Raises what kept the writer from answering."""
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, RiviereError) and not isinstance(error, DatabaseGone | Crowded):
        return error
    raise error
