"""What happens when people send gifts, and what is refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from riviere.clock import BadTime, FutureTime
from riviere.economy import gifts, offers, people, policies
from riviere.economy.catalogue import Catalogue, NotYetSold, RetiredGift, UnknownGift
from riviere.economy.checks import BadNumber, BadText
from riviere.economy.gifts import SPEND_AGAIN, LockedByLevel, LockedByRegion, NotACombo, OnePlace, PaidCombo
from riviere.economy.people import UnknownUser
from riviere.economy.places import StreamEnded, UnknownPlace
from riviere.economy.policies import NoPolicy
from riviere.economy.remembered import Remembered
from riviere.errors import RiviereError
from riviere.ids import BadKey
from riviere.ledger.law import Route
from riviere.ledger.model import Gift, Receipt
from riviere.ledger.refusals import GiftReversed, KeyReused, NotEnoughCoins, SelfGift, UnknownEntry
from riviere.money import BadAmount
from world import World


@pytest.fixture
def stage(world: World) -> World:
    """Mia with 1,000 coins, and Jo who is live."""
    world.viewer("mia")
    world.creator("jo")
    world.buy("mia", 1_000)
    return world


def routes(receipt: Receipt) -> list[tuple[Route, int, int]]:
    return [(Route(entry.route), entry.debit_amount, entry.credit_amount) for entry in receipt.entries]


def test_a_viewer_buys_a_pack_with_bonus_and_sends_a_gift_the_bonus_goes_first(world: World) -> None:
    world.viewer("mia")
    world.creator("jo")
    world.buy("mia", 700, bonus=20)
    receipt = world.give("mia", "jo", "ring")
    assert routes(receipt) == [(Route.GIFT_BONUS, 20, 20_000), (Route.GIFT, 10, 10_000)]
    assert (receipt.known.coins, receipt.known.diamonds, receipt.known.count) == (30, 30_000, 1)
    mine = world.wallet("mia")
    assert (mine.coins, mine.bonus) == (690, 0)
    assert world.wallet("jo").diamonds == 30_000


def test_a_gift_to_a_post_lands_there(stage: World) -> None:
    post = stage.post("jo", "clip-7")
    assert stage.give("mia", "jo", post="clip-7").entries[0].place == post.id


def test_several_pieces_cost_the_price_of_each(stage: World) -> None:
    assert routes(stage.give("mia", "jo", "ring", 5)) == [(Route.GIFT, 150, 150_000)]


def test_a_combo_grows_by_what_each_step_adds_and_a_late_step_books_nothing(stage: World) -> None:
    def step(count: int) -> Receipt:
        return stage.give("mia", "jo", "rose", count, combo=True, key="streak", message=f"now {count}")

    assert routes(step(1)) == [(Route.GIFT, 1, 1_000)]
    assert routes(step(10)) == [(Route.GIFT, 9, 9_000)]
    late = step(7)
    assert late.repeated
    assert late.entries == []
    assert (late.known.upto, late.known.coins) == (10, 10)
    assert stage.wallet("mia").coins == 990


def test_the_price_of_a_combo_is_that_of_its_first_step_though_a_new_version_begins(stage: World) -> None:
    first = stage.give("mia", "jo", "rose", 2, combo=True, key="streak")
    stage.later(minutes=1)
    dearer = offers.new_version(stage.connection, stage.signer, "rose", 5, starts_at=stage.now, now=stage.now)
    second = stage.give("mia", "jo", "rose", 4, combo=True, key="streak")
    assert routes(second) == [(Route.GIFT, 2, 2_000)]
    assert second.entries[0].item == first.entries[0].item != dearer.id
    assert stage.give("mia", "jo", "rose").known.coins == 5


def test_a_rate_from_tomorrow_on_changes_tomorrows_gifts_only(stage: World) -> None:
    tomorrow = stage.now + timedelta(days=1)
    announced = {"starts_at": tomorrow, "by": "ops", "now": stage.now}
    lower = policies.announce(stage.connection, stage.signer, "diamonds_per_coin", "", 500, **announced)
    assert stage.give("mia", "jo", "ring").known.diamonds == 30_000
    stage.now = tomorrow
    receipt = stage.give("mia", "jo", "ring")
    assert receipt.known.diamonds == 15_000
    assert receipt.entries[0].policy == lower.id
    assert stage.give("mia", "jo", "ring", at=tomorrow - timedelta(seconds=1)).known.diamonds == 30_000
    assert stage.wallet("jo").diamonds == 75_000


def test_a_discount_changes_what_is_paid_and_keeps_the_list_price(stage: World) -> None:
    entry = stage.give("mia", "jo", "comet", 2, paid=500).entries[0]
    assert (entry.debit_amount, entry.credit_amount, entry.count) == (500, 500_000, 2)
    assert entry.item == Catalogue.load(stage.connection).version("comet", stage.now).id


def test_a_blind_box_may_cost_more_than_what_comes_out_of_it(stage: World) -> None:
    assert stage.give("mia", "jo", "rose", paid=100).known.coins == 100


def test_a_message_is_kept_apart_and_the_journal_holds_its_hash(stage: World) -> None:
    entry = stage.give("mia", "jo", message="for you \N{ROSE}\N{ZERO WIDTH JOINER}").entries[0]
    assert entry.message is not None
    body = stage.connection.execute("SELECT body FROM message WHERE id = %s", [entry.id]).fetchone()
    assert body == ("for you \N{ROSE}\N{ZERO WIDTH JOINER}",)


def test_the_same_request_twice_is_one_gift(stage: World) -> None:
    first = stage.give("mia", "jo", "ring", key="once", message="hi")
    again = stage.give("mia", "jo", "ring", key="once", message="hi")
    assert (first.repeated, again.repeated) == (False, True)
    assert again.known == first.known
    assert stage.wallet("mia").coins == 970


def test_two_equal_requests_in_one_batch_are_one_gift(stage: World) -> None:
    request = stage.asked("mia", "jo", "ring")
    orders = gifts.prepare(stage.connection, Remembered(), [request, request], stage.now)
    answers = stage.writer.write([order for order in orders if isinstance(order, Gift)])
    assert [answer.repeated for answer in answers if isinstance(answer, Receipt)] == [False, True]


def test_the_same_key_with_another_body_is_refused(stage: World) -> None:
    stage.creator("kim")
    stage.post("jo", "clip")
    stage.give("mia", "jo", "ring", key="once")
    others: list[dict[str, Any]] = [
        {"gift": "rose"}, {"count": 2}, {"message": "hi"}, {"paid": 29}, {"post": "clip"}, {"creator": "kim"},
        {"combo": True}, {"at": stage.now},
    ]  # fmt: skip
    for other in others:
        with pytest.raises(KeyReused):
            stage.give("mia", **{"creator": "jo", "gift": "ring", "key": "once"} | other)
    assert stage.wallet("mia").coins == 970


def test_two_viewers_may_use_the_same_key(stage: World) -> None:
    stage.viewer("ben")
    stage.buy("ben", 10)
    assert not stage.give("mia", "jo", key="1").repeated
    assert not stage.give("ben", "jo", key="1").repeated


def test_a_time_is_the_same_in_every_zone(stage: World) -> None:
    east = stage.now.astimezone(datetime.strptime("+0900", "%z").tzinfo)
    stage.give("mia", "jo", key="once", at=stage.now)
    assert stage.give("mia", "jo", key="once", at=east).repeated


def test_a_repeat_is_answered_though_everything_has_changed_since(stage: World) -> None:
    stage.viewer("lea", level=20)
    stage.buy("lea", 1_000)
    first = stage.give("lea", "jo", "crown", key="once")
    stage.give("mia", "jo", "rose", 3, combo=True, key="streak")
    stage.later(hours=1)
    stage.end("jo")
    offers.retire(stage.connection, stage.signer, "crown", stage.now, stage.now)
    people.set_standing(stage.connection, stage.signer, "lea", level=0, now=stage.now)
    again = stage.give("lea", "jo", "crown", key="once")
    assert again.repeated
    assert again.known == first.known
    assert stage.give("mia", "jo", "rose", 3, combo=True, key="streak").repeated
    with pytest.raises(StreamEnded):
        stage.give("mia", "jo", "rose", 4, combo=True, key="streak")
    with pytest.raises(RetiredGift):
        stage.give("lea", "jo", "crown", 2, key="once")


def test_many_requests_are_decided_each_for_itself(stage: World) -> None:
    requests = [
        stage.asked("mia", "jo"),
        stage.asked("nobody", "jo"),
        stage.asked("mia", "jo", "ring", 0),
        stage.asked("mia", "jo", "ring", 2),
    ]
    answers = gifts.prepare(stage.connection, Remembered(), requests, stage.now)
    assert [type(answer) for answer in answers] == [Gift, UnknownUser, BadNumber, Gift]


def test_how_often_the_database_is_read_does_not_grow_with_the_requests(stage: World) -> None:
    def reads(number: int) -> int:
        seen = 0

        class Counting:
            def __getattr__(self, name: str) -> Any:
                nonlocal seen
                seen += name in ("execute", "cursor")
                return getattr(stage.connection, name)

        requests = [stage.asked("mia", "jo") for _ in range(number)]
        assert len(gifts.prepare(Counting(), remembered, requests, stage.now)) == number  # type: ignore[arg-type]
        return seen

    remembered = Remembered()
    first = reads(50)
    assert reads(50) == reads(1) == 1, "what is remembered is not read again, only whether it has changed"
    remembered = Remembered()
    assert reads(1) == first


REFUSED: list[tuple[type[RiviereError], dict[str, Any]]] = [
    (UnknownUser, {"viewer": "nobody"}),
    (UnknownUser, {"creator": "nobody"}),
    (UnknownUser, {"viewer": "mia\x00"}),
    (UnknownGift, {"gift": "unicorn"}),
    (UnknownPlace, {"stream": "other"}),
    (UnknownPlace, {"post": "live"}),
    (UnknownPlace, {"stream": "live\x00"}),
    (OnePlace, {"stream": "live", "post": "clip"}),
    (OnePlace, {"stream": None}),
    (SelfGift, {"viewer": "jo"}),
    (LockedByLevel, {"gift": "crown"}),
    (LockedByRegion, {"gift": "jasmine"}),
    (NotACombo, {"gift": "comet", "combo": True}),
    (PaidCombo, {"combo": True, "paid": 1}),
    (BadNumber, {"count": 0}),
    (BadNumber, {"count": -1}),
    (BadNumber, {"count": 2**31}),
    (BadNumber, {"count": 1.5}),
    (BadNumber, {"count": True}),
    (BadNumber, {"count": None}),
    (BadAmount, {"paid": 0}),
    (BadAmount, {"paid": -5}),
    (BadAmount, {"paid": 2**63}),
    (BadAmount, {"paid": 2.5}),
    (BadText, {"message": ""}),
    (BadText, {"message": "x" * 201}),
    (BadText, {"message": "two\nlines"}),
    (BadKey, {"key": "\n"}),
    (BadKey, {"key": "k" * 256}),
    (BadTime, {"at": datetime(2026, 1, 1)}),  # noqa: DTZ001 - the error is what is tested
    (FutureTime, {"at": datetime(2999, 1, 1, tzinfo=UTC)}),
    (NoPolicy, {"at": datetime(2020, 1, 1, tzinfo=UTC), "gift": "crown"}),
    (NotEnoughCoins, {"count": 1_001}),
]


def test_what_is_wrong_is_refused_and_nothing_moves(stage: World) -> None:
    stage.buy("jo", 10)
    for error, how in REFUSED:
        with pytest.raises(error):
            stage.give(**{"viewer": "mia", "creator": "jo", "gift": "rose"} | how)
    assert stage.wallet("mia").coins == 1_000
    assert stage.wallet("jo").diamonds == 0


def test_a_refused_key_can_be_tried_again(stage: World) -> None:
    with pytest.raises(NotEnoughCoins, match="costs 1196 and the wallet holds 1000"):
        stage.give("mia", "jo", "comet", 4, key="once")
    stage.buy("mia", 200)
    assert not stage.give("mia", "jo", "comet", 4, key="once").repeated


def test_a_gift_is_open_to_the_level_and_the_region_it_is_sold_for(stage: World) -> None:
    stage.viewer("lea", level=20, region="IN")
    stage.buy("lea", 600)
    assert stage.give("lea", "jo", "crown").known.coins == 499
    assert stage.give("lea", "jo", "jasmine").known.coins == 20


def test_a_stream_takes_what_happened_before_it_ended_and_nothing_after(stage: World) -> None:
    live = stage.now
    stage.later(minutes=30)
    stage.end("jo")
    stage.later(minutes=1)
    with pytest.raises(StreamEnded, match="'live' ended at"):
        stage.give("mia", "jo")
    with pytest.raises(StreamEnded):
        stage.give("mia", "jo", at=live + timedelta(minutes=30))
    assert stage.give("mia", "jo", at=live + timedelta(minutes=29)).known.coins == 1


def test_a_retired_gift_and_one_to_come_cannot_be_sent(stage: World) -> None:
    tomorrow = stage.now + timedelta(days=1)
    offers.retire(stage.connection, stage.signer, "comet", tomorrow, stage.now)
    offers.add_gift(stage.connection, stage.signer, "moon", "Moon", 50, starts_at=tomorrow, now=stage.now)
    with pytest.raises(NotYetSold, match="'moon' is not on sale before"):
        stage.give("mia", "jo", "moon")
    assert stage.give("mia", "jo", "comet").known.coins == 299
    stage.now = tomorrow
    assert stage.give("mia", "jo", "moon").known.coins == 50
    with pytest.raises(RetiredGift, match="'comet' was retired at"):
        stage.give("mia", "jo", "comet")


def test_a_reversed_gift_gives_the_coins_back_and_its_diamonds_are_owed(world: World) -> None:
    world.viewer("mia")
    world.creator("jo")
    world.buy("mia", 100, bonus=20, days=3)
    world.give("mia", "jo", "ring", key="oops")
    world.later(days=1)
    receipt = world.reverse("mia", "oops")
    assert routes(receipt) == [(Route.GIFT_REVERSE_BONUS, 20_000, 20), (Route.GIFT_REVERSE, 10_000, 10)]
    mine, theirs = world.wallet("mia"), world.wallet("jo")
    assert (mine.coins, mine.bonus) == (100, 20)
    assert [(lot.coins, lot.expires_at) for lot in mine.expiring] == [(20, world.now + SPEND_AGAIN)]
    assert (theirs.diamonds, theirs.owed) == (30_000, 30_000)
    assert world.reverse("mia", "oops").repeated
    assert world.wallet("mia").coins == 100


def test_only_the_sender_can_undo_a_gift_and_only_one_that_is_there(stage: World) -> None:
    stage.viewer("ben")
    stage.give("mia", "jo", key="mine")
    for name, key in (("ben", "mine"), ("mia", "other")):
        with pytest.raises(UnknownEntry):
            stage.reverse(name, key)


def test_a_reversed_combo_does_not_grow_on(stage: World) -> None:
    stage.give("mia", "jo", "rose", 3, combo=True, key="streak")
    stage.reverse("mia", "streak")
    with pytest.raises(GiftReversed):
        stage.give("mia", "jo", "rose", 5, combo=True, key="streak")
    assert stage.wallet("mia").coins == 1_000
