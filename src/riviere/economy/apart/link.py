"""One desk process as the server's event loop sees it: groups of gifts out, what became of them back.

A gift comes here from `desk.py` and goes to `child.py` over a socket. Nothing here waits: what the socket does not take
at once is kept and written when it does.
"""

import asyncio
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from typing import Final

from riviere.economy.apart import frames
from riviere.economy.desk import Told
from riviere.economy.gifts import GiftRequest
from riviere.errors import RiviereError

#: Bytes that are read at once: more than a socket holds.
_READ: Final = 2**18


class DeskAway(RiviereError):
    """The process that books gifts has ended and is being started again; send the same request again in a second."""

    code = "desk_away"


class Link:
    """A socket with a desk process at its other end. The event loop of the first `send` is the one that it belongs to.

    Only that loop's thread may send. `end` may be called from another.
    """

    def __init__(self, ours: socket.socket) -> None:
        self._socket = ours
        self._loop: asyncio.AbstractEventLoop | None = None
        self._door = threading.Lock()
        self._groups: dict[int, tuple[int, Told]] = {}
        self._numbers = count()
        self._splitter = frames.Splitter()
        self._unsent = bytearray()
        #: Gifts that were sent and not answered.
        self.under_way = 0
        #: Whether the process at the other end is gone.
        self.over = False

    def send(self, gifts: Sequence[GiftRequest], told: Told) -> None:
        """Sends a group of gifts; `told` is called in the loop. Raises DeskAway, and then none of them was sent."""
        loop = self._loop or self._attach()
        if self.over:
            raise DeskAway
        number = next(self._numbers)
        frame = frames.frame(frames.Asked(number, gifts))
        self._groups[number] = len(gifts), told
        self.under_way += len(gifts)
        if self._unsent:
            self._unsent += frame
        else:
            self._unsent = self._left_of(frame)
            if self._unsent:
                loop.add_writer(self._socket.fileno(), self._write, loop)

    def hang_up(self) -> None:
        """Tells the process at the other end to finish what it has taken and to go."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        """Gives the socket back, now that the process is gone. Where the loop still runs, it hears of that itself."""
        with self._door:
            if self._loop is None or self._loop.is_closed():
                self.over = True
                self._socket.close()

    def _attach(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.get_running_loop()
        with self._door:
            if self.over:
                raise DeskAway
            # The number and not the socket: uvloop would keep that one open until it is told to let go.
            loop.add_reader(self._socket.fileno(), self._read, loop)
            self._loop = loop
        return loop

    def _write(self, loop: asyncio.AbstractEventLoop) -> None:
        self._unsent = self._left_of(self._unsent)
        if not self._unsent:
            loop.remove_writer(self._socket.fileno())

    def _left_of(self, frame: bytearray) -> bytearray:
        """What the socket does not take now."""
        try:
            return frame[self._socket.send(frame) :]
        except BlockingIOError:
            return frame
        except OSError:
            return bytearray()  # nobody is there any more, as is about to be read

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            data = self._socket.recv(_READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lost(loop)
            return
        for body in self._splitter.feed(data):
            number, outcomes = frames.answered(body)
            many, told = self._groups.pop(number)
            self.under_way -= many
            told(outcomes)

    def _lost(self, loop: asyncio.AbstractEventLoop) -> None:
        """Everybody who waits is told; whether their gifts stand, the same request again will say."""
        self.over = True
        loop.remove_reader(self._socket.fileno())
        loop.remove_writer(self._socket.fileno())
        self._socket.close()
        while self._groups:
            _, (many, told) = self._groups.popitem()
            self.under_way -= many
            told([DeskAway()] * many)
