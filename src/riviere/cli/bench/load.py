"""The load generator: one POST a gift over keep-alive connections, each sending again as soon as it is answered.

It runs as a process of its own (`python -m riviere.cli.bench.load`, the plan on standard input), so that its work is
told from the server's, and does as little as it can: requests are bytes with the key and two names put in, answers are
read for status and length only. Another mode sends NDJSON, thousands of gifts a request.
"""

import http.client
import selectors
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Final

import msgspec

from riviere import ids
from riviere.cli.bench.figures import Times

#: What is sent and by whom; every name of a kind is as long as any other.
VIEWER: Final = "viewer-%06d"
CREATOR: Final = "creator-%04d"
STREAM: Final = "live"
GIFT: Final = "rose"

_GIFT: Final = f'"sender":"{VIEWER}","creator":"{CREATOR}","gift":"{GIFT}","stream":"{STREAM}"}}'.encode()
_KEY: Final = b"%016x%016x"
#: Where the server of the bench has a POST that does nothing.
NOOP_PATH: Final = "/v1/bench/noop"
#: Times are kept in steps of 10 µs.
_STEPS: Final = 100
#: Seconds that answers are waited for after the end.
PATIENCE: Final = 10
_ROOM: Final = 1 << 16


class Plan(msgspec.Struct, frozen=True):
    """What to send where: for `seconds` over `connections`, by so many viewers to so many creators.

    `key` is the API key. With `lines` above 0 each request is NDJSON of that many gifts.
    """

    host: str
    port: int
    path: str
    key: str
    seconds: float
    connections: int
    viewers: int
    creators: int
    lines: int = 0


class Ran(msgspec.Struct, frozen=True):
    """What came of it: answers by status in `seconds`, connections that broke, CPU seconds of the generator.

    Of bulk requests the lines are counted, by their own status, and `times` is empty.
    """

    seconds: float
    statuses: dict[int, int]
    broken: int
    cpu_seconds: float
    times: Times


def gifts(plan: Plan) -> Iterator[tuple[bytes, bytes]]:
    """Key and body without its opening brace, for ever, each for a gift that nobody asked for before."""
    run, viewers, creators = ids.random_id(), plan.viewers, plan.creators
    number = 0
    while True:
        drawn = ids.random_id()
        number += 1
        yield _KEY % (run, number), _GIFT % (drawn % viewers, (drawn >> 32) % creators)


def requests(plan: Plan) -> Iterator[bytes]:
    """Whole requests of one gift each, for ever."""
    _, body = next(gifts(plan))
    head = (
        f"POST {plan.path} HTTP/1.1\r\nHost: {plan.host}:{plan.port}\r\nAuthorization: Bearer {plan.key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body) + 1}\r\nIdempotency-Key: "
    ).encode()
    for key, rest in gifts(plan):
        yield b"%b%b\r\n\r\n{%b" % (head, key, rest)


def answered(received: bytes) -> int | None:
    """The status of a whole answer; None where it has not all arrived. Raises ValueError for one without a length."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = received[:end].lower()
    at = head.find(b"\r\ncontent-length:")
    if at < 0:
        raise ValueError("an answer has no Content-Length")
    length = int(head[at + 17 :].partition(b"\r\n")[0])
    return int(head[9:12]) if len(received) >= end + 4 + length else None


class _Connection:
    """One connection, with what has arrived of the answer to the request sent at `begun`."""

    def __init__(self, plan: Plan, request: bytes) -> None:
        self.socket = socket.create_connection((plan.host, plan.port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.send(request)

    def send(self, request: bytes) -> None:
        self.received = b""
        self.begun = time.perf_counter()
        self.socket.sendall(request)

    def take(self) -> int | None:
        """Reads; answers the status once the answer is whole, and 0 where the connection is broken."""
        try:
            data = self.socket.recv(_ROOM)
        except OSError:
            return 0
        if not data:
            return 0
        self.received = self.received + data if self.received else data
        return answered(self.received)


def run(plan: Plan) -> Ran:
    """Sends single gifts. Raises OSError where nobody listens."""
    supply = requests(plan)
    statuses: Counter[int] = Counter()
    steps: Counter[int] = Counter()
    broken, waiting = 0, plan.connections
    with selectors.DefaultSelector() as selector:
        for _ in range(plan.connections):
            connection = _Connection(plan, next(supply))
            selector.register(connection.socket, selectors.EVENT_READ, connection)
        cpu, begun = time.process_time(), time.perf_counter()
        end = begun + plan.seconds
        while waiting and (left := end + PATIENCE - time.perf_counter()) > 0:
            for key, _ in selector.select(left):
                connection = key.data
                status = connection.take()
                if status is None:
                    continue
                now = time.perf_counter()
                if status and now < end:
                    statuses[status] += 1
                    steps[int((now - connection.begun) * 1000 * _STEPS)] += 1
                    connection.send(next(supply))
                    continue
                selector.unregister(connection.socket)
                connection.socket.close()
                broken += not status
                if now < end:
                    connection = _Connection(plan, next(supply))
                    selector.register(connection.socket, selectors.EVENT_READ, connection)
                else:
                    waiting -= 1
        used = time.process_time() - cpu
        for key in list(selector.get_map().values()):
            key.data.socket.close()
    times = [(step / _STEPS, many) for step, many in sorted(steps.items())]
    return Ran(plan.seconds, dict(statuses), broken + waiting, round(used, 3), times)


class _Line(msgspec.Struct):
    status: int


def run_bulk(plan: Plan) -> Ran:
    """Sends bulk requests, each connection one after the other; one that is under way at the end is finished."""
    statuses: Counter[int] = Counter()
    broken: list[str] = []
    begun, cpu = time.perf_counter(), time.process_time()

    def send() -> None:
        supply = gifts(plan)
        connection = http.client.HTTPConnection(plan.host, plan.port, timeout=60)
        head = {"Authorization": f"Bearer {plan.key}", "Content-Type": "application/x-ndjson"}
        try:
            while time.perf_counter() < begun + plan.seconds:
                lines = (b'{"key":"%b",%b' % next(supply) for _ in range(plan.lines))
                connection.request("POST", plan.path, b"\n".join(lines), head)
                answer = connection.getresponse()
                said = answer.read()
                if answer.status == 200:
                    statuses.update(one.status for one in msgspec.json.Decoder(_Line).decode_lines(said))
                else:
                    statuses[answer.status] += plan.lines
        except (OSError, http.client.HTTPException) as wrong:
            broken.append(repr(wrong))
        finally:
            connection.close()

    senders = [threading.Thread(target=send) for _ in range(plan.connections)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    seconds = time.perf_counter() - begun
    return Ran(round(seconds, 3), dict(statuses), len(broken), round(time.process_time() - cpu, 3), [])


def main() -> None:
    """Does what the plan on standard input says and writes what came of it."""
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    ran = run_bulk(plan) if plan.lines else run(plan)
    sys.stdout.buffer.write(msgspec.json.encode(ran))


if __name__ == "__main__":
    main()
