"""`riviere verify` notices whatever somebody does to supporters, goals and contests behind Riviere's back.

That it finds nothing where nobody did anything is said at the end of every scenario of a world, whatever happened.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from psycopg import errors, sql

from riviere.database.connection import Connection
from riviere.ids import shown
from riviere.ledger.verify import Check
from riviere.live import contests, goals, supporters
from riviere.live.contests.checking import check_contests
from riviere.live.contests.model import Contest
from riviere.live.goals.checking import check_goals
from riviere.live.goals.model import Goal
from riviere.live.supporters.checking import check_supporters
from world import World

CREATORS, VIEWERS = ("aurora", "zoe"), ("mira", "kim")


@pytest.fixture
def evening(world: World) -> World:
    """Two creators with goals of every kind, a contest that is over, one that runs and one that is only asked for.

    Of each there is something that was undone, and something that was not counted yet.
    """
    for name in CREATORS:
        world.creator(name)
        world.post(name, "clip")
    for name in VIEWERS:
        world.viewer(name)
        world.buy(name, 2_000, bonus=10)
    contest = run(world)
    for name in CREATORS:
        wish(world, name, target=40_000)
        wish(world, name, target=9, gift="rose", stream="live")
        world.give("kim", name, "rose")
        world.give("mira", name, "rose", 3, key=f"undone {name}")
        world.give("mira", name, "ring", 5)
        world.give("kim", name, "ring")
        world.give("kim", name, "rose", 2, post="clip")
    count(world)
    for name in CREATORS:
        world.reverse("mira", f"undone {name}")
    count(world)
    closed = wish(world, "aurora", target=1_000)
    world.give("mira", "aurora")
    goals.close_goal(world.connection, "aurora", closed.id, world.now)
    over(world, contest)
    run(world)
    for name in CREATORS:
        world.give("mira", name, "rose", key=f"later {name}")
    count(world)
    ask(world)
    for name in CREATORS:
        world.give("kim", name, "rose")
        world.reverse("mira", f"later {name}")
    return world


@pytest.fixture
def owner(evening: World) -> Iterator[Connection]:
    """The owner of the tables, past their checks. Tests alter them in transactions that are undone."""
    with evening.database.connect_owner(autocommit=True) as connection, connection.transaction(force_rollback=True):
        for table in TABLES:
            for (name,) in connection.execute(
                "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'", (table,)
            ).fetchall():
                drop = sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}")
                connection.execute(drop.format(sql.Identifier(table), sql.Identifier(name)))
        yield connection


def wish(world: World, creator: str, target: int, **how: Any) -> Goal:
    return goals.open_goal(world.connection, creator, goals.Wanted("Mic", target, **how), world.key(), world.now)


def ask(world: World) -> Contest:
    at = world.now + timedelta(minutes=10)
    wanted = contests.Wanted("zoe", "Choirs", at, at + timedelta(minutes=10))
    return contests.invite(world.connection, "aurora", wanted, world.key(), world.now)


def run(world: World) -> Contest:
    """A contest that began just now, by the clock that entries are booked by."""
    contest = ask(world)
    contests.answer(world.connection, "zoe", contest.id, world.now, accept=True)
    move(world, contest, "starts_at = clock_timestamp(), ends_at = clock_timestamp() + interval '1 minute'")
    contests.count(world.connection, world.now)
    return contest


def over(world: World, contest: Contest) -> None:
    move(world, contest, "ends_at = clock_timestamp()")
    contests.count(world.connection, world.later(seconds=1))
    assert contests.get(world.connection, "aurora", contest.id).state == "over"


def move(world: World, contest: Contest, times: str) -> None:
    with world.database.connect_owner(autocommit=True) as connection:
        connection.execute(f"UPDATE contest SET {times} WHERE id = %s".encode(), (contest.id,))


def count(world: World) -> None:
    """The next beat."""
    now = world.later(seconds=1)
    for room in (goals, supporters, contests):
        room.count(world.connection, now)


TABLES: dict[str, Callable[[Connection], Check]] = {
    "support": check_supporters,
    "support_mark": check_supporters,
    "goal": check_goals,
    "contest": check_contests,
    "contest_side": check_contests,
}

#: Which rows are altered column by column; elsewhere there is not always something to see.
ROWS = {
    "contest": "state = 'over'",
    "contest_side": "contest = (SELECT id FROM contest WHERE state = 'running')",
}

ASKED = "what its creator asked for, or when: nothing of it follows from the journal"
#: What may change without a check minding, each with its reason.
EXCEPTIONS = {
    "support_mark.counted_at": "an hour more keeps the same hours here; days more do not, see below",
    **dict.fromkeys(("goal.id", "goal.title", "goal.target", "goal.opened_at"), ASKED),
    **dict.fromkeys(("contest.title", "contest.invited_at"), ASKED),
    **dict.fromkeys(("goal.reached_at", "goal.closed_at"), "when it was counted, by the server's clock"),
    **dict.fromkeys(("goal.counted_at", "contest.counted_at"), "it says only when it is counted next"),
}

ALTERED = {
    "bigint": "{column} + {by}",
    "integer": "{column} + {by}",
    "smallint": "{column} + {by}",
    "uuid": "md5({column}::text)::uuid",
    "text": "{column} || 'x'",
    "timestamp with time zone": "{column} + interval '1 hour'",
}


def columns(owner: Connection, table: str) -> dict[str, str]:
    query = "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
    return dict(owner.execute(query, (table,)).fetchall())


def alter(owner: Connection, table: str, column: str, form: str, row: str) -> None:
    """Moves a field to a neighbouring value, or to a far one where a neighbour has it."""
    for by in (1, 7_777):
        value = ALTERED[form].format(column=column, by=by)
        try:
            with owner.transaction():
                owner.execute(f"UPDATE {table} SET {column} = {value} WHERE ctid = '{row}'".encode())
                return
        except errors.UniqueViolation:
            continue
    raise AssertionError


def test_nobody_did_anything(evening: World) -> None:
    for table, check in TABLES.items():
        found = check(evening.connection)
        assert found.ok, found.detail
        assert found.rows > 0, table


@pytest.mark.parametrize("table", TABLES)
def test_an_altered_field_is_found(owner: Connection, table: str) -> None:
    forms = columns(owner, table)
    assert {name.split(".")[1] for name in EXCEPTIONS if name.startswith(f"{table}.")} <= {*forms}
    for column in [name for name in forms if f"{table}.{name}" not in EXCEPTIONS]:
        where = f"{column} IS NOT NULL AND {ROWS.get(table, 'true')}"
        rows = owner.execute(f"SELECT ctid::text FROM {table} WHERE {where}".encode()).fetchall()
        assert rows, column
        for (row,) in rows:
            with owner.transaction(force_rollback=True):
                alter(owner, table, column, forms[column], row)
                found = TABLES[table](owner)
                assert not found.ok, (column, row)
                assert "could not" not in found.detail


CHANGES = [
    (
        "support",
        "DELETE FROM support WHERE creator = {aurora} AND supporter = {mira}",
        "what {mira} gave {aurora} in stream",
    ),
    ("support", "DELETE FROM support WHERE axis = 1", "in hour"),
    (
        "support",
        "INSERT INTO support SELECT {zoe}, 0, 999, {kim}, 0, 0, 0",
        "what {kim} gave {zoe} in stream 999 is not what the journal says",
    ),
    (
        "support",
        "UPDATE support SET supporter = 0 WHERE supporter = {kim} AND creator = {aurora}",
        "what nobody by name gave {aurora}",
    ),
    ("support", "UPDATE support SET axis = 2 WHERE axis = 1", "is not what the journal says"),
    ("support", "DELETE FROM support_mark", "is not what the journal says"),
    ("support", "UPDATE support_mark SET given = given - 1", "is not what the journal says"),
    (
        "support",
        "UPDATE support_mark SET given = given + 2 WHERE creator = {aurora}",
        "support of {aurora} is counted up to gift",
    ),
    ("support", "UPDATE support_mark SET undone = undone + 2 WHERE creator = {zoe}", "support of {zoe} is counted up"),
    ("support", "UPDATE support_mark SET counted_at = counted_at + interval '3 days'", "in hour"),
    ("goal", "UPDATE goal SET progress = progress + 1 WHERE closed_at IS NOT NULL", "of {aurora} has come to 1001"),
    ("goal", "UPDATE goal SET given = given + 9 WHERE creator = {zoe}", "of {zoe} is counted up to gift"),
    ("goal", "UPDATE goal SET undone = undone - 1 WHERE closed_at IS NULL", "the journal says"),
    ("goal", "UPDATE goal SET since = given + 1", "begins behind gift"),
    ("goal", "UPDATE goal SET place = 999 WHERE place IS NOT NULL", "is for place 999"),
    ("goal", "UPDATE goal SET gift = NULL WHERE gift IS NOT NULL", "thousandths, the journal says"),
    ("goal", "UPDATE goal SET reached_at = NULL", "says that it was never reached"),
    ("goal", "UPDATE goal SET target = 10 * target WHERE reached_at IS NOT NULL", "says that it was reached, of"),
    ("contest", "UPDATE contest_side SET score = score + 1 WHERE given > 0", "thousandths, the journal says"),
    ("contest", "UPDATE contest_side SET given = given - 4 WHERE given > 0", "has a score of"),
    ("contest", "UPDATE contest_side SET given = given + 99", "up to gift"),
    ("contest", "UPDATE contest_side SET score = 5 WHERE given = 0", "is invited and has a score of 5"),
    ("contest", "UPDATE contest_side SET seat = 2 WHERE seat = 1", "has not one side that invited"),
    ("contest", "DELETE FROM contest_side WHERE seat = 1", "has not one side that invited"),
    ("contest", "DELETE FROM contest", "is not there, its sides are"),
    ("contest", "UPDATE contest SET state = 'over' WHERE state = 'running'", "is over and ends at"),
    (
        "contest",
        "UPDATE contest SET state = 'over', ends_at = clock_timestamp() WHERE state = 'running'",
        "is over and has not counted all that was booked before its end",
    ),
    ("contest", "UPDATE contest SET state = 'lapsed' WHERE state = 'over'", "is lapsed and has a score of"),
    ("contest", "UPDATE contest SET ends_at = starts_at + interval '1 us' WHERE state = 'over'", "the journal says 0"),
]


@pytest.mark.parametrize(("table", "statement", "said"), CHANGES)
def test_what_somebody_changed_is_named(
    evening: World, owner: Connection, table: str, statement: str, said: str
) -> None:
    users = {name: evening.id(name) for name in (*CREATORS, *VIEWERS)}
    assert owner.execute(statement.format(**users).encode()).rowcount > 0
    found = TABLES[table](owner)
    assert not found.ok
    assert said.format(**{name: shown("u", user) for name, user in users.items()}) in found.detail
