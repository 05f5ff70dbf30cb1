"""`riviere earnings`: who earned what from whom."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from cyclopts import Parameter

from riviere import clock, money
from riviere.cli import remote
from riviere.cli.common import NOTHING_SAID, Common, table
from riviere.cli.inputs import MaybeWhole, Since, Until, period
from riviere.cli.showing import counted, diamonds, iso, when
from riviere.database.connection import Connection
from riviere.economy import checks, people, places
from riviere.economy.earned import earnings as sums
from riviere.economy.earned.earnings import Earned
from riviere.errors import BadInput
from riviere.wire import earnings as wire
from riviere.wire.earnings import MOST_ROWS, EarningsQuery, EveryoneQuery

By = Literal["gift", "supporter", "place", "hour"]

_SUMS: dict[By, Callable[..., Sequence[Earned]]] = {
    "gift": sums.by_gift,
    "supporter": sums.by_supporter,
    "place": sums.by_place,
    "hour": sums.by_hour,
}
#: The names of a row, and what they are called above a table.
_NAMES = {"creator": "creator", "supporter": "supporter", "gift": "gift", "name": "name", "kind": "", "place": "place"}
#: In place of the supporter of what was sent anonymously.
_NOBODY = "(anonymous)"


def earnings(
    creator: str | None = None,
    *,
    by: Annotated[By | None, Parameter(help="What to sum this creator's gifts by.")] = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[MaybeWhole, Parameter(help="Rows at the most.")] = None,
    common: Common = NOTHING_SAID,
) -> None:
    """Show what gifts brought: every creator, or one creator by gift, supporter, stream or post, or hour.

    By hour every row is a whole hour (UTC): a period that begins or ends within an hour is taken with all of that hour.
    Hours, and totals of whole hours, are quick; any other period reads every gift of those creators.
    """
    period(since, until)
    if by == "hour":
        since, until = clock.whole_hours(since, until)
    if limit is not None:
        checks.whole(limit, "--limit")
    if by is not None and creator is None:
        raise BadInput(detail=f"--by {by} sums the gifts of one creator: name one")
    if common.server:
        rows = _rows_there(common, creator, by, since, until)
    else:
        with common.riviere() as riviere:
            rows = _rows(riviere.connection, creator, by, since, until)
    shown = rows[:limit]
    answer = {
        "creator": creator,
        "by": by or "creator",
        "since": iso(since),
        "until": iso(until),
        "rows": [as_row(row) for row in shown],
    }
    if rows:
        common.answer(answer, _table(shown), _total(rows, len(shown)))
    else:
        common.answer(answer, _nothing(creator, since or until))


def as_row(row: Earned) -> dict[str, Any]:
    """One row for a program: names first, diamonds as decimal strings, an hour as its begin."""
    fields = msgspec.structs.asdict(row)
    names = {name: fields.pop(name) for name in [*fields] if name in _NAMES or name == "hour"}
    if "hour" in names:
        names["hour"] = iso(names["hour"])
    for name in ("diamonds", "reversed_diamonds"):
        fields[name] = money.plain(fields[name], money.DIAMOND)
    return names | fields


def _rows(
    connection: Connection, creator: str | None, by: By | None, since: datetime | None, until: datetime | None
) -> Sequence[Earned]:
    user = None if creator is None else people.find(connection, creator).id
    if by is None:
        return sums.by_creator(connection, None if user is None else [user], since, until)
    return _SUMS[by](connection, user, since, until)


def _rows_there(
    common: Common, creator: str | None, by: By | None, since: datetime | None, until: datetime | None
) -> Sequence[Earned]:
    """The same rows of a server."""
    if creator is None:
        everyone = EveryoneQuery(since=since, until=until)
        return [_row(row.creator, row) for row in remote.ask(common, lambda s: s.list_earnings(everyone)).data]
    query = EarningsQuery(by=by or "total", since=since, until=until, limit=MOST_ROWS)
    rows = remote.ask(common, lambda server: server.get_earnings(creator, query)).data
    return [_row(creator, row, by) for row in rows if row.gifts or row.reversed_gifts]


def _row(creator: str, row: wire.Earned, by: By | None = None) -> Earned:
    figures: dict[str, Any] = {
        "gifts": row.gifts,
        "pieces": row.pieces,
        "coins": row.coins,
        "diamonds": money.parse(row.diamonds, money.DIAMOND, least=0),
        "reversed_gifts": row.reversed_gifts,
        "reversed_coins": row.reversed_coins,
        "reversed_diamonds": money.parse(row.reversed_diamonds, money.DIAMOND, least=0),
    }
    if row.gift is not None:
        return sums.GiftEarned(**figures, gift=row.gift, name=row.gift)
    if by == "supporter":
        return sums.SupporterEarned(**figures, supporter=row.supporter)
    if row.hour is not None:
        return sums.HourEarned(**figures, hour=row.hour)
    if row.stream is not None:
        return sums.PlaceEarned(**figures, kind=places.STREAM, place=row.stream)
    if row.post is not None:
        return sums.PlaceEarned(**figures, kind=places.POST, place=row.post)
    return sums.CreatorEarned(**figures, creator=creator)


def _table(rows: Sequence[Earned]) -> object:
    fields = [msgspec.structs.asdict(row) for row in rows]
    names = [name for name in (*_NAMES, "hour") if name in fields[0]]
    heads = [_NAMES.get(name, "hour (UTC)") for name in names]
    undone = any(row.reversed_gifts for row in rows)
    columns = [*heads, ">gifts", ">pieces", ">coins", ">diamonds", *([">undone", ">diamonds undone"] if undone else [])]
    lines = []
    for row, field in zip(rows, fields, strict=True):
        named = [when(field[name]) if name == "hour" else str(field[name] or _NOBODY) for name in names]
        figures = [f"{row.gifts:,}", f"{row.pieces:,}", f"{row.coins:,}", diamonds(row.diamonds)]
        lines.append(
            [*named, *figures, *([f"{row.reversed_gifts:,}", diamonds(row.reversed_diamonds)] if undone else [])]
        )
    return table(columns, lines)


def _total(rows: Sequence[Earned], shown: int) -> str:
    gifts, coins, earned = (sum(getattr(row, name) for row in rows) for name in ("gifts", "coins", "diamonds"))
    said = f"in all: {counted(gifts, 'gift')}, {counted(coins, 'coin')}, {diamonds(earned)} diamonds"
    return said if shown == len(rows) else f"{said} in {len(rows):,} rows, {shown:,} shown"


def _nothing(creator: str | None, within: datetime | None) -> str:
    if within is not None:
        return "no gifts in that time: try without --since and --until"
    return "no gifts yet: riviere replay FILE" if creator is None else f"no gifts for {creator} yet: riviere gift"
