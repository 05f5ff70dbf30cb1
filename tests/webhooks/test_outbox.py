"""The outbox: what is told stands or falls with what it tells, and each subject's events keep the order of commits."""

import threading
import time
from datetime import timedelta
from uuid import UUID

import msgspec
import psycopg
import pytest

from riviere import outbox
from riviere.outbox import LARGEST_DATA, Event
from world import World


def told(world: World) -> list[Event]:
    with world.connection.transaction():
        return outbox.take(world.connection, 1_000)


def put(world: World, subject: str, number: int, **passed: int) -> None:
    with world.connection.transaction():
        outbox.put(world.connection, "user.level", subject, {"n": number}, world.now + timedelta(**passed))


def test_an_event_is_there_once_and_gone_once_taken(world: World) -> None:
    class Fact(msgspec.Struct):
        id: UUID
        amount: int

    with world.connection.transaction():
        outbox.put(world.connection, "redemption.paid", "redemption/1", Fact(UUID(int=1), 2**60), world.now)
    (event,) = told(world)
    assert event.data == f'{{"id":"{UUID(int=1)}","amount":{2**60}}}'
    assert (event.kind, event.subject, event.at) == ("redemption.paid", "redemption/1", world.now)
    assert event.id.startswith("evt_")
    assert told(world) == []


def test_nothing_is_told_of_what_was_undone(world: World) -> None:
    with world.connection.transaction(force_rollback=True):
        outbox.put(world.connection, "user.level", "user/ben", {"n": 1}, world.now)
    assert told(world) == []


def test_numbers_grow_though_the_clock_goes_back_and_counters_are_dropped(world: World) -> None:
    for number, hours in enumerate((0, -5, -9, 3, 3, 1)):
        put(world, "user/ben", number, hours=hours)
    found = told(world)
    assert [event.data for event in found] == [f'{{"n":{number}}}' for number in range(6)]
    assert [event.number for event in found] == sorted({event.number for event in found})
    outbox.forget_subjects(world.connection, world.now + timedelta(days=1))
    put(world, "user/ben", 6, days=1)
    assert told(world)[0].number > found[-1].number


def test_a_subject_waits_for_the_transaction_before_it(world: World) -> None:
    """What commits second has the higher number, whichever began first."""
    done = []

    def second() -> None:
        with world.database.connect() as other:
            outbox.put(other, "user.level", "user/ben", {"n": 2}, world.now - timedelta(hours=1))
            done.append("second")

    thread = threading.Thread(target=second)
    with world.connection.transaction():
        outbox.put(world.connection, "user.level", "user/ben", {"n": 1}, world.now)
        thread.start()
        time.sleep(0.3)
        done.append("first")
    thread.join()
    assert done == ["first", "second"]
    assert [event.data for event in told(world)] == ['{"n":1}', '{"n":2}']


def test_a_part_of_the_outbox_is_the_first_of_each_subject(world: World) -> None:
    for number in range(9):
        put(world, f"user/{number % 3}", number, seconds=-number)
    seen: dict[str, int] = {}
    for _ in range(5):
        with world.connection.transaction():
            for event in outbox.take(world.connection, 2):
                assert seen.get(event.subject, 0) < event.number
                seen[event.subject] = event.number
    assert len(seen) == 3
    assert told(world) == []


def test_what_is_too_large_or_badly_named_is_refused(world: World) -> None:
    for kind, subject, data in (
        ("user.level", "user/ben", {"x": "y" * LARGEST_DATA}),
        ("User Level", "user/ben", {}),
        ("level", "user/ben", {}),
        ("user.level", "", {}),
    ):
        with pytest.raises(psycopg.errors.CheckViolation), world.connection.transaction():
            outbox.put(world.connection, kind, subject, data, world.now)
    put(world, "user/" + "\u6c34" * 490, 1)
