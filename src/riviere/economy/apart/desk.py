"""The gift desk as a process of its own, kept running: begun, begun again if it ends, sent home at the end.

A gift comes here from `http/tray.py` and goes through `link.py` to that process, where `economy/desk.py` takes it.
"""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Final

import structlog

from riviere.database.database import Database
from riviere.economy.apart import frames
from riviere.economy.apart.link import Link
from riviere.economy.desk import Told
from riviere.economy.gifts import GiftRequest
from riviere.ledger.batch_writer import QueueFull
from riviere.ledger.writer import LARGEST_BATCH, PATIENCE

#: Gifts that may be under way; one more is refused with QueueFull.
ROOM: Final = 4 * LARGEST_BATCH

#: How long it is before it is begun again: at first, and at the most; each time twice as long, unless it had lived for
#: longer.
_AT_FIRST: Final = timedelta(milliseconds=100)
_AT_MOST: Final = timedelta(seconds=5)

#: Seconds that it gets at the end to write what it has taken: longer than it waits for a database that went away.
_GRACE: Final = PATIENCE + 10

_MODULE: Final = "riviere.economy.apart.child"
#: The process is told on its socket where the database is, so that nothing which others may see has a password in it.
_NOT_ITS_BUSINESS: Final = "RIVIERE_DATABASE_URL"

_LOG = structlog.get_logger("riviere.desk")


class DeskApart:
    """A gift desk in a process of its own. Only the server's event loop may submit.

    A process that is killed takes what was not answered with it, which is durable or not as it happens; who waits hears
    DeskAway, and the same request sent again is answered once and for all.
    """

    def __init__(self, database: Database) -> None:
        """Begins the process, which loads while others go on. `database` must stay open until this is closed."""
        where = frames.Opening(str(database.folder.path), database.owner_dsn, database.is_embedded)
        self._opening = frames.frame(where)
        self._stop = threading.Event()
        self._door = threading.Lock()
        self._process, self._link = self._begin()
        self._keeper = threading.Thread(target=self._keep, name="riviere-desk-keeper", daemon=True)
        self._keeper.start()

    @property
    def away(self) -> bool:
        """Whether the process has ended and is not begun again yet."""
        return self._link.over

    def submit(self, requests: Sequence[GiftRequest], told: Told) -> None:
        """Asks for gifts, LARGEST_BATCH at the most; `told` is called in the event loop.

        Raises QueueFull and DeskAway at once, and then none of them was taken.
        """
        link = self._link
        if link.under_way + len(requests) > ROOM:
            raise QueueFull
        link.send(requests, told)

    def close(self) -> None:
        """Lets the process write what it has taken, and waits until it is gone."""
        with self._door:
            self._stop.set()
            self._link.hang_up()
        self._keeper.join(_GRACE)
        self._process.kill()
        self._keeper.join()

    def _begin(self) -> tuple["subprocess.Popen[bytes]", Link]:
        ours, theirs = socket.socketpair()
        surroundings = {name: value for name, value in os.environ.items() if name != _NOT_ITS_BUSINESS}
        with theirs:
            # -P: what lies where the server was started is none of its modules. A session of its own: Ctrl-C is not for
            # it, it ends when its socket does.
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", _MODULE, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=surroundings,
                start_new_session=True,
            )
        with suppress(OSError):  # it may be gone already
            ours.sendall(self._opening)
        ours.setblocking(False)
        return process, Link(ours)

    def _keep(self) -> None:
        pause = _AT_FIRST
        while True:
            begun = time.monotonic()
            status = self._process.wait()
            self._link.end()
            if self._stop.is_set():
                return
            _LOG.error("the gift desk ended and is begun again", status=status)
            if time.monotonic() - begun > _AT_MOST.total_seconds():
                pause = _AT_FIRST
            begun_again = False
            while not begun_again:
                begun_again = self._again(pause)
                pause = min(2 * pause, _AT_MOST)

    def _again(self, pause: timedelta) -> bool:
        """Begins the process again after a pause, or says that the machine would not have it."""
        self._stop.wait(pause.total_seconds())
        with self._door:
            if self._stop.is_set():
                return True
            try:
                self._process, self._link = self._begin()
            except OSError as wrong:
                _LOG.error("the gift desk cannot be begun", reason=str(wrong))
                return False
            return True
