"""Goals: so many diamonds, or so many pieces of one gift, that a creator asks for in a stream or across everything.

A goal counts what is booked after it was opened; a gift that is undone counts back. Nothing is written when a gift is
booked: `count` reads the creator's entries behind each goal's marks, by their numbers, and moves sum and marks in one
transaction. Connections are in autocommit; a function that writes opens its own transaction.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from psycopg.rows import class_row

from riviere import ids, notices
from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.economy import checks, people, places
from riviere.economy.catalogue import UnknownGift
from riviere.ledger.refusals import KeyReused
from riviere.live.goals.model import (
    LONGEST_TITLE,
    MOST_OPEN,
    Goal,
    GoalStreamOver,
    TooManyGoals,
    UnknownGoal,
    told,
)

SQL = load("riviere.live.goals")

#: A goal is counted, and told of, once in this time at the most, however many servers look.
APART: Final = timedelta(seconds=1)

#: How long after the end of a stream a gift may still be on its way to it; then its goals are closed.
LATE: Final = timedelta(seconds=15)

#: What names a goal: its creator's user id, and its own.
Key = tuple[int, UUID]


class Wanted(msgspec.Struct, frozen=True):
    """A goal as somebody asks for it. `target` is thousandths of diamonds, or pieces where `gift` names one."""

    title: str
    target: int
    gift: str | None = None
    stream: str | None = None


def open_goal(connection: Connection, creator: str, wanted: Wanted, key: str, now: datetime) -> Goal:
    """Opens a goal at 0; under a key that was used before, the goal of then as it stands.

    Raises UnknownUser, UnknownPlace, GoalStreamOver, UnknownGift, BadText, BadNumber, TooManyGoals, BadKey, and
    KeyReused where the key opened another goal.
    """
    checks.text(wanted.title, "A goal's title", LONGEST_TITLE)
    checks.whole(wanted.target, "A goal's target", most=2**63 - 1)
    user = people.find(connection, creator).id
    place = None if wanted.stream is None else places.find(connection, user, places.STREAM, wanted.stream)
    goal = user, ids.client_id(key)
    with connection.transaction():
        connection.execute(SQL["lock_creator"], {"creator": user})
        known = _read(connection, [goal])
        if known:
            return _same(known[0], wanted, place)
        if place is not None and place.ended_at is not None:
            raise GoalStreamOver(stream=wanted.stream, ended_at=place.ended_at.isoformat())
        (open_now,) = connection.execute(SQL["count_open"], {"creator": user}).fetchone() or (0,)
        if open_now >= MOST_OPEN:
            raise TooManyGoals(most=MOST_OPEN)
        row: dict[str, Any] = {"place": place and place.id, "gift": _gift(connection, wanted.gift)}
        row |= {"title": wanted.title, "target": wanted.target, "now": now}
        connection.execute(SQL["add_goal"], row | {"creator": user, "id": goal[1]})
        opened = _read(connection, [goal])[0]
        notices.put(connection, user, opened.place, notices.GOAL_OPENED, told(opened), now)
    return opened


def close_goal(connection: Connection, creator: str, goal: UUID, now: datetime) -> Goal:
    """Closes a goal with what it has come to by now; one that is closed stays as it is.

    Raises UnknownUser or UnknownGoal.
    """
    key = people.find(connection, creator).id, goal
    with connection.transaction():
        connection.execute(SQL["lock_goal"], {"creator": key[0], "id": goal})
        found = _only(connection, key)
        if found.closed_at is None:
            _count(connection, [key], now, closing=True)
        return _only(connection, key)


def get(connection: Connection, creator: str, goal: UUID) -> Goal:
    """A goal as it was last counted. Raises UnknownUser or UnknownGoal."""
    return _only(connection, (people.find(connection, creator).id, goal))


def listed(
    connection: Connection, creator: str, after: tuple[datetime, UUID] | None, limit: int, *, only_open: bool
) -> list[Goal]:
    """A creator's goals, the latest first, behind the one opened at that time with that id. Raises UnknownUser."""
    at, goal = after or (None, None)
    asked = {"creator": people.find(connection, creator).id, "at": at, "id": goal, "most": limit}
    with connection.cursor(row_factory=class_row(Goal)) as cursor:
        return cursor.execute(SQL["page_goals"], asked | {"only_open": only_open}).fetchall()


def count(connection: Connection, now: datetime) -> int:
    """Brings open goals up to date and tells of those that moved; how many did. Any server may do this at any time."""
    before, ended = now - APART, now - LATE
    found = connection.execute(SQL["find_goals_to_count"], {"before": before, "ended": ended}).fetchall()
    if not found:
        return 0
    with connection.transaction():
        locked = connection.execute(SQL["lock_goals"], _columns(found) | {"before": before}).fetchall()
        return _count(connection, locked, now)


def _count(connection: Connection, keys: Sequence[Key], now: datetime, *, closing: bool = False) -> int:
    """Counts goals that are locked; how many were told of. A statement of its own sees what the lock waited for."""
    goals = {(goal.creator, goal.id): goal for goal in _read(connection, keys)}
    rows = connection.execute(SQL["count_goals"], _columns(keys) | {"ended": now - LATE}).fetchall()
    moved = 0
    for creator, goal, given, undone, is_over, more in rows:
        before = goals[creator, goal]
        after = before.counted(more, now)
        if closing or is_over:
            after = msgspec.structs.replace(after, closed_at=now)
        row: dict[str, Any] = {name: getattr(after, name) for name in ("creator", "id", "progress", "reached_at")}
        row |= {"closed_at": after.closed_at, "given": given, "undone": undone, "now": now}
        connection.execute(SQL["save_goal"], row)
        for kind in _kinds(before, after):
            notices.put(connection, creator, after.place, kind, told(after), now)
        moved += after != before
    return moved


def _kinds(before: Goal, after: Goal) -> list[str]:
    """What there is to tell: the first time that it is reached stands for the progress that did it."""
    kinds = []
    if before.reached_at != after.reached_at:
        kinds.append(notices.GOAL_REACHED)
    elif before.progress != after.progress:
        kinds.append(notices.GOAL_PROGRESS)
    if before.closed_at != after.closed_at:
        kinds.append(notices.GOAL_CLOSED)
    return kinds


def _gift(connection: Connection, code: str | None) -> int | None:
    if code is None:
        return None
    row = connection.execute(SQL["read_gift"], {"code": code}).fetchone()
    if row is None:
        raise UnknownGift(gift=code)
    found: int = row[0]
    return found


def _same(goal: Goal, wanted: Wanted, place: places.Place | None) -> Goal:
    """The goal that a key opened, if it is the one that is asked for."""
    asked = wanted.title, wanted.target, wanted.gift, place and place.id
    if (goal.title, goal.target, goal.gift, goal.place) != asked:
        raise KeyReused
    return goal


def _only(connection: Connection, key: Key) -> Goal:
    found = _read(connection, [key])
    if not found:
        raise UnknownGoal(goal=key[1])
    return found[0]


def _read(connection: Connection, keys: Sequence[Key]) -> list[Goal]:
    with connection.cursor(row_factory=class_row(Goal)) as cursor:
        return cursor.execute(SQL["read_goals"], _columns(keys)).fetchall()


def _columns(keys: Sequence[Key]) -> dict[str, list[Any]]:
    return {"creators": [creator for creator, _ in keys], "ids": [goal for _, goal in keys]}
