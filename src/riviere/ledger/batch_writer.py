"""The queue before the writer: whatever waits is decided together, and written while the next are being decided.

A gift comes here from `economy/desk.py` with the way to price it, and goes to `writer.py` as an order. No timer delays
anything: a batch is what had come in when the one before was on its way.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from itertools import groupby
from typing import Any, Final, NamedTuple, Self

from riviere.errors import RiviereError
from riviere.ledger.model import Order, Receipt
from riviere.ledger.writer import LARGEST_BATCH, Answer, Crowded, DatabaseGone, Draft, Writer


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


class _Passage:
    """Groups on their way: what was refused so far (None where the ledger is to say), and the draft of the rest."""

    def __init__(self, groups: Sequence[_Group], refused: list[Exception | None], draft: Draft) -> None:
        self.groups = groups
        self.refused = refused
        self.draft = draft

    def tell(self, booked: Iterable[Outcome]) -> None:
        """Answers each group; `booked` is what the ledger says to what was not refused before."""
        told = iter(booked)
        answers = [next(told) if refusal is None else refusal for refusal in self.refused]
        begin = 0
        for group in self.groups:
            end = begin + len(group.asked)
            group.answered(answers[begin:end])
            begin = end


class BatchWriter:
    """A writer with a bounded queue before it. Any thread may ask.

    One thread does it all. What it sends to the database it does not wait for: it prices and decides a batch while the
    one before is being moved and stored.
    """

    def __init__(self, writer: Writer, *, room: int = 4 * LARGEST_BATCH) -> None:
        """`room` is how many orders may wait; one more is refused with QueueFull."""
        self._writer: Final = writer
        self._room = room
        self._queue: deque[_Group] = deque()
        self._waiting = 0
        self._closed = False
        self._door = threading.Condition()
        self._thread = threading.Thread(target=self._write_all, name="riviere-writer", daemon=True)
        self._thread.start()

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
        self._thread.join()
        self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write_all(self) -> None:
        writer, current = self._writer, None
        while True:
            if current is not None and current.draft.batch is None:
                # To be decided on what is there, and the next one on what this leaves behind.
                self._finish(current)
                current = None
            following = self._begin(current, wait=current is None)
            if current is not None:
                writer.store(current.draft)
                following = following or self._begin(current, wait=False)
            elif following is None:
                return
            if following is not None:
                writer.decide(following.draft)
            if current is not None:
                self._finish(current)
            if following is not None:
                writer.move(following.draft)
            current = following

    def _begin(self, before: _Passage | None, *, wait: bool) -> _Passage | None:
        """Whatever waits, priced, and what deciding it takes is asked for; None where nothing waits."""
        if not (groups := self._take(wait=wait)):
            return None
        answers = _prepared(groups)
        orders = [answer for answer in answers if not isinstance(answer, Exception)]
        refused = [answer if isinstance(answer, Exception) else None for answer in answers]
        passage = _Passage(groups, refused, Draft(orders, before.draft if before else None))
        self._writer.ask(passage.draft)
        return passage

    def _take(self, *, wait: bool) -> list[_Group]:
        """Whatever waits; if asked to wait at least one group, or nothing once it is closed and all is taken."""
        groups: list[_Group] = []
        taken = 0
        with self._door:
            while wait and not self._queue and not self._closed:
                self._door.wait()
            while self._queue and (not groups or taken + len(self._queue[0].asked) <= LARGEST_BATCH):
                group = self._queue.popleft()
                groups.append(group)
                taken += len(group.asked)
            self._waiting -= taken
        return groups

    def _finish(self, passage: _Passage) -> None:
        """Tells whoever waits: what was booked, or what broke."""
        draft = passage.draft
        try:
            passage.tell(self._writer.keep(draft))
        except Exception as broken:
            passage.tell([broken] * len(draft.orders))


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
