"""Purchases on the wire: coins for money."""

from typing import Annotated

from msgspec import Meta

from riviere.wire.common import Code, Coins, Instant, Key, Money, Price, Reply, Request


class BuyPack(Request, frozen=True, kw_only=True):
    """Which pack, and what pays for it."""

    pack: Code
    card: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=200,
            description="What the processor knows the card by; of the sandbox card-ok, card-declined or card-expired.",
            examples=["card-ok"],
        ),
    ]


class Purchase(Reply, frozen=True, kw_only=True):
    """Coins that were paid for."""

    key: Annotated[Key | None, Meta(description="Null in lists: of the keys only hashes are kept.")]
    id: Annotated[str, Meta(description="The journal entry.", examples=["f0f5f4a0-5f0a-2d2f-b5a1-4d6c3a9f0e11"])]
    pack: Code
    coins: Annotated[Price, Meta(description="The coins that were paid for.")]
    bonus: Annotated[Coins, Meta(description="Coins given beside them.")]
    bonus_expires_at: Annotated[Instant | None, Meta(description="Null where there is no bonus.")]
    price: Money
    repeated: Annotated[bool, Meta(description="It stood before this request, which moved nothing.")]
    booked_at: Instant
