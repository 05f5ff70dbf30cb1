"""Gifts and packs come, change price and go, and nothing that was sold is ever edited."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from riviere.economy import catalogue, offers, starter
from riviere.economy.catalogue import Catalogue, NotYetSold, PackNotSold, RetiredGift, UnknownGift, UnknownPack
from riviere.economy.checks import BadNumber, BadRegion, BadText
from riviere.economy.dated import StartsInPast
from riviere.economy.offers import GiftExists, VersionOverlap
from riviere.economy.shelf import Version
from riviere.ledger.evidence import facts_digest, last_head
from riviere.money import BadAmount, UnknownCurrency
from world import World


def heads(world: World) -> int:
    """How many heads were signed; the last one vouches for what is there now."""
    head = last_head(world.connection)
    assert head is not None
    assert head.facts == facts_digest(world.connection)
    return head.number


def prices(world: World, code: str) -> list[tuple[int, int | None]]:
    """Each version's price and how many seconds from now it ends."""
    versions = Catalogue.load(world.connection).versions(code)
    return [(v.coins, None if v.ends_at is None else round((v.ends_at - world.now).total_seconds())) for v in versions]


def test_a_gift_is_sold_from_its_start_at_the_price_it_was_given(world: World) -> None:
    tomorrow = world.now + timedelta(days=1)
    limits: dict[str, Any] = {"combo": True, "unlock_level": 5, "regions": ("JP", "KR")}
    moon = offers.add_gift(
        world.connection, world.signer, "moon", "Full moon", 77, **limits, starts_at=tomorrow, now=world.now
    )
    assert moon == Version(moon.id, moon.gift, "moon", "Full moon", 77, True, 5, ["JP", "KR"], tomorrow, None)
    shop = Catalogue.load(world.connection)
    assert shop.version("moon", tomorrow) == moon
    with pytest.raises(NotYetSold):
        shop.version("moon", world.now)
    assert [gift.code for gift in shop.on_sale(world.now)] == ["rose", "jasmine", "ring", "comet", "crown"]
    assert "moon" in [gift.code for gift in shop.on_sale(tomorrow)]
    heads(world)


def test_every_change_is_vouched_for_by_a_head_of_its_own(world: World) -> None:
    at = world.later(hours=1)
    before = heads(world)
    offers.new_version(world.connection, world.signer, "rose", 2, starts_at=at, now=at)
    assert heads(world) == before + 1
    offers.retire(world.connection, world.signer, "comet", at, at)
    assert heads(world) == before + 2


def test_a_gift_is_added_once(world: World) -> None:
    with pytest.raises(GiftExists, match="'rose'"):
        world.gift("rose", 5)
    assert prices(world, "rose") == [(1, None)]


def test_a_bad_gift_is_refused(world: World) -> None:
    before = heads(world)
    bad: list[tuple[type[Exception], dict[str, Any]]] = [
        (BadAmount, {"coins": 0}),
        (BadAmount, {"coins": -1}),
        (BadAmount, {"coins": 2**63}),
        (BadAmount, {"coins": 1.5}),
        (BadText, {"code": ""}),
        (BadText, {"code": "x" * 101}),
        (BadText, {"name": "\n"}),
        (BadNumber, {"unlock_level": -1}),
        (BadRegion, {"regions": ("xx",)}),
    ]
    for error, how in bad:
        facts: dict[str, Any] = {"code": "moon", "name": "Moon", "coins": 9} | how
        with pytest.raises(error):
            offers.add_gift(world.connection, world.signer, **facts, starts_at=world.now, now=world.now)
    assert heads(world) == before


def test_a_new_price_ends_the_old_one_where_it_begins_and_keeps_the_rest(world: World) -> None:
    tomorrow = world.now + timedelta(days=1)
    new = offers.new_version(world.connection, world.signer, "ring", 35, starts_at=tomorrow, now=world.now)
    shop = Catalogue.load(world.connection)
    old = shop.version("ring", world.now)
    assert (old.coins, old.ends_at) == (30, tomorrow)
    assert shop.version("ring", tomorrow) == new
    assert (new.combo, new.name, new.gift) == (True, "Ring", old.gift)
    changed = offers.new_version(
        world.connection, world.signer, "ring", 35, combo=False, unlock_level=3, regions=("DE",),
        starts_at=tomorrow + timedelta(days=1), now=world.now,
    )  # fmt: skip
    assert (changed.combo, changed.unlock_level, changed.regions) == (False, 3, ["DE"])


def test_a_version_neither_starts_in_the_past_nor_before_one_that_is_announced(world: World) -> None:
    at = [world.now + timedelta(days=days) for days in range(4)]
    change = {"connection": world.connection, "signer": world.signer, "code": "rose"}
    with pytest.raises(StartsInPast):
        offers.new_version(**change, coins=2, starts_at=at[0] - timedelta(seconds=1), now=at[0])  # type: ignore[arg-type]
    offers.new_version(**change, coins=2, starts_at=at[2], now=at[0])  # type: ignore[arg-type]
    for too_early in (at[1], at[2]):
        with pytest.raises(VersionOverlap, match=f"'rose' has .* on; start after {at[2].isoformat()[:10]}"):
            offers.new_version(**change, coins=3, starts_at=too_early, now=at[0])  # type: ignore[arg-type]
    offers.new_version(**change, coins=3, starts_at=at[3], now=at[0])  # type: ignore[arg-type]
    assert [coins for coins, _ in prices(world, "rose")] == [1, 2, 3]


def test_a_gift_retires_and_can_come_back(world: World) -> None:
    tomorrow = world.now + timedelta(days=1)
    offers.retire(world.connection, world.signer, "comet", tomorrow, world.now)
    with pytest.raises(RetiredGift):
        offers.retire(world.connection, world.signer, "comet", tomorrow, world.now)
    with pytest.raises(VersionOverlap):
        offers.new_version(world.connection, world.signer, "comet", 300, starts_at=world.now, now=world.now)
    later = world.now + timedelta(days=3)
    offers.new_version(world.connection, world.signer, "comet", 300, starts_at=later, now=world.now)
    shop = Catalogue.load(world.connection)
    with pytest.raises(NotYetSold, match="not on sale before"):
        shop.version("comet", tomorrow)
    assert shop.version("comet", later).coins == 300
    with pytest.raises(StartsInPast):
        offers.retire(world.connection, world.signer, "rose", world.now - timedelta(days=1), world.now)
    with pytest.raises(UnknownGift):
        offers.retire(world.connection, world.signer, "unicorn", tomorrow, world.now)


def test_the_latest_version_of_a_price_prices_an_old_record(world: World) -> None:
    for coins in (2, 1, 3):
        world.later(days=1)
        offers.new_version(world.connection, world.signer, "rose", coins, starts_at=world.now, now=world.now)
    shop = Catalogue.load(world.connection)
    assert shop.priced("rose", 1) == shop.versions("rose")[2]
    assert shop.priced("rose", 4) is None
    assert shop.priced("unicorn", 1) is None


def test_a_record_brings_gifts_that_nobody_knew_and_prices_that_nobody_had(world: World) -> None:
    world.later(days=1)
    before = heads(world)
    wanted = [
        ("x:1", "舰长", 10, True),
        ("rose", "Rose", 1, True),
        ("ring", "Ring", 25, False),
        ("x:1", "舰长", 8, False),
    ]
    shop = catalogue.ensure_recorded(world.connection, world.signer, wanted, world.now)
    assert heads(world) == before + 1
    assert prices(world, "x:1") == [(10, 0), (8, None)]
    assert prices(world, "ring") == [(30, 0), (25, None)]
    assert prices(world, "rose") == [(1, None)]
    first = shop.priced("x:1", 10)
    assert first is not None
    assert (first.name, first.combo, first.starts_at) == ("舰长", True, world.now)
    assert shop.version("ring", world.now).coins == 25
    assert len(catalogue.ensure_recorded(world.connection, world.signer, wanted, world.now).versions("x:1")) == 2
    assert heads(world) == before + 1


def test_a_recorded_price_begins_now_and_leaves_announcements_and_retirements_as_they_are(world: World) -> None:
    world.later(days=1)
    soon, now = world.now + timedelta(days=1), world.now
    offers.new_version(world.connection, world.signer, "rose", 2, starts_at=soon, now=now)
    offers.retire(world.connection, world.signer, "comet", now, now)
    offers.add_gift(world.connection, world.signer, "moon", "Moon", 50, starts_at=soon, now=now)
    wanted = [("rose", "Rose", 7, True), ("comet", "Comet", 7, False), ("moon", "Moon", 7, False)]
    shop = catalogue.ensure_recorded(world.connection, world.signer, wanted, now)
    assert [(v.coins, v.ends_at) for v in shop.versions("rose")] == [(1, now), (7, soon), (2, None)]
    later = now + timedelta(hours=1)
    with pytest.raises(RetiredGift):
        shop.version("comet", later)
    with pytest.raises(NotYetSold):
        shop.version("moon", later)
    assert [shop.priced(code, 7) is not None for code, *_ in wanted] == [True, True, True]


def test_two_imports_at_once_add_each_gift_and_price_once(world: World) -> None:
    world.later(days=1)
    wanted = [(f"x:{number % 30}", "Gift", 1 + number % 3, False) for number in range(90)] + [("rose", "Rose", 9, True)]

    def ensure(order: int) -> list[int]:
        with world.database.connect(autocommit=True) as connection:
            shop = catalogue.ensure_recorded(connection, world.signer, wanted[::order], world.now)
            return [version.id for code, _, coins, _ in wanted if (version := shop.priced(code, coins))]

    before = heads(world)
    with ThreadPoolExecutor(4) as pool:
        first, *others = pool.map(ensure, [1, -1, 1, -1])
    assert len(first) == len(wanted)
    assert all(other == first for other in others)
    assert heads(world) == before + 1


def test_a_new_economy_is_stocked_once(world: World) -> None:
    before = heads(world)
    shop = catalogue.stock(world.connection, world.signer, world.now)
    assert heads(world) == before + 1
    # Five codes were there before, and stay as they were.
    assert len(shop.on_sale(world.now)) == len({gift.code for gift in starter.gifts()} | {"crown"})
    assert shop.version("jasmine", world.now).regions == ["ID", "IN", "PH"]
    assert shop.version("riviere", world.now).coins == 34_999
    assert [shop.pack(pack.code, world.now).price for pack in starter.packs()] == [p.price for p in starter.packs()]
    offers.retire_pack(world.connection, world.signer, "pack-70", world.now + timedelta(days=1), world.now)
    world.later(days=2)
    after = heads(world)
    assert catalogue.stock(world.connection, world.signer, world.now).has_gift("rose")
    assert heads(world) == after


def test_a_pack_changes_its_price_and_goes(world: World) -> None:
    code = world.pack(700, bonus=20)
    tomorrow = world.now + timedelta(days=1)
    terms: dict[str, Any] = {"coins": 700, "price": 999, "currency": "EUR", "now": world.now}
    offers.add_pack(world.connection, world.signer, code, **terms, starts_at=tomorrow)
    shop = Catalogue.load(world.connection)
    assert [(p.price, p.currency) for p in (shop.pack(code, world.now), shop.pack(code, tomorrow))] == [
        (700, "USD"),
        (999, "EUR"),
    ]
    with pytest.raises(VersionOverlap, match="The pack"):
        offers.add_pack(world.connection, world.signer, code, **terms, starts_at=world.now)
    gone = tomorrow + timedelta(days=1)
    offers.retire_pack(world.connection, world.signer, code, gone, world.now)
    with pytest.raises(PackNotSold):
        Catalogue.load(world.connection).pack(code, gone)
    with pytest.raises(PackNotSold):
        offers.retire_pack(world.connection, world.signer, code, gone, world.now)
    with pytest.raises(UnknownPack):
        offers.retire_pack(world.connection, world.signer, "pack-1", gone, world.now)
    heads(world)


def test_a_bad_pack_is_refused(world: World) -> None:
    before = heads(world)
    bad: list[tuple[type[Exception], dict[str, Any]]] = [
        (BadAmount, {"coins": 0}),
        (BadAmount, {"bonus": -1}),
        (BadAmount, {"price": 0}),
        (BadAmount, {"price": 9.99}),
        (BadNumber, {"bonus_days": 0}),
        (BadNumber, {"bonus_days": 3_651}),
        (UnknownCurrency, {"currency": "AAA"}),
        (UnknownCurrency, {"currency": "COINS"}),
        (BadText, {"code": ""}),
    ]
    for error, how in bad:
        facts: dict[str, Any] = {"code": "p", "coins": 70, "price": 99, "currency": "USD"} | how
        with pytest.raises(error):
            offers.add_pack(world.connection, world.signer, **facts, starts_at=world.now, now=world.now)
    assert heads(world) == before
