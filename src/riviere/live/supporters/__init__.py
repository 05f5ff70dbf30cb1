"""Supporters: who gave a creator most, in a stream, in the last day, and of all time; and how one of them stands.

All time is read from the tallies. Streams and days are read from `support`, which `count` adds to each second for
creators who are live, and from the journal behind its marks, in one snapshot: so a board is exact at the moment of
reading. When the first five of a live stream change, followers are told. Connections are in autocommit.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

from riviere import notices
from riviere.clock import SKEW, hour_of
from riviere.database.connection import Connection, snapshot
from riviere.database.sql import load
from riviere.economy import people, places
from riviere.economy.earned import earnings
from riviere.ledger.law import Kind
from riviere.ledger.statement import past
from riviere.live.supporters.model import Leader, Leaderboard, Standing, Supporter, streak

SQL = load("riviere.live.supporters")

#: Supporters that followers are told of.
TOP: Final = 5

#: A creator's supporters are counted, and told of, once in this time at the most, however many servers look.
APART: Final = timedelta(seconds=1)

#: How long after the end of a stream a gift may still be on its way to it.
LATE: Final = timedelta(seconds=15)

#: What a day's board goes back at least; and how long hours are kept for it.
DAY: Final = timedelta(hours=24)
KEPT: Final = 2 * DAY

#: Gifts of one creator that one transaction adds up: after an upgrade there may be years of them.
MOST: Final = 50_000


def of_stream(connection: Connection, creator: str, stream: str, most: int) -> list[Supporter]:
    """The first `most` supporters of a stream by diamonds. Raises UnknownUser or UnknownPlace."""
    user = people.find(connection, creator).id
    place = places.find(connection, user, places.STREAM, stream)
    with snapshot(connection):
        span = _behind(connection, user)
        if place.ended_at is not None:
            # What came later did not go to this stream, and there may be much of it.
            last = past(connection, user, Kind.DIAMONDS, place.ended_at + SKEW).seq
            span["given_upto"] = max(span["given"], min(span["given_upto"], last))
        asked = span | {"creator": user, "place": place.id, "most": most}
        return _ranked(connection, connection.execute(SQL["rank_stream"], asked).fetchall())


def of_day(connection: Connection, creator: str, most: int, now: datetime) -> tuple[datetime, list[Supporter]]:
    """The first `most` supporters by what was booked since the begin of the hour (UTC) 24 hours ago; and that begin.

    Raises UnknownUser.
    """
    user = people.find(connection, creator).id
    since = hour_of(now - DAY)
    with snapshot(connection):
        span = _behind(connection, user)
        # Behind the marks of who was not live lately there may be years; nothing older than the day is wanted.
        span["given"] = max(span["given"], past(connection, user, Kind.DIAMONDS, since).seq)
        span["undone"] = max(span["undone"], past(connection, user, Kind.OWED, since).seq)
        asked: dict[str, Any] = {"creator": user, "since": since, "most": most}
        return since, _ranked(connection, connection.execute(SQL["rank_hours"], span | asked).fetchall())


def of_all_time(connection: Connection, creator: str, most: int) -> list[Supporter]:
    """The first `most` supporters by diamonds since the beginning, those of imports too. Raises UnknownUser."""
    # One row more: what was sent anonymously may be among them, and nobody stands on a board for that.
    rows = earnings.by_supporter(connection, people.find(connection, creator).id, limit=most + 1)
    standing = [(row.supporter, row) for row in rows if row.diamonds > 0 and row.supporter is not None]
    return [
        Supporter(rank, supporter, row.pieces, row.coins, row.diamonds)
        for rank, (supporter, row) in enumerate(standing[:most], 1)
    ]


def standing(connection: Connection, creator: str, supporter: str, now: datetime) -> Standing:
    """How a supporter stands with a creator. Raises UnknownUser."""
    asked = {"creator": people.find(connection, creator).id, "supporter": people.find(connection, supporter).id}
    days = [day for (day,) in connection.execute(SQL["read_days"], asked)]
    run = streak(days, now.date())
    row = connection.execute(SQL["read_standing"], asked).fetchone()
    if row is None:
        return Standing(None, 0, 0, 0, run)
    pieces, coins, diamonds, rank = row
    return Standing(rank if diamonds > 0 else None, pieces, coins, diamonds, run)


def count(connection: Connection, now: datetime) -> int:
    """Adds up what creators who are live were given, and tells of new leaders; of how many streams.

    Any server may do this at any time.
    """
    times: dict[str, Any] = {"now": now, "before": now - APART, "ended": now - LATE, "kept": hour_of(now - KEPT)}
    found = [creator for (creator,) in connection.execute(SQL["find_live"], times)]
    if not found:
        return 0
    with connection.transaction():
        connection.execute(SQL["add_marks"], times | {"creators": found})
        locked = [row[0] for row in connection.execute(SQL["lock_marks"], times | {"creators": found})]
        asked = times | {"creators": locked, "most": MOST}
        streams = connection.execute(SQL["add_support"], asked).fetchall()
        connection.execute(SQL["drop_old_hours"], asked)
        return _tell(connection, streams, now)


def _tell(connection: Connection, streams: Sequence[tuple[int, int]], now: datetime) -> int:
    """Tells of those streams in which others lead now, or the same in another order."""
    asked = {"creators": [creator for creator, _ in streams], "places": [place for _, place in streams]}
    rows = connection.execute(SQL["read_tops"], asked | {"ended": now - LATE, "most": TOP}).fetchall()
    told = 0
    for (creator, place, before), found in groupby(rows, key=lambda row: (row[0], row[1], tuple(row[2]))):
        leaders = [Leader(*row[3:]) for row in found if row[3] is not None]
        top = [leader.supporter for leader in leaders]
        if top != [*before]:
            connection.execute(SQL["save_top"], {"creator": creator, "place": place, "top": top})
            notices.put(connection, creator, place, notices.LEADERBOARD_CHANGED, Leaderboard(leaders), now)
            told += 1
    return told


def _behind(connection: Connection, creator: int) -> dict[str, int]:
    """The numbers of the creator's entries that are not in `support` yet."""
    names = ("given", "undone", "given_upto", "undone_upto")
    row = connection.execute(SQL["read_marks"], {"creator": creator}).fetchone()
    assert row is not None
    return dict(zip(names, row, strict=True))


def _ranked(connection: Connection, rows: Sequence[tuple[int, int, int, int]]) -> list[Supporter]:
    named = people.names(connection, [supporter for supporter, *_ in rows])
    return [Supporter(rank, named[who], *figures) for rank, (who, *figures) in enumerate(rows, 1)]
