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


class RefundableQuery(Request, frozen=True, kw_only=True):
    """Which purchase."""

    purchase: Annotated[
        str, Meta(max_length=36, description="The purchase's journal entry, as lists of purchases have it.")
    ]


class Refundable(Reply, frozen=True, kw_only=True):
    """What of a purchase may be given back now."""

    purchase: Annotated[str, Meta(description="The purchase's journal entry.")]
    coins: Annotated[Coins, Meta(description="Coins that may be given back; 0 where none may.")]
    bonus: Annotated[Coins, Meta(description="Bonus coins that would go with all of them.")]
    price: Annotated[Money, Meta(description="What all of them would bring.")]
    until: Annotated[Instant, Meta(description="From then on none may be given back.")]


class AskRefund(Request, frozen=True, kw_only=True):
    """Which coins are given back."""

    purchase: Annotated[
        str,
        Meta(
            max_length=36,
            description="The purchase's journal entry.",
            examples=["f0f5f4a0-5f0a-2d2f-b5a1-4d6c3a9f0e11"],
        ),
    ]
    coins: Annotated[Price | None, Meta(description="How many; all that may be given back, if not given.")] = None


class Refund(Reply, frozen=True, kw_only=True):
    """Coins that a buyer gives back, and how far that has come."""

    key: Annotated[Key | None, Meta(description="Null in lists: of the keys only hashes are kept.")]
    id: Annotated[str, Meta(description="The journal entry that set the coins aside.")]
    purchase: Annotated[str, Meta(description="The purchase's journal entry.")]
    state: Annotated[
        Literal["asked", "refused", "frozen", "paid", "failed"],
        Meta(
            description="Frozen: set aside until the money is back. Paid: it is back where it came from. Failed: "
            "the coins are back in the wallet. Refused: nothing moved."
        ),
    ]
    coins: Coins
    bonus: Annotated[Coins, Meta(description="Bonus coins that go with them.")]
    amount: Money
    reason: Annotated[str | None, Meta(description="Why it was refused or failed.")]
    asked_at: Instant
    ended_at: Instant | None
