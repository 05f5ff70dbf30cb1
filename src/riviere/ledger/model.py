"""What the ledger is asked (orders), what it writes (entries) and what it answers (receipts). Pure types.

A gift arrives here as `Gift`, made by `economy/gifts.py`; `posting.py` decides it; `writer.py` keeps it.
"""

from datetime import datetime
from uuid import UUID

import msgspec


class Totals(msgspec.Struct, gc=False):
    """The running totals of one account, in its asset's smallest unit.

    `seq` counts the entries that touched it, `turn` the exceptional events (provenance, hot path).
    """

    credits: int = 0
    debits: int = 0
    seq: int = 0
    turn: int = 0


class Entry(msgspec.Struct, gc=False):
    """One row of the journal, its fields in the order of the table's columns.

    `debit_*` is the side that pays, `credit_*` the side that receives: for a user's account the total before
    (`start`), the balance after and the account's own sequence number; None for the platform's accounts. `count` is how
    many gifts this entry books, `upto` the cumulative count of a combo after it.
    """

    owner: int
    id: UUID
    leg: int
    route: int
    debit_kind: int
    credit_kind: int
    count: int
    debit_user: int | None
    debit_amount: int
    debit_start: int | None
    debit_balance: int | None
    debit_seq: int | None
    credit_user: int | None
    credit_amount: int
    credit_start: int | None
    credit_balance: int | None
    credit_seq: int | None
    at: datetime
    booked_at: datetime
    request: UUID
    writer: int
    position: int
    batch: int
    place: int | None
    item: int | None
    policy: int | None
    upto: int | None
    currency: str | None
    cause: UUID | None
    expires_at: datetime | None
    message: bytes | None


class Known(msgspec.Struct, gc=False, array_like=True):
    """What the journal already holds under one (owner, id): enough to answer a repeat and to go on with a combo.

    `coins` and `diamonds` are what its gift legs moved; for other routes both are 0.
    """

    legs: int
    request: UUID
    route: int
    upto: int
    count: int
    coins: int
    diamonds: int
    item: int | None
    policy: int | None
    booked_at: datetime


class Words(msgspec.Struct, frozen=True):
    """A short message beside a gift, with the salt of the hash that the journal keeps."""

    salt: bytes
    body: str


class Buy(msgspec.Struct, frozen=True):
    """Coins bought: `coins` paid for with `price` (minor units of `currency`), `bonus` given beside them."""

    owner: int
    id: UUID
    request: UUID
    at: datetime
    coins: int
    bonus: int
    price: int
    currency: str
    pack: int
    bonus_expires_at: datetime
    processor: str
    charge: str


class Gift(msgspec.Struct, frozen=True, gc=False):
    """A gift of `count` pieces at `unit` coins, or of `paid` coins in all where a discount or a blind box says so.

    A combo's `count` is cumulative: only what it adds to the last one is booked, at the unit the combo began with.
    `rate` is thousandths of a diamond a coin, from the policy row `policy`. An `imported` gift brings its own coins
    through the import clearing account, and its diamonds stay unbacked. Viewers are not told who sent an `anonymous`
    gift; for a combo its first step says so.
    """

    owner: int
    id: UUID
    request: UUID
    at: datetime
    creator: int
    count: int
    combo: bool
    unit: int
    paid: int | None
    rate: int
    item: int
    policy: int
    place: int
    words: Words | None
    imported: bool
    anonymous: bool = False


class Reverse(msgspec.Struct, frozen=True):
    """A gift undone: its coins go back to the end of the viewer's queue, its diamonds are owed by the creator.

    Bonus coins that come back can be spent until `spend_until` at least.
    """

    owner: int
    id: UUID
    request: UUID
    at: datetime
    gift: UUID
    spend_until: datetime


class Expire(msgspec.Struct, frozen=True):
    """The unspent rest of bonus coins that leg `leg` of entry `grant` gave, gone because their time has passed."""

    owner: int
    id: UUID
    request: UUID
    at: datetime
    grant: UUID
    leg: int


class Freeze(msgspec.Struct, frozen=True):
    """Unspent coins of a purchase set aside for a refund: so many, or all that may be given back (None)."""

    owner: int
    id: UUID
    request: UUID
    at: datetime
    purchase: UUID
    coins: int | None


class Thaw(msgspec.Struct, frozen=True):
    """A freeze undone. Bonus coins that come back can be spent until `spend_until` at least."""

    owner: int
    id: UUID
    request: UUID
    at: datetime
    freeze: UUID
    spend_until: datetime


class Refund(msgspec.Struct, frozen=True):
    """A freeze whose coins were paid back, for `amount` minor units of `currency`."""

    owner: int
    id: UUID
    request: UUID
    at: datetime
    freeze: UUID
    amount: int
    currency: str


class Hold(msgspec.Struct, frozen=True):
    """Diamonds (thousandths) set aside for a redemption. What was booked in the hour `immature_from` or later stays."""

    owner: int
    id: UUID
    request: UUID
    at: datetime
    diamonds: int
    immature_from: datetime


class Release(msgspec.Struct, frozen=True):
    """A hold given back."""

    owner: int
    id: UUID
    request: UUID
    at: datetime
    hold: UUID


class Settle(msgspec.Struct, frozen=True):
    """A hold that was paid out: its diamonds are gone, for `gross` minor units of `currency`, of which `fee` is kept.

    `rate_policy` and `fee_policy` are the policy rows that the quote named. The rest, `gross` less `fee`, is payment 1
    of the hold.
    """

    owner: int
    id: UUID
    request: UUID
    at: datetime
    hold: UUID
    gross: int
    fee: int
    currency: str
    rate_policy: int
    fee_policy: int


class Return(msgspec.Struct, frozen=True):
    """Payment `number` of a settled hold came back, all of it: `amount` minor units of `currency`."""

    owner: int
    id: UUID
    request: UUID
    at: datetime
    hold: UUID
    number: int
    amount: int
    currency: str


class PayAgain(msgspec.Struct, frozen=True):
    """What came back of a settled hold goes out once more, as payment `number` (from 2 on): the same amount."""

    owner: int
    id: UUID
    request: UUID
    at: datetime
    hold: UUID
    number: int
    amount: int
    currency: str


class Back(msgspec.Struct, frozen=True):
    """Money (minor units of `currency`) posted behind an import; the platform's own entry (owner 0)."""

    owner: int
    id: UUID
    request: UUID
    at: datetime
    amount: int
    currency: str


class Unbind(msgspec.Struct, frozen=True):
    """Diamonds (thousandths) of a backed import that become a creator's own, because `backing` paid for them."""

    owner: int
    id: UUID
    request: UUID
    at: datetime
    diamonds: int
    backing: UUID


Order = (
    Buy | Gift | Reverse | Expire | Freeze | Thaw | Refund | Hold | Release | Settle | Return | PayAgain | Back | Unbind
)

#: The owner of entries that concern no user.
PLATFORM = 0


class Booked(msgspec.Struct, array_like=True):
    """An order that stands, as whoever asked for it is told: what is known under its id now.

    `repeated` says that the same order had been booked before and this call moved nothing.
    """

    owner: int
    id: UUID
    known: Known
    repeated: bool


class Receipt(Booked):
    """What the ledger itself answers: also the entries that this call added."""

    entries: list[Entry]


class Hole(msgspec.Struct, frozen=True):
    """Positions lo to hi of a credit axis that a removal took out; they held coins k and on of the purchase."""

    owner: int
    entry: UUID
    axis: int
    lo: int
    hi: int
    purchase: UUID
    k: int
    axis_end: int


class Origin(msgspec.Struct, frozen=True):
    """Positions lo to hi of a credit axis that hold coins which came back: coin k of the purchase lies at lo."""

    owner: int
    entry: UUID
    axis: int
    lo: int
    hi: int
    purchase: UUID
    k: int
