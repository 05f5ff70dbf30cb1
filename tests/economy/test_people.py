"""People come, are promoted, come again through an import, and are forgotten."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from riviere.economy import people
from riviere.economy.checks import BadNumber, BadRegion, BadText
from riviere.economy.people import UnknownUser, User, UserExists, person_seal, user_seal
from riviere.ids import shown
from riviere.ledger.evidence import Signer
from world import World


def seals_hold(world: World) -> bool:
    users = world.connection.execute("SELECT id, created_at, level, region, seal FROM users").fetchall()
    persons = world.connection.execute("SELECT external_id, user_id, seal FROM person").fetchall()
    return all(user_seal(world.signer, *row) == seal for *row, seal in users) and all(
        person_seal(world.signer, *row) == seal for *row, seal in persons
    )


def counted(world: World, table: str) -> int:
    row = world.connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert row is not None
    return int(row[0])


def test_a_new_user_is_found_by_the_platforms_own_id(world: World) -> None:
    registered = world.viewer("mia@example", level=7, region="NO")
    assert registered == User(registered.id, 7, "NO", "mia@example")
    assert people.find(world.connection, "mia@example") == registered
    assert seals_hold(world)


def test_nobody_is_registered_twice(world: World) -> None:
    mia = world.viewer("mia", level=3)
    with pytest.raises(UserExists, match="'mia'"):
        world.viewer("mia", level=9)
    assert people.find(world.connection, "mia") == mia
    assert counted(world, "users") == 1


def test_bad_facts_about_a_person_are_refused(world: World) -> None:
    bad: list[tuple[type[Exception], dict[str, Any]]] = [
        (BadText, {"name": ""}),
        (BadText, {"name": " "}),
        (BadText, {"name": "x" * 201}),
        (BadText, {"name": "a\x00b"}),
        (BadText, {"name": "\ud800"}),
        (BadText, {"name": 12}),
        (BadNumber, {"level": -1}),
        (BadNumber, {"level": 1001}),
        (BadNumber, {"level": 2.5}),
        (BadRegion, {"region": "no"}),
        (BadRegion, {"region": "NOR"}),
        (BadRegion, {"region": None}),
    ]
    for error, how in bad:
        with pytest.raises(error):
            world.viewer(**{"name": "mia"} | how)
    assert counted(world, "users") == counted(world, "person") == 0


def test_who_was_never_registered_is_unknown(world: World) -> None:
    for name in ("nobody", "", "a\x00b", "x" * 201):
        with pytest.raises(UnknownUser):
            people.find(world.connection, name)


def test_a_level_rises_and_the_region_stays(world: World) -> None:
    mia = world.viewer("mia", level=1, region="DE")
    assert people.set_standing(world.connection, world.signer, "mia", level=2, now=world.now).level == 2
    assert people.find(world.connection, "mia") == User(mia.id, 2, "DE", "mia")
    people.set_standing(world.connection, world.signer, "mia", region="", now=world.now)
    assert people.find(world.connection, "mia") == User(mia.id, 2, "", "mia")
    assert seals_hold(world)


def test_a_bad_standing_changes_nothing(world: World) -> None:
    mia = world.viewer("mia", level=1, region="DE")
    with pytest.raises(BadNumber):
        people.set_standing(world.connection, world.signer, "mia", level=5000, region="FR", now=world.now)
    with pytest.raises(UnknownUser):
        people.set_standing(world.connection, world.signer, "ben", level=1, now=world.now)
    assert people.find(world.connection, "mia") == mia


def test_a_seal_shows_who_changed_a_row_without_the_key(world: World) -> None:
    world.viewer("mia")
    assert seals_hold(world)
    with world.database.connect_owner() as owner:
        owner.execute("UPDATE users SET level = 50")
    assert not seals_hold(world)
    people.set_standing(world.connection, world.signer, "mia", level=0, now=world.now)
    assert seals_hold(world)


def test_a_seal_needs_this_installations_key(world: World) -> None:
    assert person_seal(Signer(bytes(32)), "mia", 1) != person_seal(world.signer, "mia", 1)


def test_a_forgotten_person_leaves_rows_that_name_nobody(world: World) -> None:
    mia = world.viewer("mia")
    people.forget(world.connection, "mia")
    with pytest.raises(UnknownUser):
        people.find(world.connection, "mia")
    with pytest.raises(UnknownUser):
        people.forget(world.connection, "mia")
    assert people.names(world.connection, [mia.id]) == {mia.id: shown("u", mia.id)}
    assert world.viewer("mia").id != mia.id


def test_an_import_makes_users_of_whom_it_names_and_keeps_those_it_finds(world: World) -> None:
    mia = world.viewer("mia", level=3)
    first = people.ensure(world.connection, world.signer, ["ben", "mia", "ben", "Ünal"], world.now)
    assert set(first) == {"ben", "mia", "Ünal"}
    assert first["mia"] == mia.id
    assert people.ensure(world.connection, world.signer, ["Ünal", "ben"], world.now) == {
        name: first[name] for name in ("ben", "Ünal")
    }
    assert people.find(world.connection, "mia").level == 3
    assert counted(world, "users") == 3
    assert people.ensure(world.connection, world.signer, [], world.now) == {}
    assert seals_hold(world)


def test_two_imports_of_the_same_people_at_once_agree_on_who_they_are(world: World) -> None:
    names = [f"viewer {number}" for number in range(400)]

    def ensure(order: int) -> dict[str, int]:
        with world.database.connect(autocommit=True) as connection:
            return people.ensure(connection, world.signer, names[::order], world.now)

    with ThreadPoolExecutor(4) as pool:
        first, *others = pool.map(ensure, [1, -1, 1, -1])
    assert all(other == first for other in others)
    assert counted(world, "users") == counted(world, "person") == len(names)
