"""What gifts brought a creator: in all, by supporter, gift, place or hour."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from riviere import clock, money
from riviere.clock import BadPeriod, BadTime, FutureTime
from riviere.economy import earnings as sums
from riviere.economy import people, places
from riviere.economy.earnings import CreatorEarned, Earned, GiftEarned, HourEarned, PlaceEarned, SupporterEarned
from riviere.http.operation import Call, operation
from riviere.wire import earnings as wire

_SUMS: Final[dict[str, Callable[..., Sequence[Earned]]]] = {
    "supporter": sums.by_supporter,
    "gift": sums.by_gift,
    "place": sums.by_place,
    "hour": sums.by_hour,
}

_EXAMPLE: Final = wire.Earned(
    gift="comet",
    gifts=12,
    pieces=14,
    coins=4186,
    diamonds="4186",
    reversed_gifts=1,
    reversed_coins=299,
    reversed_diamonds="299",
)

_SOMEONE: Final = wire.CreatorEarned(
    creator="aurora",
    gifts=12,
    pieces=14,
    coins=4186,
    diamonds="4186",
    reversed_gifts=0,
    reversed_coins=0,
    reversed_diamonds="0",
)


@operation(
    "GET",
    "/v1/users/{user}/earnings",
    id="getEarnings",
    tag="Earnings",
    scope="earnings:read",
    owner="user",
    raises=(people.UnknownUser, BadPeriod, BadTime, FutureTime),
    answer=wire.Earnings(creator="aurora", by="gift", since=None, until=None, data=[_EXAMPLE]),
)
def get_earnings(call: Call, query: wire.EarningsQuery) -> wire.Earnings:
    """Get what gifts brought a creator.

    Gifts are dated by when they happened, a combo by its first step. What was undone since is counted apart. Diamonds
    are those that gifts brought, whatever was redeemed of them; the wallet says what is left.
    """
    since, until = clock.period(query.since, query.until, call.now)
    creator = call.path["user"]
    with call.reading() as connection:
        user = people.find(connection, creator).id
        rows: Sequence[Earned]
        if query.by == "total":
            rows = sums.by_creator(connection, [user], since, until) or [_nothing(creator)]
        else:
            rows = _SUMS[query.by](connection, user, since, until, query.limit)
    return wire.Earnings(creator=creator, by=query.by, since=since, until=until, data=[_shown(row) for row in rows])


@operation(
    "GET",
    "/v1/earnings",
    id="listEarnings",
    tag="Earnings",
    scope="earnings:all",
    raises=(BadPeriod, BadTime, FutureTime),
    answer=wire.EveryonesEarnings(since=None, until=None, data=[_SOMEONE]),
)
def list_earnings(call: Call, query: wire.EveryoneQuery) -> wire.EveryonesEarnings:
    """List what gifts brought each creator, most first; for reports."""
    since, until = clock.period(query.since, query.until, call.now)
    with call.reading() as connection:
        rows = sums.by_creator(connection, None, since, until)
    data = [wire.CreatorEarned(creator=row.creator, **_figures(row)) for row in rows]
    return wire.EveryonesEarnings(since=since, until=until, data=data)


def _nothing(creator: str) -> CreatorEarned:
    return CreatorEarned(
        gifts=0,
        pieces=0,
        coins=0,
        diamonds=0,
        reversed_gifts=0,
        reversed_coins=0,
        reversed_diamonds=0,
        creator=creator,
    )


def _shown(row: Earned) -> wire.Earned:
    return wire.Earned(**_figures(row), **_about(row))


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


def _about(row: Earned) -> dict[str, Any]:
    if isinstance(row, SupporterEarned):
        return {"supporter": row.supporter}
    if isinstance(row, GiftEarned):
        return {"gift": row.gift}
    if isinstance(row, PlaceEarned):
        return {"stream" if row.kind == places.STREAM else "post": row.place}
    if isinstance(row, HourEarned):
        return {"hour": row.hour}
    return {}
