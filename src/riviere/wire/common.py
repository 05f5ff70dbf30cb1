"""What many operations share: names, amounts, pages, problems."""

from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import Meta


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every request body is made from: a field that is not there is refused, so that a typing error is seen."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What every answer is made from."""


#: How the platform itself calls a user, a stream or a post.
Name = Annotated[str, Meta(min_length=1, max_length=200, description="The platform's own id.", examples=["mira"])]
#: Text that names a thing of the catalogue.
Code = Annotated[str, Meta(min_length=1, max_length=100, description="A code of the catalogue.", examples=["rose"])]
#: Names one request of one user for ever.
Key = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=255,
        description="An idempotency key; it belongs to the acting user and is kept for ever.",
        examples=["8f14e45f-ea8b-4c1a-9d0e-6f3b2a1c7d55"],
    ),
]
Coins = Annotated[int, Meta(ge=0, le=2**63 - 1, description="Whole coins.", examples=[299])]
Price = Annotated[int, Meta(ge=1, le=2**63 - 1, description="Whole coins.", examples=[299])]
Words = Annotated[str, Meta(min_length=1, max_length=200, description="A few words.", examples=["bravo"])]
Instant = Annotated[datetime, Meta(tz=True, description="RFC 3339, with its zone.", examples=["2026-01-31T20:15:00Z"])]
Pieces = Annotated[int, Meta(ge=1, le=2**31 - 1, description="How many pieces of the gift.", examples=[1])]
Diamonds = Annotated[
    str, Meta(pattern=r"^[0-9]{1,16}(\.[0-9]{1,3})?$", description="Diamonds, decimal text.", examples=["8420"])
]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", description="ISO 4217.", examples=["USD"])]
Decimal = Annotated[
    str,
    Meta(pattern=r"^[0-9]{1,19}(\.[0-9]{1,4})?$", description="An amount of money, decimal text.", examples=["95.00"]),
]
Sentence = Annotated[str, Meta(description="A sentence for a person to read.")]


class Money(Reply, frozen=True, kw_only=True):
    """An amount of money in its currency."""

    amount: Decimal
    currency: Currency


Item = TypeVar("Item")


class Paged(Request, frozen=True, kw_only=True):
    """Which part of a list is wanted; a list's own filters are added to it."""

    limit: Annotated[int, Meta(ge=1, le=200, description="Rows of a page at the most.")] = 50
    cursor: Annotated[
        Annotated[str, Meta(min_length=1, max_length=1000)] | None,
        Meta(description="The `next` of the page before this one; the beginning if not given."),
    ] = None


class Page(Reply, Generic[Item], frozen=True, kw_only=True):
    """A part of a list, and the cursor of the next part: null where there is none."""

    data: list[Item]
    next: Annotated[str | None, Meta(description="Give it as `cursor` to read on; null at the end.")] = None


class Problem(Reply, frozen=True, kw_only=True):
    """Why a request was not done (RFC 9457). Nothing has moved."""

    type: Annotated[
        str, Meta(description="Names the kind of problem, for ever.", examples=["/problems/not_enough_coins"])
    ]
    title: Annotated[str, Meta(description="The kind of problem in words.", examples=["Not enough coins"])]
    status: Annotated[int, Meta(ge=400, le=599, description="The HTTP status.", examples=[409])]
    detail: Annotated[
        str,
        Meta(
            description="What is wrong this time and what to do.",
            examples=["Not enough coins: this costs 299 and the wallet holds 12; buy coins and send it again."],
        ),
    ]
    code: Annotated[str, Meta(description="The last part of `type`.", examples=["not_enough_coins"])]
    request_id: Annotated[str, Meta(description="Names this request in the server's log.", examples=["r_0k3v9"])]
    facts: Annotated[
        dict[str, Any], Meta(description="The figures of `detail`, for programs.", examples=[{"needed": 299}])
    ] = {}
