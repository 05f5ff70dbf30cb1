"""What gifts brought a creator: in all, by supporter, gift, place or hour."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

from riviere import clock, money
from riviere.clock import BadPeriod, BadTime, FutureTime
from riviere.database.connection import Connection
from riviere.economy import people, places
from riviere.economy.earned import earnings as sums
from riviere.economy.earned.earnings import Earned, PlaceEarned
from riviere.http.operation import Call, operation
from riviere.wire import earnings as wire


def _total(
    connection: Connection, creator: int, since: datetime | None, until: datetime | None, _: int
) -> Sequence[Earned]:
    return sums.by_creator(connection, [creator], since, until)


def _shown(
    row: Earned,
    *,
    supporter: str | None = None,
    gift: str | None = None,
    stream: str | None = None,
    post: str | None = None,
    hour: datetime | None = None,
) -> wire.Earned:
    """One row, with every field written out: thousands are an answer, and with a dict each they take thrice as long."""
    return wire.Earned(
        supporter=supporter,
        gift=gift,
        stream=stream,
        post=post,
        hour=hour,
        gifts=row.gifts,
        pieces=row.pieces,
        coins=row.coins,
        diamonds=money.plain(row.diamonds, money.DIAMOND),
        reversed_gifts=row.reversed_gifts,
        reversed_coins=row.reversed_coins,
        reversed_diamonds=money.plain(row.reversed_diamonds, money.DIAMOND),
    )


def _placed(row: PlaceEarned) -> wire.Earned:
    return _shown(row, stream=row.place) if row.kind == places.STREAM else _shown(row, post=row.place)


class _Sum(NamedTuple):
    """What sums gifts, and how one of its rows is shown."""

    rows: Callable[..., Sequence[Earned]]
    shown: Callable[[Any], wire.Earned]


_SUMS: Final = {
    "total": _Sum(_total, _shown),
    "supporter": _Sum(sums.by_supporter, lambda row: _shown(row, supporter=row.supporter)),
    "gift": _Sum(sums.by_gift, lambda row: _shown(row, gift=row.gift)),
    "place": _Sum(sums.by_place, _placed),
    "hour": _Sum(sums.by_hour, lambda row: _shown(row, hour=row.hour)),
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

_NOTHING: Final = wire.Earned(
    gifts=0, pieces=0, coins=0, diamonds="0", reversed_gifts=0, reversed_coins=0, reversed_diamonds="0"
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

    By hour every row is a whole hour (UTC): a period that begins or ends within an hour is taken with all of that hour,
    and `since` and `until` of the answer say what was taken. Where `limit` is less than the hours, the first ones come.

    Without a period, by hour, and for totals of whole hours, the answer is as quick for ten million gifts as for ten;
    any other period reads all of the creator's gifts.
    """
    since, until = clock.period(query.since, query.until, call.now)
    if query.by == "hour":
        since, until = clock.whole_hours(since, until)
    creator, asked = call.path["user"], _SUMS[query.by]
    with call.reading() as connection:
        user = people.find(connection, creator).id
        rows = asked.rows(connection, user, since, until, query.limit)
    data = [asked.shown(row) for row in rows]
    if query.by == "total" and not data:
        data = [_NOTHING]
    return wire.Earnings(creator=creator, by=query.by, since=since, until=until, data=data)


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
    data = [wire.CreatorEarned(creator=row.creator, **msgspec.structs.asdict(_shown(row))) for row in rows]
    return wire.EveryonesEarnings(since=since, until=until, data=data)
