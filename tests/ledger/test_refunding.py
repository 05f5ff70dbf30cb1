"""People give back coins that they have not spent: what is set aside, what it is worth, and what they keep."""

from itertools import pairwise
from uuid import UUID

import hypothesis.strategies as st
import msgspec
import pytest
from desk import HOUR, Desk, named
from hypothesis import given
from test_rules import CREATOR, VIEWER, amounts, other_body, refused

from riviere import ids
from riviere.ledger.law import Kind, Route
from riviere.ledger.model import Buy, Freeze
from riviere.ledger.provenance import Piece, taken_by
from riviere.ledger.refunding import Bought, far_end, share
from riviere.ledger.refusals import (
    AlreadyRefunded,
    AlreadyThawed,
    KeyReused,
    NotEnoughCoins,
    NotRefundable,
    RefundMismatch,
    UnknownEntry,
)
from riviere.money import BadAmount

OTHER = 2


@pytest.fixture
def desk() -> Desk:
    return Desk()


def bought(desk: Desk, coins: int = 100, bonus: int = 0) -> Buy:
    """Coins for 99 cents."""
    return desk.does(desk.buy(VIEWER, coins, bonus))


def holds(desk: Desk) -> tuple[int, int, int]:
    """Coins, bonus coins and frozen ones."""
    return desk.balance(VIEWER, Kind.COINS), desk.balance(VIEWER, Kind.BONUS), desk.balance(VIEWER, Kind.FROZEN)


def test_somebody_spends_some_and_gets_the_rest_back(desk: Desk) -> None:
    pack = bought(desk)
    desk.does(desk.gift(VIEWER, 30))
    freeze = desk.freeze(pack)
    assert amounts(desk.post(freeze).entries) == [(Route.COINS_FREEZE, 70, 70)]
    assert holds(desk) == (0, 0, 70)
    receipt = desk.post(desk.refund(freeze, 70))
    assert amounts(receipt.entries) == [(Route.COINS_REFUND, 70, 70)]
    assert (receipt.entries[0].currency, receipt.entries[0].cause) == ("USD", freeze.id)
    assert holds(desk) == (0, 0, 0)
    refused(desk, desk.freeze(pack), NotRefundable, refundable=0, asked=0)


def test_frozen_coins_cannot_be_sent(desk: Desk) -> None:
    desk.does(desk.freeze(bought(desk), 60))
    refused(desk, desk.gift(VIEWER, 41), NotEnoughCoins, needed=41, held=40)
    desk.does(desk.gift(VIEWER, 40))


def test_a_refund_that_comes_to_nothing_puts_the_coins_behind_the_others(desk: Desk) -> None:
    first = bought(desk, 3)
    freeze = desk.does(desk.freeze(first, 2))
    second = bought(desk, 1)
    assert amounts(desk.post(desk.thaw(freeze)).entries) == [(Route.COINS_THAW, 2, 2)]
    coins = [(purchase, k) for purchase, k, _ in desk.wallet(VIEWER, Kind.COINS)]
    assert coins == [(first.id, 0), (second.id, 0), (first.id, 1), (first.id, 2)]
    again = desk.does(desk.freeze(first))
    taken = named(taken_by(desk.memory.queue(VIEWER, Kind.COINS), again.id))
    assert [(purchase, k) for purchase, k, _ in taken] == [(first.id, 0), (first.id, 1), (first.id, 2)]
    assert desk.post(desk.refund(again, 99)).entries[0].credit_amount == 99


def test_the_bonus_leaves_with_the_coins_it_came_beside(desk: Desk) -> None:
    pack = bought(desk, 100, 10)
    freeze = desk.freeze(pack, 45)
    assert amounts(desk.post(freeze).entries) == [(Route.COINS_FREEZE, 45, 45), (Route.COINS_FREEZE_BONUS, 5, 5)]
    assert holds(desk) == (55, 5, 50)
    refund = desk.post(desk.refund(freeze, 45))
    assert amounts(refund.entries) == [(Route.COINS_REFUND, 45, 45), (Route.COINS_WITHDRAW, 5, 5)]
    assert holds(desk) == (55, 5, 0)


def test_a_bonus_that_comes_back_has_time_to_be_spent(desk: Desk) -> None:
    pack = bought(desk, 100, 10)
    freeze = desk.does(desk.freeze(pack))
    assert holds(desk) == (0, 0, 110)
    desk.now += 90 * HOUR
    thaw = desk.thaw(freeze, grace=7)
    rows = desk.post(thaw).entries
    assert amounts(rows) == [(Route.COINS_THAW, 100, 100), (Route.COINS_THAW_BONUS, 10, 10)]
    assert [row.expires_at for row in rows] == [None, desk.now + 7 * HOUR]


def test_nobody_spends_the_bonus_and_gets_the_whole_price_back(desk: Desk) -> None:
    pack = bought(desk, 100, 10)
    desk.does(desk.gift(VIEWER, 3))
    # Three of ten bonus coins rest on 30 of the hundred coins.
    refused(desk, desk.freeze(pack, 71), NotRefundable, refundable=70, asked=71)
    freeze = desk.does(desk.freeze(pack))
    assert holds(desk) == (30, 0, 77)
    desk.does(desk.refund(freeze, 70))
    refused(desk, desk.freeze(pack, 1), NotRefundable, refundable=0, asked=1)


def test_a_bonus_that_expired_gave_nobody_anything(desk: Desk) -> None:
    pack = bought(desk, 100, 10)
    desk.now += 30 * HOUR
    desk.does(desk.expire(VIEWER, pack.id, 1))
    desk.does(desk.freeze(pack))
    assert holds(desk) == (0, 0, 100)


def test_a_gift_taken_back_frees_its_coins_for_a_refund(desk: Desk) -> None:
    pack = bought(desk, 10, 10)
    gift = desk.does(desk.gift(VIEWER, 20))
    refused(desk, desk.freeze(pack), NotRefundable, refundable=0, asked=0)
    desk.does(desk.reverse(gift))
    desk.does(desk.refund(desk.does(desk.freeze(pack)), 99))
    assert holds(desk) == (0, 0, 0)


def test_several_refunds_run_at_once_and_never_more_than_was_bought(desk: Desk) -> None:
    pack = bought(desk)
    one, two = desk.does(desk.freeze(pack, 40)), desk.does(desk.freeze(pack, 33))
    refused(desk, desk.freeze(pack, 28), NotRefundable, refundable=27, asked=28)
    three = desk.does(desk.freeze(pack))
    paid = [desk.post(desk.refund(freeze, cents)).entries for freeze, cents in ((two, 33), (three, 26), (one, 40))]
    assert sum(rows[0].credit_amount for rows in paid) == pack.price


def test_only_the_coins_of_the_purchase_go_back(desk: Desk) -> None:
    first, second = bought(desk, 5), bought(desk, 5)
    freeze = desk.does(desk.freeze(first))
    assert {purchase for purchase, _, _ in desk.wallet(VIEWER, Kind.COINS)} == {second.id}
    desk.does(desk.gift(VIEWER, 5))
    desk.does(desk.refund(freeze, 99))


def test_a_refund_is_what_the_coins_cost_or_nothing(desk: Desk) -> None:
    freeze = desk.does(desk.freeze(bought(desk), 50))
    facts = {"freeze": freeze.id, "price": 50, "priced_in": "USD"}
    refused(desk, desk.refund(freeze, 51), RefundMismatch, **facts, amount=51, currency="USD")
    refused(desk, desk.refund(freeze, 50, "EUR"), RefundMismatch, **facts, amount=50, currency="EUR")


def test_coins_that_cost_less_than_a_cent_are_not_given_back(desk: Desk) -> None:
    pack = bought(desk, 1000)
    desk.does(desk.gift(VIEWER, 995))
    desk.does(desk.reverse(desk.does(desk.gift(VIEWER, 5))))
    desk.does(desk.freeze(pack, 4))
    refused(desk, desk.freeze(pack), NotRefundable, refundable=1, asked=1)


def test_what_was_paid_back_is_not_thawed_nor_what_was_thawed_paid_back(desk: Desk) -> None:
    pack = bought(desk)
    one, two = desk.does(desk.freeze(pack, 40)), desk.does(desk.freeze(pack, 60))
    desk.does(desk.refund(one, 40))
    desk.does(desk.thaw(two))
    refused(desk, desk.thaw(one), AlreadyRefunded, freeze=one.id)
    refused(desk, desk.refund(two, 59), AlreadyThawed, freeze=two.id)


def test_the_same_again_moves_nothing_and_another_request_is_refused(desk: Desk) -> None:
    freeze = desk.does(desk.freeze(bought(desk), 10))
    thaw = desk.does(desk.thaw(freeze))
    assert desk.post(freeze).repeated
    assert desk.post(thaw).repeated
    refused(desk, other_body(freeze), KeyReused)
    refused(desk, other_body(thaw), KeyReused)
    assert holds(desk) == (100, 0, 0)


def test_what_is_no_purchase_of_theirs_is_not_given_back(desk: Desk) -> None:
    pack = bought(desk)
    gift = desk.does(desk.gift(VIEWER, 1))
    theirs = desk.does(desk.buy(OTHER, 5))
    stranger = ids.client_id("nothing")
    for purchase in (gift.id, theirs.id, stranger):
        order = desk.freeze(pack)
        refused(desk, with_purchase(order, purchase), UnknownEntry, what="purchase", id=purchase)
    for amount in (0, -1):
        with pytest.raises(BadAmount):
            desk.post(desk.freeze(pack, amount))
    unsaid = desk.freeze(pack)
    refused(desk, desk.thaw(unsaid), UnknownEntry, what="freeze", id=unsaid.id)
    refused(desk, desk.refund(unsaid, 99), UnknownEntry, what="freeze", id=unsaid.id)


def with_purchase(order: Freeze, purchase: UUID) -> Freeze:

    return msgspec.structs.replace(order, purchase=purchase)


def test_a_creator_has_what_was_sent_before_the_rest_was_given_back(desk: Desk) -> None:
    pack = bought(desk)
    desk.does(desk.gift(VIEWER, 30))
    desk.does(desk.refund(desk.does(desk.freeze(pack)), 70))
    assert desk.balance(CREATOR, Kind.DIAMONDS) == 30_000


PACK = ids.client_id("pack")


@given(st.integers(1, 400), st.integers(1, 10_000), st.lists(st.integers(0, 400), max_size=8))
def test_parts_of_a_purchase_add_up_to_its_price_wherever_it_is_cut(coins: int, price: int, cuts: list[int]) -> None:
    pack = Bought(PACK, coins, 0, price, "USD")
    ends = sorted({0, coins, *(cut % coins for cut in cuts)})
    parts = [Piece(k, end, PACK, k, None) for k, end in pairwise(ends)]
    assert sum(share(pack, [part]) for part in parts) == price
    assert all(share(pack, [part]) <= -(-price * (part.hi - part.lo) // coins) for part in parts)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.integers(0, 54))
def test_the_far_end_is_the_last_coins_in_their_order(sizes: list[int], asked: int) -> None:
    starts = [sum(sizes[:at]) + at for at in range(len(sizes))]
    pieces = [Piece(lo, lo + size, PACK, lo, None) for lo, size in zip(starts, sizes, strict=True)]
    every = [k for _, k, _ in named(pieces)]
    assert [k for _, k, _ in named(far_end(pieces, asked))] == every[max(0, len(every) - asked) :]
