"""Who earned what from whom, read from the journal; and what one person's accounts hold.

A gift comes here from the journal (`ledger/store.py` wrote it) and goes to a screen: `cli/earnings.py` shows it.

Times are those at which gifts happened (`at`), so imported gifts lie where they were recorded. Diamonds are
thousandths; those of imports that nobody has paid for yet count with the others.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from psycopg.rows import dict_row

from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.economy import people
from riviere.ledger import provenance
from riviere.ledger.law import Kind
from riviere.ledger.model import Totals
from riviere.ledger.posting import balance
from riviere.ledger.store import read_queue

SQL = load("riviere.economy")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Earned(msgspec.Struct, frozen=True):
    """What gifts brought: how many stand, of how many pieces, their coins and diamonds; and apart what was reversed."""

    gifts: int
    pieces: int
    coins: int
    diamonds: int
    reversed_gifts: int
    reversed_coins: int
    reversed_diamonds: int


class CreatorEarned(Earned, frozen=True):
    """One creator's; `creator` is their external id, or the short form of ours where that was erased."""

    creator: str


class SupporterEarned(Earned, frozen=True):
    """From one supporter, named as creators are."""

    supporter: str


class GiftEarned(Earned, frozen=True):
    """By one gift, whatever its price was at the time."""

    gift: str
    name: str


class PlaceEarned(Earned, frozen=True):
    """In one stream or post."""

    kind: str
    place: str


class HourEarned(Earned, frozen=True):
    """In one hour, named by its begin in UTC."""

    hour: datetime


def by_creator(
    connection: Connection,
    creators: Sequence[int] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[CreatorEarned]:
    """One row a creator (all, or those user ids) who got a gift from `since` on and before `until`.

    Most diamonds first.
    """
    rows = _sums(connection, "creator", creators, since, until, None)
    named = people.names(connection, [creator for creator, _ in rows])
    return [CreatorEarned(**earned, creator=named[creator]) for creator, earned in rows]


def by_supporter(
    connection: Connection,
    creator: int,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int | None = None,
) -> list[SupporterEarned]:
    """One row a supporter of this creator, most diamonds first, `limit` at the most."""
    rows = _sums(connection, "supporter", [creator], since, until, limit)
    named = people.names(connection, [supporter for supporter, _ in rows])
    return [SupporterEarned(**earned, supporter=named[supporter]) for supporter, earned in rows]


def by_gift(
    connection: Connection,
    creator: int,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int | None = None,
) -> list[GiftEarned]:
    """One row a gift of the catalogue that this creator got, most diamonds first, `limit` at the most."""
    rows = _sums(connection, "gift", [creator], since, until, limit)
    found = connection.execute(SQL["name_gifts"], {"ids": [gift for gift, _ in rows]})
    named = {gift: {"gift": code, "name": name} for gift, code, name in found}
    return [GiftEarned(**earned, **named[gift]) for gift, earned in rows]


def by_place(
    connection: Connection,
    creator: int,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int | None = None,
) -> list[PlaceEarned]:
    """One row a stream or post of this creator, most diamonds first, `limit` at the most."""
    rows = _sums(connection, "place", [creator], since, until, limit)
    found = connection.execute(SQL["name_places"], {"creator": creator, "ids": [place for place, _ in rows]})
    named = {place: {"kind": kind, "place": name} for place, kind, name in found}
    return [PlaceEarned(**earned, **named[place]) for place, earned in rows]


def by_hour(
    connection: Connection,
    creator: int,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int | None = None,
) -> list[HourEarned]:
    """One row an hour (UTC) in which this creator got a gift, in order of time, `limit` at the most."""
    rows = _sums(connection, "hour", [creator], since, until, limit)
    return [HourEarned(**earned, hour=_EPOCH + timedelta(seconds=second)) for second, earned in rows]


def _sums(
    connection: Connection,
    by: str,
    creators: Iterable[int] | None,
    since: datetime | None,
    until: datetime | None,
    limit: int | None,
) -> list[tuple[int, dict[str, Any]]]:
    """Sums by one of the keys that the statement knows: the key and the fields of Earned."""
    parameters = {
        "by": by,
        "creators": None if creators is None else list(creators),
        "since": since,
        "until": until,
        "most": limit,
    }
    with connection.cursor(row_factory=dict_row) as cursor:
        return [(row.pop("key"), row) for row in cursor.execute(SQL["sum_gifts"], parameters)]


class Expiring(msgspec.Struct, frozen=True):
    """Bonus coins that are gone at `expires_at` unless they are spent before."""

    coins: int
    expires_at: datetime


class Wallet(msgspec.Struct, frozen=True):
    """What one person's accounts hold: coins as a viewer, diamonds (thousandths) as a creator.

    `bonus` is spent before `coins`, in the order of `expiring`. `owed` is taken off at the next redemption; `unbacked`
    came from imports and has no way out yet.
    """

    coins: int
    bonus: int
    expiring: list[Expiring]
    diamonds: int
    held: int
    owed: int
    unbacked: int


def wallet(connection: Connection, user: int) -> Wallet:
    """The balances of a user (by our id) now; all 0 for one who never had any."""
    rows = connection.execute(SQL["read_wallet"], {"user": user})
    accounts = {kind: Totals(*totals) for kind, *totals in rows}

    def held(kind: Kind) -> int:
        return balance(kind, accounts.get(kind, Totals()))

    return Wallet(
        held(Kind.COINS),
        held(Kind.BONUS),
        _expiring(connection, user, accounts[Kind.BONUS]) if held(Kind.BONUS) else [],
        held(Kind.DIAMONDS),
        held(Kind.HELD),
        held(Kind.OWED),
        held(Kind.UNBACKED),
    )


def _expiring(connection: Connection, user: int, bonus: Totals) -> list[Expiring]:
    """What is left of each grant of bonus coins, in the order in which they are spent."""
    queue = read_queue(connection, user, Kind.BONUS, bonus)
    left = [
        (sum(piece.hi - piece.lo for piece in provenance.unspent(queue, grant)), grant.expires_at)
        for grant in queue.credits
    ]
    return [Expiring(coins, expires_at) for coins, expires_at in left if coins and expires_at is not None]
