"""`riviere bench writer`: gifts a second through the desk, as the web server sends them, beside what else is known."""

import gc
import time
from typing import Annotated, Final, NamedTuple

import msgspec
from cyclopts import Parameter
from cyclopts.validators import Number

from riviere import clock
from riviere.cli.bench import crowd as people
from riviere.cli.bench import ground, tpcb
from riviere.cli.bench.crowd import Chooser, Crowd, Gifts
from riviere.cli.bench.figures import P50, P99, P999, quantile
from riviere.cli.bench.flow import GROUP, OUTSTANDING, Flow, preload
from riviere.cli.bench.ground import NOTHING_SAID, Batches, Bench, BenchRefused, Server, Space, say
from riviere.cli.bench.machine import Machine, cpu_seconds, less, machine, postmaster
from riviere.cli.common import table
from riviere.cli.verify import complain, ok_line
from riviere.economy import gifts as one_by_one
from riviere.errors import RiviereError
from riviere.ledger.verify import Report
from riviere.office import Office
from riviere.process import settle
from riviere.services import Riviere

#: Seconds in which gifts are booked one by one, each in a transaction of its own.
SINGLE_SECONDS: Final = 3
#: Gifts that are sent before anything is timed: connections are open then, and statements known.
WARM_UP: Final = 2_000


class HotOrZipf(RiviereError):
    """--hot sends everything to one creator, --zipf by Zipf's law; choose one of the two."""

    code = "hot_or_zipf"


class Asked(msgspec.Struct, frozen=True):
    """What to measure."""

    gifts: int
    hot: bool
    zipf: float | None
    refuse: float
    preload: int


class Baseline(msgspec.Struct, frozen=True):
    """Transactions a second of one gift a transaction, and of pgbench's TPC-B; None with a note where there is none."""

    single_tps: float
    tpcb_tps: float | None
    note: str


class Figures(msgspec.Struct, frozen=True):
    """What `bench writer` measured.

    `gifts_per_s` are gifts booked a second, `answers_per_s` those refused as well. Times are from handing a gift in to
    its answer. `bytes_per_gift` is the journal with its indexes, `other_bytes_per_gift` every other table that grew;
    CPU is in microseconds a gift, of this process and of all of PostgreSQL's.
    """

    gifts: int
    hot: bool
    zipf: float | None
    preload: int
    viewers: int
    creators: int
    booked: int
    refused: int
    seconds: float
    gifts_per_s: float
    answers_per_s: float
    p50_ms: float
    p99_ms: float
    p999_ms: float
    outstanding: int
    group: int
    batches: Batches
    bytes_per_gift: float
    other_bytes_per_gift: dict[str, float]
    wal_per_gift: float
    checkpoints: int
    client_cpu_us: float
    postgres_cpu_us: float | None
    baseline: Baseline
    ratio_to_single: float
    ratio_to_tpcb: float | None
    server: Server
    machine: Machine
    verified: bool


def writer(
    *,
    gifts: Annotated[int, Parameter(help="How many gifts to send.", validator=Number(gte=1))] = 200_000,
    hot: Annotated[bool, Parameter(negative=(), help="All of them to one creator.")] = False,
    zipf: Annotated[float | None, Parameter(help="To creators by Zipf's law, exponent S.", validator=Number(gt=0))] = (
        None
    ),
    refuse: Annotated[
        float, Parameter(help="This share from viewers without coins.", validator=Number(gte=0, lt=1))
    ] = 0.0,
    preload: Annotated[int, Parameter(help="Gifts of the same kind sent before.", validator=Number(gte=0))] = 0,
    bench: Bench = NOTHING_SAID,
) -> int:
    """Send gifts through the desk that the web server uses, beside one a transaction and TPC-B; then verify the books.

    100,000 viewers send to 2,000 creators under random keys of 128 bits, with every check and durability on.
    """
    if hot and zipf is not None:
        raise HotOrZipf
    asked = Asked(gifts, hot, zipf, refuse, preload)
    with bench.riviere() as riviere:
        sent = _send_all(riviere, asked)
        baseline = _baseline(riviere, sent.crowd, asked)
        report = ground.verify(riviere)
        figures = _figures(riviere, asked, sent, baseline, verified=report.ok)
    complain(report)
    bench.answer(figures, *_shown(figures, report))
    return 0 if report.ok else 1


class _Sent(NamedTuple):
    """What the timed gifts took; CPU seconds are of this process and of the server's."""

    crowd: Crowd
    flow: Flow
    seconds: float
    grown: Space
    batches: Batches
    client_cpu: float
    postgres_cpu: float | None


def _chooser(asked: Asked, creators: int) -> Chooser:
    return people.evenly(creators) if asked.zipf is None else people.by_zipf(creators, asked.zipf)


def _send_all(riviere: Riviere, asked: Asked) -> _Sent:
    """Gathers the crowd, sends what is to be there before, then the gifts that are timed."""
    everything = asked.preload + WARM_UP + asked.gifts
    with Office(riviere) as office:
        creators = 1 if asked.hot else people.CREATORS
        crowd = people.gather(riviere, office.writer, everything, creators, since=clock.now())
        supply = Gifts(crowd, _chooser(asked, len(crowd.creators)), refuse=asked.refuse)
        preload(office.desk, supply, asked.preload)
        Flow(office.desk).send(supply.groups(min(WARM_UP, asked.gifts), GROUP))
        # Made before the clock starts, and out of the collector's sight as in a server: keys are the callers' work.
        timed = list(supply.groups(asked.gifts, GROUP))
        gc.collect()
        settle()
        ground.checkpoint(riviere)
        say(f"{asked.gifts:,} gifts, {OUTSTANDING:,} of them under way at a time")
        server = postmaster(riviere.connection)
        since, before = ground.server_time(riviere), ground.space(riviere)
        client_cpu, postgres_cpu = time.process_time(), cpu_seconds(server)
        flow = Flow(office.desk)
        seconds = flow.send(timed)
        client_cpu = time.process_time() - client_cpu
        postgres_cpu = less(cpu_seconds(server), postgres_cpu)
        grown = ground.space(riviere).since(before)
        batches = ground.batches(riviere, since)
    expected = sum(request.sender.startswith(people.POOR_NAMES) for group in timed for request in group)
    if asked.gifts - flow.booked != expected:
        raise BenchRefused(reason=f"{asked.gifts - flow.booked} and not {expected}")
    return _Sent(crowd, flow, seconds, grown, batches, client_cpu, postgres_cpu)


def _baseline(riviere: Riviere, crowd: Crowd, asked: Asked) -> Baseline:
    """The same gifts one by one over one connection, then pgbench."""
    supply = Gifts(crowd, _chooser(asked, len(crowd.creators)))
    say(f"one gift a transaction, {SINGLE_SECONDS} seconds")
    begun, many = time.perf_counter(), 0
    while (seconds := time.perf_counter() - begun) < SINGLE_SECONDS:
        for (request,) in supply.groups(10, 1):
            one_by_one.send(riviere.connection, riviere.writer, request, clock.now())
            many += 1
    compared = tpcb.measure(riviere)
    return Baseline(round(many / seconds, 1), compared.tps, compared.note)


def _figures(riviere: Riviere, asked: Asked, sent: _Sent, baseline: Baseline, *, verified: bool) -> Figures:
    flow, many = sent.flow, max(sent.flow.booked, 1)
    rate = flow.booked / sent.seconds
    # A page that a table gained by chance is nothing a gift takes.
    tables = {name: each for name, size in sent.grown.tables.items() if (each := round(size / many, 1))}
    return Figures(
        gifts=asked.gifts,
        hot=asked.hot,
        zipf=asked.zipf,
        preload=asked.preload,
        viewers=len(sent.crowd.viewers),
        creators=len(sent.crowd.creators),
        booked=flow.booked,
        refused=asked.gifts - flow.booked,
        seconds=round(sent.seconds, 3),
        gifts_per_s=round(rate, 1),
        answers_per_s=round(asked.gifts / sent.seconds, 1),
        p50_ms=quantile(flow.times, P50),
        p99_ms=quantile(flow.times, P99),
        p999_ms=quantile(flow.times, P999),
        outstanding=OUTSTANDING,
        group=GROUP,
        batches=sent.batches,
        bytes_per_gift=tables.pop("entry", 0.0),
        other_bytes_per_gift=tables,
        wal_per_gift=round(sent.grown.wal / many, 1),
        checkpoints=sent.grown.checkpoints,
        client_cpu_us=round(sent.client_cpu / many * 10**6, 1),
        postgres_cpu_us=None if sent.postgres_cpu is None else round(sent.postgres_cpu / many * 10**6, 1),
        baseline=baseline,
        ratio_to_single=round(rate / baseline.single_tps, 2),
        ratio_to_tpcb=round(rate / baseline.tpcb_tps, 2) if baseline.tpcb_tps else None,
        server=ground.server(riviere),
        machine=machine(riviere.settings.data),
        verified=verified,
    )


def _shown(figures: Figures, report: Report) -> tuple[object, ...]:
    baseline = figures.baseline
    to = "one creator" if figures.hot else f"{figures.creators:,} creators"
    others = ", ".join(f"{name} {size:,.0f}" for name, size in figures.other_bytes_per_gift.items()) or "nothing"
    tpcb_line = f"{baseline.tpcb_tps:,.0f} a second" if baseline.tpcb_tps else baseline.note
    postgres = "unknown" if figures.postgres_cpu_us is None else f"{figures.postgres_cpu_us} µs"
    rows = [
        ("gifts", f"{figures.booked:,} booked, {figures.refused:,} refused; {figures.viewers:,} viewers to {to}"),
        ("there before", f"{figures.preload:,} gifts"),
        ("gifts a second", f"{figures.gifts_per_s:,.0f} ({figures.answers_per_s:,.0f} answers)"),
        ("one gift a transaction", f"{baseline.single_tps:,.0f} a second: {figures.ratio_to_single:,.1f} ×"),
        ("TPC-B (pgbench)", tpcb_line + (f": {figures.ratio_to_tpcb:,.1f} ×" if figures.ratio_to_tpcb else "")),
        ("a gift's answer", f"p50 {figures.p50_ms} ms, p99 {figures.p99_ms} ms, p99.9 {figures.p999_ms} ms"),
        ("batches", f"{figures.batches.count:,}, {figures.batches.mean:,.0f} gifts in the mean"),
        ("CPU a gift", f"{figures.client_cpu_us} µs here, {postgres} in PostgreSQL"),
        ("disk a gift", f"{figures.bytes_per_gift:,.0f} bytes of journal with indexes; beside it: {others}"),
        ("WAL a gift", f"{figures.wal_per_gift:,.0f} bytes; {figures.checkpoints} checkpoints"),
    ]
    return table(("", ""), rows + ground.told(figures.server, figures.machine)), ok_line(report)
