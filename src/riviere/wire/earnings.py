"""What gifts brought a creator, on the wire."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from riviere.wire.common import Coins, Diamonds, Instant, Name, Reply, Request

By = Annotated[
    Literal["total", "supporter", "gift", "place", "hour"],
    Meta(description="What gifts are summed by.", examples=["gift"]),
]


class EarningsQuery(Request, frozen=True, kw_only=True):
    """Which gifts are summed, and by what."""

    by: By = "total"
    since: Annotated[Instant | None, Meta(description="Gifts that happened from this time on.")] = None
    until: Annotated[Instant | None, Meta(description="Gifts that happened before this time.")] = None
    limit: Annotated[int, Meta(ge=1, le=1000, description="Rows at the most.")] = 100


class Earned(Reply, frozen=True, kw_only=True, omit_defaults=True):
    """One row: what it is about, and what gifts brought there. Of the names only those of the sum are there."""

    supporter: Annotated[Name | None, Meta(description="Who sent the gifts.")] = None
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

    since: Annotated[Instant | None, Meta(description="Gifts that happened from this time on.")] = None
    until: Annotated[Instant | None, Meta(description="Gifts that happened before this time.")] = None


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
    since: Instant | None
    until: Instant | None
    data: Annotated[list[Earned], Meta(description="Most diamonds first; hours in order of time.")]
