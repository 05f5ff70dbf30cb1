"""The tray between the web server's one thread and the writer's: gifts go in together, answers come back together.

A gift comes here from `gifts.py` and goes to the desk, which `riviere up` has in a process apart
(`economy/apart/desk.py`). What is asked in one turn of the event loop is handed in as one group, and however many
groups a batch answers, the loop is woken once.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from riviere.economy.desk import Desk, Told
from riviere.economy.gifts import GiftRequest
from riviere.errors import RiviereError
from riviere.ledger.model import Booked
from riviere.ledger.writer import LARGEST_BATCH


class Tray:
    """Gifts on their way to the desk and back. Only the event loop's thread may use it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._asked: list[tuple[GiftRequest, asyncio.Future[Booked]]] = []
        self._answered: deque[tuple[Told, Sequence[Booked | Exception]]] = deque()
        self._called = False
        #: Gifts that were handed in and not answered yet.
        self.under_way = 0

    async def send(self, request: GiftRequest) -> Booked:
        """Sends one gift; answers when it is durable. Raises what it was refused for, and what `submit` raises."""
        loop = asyncio.get_running_loop()
        if not self._asked:
            loop.call_soon(self._hand_in)
        future: asyncio.Future[Booked] = loop.create_future()
        self._asked.append((request, future))
        return await future

    def submit(self, requests: Sequence[GiftRequest], heard: Told) -> None:
        """Sends a group of gifts, LARGEST_BATCH at the most; `heard` is called in the event loop.

        Raises QueueFull, WriterClosed and DeskAway at once.
        """
        self._desk.submit(requests, partial(self._come_back, asyncio.get_running_loop(), heard))
        self.under_way += len(requests)

    def _hand_in(self) -> None:
        asked, self._asked = self._asked[:LARGEST_BATCH], self._asked[LARGEST_BATCH:]
        if self._asked:
            asyncio.get_running_loop().call_soon(self._hand_in)
        heard = partial(_tell, [future for _, future in asked])
        try:
            self.submit([request for request, _ in asked], heard)
        except RiviereError as refused:
            heard([refused] * len(asked))

    def _come_back(self, loop: asyncio.AbstractEventLoop, heard: Told, answers: Sequence[Booked | Exception]) -> None:
        """Leaves answers for the loop: called from any thread."""
        self._answered.append((heard, answers))
        if not self._called:
            self._called = True
            # The loop is gone where the server stopped and did not wait any longer; the gifts stand all the same.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._hand_out)

    def _hand_out(self) -> None:
        self._called = False  # first: what is left from here on calls again
        while self._answered:
            heard, answers = self._answered.popleft()
            self.under_way -= len(answers)
            heard(answers)


def _tell(futures: Sequence[asyncio.Future[Booked]], answers: Sequence[Booked | Exception]) -> None:
    """Tells each who asked; who is done waiting, as when the server stops, is not told."""
    for future, answer in zip(futures, answers, strict=True):
        if future.done():
            continue
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
