"""What the rules of redemptions book and what they refuse, one case at a time."""

from collections import Counter
from copy import deepcopy
from typing import Any

import hypothesis.strategies as st
import msgspec
import pytest
from desk import HOUR, Desk
from hypothesis import given
from test_rules import CREATOR, VIEWER, amounts, other_body, refused

from riviere import ids
from riviere.errors import RiviereError
from riviere.ledger.law import Kind, Route
from riviere.ledger.model import Hold
from riviere.ledger.redeeming import payment
from riviere.ledger.refusals import HoldReleased, HoldSettled, KeyReused, NotReturned, ReturnMismatch, UnknownEntry
from riviere.ledger.rules import lookups
from riviere.money import LARGEST, BadAmount

OTHER = 7


@pytest.fixture
def desk() -> Desk:
    """A creator has 20 diamonds."""
    made = Desk()
    made.does(made.buy(VIEWER, 20))
    made.does(made.gift(VIEWER, 20))
    return made


@pytest.fixture
def hold(desk: Desk) -> Hold:
    """Half of them are held."""
    return desk.does(desk.hold(CREATOR, 10_000, desk.now + HOUR))


def changed(order: Any, **fields: object) -> Any:
    return msgspec.structs.replace(order, **fields)


def unsaid(desk: Desk) -> Hold:
    """A hold that nobody asked for."""
    return desk.hold(CREATOR, 10_000, desk.now + HOUR)


def test_a_settled_hold_is_money_less_its_fee_paid_out(desk: Desk, hold: Hold) -> None:
    order = changed(desk.settle(hold, 500, 18), rate_policy=5, fee_policy=6)
    receipt = desk.post(order)
    assert amounts(receipt.entries) == [
        (Route.REDEEM_SETTLE, 10_000, 500),
        (Route.REDEEM_FEE, 18, 18),
        (Route.REDEEM_PAYOUT, 482, 482),
    ]
    assert {(row.owner, row.currency, row.cause, row.credit_user) for row in receipt.entries} == {
        (CREATOR, "USD", hold.id, None)
    }
    assert [row.policy for row in receipt.entries] == [5, 6, 6]
    assert [row.debit_balance for row in receipt.entries] == [0, None, None]
    assert (desk.balance(CREATOR, Kind.HELD), desk.balance(CREATOR, Kind.DIAMONDS)) == (0, 10_000)
    again = desk.post(order)
    assert (again.repeated, again.entries, again.known) == (True, [], receipt.known)
    refused(desk, other_body(order), KeyReused)


def test_a_redemption_without_a_fee_still_names_the_policy_that_says_so(desk: Desk, hold: Hold) -> None:
    rows = desk.post(changed(desk.settle(hold, 500), rate_policy=5, fee_policy=6)).entries
    assert amounts(rows) == [(Route.REDEEM_SETTLE, 10_000, 500), (Route.REDEEM_PAYOUT, 500, 500)]
    assert [row.policy for row in rows] == [5, 6]


def test_what_was_settled_stays_taken_out(desk: Desk, hold: Hold) -> None:
    assert desk.matured(CREATOR, desk.now + HOUR) == 10_000
    desk.post(desk.settle(hold, 500))
    assert desk.matured(CREATOR, desk.now + HOUR) == 10_000


@pytest.mark.parametrize(("gross", "fee"), [(0, 0), (-5, 0), (500, 500), (500, 501), (500, -1), (LARGEST + 1, 0)])
def test_a_settlement_pays_something_and_no_more_than_it_is_worth(desk: Desk, hold: Hold, gross: int, fee: int) -> None:
    with pytest.raises(BadAmount):
        desk.post(desk.settle(hold, gross, fee))
    assert desk.balance(CREATOR, Kind.HELD) == 10_000
    assert not desk.post(desk.settle(hold, LARGEST, LARGEST - 1)).repeated


def test_a_hold_is_either_given_back_or_paid_out(desk: Desk, hold: Hold) -> None:
    other = desk.does(desk.hold(CREATOR, 4_000, desk.now + HOUR))
    settled, released = desk.does(desk.settle(hold, 500)), desk.does(desk.release(other))
    refused(desk, desk.release(hold), HoldSettled, hold=hold.id)
    refused(desk, desk.settle(other, 200), HoldReleased, hold=other.id)
    assert [desk.post(order).repeated for order in (settled, released)] == [True, True]
    assert (desk.balance(CREATOR, Kind.HELD), desk.balance(CREATOR, Kind.DIAMONDS)) == (0, 10_000)


def test_each_side_of_the_choice_asks_about_the_other(desk: Desk, hold: Hold) -> None:
    settle, release = desk.settle(hold, 500), desk.release(hold)
    assert set(lookups(settle)) == set(lookups(release)) == {(CREATOR, settle.id), (CREATOR, release.id)}


def test_only_a_creators_own_holds_are_settled(desk: Desk, hold: Hold) -> None:
    refused(desk, changed(desk.settle(hold, 500), owner=OTHER), UnknownEntry, what="hold", id=hold.id)
    never = unsaid(desk)
    refused(desk, desk.settle(never, 500), UnknownEntry, what="hold", id=never.id)


def test_a_payment_that_came_back_is_owed_in_money_and_paid_again(desk: Desk, hold: Hold) -> None:
    desk.does(desk.settle(hold, 500, 18))
    before = deepcopy(desk.memory.accounts)
    for number in (1, 2, 3):
        returned, again = desk.come_back(hold, number, 482), desk.pay_again(hold, number + 1, 482)
        refused(desk, again, NotReturned, number=number, hold=hold.id)
        assert amounts(desk.post(returned).entries) == [(Route.REDEEM_RETURN, 482, 482)]
        rows = desk.post(again).entries
        assert amounts(rows) == [(Route.REDEEM_PAYOUT, 482, 482)]
        assert [(row.currency, row.cause, row.policy) for row in rows] == [("USD", hold.id, None)]
        assert rows[0].id == payment(hold.id, number + 1)
        assert [desk.post(order).repeated for order in (returned, again)] == [True, True]
    assert desk.memory.accounts == before, "what comes back is money: no diamond moves"


def test_only_what_went_out_comes_back_and_whole(desk: Desk, hold: Hold) -> None:
    first = "payment 1 of hold"
    refused(desk, desk.come_back(hold, 1, 482), UnknownEntry, what=first, id=hold.id)
    desk.does(desk.settle(hold, 500, 18))
    refused(desk, desk.come_back(hold, 2, 482), UnknownEntry, what="payment 2 of hold", id=hold.id)
    refused(desk, desk.come_back(hold, 0, 482), UnknownEntry, what="payment 0 of hold", id=hold.id)
    refused(desk, changed(desk.come_back(hold, 1, 482), owner=OTHER), UnknownEntry, what=first, id=hold.id)
    was = {"number": 1, "hold": hold.id, "paid": 482, "paid_in": "USD"}
    for wrong in (desk.come_back(hold, 1, 500), changed(desk.come_back(hold, 1, 482), currency="EUR")):
        refused(desk, wrong, ReturnMismatch, **was, amount=wrong.amount, currency=wrong.currency)
    desk.does(desk.come_back(hold, 1, 482))
    for wrong in (desk.pay_again(hold, 2, 483), changed(desk.pay_again(hold, 2, 482), currency="EUR")):
        refused(desk, wrong, ReturnMismatch, **was, amount=wrong.amount, currency=wrong.currency)
    refused(desk, desk.pay_again(hold, 3, 482), NotReturned, number=2, hold=hold.id)


@pytest.mark.parametrize("make", ["settle", "come_back", "pay_again"])
def test_an_id_that_does_not_follow_from_the_hold_is_a_mistake_of_ours(desk: Desk, hold: Hold, make: str) -> None:
    orders = [desk.settle(hold, 500), desk.come_back(hold, 1, 500), desk.pay_again(hold, 2, 500)]
    order = dict(zip(["settle", "come_back", "pay_again"], orders, strict=True))[make]
    with pytest.raises(AssertionError):
        desk.post(changed(order, id=ids.client_id("mine")))


#: What is done to which of three holds: the number of the payment, and how far the amount is off, where it has them.
STEPS = st.tuples(
    st.sampled_from(["release", *["settle"] * 2, *["come_back"] * 4, *["pay_again"] * 4]),
    st.integers(0, 2),
    st.sampled_from([1, 1, 1, 2, 2, 3]),
    st.sampled_from([0, 0, 0, 1]),
)


@given(st.lists(STEPS, min_size=30, max_size=80))
def test_a_hold_ends_once_and_never_are_two_payments_of_it_out(steps: list[tuple[str, int, int, int]]) -> None:
    desk = Desk()
    desk.does(desk.buy(VIEWER, 20))
    desk.does(desk.gift(VIEWER, 20))
    holds = [desk.does(desk.hold(CREATOR, diamonds, desk.now + HOUR)) for diamonds in (3_000, 3_000, 5_000)]
    for what, which, number, off in steps:
        hold = holds[which]
        order: Any = {
            "release": lambda hold=hold: desk.release(hold),
            "settle": lambda hold=hold: desk.settle(hold, 150, 5),
            "come_back": lambda hold=hold, number=number, off=off: desk.come_back(hold, number, 145 + off),
            "pay_again": lambda hold=hold, number=number, off=off: desk.pay_again(hold, number + 1, 145 + off),
        }[what]()
        try:
            desk.post(order)
        except RiviereError:
            continue
        ended = 0
        for held in holds:
            rows = [row for rows in desk.memory.entries.values() for row in rows if row.cause == held.id]
            taken = Counter(Route(row.route) for row in rows)
            ways = taken[Route.REDEEM_SETTLE], taken[Route.REDEEM_RELEASE]
            assert ways in ((0, 0), (1, 0), (0, 1))
            out = taken[Route.REDEEM_PAYOUT] - taken[Route.REDEEM_RETURN]
            assert out in ((0, 1) if ways == (1, 0) else (0,))
            owed = sum(row.credit_amount for row in rows if row.credit_kind == Kind.PAYABLE)
            owed -= sum(row.debit_amount for row in rows if row.debit_kind == Kind.PAYABLE)
            assert owed == (145 * (1 - out) if ways == (1, 0) else 0)
            ended += held.diamonds * sum(ways)
        assert desk.balance(CREATOR, Kind.HELD) == 11_000 - ended
