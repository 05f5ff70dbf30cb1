"""`riviere bench read`: how long it takes to answer what people look at, among many gifts, by what HTTP calls.

Half of all gifts go to one creator, and half of all questions are about that creator's accounts.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec
from cyclopts import Parameter
from cyclopts.validators import Number

from riviere import clock, ids
from riviere.cli.bench import crowd as people_of_bench
from riviere.cli.bench import ground
from riviere.cli.bench.crowd import Gifts
from riviere.cli.bench.figures import Latency, Times, latency
from riviere.cli.bench.flow import preload as send_before
from riviere.cli.bench.ground import NOTHING_SAID, Bench, Server, say
from riviere.cli.bench.machine import Machine, machine
from riviere.cli.common import table
from riviere.cli.verify import complain, ok_line
from riviere.economy import tally
from riviere.http import wallets
from riviere.http.earnings import get_earnings
from riviere.http.front import Front
from riviere.http.operation import Call
from riviere.ledger.verify import Report
from riviere.office import Office
from riviere.wire.earnings import MOST_ROWS, EarningsQuery
from riviere.wire.wallets import BalanceQuery, EntryQuery

#: Days over which the gifts happened, and which are asked for.
DAYS: Final = 90
#: Rows of a page of a statement, and supporters.
ROWS: Final = 100
#: How often a question is asked at the most, before it counts, and at the least.
MOST: Final = 2_000
FIRST: Final = 3
LEAST: Final = 10


class Query(msgspec.Struct, frozen=True):
    """One question: milliseconds over all creators, and apart of the one with half of all gifts, and of the others."""

    p50_ms: float
    p99_ms: float
    asked: int
    hot: Latency
    spread: Latency


class Figures(msgspec.Struct, frozen=True):
    """What `bench read` measured. Earnings by hour are of the DAYS until now."""

    gifts: int
    balance: Query
    balance_at: Query
    statement: Query
    earnings_by_hour: Query
    supporters: Query
    server: Server
    machine: Machine
    verified: bool


def read(
    *,
    preload: Annotated[int, Parameter(help="Gifts to read among.", validator=Number(gte=1))] = 200_000,
    seconds: Annotated[float, Parameter(help="For each question at the most.", validator=Number(gt=0))] = 10,
    bench: Bench = NOTHING_SAID,
) -> int:
    """Ask for balances now and then, pages of statements, earnings by hour and supporters, among many gifts."""
    since = clock.now() - timedelta(days=DAYS + 1)
    with bench.riviere() as riviere:
        with Office(riviere) as office:
            crowd = people_of_bench.gather(riviere, office.writer, preload, people_of_bench.CREATORS, since=since)
            begun = clock.now()
            supply = Gifts(crowd, people_of_bench.half_to_one(len(crowd.creators)), days=DAYS)
            send_before(office.desk, supply, preload)
            say("the tallies are brought up to them")
            tally.catch_up(riviere.connection)
            ground.checkpoint(riviere)
            asking = _Asking(office, crowd.creators, begun)
            found = {name: _timed(name, ask, seconds) for name, ask in asking.questions().items()}
        report = ground.verify(riviere)
        figures = Figures(
            gifts=preload,
            **found,
            server=ground.server(riviere),
            machine=machine(riviere.settings.data),
            verified=report.ok,
        )
    complain(report)
    bench.answer(figures, *_shown(figures, report))
    return 0 if report.ok else 1


#: Asks once about the creator with half of all gifts, or about another one.
Question = Callable[[bool], object]


class _Asking:
    """The questions as HTTP answers them, without the web server."""

    def __init__(self, office: Office, creators: Sequence[str], begun: datetime) -> None:
        """Gifts were booked from `begun` on."""
        self._front = Front(office)
        self._office = office
        self._creators = creators
        self._begun = begun
        self._lasted = max(int((clock.now() - begun).total_seconds() * 10**6), 1)
        self._page: str | None = None

    def questions(self) -> dict[str, Question]:
        """All of them by name."""
        return {
            "balance": lambda hot: wallets.get_balance(self._call(hot), BalanceQuery(account="diamonds")),
            "balance_at": self._balance_at,
            "statement": self._statement,
            "earnings_by_hour": self._by_hour,
            "supporters": lambda hot: get_earnings(self._call(hot), EarningsQuery(by="supporter", limit=ROWS)),
        }

    def _creator(self, hot: bool) -> str:
        if hot or len(self._creators) == 1:
            return self._creators[0]
        return self._creators[1 + ids.random_id() % (len(self._creators) - 1)]

    def _call(self, hot: bool) -> Call:
        return Call(self._front, clock.now(), None, {"user": self._creator(hot)}, "", "")

    def _balance_at(self, hot: bool) -> object:
        then = self._begun + timedelta(microseconds=ids.random_id() % self._lasted)
        return wallets.get_balance(self._call(hot), BalanceQuery(account="diamonds", at=then))

    def _statement(self, hot: bool) -> object:
        """Page after page of the one creator's, so that deep ones are among them; the first page of others'."""
        page = self._page if hot else None
        answer = wallets.list_entries(self._call(hot), EntryQuery(account="diamonds", limit=ROWS, cursor=page))
        if hot:
            self._page = answer.next
        return answer

    def _by_hour(self, hot: bool) -> object:
        call = self._call(hot)
        since = call.now - timedelta(days=DAYS)
        return get_earnings(call, EarningsQuery(by="hour", since=since, until=call.now, limit=MOST_ROWS))


def _timed(name: str, ask: Question, seconds: float) -> Query:
    say(f"{name}: up to {MOST:,} times or {seconds:g} seconds")
    for number in range(2 * FIRST):
        ask(number % 2 == 0)
    hot: Times = []
    spread: Times = []
    end = time.perf_counter() + seconds
    for number in range(MOST):
        if number >= LEAST and time.perf_counter() > end:
            break
        begun = time.perf_counter()
        ask(number % 2 == 0)
        (spread if number % 2 else hot).append(((time.perf_counter() - begun) * 1000, 1))
    both = latency([*hot, *spread])
    return Query(both.p50_ms, both.p99_ms, len(hot) + len(spread), latency(hot), latency(spread))


def _shown(figures: Figures, report: Report) -> tuple[object, ...]:
    named = {
        "balance": figures.balance,
        "balance at a past time": figures.balance_at,
        f"statement page of {ROWS}": figures.statement,
        f"earnings by hour, {DAYS} days": figures.earnings_by_hour,
        f"supporters, {ROWS}": figures.supporters,
    }
    rows = [
        (
            name,
            *(f"{ms:,.2f}" for kind in (query.hot, query.spread) for ms in (kind.p50_ms, kind.p99_ms)),
            f"{query.asked:,}",
        )
        for name, query in named.items()
    ]
    heads = ("ms", ">one creator p50", ">p99", ">others p50", ">p99", ">asked")
    title = f"{figures.gifts:,} gifts, half of them to one creator"
    return (
        table(heads, rows, title=title),
        table(("", ""), ground.told(figures.server, figures.machine)),
        ok_line(report),
    )
