"""What a desk keeps in memory is what the database says: whoever changes it, in this process or another, it is seen."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from riviere.economy import gifts, offers, people, places, policies, policy, remembered
from riviere.economy.gifts import GiftRequest, LockedByLevel
from riviere.economy.people import UnknownUser
from riviere.economy.places import StreamEnded, UnknownPlace
from riviere.economy.remembered import Remembered
from riviere.errors import RiviereError
from riviere.ledger.model import Gift
from world import World

Desk = Callable[..., Gift | RiviereError]


@pytest.fixture
def desk(world: World) -> Desk:
    """Prices a gift of Mia's to Jo, in one memory for the whole test."""
    world.viewer("mia")
    world.creator("jo")
    memory = Remembered()

    def price(gift: str = "rose", **other: str) -> Gift | RiviereError:
        request: GiftRequest = world.asked(other.pop("sender", "mia"), "jo", gift, **other)
        (answer,) = gifts.prepare(world.connection, memory, [request], world.now)
        return answer

    assert isinstance(price(), Gift)
    return price


def test_a_stream_that_ended_takes_no_more(world: World, desk: Desk) -> None:
    creator = people.find(world.connection, "jo").id
    places.end_stream(world.connection, world.signer, creator, "live", world.now)
    assert isinstance(desk(), StreamEnded)


def test_a_stream_that_was_not_there_is_found_once_it_is(world: World, desk: Desk) -> None:
    assert isinstance(desk(stream="second"), UnknownPlace)
    creator = people.find(world.connection, "jo").id
    places.open_place(world.connection, world.signer, creator, places.STREAM, "second", world.now)
    assert isinstance(desk(stream="second"), Gift)


def test_a_new_level_unlocks_and_locks(world: World, desk: Desk) -> None:
    offers.add_gift(
        world.connection, world.signer, "tiara", "Tiara", 9, unlock_level=5, starts_at=world.now, now=world.now
    )
    assert isinstance(desk("tiara"), LockedByLevel)
    people.set_standing(world.connection, world.signer, "mia", level=5, now=world.now)
    assert isinstance(desk("tiara"), Gift)
    people.set_standing(world.connection, world.signer, "mia", level=4, now=world.now)
    assert isinstance(desk("tiara"), LockedByLevel)


def test_whoever_is_forgotten_is_nobody_and_a_new_person_of_that_name_is_another(world: World, desk: Desk) -> None:
    before = people.find(world.connection, "mia").id
    people.forget(world.connection, "mia")
    assert isinstance(desk(), UnknownUser)
    after = people.register(world.connection, world.signer, "mia", now=world.now).id
    order = desk()
    assert isinstance(order, Gift)
    assert order.owner == after != before


def test_a_new_price_and_a_new_rate_hold_at_once(world: World, desk: Desk) -> None:
    first = desk()
    world.now += timedelta(seconds=1)
    offers.new_version(world.connection, world.signer, "rose", 7, starts_at=world.now, now=world.now)
    policies.announce(
        world.connection,
        world.signer,
        policy.DIAMONDS_PER_COIN,
        "",
        250,
        starts_at=world.now,
        by="ops",
        now=world.now,
    )
    second = desk()
    assert isinstance(first, Gift)
    assert isinstance(second, Gift)
    assert (first.unit, second.unit, second.rate) == (1, 7, 250)


def test_what_is_changed_but_not_committed_is_not_seen(world: World, desk: Desk) -> None:
    creator = people.find(world.connection, "jo").id
    with world.database.connect() as other:
        places.end_stream(other, world.signer, creator, "live", world.now - timedelta(seconds=1))
        assert isinstance(desk(), Gift)
        other.commit()
    assert isinstance(desk(), StreamEnded)


def test_memory_is_bounded(world: World, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "MOST_KEPT", 3)
    memory = Remembered()
    for number in range(10):
        world.viewer(f"viewer {number}")
        (answer,) = gifts.prepare(world.connection, memory, [world.asked(f"viewer {number}", "jo")], world.now)
        assert isinstance(answer, Gift)
        assert len(memory.users) <= 5
