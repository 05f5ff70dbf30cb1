"""Boards of supporters over HTTP, and how one supporter stands: for the creator, and for the supporter."""

from collections.abc import Sequence
from typing import Final

from riviere import money
from riviere.economy import people, places
from riviere.http.operation import EXAMPLE_TIME, Call, operation
from riviere.live import supporters
from riviere.live.supporters import model
from riviere.wire import supporters as wire

_MIRA: Final = wire.Supporter(rank=1, supporter="mira", pieces=14, coins=4186, diamonds="4186")
_STANDING: Final = wire.Standing(
    creator="aurora",
    supporter="mira",
    rank=1,
    pieces=14,
    coins=4186,
    diamonds="4186",
    streak=wire.Streak(current=3, longest=12, given_today=True),
)


@operation(
    "GET",
    "/v1/users/{creator}/supporters",
    id="listSupporters",
    tag="Boards",
    scope="boards:read",
    raises=(people.UnknownUser,),
    answer=wire.Supporters(over="day", since=EXAMPLE_TIME.replace(day=30, minute=0), data=[_MIRA]),
)
def list_supporters(call: Call, query: wire.SupportersQuery) -> wire.Supporters:
    """List who gave a creator most, in the last day or of all time.

    Exact at the moment of asking. A day is what was booked since the begin of the hour 24 hours ago (UTC), so between
    24 and 25 hours; `since` says it. Imported gifts count in all time alone.
    """
    creator = call.path["creator"]
    with call.reading() as connection:
        if query.over == "all":
            board = supporters.of_all_time(connection, creator, query.limit)
            return wire.Supporters(over="all", since=None, data=_shown(board))
        since, board = supporters.of_day(connection, creator, query.limit, call.now)
        return wire.Supporters(over="day", since=since, data=_shown(board))


@operation(
    "GET",
    "/v1/users/{creator}/streams/{stream}/supporters",
    id="listStreamSupporters",
    tag="Boards",
    scope="boards:read",
    raises=(people.UnknownUser, places.UnknownPlace),
    answer=wire.Supporters(over="stream", since=None, data=[_MIRA]),
)
def list_stream_supporters(call: Call, query: wire.StreamSupportersQuery) -> wire.Supporters:
    """List who gave most in a stream.

    Exact at the moment of asking. While it is live, its feed tells when the first five change.
    """
    with call.reading() as connection:
        board = supporters.of_stream(connection, call.path["creator"], call.path["stream"], query.limit)
    return wire.Supporters(over="stream", since=None, data=_shown(board))


@operation(
    "GET",
    "/v1/users/{creator}/supporters/{supporter}",
    id="getSupporter",
    tag="Boards",
    scope="boards:read",
    owner="creator",
    raises=(people.UnknownUser,),
    answer=_STANDING,
)
def get_supporter(call: Call) -> wire.Standing:
    """Get how a supporter stands with a creator: rank, totals, and their streak of days; for the creator."""
    return _standing(call, call.path["creator"], call.path["supporter"])


@operation(
    "GET",
    "/v1/users/{user}/supporting/{creator}",
    id="getSupporting",
    tag="Boards",
    scope="boards:read",
    owner="user",
    raises=(people.UnknownUser,),
    answer=_STANDING,
)
def get_supporting(call: Call) -> wire.Standing:
    """Get how a supporter stands with a creator: rank, totals, and their streak of days; for the supporter."""
    return _standing(call, call.path["creator"], call.path["user"])


def _shown(board: Sequence[model.Supporter]) -> list[wire.Supporter]:
    """A board as it is sent."""
    return [
        wire.Supporter(
            rank=row.rank,
            supporter=row.supporter,
            pieces=row.pieces,
            coins=row.coins,
            diamonds=money.plain(row.diamonds, money.DIAMOND),
        )
        for row in board
    ]


def _standing(call: Call, creator: str, supporter: str) -> wire.Standing:
    with call.reading() as connection:
        found = supporters.standing(connection, creator, supporter, call.now)
    streak = found.streak
    return wire.Standing(
        creator=creator,
        supporter=supporter,
        rank=found.rank,
        pieces=found.pieces,
        coins=found.coins,
        diamonds=money.plain(found.diamonds, money.DIAMOND),
        streak=wire.Streak(current=streak.current, longest=streak.longest, given_today=streak.given_today),
    )
