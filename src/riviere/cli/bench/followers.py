"""Those who watch in `bench feed`, as a process of their own: thousands of connections that each insist on every event.

It reads a plan on its standard input, says "ready" once all of them hear the feed, then reads how many events there
were, waits until everybody has heard them, and says what came of it.
"""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple, cast

import msgspec
import uvloop

from riviere import clock
from riviere.cli.bench.figures import Times
from riviere.process import settle

#: Seconds that everybody gets to connect, and after the last event to hear of it.
PATIENCE: Final = 30
#: Connections that are opened at once.
_AT_ONCE: Final = 100
#: Messages that are kept as they were understood: all hear the same ones at nearly the same time.
_KEPT: Final = 512


class Plan(msgspec.Struct, frozen=True):
    """Whom to follow where; `key` is the API key."""

    host: str
    port: int
    path: str
    key: str
    clients: int


class Heard(msgspec.Struct, frozen=True):
    """Milliseconds from booking to each client, and how many events of all clients together did not arrive.

    `breaks` counts messages that did not follow the one before, and connections that ended.
    """

    times: Times
    events: int
    lost: int
    breaks: int
    cpu_seconds: float


class _Message(NamedTuple):
    after: bytes
    id: bytes
    booked: list[float]


class _Event(msgspec.Struct):
    at: datetime


class _Frame(msgspec.Struct):
    after: str
    events: list[_Event]


class _Crowd:
    """What all of them have heard."""

    def __init__(self) -> None:
        self.steps: Counter[int] = Counter()
        self.breaks = 0
        self.ready = 0
        self._understood: dict[bytes, list[_Message]] = {}
        self._decoder = msgspec.json.Decoder(_Frame)

    def understand(self, text: bytes) -> list[_Message]:
        """The messages of a text; looked up, where somebody else has heard it already."""
        messages = self._understood.get(text)
        if messages is None:
            if len(self._understood) > _KEPT:
                self._understood.clear()
            messages = self._understood[text] = [*map(self._message, filter(_has_data, text.split(b"\n\n")))]
        return messages

    def _message(self, text: bytes) -> _Message:
        fields = dict(line.split(b": ", 1) for line in text.split(b"\n"))
        frame = self._decoder.decode(fields[b"data"])
        return _Message(frame.after.encode(), fields[b"id"], [event.at.timestamp() for event in frame.events])


def _has_data(message: bytes) -> bool:
    return b"data: " in message


class _Client(asyncio.Protocol):
    """One connection, whose body comes in chunks of whole messages."""

    def __init__(self, crowd: _Crowd, request: bytes) -> None:
        self._crowd = crowd
        self._request = request
        self._head = True
        self._left = b""
        self._last = b""
        self.events = 0
        self.leaving = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's own name
        self._crowd.breaks += not self.leaving

    def data_received(self, data: bytes) -> None:
        now = clock.now().timestamp()
        data = self._left + data if self._left else data
        if self._head:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._left = head
                return
            self._head = False
            if not head.startswith(b"HTTP/1.1 200 "):
                self._crowd.breaks += 1
        at = 0
        while (line := data.find(b"\r\n", at)) >= 0:
            size = int(data[at:line], 16)
            if len(data) < line + size + 4:
                break
            self._hear(data[line + 2 : line + 2 + size], now)
            at = line + size + 4
        self._left = data[at:]

    def _hear(self, text: bytes, now: float) -> None:
        steps = self._crowd.steps
        for message in self._crowd.understand(text):
            if message.after != self._last:
                self._crowd.breaks += bool(self._last)
                self._crowd.ready += not self._last
            self._last = message.id
            self.events += len(message.booked)
            for booked in message.booked:
                steps[int((now - booked) * 1000)] += 1


async def follow(plan: Plan) -> Heard:
    """Does what the plan says."""
    loop = asyncio.get_running_loop()
    crowd = _Crowd()
    request = (
        f"GET {plan.path} HTTP/1.1\r\nHost: {plan.host}:{plan.port}\r\nAuthorization: Bearer {plan.key}\r\n"
        "Accept: text/event-stream\r\n\r\n"
    ).encode()
    pairs: list[tuple[asyncio.BaseTransport, _Client]] = []
    for begin in range(0, plan.clients, _AT_ONCE):
        opening = (
            loop.create_connection(lambda: _Client(crowd, request), plan.host, plan.port)
            for _ in range(min(_AT_ONCE, plan.clients - begin))
        )
        pairs += await asyncio.gather(*opening)
    ready = await _until(lambda: crowd.ready == plan.clients)
    sys.stdout.write("ready\n" if ready else f"{crowd.ready} of {plan.clients} hear the feed\n")
    sys.stdout.flush()
    cpu = time.process_time()
    told = int(await loop.run_in_executor(None, sys.stdin.readline))
    clients = [client for _, client in pairs]
    await _until(lambda: all(client.events >= told for client in clients))
    used = time.process_time() - cpu
    for transport, client in pairs:
        client.leaving = True
        transport.close()
    lost = sum(abs(told - client.events) for client in clients)
    return Heard([(ms, many) for ms, many in sorted(crowd.steps.items())], told, lost, crowd.breaks, round(used, 3))


async def _until(done: Callable[[], bool]) -> bool:
    """Waits until it is so, for PATIENCE at the most; whether it is."""
    end = time.monotonic() + PATIENCE
    while not done() and time.monotonic() < end:
        await asyncio.sleep(0.05)
    return done()


def main() -> None:
    """Follows as the plan on standard input says, and writes what came of it."""
    plan = msgspec.json.decode(sys.stdin.readline(), type=Plan)
    settle()
    heard = uvloop.run(follow(plan))
    sys.stdout.write(msgspec.json.encode(heard).decode())


if __name__ == "__main__":
    main()
