"""Policies on the wire: dated figures, as people write them."""

from typing import Annotated

from msgspec import Meta

from riviere.wire.common import Instant, Paged, Reply, Request, Sentence

PolicyName = Annotated[
    str, Meta(min_length=1, max_length=40, description="Which figure.", examples=["diamonds_per_coin"])
]
Scope = Annotated[
    str,
    Meta(
        max_length=120,
        description="What it is for: a currency, a payout method and a currency (paypal:USD), or nothing.",
        examples=[""],
    ),
]
Amount = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=40,
        description="The figure, decimal text, in the unit of its name. A fee has `share` and `fixed` instead.",
        examples=["0.45"],
    ),
]
Share = Annotated[str, Meta(min_length=1, max_length=12, description="Of a fee: its share.", examples=["1.5%"])]
Fixed = Annotated[
    str,
    Meta(min_length=1, max_length=40, description="Of a fee: its fixed part in the currency.", examples=["0.10"]),
]


class PoliciesQuery(Paged, frozen=True, kw_only=True):
    """Which figures."""

    name: Annotated[PolicyName | None, Meta(description="Only of this name.")] = None
    scope: Annotated[Scope | None, Meta(description="Only of this scope.")] = None


class AnnouncePolicy(Request, frozen=True, kw_only=True):
    """A figure from some time on."""

    name: PolicyName
    scope: Scope = ""
    amount: Amount | None = None
    share: Share | None = None
    fixed: Fixed | None = None
    starts_at: Annotated[Instant | None, Meta(description="From when on; now if left out.")] = None
    ends_at: Annotated[Instant | None, Meta(description="Before when; null: until another one begins.")] = None


class Policy(Reply, frozen=True, kw_only=True):
    """One dated figure. It never changes; another one takes its place."""

    id: Annotated[int, Meta(ge=1, description="The row that entries name as what priced them.", examples=[1])]
    name: PolicyName
    scope: Scope
    amount: Amount | None
    share: Share | None
    fixed: Fixed | None
    figure: Annotated[Sentence, Meta(description="The same for a person's eye.", examples=["0.45 diamonds a coin"])]
    in_force: Annotated[bool, Meta(description="It holds now.")]
    starts_at: Instant
    ends_at: Annotated[Instant | None, Meta(description="Null where no end is known.")]
    announced_at: Instant
    announced_by: Annotated[str, Meta(description="Who announced it.", examples=["operator ada"])]
