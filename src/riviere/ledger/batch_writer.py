"""The queue before the writer: whatever waits is decided together, and written while the next are being decided.

A gift comes here from `economy/desk.py` with the way to price it, and goes to `writer.py` as an order. No timer delays
anything: a batch is what had come in when the one before was on its way.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from itertools import groupby
from typing import Any, Final, NamedTuple, Self, TypeVar

from riviere.errors import RiviereError
from riviere.ledger.model import Order, Receipt
from riviere.ledger.writer import LARGEST_BATCH, Answer, Crowded, DatabaseGone, Decided, Writer


class QueueFull(RiviereError):
    """Too many requests wait to be written; send the same request again in a second."""

    code = "queue_full"


class WriterClosed(RiviereError):
    """This writer was closed; open another."""

    code = "writer_closed"


#: What became of one order: an answer, or what kept the writer from giving one.
Outcome = Receipt | Exception

#: Hears what became of a group, in its order, from a thread of the writer: it must be quick, and raise nothing.
Answered = Callable[[Sequence[Outcome]], None]

#: Makes orders of what was asked, or says why not, one for each.
Prepare = Callable[[Sequence[Any]], Sequence[Order | Exception]]


class _Group(NamedTuple):
    """What was asked together: orders, or what `prepare` makes orders of."""

    asked: Sequence[Any]
    prepare: Prepare | None
    answered: Answered


class _Batch(NamedTuple):
    """Groups on their way: what was refused so far (None where the ledger is to say), and what was decided."""

    groups: Sequence[_Group]
    answers: list[Exception | None]
    orders: Sequence[Order]
    decided: Decided | None
    written: threading.Event


class BatchWriter:
    """A writer with a bounded queue before it. Any thread may ask.

    One thread decides on a batch while another writes the batch before: the two work on what the database does at the
    same time.
    """

    def __init__(self, writer: Writer, *, room: int = 4 * LARGEST_BATCH) -> None:
        """`room` is how many orders may wait; one more is refused with QueueFull."""
        self._writer: Final = writer
        self._room = room
        self._queue: deque[_Group] = deque()
        self._waiting = 0
        self._closed = False
        self._door = threading.Condition()
        self._next: _Batch | None = None
        self._idle = threading.Semaphore(0)
        self._ready = threading.Semaphore(0)
        self._threads = [
            threading.Thread(target=self._decide_all, name="riviere-decider", daemon=True),
            threading.Thread(target=self._write_all, name="riviere-writer", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, asked: Sequence[Any], answered: Answered, prepare: Prepare | None = None) -> None:
        """Asks for a group of orders, LARGEST_BATCH at the most, or of what `prepare` makes orders of.

        `answered` is called once, when all of them are durable or refused. Raises QueueFull and WriterClosed at once,
        and then none of them was taken.
        """
        with self._door:
            if self._closed:
                raise WriterClosed
            if self._waiting + len(asked) > self._room:
                raise QueueFull
            self._waiting += len(asked)
            self._queue.append(_Group(asked, prepare, answered))
            self._door.notify()

    def write(self, orders: Sequence[Order]) -> list[Answer]:
        """Books each order, or answers why not; in order, durable when this returns.

        Raises what Writer.write raises, WriterClosed, and QueueFull where there is no room; some of many orders may be
        booked then, and sending the same ones again is harmless.
        """
        most = min(LARGEST_BATCH, self._room)
        answers: list[Answer] = []
        for begin in range(0, len(orders), most):
            waiting: Future[Sequence[Outcome]] = Future()
            self.submit(orders[begin : begin + most], waiting.set_result)
            for outcome in waiting.result():
                if not isinstance(outcome, Receipt | RiviereError) or isinstance(outcome, DatabaseGone | Crowded):
                    raise outcome
                answers.append(outcome)
        return answers

    def waiting(self) -> int:
        """Orders that wait to be decided on."""
        return self._waiting

    def close(self) -> None:
        """Writes what still waits, then stops."""
        with self._door:
            self._closed = True
            self._door.notify()
        for thread in self._threads:
            thread.join()
        self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _decide_all(self) -> None:
        before: _Batch | None = None
        while groups := self._take():
            batch = _broken_or(groups, self._decide, before)
            if batch is not None:
                before = self._hand_over(batch)
        self._idle.acquire()
        self._ready.release()

    def _take(self) -> list[_Group]:
        """Whatever waits, at least one group; nothing once it is closed and all is taken."""
        groups: list[_Group] = []
        taken = 0
        with self._door:
            while not self._queue and not self._closed:
                self._door.wait()
            while self._queue and (not groups or taken + len(self._queue[0].asked) <= LARGEST_BATCH):
                group = self._queue.popleft()
                groups.append(group)
                taken += len(group.asked)
            self._waiting -= taken
        return groups

    def _decide(self, groups: Sequence[_Group], before: _Batch | None) -> _Batch:
        answers = _prepared(groups)
        orders = [answer for answer in answers if not isinstance(answer, Exception)]
        if before is not None and (before.decided is None or before.written.is_set()):
            # What that one leaves behind is not known until it is there to be read.
            before.written.wait()
            before = None
        decided = self._writer.decide(orders, before and before.decided)
        refused = [answer if isinstance(answer, Exception) else None for answer in answers]
        return _Batch(groups, refused, orders, decided, threading.Event())

    def _hand_over(self, batch: _Batch) -> _Batch:
        """Waits until the batch before is done with, so that one at the most is on its way, and passes this one on."""
        self._idle.acquire()
        if batch.decided is not None and not batch.decided.holds():
            batch = batch._replace(decided=None)
        self._next = batch
        self._ready.release()
        return batch

    def _write_all(self) -> None:
        while True:
            self._idle.release()
            self._ready.acquire()
            batch, self._next = self._next, None
            if batch is None:
                return
            _broken_or(batch.groups, self._write, batch)
            batch.written.set()

    def _write(self, groups: Sequence[_Group], batch: _Batch) -> None:
        decided = batch.decided
        booked = iter(self._writer.keep(decided) if decided is not None else self._writer.write(batch.orders))
        answers = [next(booked) if answer is None else answer for answer in batch.answers]
        begin = 0
        for group in groups:
            end = begin + len(group.asked)
            group.answered(answers[begin:end])
            begin = end


Argument = TypeVar("Argument")
Result = TypeVar("Result")


def _broken_or(
    groups: Sequence[_Group], work: Callable[[Sequence[_Group], Argument], Result], argument: Argument
) -> Result | None:
    """What `work` makes of groups; where it breaks, whoever waits for them hears of it, whatever it is."""
    try:
        return work(groups, argument)
    except Exception as broken:
        for group in groups:
            group.answered([broken] * len(group.asked))
        return None


def _prepared(groups: Sequence[_Group]) -> list[Order | Exception]:
    """An order for each thing that was asked, or why there is none; neighbours that are made alike are made at once."""
    made: list[Order | Exception] = []
    for prepare, alike in groupby(groups, key=lambda group: group.prepare):
        asked = [one for group in alike for one in group.asked]
        try:
            made += asked if prepare is None else prepare(asked)
        except Exception as broken:
            made += [broken] * len(asked)
    return made
