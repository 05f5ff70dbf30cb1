"""The rules of redemptions: diamonds held, given back or settled, and payments that go out, come back and go out again.

Pure, like `rules.py`, whose part these are. Nothing here can pay out more than was settled, whoever asks at once:

- A settlement and a release of one hold both take its diamonds, so one of two at once finds the debits of
  `diamonds.held` changed, reads again, and sees the other's id, which follows from the hold.
- The id of a payment, and that of its return, follows from the hold and the payment's number, so each is booked once. A
  return needs its payment, the next payment needs that return, and what is booked stays: there is no order of events
  in which two payments of a hold are out. So neither of them has to compare any account.
"""

from uuid import UUID

from riviere import money
from riviere.ids import system_id
from riviere.ledger.law import Kind, Route
from riviere.ledger.model import Entry, Hold, PayAgain, Release, Return, Settle
from riviere.ledger.posting import Leg, Posting, State, book
from riviere.ledger.refusals import HoldReleased, HoldSettled, NotMatured, NotReturned, ReturnMismatch, UnknownEntry


def hold(state: State, order: Hold) -> Posting:
    """What is owed is netted first; then matured diamonds are set aside. Raises NotMatured.

    Matured is what the creator has beyond debts, less everything the hours since the cut-off brought: the sum over the
    older hours, less what was taken out, comes to the same figure (provenance, creators).
    """
    diamonds, owed = state.totals(order.owner, Kind.DIAMONDS), state.totals(order.owner, Kind.OWED)
    held, debt = diamonds.credits - diamonds.debits, owed.debits - owed.credits
    matured = max(0, held - debt - state.earned_since(order.owner, order.immature_from))
    if order.diamonds > matured:
        raise NotMatured(matured=matured, asked=order.diamonds)
    legs = []
    if debt:
        legs.append(Leg(Route.REDEEM_NET, order.owner, debt, order.owner, debt))
    legs.append(Leg(Route.REDEEM_HOLD, order.owner, order.diamonds, order.owner, order.diamonds))
    return book(state, order, None, legs)


def release(state: State, order: Release) -> Posting:
    """Held diamonds go back; they count by their old hours, so they have the maturity they had.

    Raises UnknownEntry and HoldSettled.
    """
    assert order.id == system_id("release", order.hold), "any other id could release the hold a second time"
    amount = _held(state, order)
    if state.known(order.owner, system_id("settle", order.hold)) is not None:
        raise HoldSettled(hold=order.hold)
    leg = Leg(Route.REDEEM_RELEASE, order.owner, amount, order.owner, amount, cause=order.hold)
    return book(state, order, None, [leg])


def settle(state: State, order: Settle) -> Posting:
    """Held diamonds become money owed, the fee is kept of it, and the rest is payment 1: out in the same breath.

    Raises UnknownEntry, HoldReleased and BadAmount.
    """
    assert order.id == system_id("settle", order.hold), "any other id could settle the hold a second time"
    diamonds = _held(state, order)
    if state.known(order.owner, system_id("release", order.hold)) is not None:
        raise HoldReleased(hold=order.hold)
    gross = money.amount(order.gross, "What diamonds are redeemed for", unit="minor units")
    fee = money.amount(order.fee, "The fee of a redemption", least=0, unit="minor units")
    paid = money.amount(gross - fee, "What a redemption pays after its fee", unit="minor units")
    legs = [Leg(Route.REDEEM_SETTLE, order.owner, diamonds, None, gross, policy=order.rate_policy)]
    if fee:
        legs.append(Leg(Route.REDEEM_FEE, None, fee, None, fee, policy=order.fee_policy))
    # Also where the fee comes to nothing, its policy says why.
    legs.append(Leg(Route.REDEEM_PAYOUT, None, paid, None, paid, policy=order.fee_policy))
    for leg in legs:
        leg.currency, leg.cause = order.currency, order.hold
    return book(state, order, None, legs)


def come_back(state: State, order: Return) -> Posting:
    """A payment that came back is owed to the creator again, in money. Raises UnknownEntry and ReturnMismatch."""
    assert order.id == system_id("return", order.hold, order.number), "any other id could return the payment twice"
    entry = payment(order.hold, order.number)
    went_out = [leg for leg in state.legs(order.owner, entry) if leg.route == Route.REDEEM_PAYOUT]
    if not went_out:
        raise UnknownEntry(what=f"payment {order.number} of hold", id=order.hold)
    return _whole(state, order, Route.REDEEM_RETURN, went_out[0], order.number)


def pay_again(state: State, order: PayAgain) -> Posting:
    """What came back goes out once more. Raises NotReturned and ReturnMismatch."""
    assert order.id == payment(order.hold, order.number), "any other id could pay what came back a second time"
    before = order.number - 1
    came_back = state.legs(order.owner, system_id("return", order.hold, before))
    if not came_back:
        raise NotReturned(number=before, hold=order.hold)
    return _whole(state, order, Route.REDEEM_PAYOUT, came_back[0], before)


def payment(held: UUID, number: int) -> UUID:
    """The id of the entry by which payment `number` of a hold went out: the first one went with the settlement."""
    return system_id("settle", held) if number == 1 else system_id("pay", held, number)


def _held(state: State, order: Release | Settle) -> int:
    """What the hold took, in thousandths of a diamond."""
    holds = [leg for leg in state.legs(order.owner, order.hold) if leg.route == Route.REDEEM_HOLD]
    if not holds:
        raise UnknownEntry(what="hold", id=order.hold)
    return holds[0].debit_amount


def _whole(state: State, order: Return | PayAgain, route: Route, before: Entry, number: int) -> Posting:
    """A payment moves whole or not at all: as much as `before`, which moved payment `number` the other way."""
    if (order.amount, order.currency) != (before.debit_amount, before.currency):
        raise ReturnMismatch(
            number=number,
            hold=order.hold,
            paid=before.debit_amount,
            paid_in=before.currency,
            amount=order.amount,
            currency=order.currency,
        )
    leg = Leg(route, None, order.amount, None, order.amount, currency=order.currency, cause=order.hold)
    return book(state, order, None, [leg])
