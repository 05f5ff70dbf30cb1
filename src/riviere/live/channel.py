"""A channel: one feed of a creator, and everyone who follows it. For the event loop's thread alone.

A frame is made once and is the same for all. A channel keeps the last ones; whoever reads slower than they come is told
to go, and comes back where they were: nobody waits for anybody.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final

from riviere.live.position import Position
from riviere.live.reading import Happened

#: Frames that are kept for whoever is slower than others: half a minute of a busy stream.
FRAMES_KEPT: Final = 256

#: What is said where nothing happens, so that nobody on the way takes the connection for dead.
STILL_HERE: Final = b":\n\n"


class Channel:
    """A feed of a creator's: of one stream or post (`place`), or of all that happens to them (None).

    That of an `overlay` has what is for this overlay besides.
    """

    def __init__(self, place: int | None, overlay: int | None, position: Position) -> None:
        self._place = place
        self._overlay = overlay
        #: Behind the last frame.
        self.position = position
        self._frames: deque[bytes] = deque(maxlen=FRAMES_KEPT)
        self._end = 0
        self._waiting: list[asyncio.Future[None]] = []
        self._closed = False

    def join(self) -> "Follower":
        """Follows from the last frame on."""
        return Follower(self, self._end)

    def publish(self, position: Position, happened: Sequence[Happened]) -> None:
        """What happened up to a position goes to everyone, if any of it belongs here."""
        here = [one for one in happened if self._is_here(one)]
        if here:
            frame = self.message(self.position, position, here)
            self.position = position
            self._put(frame)

    def message(self, after: Position, position: Position, happened: Sequence[Happened]) -> bytes:
        """What happened here between two positions, as a server-sent event."""
        events = [one.event for one in happened if self._is_here(one)]
        return b'id: %s\ndata: {"after":"%s","events":[%s]}\n\n' % (
            str(position).encode(),
            str(after).encode(),
            b",".join(events),
        )

    def breathe(self) -> None:
        """Says that the feed is still there."""
        self._put(STILL_HERE)

    def close(self) -> None:
        """Lets everyone go."""
        self._closed = True
        self._wake()

    async def after(self, number: int) -> tuple[bytes, int]:
        """The frames that came after so many, as soon as there is one, and how many have come then.

        Nothing, where the channel was closed, or where some of them are not kept any more.
        """
        while number == self._end and not self._closed:
            waiting = asyncio.get_running_loop().create_future()
            self._waiting.append(waiting)
            await waiting
        kept = self._end - len(self._frames)
        if number < kept or self._closed:
            return b"", number
        if number == self._end - 1:
            return self._frames[-1], self._end
        return b"".join([self._frames[at - kept] for at in range(number, self._end)]), self._end

    def _is_here(self, happened: Happened) -> bool:
        if happened.overlay is not None:
            return happened.overlay == self._overlay
        return self._place is None or happened.place == self._place or happened.everywhere

    def _put(self, frame: bytes) -> None:
        self._frames.append(frame)
        self._end += 1
        self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not one.done():
                one.set_result(None)


class Follower:
    """One client's way through a channel."""

    def __init__(self, channel: Channel, read: int) -> None:
        self._channel = channel
        self._read = read

    async def next(self) -> bytes:
        """All frames that this one has not read, at least one; nothing at the end, or where it fell behind."""
        frames, self._read = await self._channel.after(self._read)
        return frames
