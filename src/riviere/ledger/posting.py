"""How a posting is made: what the rules may read, and how their legs become journal rows with running balances.

A gift comes here from `rules.py` as one or two legs and goes back to `writer.py`, for `store.py` to keep, as rows of
the journal. Pure: no I/O, no clock, no chance.
"""

from datetime import datetime
from hashlib import blake2b
from typing import Protocol
from uuid import UUID

import msgspec

from riviere.ledger import provenance
from riviere.ledger.law import DEBTS, GIFTS, KINDS, ROUTES, Kind, Route
from riviere.ledger.model import Entry, Hole, Known, Order, Origin, Receipt, TooLarge, Totals, Words
from riviere.money import LARGEST, BadAmount


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


class Posting(msgspec.Struct):
    """What one order writes: journal rows, and for exceptional events the rows of provenance.

    `undone` lists (creator, hour of the gift, thousandths of a diamond); `turns` says that the owner's coins move up a
    turn, so that no two exceptional events plan on the same state.
    """

    receipt: Receipt
    holes: list[Hole]
    origins: list[Origin]
    undone: list[tuple[int, datetime, int]]
    turns: bool


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
    incoming: dict[tuple[int, Kind], int] = {}
    for leg in legs:
        if leg.debit_amount < 1 or leg.credit_amount < 1:
            raise BadAmount(what=f"What {ROUTES[leg.route].name} moves", unit="units", least=1, got=leg.debit_amount)
        if leg.credit_user is not None:
            account = (leg.credit_user, ROUTES[leg.route].receives)
            incoming[account] = incoming.get(account, 0) + leg.credit_amount
            if state.totals(*account).credits + incoming[account] > LARGEST:
                raise TooLarge(what=f"The account {KINDS[account[1]].name}")
    first = known.legs if known else 0
    entries = [_entry(state, order, leg, first + number) for number, leg in enumerate(legs)]
    receipt = Receipt(order.owner, order.id, _sum_up(known, entries), entries, False)
    return Posting(receipt, [], [], [], turns)


def _entry(state: State, order: Order, leg: Leg, number: int) -> Entry:
    law = ROUTES[leg.route]
    debit = _take(state, leg.debit_user, law.pays, debit=leg.debit_amount)
    credit = _take(state, leg.credit_user, law.receives, credit=leg.credit_amount)
    return Entry(
        order.owner,
        order.id,
        number,
        leg.route.value,
        law.pays.value,
        law.receives.value,
        leg.count,
        leg.debit_user,
        leg.debit_amount,
        *debit,
        leg.credit_user,
        leg.credit_amount,
        *credit,
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


_PLATFORM_SIDE = (None, None, None)


def _take(
    state: State, user: int | None, kind: Kind, *, debit: int = 0, credit: int = 0
) -> tuple[int | None, int | None, int | None]:
    """Moves one side of a leg; answers (total before, balance after, sequence number)."""
    if user is None:
        return _PLATFORM_SIDE
    totals = state.totals(user, kind)
    start = totals.debits if debit else totals.credits
    totals.debits += debit
    totals.credits += credit
    totals.seq += 1
    return start, balance(kind, totals), totals.seq


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
        after.upto = max(after.upto, entry.upto or 0)
        after.count += entry.count
        if entry.route in GIFTS:
            after.item = after.item or entry.item
            after.policy = after.policy or entry.policy
            after.coins += entry.debit_amount
            after.diamonds += entry.credit_amount
    return after
