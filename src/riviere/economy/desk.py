"""The desk where gifts queue: whatever waits is priced together, then handed to the writer.

A gift comes here from `http/gifts.py` and goes through `gifts.py` to `ledger/writer.py`; its future is answered once
it is durable. Pricing reads a fixed number of times however many gifts wait, so a crowd costs little more than one.
Gifts are booked in the order in which they were submitted.
"""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import timedelta

from psycopg import OperationalError

from riviere import clock
from riviere.database.connection import Connection
from riviere.economy import gifts
from riviere.economy.catalogue import Catalogue
from riviere.economy.gifts import GiftRequest
from riviere.errors import RiviereError
from riviere.ledger.model import Gift, Receipt
from riviere.ledger.store import plan_by_index
from riviere.ledger.writer import LARGEST_BATCH, BatchWriter, QueueFull, WriterClosed

#: Between two looks at a writer whose queue is full.
_A_MOMENT = timedelta(milliseconds=2)

Asked = tuple[GiftRequest, Future[Receipt]]


class GiftDesk:
    """Prices gifts in batches and passes them on. Any thread may submit."""

    def __init__(
        self, connect: Callable[[], Connection], writer: BatchWriter, *, room: int = 2 * LARGEST_BATCH
    ) -> None:
        """`connect` opens a connection in autocommit; `room` is how many gifts may wait to be priced."""
        self._connect = connect
        self._writer = writer
        self._connection: Connection | None = None
        self._queue: queue.Queue[Asked | None] = queue.Queue(maxsize=room)
        self._closed = False
        # Only one thread at a time adds to the queue: whatever is in it lies before the sign to stop.
        self._entrance = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="riviere-desk", daemon=True)
        self._thread.start()

    def submit(self, request: GiftRequest) -> Future[Receipt]:
        """Asks for one gift. The future has its receipt once it is durable, or the error that refused it.

        Cancelling the future takes the gift back only while it waits to be priced. Raises QueueFull and WriterClosed
        at once.
        """
        future: Future[Receipt] = Future()
        with self._entrance:
            if self._closed:
                raise WriterClosed
            try:
                self._queue.put_nowait((request, future))
            except queue.Full:
                raise QueueFull from None
        return future

    def waiting(self) -> int:
        """Gifts that wait to be priced."""
        return self._queue.qsize()

    def close(self) -> None:
        """Passes on what still waits, then stops. The writer is not closed."""
        with self._entrance:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()
        self._let_go()

    def _run(self) -> None:
        going = True
        while going:
            waiting = [self._queue.get()]
            while len(waiting) < LARGEST_BATCH and not self._queue.empty():
                waiting.append(self._queue.get_nowait())
            going = None not in waiting
            # From here on nobody can take a gift back; one whose sender gave up while it queued is dropped.
            asked = [item for item in waiting if item is not None and item[1].set_running_or_notify_cancel()]
            if asked:
                self._pass_on(asked)

    def _pass_on(self, asked: Sequence[Asked]) -> None:
        try:
            orders = self._price([request for request, _ in asked])
        except Exception as broken:
            # Whoever waits must hear of it, whatever it is.
            for _, future in asked:
                future.set_exception(broken)
            return
        for (_, future), order in zip(asked, orders, strict=True):
            try:
                if isinstance(order, RiviereError):
                    raise order
                self._hand_over(order).add_done_callback(_Answers(future))
            except RiviereError as refused:
                future.set_exception(refused)

    def _hand_over(self, order: Gift) -> Future[Receipt]:
        """Waits for room at the writer: a gift that was let in here is not refused there, nor overtaken by the next."""
        while True:
            try:
                return self._writer.submit(order)
            except QueueFull:
                time.sleep(_A_MOMENT.total_seconds())

    def _price(self, requests: Sequence[GiftRequest]) -> Sequence[Gift | RiviereError]:
        """The orders. A connection that was lost since the last batch is opened again, once."""
        if self._connection is not None:
            try:
                return self._prepare(self._connection, requests)
            except OperationalError:
                self._let_go()
        self._connection = self._connect()
        plan_by_index(self._connection)
        return self._prepare(self._connection, requests)

    def _prepare(self, connection: Connection, requests: Sequence[GiftRequest]) -> Sequence[Gift | RiviereError]:
        return gifts.prepare(connection, Catalogue.load(connection), requests, clock.now())

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class _Answers:
    """Hands the writer's answer on to whoever asked at the desk."""

    def __init__(self, asked: Future[Receipt]) -> None:
        self._asked = asked

    def __call__(self, written: Future[Receipt]) -> None:
        wrong = written.exception()
        if wrong is not None:
            self._asked.set_exception(wrong)
        else:
            self._asked.set_result(written.result())
