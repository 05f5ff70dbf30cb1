"""Goals over HTTP: a creator opens and closes their own; who may see goals at all may see every creator's."""

from contextlib import suppress
from typing import Any, Final
from uuid import UUID

from riviere import money
from riviere.database.connection import Connection
from riviere.economy import catalogue, checks, people, places
from riviere.economy.named import Names
from riviere.http import cursors
from riviere.http.operation import EXAMPLE_TIME, Answered, Call, operation
from riviere.ledger.refusals import KeyReused
from riviere.live import goals
from riviere.live.goals import model
from riviere.wire import goals as wire
from riviere.wire.common import Page

_GOAL: Final = wire.Goal(
    id="0b5c6a52-7f0f-4f3e-9a34-6d2f0f0c8a11",
    creator="aurora",
    state="open",
    title="New microphone",
    gift=None,
    target="5000",
    progress="1250.5",
    stream="live",
    opened_at=EXAMPLE_TIME,
    reached_at=None,
    closed_at=None,
)


@operation(
    "POST",
    "/v1/users/{creator}/goals",
    id="openGoal",
    tag="Boards",
    scope="boards:write",
    owner="creator",
    keyed=True,
    status=201,
    again=200,
    raises=(
        people.UnknownUser,
        places.UnknownPlace,
        catalogue.UnknownGift,
        checks.BadNumber,
        checks.BadText,
        money.BadFigure,
        model.GoalStreamOver,
        model.OneTarget,
        model.TooManyGoals,
        KeyReused,
    ),
    asked=wire.OpenGoal(title="New microphone", diamonds="5000", stream="live"),
    answer=_GOAL,
)
def open_goal(call: Call, body: wire.OpenGoal) -> Answered[wire.Goal]:
    """Open a goal: so many diamonds, or so many pieces of one gift.

    It begins at 0 and counts what is booked from now on, in one stream or in all that the creator has; what is undone
    counts back. It is brought up to date once a second, and the feed tells when it moves. A creator has five open at
    the most. The same key with the same goal answers it as it stands, with 200.
    """
    with call.reading() as connection:
        goal = goals.open_goal(connection, call.path["creator"], _wanted(body), call.key, call.now)
        return Answered(_shown(connection, goal), 201 if goal.opened_at == call.now else 200)


@operation(
    "GET",
    "/v1/users/{creator}/goals",
    id="listGoals",
    tag="Boards",
    scope="boards:read",
    raises=(people.UnknownUser,),
    answer=Page(data=[_GOAL]),
)
def list_goals(call: Call, query: wire.GoalsQuery) -> Page[wire.Goal]:
    """List a creator's goals, the latest first."""
    after = cursors.read(query.cursor, tuple[cursors.Instant, UUID])
    with call.reading() as connection:
        rows = goals.listed(connection, call.path["creator"], after, query.limit + 1, only_open=query.only_open)
        names = _names(connection, *rows)
    return cursors.page(rows, query.limit, lambda row: _goal(names, row), lambda row: (row.opened_at, row.id))


@operation(
    "GET",
    "/v1/users/{creator}/goals/{id}",
    id="getGoal",
    tag="Boards",
    scope="boards:read",
    raises=(people.UnknownUser, model.UnknownGoal),
    answer=_GOAL,
)
def get_goal(call: Call) -> wire.Goal:
    """Get a goal, as it stood within the last second."""
    with call.reading() as connection:
        return _shown(connection, goals.get(connection, call.path["creator"], _named(call)))


@operation(
    "POST",
    "/v1/users/{creator}/goals/{id}/close",
    id="closeGoal",
    tag="Boards",
    scope="boards:write",
    owner="creator",
    raises=(people.UnknownUser, model.UnknownGoal),
    answer=_GOAL,
)
def close_goal(call: Call) -> wire.Goal:
    """Close a goal with what it has come to.

    One that is closed stays as it is, so the request may be sent again. With the end of its stream a goal is closed
    by itself.
    """
    with call.reading() as connection:
        return _shown(connection, goals.close_goal(connection, call.path["creator"], _named(call), call.now))


def _wanted(body: wire.OpenGoal) -> goals.Wanted:
    """The goal in the domain's words. Raises OneTarget or BadFigure."""
    if body.diamonds is not None and body.gift is None and body.pieces is None:
        target = money.parse(body.diamonds, money.DIAMOND, "A goal's target")
        return goals.Wanted(body.title, target, None, body.stream)
    if body.diamonds is None and body.gift is not None and body.pieces is not None:
        return goals.Wanted(body.title, body.pieces, body.gift, body.stream)
    raise model.OneTarget


def _named(call: Call) -> UUID:
    """The id in the path, in the one form in which ids are shown. Raises UnknownGoal for any other."""
    text = call.path["id"]
    with suppress(ValueError):
        if str(found := UUID(text)) == text:
            return found
    raise model.UnknownGoal(goal=text)


def _shown(connection: Connection, goal: model.Goal) -> wire.Goal:
    return _goal(_names(connection, goal), goal)


def _names(connection: Connection, *found: model.Goal) -> Names:
    places_of = {(goal.creator, goal.place) for goal in found if goal.place is not None}
    return Names(connection, {goal.creator for goal in found}, places_of)


def _goal(names: Names, goal: model.Goal) -> wire.Goal:
    state: Any = goal.state
    return wire.Goal(
        id=str(goal.id),
        creator=names.users[goal.creator],
        state=state,
        title=goal.title,
        gift=goal.gift,
        target=model.figure(goal, goal.target),
        progress=model.figure(goal, goal.progress),
        stream=None if goal.place is None else names.place(goal.creator, goal.place).id,
        opened_at=goal.opened_at,
        reached_at=goal.reached_at,
        closed_at=goal.closed_at,
    )
