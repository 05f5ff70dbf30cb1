"""How a posting is made: what the rules may read, and how their legs become journal rows with running balances.

A gift comes here from `rules.py` as one or two legs and goes back to `writer.py`, for `batch.py` to keep, as rows of
the journal. Pure: no I/O, no clock, no chance.
"""

from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Final, Protocol
from uuid import UUID

import msgspec

from riviere.ledger import provenance
from riviere.ledger.law import DEBTS, GIFTS, KINDS, ROUTES, Kind, Route
from riviere.ledger.model import Entry, Hole, Known, Order, Origin, Receipt, Totals, Words
from riviere.ledger.refusals import TooLarge
from riviere.money import LARGEST, BadAmount

#: The kinds of account that each route debits and credits, as the plain numbers of the journal.
_SIDES: Final = {route: (int(law.pays), int(law.receives)) for route, law in ROUTES.items()}


class State(Protocol):
    """What the rules may read. The writer fills it from the database, the memory engine from its own lists."""

    def totals(self, user: int, kind: int) -> Totals:
        """The account's totals; they change in place as legs are applied."""

    def known(self, owner: int, entry: UUID) -> Known | None:
        """What is booked under this id."""

    def legs(self, owner: int, entry: UUID) -> list[Entry]:
        """The rows booked under this id, in order."""

    def queue(self, owner: int, axis: int) -> provenance.Queue:
        """A coin account as provenance sees it."""

    def earned_since(self, creator: int, hour: datetime) -> int:
        """Diamonds (thousandths) booked in that hour or later, less what was undone of them."""

    def charge_owner(self, processor: str, charge: str) -> tuple[int, UUID] | None:
        """Who and which purchase a provider's charge already paid for."""


class Posting(msgspec.Struct, gc=False):
    """What one order writes: journal rows, and for exceptional events the rows of provenance.

    `undone` lists (creator, hour of the gift, thousandths of a diamond); `turns` says that the owner's coins move up a
    turn, so that no two exceptional events plan on the same state.
    """

    receipt: Receipt
    holes: Sequence[Hole] = ()
    origins: Sequence[Origin] = ()
    undone: Sequence[tuple[int, datetime, int]] = ()
    turns: bool = False


class Leg(msgspec.Struct, gc=False):
    """One movement that an order comes to, before it has balances and a number."""

    route: Route
    debit_user: int | None
    debit_amount: int
    credit_user: int | None
    credit_amount: int
    count: int = 0
    place: int | None = None
    item: int | None = None
    policy: int | None = None
    upto: int | None = None
    currency: str | None = None
    cause: UUID | None = None
    expires_at: datetime | None = None
    message: bytes | None = None


def words_hash(words: Words) -> bytes:
    """What the journal keeps of a message: 32 bytes that, without the salt, say nothing about it."""
    return blake2b(words.body.encode(), key=words.salt, digest_size=32).digest()


def book(state: State, order: Order, known: Known | None, legs: list[Leg], *, turns: bool = False) -> Posting:
    """The legs as journal rows, applied to the state. Checks every total first, so that nothing is half applied."""
    _check(state, legs)
    first = known.legs if known else 0
    entries = [_entry(state, order, leg, first + number) for number, leg in enumerate(legs)]
    receipt = Receipt(order.owner, order.id, _sum_up(known, entries), False, entries)
    return Posting(receipt, turns=turns)


def _check(state: State, legs: list[Leg]) -> None:
    incoming: dict[tuple[int, int], int] = {}
    for leg in legs:
        if leg.debit_amount < 1 or leg.credit_amount < 1:
            raise BadAmount(what=f"What {ROUTES[leg.route].name} moves", unit="units", least=1, got=leg.debit_amount)
        user = leg.credit_user
        if user is not None:
            kind = _SIDES[leg.route][1]
            coming = incoming.get((user, kind), 0) + leg.credit_amount
            incoming[user, kind] = coming
            if state.totals(user, kind).credits + coming > LARGEST:
                raise TooLarge(what=f"The account {KINDS[Kind(kind)].name}")


def _entry(state: State, order: Order, leg: Leg, number: int) -> Entry:
    """A row of the journal. Whoever writes it sets when and where it was booked."""
    pays, receives = _SIDES[leg.route]
    debit_start = debit_balance = debit_seq = credit_start = credit_balance = credit_seq = None
    if (payer := leg.debit_user) is not None:
        totals = state.totals(payer, pays)
        debit_start = totals.debits
        totals.debits = debit_start + leg.debit_amount
        totals.seq = debit_seq = totals.seq + 1
        debit_balance = balance(pays, totals)
    if (receiver := leg.credit_user) is not None:
        totals = state.totals(receiver, receives)
        credit_start = totals.credits
        totals.credits = credit_start + leg.credit_amount
        totals.seq = credit_seq = totals.seq + 1
        credit_balance = balance(receives, totals)
    return Entry(
        order.owner,
        order.id,
        number,
        int(leg.route),
        pays,
        receives,
        leg.count,
        payer,
        leg.debit_amount,
        debit_start,
        debit_balance,
        debit_seq,
        receiver,
        leg.credit_amount,
        credit_start,
        credit_balance,
        credit_seq,
        order.at,
        order.at,
        order.request,
        0,
        0,
        0,
        leg.place,
        leg.item,
        leg.policy,
        leg.upto,
        leg.currency,
        leg.cause,
        leg.expires_at,
        leg.message,
    )


def balance(kind: int, totals: Totals) -> int:
    """What an account holds, or for a debt what is owed: never negative."""
    difference = totals.credits - totals.debits
    return -difference if kind in DEBTS else difference


def _sum_up(known: Known | None, entries: list[Entry]) -> Known:
    first = entries[0]
    after = (
        Known(0, first.request, first.route, 0, 0, 0, 0, first.item, first.policy, first.booked_at)
        if known is None
        else msgspec.structs.replace(known)
    )
    for entry in entries:
        after.legs += 1
        after.count += entry.count
        if entry.upto is not None and entry.upto > after.upto:
            after.upto = entry.upto
        if entry.route in GIFTS:
            after.item = after.item or entry.item
            after.policy = after.policy or entry.policy
            after.coins += entry.debit_amount
            after.diamonds += entry.credit_amount
    return after
