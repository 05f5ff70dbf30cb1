"""What a creator's screen says of a period, in one answer; with filters that hold across all of it."""

from collections.abc import Callable
from typing import Any, Final

from riviere import clock, money
from riviere.clock import BadPeriod, BadTime, FutureTime
from riviere.content import posters
from riviere.database.connection import Connection, snapshot
from riviere.economy import catalogue, people, places
from riviere.economy.earned import income as sums
from riviere.economy.earned.earnings import Earned
from riviere.errors import RiviereError
from riviere.http.operation import EXAMPLE_TIME, Call, operation
from riviere.wire import earnings as figures
from riviere.wire import income as wire

MOST_DAYS: Final = 366


class IncomePeriodTooLong(RiviereError):
    """Income is shown for {most} days at the most; ask for one period after the other."""

    code = "income_period_too_long"


class StreamOrPost(RiviereError):
    """A gift lands in a stream or on a post, never both; give one of the two."""

    code = "stream_or_post"


_ROW: Final[dict[str, Any]] = {
    "gifts": 12,
    "pieces": 14,
    "coins": 4186,
    "diamonds": "4186",
    "reversed_gifts": 1,
    "reversed_coins": 299,
    "reversed_diamonds": "299",
}
_DAY: Final = EXAMPLE_TIME.replace(hour=0, minute=0)


@operation(
    "GET",
    "/v1/users/{user}/income",
    id="getIncome",
    tag="Earnings",
    scope="earnings:read",
    owner="user",
    raises=(
        people.UnknownUser,
        places.UnknownPlace,
        catalogue.UnknownGift,
        BadPeriod,
        BadTime,
        FutureTime,
        IncomePeriodTooLong,
        StreamOrPost,
        sums.IncomeTooLarge,
    ),
    answer=wire.Income(
        creator="aurora",
        since=_DAY,
        until=_DAY.replace(hour=21),
        step="day",
        total=figures.Earned(**_ROW),
        steps=[wire.Period(begins=_DAY, **_ROW)],
        hours_of_week=[wire.WeekHour(hour_of_week=140, **_ROW)],
        gifts=wire.Ranking(there=1, data=[wire.Ranked(gift="comet", title="Comet", **_ROW)]),
        places=wire.Ranking(there=1, data=[wire.Ranked(stream="live", title="Paint with me", **_ROW)]),
        supporters=wire.Ranking(there=1, data=[wire.Ranked(supporter="mira", **_ROW)]),
    ),
)
def get_income(call: Call, query: wire.IncomeQuery) -> wire.Income:
    """Get what gifts brought a creator in a period: step by step, by hour of the week, gift, place and supporter.

    Filters hold across the whole answer: with a gift and a supporter, `places` says where that supporter sent that
    gift. Gifts are dated by when they happened, and what was undone is counted apart. A name that is filtered by and
    brought nothing makes rankings without rows.
    """
    since, until = clock.whole_hours(*clock.period(query.since, query.until or call.now, call.now))
    if since is None or until is None or (until - since).days > MOST_DAYS:
        raise IncomePeriodTooLong(most=MOST_DAYS)
    if query.stream is not None and query.post is not None:
        raise StreamOrPost
    only = sums.Only(query.stream, query.post, query.gift, query.supporter, query.hour_of_week)
    with call.reading() as connection, snapshot(connection):
        creator = people.find(connection, call.path["user"]).id
        found = sums.income(connection, creator, since, until, only, query.limit)
        titles = _titles(connection, creator, found.rankings)
    ranked = found.rankings
    return wire.Income(
        creator=call.path["user"],
        since=since,
        until=until,
        step=query.step,
        total=figures.Earned(**_figures(sums.total(found.hours))),
        steps=[
            wire.Period(begins=begins, **_figures(row)) for begins, row in sums.by_step(found.hours, query.step).items()
        ],
        hours_of_week=[
            wire.WeekHour(hour_of_week=slot, **_figures(row)) for slot, row in sums.by_hour_of_week(found.hours).items()
        ],
        gifts=_ranking(None if ranked is None else ranked.gifts, lambda row: {"gift": row.gift, "title": row.name}),
        places=_ranking(
            None if ranked is None else ranked.places, lambda row: {row.kind: row.place, "title": titles.get(row.id)}
        ),
        supporters=_ranking(None if ranked is None else ranked.supporters, lambda row: {"supporter": row.supporter}),
    )


def _titles(connection: Connection, creator: int, ranked: sums.Rankings | None) -> dict[int, str | None]:
    """What streams and posts are called, by our ids of them."""
    shown = [] if ranked is None else [(creator, row.id) for row in ranked.places.rows]
    return {place: poster.title for (_, place), poster in posters.of(connection, shown).items()}


def _ranking(ranking: sums.Ranking[Any] | None, named: Callable[[Any], dict[str, Any]]) -> wire.Ranking | None:
    if ranking is None:
        return None
    rows = [wire.Ranked(**named(row), **_figures(row)) for row in ranking.rows]
    return wire.Ranking(there=ranking.there, data=rows)


def _figures(row: Earned) -> dict[str, Any]:
    return {
        "gifts": row.gifts,
        "pieces": row.pieces,
        "coins": row.coins,
        "diamonds": money.plain(row.diamonds, money.DIAMOND),
        "reversed_gifts": row.reversed_gifts,
        "reversed_coins": row.reversed_coins,
        "reversed_diamonds": money.plain(row.reversed_diamonds, money.DIAMOND),
    }
