"""Somebody at a desk with a ledger in memory: makes orders, posts them on a clock of its own, and reads wallets."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeVar
from uuid import UUID

import msgspec
import pytest

from riviere import ids
from riviere.ledger import provenance
from riviere.ledger.law import Kind
from riviere.ledger.memory import Memory
from riviere.ledger.model import (
    PLATFORM,
    Back,
    Buy,
    Expire,
    Freeze,
    Gift,
    Hold,
    Order,
    PayAgain,
    Receipt,
    Refund,
    Release,
    Return,
    Reverse,
    Settle,
    Thaw,
    Totals,
    Unbind,
)
from riviere.ledger.refusals import NotMatured
from riviere.money import LARGEST

START = datetime(2024, 5, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)

#: A coin by name: its purchase, its number within it, and until when it can be spent.
Named = tuple[UUID, int, datetime | None]
Some = TypeVar("Some", bound=Order)


class Desk:
    """Makes orders and posts them to a ledger in memory, on a clock of its own."""

    def __init__(self) -> None:
        self.memory, self.now, self.keys = Memory(), START, count(1)

    def fresh(self) -> tuple[UUID, UUID, datetime]:
        key = f"key-{next(self.keys)}"
        # People's clocks say something else than ours: maturity never looks at theirs.
        return ids.client_id(key), ids.request_digest(key), self.now - 40 * HOUR

    def buy(self, owner: int, coins: int, bonus: int = 0, lasts: int = 24) -> Buy:
        entry, request, at = self.fresh()
        return Buy(owner, entry, request, at, coins, bonus, 99, "USD", 1, self.now + lasts * HOUR, "sandbox", entry.hex)

    def gift(self, owner: int, coins: int, creator: int = 3, rate: int = 1000, **other: object) -> Gift:
        entry, request, at = self.fresh()
        given = {"count": coins, "combo": False, "unit": 1, "paid": None, "imported": False} | other
        return Gift(owner, entry, request, at, creator, rate=rate, item=1, policy=1, place=1, words=None, **given)  # type: ignore[arg-type]

    def reverse(self, gift: Gift, grace: int = 48) -> Reverse:
        entry = ids.system_id("reverse", gift.id)
        return Reverse(gift.owner, entry, ids.request_digest(entry), self.now, gift.id, self.now + grace * HOUR)

    def expire(self, owner: int, grant: UUID, leg: int) -> Expire:
        entry = ids.system_id("expire", grant, leg)
        return Expire(owner, entry, ids.request_digest(entry), self.now, grant, leg)

    def freeze(self, purchase: Buy, coins: int | None = None) -> Freeze:
        entry, request, at = self.fresh()
        return Freeze(purchase.owner, entry, request, at, purchase.id, coins)

    def thaw(self, freeze: Freeze, grace: int = 48) -> Thaw:
        entry = ids.system_id("thaw", freeze.id)
        until = self.now + grace * HOUR
        return Thaw(freeze.owner, entry, ids.request_digest(entry), self.now, freeze.id, until)

    def refund(self, freeze: Freeze, amount: int, currency: str = "USD") -> Refund:
        entry = ids.system_id("refund", freeze.id)
        return Refund(freeze.owner, entry, ids.request_digest(entry), self.now, freeze.id, amount, currency)

    def hold(self, creator: int, diamonds: int, immature_from: datetime) -> Hold:
        entry, request, at = self.fresh()
        return Hold(creator, entry, request, at, diamonds, immature_from)

    def release(self, hold: Hold) -> Release:
        entry = ids.system_id("release", hold.id)
        return Release(hold.owner, entry, ids.request_digest(entry), self.now, hold.id)

    def settle(self, hold: Hold, gross: int, fee: int = 0) -> Settle:
        entry = ids.system_id("settle", hold.id)
        return Settle(hold.owner, entry, ids.request_digest(entry), self.now, hold.id, gross, fee, "USD", 1, 2)

    def come_back(self, hold: Hold, number: int, amount: int) -> Return:
        entry = ids.system_id("return", hold.id, number)
        return Return(hold.owner, entry, ids.request_digest(entry), self.now, hold.id, number, amount, "USD")

    def pay_again(self, hold: Hold, number: int, amount: int) -> PayAgain:
        entry = ids.system_id("pay", hold.id, number)
        return PayAgain(hold.owner, entry, ids.request_digest(entry), self.now, hold.id, number, amount, "USD")

    def back(self, amount: int) -> Back:
        entry, request, at = self.fresh()
        return Back(PLATFORM, entry, request, at, amount, "USD")

    def unbind(self, creator: int, diamonds: int, backing: Back) -> Unbind:
        entry, request, at = self.fresh()
        return Unbind(creator, entry, request, at, diamonds, backing.id)

    def post(self, order: Order) -> Receipt:
        return self.memory.post(order, self.now)

    def does(self, order: Some) -> Some:
        """Posts the order and answers it, to be named later."""
        self.post(order)
        return order

    def wallet(self, owner: int, axis: int) -> list[Named]:
        """The unspent coins in the order in which they will be spent."""
        queue = self.memory.queue(owner, axis)
        return named(provenance.spend_axis(queue))[provenance.head(queue) :]

    def paid_by(self, gift: Gift) -> list[Named]:
        """The coins behind every leg of a gift."""
        coins: list[Named] = []
        for leg in self.memory.legs(gift.owner, gift.id):
            queue = self.memory.queue(gift.owner, leg.debit_kind)
            coins += named(provenance.funding(queue, leg.debit_start or 0, leg.debit_amount))
        return coins

    def matured(self, creator: int, cut: datetime) -> int:
        """What a hold can have at most, as the refusal of the largest one says; it moves nothing."""
        with pytest.raises(NotMatured) as refusal:
            self.post(self.hold(creator, LARGEST, cut))
        matured = refusal.value.facts["matured"]
        assert isinstance(matured, int)
        return matured

    def balance(self, user: int, kind: Kind) -> int:
        """Credits less debits: of `owed` the negative."""
        totals = self.memory.totals(user, kind)
        return totals.credits - totals.debits


def named(pieces: Iterable[provenance.Piece]) -> list[Named]:
    return [(p.purchase, p.k + i, p.expires_at) for p in pieces for i in range(p.hi - p.lo)]


def kept(memory: Memory) -> Any:
    """Everything that a ledger holds; an account that nothing moved is as good as none."""
    accounts = {account: totals for account, totals in memory.accounts.items() if totals != Totals()}
    return accounts, memory.ids, memory.entries, memory.hours, memory.charges, memory.holes, memory.origins


def step(combo: Gift, upto: int, **other: object) -> Gift:
    """The combo grown to `upto` pieces."""
    return msgspec.structs.replace(combo, count=upto, **other)
