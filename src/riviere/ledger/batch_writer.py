"""The queue before the writer: whatever waits is decided together, and written while the next are being decided.

A gift comes here from `economy/desk.py` with the way to price it, and goes to `writer.py` as an order. No timer delays
anything: a batch is what had come in when the one before was on its way.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from itertools import groupby
from typing import Any, Final, NamedTuple, Protocol, Self

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

#: Orders from which on a batch is begun while the one before is being written. Fewer wait until that is done: whatever
#: is in it a batch costs some 2 ms on either side, and what would be two small ones is one.
WORTH_A_BATCH: Final = 256


class Pricing(Protocol):
    """Makes orders of what is asked, from what it remembers."""

    @property
    def check(self) -> str:
        """The statement whose rows say whether what is remembered is still so. It is read with each batch."""

    def price(self, asked: Sequence[Any], *, anew: bool) -> Sequence[Order | Exception]:
        """Orders, or why not, one for each: from what is remembered, or `anew` from what the database says."""

    def still(self, rows: Sequence[tuple[Any, ...]]) -> bool:
        """Whether what was remembered is so, by the rows of the check; forgets what is not."""


class _Group(NamedTuple):
    """What was asked together: orders, or what `pricing` makes orders of."""

    asked: Sequence[Any]
    pricing: Pricing | None
    answered: Answered


class _Passage:
    """Groups on their way: what was refused so far (None where the ledger is to say), and the draft of the rest."""

    def __init__(self, groups: Sequence[_Group], before: Draft | None = None, *, anew: bool = False) -> None:
        """Prices what is asked."""
        self.groups = groups
        answers = _priced(groups, anew=anew)
        self.refused = [answer if isinstance(answer, Exception) else None for answer in answers]
        orders = [answer for answer in answers if not isinstance(answer, Exception)]
        self._pricings = {group.pricing for group in groups if group.pricing is not None}
        self.draft = Draft(orders, before, next((pricing.check for pricing in self._pricings), None))

    def check(self) -> None:
        """Gives the draft up if it was priced from what is no longer so."""
        if self.draft.batch is not None:
            still = [pricing.still(self.draft.batch.checked) for pricing in self._pricings]
            if not all(still):
                self.draft.give_up()

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

    def submit(self, asked: Sequence[Any], answered: Answered, pricing: Pricing | None = None) -> None:
        """Asks for a group of orders, LARGEST_BATCH at the most, or of what `pricing` makes orders of.

        `answered` is called once, when all of them are durable or refused. Raises QueueFull and WriterClosed at once,
        and then none of them was taken.
        """
        with self._door:
            if self._closed:
                raise WriterClosed
            if self._waiting + len(asked) > self._room:
                raise QueueFull
            self._waiting += len(asked)
            self._queue.append(_Group(asked, pricing, answered))
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
            following = self._begin(current)
            if current is not None:
                writer.store(current.draft)
                following = following or self._begin(current)
            elif following is None:
                return
            if following is not None:
                writer.decide(following.draft)
                following.check()
            if current is not None:
                self._finish(current)
            if following is not None:
                writer.move(following.draft)
            current = following

    def _begin(self, before: _Passage | None) -> _Passage | None:
        """Whatever waits, priced, and what deciding it takes is asked for.

        None when all is done and the writer closed; or with a batch before it, where too little waits.
        """
        if before is not None and self._waiting < WORTH_A_BATCH:
            return None
        if not (groups := self._take()):
            return None
        passage = _Passage(groups, before.draft if before else None)
        self._writer.ask(passage.draft)
        return passage

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

    def _finish(self, passage: _Passage) -> None:
        """Tells whoever waits: what was booked, or what broke. What was given up is priced and decided anew."""
        if passage.draft.batch is None and passage.draft.broken is None:
            passage = _Passage(passage.groups, anew=True)
        try:
            passage.tell(self._writer.keep(passage.draft))
        except Exception as broken:
            passage.tell([broken] * len(passage.draft.orders))


def _priced(groups: Sequence[_Group], *, anew: bool) -> list[Order | Exception]:
    """An order for each thing that was asked, or why there is none; neighbours that are made alike are made at once."""
    made: list[Order | Exception] = []
    for pricing, alike in groupby(groups, key=lambda group: group.pricing):
        asked = [one for group in alike for one in group.asked]
        try:
            made += asked if pricing is None else pricing.price(asked, anew=anew)
        except Exception as broken:
            made += [broken] * len(asked)
    return made
