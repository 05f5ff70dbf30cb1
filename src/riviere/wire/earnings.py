"""What gifts brought a creator, on the wire."""

from datetime import datetime
from typing import Annotated, Final, Literal

from msgspec import Meta

from riviere.wire.common import Coins, Diamonds, Instant, Name, Reply, Request

By = Annotated[
    Literal["total", "supporter", "gift", "place", "hour"],
    Meta(description="What gifts are summed by.", examples=["gift"]),
]

#: Rows of an answer at the most: the hours of a hundred days.
MOST_ROWS: Final = 2_400

_SINCE: Final = "Gifts that happened from this time on."
_UNTIL: Final = "Gifts that happened before this time."


class EarningsQuery(Request, frozen=True, kw_only=True):
    """Which gifts are summed, and by what."""

    by: By = "total"
    since: Annotated[
        Instant | None, Meta(description=f"{_SINCE} By hour it goes back to the begin of its hour (UTC).")
    ] = None
    until: Annotated[Instant | None, Meta(description=f"{_UNTIL} By hour it goes on to the end of its hour.")] = None
    limit: Annotated[int, Meta(ge=1, le=MOST_ROWS, description="Rows at the most; the hours of 90 days are 2,160.")] = (
        100
    )


class Earned(Reply, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One row: what it is about, and what gifts brought there. Of the names only those of the sum are there."""

    supporter: Annotated[
        Name | None, Meta(description="Who sent the gifts; left out for all that were sent anonymously.")
    ] = None
    gift: Annotated[str | None, Meta(description="The code of the gift.", examples=["comet"])] = None
    stream: Annotated[Name | None, Meta(description="The stream in which they landed.")] = None
    post: Annotated[Name | None, Meta(description="The post on which they landed.")] = None
    hour: Annotated[datetime | None, Meta(description="The begin of the hour, in UTC.")] = None
    gifts: Annotated[int, Meta(description="Gifts that stand; a combo is one.")]
    pieces: Annotated[int, Meta(description="Their pieces.")]
    coins: Annotated[Coins, Meta(description="What they cost.")]
    diamonds: Annotated[Diamonds, Meta(description="What they brought.")]
    reversed_gifts: Annotated[int, Meta(description="Gifts that were undone; they are in no other figure.")]
    reversed_coins: Annotated[Coins, Meta(description="What those had cost.")]
    reversed_diamonds: Annotated[Diamonds, Meta(description="What those had brought.")]


class EveryoneQuery(Request, frozen=True, kw_only=True):
    """From when to when."""

    since: Annotated[Instant | None, Meta(description=_SINCE)] = None
    until: Annotated[Instant | None, Meta(description=_UNTIL)] = None


class CreatorEarned(Earned, frozen=True, kw_only=True, omit_defaults=True):
    """What gifts brought one creator."""

    creator: Name


class EveryonesEarnings(Reply, frozen=True, kw_only=True):
    """What gifts brought each creator."""

    since: Instant | None
    until: Instant | None
    data: Annotated[list[CreatorEarned], Meta(description="Most diamonds first; creators without gifts are left out.")]


class Earnings(Reply, frozen=True, kw_only=True):
    """What gifts brought a creator."""

    creator: Name
    by: By
    since: Annotated[Instant | None, Meta(description="From when on gifts were summed; by hour, a whole hour.")]
    until: Annotated[Instant | None, Meta(description="Before when; by hour, a whole hour.")]
    data: Annotated[list[Earned], Meta(description="Most diamonds first; hours in order of time.")]
