"""Where all feeds of a server process meet: what is watched is asked for in one go, and handed to the channels.

A gift comes here from `reading.py`, and goes through a channel to whoever follows it (`http/feed.py`). Any number of
server processes may do this beside each other: a feed is what the database says, and its positions are the same
everywhere.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Final, TypeAlias, TypeVar

import structlog
from psycopg import OperationalError
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from riviere.database.connection import Connection
from riviere.live import reading
from riviere.live.channel import Channel
from riviere.live.position import Position
from riviere.live.reading import Read

#: Seconds between two looks at what is watched; and messages that all followers together are sent in a second: with
#: more followers it looks less often, and more goes into a frame.
LOOK_EVERY: Final = 0.1
MOST_SENT: Final = 10_000

#: Seconds after which a feed without news says that it is still there; and until a lost database is asked again.
STILL_EVERY: Final = 15
_TRY_EVERY: Final = 1

#: What a browser is told first: how many milliseconds after a lost connection it comes back.
RETRY: Final = b"retry: 1000\n\n"

#: Threads that read what followers have missed.
_READERS: Final = 2

#: What may be lost on the way to the database.
_LOST: Final = (OperationalError, PoolTimeout, PoolClosed)

_LOG = structlog.get_logger("riviere.live")

Found = TypeVar("Found")

#: What a channel is of: a place or all (None), and the overlay that hears more than others (None: nobody's).
_Of: TypeAlias = tuple[int | None, int | None]


class _Watched:
    """A creator whom somebody follows: how far was looked, and a channel for each place that is followed."""

    def __init__(self) -> None:
        self.position: Position | None = None
        self.channels: dict[_Of, Channel] = {}
        self.followers: Counter[_Of] = Counter()

    def channel(self, of: _Of) -> Channel:
        """The channel of a place or an overlay, from the last look on where there was none."""
        assert self.position is not None, "nobody has looked yet"
        if of not in self.channels:
            self.channels[of] = Channel(*of, self.position)
        return self.channels[of]

    def covers(self, after: Position | None) -> bool:
        """Whether it was looked at least as far as this."""
        return after is None or (self.position is not None and self.position.covers(after))

    def tell(self, read: Read) -> None:
        """Hands on what happened."""
        self.position = read.position
        for channel in self.channels.values():
            channel.publish(read.position, read.happened)

    def leave(self, of: _Of) -> None:
        """One follower less; what nobody follows is forgotten."""
        self.followers[of] -= 1
        if not self.followers[of]:
            del self.followers[of]
            self.channels.pop(of, None)


class Hub:
    """Feeds of one server process. Any thread may close it; all else is for the event loop's thread."""

    def __init__(self, pool: ConnectionPool[Connection]) -> None:
        self._pool = pool
        self._looker = ThreadPoolExecutor(1, thread_name_prefix="riviere-live")
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="riviere-missed")
        self._watched: dict[int, _Watched] = {}
        self._looking: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False
        #: Clients that follow a feed at this moment.
        self.followers = 0

    def close(self) -> None:
        """Ends every feed."""
        self._closed = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end)
        else:
            self._end()

    async def follow(
        self, creator: int, place: int | None, after: Position | None, *, overlay: int | None = None
    ) -> AsyncIterator[bytes]:
        """Messages of a creator's feed, of one place or all, from `after` on (None: from now on).

        The page of an `overlay` hears what is for it besides.
        `after` must lie in the past. It ends where the hub is closed, the database is away, or the reader fell behind:
        whoever comes back with the last id that they read has missed nothing.
        """
        try:
            of = (place, overlay)
            with self._following(creator, of) as watched:
                yield RETRY
                if watched.position is None and not self._closed:
                    found = await self._ask(self._readers, partial(reading.position, creator=creator))
                    watched.position = watched.position or found
                # Another server process may have looked a moment before this one.
                while not self._closed and not watched.covers(after):
                    await asyncio.sleep(LOOK_EVERY)
                if self._closed:
                    return
                channel = watched.channel(of)
                async for message in self._missed(creator, channel, after):
                    yield message
                # Nothing came between what was missed and what comes from here on: there was no waiting in between.
                follower = channel.join()
                while not self._closed and (frames := await follower.next()):
                    yield frames
        except _LOST as lost:
            _LOG.warning("a feed was broken off", reason=" ".join(str(lost).split()))

    async def _missed(self, creator: int, channel: Channel, after: Position | None) -> AsyncIterator[bytes]:
        """What happened after a position and up to the channel's own, which is a follower's when this ends."""
        if after is None:
            after = channel.position
            yield channel.message(after, after, ())
        while not self._closed and after != (until := channel.position):
            ask = partial(reading.since, watched={creator: after}, until=until)
            read = (await self._ask(self._readers, ask)).get(creator)
            end = read.position if read is not None and read.cut else until
            yield channel.message(after, end, () if read is None else read.happened)
            after = end

    @contextmanager
    def _following(self, creator: int, of: _Of) -> Iterator[_Watched]:
        """Counts a follower, so that what they follow is looked at."""
        if self._looking is None:
            self._loop = asyncio.get_running_loop()
            self._looking = self._loop.create_task(self._look())
        watched = self._watched.setdefault(creator, _Watched())
        watched.followers[of] += 1
        self.followers += 1
        try:
            yield watched
        finally:
            self.followers -= 1
            watched.leave(of)
            if not watched.followers:
                del self._watched[creator]

    async def _look(self) -> None:
        """Looks at what is watched, again and again."""
        still_at = time.monotonic() + STILL_EVERY
        more = False
        while not self._closed:
            await asyncio.sleep(0 if more else max(LOOK_EVERY, self.followers / MOST_SENT))
            watched = {creator: one.position for creator, one in self._watched.items() if one.position is not None}
            try:
                found = await self._ask(self._looker, partial(reading.since, watched=watched)) if watched else {}
            except _LOST as lost:
                _LOG.warning("the database is away", reason=" ".join(str(lost).split()))
                await asyncio.sleep(_TRY_EVERY)
                continue
            more = any(read.cut for read in found.values())
            for creator, read in found.items():
                one = self._watched.get(creator)
                # Everyone may have left, and somebody come again, while we looked.
                if one is not None and one.position == watched[creator]:
                    one.tell(read)
            if time.monotonic() > still_at:
                still_at = time.monotonic() + STILL_EVERY
                self._breathe()

    def _breathe(self) -> None:
        for watched in self._watched.values():
            for channel in watched.channels.values():
                channel.breathe()

    def _end(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
        self._looker.shutdown(wait=False, cancel_futures=True)
        self._readers.shutdown(wait=False, cancel_futures=True)
        for watched in self._watched.values():
            for channel in watched.channels.values():
                channel.close()

    async def _ask(self, thread: ThreadPoolExecutor, question: Callable[[Connection], Found]) -> Found:
        """What the database says, asked in a thread."""
        return await asyncio.get_running_loop().run_in_executor(thread, self._asked, question)

    def _asked(self, question: Callable[[Connection], Found]) -> Found:
        with self._pool.connection() as connection:
            return question(connection)
