"""`riviere bench http`: one POST a gift, answered when it is durable, beside a POST that does nothing; and bulk."""

import time
from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Final, NamedTuple

import msgspec
from cyclopts import Parameter
from cyclopts.validators import Number

from riviere import clock
from riviere.access import keys
from riviere.cli.bench import crowd as people
from riviere.cli.bench import generator, ground
from riviere.cli.bench.crowd import Crowd
from riviere.cli.bench.figures import P50, P99, Times, quantile
from riviere.cli.bench.ground import NOTHING_SAID, Bench, BenchRefused, Server, say
from riviere.cli.bench.load import NOOP_PATH, Plan, Ran
from riviere.cli.bench.machine import Machine, cpu_seconds, less, machine, postmaster, proportional_mb, resident_mb
from riviere.cli.bench.target import Target, serving
from riviere.cli.common import table
from riviere.cli.verify import complain, ok_line
from riviere.ledger.verify import Report
from riviere.services import Riviere

GIFTS_PATH: Final = "/v1/gifts"
BULK_PATH: Final = "/v1/gifts/bulk"
#: Times that the two kinds of POST take turns: what slows the machine for a while slows both.
ROUNDS: Final = 2
#: Gifts of a bulk request, requests at once, and seconds of them.
LINES: Final = 10_000
BULK_CONNECTIONS: Final = 2
BULK_SECONDS: Final = 5
#: Seconds before anything is counted, and seconds of rest after which the idle server's memory is read.
WARM_UP: Final = 1
REST: Final = 2
#: More than a machine of any size that we know answers in a second, singly and in bulk: viewers have coins for them.
_RATE: Final = 10_000
_BULK_RATE: Final = 60_000


class Answers(msgspec.Struct, frozen=True):
    """One kind of POST: answers of 200 a second, milliseconds from sending to answer, and how many of each status.

    CPU is in microseconds an answer, of the server and of PostgreSQL, the server's rounds in it.
    """

    rps: float
    p50_ms: float
    p99_ms: float
    server_cpu_us: float | None
    postgres_cpu_us: float | None
    statuses: dict[int, int]
    broken: int


class Bulk(msgspec.Struct, frozen=True):
    """NDJSON: gifts booked a second, over requests of so many lines each; statuses and CPU are those of a line."""

    gifts_per_s: float
    server_cpu_us: float | None
    postgres_cpu_us: float | None
    lines: int
    statuses: dict[int, int]
    broken: int


class Memory(msgspec.Struct, frozen=True):
    """Millions of bytes: what is resident of the server's processes; PostgreSQL's, with shared pages counted once."""

    server: float | None
    postgres: float | None


class Figures(msgspec.Struct, frozen=True):
    """What `bench http` measured; `ratio` is gifts to POSTs that do nothing, `generator_cpu` a share of one core."""

    seconds: float
    connections: int
    hot: bool
    generator: str
    gift: Answers
    noop: Answers
    ratio: float
    p99_ratio: float
    bulk: Bulk
    generator_cpu: float
    idle_mb: Memory
    busy_mb: Memory
    server: Server
    machine: Machine
    verified: bool


class _Load(NamedTuple):
    """A load, and CPU seconds that the server and PostgreSQL had for it."""

    ran: Ran
    server_cpu: float | None
    postgres_cpu: float | None


def http(
    *,
    seconds: Annotated[float, Parameter(help="How long for each kind of POST.", validator=Number(gt=0))] = 20,
    connections: Annotated[int, Parameter(help="Requests at once.", validator=Number(gte=1, lte=1000))] = 256,
    hot: Annotated[bool, Parameter(negative=(), help="All gifts to one creator.")] = False,
    bench: Bench = NOTHING_SAID,
) -> int:
    """Send gifts over HTTP to a server of its own, in turns with a POST that does nothing, then in bulk; then verify.

    The POST that does nothing has the same credentials, quota, key and body to check. The load comes from wrk where it
    is installed, else from a generator of our own, in a process apart; its share of a core is told.
    """
    with bench.settings() as settings, Riviere(settings) as riviere:
        gifts = round(seconds * _RATE + BULK_SECONDS * _BULK_RATE)
        crowd = people.gather(riviere, riviere.writer, gifts, 1 if hot else people.CREATORS, since=clock.now())
        _, key = keys.create(riviere.connection, "bench", ["gifts:write"], by="bench", now=clock.now())
        ground.checkpoint(riviere)
        with serving(settings) as target:
            measured = _Measured(riviere, target, crowd, key)
            measured.go(seconds, connections)
        report = ground.verify(riviere)
        figures = measured.figures(seconds, connections, hot=hot, verified=report.ok)
    complain(report)
    bench.answer(figures, *_shown(figures, report))
    return 0 if report.ok else 1


class _Measured:
    """Loads of one server, one after the other, and what came of them."""

    def __init__(self, riviere: Riviere, target: Target, crowd: Crowd, key: str) -> None:
        self._riviere = riviere
        self._target = target
        self._crowd = crowd
        self._key = key
        self._wrk = generator.wrk()
        self._postgres = postmaster(riviere.connection)
        self._gift: list[_Load] = []
        self._noop: list[_Load] = []

    def go(self, seconds: float, connections: int) -> None:
        """Everything that is measured."""
        time.sleep(REST)
        self._idle = self._memory()
        for path in (NOOP_PATH, GIFTS_PATH):
            generator.send(self._plan(path, WARM_UP, connections), self._wrk)
        for number in range(ROUNDS):
            say(f"round {number + 1} of {ROUNDS}: {seconds / ROUNDS:g} seconds of nothing, as many of gifts")
            self._noop.append(self._send(NOOP_PATH, seconds / ROUNDS, connections))
            self._gift.append(self._send(GIFTS_PATH, seconds / ROUNDS, connections))
        self._busy = self._memory()
        say(f"{BULK_SECONDS} seconds of bulk requests")
        self._bulk = self._send(BULK_PATH, BULK_SECONDS, BULK_CONNECTIONS, LINES)
        after = self._memory()
        self._busy = Memory(_larger(self._busy.server, after.server), _larger(self._busy.postgres, after.postgres))

    def _plan(self, path: str, seconds: float, connections: int, lines: int = 0) -> Plan:
        viewers, creators = len(self._crowd.viewers), len(self._crowd.creators)
        where = (self._target.host, self._target.port, path, self._key)
        return Plan(*where, seconds, connections, viewers, creators, lines)

    def _send(self, path: str, seconds: float, connections: int, lines: int = 0) -> _Load:
        """Raises BenchRefused where nothing was answered as it should be."""
        before = self._cpu()
        ran = generator.send(self._plan(path, seconds, connections, lines), self._wrk)
        if not ran.statuses.get(200):
            raise BenchRefused(reason=f"{path} answered {ran.statuses or 'nothing'}")
        after = self._cpu()
        return _Load(ran, *(less(now, then) for now, then in zip(after, before, strict=True)))

    def _cpu(self) -> tuple[float | None, float | None]:
        return cpu_seconds(self._target.process.pid), cpu_seconds(self._postgres)

    def _memory(self) -> Memory:
        return Memory(resident_mb(self._target.process.pid), proportional_mb(self._postgres))

    def figures(self, seconds: float, connections: int, *, hot: bool, verified: bool) -> Figures:
        """All of it together."""
        gift, noop = _together(self._gift), _together(self._noop)
        singles = [load.ran for load in (*self._gift, *self._noop)]
        return Figures(
            seconds=seconds,
            connections=connections,
            hot=hot,
            generator="wrk" if self._wrk else "riviere",
            gift=gift,
            noop=noop,
            ratio=round(gift.rps / noop.rps, 3),
            p99_ratio=round(gift.p99_ms / max(noop.p99_ms, 0.001), 2),
            bulk=_bulk(self._bulk),
            generator_cpu=round(sum(ran.cpu_seconds for ran in singles) / sum(ran.seconds for ran in singles), 3),
            idle_mb=self._idle,
            busy_mb=self._busy,
            server=ground.server(self._riviere),
            machine=machine(self._riviere.settings.data),
            verified=verified,
        )


def _together(loads: list[_Load]) -> Answers:
    times: Times = [time for load in loads for time in load.ran.times]
    statuses: Counter[int] = Counter()
    for load in loads:
        statuses.update(load.ran.statuses)
    return Answers(
        rps=round(statuses[200] / sum(load.ran.seconds for load in loads), 1),
        p50_ms=quantile(times, P50),
        p99_ms=quantile(times, P99),
        server_cpu_us=_each([load.server_cpu for load in loads], statuses.total()),
        postgres_cpu_us=_each([load.postgres_cpu for load in loads], statuses.total()),
        statuses=dict(statuses),
        broken=sum(load.ran.broken for load in loads),
    )


def _bulk(load: _Load) -> Bulk:
    statuses = load.ran.statuses
    many = sum(statuses.values())
    return Bulk(
        gifts_per_s=round(statuses[200] / load.ran.seconds, 1),
        server_cpu_us=_each([load.server_cpu], many),
        postgres_cpu_us=_each([load.postgres_cpu], many),
        lines=LINES,
        statuses=statuses,
        broken=load.ran.broken,
    )


def _each(seconds: Iterable[float | None], many: int) -> float | None:
    """Microseconds of one; None where they are not known."""
    known = [part for part in seconds if part is not None]
    return round(sum(known) / many * 10**6, 1) if known else None


def _larger(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else max(one, other)


def _shown(figures: Figures, report: Report) -> tuple[object, ...]:
    def answers(kind: Answers) -> str:
        wrong = {status: many for status, many in kind.statuses.items() if status != 200}
        also = f"; NOT 200: {wrong}" if wrong else ""
        also += f"; {kind.broken} connections broke" if kind.broken else ""
        cpu = f"CPU {kind.server_cpu_us} + {kind.postgres_cpu_us} µs"
        return f"{kind.rps:,.0f} a second, p50 {kind.p50_ms} ms, p99 {kind.p99_ms} ms; {cpu}{also}"

    bulk = figures.bulk
    refused = {status: many for status, many in bulk.statuses.items() if status != 200}
    rows = [
        ("gifts, one a POST", answers(figures.gift)),
        ("POSTs that do nothing", answers(figures.noop)),
        ("ratio", f"{figures.ratio:.2f}; of p99 {figures.p99_ratio:.2f}"),
        ("bulk", f"{bulk.gifts_per_s:,.0f} gifts a second" + (f"; NOT 200: {refused}" if refused else "")),
        ("load", f"{figures.connections} connections, {figures.generator}, {figures.generator_cpu:.0%} of a core"),
        ("memory idle", f"server {figures.idle_mb.server} MB, PostgreSQL {figures.idle_mb.postgres} MB"),
        ("memory under load", f"server {figures.busy_mb.server} MB, PostgreSQL {figures.busy_mb.postgres} MB"),
    ]
    return table(("", ""), rows + ground.told(figures.server, figures.machine)), ok_line(report)
