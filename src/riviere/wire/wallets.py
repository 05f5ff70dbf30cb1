"""What somebody's accounts hold on the wire, and the entries behind it."""

from typing import Annotated, Literal

from msgspec import Meta

from riviere.wire.common import Code, Coins, Diamonds, Instant, Name, Paged, Reply, Request, Sentence

Account = Annotated[
    Literal[
        "coins",
        "coins.bonus",
        "coins.imported",
        "coins.frozen",
        "diamonds",
        "diamonds.held",
        "diamonds.owed",
        "diamonds.unbacked",
    ],
    Meta(description="An account of a user.", examples=["diamonds"]),
]
#: Where a query names no account.
AccountAsked = Annotated[
    Account | None, Meta(description="An account; diamonds if the user ever earned any, else coins, if not given.")
]
Asset = Annotated[Literal["COIN", "DIAMOND"], Meta(description="What the account holds.", examples=["DIAMOND"])]
Held = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{1,19}(\.[0-9]{1,3})?$", description="In the account's asset, decimal text.", examples=["8420"]
    ),
]
Moved = Annotated[
    str,
    Meta(
        pattern=r"^-?[0-9]{1,19}(\.[0-9]{1,3})?$",
        description="What it moved: below zero where the account went down. In the account's asset, decimal text.",
        examples=["-299"],
    ),
]


class Expiring(Reply, frozen=True, kw_only=True):
    """Bonus coins that are gone at `expires_at` unless they are spent before."""

    coins: Coins
    expires_at: Instant


class Wallet(Reply, frozen=True, kw_only=True):
    """What a user's accounts hold now: coins as a viewer, diamonds as a creator."""

    user: Name
    coins: Annotated[Coins, Meta(description="Bought coins.")]
    bonus: Annotated[Coins, Meta(description="Bonus coins; they are spent first.")]
    expiring: Annotated[list[Expiring], Meta(description="The bonus coins in the order in which they are spent.")]
    frozen: Annotated[Coins, Meta(description="Coins set aside while a refund of them runs.")]
    diamonds: Annotated[Diamonds, Meta(description="Diamonds that were earned and not redeemed.")]
    matured: Annotated[
        Diamonds | None, Meta(description="What could be redeemed of them now; null where no maturity is announced.")
    ]
    held: Annotated[Diamonds, Meta(description="Diamonds set aside for redemptions under way.")]
    owed: Annotated[Diamonds, Meta(description="Owed because gifts were undone; taken off at the next redemption.")]
    unbacked: Annotated[Diamonds, Meta(description="From imports that nobody has posted money behind.")]


class BalanceQuery(Request, frozen=True, kw_only=True):
    """Which balance is wanted."""

    account: AccountAsked = None
    at: Annotated[Instant | None, Meta(description="As it stood then; now if not given.")] = None


class Balance(Reply, frozen=True, kw_only=True):
    """What one account held at a moment."""

    user: Name
    account: Account
    asset: Asset
    at: Instant
    balance: Held


class EntryQuery(Paged, frozen=True, kw_only=True):
    """Which entries are wanted."""

    account: AccountAsked = None
    limit: Annotated[int, Meta(ge=1, le=100, description="Entries of a page at the most.")] = 50


class AccountEntry(Reply, frozen=True, kw_only=True):
    """One entry as the holder of the account sees it."""

    seq: Annotated[int, Meta(ge=1, description="Numbers the entries of this account, without gaps.")]
    id: Annotated[str, Meta(description="The journal entry; a gift's legs and a combo's steps share one.")]
    route: Annotated[str, Meta(description="The way the value went.", examples=["gift"])]
    what: Annotated[str, Meta(description="What it was, for a person.", examples=["Rose ×10"])]
    who: Annotated[Name | None, Meta(description="Who was on the other side, if anybody.")]
    amount: Moved
    balance: Annotated[Held, Meta(description="What the account held after it.")]
    at: Annotated[Instant, Meta(description="When it happened.")]
    booked_at: Annotated[Instant, Meta(description="When it was committed.")]


class ExplainedEntry(Reply, frozen=True, kw_only=True):
    """One entry, and why it moved what it moved: coins, at a dated rate."""

    account: Account
    asset: Asset
    entry: AccountEntry
    gift: Annotated[Code | None, Meta(description="Of a gift, or of one that was undone: its code.")]
    pieces: Annotated[int, Meta(ge=0, description="Its pieces in this entry; 0 for the rest of a gift's price.")]
    coins: Annotated[Coins | None, Meta(description="The coins of this entry; null where no gift is behind it.")]
    stream: Annotated[Name | None, Meta(description="Where it landed: a stream, or else a post.")]
    post: Name | None
    policy: Annotated[int | None, Meta(description="The policy that priced it.")]
    rate: Annotated[Sentence | None, Meta(description="What that says.", examples=["0.5 diamonds a coin"])]
    rate_since: Annotated[Instant | None, Meta(description="Since when it was in force.")]
    undoes: Annotated[str | None, Meta(description="The journal entry that this one takes back.")]


class Entries(Reply, frozen=True, kw_only=True):
    """A page of one account's entries, newest first."""

    account: Account
    asset: Asset
    data: list[AccountEntry]
    next: Annotated[str | None, Meta(description="Give it as `cursor`, and the same account, to read on.")] = None
