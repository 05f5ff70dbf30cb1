"""A check on a connection of its own, beside the others, all on one snapshot.

Hashing the journal keeps a core busy in this process, the other checks one in the database.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, contextmanager, suppress
from typing import Any

from psycopg import ClientCursor, Connection, Error, IsolationLevel

from riviere.ledger.verify.model import SQL, Check

#: What runs beside: it is given its connection, and what it must tell how many rows it has done.
Work = Callable[[Connection[Any], Callable[[int], None]], Check]


class _BrokenOff(Exception):
    """Nobody waits for the check any more. For this module alone."""


class Beside:
    """A check under way in a thread. Its progress is told by the thread that waits for it, and by no other."""

    def __init__(self, connection: Connection[Any], work: Work, pool: ThreadPoolExecutor) -> None:
        self._connection = connection
        self._stopped = threading.Event()
        self._done = 0
        self._future = pool.submit(work, connection, self._advance)

    def _advance(self, done: int) -> None:
        if self._stopped.is_set():
            raise _BrokenOff
        self._done = done

    def result(self, advance: Callable[[int], None]) -> Check:
        """Waits for the check and tells `advance` how far it is. Raises what the check raises."""
        while not self._over_soon():
            advance(self._done)
        return self._future.result()

    def _over_soon(self) -> bool:
        """Waits a tenth of a second at the most: so often is progress told, and can break everything off."""
        return bool(wait([self._future], 0.1).done)

    def stop(self) -> None:
        """Breaks off what is not finished, its statement too, and waits until it is over."""
        self._stopped.set()
        while not self._future.done():
            # A request to cancel that comes between two statements does nothing, so there may have to be another.
            with suppress(Error):
                self._connection.cancel_safe(timeout=1)
            self._over_soon()


@contextmanager
def beside(connection: Connection[Any], connect: Callable[[], Connection[Any]], work: Work) -> Iterator[Beside]:
    """Runs `work` on a connection that `connect` opens, on the snapshot that `connection` has in its transaction.

    It is over at the end of the block, finished or not. Raises what `connect` raises, and what psycopg raises.
    """
    with closing(connect()) as second, ThreadPoolExecutor(1, "riviere-verify") as pool:
        second.isolation_level, second.read_only = IsolationLevel.REPEATABLE_READ, True
        with second.transaction(force_rollback=True):
            snapshot = connection.execute(SQL["give_snapshot"]).fetchone()
            ClientCursor(second).execute(SQL["take_snapshot"], snapshot)
            second.execute(SQL["plan_for_all"])
            started = Beside(second, work, pool)
            try:
                yield started
            finally:
                started.stop()
