"""Purchases on the wire: coins for money."""

from typing import Annotated, Literal

from msgspec import Meta

from riviere.wire.common import Code, Coins, Instant, Key, Money, Paged, Price, Reply, Request


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


class StartCheckout(Request, frozen=True, kw_only=True):
    """Which pack is to be paid for."""

    pack: Code


class Checkout(Reply, frozen=True, kw_only=True):
    """A pack that somebody ordered, and how far paying for it has come."""

    key: Key
    pack: Code
    coins: Annotated[Price, Meta(description="The coins that are paid for.")]
    bonus: Annotated[Coins, Meta(description="Coins given beside them.")]
    price: Money
    state: Annotated[
        Literal["open", "paid", "cancelled"],
        Meta(description="Paid: the coins are in the wallet. What has ended does not change any more."),
    ]
    payment: Annotated[
        str | None, Meta(description="What the card processor calls the payment.", examples=["pi_3PqR5s2eZvKYlo2C0x1"])
    ]
    client_secret: Annotated[
        str | None, Meta(description="Lets the buyer's browser pay, by Stripe.js; only while it is open.")
    ]
    publishable_key: Annotated[str | None, Meta(description="What Stripe.js is opened with.")]
    started_at: Instant
    ended_at: Instant | None


class EventQuery(Paged, frozen=True, kw_only=True):
    """Which of the card processor's events."""

    among: Annotated[
        Literal["attention", "all"], Meta(description="Those that a person has to look at, or all of them.")
    ] = "attention"


class ProviderEvent(Reply, frozen=True, kw_only=True):
    """Something that the card processor told."""

    id: Annotated[str, Meta(description="The processor's own id.", examples=["evt_1PqR5s2eZvKYlo2C"])]
    type: Annotated[str, Meta(description="What it tells of.", examples=["payment_intent.succeeded"])]
    state: Annotated[
        Literal["waiting", "applied", "kept", "attention"],
        Meta(description="Kept: there is nothing to be done about it. Attention: a person has to look at it."),
    ]
    reason: Annotated[str | None, Meta(description="What does not fit, where a person has to look.")]
    created_at: Instant
    received_at: Instant
