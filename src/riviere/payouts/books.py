"""What each state of a redemption means in the ledger: the order that leads to it, and what must then be booked. Pure.

Every order's id follows from the redemption, so that writing it twice books it once.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from riviere.ids import request_digest, system_id
from riviere.ledger.model import Hold, Order, PayAgain, Release, Return, Settle
from riviere.payouts.model import Row, State


class Booked(NamedTuple):
    """What the journal says of one hold: thousandths of a diamond, then minor units of the quote's currency."""

    held: int = 0
    released: int = 0
    settled: int = 0
    gross: int = 0
    fee: int = 0
    paid: int = 0
    returned: int = 0


def hold_id(redemption: UUID) -> UUID:
    """The id of the hold of a redemption."""
    return system_id("hold", redemption)


def order(row: Row, to: State, immature_from: datetime, now: datetime) -> Order:
    """The order that takes a redemption to the state `to`; a hold leaves alone what came from `immature_from` on."""
    hold = hold_id(row.id)
    net = row.gross - row.fee
    if to == State.HELD:
        return Hold(row.creator, hold, request_digest("hold", row.diamonds), now, row.diamonds, immature_from)
    if to in (State.CANCELLED, State.FAILED):
        return Release(row.creator, system_id("release", hold), request_digest("release", hold), now, hold)
    if to == State.RETURNED:
        ids = system_id("return", hold, row.payments), request_digest("return", hold, row.payments)
        return Return(row.creator, *ids, now, hold, row.payments, net, row.currency)
    assert to == State.PAID, f"nothing is booked on the way to {to}"
    if row.payments == 0:
        ids = system_id("settle", hold), request_digest("settle", hold)
        policies = row.rate_policy, row.fee_policy
        return Settle(row.creator, *ids, now, hold, row.gross, row.fee, row.currency, *policies)
    number = row.payments + 1
    ids = system_id("pay", hold, number), request_digest("pay", hold, number)
    return PayAgain(row.creator, *ids, now, hold, number, net, row.currency)


def booked(state: State, payments: int, diamonds: int, gross: int, fee: int) -> Booked:
    """What the journal must say of the hold of a redemption on these terms, in this state, after so many payments."""
    if state in (State.REQUESTED, State.REFUSED):
        return Booked()
    if payments == 0:
        return Booked(diamonds, diamonds if state in (State.FAILED, State.CANCELLED) else 0)
    paid, returns = payments * (gross - fee), payments - (state == State.PAID)
    return Booked(diamonds, 0, diamonds, gross, fee, paid, returns * (gross - fee))
