"""What the data of an event says: journal rows in the platform's own words.

Coins are whole numbers, diamonds and money decimal strings, times RFC 3339 in UTC. A balance comes with the account's
`seq`, which counts what ever touched it: a receiver keeps the one with the highest `seq`, whatever came first.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from riviere import money
from riviere.economy.named import Where
from riviere.ledger.law import KINDS, Kind
from riviere.ledger.model import Entry
from riviere.money import DIAMOND


class Coins(msgspec.Struct, frozen=True):
    """A coin account of a viewer ("coins" or "coins.bonus") after what the event tells."""

    account: str
    balance: int
    seq: int


class Diamonds(msgspec.Struct, frozen=True):
    """An account of a creator ("diamonds", or "diamonds.owed") after what the event tells."""

    account: str
    balance: str
    seq: int


class SentGift(msgspec.Struct, frozen=True):
    """One gift, or one step of a combo: `count` pieces, `upto` in the combo so far (None: no combo).

    Who sent an `anonymous` one is not for viewers.
    """

    id: UUID
    sender: str
    gift: str
    count: int
    upto: int | None
    coins: int
    diamonds: str
    at: datetime
    booked_at: datetime
    wallet: list[Coins]
    anonymous: bool


class GiftsSent(msgspec.Struct):
    """gift.sent: gifts in the order of booking, and what the creator holds after the last one."""

    place: Where
    gifts: list[SentGift]
    earned: Diamonds


class GiftUndone(msgspec.Struct, frozen=True):
    """gift.reversed: `gift` is the id of what was undone; the creator owes its diamonds, the sender has its coins."""

    id: UUID
    gift: UUID
    place: Where
    sender: str
    coins: int
    diamonds: str
    at: datetime
    booked_at: datetime
    wallet: list[Coins]
    owed: Diamonds


class ComboFinished(msgspec.Struct, frozen=True):
    """combo.finished: `id` is the gift's; `count`, `coins` and `diamonds` are of the whole combo.

    Who sent an `anonymous` one is not for viewers.
    """

    id: UUID
    place: Where
    sender: str
    gift: str
    count: int
    coins: int
    diamonds: str
    began_at: datetime
    ended_at: datetime
    anonymous: bool


class Price(msgspec.Struct, frozen=True):
    """What was paid, in its currency."""

    amount: str
    currency: str


class PurchaseCompleted(msgspec.Struct, frozen=True):
    """purchase.completed: a coin pack was paid for; `bonus` coins can be spent until `bonus_expires_at`."""

    id: UUID
    user: str
    pack: str
    price: Price
    coins: int
    bonus: int
    bonus_expires_at: datetime | None
    at: datetime
    booked_at: datetime
    wallet: list[Coins]


def debited(leg: Entry) -> tuple[str, int, int]:
    """Account, balance and seq of a user's account that paid."""
    assert leg.debit_balance is not None
    assert leg.debit_seq is not None
    return KINDS[Kind(leg.debit_kind)].name, leg.debit_balance, leg.debit_seq


def credited(leg: Entry) -> tuple[str, int, int]:
    """Account, balance and seq of a user's account that received."""
    assert leg.credit_balance is not None
    assert leg.credit_seq is not None
    return KINDS[Kind(leg.credit_kind)].name, leg.credit_balance, leg.credit_seq


def diamonds(account: str, balance: int, seq: int) -> Diamonds:
    """A creator's account, told."""
    return Diamonds(account, money.plain(balance, DIAMOND), seq)
