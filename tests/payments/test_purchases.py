"""Coins are bought, a card is refused, a crash is healed, bonus coins expire."""

from datetime import timedelta
from typing import Any

import pytest

from riviere.economy import offers
from riviere.economy.catalogue import Catalogue, PackNotSold, UnknownPack
from riviere.economy.people import UnknownUser
from riviere.economy.wallet import Expiring
from riviere.errors import RiviereError
from riviere.ids import BadKey
from riviere.ledger.law import Route
from riviere.ledger.model import Receipt
from riviere.ledger.refusals import KeyReused, NotEnoughCoins
from riviere.payments import purchases
from riviere.payments.sandbox import (
    CardDeclined,
    CardExpired,
    Charge,
    ChargeConflict,
    SandboxProcessor,
    UnknownCard,
)
from world import World


class Crash(Exception):
    """The process ends here."""


class CrashingProcessor(SandboxProcessor):
    """Takes the money, and the process is gone before anybody hears of it."""

    def charge(self, key: str, amount: int, currency: str, card: str) -> Charge:
        super().charge(key, amount, currency, card)
        raise Crash


class CountingProcessor(SandboxProcessor):
    """Counts how often it is asked."""

    asked = 0

    def charge(self, key: str, amount: int, currency: str, card: str) -> Charge:
        self.asked += 1
        return super().charge(key, amount, currency, card)


@pytest.fixture
def shop(world: World) -> World:
    world.viewer("mia")
    world.creator("jo")
    return world


def charges(world: World) -> list[tuple[Any, ...]]:
    return world.connection.execute("SELECT processor, owner, amount, currency FROM charge").fetchall()


def test_a_pack_brings_its_coins_and_the_bonus_beside_them(shop: World) -> None:
    receipt = shop.buy("mia", 700, bonus=20, days=30)
    coins, bonus = receipt.entries
    assert (coins.route, coins.debit_amount, coins.currency, coins.credit_amount) == (Route.COINS_BUY, 700, "USD", 700)
    assert (bonus.route, bonus.credit_amount, bonus.cause) == (Route.COINS_BONUS, 20, receipt.id)
    assert bonus.expires_at == shop.now + timedelta(days=30)
    assert coins.item == bonus.item == Catalogue.load(shop.connection).pack("pack-700-20-30", shop.now).id
    assert charges(shop) == [("sandbox", shop.id("mia"), 700, "USD")]
    mine = shop.wallet("mia")
    assert (mine.coins, mine.bonus) == (700, 20)


@pytest.mark.parametrize(
    ("card", "error"), [("card-declined", CardDeclined), ("card-expired", CardExpired), ("4242", UnknownCard)]
)
def test_a_refused_card_buys_nothing_and_the_same_key_may_try_another(
    shop: World, card: str, error: type[RiviereError]
) -> None:
    with pytest.raises(error):
        shop.buy("mia", 70, key="once", card=card)
    assert shop.wallet("mia").coins == 0
    assert charges(shop) == []
    assert not shop.buy("mia", 70, key="once").repeated


def test_the_same_purchase_twice_is_charged_once(shop: World) -> None:
    shop.processor = CountingProcessor()
    first = shop.buy("mia", 70, key="once")
    again = shop.buy("mia", 70, key="once", card="card-declined")
    assert (first.repeated, again.repeated) == (False, True)
    assert again.known == first.known
    assert (shop.processor.asked, shop.wallet("mia").coins, len(charges(shop))) == (1, 70, 1)


def test_the_same_key_for_another_pack_is_refused_before_any_charge(shop: World) -> None:
    shop.buy("mia", 70, key="once")
    shop.processor = CountingProcessor()
    with pytest.raises(KeyReused):
        shop.buy("mia", 700, key="once")
    assert shop.processor.asked == 0
    assert shop.wallet("mia").coins == 70


def test_two_viewers_may_use_the_same_key(shop: World) -> None:
    shop.viewer("ben")
    assert not shop.buy("mia", 70, key="1").repeated
    assert not shop.buy("ben", 70, key="1").repeated
    assert len(charges(shop)) == 2


def test_a_crash_between_charge_and_booking_is_healed_by_the_same_request(shop: World) -> None:
    crashing = shop.processor = CrashingProcessor()
    with pytest.raises(Crash):
        shop.buy("mia", 70, key="once")
    assert shop.wallet("mia").coins == 0
    shop.processor = SandboxProcessor()  # a new process, which only the key leads to the charge
    shop.later(minutes=1)
    assert not shop.buy("mia", 70, key="once").repeated
    assert shop.buy("mia", 70, key="once").repeated
    taken = [(charge.reference,) for charge in crashing._charges.values()]
    assert shop.connection.execute("SELECT reference FROM charge").fetchall() == taken
    assert shop.wallet("mia").coins == 70


def test_a_charge_is_the_same_under_its_key_and_only_for_its_amount() -> None:
    processor = SandboxProcessor()
    charge = processor.charge("key", 99, "USD", "card-ok")
    assert charge == Charge(charge.reference, "sandbox", 99, "USD")
    assert processor.charge("key", 99, "USD", "card-ok") == charge
    assert SandboxProcessor().charge("key", 99, "USD", "card-ok") == charge
    assert processor.charge("other", 99, "USD", "card-ok").reference != charge.reference
    for amount, currency in ((100, "USD"), (99, "EUR")):
        with pytest.raises(ChargeConflict):
            processor.charge("key", amount, currency, "card-ok")


def test_a_repeat_is_answered_though_the_pack_is_gone(shop: World) -> None:
    first = shop.buy("mia", 70, key="once")
    gone = shop.later(days=1)
    offers.retire_pack(shop.connection, shop.signer, "pack-70-0-30", gone, gone)
    assert shop.buy("mia", 70, key="once").known == first.known
    with pytest.raises(PackNotSold):
        shop.buy("mia", 70)


@pytest.mark.parametrize(
    ("error", "how"),
    [(UnknownUser, {"user": "nobody"}), (UnknownPack, {"pack": "pack-1"}), (BadKey, {"key": ""})],
)
def test_what_is_wrong_is_refused_before_any_charge(
    shop: World, error: type[RiviereError], how: dict[str, str]
) -> None:
    processor = CountingProcessor()
    asked = {"user": "mia", "pack": shop.pack(70), "key": "once", "card": "card-ok"} | how
    with pytest.raises(error):
        purchases.buy(
            shop.connection, shop.writer, processor, Catalogue.load(shop.connection), **asked, now=shop.now
        )  # fmt: skip
    assert processor.asked == 0
    assert shop.wallet("mia").coins == 0


def expire(world: World) -> int:
    return purchases.expire_due(world.connection, world.writer, world.now)


def test_what_is_left_of_a_bonus_goes_when_its_time_has_passed(shop: World) -> None:
    shop.buy("mia", 100, bonus=20, days=3)
    shop.give("mia", "jo", "rose", 5)
    shop.later(days=2)
    assert expire(shop) == 0
    shop.later(days=1)
    assert expire(shop) == 15
    assert expire(shop) == 0
    mine = shop.wallet("mia")
    assert (mine.coins, mine.bonus, mine.expiring) == (100, 0, [])
    rows = shop.connection.execute("SELECT debit_amount FROM entry WHERE route = %s", [Route.COINS_EXPIRE]).fetchall()
    assert rows == [(15,)]


def test_a_bonus_can_be_spent_until_its_expiry_is_written(shop: World) -> None:
    shop.buy("mia", 100, bonus=20, days=3)
    shop.later(days=9)
    shop.give("mia", "jo", "rose", 20)
    assert shop.wallet("mia").coins == 100
    assert expire(shop) == 0


def test_a_later_bonus_that_ends_sooner_leaves_the_earlier_one(shop: World) -> None:
    shop.buy("mia", 100, bonus=10, days=30)
    shop.buy("mia", 100, bonus=50, days=3)
    long = shop.now + timedelta(days=30)
    shop.later(days=4)
    assert expire(shop) == 50
    assert shop.wallet("mia").expiring == [Expiring(10, long)]
    shop.give("mia", "jo", "rose", 4)
    shop.later(days=26)
    assert expire(shop) == 6
    with pytest.raises(NotEnoughCoins, match="holds 200"):
        shop.give("mia", "jo", "comet")


def test_a_reversed_combo_brings_bonus_back_in_several_grants_which_all_expire(shop: World) -> None:
    shop.buy("mia", 100, bonus=20, days=3)
    for count in (5, 12):
        shop.give("mia", "jo", "rose", count, combo=True, key="streak")
    shop.reverse("mia", "streak")
    assert shop.wallet("mia").bonus == 20
    shop.later(days=3)
    assert expire(shop) == 8
    shop.later(days=30)
    assert expire(shop) == 12
    assert shop.wallet("mia").bonus == 0


def test_bonuses_of_many_viewers_expire_in_one_run(shop: World) -> None:
    for number in range(5):
        shop.viewer(f"viewer {number}")
        receipt = shop.buy(f"viewer {number}", 10, bonus=number + 1, days=1)
        assert isinstance(receipt, Receipt)
    shop.later(days=1)
    assert expire(shop) == 15
