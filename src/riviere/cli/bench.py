"""`riviere bench`: how many gifts a second are booked here, on a throw-away database with nothing switched off."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final

import msgspec
from cyclopts import App, Parameter
from cyclopts.validators import Number

from riviere import clock, ids
from riviere.cli.common import Common, err, table
from riviere.cli.verify import complain, ok_line
from riviere.database.sql import load
from riviere.economy import catalogue, people, places, policies, policy
from riviere.errors import RiviereError
from riviere.ledger.model import Buy, Gift, Order
from riviere.ledger.verify import Report
from riviere.ledger.writer import LARGEST_BATCH
from riviere.services import Riviere
from riviere.settings import Settings

SQL = load("riviere.cli")

VIEWERS: Final = 20_000
CREATORS: Final = 1_000
#: Gifts of the baseline, each in a transaction of its own.
SINGLES: Final = 500

bench = App(name="bench", help="Measure Riviere here, on a throw-away database with every check and durability on.")


class Server(msgspec.Struct, frozen=True):
    """Settings that durability rests on, as the server reports them."""

    fsync: str
    synchronous_commit: str
    version: str


class Baseline(msgspec.Struct, frozen=True):
    """The same gifts booked one by one: transactions a second."""

    single_tps: float


class WriterFigures(msgspec.Struct, frozen=True):
    """What `bench writer` measured. `p50_ms` to `p999_ms` are of one batch, from sending to durable.

    `bytes_per_gift` is the journal with its indexes, `wal_per_gift` the write-ahead log.
    """

    gifts: int
    hot: bool
    batch: int
    seconds: float
    gifts_per_s: float
    p50_ms: float
    p99_ms: float
    p999_ms: float
    bytes_per_gift: float
    wal_per_gift: float
    baseline: Baseline
    ratio_to_single: float
    server: Server
    verified: bool


class BenchRefused(RiviereError):
    """The bench sent an order that the ledger refused ({reason}), so its figures would mean nothing."""

    code = "bench_refused"


@bench.command
def writer(
    *,
    gifts: Annotated[int, Parameter(help="How many gifts to write.", validator=Number(gte=1))] = 100_000,
    hot: Annotated[bool, Parameter(negative=(), help="All of them to one creator.")] = False,
    json: Annotated[bool, Parameter(negative=(), help="One JSON object on standard output.")] = False,
) -> int:
    """Write gifts in batches, beside one transaction a gift, and verify the books they make."""
    with tempfile.TemporaryDirectory(prefix="riviere-bench-") as folder, _opened(Path(folder)) as riviere:
        _say(f"{CREATORS:,} creators and their viewers are being made")
        orders = _orders(riviere, gifts + SINGLES, 1 if hot else CREATORS)
        _say(f"{SINGLES:,} gifts one by one, then {gifts:,} in batches of {LARGEST_BATCH:,}")
        singles = sum(_timed(riviere, [order]) for order in orders[:SINGLES])
        journal, wal = _space(riviere)
        batches = [orders[at : at + LARGEST_BATCH] for at in range(SINGLES, len(orders), LARGEST_BATCH)]
        times = [_timed(riviere, batch) for batch in batches]
        journal_after, wal_after = _space(riviere)
        _say("verifying")
        report = riviere.verify()
        seconds, single_tps = sum(times), SINGLES / singles
        figures = WriterFigures(
            gifts,
            hot,
            LARGEST_BATCH,
            round(seconds, 3),
            round(gifts / seconds, 1),
            _milliseconds(times, 500),
            _milliseconds(times, 990),
            _milliseconds(times, 999),
            round((journal_after - journal) / gifts, 1),
            round((wal_after - wal) / gifts, 1),
            Baseline(round(single_tps, 1)),
            round(gifts / seconds / single_tps, 2),
            _server(riviere),
            report.ok,
        )
    complain(report)
    Common(json=json).answer(figures, *_shown(figures, report))
    return 0 if report.ok else 1


def _opened(folder: Path) -> Riviere:
    return Riviere(Settings(folder, None))


def _say(text: str) -> None:
    if err.is_terminal:
        err.print(text, markup=False)


def _orders(riviere: Riviere, many: int, creators: int) -> list[Order]:
    """Gifts of one coin under random keys, from viewers who have bought the coins for them."""
    now = clock.now()
    shelf = catalogue.stock(riviere.connection, riviere.signer, now)
    policies.defaults(riviere.connection, riviere.signer, now)
    rate = policies.in_force(riviere.connection, policy.DIAMONDS_PER_COIN, "", now)
    rose = shelf.version("rose", now)
    handles = [f"creator-{number}" for number in range(creators)]
    fans = [f"viewer-{number}" for number in range(min(VIEWERS, many))]
    users = people.ensure(riviere.connection, riviere.signer, [*handles, *fans], now)
    wanted = [(users[name], places.STREAM, "live", now) for name in handles]
    streams = [(key[0], place) for key, place in places.ensure(riviere.connection, riviere.signer, wanted).items()]
    viewers = [users[name] for name in fans]
    # Twice what falls to each and some more: chance gives nobody so many gifts.
    _book(riviere, _purchases(shelf, viewers, 2 * many // len(viewers) + 60))
    orders: list[Order] = []
    for _ in range(many):
        creator, place = streams[ids.random_id() % len(streams)]
        viewer, key = viewers[ids.random_id() % len(viewers)], ids.client_id(ids.salt(16).hex())
        request = ids.request_digest(creator, rose.id, place)
        asked = (creator, 1, False, rose.coins, None, rate.amount, rose.id, rate.id, place, None, False)
        orders.append(Gift(viewer, key, request, now, *asked))
    return orders


def _purchases(shelf: catalogue.Catalogue, viewers: Sequence[int], coins: int) -> Iterator[Order]:
    now = clock.now()
    pack = shelf.pack("pack-70", now)
    for viewer in viewers:
        for number in range(-(-coins // pack.coins)):
            purchase = ids.client_id(f"{viewer}-{number}")
            yield Buy(
                viewer,
                purchase,
                ids.request_digest("buy", pack.id),
                now,
                pack.coins,
                pack.bonus,
                pack.price,
                pack.currency,
                pack.id,
                now + timedelta(days=pack.bonus_days),
                "sandbox",
                purchase.hex,
            )


def _book(riviere: Riviere, orders: Iterator[Order]) -> None:
    _accept(riviere.writer.write([*orders]))


def _timed(riviere: Riviere, orders: Sequence[Order]) -> float:
    """Seconds until all of them were durable."""
    begun = time.perf_counter()
    answers = riviere.writer.write(orders)
    seconds = time.perf_counter() - begun
    _accept(answers)
    return seconds


def _accept(answers: Sequence[object]) -> None:
    for answer in answers:
        if isinstance(answer, RiviereError):
            raise BenchRefused(reason=answer.code)


def _milliseconds(times: Sequence[float], permille: int) -> float:
    """The time that so many in a thousand did not exceed (nearest rank)."""
    rank = -(-len(times) * permille // 1000)
    return round(sorted(times)[rank - 1] * 1000, 2)


def _space(riviere: Riviere) -> tuple[int, int]:
    row = riviere.connection.execute(SQL["space_used"]).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def _server(riviere: Riviere) -> Server:
    row = riviere.connection.execute(SQL["server_settings"]).fetchone()
    assert row is not None
    return Server(*row)


def _shown(figures: WriterFigures, report: Report) -> tuple[object, ...]:
    server = figures.server
    rows = [
        ("gifts", f"{figures.gifts:,} to {'one creator' if figures.hot else f'{CREATORS:,} creators'}"),
        ("gifts a second", f"{figures.gifts_per_s:,.0f}, in batches of {figures.batch:,}"),
        ("one transaction a gift", f"{figures.baseline.single_tps:,.0f} a second"),
        ("ratio", f"{figures.ratio_to_single:,.1f} ×"),
        ("a batch", f"p50 {figures.p50_ms} ms, p99 {figures.p99_ms} ms, p99.9 {figures.p999_ms} ms"),
        ("disk a gift", f"{figures.bytes_per_gift:,.0f} bytes with indexes; WAL {figures.wal_per_gift:,.0f} bytes"),
        (
            "server",
            f"PostgreSQL {server.version}, fsync {server.fsync}, synchronous_commit {server.synchronous_commit}",
        ),
    ]
    return table(("", ""), rows), ok_line(report)
