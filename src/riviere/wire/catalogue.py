"""The catalogue on the wire: gifts and coin packs, each as it is sold for a time."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from riviere.wire.common import Code, Coins, Currency, Decimal, Instant, Money, Paged, Price, Reply, Request
from riviere.wire.users import Level, Region

Title = Annotated[str, Meta(min_length=1, max_length=100, description="What people read.", examples=["Rose"])]
Regions = Annotated[
    list[Region], Meta(max_length=300, description="Where it is sold; empty means everywhere.", examples=[[]])
]
Combo = Annotated[bool, Meta(description="It can be sent as a combo.")]
Days = Annotated[int, Meta(ge=1, le=3650, description="Days that the bonus can be spent.", examples=[30])]
Start = Annotated[Instant | None, Meta(description="From when on; now if left out. The past stays as it was.")]
End = Annotated[Instant | None, Meta(description="From when on it is off sale; now if left out.")]
Tier = Literal["glint", "spray", "facets", "stage"]
On = Annotated[Instant, Meta(description="From when on it is sold like this.")]
Until = Annotated[Instant | None, Meta(description="Before when; null where no end is known.")]


class CatalogueQuery(Paged, frozen=True, kw_only=True):
    """Which gifts."""

    at: Annotated[Instant | None, Meta(description="On sale at this time; now if not given.")] = None
    region: Annotated[Region | None, Meta(description="Only what is sold there.")] = None
    level: Annotated[Level | None, Meta(description="Only what this level unlocks.")] = None


class AddGift(Request, frozen=True, kw_only=True):
    """A gift that the catalogue does not have yet."""

    code: Code
    name: Title
    coins: Price
    combo: Combo = False
    unlock_level: Level = 0
    regions: Regions = msgspec.field(default_factory=list)
    starts_at: Start = None


class AddVersion(Request, frozen=True, kw_only=True):
    """The gift at a new price or under new conditions; what is left out or null stays as it was last."""

    coins: Price
    combo: Combo | None = None
    unlock_level: Level | None = None
    regions: Regions | None = None
    starts_at: Start = None


class Retire(Request, frozen=True, kw_only=True):
    """When something goes off sale."""

    ends_at: End = None


class CatalogueGift(Reply, frozen=True, kw_only=True):
    """A gift as it is sold for a time."""

    code: Code
    name: Title
    coins: Annotated[Price, Meta(description="The list price of one piece.")]
    combo: Combo
    unlock_level: Annotated[Level, Meta(description="The level that a sender needs.")]
    regions: Regions
    tier: Annotated[Tier, Meta(description="How loudly it is shown: follows from its price.")]
    starts_at: On
    ends_at: Until


class PictureQuery(Request, frozen=True, kw_only=True):
    """How large."""

    size: Annotated[int, Meta(ge=16, le=1024, description="Pixels wide and high.")] = 96


class PacksQuery(Paged, frozen=True, kw_only=True):
    """Which packs."""

    at: Annotated[Instant | None, Meta(description="On sale at this time; now if not given.")] = None


class PackPrice(Request, frozen=True, kw_only=True):
    """An amount of money in its currency."""

    amount: Decimal
    currency: Currency


class AddPack(Request, frozen=True, kw_only=True):
    """A coin pack, new or in place of what its code was."""

    code: Code
    coins: Price
    price: PackPrice
    bonus: Annotated[Coins, Meta(description="Coins given beside them, which expire.", examples=[20])] = 0
    bonus_days: Days = 30
    starts_at: Start = None


class Pack(Reply, frozen=True, kw_only=True):
    """A coin pack as it is sold for a time."""

    code: Code
    coins: Price
    bonus: Annotated[Coins, Meta(description="Coins given beside them, which expire.", examples=[20])]
    bonus_days: Days
    price: Money
    starts_at: On
    ends_at: Until
