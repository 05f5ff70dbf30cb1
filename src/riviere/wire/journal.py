"""Entries of the journal on the wire, with what explains them."""

from typing import Annotated

from msgspec import Meta

from riviere.wire.common import Instant, Name, Reply, Sentence
from riviere.wire.gifts import SentGift
from riviere.wire.policies import Policy
from riviere.wire.verifying import SignedHead

_Figure = Annotated[str, Meta(description="In `asset`, decimal text.", examples=["299"])]


class Side(Reply, frozen=True, kw_only=True):
    """One of the two accounts that a leg moved."""

    user: Annotated[Name | None, Meta(description="Whose it is; null for the platform's own.")]
    account: Annotated[str, Meta(description="The kind of account.", examples=["coins"])]
    asset: Annotated[str, Meta(description="COIN, DIAMOND, or a currency.", examples=["COIN"])]
    amount: _Figure
    seq: Annotated[
        int | None,
        Meta(description="The line of this account; null for the platform's, and for another's where a user asks."),
    ]
    balance: Annotated[_Figure | None, Meta(description="What the account held after it; null where `seq` is.")]


class Leg(Reply, frozen=True, kw_only=True):
    """One row of the journal: what paid, and what received."""

    number: Annotated[int, Meta(ge=0, description="Counts the legs of an entry from 0.")]
    route: Annotated[str, Meta(description="The way the value went.", examples=["gift"])]
    what: Annotated[str, Meta(description="What it was, for a person.", examples=["Rose ×10"])]
    pays: Side
    receives: Side
    policy: Annotated[int | None, Meta(description="The figure that priced it, in `policies`.")]
    booked_at: Instant
    writer: Annotated[int, Meta(ge=1, description="Whose chain of batches it lies in.")]
    batch: Annotated[int, Meta(ge=1, description="The batch of that chain.")]


class Undone(Reply, frozen=True, kw_only=True):
    """Who undid a gift, and why."""

    actor: Annotated[str, Meta(examples=["operator kim"])]
    reason: Sentence
    at: Instant


class JournalEntry(Reply, frozen=True, kw_only=True):
    """What was booked under one id: every leg, what priced it, and what proves it."""

    id: Annotated[str, Meta(description="The journal entry.", examples=["f0f5f4a0-5f0a-2d2f-b5a1-4d6c3a9f0e11"])]
    owner: Annotated[Name, Meta(description="Whom it concerns: a gift its sender, a redemption its creator.")]
    at: Annotated[Instant, Meta(description="When it happened; a combo's first step.")]
    legs: Annotated[list[Leg], Meta(description="In order; a combo has one a step at least.")]
    policies: Annotated[list[Policy], Meta(description="The figures that priced the legs.")]
    cause: Annotated[str | None, Meta(description="The entry that this one undoes or goes on with.")]
    gift: Annotated[SentGift | None, Meta(description="The gift, where it is one.")]
    undone: Annotated[Undone | None, Meta(description="Who undid the gift and why, where they said so.")]
    head: Annotated[SignedHead | None, Meta(description="The signed head over it; null until there is one.")]
