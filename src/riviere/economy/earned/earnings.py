"""Who earned what from whom.

A gift comes here from the journal (`ledger/batch.py` wrote it) and goes to a screen: `cli/earnings.py` shows it.

What is asked for all time, hours, and totals of whole hours (UTC) are read from the tallies (`tally.py`) and from the
journal behind them, in one statement: as exact as the journal, and as fast for ten million gifts as for ten. What else
is asked for a period is added up from the journal: that reads every gift of those creators.

Times are those at which gifts happened (`at`), so imported gifts lie where they were recorded. Diamonds are
thousandths; those of imports that nobody has paid for yet count with the others.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from riviere import clock
from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.economy import people

SQL = load("riviere.economy.earned")

#: What the table `tally` adds up by, and keys below and above all of its hours.
_AXES: Final = {"total": 0, "hour": 1, "gift": 2, "place": 3, "supporter": 4}
_BEFORE_ALL: Final = -(2**62)
_AFTER_ALL: Final = 2**62

#: What the sums are about, by our number, then the fields of Earned.
_Row = tuple[Any, ...]


class Earned(msgspec.Struct, frozen=True, gc=False):
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

    supporter: str | None


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
    if _whole(since, until):
        axis = _AXES["total" if since is until is None else "hour"]
        asked = {"creators": _listed(creators), "axis": axis} | _keys(since, until)
        rows = connection.execute(SQL["sum_creators"], asked).fetchall()
    else:
        rows = _from_journal(connection, "creator", creators, since, until)
    named = people.names(connection, [creator for creator, *_ in rows])
    return [CreatorEarned(*(*earned, named[creator])) for creator, *earned in rows]


def by_supporter(
    connection: Connection,
    creator: int,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int | None = None,
) -> list[SupporterEarned]:
    """One row a supporter of this creator, most diamonds first, `limit` at the most.

    What was sent anonymously is one row, whose supporter has no name.
    """
    rows = _ranked(connection, "supporter", creator, since, until, limit)
    named = people.names(connection, [supporter for supporter, *_ in rows])
    return [SupporterEarned(*(*earned, named[supporter] if supporter else None)) for supporter, *earned in rows]


def by_gift(
    connection: Connection,
    creator: int,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int | None = None,
) -> list[GiftEarned]:
    """One row a gift of the catalogue that this creator got, most diamonds first, `limit` at the most."""
    rows = _ranked(connection, "gift", creator, since, until, limit)
    found = connection.execute(SQL["name_gifts"], {"ids": [gift for gift, *_ in rows]})
    named = {gift: about for gift, *about in found}
    return [GiftEarned(*(*earned, *named[gift])) for gift, *earned in rows]


def by_place(
    connection: Connection,
    creator: int,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int | None = None,
) -> list[PlaceEarned]:
    """One row a stream or post of this creator, most diamonds first, `limit` at the most."""
    rows = _ranked(connection, "place", creator, since, until, limit)
    found = connection.execute(SQL["name_places"], {"creator": creator, "ids": [place for place, *_ in rows]})
    named = {place: about for place, *about in found}
    return [PlaceEarned(*(*earned, *named[place])) for place, *earned in rows]


def by_hour(
    connection: Connection,
    creator: int,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int | None = None,
) -> list[HourEarned]:
    """One row an hour (UTC) in which this creator got a gift, in order of time, `limit` at the most.

    Every hour is whole: those that the period begins and ends in, too (`clock.whole_hours`).
    """
    asked = {"creator": creator, "most": limit} | _keys(*clock.whole_hours(since, until))
    rows = connection.execute(SQL["sum_hours"], asked, binary=True).fetchall()
    return [HourEarned(*(*row[1:], datetime.fromtimestamp(row[0], UTC))) for row in rows]


def _ranked(
    connection: Connection,
    by: str,
    creator: int,
    since: datetime | None,
    until: datetime | None,
    limit: int | None,
) -> list[_Row]:
    if since is until is None:
        asked = {"creator": creator, "axis": _AXES[by], "most": limit}
        return connection.execute(SQL["rank_tallies"], asked).fetchall()
    return _from_journal(connection, by, [creator], since, until, limit)


def _from_journal(
    connection: Connection,
    by: str,
    creators: Sequence[int] | None,
    since: datetime | None,
    until: datetime | None,
    limit: int | None = None,
) -> list[_Row]:
    asked = {"by": by, "creators": _listed(creators), "since": since, "until": until, "most": limit}
    return connection.execute(SQL["sum_gifts"], asked).fetchall()


def _listed(creators: Sequence[int] | None) -> list[int] | None:
    return None if creators is None else list(creators)


def _whole(since: datetime | None, until: datetime | None) -> bool:
    """Whether only whole hours (UTC) lie between."""
    return all(instant is None or clock.hour_of(instant) == instant for instant in (since, until))


def _keys(since: datetime | None, until: datetime | None) -> dict[str, int]:
    """The first key of such hours, and the first behind them."""
    return {
        "first": _BEFORE_ALL if since is None else int(since.timestamp()),
        "last": _AFTER_ALL if until is None else int(until.timestamp()),
    }
