"""The load generator against small servers of the tests' own, and the figures that benches are made from."""

import asyncio
import os
import shutil
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from riviere.cli.bench import generator, load
from riviere.cli.bench.crowd import by_zipf, evenly, half_to_one
from riviere.cli.bench.figures import Latency, latency, median, quantile
from riviere.cli.bench.generator import LoadFailed
from riviere.cli.bench.load import Plan, answered
from riviere.cli.bench.machine import cpu_seconds, machine, proportional_mb, resident_mb

Answering = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


@contextmanager
def served(answer: Answering) -> Iterator[int]:
    """The port of a server that gives each request to `answer`, until the end of the block."""
    loop = asyncio.new_event_loop()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                await answer(head + await reader.readexactly(length), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = loop.run_until_complete(asyncio.start_server(talk, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def stop() -> None:
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def plan(port: int, **more: int | float) -> Plan:
    given: dict[str, int | float] = {"seconds": 0.3, "connections": 3, "viewers": 50, "creators": 5, **more}
    return Plan("127.0.0.1", port, "/v1/gifts", "secret", **given)  # type: ignore[arg-type]


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def test_each_answer_is_counted_by_its_status_and_timed() -> None:
    seen: list[bytes] = []

    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        seen.append(request)
        writer.write(OK if len(seen) % 5 else b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")

    with served(answer) as port:
        cpu = time.process_time()
        ran = load.run(plan(port))
        cpu = time.process_time() - cpu
    assert (ran.seconds, ran.broken) == (0.3, 0)
    assert ran.statuses[200] == pytest.approx(4 * ran.statuses[503], rel=0.3)
    # What was under way at the end is waited for and not counted.
    assert sum(many for _, many in ran.times) == sum(ran.statuses.values()) == len(seen) - 3
    assert 0 < quantile(ran.times, 500) < 300
    assert 0 < ran.cpu_seconds <= cpu + 0.001, "the server here is a thread of the same process"


def test_every_gift_has_a_key_of_its_own_and_people_of_the_crowd() -> None:
    seen: list[bytes] = []

    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        seen.append(request)
        writer.write(OK)

    with served(answer) as port:
        load.run(plan(port))
    keys = {request.partition(b"Idempotency-Key: ")[2][:32] for request in seen}
    assert len(keys) == len(seen) > 10
    assert all(b"Authorization: Bearer secret\r\n" in request for request in seen)
    bodies = {request.partition(b"\r\n\r\n")[2] for request in seen}
    assert all(body.startswith(b'{"sender":"viewer-0000') and body.endswith(b'"stream":"live"}') for body in bodies)
    assert len({body[:25] for body in bodies}) > 5, "many viewers"


def test_an_answer_in_pieces_is_one_answer() -> None:
    async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
        for piece in (OK[:10], OK[10:36], OK[36:-1], OK[-1:]):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.001)

    with served(answer) as port:
        ran = load.run(plan(port))
    assert ran.statuses.keys() == {200}
    assert ran.broken == 0


def test_a_connection_that_breaks_is_counted_and_opened_again() -> None:
    count = 0

    async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        if count % 10 == 0:
            writer.close()
        else:
            writer.write(OK)

    with served(answer) as port:
        ran = load.run(plan(port))
    assert ran.broken == pytest.approx(count / 10, abs=3)
    assert ran.broken > 1
    assert ran.statuses[200] > 5 * ran.broken


def test_a_server_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
        return

    monkeypatch.setattr(load, "PATIENCE", 0.2)
    with served(answer) as port:
        ran = load.run(plan(port, seconds=0.1))
    assert (ran.statuses, ran.broken, ran.times) == ({}, 3, [])


def test_bulk_answers_are_counted_line_by_line() -> None:
    bodies: list[bytes] = []

    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        lines = request.partition(b"\r\n\r\n")[2].splitlines()
        bodies.extend(lines)
        said = b"".join(b'{"line":%d,"status":%d}\n' % (at, 402 if at == 1 else 200) for at in range(len(lines)))
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for part in (said[:25], said[25:], b""):
            writer.write(b"%x\r\n%b\r\n" % (len(part), part))

    with served(answer) as port:
        ran = load.run_bulk(plan(port, lines=10, connections=2))
    assert ran.statuses[200] == 9 * ran.statuses[402] == 9 * len(bodies) // 10
    assert ran.broken == 0
    assert len({line[:42] for line in bodies}) == len(bodies), "a key a line"
    assert bodies[0].startswith(b'{"key":"')


def test_bulk_requests_that_break_off_or_are_refused_are_told() -> None:
    count = 0

    async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        if count > 1:
            writer.close()
        else:
            writer.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")

    with served(answer) as port:
        ran = load.run_bulk(plan(port, lines=10, connections=1))
    assert (ran.statuses, ran.broken) == ({401: 10}, 1)


def test_the_generator_is_a_process_of_its_own() -> None:
    async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)

    with served(answer) as port:
        ran = generator.send(plan(port))
    assert ran.statuses[200] > 10
    with pytest.raises(LoadFailed, match="ConnectionRefused"):
        generator.send(plan(port))


FAKE = """#!/bin/sh
test -f "$8" || exit 3
echo "a table of wrk's own: $RIVIERE_BENCH_PATH"
echo 'RIVIERE {"requests":120,"microseconds":2000000,"refused":20,"broken":1,"times":[[500,100],[900,20]]}'
"""


def test_what_wrk_says_is_understood(tmp_path: Path) -> None:
    program = tmp_path / "wrk"
    program.write_text(FAKE)
    program.chmod(0o755)
    ran = generator.send(plan(1, seconds=2), str(program))
    assert (ran.seconds, ran.statuses, ran.broken) == (2.0, {200: 100, 400: 20}, 1)
    assert ran.times == [(0.5, 100), (0.9, 20)]
    program.write_text("#!/bin/sh\necho 'unable to connect' >&2\nexit 1\n")
    with pytest.raises(LoadFailed, match="unable to connect"):
        generator.send(plan(1), str(program))


@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")
def test_wrk_sends_the_same_gifts() -> None:
    seen: list[bytes] = []

    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        seen.append(request)
        writer.write(OK)

    with served(answer) as port:
        ran = generator.send(plan(port, seconds=1), generator.wrk())
    assert ran.statuses.keys() == {200}
    assert ran.times
    keys = {request.partition(b"Idempotency-Key: ")[2][:32] for request in seen}
    assert len(keys) == len(seen) >= ran.statuses[200] > 10
    assert all(b'{"sender":"viewer-0000' in request for request in seen)


def test_an_answer_is_whole_when_its_length_has_arrived() -> None:
    assert [answered(OK[:end]) for end in (0, 20, len(OK) - 1, len(OK))] == [None, None, None, 200]
    with pytest.raises(ValueError, match="Content-Length"):
        answered(b"HTTP/1.1 200 OK\r\n\r\n")


def test_quantiles_are_of_the_nearest_rank() -> None:
    times = [(3.0, 1), (1.0, 98), (2.0, 1)]
    assert latency(times) == Latency(1.0, 2.0)
    assert [quantile(times, permille) for permille in (980, 981, 990, 991, 1000)] == [1.0, 2.0, 2.0, 3.0, 3.0]
    assert quantile([], 500) == 0
    assert median([5, 1, 3]) == 3
    assert median([1, 2]) == 1


def test_creators_are_chosen_evenly_by_zipf_or_half_to_one() -> None:
    draws = [number * 2**64 // 10_000 for number in range(10_000)]

    def shares(choose: Callable[[int], int], draws: list[int]) -> list[float]:
        chosen = [choose(drawn) for drawn in draws]
        return [chosen.count(creator) / len(draws) for creator in range(4)]

    assert shares(evenly(4), list(range(10_000))) == [0.25] * 4
    assert shares(by_zipf(4, 1), draws) == pytest.approx([12 / 25, 6 / 25, 4 / 25, 3 / 25], abs=0.001)
    assert by_zipf(4, 1)(2**64 - 1) == 3
    assert shares(half_to_one(4), list(range(9_999))) == pytest.approx([1 / 2, 1 / 6, 1 / 6, 1 / 6], abs=0.001)
    assert {half_to_one(1)(drawn) for drawn in range(10)} == {0}


def test_a_process_is_known_by_what_it_used() -> None:
    here = os.getpid()
    used = cpu_seconds(here)
    assert used is not None
    assert used > 0
    assert (resident_mb(here) or 0) > 20
    assert (proportional_mb(here) or 0) > 10
    assert (cpu_seconds(None), cpu_seconds(2**22 + 1), resident_mb(2**22 + 1), proportional_mb(None)) == (None,) * 4
    found = machine(Path("/proc"))
    assert (found.file_system, found.cores) == ("proc", os.cpu_count())
