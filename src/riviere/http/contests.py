"""Contests over HTTP: creators invite and answer; what was accepted everybody may see."""

from contextlib import suppress
from typing import Any, Final
from uuid import UUID

from riviere import clock, money
from riviere.database.connection import Connection
from riviere.economy import checks, people
from riviere.http import cursors
from riviere.http.operation import EXAMPLE_TIME, Answered, Call, operation
from riviere.ledger.refusals import KeyReused
from riviere.live import contests
from riviere.live.contests import model
from riviere.wire import contests as wire
from riviere.wire.common import Page, Paged

_ENDS: Final = EXAMPLE_TIME.replace(minute=25)
_CONTEST: Final = wire.Contest(
    id="0b5c6a52-7f0f-4f3e-9a34-6d2f0f0c8a11",
    title="Battle of the choirs",
    state="running",
    starts_at=EXAMPLE_TIME,
    ends_at=_ENDS,
    invited_at=EXAMPLE_TIME.replace(minute=0),
    creator="aurora",
    rival="zoe",
    score="1250.5",
    rival_score="980",
    winner=None,
)


@operation(
    "POST",
    "/v1/users/{creator}/contests",
    id="inviteToContest",
    tag="Boards",
    scope="boards:write",
    owner="creator",
    keyed=True,
    status=201,
    again=200,
    raises=(
        people.UnknownUser,
        checks.BadText,
        clock.BadTime,
        model.BadContestTime,
        model.ContestOverlap,
        model.OwnRival,
        model.TooManyInvitations,
        KeyReused,
    ),
    asked=wire.InviteToContest(rival="zoe", title="Battle of the choirs", starts_at=EXAMPLE_TIME, ends_at=_ENDS),
    answer=_CONTEST,
)
def invite_to_contest(call: Call, body: wire.InviteToContest) -> Answered[wire.Contest]:
    """Invite another creator to a contest: who gets more diamonds from its start on and before its end.

    The other one answers before the start, else the invitation lapses. A creator is in one contest at a time. The same
    key with the same contest answers it as it stands, with 200.
    """
    starts_at, ends_at = clock.instant(body.starts_at, "`starts_at`"), clock.instant(body.ends_at, "`ends_at`")
    wanted = contests.Wanted(body.rival, body.title, starts_at, ends_at)
    with call.reading() as connection:
        contest = contests.invite(connection, call.path["creator"], wanted, call.key, call.now)
        return Answered(_shown(connection, contest), 201 if contest.invited_at == call.now else 200)


@operation(
    "GET",
    "/v1/users/{creator}/contests",
    id="listContests",
    tag="Boards",
    scope="boards:read",
    raises=(people.UnknownUser,),
    answer=Page(data=[_CONTEST]),
)
def list_contests(call: Call, query: Paged) -> Page[wire.Contest]:
    """List a creator's contests, the latest first.

    Other users see those that were accepted and not called off.
    """
    after = cursors.read(query.cursor, tuple[cursors.Instant, UUID])
    creator = call.path["creator"]
    with call.reading() as connection:
        rows = contests.listed(connection, creator, after, query.limit + 1, only_public=_only_public(call))
        names = _names(connection, *rows)
    return cursors.page(rows, query.limit, lambda row: _contest(names, row), lambda row: (row.starts_at, row.id))


@operation(
    "GET",
    "/v1/users/{creator}/contests/{id}",
    id="getContest",
    tag="Boards",
    scope="boards:read",
    raises=(people.UnknownUser, model.UnknownContest),
    answer=_CONTEST,
)
def get_contest(call: Call) -> wire.Contest:
    """Get a contest, under the address of either creator, as it stood within the last second."""
    with call.reading() as connection:
        found = contests.get(connection, call.path["creator"], _named(call), only_public=_only_public(call))
        return _shown(connection, found)


_ANSWERED: Final = (people.UnknownUser, model.UnknownContest, model.ContestMoved)


@operation(
    "POST",
    "/v1/users/{creator}/contests/{id}/accept",
    id="acceptContest",
    tag="Boards",
    scope="boards:write",
    owner="creator",
    raises=(*_ANSWERED, model.ContestOverlap),
    answer=_CONTEST,
)
def accept_contest(call: Call) -> wire.Contest:
    """Accept an invitation before the start; for who was invited. The request may be sent again."""
    return _answer(call, accept=True)


@operation(
    "POST",
    "/v1/users/{creator}/contests/{id}/decline",
    id="declineContest",
    tag="Boards",
    scope="boards:write",
    owner="creator",
    raises=_ANSWERED,
    answer=_CONTEST,
)
def decline_contest(call: Call) -> wire.Contest:
    """Decline an invitation before the start; for who was invited. The request may be sent again."""
    return _answer(call, accept=False)


@operation(
    "POST",
    "/v1/users/{creator}/contests/{id}/cancel",
    id="cancelContest",
    tag="Boards",
    scope="boards:write",
    owner="creator",
    raises=_ANSWERED,
    answer=_CONTEST,
)
def cancel_contest(call: Call) -> wire.Contest:
    """Call a contest off before the start: who invited may, and either once it is accepted."""
    with call.reading() as connection:
        return _shown(connection, contests.cancel(connection, call.path["creator"], _named(call), call.now))


def _answer(call: Call, *, accept: bool) -> wire.Contest:
    with call.reading() as connection:
        creator, contest = call.path["creator"], _named(call)
        return _shown(connection, contests.answer(connection, creator, contest, call.now, accept=accept))


def _only_public(call: Call) -> bool:
    """Whether somebody asks for whom an invitation is none of their business."""
    return call.caller.kind == "user" and call.caller.name != call.path["creator"]


def _named(call: Call) -> UUID:
    """The id in the path, in the one form in which ids are shown. Raises UnknownContest for any other."""
    text = call.path["id"]
    with suppress(ValueError):
        if str(found := UUID(text)) == text:
            return found
    raise model.UnknownContest(contest=text)


def _shown(connection: Connection, contest: model.Contest) -> wire.Contest:
    return _contest(_names(connection, contest), contest)


def _names(connection: Connection, *found: model.Contest) -> dict[int, str]:
    return people.names(connection, sorted({user for one in found for user in (one.creator, one.rival)}))


def _contest(names: dict[int, str], contest: model.Contest) -> wire.Contest:
    state: Any = contest.state
    return wire.Contest(
        id=str(contest.id),
        title=contest.title,
        state=state,
        starts_at=contest.starts_at,
        ends_at=contest.ends_at,
        invited_at=contest.invited_at,
        creator=names[contest.creator],
        rival=names[contest.rival],
        score=money.plain(contest.score, money.DIAMOND),
        rival_score=money.plain(contest.rival_score, money.DIAMOND),
        winner=None if contest.winner is None else names[contest.winner],
    )
