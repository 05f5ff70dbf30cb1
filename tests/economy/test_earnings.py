"""Who earned what from whom, and what people hold."""

from datetime import timedelta

import pytest

from riviere.clock import hour_of
from riviere.economy import catalogue, offers, people, places, policies
from riviere.economy.catalogue import Catalogue
from riviere.economy.earned import earnings
from riviere.economy.earned.earnings import CreatorEarned
from riviere.economy.wallet import Expiring, Wallet
from riviere.ids import request_digest, shown, system_id
from riviere.ledger.law import Route
from riviere.ledger.model import Gift, Receipt
from world import World


@pytest.fixture
def evening(world: World) -> World:
    """Mia and Ben, rich in coins; Jo and Kim, both live; Jo with a clip as well."""
    for viewer in ("mia", "ben"):
        world.viewer(viewer)
        world.buy(viewer, 5_000)
    for creator in ("jo", "kim"):
        world.creator(creator)
    world.post("jo", "clip")
    return world


def imported(world: World, sender: str, creator: str, gift: str, count: int, rate: int) -> Receipt:
    """A recorded gift of two hours ago."""
    at = world.now - timedelta(hours=2)
    key = (world.id(creator), "stream", "recorded")
    place = places.ensure(world.connection, world.signer, [(*key, at)])[key]
    version = Catalogue.load(world.connection).versions(gift)[-1]
    terms = {"starts_at": world.now, "by": "ops", "now": world.now}
    policy = policies.announce(world.connection, world.signer, "diamonds_per_coin", "import:1", rate, **terms)
    world.connection.execute(
        "INSERT INTO import VALUES (1, 'gift_log', %s, 'log.csv', %s, %s, 'ops')",
        [request_digest("first"), policy.id, world.now],
    )
    order = Gift(
        world.id(sender), system_id("import", world.key()), request_digest(), at, key[0], count, False, version.coins,
        None, policy.amount, version.id, policy.id, place, None, True,
    )  # fmt: skip
    (answer,) = world.writer.write([order])
    assert isinstance(answer, Receipt)
    return answer


def test_each_creator_has_one_row_the_one_with_most_diamonds_first(evening: World) -> None:
    evening.give("mia", "jo", "ring", 2)
    evening.give("ben", "jo", "rose")
    evening.give("mia", "kim", "comet")
    assert earnings.by_creator(evening.connection) == [
        CreatorEarned(1, 1, 299, 299_000, 0, 0, 0, "kim"),
        CreatorEarned(2, 3, 61, 61_000, 0, 0, 0, "jo"),
    ]
    assert [row.creator for row in earnings.by_creator(evening.connection, [evening.id("jo")])] == ["jo"]
    assert earnings.by_creator(evening.connection, []) == []


def test_a_gift_from_both_wallets_and_a_combo_of_many_steps_are_one_gift_each(evening: World) -> None:
    evening.buy("mia", 1, bonus=20)
    evening.give("mia", "jo", "ring")
    for count in (1, 3, 10):
        evening.give("mia", "jo", "rose", count, combo=True, key="streak")
    (row,) = earnings.by_creator(evening.connection)
    assert (row.gifts, row.pieces, row.coins, row.diamonds) == (2, 11, 40, 40_000)


def test_imported_and_own_gifts_both_count(evening: World) -> None:
    receipt = imported(evening, "mia", "jo", "ring", 3, rate=750)
    assert [entry.route for entry in receipt.entries] == [Route.IMPORT, Route.GIFT_IMPORTED]
    evening.give("mia", "jo", "ring")
    (row,) = earnings.by_creator(evening.connection)
    assert (row.gifts, row.pieces, row.coins, row.diamonds) == (2, 4, 120, 97_500)
    assert [(r.gift, r.gifts) for r in earnings.by_gift(evening.connection, evening.id("jo"))] == [("ring", 2)]


def test_what_was_reversed_is_told_apart_in_every_view(evening: World) -> None:
    evening.buy("mia", 1, bonus=20)
    evening.give("mia", "jo", "ring", key="oops")
    evening.give("mia", "jo", "rose", 2)
    evening.later(hours=3)
    evening.reverse("mia", "oops")
    jo = evening.id("jo")
    views = [
        earnings.by_creator(evening.connection),
        earnings.by_supporter(evening.connection, jo),
        earnings.by_place(evening.connection, jo),
        earnings.by_hour(evening.connection, jo),
    ]
    for (row,) in views:
        assert (row.gifts, row.pieces, row.coins, row.diamonds) == (1, 2, 2, 2_000)
        assert (row.reversed_gifts, row.reversed_coins, row.reversed_diamonds) == (1, 30, 30_000)
    rose, ring = earnings.by_gift(evening.connection, jo)
    assert (rose.gift, rose.coins, ring.gift, ring.coins, ring.reversed_coins) == ("rose", 2, "ring", 0, 30)


def test_a_gift_that_changed_its_price_is_one_row(evening: World) -> None:
    evening.give("mia", "jo", "ring")
    evening.later(hours=1)
    offers.new_version(evening.connection, evening.signer, "ring", 35, starts_at=evening.now, now=evening.now)
    evening.give("mia", "jo", "ring")
    (row,) = earnings.by_gift(evening.connection, evening.id("jo"))
    assert (row.gift, row.name, row.gifts, row.coins) == ("ring", "Ring", 2, 65)


def test_supporters_and_places_of_one_creator_are_ranked(evening: World) -> None:
    evening.give("mia", "jo", "rose", 5)
    evening.give("ben", "jo", "ring", post="clip")
    evening.give("ben", "kim", "comet")
    jo = evening.id("jo")
    supporters = earnings.by_supporter(evening.connection, jo)
    assert [(row.supporter, row.diamonds) for row in supporters] == [("ben", 30_000), ("mia", 5_000)]
    assert earnings.by_supporter(evening.connection, jo, limit=1) == supporters[:1]
    found = earnings.by_place(evening.connection, jo)
    assert [(row.kind, row.place, row.coins) for row in found] == [("post", "clip", 30), ("stream", "live", 5)]


def test_hours_come_in_order_and_a_combo_is_counted_where_it_began(evening: World) -> None:
    evening.now = hour_of(evening.now) + timedelta(hours=1, minutes=50)
    first = hour_of(evening.now)
    evening.give("mia", "jo", "rose", 3, combo=True, key="streak")
    evening.give("mia", "jo", "ring", 1)
    evening.later(minutes=20)
    evening.give("mia", "jo", "rose", 10, combo=True, key="streak")
    evening.give("mia", "jo", "comet")
    rows = earnings.by_hour(evening.connection, evening.id("jo"))
    assert [(row.hour, row.gifts, row.pieces, row.coins) for row in rows] == [
        (first, 2, 4, 33),
        (first + timedelta(hours=1), 1, 8, 306),
    ]


def test_a_window_holds_its_begin_and_not_its_end(evening: World) -> None:
    at = [evening.now + timedelta(seconds=second) for second in range(3)]
    for instant in at:
        evening.give("mia", "jo", "rose", at=instant)
    jo = evening.id("jo")
    (creator,) = earnings.by_creator(evening.connection, since=at[1], until=at[2])
    (gift,) = earnings.by_gift(evening.connection, jo, since=at[1])
    assert (creator.gifts, gift.gifts) == (1, 2)


def test_hours_are_whole_wherever_within_them_a_window_begins_and_ends(evening: World) -> None:
    # The next hour but one: a minute before the next one may be a minute before anything was in force.
    first = hour_of(evening.now) + timedelta(hours=2)
    moments = [first + timedelta(minutes=minutes) for minutes in (-1, 0, 59, 60, 119, 120)]
    evening.now = moments[-1]
    for moment in moments:
        evening.give("mia", "jo", "rose", at=moment)

    def hours(since: int, until: int) -> list[tuple[int, int]]:
        """Which hours there are, counted from the first, of a window in minutes from its begin."""
        window = (first + timedelta(minutes=since), first + timedelta(minutes=until))
        rows = earnings.by_hour(evening.connection, evening.id("jo"), *window)
        return [((row.hour - first) // timedelta(hours=1), row.gifts) for row in rows]

    assert hours(0, 60) == [(0, 2)]
    assert hours(20, 40) == [(0, 2)]
    assert hours(59, 61) == [(0, 2), (1, 2)]
    assert hours(-1, 60) == [(-1, 1), (0, 2)]
    assert hours(60, 120) == [(1, 2)]
    assert hours(119, 121) == [(1, 2), (2, 1)]


def test_forgotten_people_keep_their_rows_under_a_number(evening: World) -> None:
    mia, jo = evening.id("mia"), evening.id("jo")
    evening.give("mia", "jo")
    for name in ("mia", "jo"):
        people.forget(evening.connection, name)
    assert [row.creator for row in earnings.by_creator(evening.connection)] == [shown("u", jo)]
    assert [row.supporter for row in earnings.by_supporter(evening.connection, jo)] == [shown("u", mia)]


def test_gifts_that_records_brought_have_the_name_they_gave(evening: World) -> None:
    catalogue.ensure_recorded(evening.connection, evening.signer, [("x:1", "小花花", 10, False)], evening.now)
    imported(evening, "mia", "jo", "x:1", 1, rate=1_000)
    (row,) = earnings.by_gift(evening.connection, evening.id("jo"))
    assert (row.gift, row.name) == ("x:1", "小花花")


def test_a_wallet_says_what_is_there_and_what_expires_when(world: World) -> None:
    world.viewer("mia")
    world.creator("jo")
    assert world.wallet("mia") == Wallet(0, 0, [], 0, 0, 0, 0, 0)
    world.buy("mia", 100, bonus=20, days=10)
    world.buy("mia", 200, bonus=50, days=40)
    world.give("mia", "jo", "rose", 5)
    first, second = world.now + timedelta(days=10), world.now + timedelta(days=40)
    assert world.wallet("mia") == Wallet(300, 65, [Expiring(15, first), Expiring(50, second)], 0, 0, 0, 0, 0)
    world.give("mia", "jo", "rose", 15)
    assert world.wallet("mia").expiring == [Expiring(50, second)]
    imported(world, "mia", "jo", "ring", 1, rate=500)
    assert world.wallet("jo") == Wallet(0, 0, [], 0, 20_000, 0, 0, 15_000)
