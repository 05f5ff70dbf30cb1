"""What happened is told in the order of commits, each thing once, whoever wrote it and however late they committed."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from late import held_before_its_commit, wait_until_locked_out
from watcher import events, sent

from riviere.economy import people
from riviere.live import reading
from riviere.live.combos import QUIET, finish
from riviere.live.position import Position
from riviere.live.reading import Read
from world import World

START = Position(0, 0)


def told(world: World, creator: str, after: Position = START) -> Read:
    """All that happened to a creator since."""
    user = world.id(creator)
    return reading.since(world.connection, {user: after}).get(user, Read(after, [], False))


def test_gifts_are_told_in_the_order_of_the_creators_account(world: World) -> None:
    world.creator("aurora")
    world.viewer("mira")
    world.buy("mira", 500)
    world.give("mira", "aurora", "comet")
    world.post("aurora", "welcome")
    world.give("mira", "aurora", "rose", 3, post="welcome")
    told_of = events(told(world, "aurora"))
    assert sent(told_of) == ["stream.started live", "gift mira 1 comet", "gift mira 3 rose"]
    comet, rose = told_of[1:]
    assert (comet["name"], comet["coins"], comet["diamonds"], comet["stream"]) == ("Comet", 299, "299", "live")
    assert (rose["post"], rose["stream"]) == ("welcome", None)


def test_a_gift_out_of_both_wallets_is_one_gift(world: World) -> None:
    world.creator("aurora")
    world.viewer("mira")
    world.buy("mira", 25, bonus=10)
    world.give("mira", "aurora", "ring")
    (gift,) = [event for event in events(told(world, "aurora")) if event["type"] == "gift"]
    assert (gift["count"], gift["coins"], gift["diamonds"]) == (1, 30, "30")


def test_a_cut_reading_never_splits_a_gift(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.creator("aurora")
    for name in ("mira", "kim", "jo"):
        world.viewer(name)
        world.buy(name, 25, bonus=10)
        world.give(name, "aurora", "ring")
    monkeypatch.setattr(reading, "MOST", 3)
    after, coins, parts = START, [], 0
    while (read := told(world, "aurora", after)).happened:
        coins += [event["coins"] for event in events(read) if event["type"] == "gift"]
        after, parts = read.position, parts + 1
    assert coins == [30, 30, 30]
    assert parts > 1


def test_each_step_of_a_combo_is_told_and_its_end_once(world: World) -> None:
    world.creator("aurora")
    world.viewer("mira")
    world.buy("mira", 100)
    key = world.key()
    for upto in (2, 5):
        world.give("mira", "aurora", "rose", upto, combo=True, key=key)
    assert finish(world.connection, world.now) == 0
    world.later(seconds=QUIET.seconds + 1)
    assert (finish(world.connection, world.now), finish(world.connection, world.later(seconds=1))) == (1, 0)
    happened = events(told(world, "aurora"))[1:]
    assert sent(happened) == ["combo.grew mira 2 rose", "combo.grew mira 5 rose", "combo.finished mira 5 rose"]
    assert [event["coins"] for event in happened] == [2, 3, 5]


def test_a_combo_that_goes_on_ends_again_and_one_that_was_undone_never_does(world: World) -> None:
    world.creator("aurora")
    world.viewer("mira")
    world.buy("mira", 100)
    world.give("mira", "aurora", "rose", 2, combo=True, key="on")
    world.give("mira", "aurora", "ring", 1, combo=True, key="undone")
    world.reverse("mira", "undone")
    seen = finish(world.connection, world.later(seconds=QUIET.seconds + 1))
    # Its clock is the database's own: the step is booked before the end that was found by a clock ahead of it.
    world.give("mira", "aurora", "rose", 9, combo=True, key="on")
    seen_again = finish(world.connection, world.later(seconds=QUIET.seconds + 1))
    assert (seen, seen_again) == (1, 1)
    ends = [event for event in events(told(world, "aurora")) if event["type"] == "combo.finished"]
    assert [(end["gift"], end["count"]) for end in ends] == [("rose", 2), ("rose", 9)]


def test_two_servers_that_look_at_once_notice_a_combo_once(world: World) -> None:
    world.creator("aurora")
    world.viewer("mira")
    world.buy("mira", 100)
    world.give("mira", "aurora", "rose", 2, combo=True)
    world.later(seconds=QUIET.seconds + 1)
    with world.database.connect(autocommit=True) as other, other.transaction():
        assert finish(other, world.now) == 1
        assert finish(world.connection, world.now) == 0
    assert finish(world.connection, world.now) == 0
    assert sent(events(told(world, "aurora")))[-1] == "combo.finished mira 2 rose"


def test_a_stream_begins_and_ends_once_and_a_recorded_one_is_past(world: World) -> None:
    world.creator("aurora")
    world.stream("aurora", "live")
    world.end("aurora")
    world.end("aurora")
    assert sent(events(told(world, "aurora"))) == ["stream.started live", "stream.ended live"]


def test_who_was_forgotten_is_named_by_nothing_that_is_told(world: World) -> None:
    world.creator("aurora")
    world.viewer("mira")
    world.buy("mira", 100)
    world.give("mira", "aurora", "rose", 2, combo=True)
    finish(world.connection, world.later(seconds=QUIET.seconds + 1))
    people.forget(world.connection, "mira")
    grew, over = events(told(world, "aurora"))[1:]
    assert grew["sender"] == over["sender"]
    assert grew["sender"].startswith("u_")


def test_no_late_commit_is_passed_by(world: World) -> None:
    for name in ("aurora", "zoe"):
        world.creator(name)
        world.viewer(f"fan of {name}")
        world.buy(f"fan of {name}", 100)
    aurora, zoe = world.id("aurora"), world.id("zoe")
    with (
        held_before_its_commit(world, world.asked("fan of aurora", "aurora")) as (late, commit),
        ThreadPoolExecutor(2) as apart,
    ):
        after = {creator: reading.position(world.connection, creator) for creator in (aurora, zoe)}
        first = apart.submit(late, world.asked("fan of aurora", "aurora", count=5))
        wait_until_locked_out(world, 1)
        # Another creator's gift is booked later and committed first, and so is told first.
        world.give("fan of zoe", "zoe", "rose", 7)
        read = reading.since(world.connection, after)
        assert sent(events(read[zoe])) == ["gift fan of zoe 7 rose"]
        assert aurora not in read
        # One for the same creator has to wait for the account: it cannot overtake.
        second = apart.submit(world.give, "fan of zoe", "aurora", "rose", 9)
        wait_until_locked_out(world, 2)
        assert aurora not in reading.since(world.connection, after)
        commit()
        assert first.result().owner != second.result().owner
    read = reading.since(world.connection, after)
    assert sent(events(read[aurora])) == ["gift fan of aurora 5 rose", "gift fan of zoe 9 rose"]
    assert read[aurora].position.entry == after[aurora].entry + 2
