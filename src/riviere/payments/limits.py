"""The most that a viewer wants to spend on coins, in a day and in a month. Pure.

A limit that is lowered holds at once. One that is raised or taken away holds a day later, so that nobody undoes it in
the moment that it was made for; and what is decided meanwhile takes its place.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

from riviere import money
from riviere.errors import RiviereError

Span = Literal["day", "month"]

#: How far back each limit looks from the moment of a purchase.
SPANS: Final[Mapping[Span, timedelta]] = {"day": timedelta(hours=24), "month": timedelta(days=30)}

#: How long it takes until a limit is raised or taken away.
PATIENCE: Final = timedelta(hours=24)


class OverOwnLimit(RiviereError):
    """This costs {price} {currency}; of the buyer's own limit of {limit} a {span} {left} is left: {when}."""

    code = "over_own_limit"


class Decided(NamedTuple):
    """A decision: `amount` in minor units (None: no limit), made at `set_at`, in force from `holds_from` on."""

    amount: int | None
    set_at: datetime
    holds_from: datetime


class Limit(NamedTuple):
    """The limit in force in minor units (None: no limit), and what takes its place later, if anything."""

    amount: int | None
    coming: Decided | None


class Spent(NamedTuple):
    """Minor units that a purchase took, or is about to take."""

    at: datetime
    amount: int


def in_force(decisions: Sequence[Decided], at: datetime) -> Limit:
    """What decisions, in the order in which they were made, come to at a time."""
    amount: int | None = None
    coming: Decided | None = None
    for decided in decisions:
        if coming is not None and coming.holds_from <= decided.set_at:
            amount = coming.amount
        coming = decided
        if decided.holds_from == decided.set_at:
            amount, coming = decided.amount, None
    if coming is not None and coming.holds_from <= at:
        return Limit(coming.amount, None)
    return Limit(amount, coming)


def decide(before: Limit, amount: int | None, now: datetime) -> Decided:
    """A new decision: what is lower than the limit in force, or the same, holds at once."""
    strict = before.amount is None or (amount is not None and amount <= before.amount)
    return Decided(amount, now, now if strict else now + PATIENCE)


def spent_in(spent: Sequence[Spent], span: Span, now: datetime) -> int:
    """Minor units that purchases took in the span that ends now."""
    return sum(one.amount for one in spent if one.at > now - SPANS[span])


def check(limit: int, span: Span, spent: Sequence[Spent], price: int, currency: str, now: datetime) -> None:
    """Raises OverOwnLimit where a price does not fit into what is left of a limit. `spent` is in the order of time."""
    taken = spent_in(spent, span, now)
    if taken + price <= limit:
        return
    free_at = _free_at(limit, span, spent, price, now)
    if free_at is None:
        when = "it is more than the whole limit, choose a smaller pack"
    else:
        when = f"enough is free again at {free_at.isoformat(timespec='seconds')}"
    shown = {"price": price, "limit": limit, "left": max(0, limit - taken)}
    facts = {name: money.plain(units, currency) for name, units in shown.items()}
    raise OverOwnLimit(**facts, currency=currency, span=span, when=when, frees_at=free_at and free_at.isoformat())


def _free_at(limit: int, span: Span, spent: Sequence[Spent], price: int, now: datetime) -> datetime | None:
    """When enough lies so far back that the price fits; None where it never does."""
    taken = spent_in(spent, span, now)
    for one in spent:
        if one.at > now - SPANS[span]:
            taken -= one.amount
            if taken + price <= limit:
                return one.at + SPANS[span]
    return None
