"""Streams and posts are opened, end, and come in with recordings."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from riviere.economy import places
from riviere.economy.checks import BadText
from riviere.economy.places import BadKind, Place, UnknownPlace, place_seal
from world import World


def seals_hold(world: World) -> bool:
    columns = "id, creator, kind, external_id, opened_at, ended_at, imported, seal"
    rows = world.connection.execute(f"SELECT {columns} FROM place").fetchall()
    return bool(rows) and all(place_seal(world.signer, Place(*row)) == seal for *row, seal in rows)


def test_a_stream_opens_once(world: World) -> None:
    jo = world.viewer("jo")
    opened = world.stream("jo", "friday")
    assert opened == Place(opened.id, jo.id, "stream", "friday", world.now, None, False)
    world.later(minutes=5)
    assert world.stream("jo", "friday") == opened
    assert seals_hold(world)


def test_a_name_is_the_creators_own_and_one_of_each_kind(world: World) -> None:
    world.viewer("jo")
    world.viewer("kim")
    made = {world.stream("jo", "one").id, world.post("jo", "one").id, world.stream("kim", "one").id}
    assert len(made) == 3


def test_a_stream_ends_once_and_stays_ended(world: World) -> None:
    world.creator("jo")
    ended_at = world.later(hours=2)
    ended = world.end("jo")
    assert ended.ended_at == ended_at
    world.later(hours=1)
    assert world.end("jo") == world.stream("jo", "live") == ended
    assert seals_hold(world)


def test_a_stream_never_ends_before_it_began(world: World) -> None:
    opened = world.creator("jo")
    ended = places.end_stream(world.connection, world.signer, opened.id, "live", world.now - timedelta(hours=1))
    assert ended.ended_at == ended.opened_at


def test_only_streams_end(world: World) -> None:
    jo = world.viewer("jo")
    world.post("jo", "clip")
    for name in ("clip", "nothing"):
        with pytest.raises(UnknownPlace, match=f"no stream '{name}'"):
            places.end_stream(world.connection, world.signer, jo.id, name, world.now)


def test_bad_places_are_refused(world: World) -> None:
    jo = world.viewer("jo")
    for kind, name, error in (("story", "a", BadKind), ("stream", "", BadText), ("post", "a\nb", BadText)):
        with pytest.raises(error):
            places.open_place(world.connection, world.signer, jo.id, kind, name, world.now)
    with pytest.raises(UnknownPlace):
        places.find(world.connection, jo.id, "stream", "a")


def test_a_recording_opens_a_place_when_it_first_saw_it(world: World) -> None:
    jo = world.viewer("jo").id
    live = world.stream("jo", "live").id
    seen = [world.now - timedelta(minutes=minutes) for minutes in (5, 9, 7)]
    wanted = [(jo, "stream", "old", at) for at in seen] + [(jo, "stream", "live", seen[0])]
    found = places.ensure(world.connection, world.signer, wanted)
    old = places.find(world.connection, jo, "stream", "old")
    assert found == {(jo, "stream", "old"): old.id, (jo, "stream", "live"): live}
    assert (old.opened_at, old.imported) == (seen[1], True)
    assert places.ensure(world.connection, world.signer, wanted) == found
    assert seals_hold(world)


def test_a_recorded_stream_ends_with_its_last_gift_and_a_longer_recording_moves_the_end(world: World) -> None:
    jo = world.viewer("jo").id
    start = world.now - timedelta(hours=3)
    wanted = [(jo, "stream", "old", start), (jo, "post", "clip", start)]
    old, clip = places.ensure(world.connection, world.signer, wanted).values()
    live = world.stream("jo", "live").id

    def close(hours: int) -> Place:
        last = {(jo, place): start + timedelta(hours=hours) for place in (old, clip, live)}
        places.close_imported(world.connection, world.signer, last)
        return places.find(world.connection, jo, "stream", "old")

    assert close(2).ended_at == start + timedelta(hours=2)
    assert close(1).ended_at == start + timedelta(hours=2)
    assert close(3).ended_at == start + timedelta(hours=3)
    assert places.find(world.connection, jo, "stream", "live").ended_at is None
    assert places.find(world.connection, jo, "post", "clip").ended_at is None
    assert seals_hold(world)
    places.close_imported(world.connection, world.signer, {})


def test_two_recordings_of_the_same_places_at_once_agree(world: World) -> None:
    creators = [world.viewer(f"creator {number}").id for number in range(8)]
    wanted = [(creator, "stream", f"s{number}", world.now) for creator in creators for number in range(20)]

    def run(step: int) -> dict[places.Key, int]:
        with world.database.connect(autocommit=True) as connection:
            found = places.ensure(connection, world.signer, wanted[::step])
            last = {(creator, place): world.now for (creator, _, _), place in list(found.items())[::step]}
            places.close_imported(connection, world.signer, last)
            return found

    with ThreadPoolExecutor(4) as pool:
        first, *others = pool.map(run, [1, -1, 1, -1])
    assert all(other == first for other in others)
    assert len(first) == len(wanted)
    assert seals_hold(world)
