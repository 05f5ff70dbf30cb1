"""The courier of a running server: gathers, fans out and delivers until it is stopped. Several may run at once."""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Self

import structlog
from psycopg import OperationalError

from riviere import clock
from riviere.database.connection import Connection, DatabaseUnreachable
from riviere.database.embedded import ServerFailed
from riviere.webhooks.delivery import Flights
from riviere.webhooks.dispatch import fan_out, forget
from riviere.webhooks.gather import gather
from riviere.webhooks.sender import Sender

#: Seconds between looks at the journal and the outbox, which is also what makes the gifts of a moment one event.
_EVERY: Final = 0.5
#: Seconds between two rounds of forgetting, and that a stop waits for tries under way.
_FORGETTING: Final = 86_400
_FAREWELL: Final = 1
#: Names that are looked up at the same time; one that hangs takes a thread.
_LOOKUPS: Final = 64

_log = structlog.get_logger("riviere.webhooks")


class Courier:
    """A thread that delivers. Use it as a context manager, or start and close it."""

    def __init__(self, connect: Callable[[], Connection], *, allow_local: bool = False) -> None:
        """`connect` opens a connection as the server's role; the courier opens as many as it loses.

        `allow_local` admits endpoints on this machine, for development.
        """
        self._connect = connect
        self._allow_local = allow_local
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="riviere-courier", daemon=True)

    def start(self) -> None:
        """Begins to deliver."""
        self._thread.start()

    def close(self) -> None:
        """Stops within two seconds; what is under way after the first is broken off, and sent again some time."""
        self._stopping.set()
        self._thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        loop = asyncio.new_event_loop()
        loop.set_default_executor(ThreadPoolExecutor(_LOOKUPS, thread_name_prefix="riviere-courier"))
        try:
            loop.run_until_complete(self._serve())
        finally:
            loop.close()

    async def _serve(self) -> None:
        async with Sender(allow_local=self._allow_local) as sender:
            while not self._stopping.is_set():
                try:
                    with await asyncio.to_thread(self._connect) as connection:
                        connection.autocommit = True
                        await self._deliver(connection, sender)
                except (OperationalError, DatabaseUnreachable, ServerFailed) as lost:
                    _log.warning("the courier lost its database and tries again", reason=str(lost).strip())
                except Exception:
                    _log.exception("the courier stumbled and begins again")
                await asyncio.sleep(_EVERY)

    async def _deliver(self, connection: Connection, sender: Sender) -> None:
        flights = Flights(connection, sender)
        look = forgetting = time.monotonic()
        try:
            while not self._stopping.is_set():
                now = clock.now()
                if time.monotonic() >= look:
                    more = await asyncio.to_thread(gather, connection, now)
                    await asyncio.to_thread(fan_out, connection, now)
                    look = time.monotonic() + (0 if more else _EVERY)
                if time.monotonic() >= forgetting:
                    await asyncio.to_thread(forget, connection, now)
                    forgetting = time.monotonic() + _FORGETTING
                wait = max(look - time.monotonic(), 0)
                if await flights.start(now):
                    await flights.land(clock.now(), wait)
                else:
                    await asyncio.sleep(wait)
            end = time.monotonic() + _FAREWELL
            while (left := end - time.monotonic()) > 0 and await flights.land(clock.now(), left):
                pass
        finally:
            await flights.abandon()
