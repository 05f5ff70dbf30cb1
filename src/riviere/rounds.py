"""What a running server does by itself, again and again: each duty on a beat of its own, all of them in one thread."""

import threading
import time
from collections.abc import Callable
from typing import Final, NamedTuple

import structlog
from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from riviere.errors import RiviereError

_LOG = structlog.get_logger("riviere.rounds")


#: Seconds that a stop waits for a duty that is under way.
PATIENCE: Final = 5


class Duty(NamedTuple):
    """Something to do every `every` seconds."""

    name: str
    every: float
    do: Callable[[], object]


class Rounds:
    """Goes through its duties until it is stopped.

    What goes wrong in one is told in the log and tried again at the next beat; the others go on. Every duty can stop
    at any moment and be done twice, so nothing depends on how a server ends.
    """

    def __init__(self, duties: list[Duty]) -> None:
        self._duties: Final = duties
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="riviere-rounds", daemon=True)

    def start(self) -> None:
        """Begins; each duty is done once at the start."""
        self._thread.start()

    def stop(self) -> None:
        """Ends after the duty that is under way, or without it if it takes longer than PATIENCE."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(PATIENCE)

    def _run(self) -> None:
        due = dict.fromkeys(self._duties, 0.0)
        while not self._stop.wait(max(0.0, min(due.values()) - time.monotonic())):
            for duty in self._duties:
                if due[duty] <= time.monotonic() and not self._stop.is_set():
                    self._do(duty)
                    due[duty] = time.monotonic() + duty.every

    def _do(self, duty: Duty) -> None:
        try:
            duty.do()
        except Exception as wrong:
            if self._stop.is_set():
                return  # what it works with may have been closed already
            if isinstance(wrong, RiviereError | OperationalError | PoolTimeout):
                _LOG.warning("put off", duty=duty.name, reason=" ".join(str(wrong).split()))
            else:
                _LOG.exception("broken", duty=duty.name)
