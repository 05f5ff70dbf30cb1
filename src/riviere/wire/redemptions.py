"""Redemptions on the wire: quotes, every step on the way to money, and who may be paid where."""

from typing import Annotated, Literal

from msgspec import Meta

from riviere.wire.common import Currency, Decimal, Diamonds, Instant, Money, Name, Paged, Reply, Request, Sentence

Method = Annotated[
    str, Meta(pattern="^[a-z][a-z0-9_]{0,39}$", description="How somebody is paid.", examples=["paypal"])
]
Reason = Annotated[str, Meta(min_length=1, max_length=500, description="Why; the creator reads it.")]
Masked = Annotated[str, Meta(description="Where it goes, as people are shown it.", examples=["a…@example.com"])]
RedemptionId = Annotated[
    str, Meta(description="The redemption's id.", examples=["0b5c6a52-7f0f-4f3e-9a34-6d2f0f0c8a11"])
]
QuoteId = Annotated[str, Meta(pattern="^q_[0-9a-z]{13}$", description="The quote's id.", examples=["q_3f9k2m7q0x8wt"])]
State = Annotated[
    Literal[
        "requested",
        "refused",
        "held",
        "in_review",
        "approved",
        "submitted",
        "paid",
        "failed",
        "cancelled",
        "returned",
    ],
    Meta(description="Where it is. `returned` is money that came back and is owed; it never becomes diamonds."),
]


class AskQuote(Request, frozen=True, kw_only=True):
    """What is to be redeemed, and how it shall be paid."""

    diamonds: Diamonds
    method: Method = "paypal"
    currency: Currency = "USD"


class Refusal(Reply, frozen=True, kw_only=True):
    """Why a request would be refused as things stand."""

    code: Annotated[str, Meta(description="The problem that it would be.", examples=["below_minimum"])]
    detail: Sentence


class Quote(Reply, frozen=True, kw_only=True):
    """What diamonds bring: kept until it expires, whatever rates and fees do meanwhile."""

    id: QuoteId
    creator: Name
    asked: Annotated[Diamonds, Meta(description="The diamonds that were asked for.")]
    diamonds: Annotated[Diamonds, Meta(description="The fewest that bring `gross`: these are taken.")]
    left: Annotated[Diamonds, Meta(description="What stays of those asked for: it would bring no whole cent.")]
    method: Method
    currency: Currency
    gross: Annotated[Decimal, Meta(description="What the diamonds are worth.")]
    fee: Annotated[Decimal, Meta(description="What the payout costs; it is taken off.")]
    net: Annotated[Decimal, Meta(description="What arrives.")]
    created_at: Instant
    expires_at: Instant
    refusals: Annotated[
        list[Refusal], Meta(description="Why a request would be refused now; empty where it would go on.")
    ]


class WorthQuery(Request, frozen=True, kw_only=True):
    """How it would be paid."""

    method: Method = "paypal"
    currency: Currency = "USD"


class Sum(Reply, frozen=True, kw_only=True):
    """What an amount of diamonds would bring."""

    diamonds: Diamonds
    gross: Annotated[Decimal, Meta(description="What they are worth in whole cents.")]
    fee: Annotated[Decimal, Meta(description="What the payout would cost; it is taken off.")]
    net: Annotated[Decimal, Meta(description="What would arrive, before tax.")]


class Worth(Reply, frozen=True, kw_only=True):
    """What a creator's diamonds would bring as things stand; only a quote keeps it. Taxes are not taken off."""

    creator: Name
    method: Method
    currency: Currency
    at: Instant
    all: Annotated[Sum, Meta(description="All diamonds beyond what is owed, matured or not.")]
    matured: Annotated[Sum, Meta(description="What could be redeemed now, if nothing stood against it.")]
    minimum: Annotated[Diamonds, Meta(description="The fewest diamonds of one redemption.")]
    maturity_days: Annotated[int, Meta(ge=0, description="Days that diamonds mature.")]
    matured_by: Annotated[Instant, Meta(description="By when all that is there now has matured.")]
    rate: Annotated[Sentence, Meta(description="The rate in force.", examples=["0.005 USD a diamond"])]
    rate_since: Instant
    charge: Annotated[Sentence, Meta(description="The fee in force.", examples=["1.5% and 0.10 USD"])]
    charge_since: Instant
    refusals: Annotated[
        list[Refusal], Meta(description="Why redeeming all that has matured would be refused now, the first one first.")
    ]


class AskRedemption(Request, frozen=True, kw_only=True):
    """The quote that is accepted."""

    quote: QuoteId


class Step(Reply, frozen=True, kw_only=True):
    """One thing that happened: what state it came to, when, by whom and why."""

    number: Annotated[int, Meta(ge=1)]
    state: State
    at: Instant
    actor: Annotated[str, Meta(description="Who did it.", examples=["creator"])]
    reason: Annotated[str, Meta(description="Why; empty where the state says it all.")]


class Redemption(Reply, frozen=True, kw_only=True):
    """A redemption and every step of it."""

    id: RedemptionId
    creator: Name
    quote: QuoteId
    state: State
    diamonds: Annotated[Diamonds, Meta(description="What it takes.")]
    gross: Decimal
    fee: Decimal
    net: Annotated[Decimal, Meta(description="What arrives.")]
    currency: Currency
    method: Method
    receiver: Masked
    requested_at: Instant
    outlook: Annotated[str, Meta(description="What happens next.")]
    attention: Annotated[str | None, Meta(description="What a person is looking into; null where nobody has to.")]
    steps: Annotated[list[Step], Meta(description="Everything that happened, oldest first.")]


Among = Annotated[
    Literal[
        "attention",
        "requested",
        "refused",
        "held",
        "in_review",
        "approved",
        "submitted",
        "paid",
        "failed",
        "cancelled",
        "returned",
    ],
    Meta(description="A state; or `attention`, for those that call for a person whatever their state."),
]


class AmongQuery(Paged, frozen=True, kw_only=True):
    """Which redemptions of everybody's."""

    among: Among = "in_review"


class Waiting(Reply, frozen=True, kw_only=True):
    """Redemptions that wait for a person for one reason, in one currency."""

    among: Among
    many: Annotated[int, Meta(ge=1, description="How many.")]
    oldest: Annotated[Instant, Meta(description="When the one that waits longest was asked for.")]
    net: Annotated[Money, Meta(description="What all of them would be paid.")]


class AllWaiting(Reply, frozen=True, kw_only=True):
    """Everything that waits for a person, each redemption once."""

    data: list[Waiting]


class Because(Request, frozen=True, kw_only=True):
    """Why something is decided."""

    reason: Reason


class SetPayoutMethod(Request, frozen=True, kw_only=True):
    """Where a creator wants to be paid from the next request on."""

    method: Method
    currency: Currency
    receiver: Annotated[
        str, Meta(min_length=3, max_length=127, description="For PayPal an e-mail address.", examples=["a@example.com"])
    ]


class PayoutMethod(Reply, frozen=True, kw_only=True):
    """Where a creator is paid."""

    method: Method
    currency: Currency
    receiver: Masked
    since: Instant


class SetIdentity(Request, frozen=True, kw_only=True):
    """What an identity check came to."""

    state: Annotated[
        Literal["not_started", "pending", "verified", "rejected", "expired"],
        Meta(description="Only `verified` may redeem."),
    ]
    reason: Annotated[Reason | None, Meta(description="Why, where there is something to say.")] = None


class SetStanding(Request, frozen=True, kw_only=True):
    """Whether somebody may redeem, and why."""

    state: Literal["active", "suspended"]
    reason: Reason


class Mark(Reply, frozen=True, kw_only=True):
    """A state that somebody was given, by whom and why."""

    state: Annotated[str, Meta(examples=["verified"])]
    at: Instant
    actor: str
    reason: str


class Marks(Reply, frozen=True, kw_only=True):
    """The state that holds, and how it came to it."""

    state: Annotated[str, Meta(description="What holds now.", examples=["verified"])]
    history: Annotated[list[Mark], Meta(description="Every change, oldest first.")]
