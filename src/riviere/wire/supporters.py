"""Supporters on the wire: who gave most, and how one of them stands."""

from typing import Annotated, Literal

from msgspec import Meta

from riviere.wire.common import Coins, Diamonds, Instant, Name, Reply, Request

Most = Annotated[int, Meta(ge=1, le=100, description="Supporters at the most.")]


class StreamSupportersQuery(Request, frozen=True, kw_only=True):
    """How many supporters of a stream."""

    limit: Most = 10


class SupportersQuery(Request, frozen=True, kw_only=True):
    """Whose gifts count, and how many supporters."""

    over: Annotated[Literal["day", "all"], Meta(description="The last day, or all time.")] = "day"
    limit: Most = 10


class Supporter(Reply, frozen=True, kw_only=True):
    """A row of a board."""

    rank: Annotated[int, Meta(ge=1, description="From 1; who gave as much has a rank of their own.", examples=[1])]
    supporter: Name
    pieces: Annotated[int, Meta(ge=0, description="Pieces of gifts.", examples=[14])]
    coins: Annotated[Coins, Meta(description="What they cost.")]
    diamonds: Annotated[Diamonds, Meta(description="What they brought; the order of the board.")]


class Supporters(Reply, frozen=True, kw_only=True):
    """A board: who gave most. What was undone is not in it."""

    over: Annotated[Literal["stream", "day", "all"], Meta(description="Whose gifts count.")]
    since: Annotated[
        Instant | None,
        Meta(description="From when on gifts count, over a day: the begin of the hour (UTC) 24 hours ago."),
    ]
    data: list[Supporter]


class Streak(Reply, frozen=True, kw_only=True):
    """Days (UTC) in a row on which a supporter gave."""

    current: Annotated[int, Meta(ge=0, description="Up to today, or up to yesterday while today is still to come.")]
    longest: Annotated[int, Meta(ge=0, description="The longest there was.")]
    given_today: Annotated[bool, Meta(description="Whether today counts already.")]


class Standing(Reply, frozen=True, kw_only=True):
    """How a supporter stands with a creator, over all time."""

    creator: Name
    supporter: Name
    rank: Annotated[int | None, Meta(description="Null where nothing stands of what they gave.", examples=[3])]
    pieces: Annotated[int, Meta(ge=0, description="Pieces of gifts.", examples=[14])]
    coins: Annotated[Coins, Meta(description="What they cost.")]
    diamonds: Annotated[Diamonds, Meta(description="What they brought.")]
    streak: Streak
