"""Gifts on the wire: one, many (a line each), and what came of them."""

from typing import Annotated

from msgspec import Meta

from riviere.wire.common import (
    Code,
    Coins,
    Diamonds,
    Instant,
    Key,
    Name,
    Pieces,
    Price,
    Problem,
    Reply,
    Request,
    Words,
)

Entry = Annotated[str, Meta(description="The journal entry.", examples=["f0f5f4a0-5f0a-2d2f-b5a1-4d6c3a9f0e11"])]


class SendGift(Request, frozen=True, kw_only=True):
    """A gift to a creator's stream or post: name exactly one of the two."""

    creator: Name
    gift: Code
    sender: Annotated[
        Name | None, Meta(description="Who sends it. A user's own token may leave it out: it is that user.")
    ] = None
    count: Annotated[Pieces, Meta(description="Pieces; for a combo the count it has come to.")] = 1
    combo: Annotated[bool, Meta(description="A step of a combo: the same key goes on with it.")] = False
    stream: Name | None = None
    post: Name | None = None
    message: Annotated[Words | None, Meta(description="A few words beside it.")] = None
    paid: Annotated[Price | None, Meta(description="Coins for all pieces, where it is not the list price.")] = None
    at: Annotated[Instant | None, Meta(description="When it happened; now if left out.")] = None
    anonymous: Annotated[
        bool,
        Meta(
            description="Feeds, boards and sums by supporter do not say who sent it; the creator's own statement, the "
            "platform's servers and its operators are told. All steps of a combo say the same."
        ),
    ] = False


class BulkGift(SendGift, frozen=True, kw_only=True):
    """One line of a bulk request: a gift and its own idempotency key."""

    key: Key


class Gift(Reply, frozen=True, kw_only=True):
    """A gift that stands: durable, paid for, counted once."""

    key: Key
    id: Entry
    sender: Name
    creator: Name
    gift: Code
    count: Annotated[int, Meta(ge=1, description="Pieces in all; for a combo the count it has come to.")]
    coins: Annotated[Coins, Meta(description="What it cost in all.")]
    diamonds: Annotated[Diamonds, Meta(description="What it brought the creator in all.")]
    repeated: Annotated[bool, Meta(description="It stood before this request, which moved nothing.")]
    booked_at: Instant


class BulkAnswer(Reply, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a bulk answer, in the order of the request: the gift, or the problem in its place."""

    line: Annotated[int, Meta(ge=1, description="Which line of the request this answers, blank ones counted.")]
    status: Annotated[int, Meta(ge=200, le=599, description="What a request of its own would have been answered with.")]
    gift: Gift | None = None
    problem: Problem | None = None


class SentGift(Reply, frozen=True, kw_only=True):
    """A gift as its sender sees it later."""

    id: Entry
    sender: Name
    creator: Name
    gift: Code
    count: Annotated[int, Meta(ge=1, description="Pieces in all; for a combo the count it has come to.")]
    coins: Annotated[Coins, Meta(description="What it cost in all.")]
    diamonds: Annotated[Diamonds, Meta(description="What it brought the creator in all.")]
    stream: Annotated[Name | None, Meta(description="Where it landed: a stream, or else a post.")] = None
    post: Name | None = None
    message: Annotated[str | None, Meta(description="The words beside it, the last ones of a combo, while kept.")] = (
        None
    )
    at: Annotated[Instant, Meta(description="When it happened; a combo's first step.")]
    booked_at: Annotated[Instant, Meta(description="When it was committed; a combo's first step.")]
    reversed: Annotated[bool, Meta(description="It was undone since: its coins went back.")]
    anonymous: Annotated[bool, Meta(description="Viewers are not told who sent it.")]
    imported: Annotated[bool, Meta(description="A record told of it; it was paid for elsewhere.")]


class Reversal(Reply, frozen=True, kw_only=True):
    """A gift undone."""

    id: Entry
    gift: Annotated[str, Meta(description="The journal entry of the gift.")]
    sender: Name
    creator: Name
    coins: Annotated[Coins, Meta(description="Bought coins that went back to the sender.")]
    bonus: Annotated[Coins, Meta(description="Bonus coins that went back; they can be spent for some days at least.")]
    diamonds: Annotated[Diamonds, Meta(description="What the creator owes: it is netted at the next redemption.")]
    repeated: Annotated[bool, Meta(description="It stood before this request, which moved nothing.")]
    booked_at: Instant


class Piece(Reply, frozen=True, kw_only=True):
    """Coins of one purchase that a gift spent."""

    purchase: Annotated[str, Meta(description="The journal entry that brought these coins.")]
    at: Annotated[Instant, Meta(description="When it happened.")]
    pack: Annotated[Code | None, Meta(description="The pack that was bought; null for coins that a record brought.")]
    account: Annotated[str, Meta(description="The kind of coins.", examples=["coins", "coins.bonus"])]
    first: Annotated[int, Meta(ge=1, description="The first of these coins, counted from 1 within the purchase.")]
    last: Annotated[int, Meta(ge=1, description="The last of them.")]
    coins: Price


class Provenance(Reply, frozen=True, kw_only=True):
    """Which purchases paid for a gift."""

    gift: Entry
    reversed: Annotated[bool, Meta(description="It was undone since, and these coins went back.")]
    pieces: list[Piece]
