"""A viewer sets a limit and cannot buy past it: not at once from two servers, nor around a crash or a refused card."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from riviere.economy.catalogue import Catalogue
from riviere.ledger.model import Receipt
from riviere.ledger.writer import Writer
from riviere.money import UnknownCurrency
from riviere.payments import purchases, spending
from riviere.payments.limits import OverOwnLimit, Span
from riviere.payments.sandbox import CardDeclined, Charge, SandboxProcessor
from world import World


class Crash(Exception):
    """The process ends here."""


class CrashingProcessor(SandboxProcessor):
    """Takes the money, and the process is gone before anybody hears of it."""

    def charge(self, key: str, amount: int, currency: str, card: str) -> Charge:
        super().charge(key, amount, currency, card)
        raise Crash


@pytest.fixture
def shop(world: World) -> World:
    """A coin costs a cent."""
    world.viewer("mira")
    world.creator("aurora")
    return world


def limit(world: World, amount: int | None, span: Span = "day") -> None:
    spending.set_limit(world.connection, world.id("mira"), "USD", span, amount, "tests", world.now)


def window(world: World, span: Span = "day") -> spending.Window:
    found = spending.read(world.connection, world.id("mira"), world.now)
    return next(one for one in found.windows if (one.currency, one.span) == ("USD", span))


def test_a_purchase_beyond_the_limit_is_refused_with_what_is_left_and_when_it_frees_up(shop: World) -> None:
    limit(shop, 1_000)
    shop.buy("mira", 700)
    bought_at = shop.now
    shop.later(hours=1)
    with pytest.raises(OverOwnLimit) as refused:
        shop.buy("mira", 400)
    free_at = (bought_at + timedelta(hours=24)).isoformat(timespec="seconds")
    assert str(refused.value) == (
        f"This costs 4.00 USD; of the buyer's own limit of 10.00 a day 3.00 is left: enough is free again at {free_at}."
    )
    assert shop.wallet("mira").coins == 700
    shop.buy("mira", 300)
    assert window(shop).left == 0
    with pytest.raises(OverOwnLimit, match="more than the whole limit"):
        shop.buy("mira", 1_100)
    shop.later(hours=23)
    shop.buy("mira", 700)
    assert (window(shop).spent, window(shop, "month").spent) == (1_000, 1_700)


def test_a_month_and_a_day_hold_beside_each_other(shop: World) -> None:
    limit(shop, 500, "day")
    limit(shop, 700, "month")
    shop.buy("mira", 500)
    shop.later(days=2)
    with pytest.raises(OverOwnLimit, match="a month"):
        shop.buy("mira", 300)
    shop.buy("mira", 200)
    shop.later(days=28, hours=1)
    shop.buy("mira", 500)


def test_a_lower_limit_holds_at_once_and_a_higher_one_a_day_later(shop: World) -> None:
    limit(shop, 1_000)
    limit(shop, 100)
    with pytest.raises(OverOwnLimit):
        shop.buy("mira", 200)
    limit(shop, None)
    coming = window(shop).limit.coming
    assert coming is not None
    assert coming.amount is None
    with pytest.raises(OverOwnLimit):
        shop.buy("mira", 200)
    shop.later(hours=24)
    shop.buy("mira", 200)
    assert window(shop).limit == (None, None)


def test_what_was_bought_under_a_key_is_answered_again_whatever_the_limit(shop: World) -> None:
    first = shop.buy("mira", 700, key="k")
    limit(shop, 0)
    again = shop.buy("mira", 700, key="k")
    assert (again.id, again.repeated) == (first.id, True)
    with pytest.raises(OverOwnLimit):
        shop.buy("mira", 700, key="other")


def test_of_purchases_at_once_as_many_go_through_as_fit(shop: World) -> None:
    limit(shop, 1_000)
    pack = shop.pack(300)

    def buy(number: int) -> Receipt | None:
        with shop.database.connect(autocommit=True) as connection, Writer(shop.database.connect) as writer:
            try:
                return purchases.buy(
                    connection,
                    writer,
                    SandboxProcessor(),
                    Catalogue.load(connection),
                    user="mira",
                    pack=pack,
                    key=f"key {number}",
                    card="card-ok",
                    now=shop.now,
                )
            except OverOwnLimit:
                return None

    with ThreadPoolExecutor(4) as apart:
        bought = [one for one in apart.map(buy, range(8)) if one is not None]
    assert len(bought) == 3
    assert shop.wallet("mira").coins == window(shop).spent == 900


def test_a_card_that_is_refused_takes_nothing_from_the_limit(shop: World) -> None:
    limit(shop, 700)
    with pytest.raises(CardDeclined):
        shop.buy("mira", 700, key="k", card="card-declined")
    assert window(shop).spent == 0
    shop.buy("mira", 700, key="k")
    assert window(shop).spent == 700


def test_money_taken_before_a_crash_counts_and_the_same_request_brings_its_coins(shop: World) -> None:
    limit(shop, 1_000)
    whole, shop.processor = shop.processor, CrashingProcessor()
    with pytest.raises(Crash):
        shop.buy("mira", 700, key="k")
    shop.processor = whole
    assert (window(shop).spent, shop.wallet("mira").coins) == (700, 0)
    with pytest.raises(OverOwnLimit):
        shop.buy("mira", 700, key="other")
    shop.buy("mira", 300)
    shop.buy("mira", 700, key="k")
    assert shop.wallet("mira").coins == window(shop).spent == 1_000
    held = shop.connection.execute("SELECT count(*) FROM spending_hold").fetchone()
    assert held == (0,)


def test_coins_given_are_told_less_those_that_came_back(shop: World) -> None:
    shop.buy("mira", 500, bonus=20)
    shop.give("mira", "aurora", "comet", key="comet")
    shop.give("mira", "aurora", "rose", 10)
    given = spending.read(shop.connection, shop.id("mira"), shop.now).given
    assert given == {"day": 309, "month": 309}
    shop.reverse("mira", "comet")
    assert spending.read(shop.connection, shop.id("mira"), shop.now).given["day"] == 10
    shop.later(days=2)
    assert spending.read(shop.connection, shop.id("mira"), shop.now).given == {"day": 0, "month": 10}


def test_a_limit_is_in_a_currency_that_there_is(shop: World) -> None:
    with pytest.raises(UnknownCurrency):
        spending.set_limit(shop.connection, shop.id("mira"), "ZZZ", "day", 1, "tests", shop.now)
