"""Spending on the wire: what a viewer spends on coins, and the limit that they set themselves."""

from typing import Annotated, Literal

from msgspec import Meta

from riviere.wire.common import Coins, Currency, Decimal, Instant, Reply, Request

Span = Annotated[Literal["day", "month"], Meta(description="The 24 hours, or the 30 days, that end now.")]
Most = Annotated[Decimal | None, Meta(description="The most money; null for no limit.")]


class SetSpendingLimit(Request, frozen=True, kw_only=True):
    """The most that a viewer wants to spend on coins."""

    currency: Currency
    span: Span
    amount: Most


class ComingLimit(Reply, frozen=True, kw_only=True):
    """A limit that takes the place of the one in force."""

    amount: Most
    holds_from: Instant


class SpendingWindow(Reply, frozen=True, kw_only=True):
    """Money spent on coins in one currency and span of time."""

    currency: Currency
    span: Span
    spent: Annotated[Decimal, Meta(description="What purchases took, those under way included.")]
    limit: Most
    left: Annotated[Decimal | None, Meta(description="What the limit leaves; null where there is none.")]
    coming: Annotated[ComingLimit | None, Meta(description="What was decided and does not hold yet.")] = None


class CoinsGiven(Reply, frozen=True, kw_only=True):
    """Coins given in a span of time, less those that came back from gifts that were undone."""

    day: Coins
    month: Coins


class Spending(Reply, frozen=True, kw_only=True):
    """What a viewer spends."""

    windows: Annotated[
        list[SpendingWindow],
        Meta(description="A day and a month of each currency that was paid in lately, or has a limit."),
    ]
    coins_given: CoinsGiven
