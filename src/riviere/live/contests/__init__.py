"""Contests: a timed match between two creators. A score is the diamonds booked from its start on and before its end.

Who is invited answers before the start, else the invitation lapses. `count` does the rest, each second, in any server:
it begins contests, adds to their scores what lies behind the marks of both sides, and decides. That is when nobody can
book anything before the end any more: an entry gets its time while its account is held, so whoever holds one is waited
for. Connections are in autocommit; a function that writes opens its own transaction.
"""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from psycopg.rows import class_row

from riviere import ids, notices
from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.economy import checks, people
from riviere.ledger.law import Kind
from riviere.ledger.refusals import KeyReused
from riviere.ledger.statement import past, settled
from riviere.live.contests import model
from riviere.live.contests.model import Contest, UnknownContest

SQL = load("riviere.live.contests")

#: A running contest is counted, and told of, once in this time at the most, however many servers look.
APART: Final = timedelta(seconds=1)

_ACCOUNTS: Final = (Kind.DIAMONDS, Kind.OWED)
_EVERY: Final = (*model.PUBLIC, model.INVITED, model.DECLINED, model.CANCELLED, model.LAPSED)


class Wanted(msgspec.Struct, frozen=True):
    """A contest as somebody asks for it; `rival` is the external id of who is invited. Times in UTC."""

    rival: str
    title: str
    starts_at: datetime
    ends_at: datetime


def invite(connection: Connection, creator: str, wanted: Wanted, key: str, now: datetime) -> Contest:
    """Invites a rival; under a key that was used before, the contest of then as it stands.

    Raises UnknownUser, BadText, BadContestTime, OwnRival, ContestOverlap, TooManyInvitations, BadKey, and KeyReused
    where the key invited to another contest.
    """
    checks.text(wanted.title, "A contest's title", model.LONGEST_TITLE)
    user, rival = people.find(connection, creator).id, people.find(connection, wanted.rival).id
    contest = ids.request_digest("contest", user, ids.client_key(key))
    with connection.transaction():
        connection.execute(SQL["lock_creators"], {"creators": [user, rival]})
        known = _read(connection, contest)
        if known is not None:
            return _same(known, wanted, rival)
        if user == rival:
            raise model.OwnRival
        model.timed(wanted.starts_at, wanted.ends_at, now)
        (waiting,) = connection.execute(SQL["count_waiting"], {"creator": user}).fetchone() or (0,)
        if waiting >= model.MOST_WAITING:
            raise model.TooManyInvitations(most=model.MOST_WAITING)
        row: dict[str, Any] = {"id": contest, "title": wanted.title, "now": now, "creator": user, "rival": rival}
        row |= {"starts_at": wanted.starts_at, "ends_at": wanted.ends_at}
        _insist_on_free(connection, row)
        connection.execute(SQL["add_contest"], row)
        connection.execute(SQL["add_sides"], row)
        invited = _only(connection, contest)
        notices.put(connection, rival, None, notices.CONTEST_INVITED, invited, now)
    return invited


def answer(connection: Connection, creator: str, contest: UUID, now: datetime, *, accept: bool) -> Contest:
    """Accepts an invitation, or declines it; the same answer again changes nothing.

    Raises UnknownUser, UnknownContest, ContestMoved, and ContestOverlap where either has another contest then.
    """
    found, user = get(connection, creator, contest), people.find(connection, creator).id
    with connection.transaction():
        connection.execute(SQL["lock_creators"], {"creators": [found.creator, found.rival]})
        connection.execute(SQL["lock_contest"], {"id": contest})
        found = _only(connection, contest)
        if user == found.rival and found.state == (model.ACCEPTED if accept else model.DECLINED):
            return found
        state = model.answered(found, user, accept=accept, now=now)
        if accept:
            _insist_on_free(connection, msgspec.structs.asdict(found))
        connection.execute(SQL["set_state"], {"id": contest, "state": state, "now": now})
        return _only(connection, contest)


def cancel(connection: Connection, creator: str, contest: UUID, now: datetime) -> Contest:
    """Calls a contest off before its start; again, it changes nothing.

    Raises UnknownUser, UnknownContest or ContestMoved.
    """
    get(connection, creator, contest)
    with connection.transaction():
        connection.execute(SQL["lock_contest"], {"id": contest})
        found = _only(connection, contest)
        if found.state == model.CANCELLED:
            return found
        state = model.cancelled(found, people.find(connection, creator).id, now)
        connection.execute(SQL["set_state"], {"id": contest, "state": state, "now": now})
        return _only(connection, contest)


def get(connection: Connection, creator: str, contest: UUID, *, only_public: bool = False) -> Contest:
    """A contest of this creator as it was last counted. Raises UnknownUser or UnknownContest."""
    user = people.find(connection, creator).id
    found = _read(connection, contest)
    if found is None or user not in (found.creator, found.rival):
        raise UnknownContest(contest=contest)
    if only_public and found.state not in model.PUBLIC:
        raise UnknownContest(contest=contest)
    return found


def listed(
    connection: Connection, creator: str, after: tuple[datetime, UUID] | None, limit: int, *, only_public: bool
) -> list[Contest]:
    """A creator's contests, the latest first, behind the one that starts then with that id. Raises UnknownUser."""
    at, contest = after or (None, None)
    states = [*(model.PUBLIC if only_public else _EVERY)]
    asked: dict[str, Any] = {"creator": people.find(connection, creator).id, "states": states, "most": limit}
    with connection.cursor(row_factory=class_row(Contest)) as cursor:
        return cursor.execute(SQL["page_contests"], asked | {"at": at, "id": contest}).fetchall()


def count(connection: Connection, now: datetime) -> int:
    """Begins, counts and decides contests, each in a transaction of its own; how many were told of.

    Any server may do this at any time.
    """
    found = connection.execute(SQL["find_contests_to_count"], {"before": now - APART}).fetchall()
    return sum(_advance(connection, contest, now, is_over=is_over) for contest, is_over in found)


def _advance(connection: Connection, contest: UUID, now: datetime, *, is_over: bool) -> bool:
    found = _only(connection, contest)
    if is_over:
        # In autocommit: nobody's gifts are held up by what follows.
        times = [settled(connection, user, kind) for user in (found.creator, found.rival) for kind in _ACCOUNTS]
        is_over = min(times) >= found.ends_at
    with connection.transaction():
        taken = connection.execute(SQL["take_contest"], {"id": contest}).fetchone()
        if taken is None or not taken[1]:
            return False
        before = _only(connection, contest)
        kind = _step(connection, before, now, is_over=is_over)
        after = _only(connection, contest)
        if kind is None or after == before:
            return False
        for creator in sorted((after.creator, after.rival)):
            notices.put(connection, creator, None, kind, after, now)
        return True


def _step(connection: Connection, contest: Contest, now: datetime, *, is_over: bool) -> str | None:
    """Takes a contest that is locked and has begun one step on; the kind of notice that tells of it."""
    row: dict[str, Any] = {"id": contest.id, "now": now}
    if contest.state == model.INVITED:
        connection.execute(SQL["set_state"], row | {"state": model.LAPSED})
        return None
    if contest.state == model.ACCEPTED:
        connection.execute(SQL["set_state"], row | {"state": model.RUNNING})
        for creator in (contest.creator, contest.rival):
            given, undone = (past(connection, creator, kind, contest.starts_at).seq for kind in _ACCOUNTS)
            connection.execute(SQL["mark_side"], row | {"creator": creator, "given": given, "undone": undone})
        return notices.CONTEST_STARTED
    if contest.state != model.RUNNING:
        return None
    connection.execute(SQL["count_sides"], row)
    connection.execute(SQL["set_state"], row | {"state": model.OVER if is_over else model.RUNNING})
    return notices.CONTEST_OVER if is_over else notices.CONTEST_SCORE


def _insist_on_free(connection: Connection, wanted: dict[str, Any]) -> None:
    asked = {"creators": [wanted["creator"], wanted["rival"]]}
    asked |= {name: wanted[name] for name in ("starts_at", "ends_at")}
    if connection.execute(SQL["find_overlap"], asked).fetchone() is not None:
        raise model.ContestOverlap


def _same(contest: Contest, wanted: Wanted, rival: int) -> Contest:
    """The contest that a key invited to, if it is the one that is asked for."""
    asked = rival, wanted.title, wanted.starts_at, wanted.ends_at
    if (contest.rival, contest.title, contest.starts_at, contest.ends_at) != asked:
        raise KeyReused
    return contest


def _read(connection: Connection, contest: UUID) -> Contest | None:
    with connection.cursor(row_factory=class_row(Contest)) as cursor:
        return cursor.execute(SQL["read_contests"], {"ids": [contest]}).fetchone()


def _only(connection: Connection, contest: UUID) -> Contest:
    found = _read(connection, contest)
    assert found is not None, "contests are never removed"
    return found
