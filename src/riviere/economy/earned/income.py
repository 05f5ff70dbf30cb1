"""What a creator's screen says of a period: by the hour, by gift, place and supporter, all of it or what filters leave.

Without a filter the hours come from the tallies, as fast for ten million gifts as for ten. Everything else is added up
from the journal in one reading. For creators with many entries that begins a day before the period: nothing is dated
later than it is booked (`clock.SKEW`), so no gift of the period lies before it unless a server's clock and the
database's are a day apart. How much there is to read is known before it is read.

Times are those at which gifts happened, diamonds are thousandths; what was undone is counted apart. What was sent
anonymously is from one supporter, who has no name: it is in no answer that is filtered by a supporter.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Generic, Literal, TypeVar

import msgspec

from riviere import ids
from riviere.database.connection import Connection
from riviere.economy import catalogue, people, places, wallet
from riviere.economy.earned import earnings
from riviere.economy.earned.earnings import SQL, Earned, GiftEarned, HourEarned, PlaceEarned, SupporterEarned
from riviere.errors import RiviereError
from riviere.ledger.law import Kind
from riviere.ledger.statement import past

#: Entries of a creator that one answer reads: two seconds' work.
MOST_ENTRIES: Final = 500_000

#: Up to so many are all read, whatever clocks say: a tenth of a second's work.
FEW_ENTRIES: Final = 20_000

#: The accounts that gifts and their reversals move.
_KINDS: Final = (Kind.DIAMONDS, Kind.OWED, Kind.UNBACKED)

#: How long before a period reading begins: clock.SKEW, and room for clocks that differ.
_ROOM: Final = timedelta(days=1)

#: Nothing was booked before it, and there is a day before it.
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_HOURS, _GIFTS, _PLACES, _SUPPORTERS = 1, 2, 3, 4

Step = Literal["hour", "day", "month"]
Row = TypeVar("Row", bound=Earned)


class IncomeTooLarge(RiviereError):
    """This creator has more than {most:,} entries since {since}; leave out the filters, or begin later."""

    code = "income_too_large"


class Only(msgspec.Struct, frozen=True):
    """Which gifts count, by the platform's names; all of them where nothing is said.

    `hour_of_week` counts from Monday, 00:00 UTC: 0 to 167. Of `stream` and `post` one is given at the most.
    """

    stream: str | None = None
    post: str | None = None
    gift: str | None = None
    supporter: str | None = None
    hour_of_week: int | None = None


class Named(PlaceEarned, frozen=True):
    """In one stream or post, with our id of it."""

    id: int


class Ranking(msgspec.Struct, Generic[Row], frozen=True):
    """The first rows by diamonds, and how many there are in all."""

    there: int
    rows: list[Row]


class Rankings(msgspec.Struct, frozen=True):
    """What brought it, who gave it, and where."""

    gifts: Ranking[GiftEarned]
    places: Ranking[Named]
    supporters: Ranking[SupporterEarned]


class Income(msgspec.Struct, frozen=True):
    """Hours in order of time, those without gifts left out; no rankings where nobody asked or there is too much."""

    hours: list[HourEarned]
    rankings: Rankings | None


def income(connection: Connection, creator: int, since: datetime, until: datetime, only: Only, most: int) -> Income:
    """What gifts from `since` on and before `until`, whole hours both, brought a creator (by our id).

    `most` rows a ranking; with 0 there are none. Raises UnknownPlace, UnknownGift or UnknownUser for a filter that
    names nothing, and IncomeTooLarge for a filter that would have to read more than MOST_ENTRIES.
    """
    filtered = only != Only()
    hours = [] if filtered else earnings.by_hour(connection, creator, since, until)
    if not filtered and not most:
        return Income(hours, None)
    asked = _asked(connection, creator, only)
    entries, after = _entries(connection, creator), [0] * len(_KINDS)
    if entries > FEW_ENTRIES:
        after = [past(connection, creator, kind, max(since, _EPOCH) - _ROOM).seq for kind in _KINDS]
    if entries - sum(after) > MOST_ENTRIES:
        if filtered:
            raise IncomeTooLarge(most=MOST_ENTRIES, since=since.isoformat())
        return Income(hours, None)
    asked |= {"creator": creator, "kinds": list(_KINDS), "after": after, "since": since, "until": until}
    rows = connection.execute(SQL["sum_income"], asked | {"most": most, "with_hours": filtered}).fetchall()
    if filtered:
        hours = [HourEarned(*(*row[3:], datetime.fromtimestamp(row[2], UTC))) for row in _of(rows, _HOURS)]
    return Income(hours, _rankings(connection, creator, rows) if most else None)


def total(rows: Sequence[Earned]) -> Earned:
    """The sum of rows."""
    figures = zip(*([getattr(row, name) for name in Earned.__struct_fields__] for row in rows), strict=True)
    return Earned(*map(sum, figures)) if rows else _NONE


def begin_of(step: Step, at: datetime) -> datetime:
    """The begin of the hour, day or month (UTC) that `at` lies in."""
    at = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    if step == "hour":
        return at
    return at.replace(hour=0) if step == "day" else at.replace(day=1, hour=0)


def by_step(hours: Sequence[HourEarned], step: Step) -> dict[datetime, Earned]:
    """Hours, days or months by their begin, in order of time; those without a gift are left out."""
    return {begin: total(rows) for begin, rows in _grouped((begin_of(step, row.hour), row) for row in hours).items()}


def by_hour_of_week(hours: Sequence[HourEarned]) -> dict[int, Earned]:
    """By the hour of the week, from Monday 00:00 UTC (0) on."""
    slots = _grouped((row.hour.weekday() * 24 + row.hour.hour, row) for row in hours)
    return {slot: total(slots[slot]) for slot in sorted(slots)}


_NONE: Final = Earned(0, 0, 0, 0, 0, 0, 0)

_Key = TypeVar("_Key")


def _grouped(pairs: Iterable[tuple[_Key, HourEarned]]) -> dict[_Key, list[HourEarned]]:
    found: dict[_Key, list[HourEarned]] = {}
    for key, row in pairs:
        found.setdefault(key, []).append(row)
    return found


def _asked(connection: Connection, creator: int, only: Only) -> dict[str, Any]:
    """The filters by our own ids."""
    place = only.stream or only.post
    kind = places.STREAM if only.stream else places.POST
    return {
        "place": None if place is None else places.find(connection, creator, kind, place).id,
        "gift": None if only.gift is None else _gift(connection, only.gift),
        "supporter": None if only.supporter is None else _supporter(connection, only.supporter),
        "hour_of_week": only.hour_of_week,
    }


def _gift(connection: Connection, code: str) -> int:
    row = connection.execute(SQL["find_gift"], {"code": code}).fetchone()
    if row is None:
        raise catalogue.UnknownGift(gift=code)
    return int(row[0])


def _supporter(connection: Connection, name: str) -> int:
    """A supporter as rankings name them: by the platform's id, or by the short form of ours where that was erased."""
    found = people.known(connection, [name])
    if name in found:
        return found[name].id
    with suppress(ids.BadId):
        if number := ids.read("u", name):
            return number
    raise people.UnknownUser(user=name)


def _entries(connection: Connection, creator: int) -> int:
    """How many entries the accounts of _KINDS have."""
    return sum(account.seq for kind, account in wallet.totals(connection, creator).items() if kind in _KINDS)


def _of(rows: Sequence[Any], axis: int) -> list[Any]:
    return [row for row in rows if row[0] == axis]


def _rankings(connection: Connection, creator: int, rows: Sequence[Any]) -> Rankings:
    gifts, there, givers = _of(rows, _GIFTS), _of(rows, _PLACES), _of(rows, _SUPPORTERS)
    codes = {key: about for key, *about in connection.execute(SQL["name_gifts"], {"ids": [row[2] for row in gifts]})}
    asked = {"creator": creator, "ids": [row[2] for row in there]}
    about = {key: names for key, *names in connection.execute(SQL["name_places"], asked)}
    named = people.names(connection, [row[2] for row in givers])
    return Rankings(
        _ranking(gifts, [GiftEarned(*(*row[3:], *codes[row[2]])) for row in gifts]),
        _ranking(there, [Named(*(*row[3:], *about[row[2]], row[2])) for row in there]),
        _ranking(givers, [SupporterEarned(*(*row[3:], named[row[2]] if row[2] else None)) for row in givers]),
    )


def _ranking(rows: Sequence[Any], shown: list[Row]) -> Ranking[Row]:
    return Ranking(rows[0][1] if rows else 0, shown)
