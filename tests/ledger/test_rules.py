"""What the rules book and what they refuse, one case at a time."""

from copy import deepcopy
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from desk import HOUR, Desk, kept, step

from riviere import ids
from riviere.errors import RiviereError
from riviere.ledger.law import Kind, Route
from riviere.ledger.model import Entry, Order, Words
from riviere.ledger.posting import words_hash
from riviere.ledger.refusals import (
    ChargeTaken,
    GiftReversed,
    ImportedGift,
    KeyReused,
    NotBacked,
    NotEnoughCoins,
    NothingToExpire,
    NotMatured,
    SelfGift,
    TooLarge,
    UnknownEntry,
)
from riviere.ledger.rules import MOST_PIECES
from riviere.money import LARGEST, BadAmount

VIEWER, OTHER, CREATOR = 1, 2, 3


@pytest.fixture
def desk() -> Desk:
    return Desk()


def refused(desk: Desk, order: Order, why: type[RiviereError], **facts: object) -> None:
    """The order is refused for this reason, and nothing has moved."""
    before = deepcopy(kept(desk.memory))
    with pytest.raises(why) as refusal:
        desk.post(order)
    assert refusal.value.facts == facts
    assert kept(desk.memory) == before


def amounts(rows: list[Entry]) -> list[tuple[Route, int, int]]:
    return [(Route(row.route), row.debit_amount, row.credit_amount) for row in rows]


def other_body(order: Any) -> Any:
    return msgspec.structs.replace(order, request=ids.request_digest("something else"))


# Wallets and gifts


def test_a_pack_gives_coins_for_money_and_a_bonus_for_nothing(desk: Desk) -> None:
    order = desk.buy(VIEWER, 70, bonus=5)
    rows = desk.post(order).entries
    assert amounts(rows) == [(Route.COINS_BUY, 99, 70), (Route.COINS_BONUS, 5, 5)]
    assert [(row.currency, row.expires_at) for row in rows] == [("USD", None), (None, order.bonus_expires_at)]
    assert (desk.balance(VIEWER, Kind.COINS), desk.balance(VIEWER, Kind.BONUS)) == (70, 5)


def test_a_charge_pays_for_one_purchase_whoever_asks(desk: Desk) -> None:
    first = desk.does(desk.buy(VIEWER, 70))
    for owner in (VIEWER, OTHER):
        again = msgspec.structs.replace(desk.buy(owner, 70), charge=first.charge)
        refused(desk, again, ChargeTaken, charge=first.charge)
    desk.post(msgspec.structs.replace(desk.buy(OTHER, 70), charge=first.charge, processor="another"))


def test_a_gift_turns_coins_into_diamonds_at_its_rate(desk: Desk) -> None:
    desk.does(desk.buy(VIEWER, 10))
    rows = desk.post(desk.gift(VIEWER, 2, rate=750, unit=3)).entries
    assert amounts(rows) == [(Route.GIFT, 6, 4500)]
    assert (rows[0].count, rows[0].debit_balance, rows[0].credit_balance) == (2, 4, 4500)


def test_a_discount_changes_what_is_paid_and_not_how_many(desk: Desk) -> None:
    desk.does(desk.buy(VIEWER, 10))
    receipt = desk.post(desk.gift(VIEWER, 3, unit=5, paid=7))
    assert amounts(receipt.entries) == [(Route.GIFT, 7, 7000)]
    assert (receipt.known.count, receipt.known.coins) == (3, 7)


def test_not_enough_coins_moves_nothing_and_the_key_stays_free(desk: Desk) -> None:
    desk.does(desk.buy(VIEWER, 3, bonus=2))
    order = desk.gift(VIEWER, 6)
    refused(desk, order, NotEnoughCoins, needed=6, held=5)
    desk.does(desk.buy(VIEWER, 1))
    assert not desk.post(order).repeated


def test_nobody_gifts_themselves(desk: Desk) -> None:
    desk.does(desk.buy(VIEWER, 3))
    refused(desk, desk.gift(VIEWER, 1, creator=VIEWER), SelfGift)


def test_bonus_goes_first_and_where_it_ends_the_gift_has_two_legs(desk: Desk) -> None:
    desk.does(desk.buy(VIEWER, 10, bonus=4))
    assert amounts(desk.post(desk.gift(VIEWER, 1)).entries) == [(Route.GIFT_BONUS, 1, 1000)]
    words = Words(bytes(16), "for the encore")
    order = msgspec.structs.replace(desk.gift(VIEWER, 5, combo=True), words=words)
    receipt = desk.post(order)
    assert amounts(receipt.entries) == [(Route.GIFT_BONUS, 3, 3000), (Route.GIFT, 2, 2000)]
    assert [(row.leg, row.count, row.upto) for row in receipt.entries] == [(0, 5, 5), (1, 0, 5)]
    assert [row.message for row in receipt.entries] == [words_hash(words), None]
    assert (receipt.known.count, receipt.known.coins, receipt.known.diamonds) == (5, 5, 5000)
    assert amounts(desk.post(desk.gift(VIEWER, 1)).entries) == [(Route.GIFT, 1, 1000)]


# Keys and combos


def test_the_same_again_answers_the_first_result_though_the_wallet_is_empty(desk: Desk) -> None:
    desk.does(desk.buy(VIEWER, 3))
    order = desk.gift(VIEWER, 3)
    first = desk.post(order)
    before = deepcopy(kept(desk.memory))
    desk.now += HOUR
    again = desk.post(order)
    assert (again.repeated, again.entries, again.known) == (True, [], first.known)
    assert kept(desk.memory) == before


@pytest.mark.parametrize("make", ["buy", "gift", "hold"])
def test_a_key_says_one_thing_only(desk: Desk, make: str) -> None:
    buy, gift = desk.does(desk.buy(VIEWER, 9)), desk.does(desk.gift(VIEWER, 1))
    hold = desk.does(desk.hold(CREATOR, 1000, desk.now + HOUR))
    refused(desk, other_body({"buy": buy, "gift": gift, "hold": hold}[make]), KeyReused)


def test_two_people_may_have_the_same_key(desk: Desk) -> None:
    first = desk.does(desk.buy(VIEWER, 9))
    assert not desk.post(msgspec.structs.replace(desk.buy(OTHER, 9), id=first.id)).repeated


def test_a_combo_books_what_each_step_adds_and_late_steps_nothing(desk: Desk) -> None:
    desk.does(desk.buy(VIEWER, 20))
    combo = desk.gift(VIEWER, 5, combo=True, unit=2)
    desk.post(combo)
    assert desk.post(step(combo, 3)).repeated
    receipt = desk.post(step(combo, 7))
    assert amounts(receipt.entries) == [(Route.GIFT, 4, 4000)]
    assert [(row.leg, row.count, row.upto) for row in receipt.entries] == [(1, 2, 7)]
    assert (receipt.known.upto, receipt.known.count, receipt.known.coins) == (7, 7, 14)
    assert desk.post(combo).repeated
    refused(desk, other_body(step(combo, 8)), KeyReused)
    refused(desk, step(combo, 11), NotEnoughCoins, needed=8, held=6)


def test_a_combo_keeps_the_price_and_the_version_it_began_with_but_not_the_rate(desk: Desk) -> None:
    desk.does(desk.buy(VIEWER, 20, bonus=3))
    combo = desk.does(desk.gift(VIEWER, 2, combo=True, unit=2))
    rows = desk.post(step(combo, 4, unit=9, item=8, rate=500, policy=2)).entries
    assert amounts(rows) == [(Route.GIFT, 4, 2000)]
    assert (rows[0].item, rows[0].policy) == (combo.item, 2)


def test_a_combo_that_was_reversed_does_not_go_on_but_its_steps_are_answered(desk: Desk) -> None:
    desk.does(desk.buy(VIEWER, 20))
    combo = desk.does(desk.gift(VIEWER, 2, combo=True))
    desk.does(desk.reverse(combo))
    refused(desk, step(combo, 3), GiftReversed)
    again = desk.post(combo)
    assert (again.repeated, again.known.coins) == (True, 2)


# Amounts beyond what is kept


def test_amounts_beyond_2_63_are_refused_and_nothing_is_half_booked(desk: Desk) -> None:
    desk.does(desk.buy(VIEWER, LARGEST - 1, bonus=LARGEST))
    refused(desk, desk.buy(VIEWER, 2), TooLarge, what="The account coins")
    refused(desk, desk.buy(VIEWER, 1, bonus=1), TooLarge, what="The account coins.bonus")
    desk.does(desk.buy(VIEWER, 1))
    refused(desk, desk.gift(VIEWER, 2, unit=2**62), TooLarge, what="This gift")
    refused(desk, desk.gift(VIEWER, 1, unit=2**54, rate=1000), TooLarge, what="This gift")
    refused(desk, desk.gift(VIEWER, 1, paid=2**63), TooLarge, what="This gift")
    assert amounts(desk.post(desk.gift(VIEWER, 1, unit=2**53, rate=1000)).entries)[0][2] == 2**53 * 1000


def test_a_creator_holds_no_more_than_2_63(desk: Desk) -> None:
    desk.does(desk.buy(VIEWER, LARGEST, bonus=2))
    desk.does(desk.gift(VIEWER, 1, unit=2**62, rate=1))
    refused(desk, desk.gift(VIEWER, 1, unit=2**62, rate=1), TooLarge, what="The account diamonds")
    desk.post(desk.gift(VIEWER, 1, unit=2**62 - 1, rate=1))
    assert desk.balance(CREATOR, Kind.DIAMONDS) == LARGEST


def test_two_legs_together_are_held_to_the_limit(desk: Desk) -> None:
    desk.does(desk.buy(VIEWER, LARGEST, bonus=2))
    desk.does(desk.gift(VIEWER, 1, unit=2, rate=1))
    desk.does(desk.buy(OTHER, LARGEST - 2, bonus=2))
    refused(desk, desk.gift(OTHER, 1, unit=LARGEST - 1, rate=1), TooLarge, what="The account diamonds")


def test_a_gift_has_at_most_2_31_less_one_pieces(desk: Desk) -> None:
    desk.does(desk.buy(VIEWER, LARGEST))
    refused(desk, desk.gift(VIEWER, MOST_PIECES + 1), TooLarge, what="This gift")
    combo = desk.does(desk.gift(VIEWER, 1, combo=True))
    refused(desk, step(combo, MOST_PIECES + 1), TooLarge, what="This gift")
    assert desk.post(step(combo, MOST_PIECES)).known.count == MOST_PIECES == 2**31 - 1


# Undoing


def test_a_reversed_gift_gives_each_wallet_its_coins_and_the_creator_owes(desk: Desk) -> None:
    desk.does(desk.buy(VIEWER, 5, bonus=2))
    gift = desk.does(desk.gift(VIEWER, 3, rate=750))
    rows = desk.post(desk.reverse(gift)).entries
    assert amounts(rows) == [(Route.GIFT_REVERSE_BONUS, 1500, 2), (Route.GIFT_REVERSE, 750, 1)]
    assert (desk.balance(VIEWER, Kind.COINS), desk.balance(VIEWER, Kind.BONUS)) == (5, 2)
    assert (desk.balance(CREATOR, Kind.DIAMONDS), desk.balance(CREATOR, Kind.OWED)) == (2250, -2250)
    assert [row.debit_balance for row in rows] == [1500, 2250]
    assert desk.post(desk.reverse(gift)).repeated


def test_returned_bonus_has_the_later_of_its_old_time_and_the_new(desk: Desk) -> None:
    buy = desk.does(desk.buy(VIEWER, 5, bonus=2, lasts=10))
    for grace, until in ((2, buy.bonus_expires_at), (20, desk.now + 20 * HOUR)):
        rows = desk.post(desk.reverse(desk.does(desk.gift(VIEWER, 2)), grace)).entries
        assert [row.expires_at for row in rows] == [until]


def test_only_the_viewers_own_gifts_are_reversed(desk: Desk) -> None:
    buy = desk.does(desk.buy(VIEWER, 5))
    gift = desk.does(desk.gift(VIEWER, 1))
    refused(desk, msgspec.structs.replace(desk.reverse(gift), owner=OTHER), UnknownEntry, what="gift", id=gift.id)
    never = msgspec.structs.replace(gift, id=buy.id)
    refused(desk, desk.reverse(never), UnknownEntry, what="gift", id=buy.id)


def test_bonus_coins_expire_once_their_time_has_come_and_while_some_are_left(desk: Desk) -> None:
    buy = desk.does(desk.buy(VIEWER, 5, bonus=3, lasts=2))
    desk.does(desk.gift(VIEWER, 1))
    refused(desk, desk.expire(VIEWER, buy.id, 0), UnknownEntry, what="bonus", id=buy.id)
    desk.now += 2 * HOUR - timedelta(seconds=1)
    refused(desk, desk.expire(VIEWER, buy.id, 1), NothingToExpire)
    desk.now += timedelta(seconds=1)
    assert amounts(desk.post(desk.expire(VIEWER, buy.id, 1)).entries) == [(Route.COINS_EXPIRE, 2, 2)]
    spent = desk.does(desk.buy(VIEWER, 5, bonus=3, lasts=0))
    desk.does(desk.gift(VIEWER, 3))
    refused(desk, desk.expire(VIEWER, spent.id, 1), NothingToExpire)


# Redemptions


def test_all_that_matured_can_be_held_and_not_a_thousandth_more(desk: Desk) -> None:
    desk.does(desk.buy(VIEWER, 5))
    desk.does(desk.gift(VIEWER, 2))
    desk.now += HOUR
    desk.does(desk.gift(VIEWER, 1))
    refused(desk, desk.hold(CREATOR, 1, desk.now - HOUR), NotMatured, matured=0, asked=1)
    refused(desk, desk.hold(CREATOR, 2001, desk.now), NotMatured, matured=2000, asked=2001)
    hold = desk.hold(CREATOR, 2000, desk.now)
    assert amounts(desk.post(hold).entries) == [(Route.REDEEM_HOLD, 2000, 2000)]
    assert desk.post(hold).repeated
    refused(desk, desk.hold(CREATOR, 1, desk.now), NotMatured, matured=0, asked=1)


def test_what_is_owed_is_netted_before_the_hold(desk: Desk) -> None:
    desk.does(desk.buy(VIEWER, 5))
    gift = desk.does(desk.gift(VIEWER, 2))
    desk.does(desk.gift(VIEWER, 3))
    desk.does(desk.reverse(gift))
    cut = desk.now + HOUR
    refused(desk, desk.hold(CREATOR, 3001, cut), NotMatured, matured=3000, asked=3001)
    rows = desk.post(desk.hold(CREATOR, 1000, cut)).entries
    assert amounts(rows) == [(Route.REDEEM_NET, 2000, 2000), (Route.REDEEM_HOLD, 1000, 1000)]
    assert (desk.balance(CREATOR, Kind.OWED), desk.balance(CREATOR, Kind.DIAMONDS)) == (0, 2000)


def test_a_released_hold_is_as_mature_as_it_was(desk: Desk) -> None:
    desk.does(desk.buy(VIEWER, 5))
    desk.does(desk.gift(VIEWER, 2))
    desk.now += HOUR
    hold = desk.does(desk.hold(CREATOR, 2000, desk.now))
    release = desk.release(hold)
    assert amounts(desk.post(release).entries) == [(Route.REDEEM_RELEASE, 2000, 2000)]
    assert desk.post(release).repeated
    assert desk.matured(CREATOR, desk.now) == 2000
    gift = desk.does(desk.gift(VIEWER, 1))
    never = msgspec.structs.replace(hold, id=gift.id)
    refused(desk, desk.release(never), UnknownEntry, what="hold", id=gift.id)


def test_a_hold_of_nothing_is_refused_before_debts_are_netted(desk: Desk) -> None:
    desk.does(desk.buy(VIEWER, 5))
    desk.does(desk.reverse(desk.does(desk.gift(VIEWER, 2))))
    desk.does(desk.gift(VIEWER, 3))
    for nothing in (0, -1):
        with pytest.raises(BadAmount):
            desk.post(desk.hold(CREATOR, nothing, desk.now + HOUR))
    assert desk.balance(CREATOR, Kind.OWED) == -2000


@pytest.mark.parametrize("change", [{"unit": 0}, {"unit": -1}, {"paid": 0}, {"paid": -5}, {"count": 0}, {"rate": 0}])
def test_a_gift_that_costs_or_brings_nothing_is_refused(desk: Desk, change: dict[str, int]) -> None:
    desk.does(desk.buy(VIEWER, 5))
    with pytest.raises(BadAmount):
        desk.post(msgspec.structs.replace(desk.gift(VIEWER, 1), **change))
    assert desk.balance(VIEWER, Kind.COINS) == 5


# Imports


def test_an_imported_gift_brings_its_own_coins_and_leaves_none(desk: Desk) -> None:
    desk.does(desk.buy(VIEWER, 5, bonus=5))
    gift = desk.gift(VIEWER, 4, rate=750, imported=True)
    assert amounts(desk.post(gift).entries) == [(Route.IMPORT, 4, 4), (Route.GIFT_IMPORTED, 4, 3000)]
    wallet = [desk.balance(VIEWER, kind) for kind in (Kind.COINS, Kind.BONUS, Kind.IMPORTED)]
    assert wallet == [5, 5, 0]
    assert (desk.balance(CREATOR, Kind.DIAMONDS), desk.balance(CREATOR, Kind.UNBACKED)) == (0, 3000)
    assert desk.matured(CREATOR, desk.now + HOUR) == 0
    refused(desk, desk.reverse(gift), ImportedGift)


def test_an_imported_streak_seen_longer_books_the_difference(desk: Desk) -> None:
    streak = desk.does(desk.gift(VIEWER, 4, combo=True, unit=5, imported=True))
    rows = desk.post(step(streak, 6)).entries
    assert amounts(rows) == [(Route.IMPORT, 10, 10), (Route.GIFT_IMPORTED, 10, 10000)]
    assert [row.leg for row in rows] == [2, 3]
    assert desk.balance(VIEWER, Kind.IMPORTED) == 0


def test_backed_diamonds_become_the_creators_own_and_mature_from_then_on(desk: Desk) -> None:
    desk.does(desk.gift(VIEWER, 4, imported=True))
    backing = desk.back(200)
    assert amounts(desk.post(backing).entries) == [(Route.IMPORT_BACK, 200, 200)]
    desk.now += 5 * HOUR
    refused(desk, desk.unbind(CREATOR, 4001, backing), NotBacked, asked=4001, unbacked=4000)
    assert amounts(desk.post(desk.unbind(CREATOR, 4000, backing)).entries) == [(Route.IMPORT_RELEASE, 4000, 4000)]
    assert (desk.matured(CREATOR, desk.now), desk.matured(CREATOR, desk.now + HOUR)) == (0, 4000)
    refused(desk, desk.unbind(CREATOR, 1, backing), NotBacked, asked=1, unbacked=0)
