"""A new economy starts with a catalogue and packs that hold together."""

import re
from itertools import pairwise

import pytest

from riviere.economy.starter import gifts, packs
from riviere.economy.tiers import Tier, tier
from riviere.money import LARGEST, BadAmount

# Facts: every distinct price in the gift lists that TikTok's webcast endpoint gave from 2023-09-02 to 2024-01-05
# (github.com/jwdeveloper/TikTokLiveJava, Tools/src/main/resources/gifts/official; commits 21031e46, e76703ea
# and 46d5f15d).
LADDER = [
    1, 2, 5, 9, 10, 20, 30, 99, 100, 169, 199, 222, 224, 299, 300, 399, 400, 499, 500, 599, 699, 800, 899, 999,
    1000, 1088, 1200, 1288, 1500, 1799, 1800, 1888, 1999, 2024, 2150, 2988, 2999, 3000, 3999, 4000, 4888, 4999,
    5000, 5999, 6599, 6999, 7000, 7999, 9699, 9888, 10000, 12000, 12024, 15000, 17000, 19999, 20000, 25999, 26999,
    29999, 30000, 34000, 34500, 34999, 39999, 41999, 42999, 44999,
]  # fmt: skip

# Facts: the unlock levels seen at these prices in the same lists.
LEVELS = {
    499: 20, 500: 15, 1799: 30, 4888: 25, 6999: 40, 19999: 50, 20000: 30, 39999: 43, 41999: 46, 42999: 50,
}  # fmt: skip

# Facts: prices in TikTok's own app, coins to US cents.
PACK_PRICES = {70: 99, 350: 499, 700: 999, 1400: 1999, 3500: 4999, 7000: 9999, 17500: 24999}

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def test_the_catalogue_covers_exactly_the_real_price_ladder_cheapest_first() -> None:
    prices = [gift.coins for gift in gifts()]
    assert prices == sorted(prices)
    assert sorted(set(prices)) == LADDER


def test_only_the_crowded_low_prices_have_more_than_one_gift() -> None:
    prices = [gift.coins for gift in gifts()]
    assert all(price <= 99 for price in prices if prices.count(price) > 1)


def test_codes_are_unique_slugs_and_names_are_unique() -> None:
    listed = gifts()
    assert len({gift.code for gift in listed}) == len({gift.name for gift in listed}) == len(listed)
    assert [gift.code for gift in listed if not SLUG.fullmatch(gift.code)] == []
    assert [gift.name for gift in listed if len(gift.name.split()) > 2] == []


def test_only_gifts_up_to_99_coins_can_be_combos() -> None:
    assert {gift.combo for gift in gifts() if gift.coins <= 99} == {True, False}
    assert {gift.combo for gift in gifts() if gift.coins > 99} == {False}


def test_dear_gifts_unlock_at_the_levels_seen_at_their_prices() -> None:
    assert {gift.coins: gift.unlock_level for gift in gifts() if gift.unlock_level} == LEVELS


def test_a_few_gifts_are_for_some_countries_only() -> None:
    local = {gift.code: gift.regions for gift in gifts() if gift.regions}
    assert local == {
        "jasmine": ("ID", "IN", "PH"),
        "cherry-orchard": ("JP", "KR"),
        "midnight-sun": ("FI", "NO", "SE"),
    }


@pytest.mark.parametrize(
    ("code", "name", "coins", "combo"),
    [
        ("rose", "Rose", 1, True),
        ("clover", "Clover", 5, True),
        ("tulip", "Tulip", 10, True),
        ("ring", "Ring", 30, True),
        ("tiara", "Tiara", 99, True),
        ("comet", "Comet", 299, False),
        ("cascade", "Cascade", 1000, False),
        ("riviere", "Rivière", 34999, False),
        ("paragon", "Paragon", 44999, False),
    ],
)
def test_the_gifts_people_know_us_by_are_there(code: str, name: str, coins: int, combo: bool) -> None:
    gift = next(gift for gift in gifts() if gift.code == code)
    assert (gift.name, gift.coins, gift.combo, gift.unlock_level, gift.regions) == (name, coins, combo, 0, ())


def test_packs_have_the_prices_of_the_trade_and_our_own_codes() -> None:
    assert {pack.coins: pack.price for pack in packs()} == PACK_PRICES
    assert [pack.code for pack in packs()] == [f"pack-{pack.coins}" for pack in packs()]
    assert {pack.currency for pack in packs()} == {"USD"}


def test_a_larger_pack_never_has_a_smaller_share_of_bonus_and_the_smallest_has_none() -> None:
    ordered = packs()
    assert ordered[0].bonus == 0
    assert ordered[-1].bonus > 0
    for smaller, larger in pairwise(ordered):
        assert smaller.bonus * larger.coins <= larger.bonus * smaller.coins
    assert {pack.bonus_days for pack in ordered} == {30}


@pytest.mark.parametrize(
    ("coins", "expected"),
    [
        (1, Tier.GLINT), (9, Tier.GLINT), (10, Tier.SPRAY), (99, Tier.SPRAY), (100, Tier.FACETS), (999, Tier.FACETS),
        (1000, Tier.STAGE), (44999, Tier.STAGE), (LARGEST, Tier.STAGE),
    ],
)  # fmt: skip
def test_a_tier_begins_at_its_least_price(coins: int, expected: Tier) -> None:
    assert tier(coins) is expected


@pytest.mark.parametrize("coins", [0, -1, LARGEST + 1])
def test_what_is_no_price_has_no_tier(coins: int) -> None:
    with pytest.raises(BadAmount, match="The price must be a whole number of coins"):
        tier(coins)
