"""Notices of goals, leaders and contests as the events that they become (`wire/feed.py`).

A notice names nobody: the ids in it are looked up when it is told (`noticed.py`), in one go for all that was read.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal

import msgspec

from riviere import money, notices
from riviere.economy.named import Names
from riviere.live.contests.model import Contest
from riviere.live.goals.model import Told as GoalTold
from riviere.live.notice import Notice
from riviere.live.supporters.model import Leaderboard
from riviere.money import DIAMOND
from riviere.wire.contests import ContestTold
from riviere.wire.feed import GoalMoved, Happening, LeaderboardChanged
from riviere.wire.supporters import Supporter


def users_in(told: Iterable[Notice]) -> set[int]:
    """Whom these notices name."""
    users: set[int] = set()
    for notice in told:
        if notice.kind == notices.LEADERBOARD_CHANGED:
            users |= {leader.supporter for leader in _data(notice, Leaderboard).top}
        elif notice.kind in _CONTESTS:
            contest = _data(notice, Contest)
            users |= {contest.creator, contest.rival}
    return users


def event(names: Names, notice: Notice) -> Happening:
    """A notice of a kind that is in KINDS, as it is sent."""
    return KINDS[notice.kind](names, notice)


def everywhere(notice: Notice) -> bool:
    """Whether it belongs into the feed of each of the creator's streams, though it is of none."""
    return notice.place is None and notice.kind in _EVERYWHERE


def _goal(names: Names, notice: Notice) -> Happening:
    goal = _data(notice, GoalTold)
    return GoalMoved(
        id=str(goal.id),
        at=notice.at,
        state=_GOALS[notice.kind],
        title=goal.title,
        gift=goal.gift,
        target=goal.target,
        progress=goal.progress,
        stream=None if notice.place is None else names.place(notice.creator, notice.place).id,
    )


def _leaderboard(names: Names, notice: Notice) -> Happening:
    top = [
        Supporter(
            rank=rank,
            supporter=names.users[leader.supporter],
            pieces=leader.pieces,
            coins=leader.coins,
            diamonds=money.plain(leader.diamonds, DIAMOND),
        )
        for rank, leader in enumerate(_data(notice, Leaderboard).top, 1)
    ]
    return LeaderboardChanged(at=notice.at, stream=names.place(notice.creator, notice.place).id, top=top)


def _contest(names: Names, notice: Notice) -> Happening:
    contest = _data(notice, Contest)
    return ContestTold(
        id=str(contest.id),
        at=notice.at,
        state=_CONTESTS[notice.kind],
        title=contest.title,
        starts_at=contest.starts_at,
        ends_at=contest.ends_at,
        creator=names.users[contest.creator],
        rival=names.users[contest.rival],
        score=money.plain(contest.score, DIAMOND),
        rival_score=money.plain(contest.rival_score, DIAMOND),
        winner=None if contest.winner is None else names.users[contest.winner],
    )


#: What has happened to a goal, by the kind of the notice.
_GOALS: Final[Mapping[str, Literal["opened", "progress", "reached", "closed"]]] = {
    notices.GOAL_OPENED: "opened",
    notices.GOAL_PROGRESS: "progress",
    notices.GOAL_REACHED: "reached",
    notices.GOAL_CLOSED: "closed",
}

#: And to a contest.
_CONTESTS: Final[Mapping[str, Literal["invited", "started", "score", "over"]]] = {
    notices.CONTEST_INVITED: "invited",
    notices.CONTEST_STARTED: "started",
    notices.CONTEST_SCORE: "score",
    notices.CONTEST_OVER: "over",
}

#: What is of no stream and belongs to all of them. An invitation is for the creator alone.
_EVERYWHERE: Final = {*_GOALS, *_CONTESTS} - {notices.CONTEST_INVITED}

#: What becomes of a notice, by its kind.
KINDS: Final[Mapping[str, Callable[[Names, Notice], Happening]]] = {
    notices.LEADERBOARD_CHANGED: _leaderboard,
    **dict.fromkeys(_GOALS, _goal),
    **dict.fromkeys(_CONTESTS, _contest),
}


def _data(notice: Notice, kind: type[Any]) -> Any:
    return msgspec.json.decode(notice.data, type=kind)
