"""Gifts on their way through a desk, as the web server hands them in: many at once, each group timed.

The desk prices, the writer decides and writes; while they do, the next groups come in. What was handed in and is not
answered yet is bounded, so a gift's time from hand to answer is that of a busy server and not that of an endless queue.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final

from riviere.cli.bench.crowd import Gifts
from riviere.cli.bench.figures import Times
from riviere.cli.bench.ground import BenchRefused
from riviere.cli.common import progress
from riviere.economy.desk import Desk
from riviere.economy.gifts import GiftRequest
from riviere.errors import RiviereError
from riviere.ledger.model import Receipt
from riviere.ledger.refusals import NotEnoughCoins
from riviere.ledger.writer import LARGEST_BATCH, Answer

#: Gifts that are handed in together, and gifts that wait for an answer at the most: one batch of them is written,
#: one is decided meanwhile, and one waits.
GROUP: Final = 500
OUTSTANDING: Final = 3 * LARGEST_BATCH


class Flow:
    """What came of gifts: `times` from hand to answer, `booked` and `refused` by the code of the error."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._room = threading.Semaphore(OUTSTANDING // GROUP)
        self.times: Times = []
        self.booked = 0
        self.refused: Counter[str] = Counter()

    def send(self, groups: Iterable[Sequence[GiftRequest]], heard: Callable[[int], object] = lambda _: None) -> float:
        """Sends groups of at most GROUP gifts; answers the seconds until all were answered.

        `heard` is told how many have been handed in. Raises BenchRefused where one was refused for anything but coins.
        """
        begun, handed = time.perf_counter(), 0
        for group in groups:
            self._room.acquire()
            self._desk.submit(group, partial(self._answered, time.perf_counter()))
            handed += len(group)
            heard(handed)
        for _ in range(OUTSTANDING // GROUP):
            self._room.acquire()
        seconds = time.perf_counter() - begun
        self._room.release(OUTSTANDING // GROUP)
        wrong = [code for code in self.refused if code != NotEnoughCoins.code]
        if wrong:
            raise BenchRefused(reason=", ".join(wrong))
        return seconds

    def _answered(self, begun: float, answers: Sequence[Answer]) -> None:
        self.times.append(((time.perf_counter() - begun) * 1000, len(answers)))
        booked = sum(isinstance(answer, Receipt) for answer in answers)
        self.booked += booked
        if booked < len(answers):
            self.refused.update(_code(answer) for answer in answers if not isinstance(answer, Receipt))
        self._room.release()


def _code(answer: Answer) -> str:
    return answer.code if isinstance(answer, RiviereError) else repr(answer)


def preload(desk: Desk, gifts: Gifts, many: int) -> None:
    """Sends gifts that are there before anything is measured, and shows how far it is."""
    with progress() as bar:
        task = bar.add_task("preload", total=many, rate="")
        begun = time.perf_counter()

        def heard(handed: int) -> None:
            rate = handed / (time.perf_counter() - begun)
            bar.update(task, completed=handed, rate=f"{rate:,.0f} gifts/s")

        Flow(desk).send(gifts.groups(many, GROUP), heard)
