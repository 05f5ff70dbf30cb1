"""What a contest is, when it may be, who won, and what can be wrong with asking for one. Pure."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from riviere.errors import RiviereError

#: How long a contest lasts, and how far ahead one is invited to.
SHORTEST: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(hours=24)
AHEAD: Final = timedelta(days=30)

#: Invitations of one creator's that may wait for an answer at once; characters of a title (migration 0013).
MOST_WAITING: Final = 5
LONGEST_TITLE: Final = 100

INVITED: Final = "invited"
ACCEPTED: Final = "accepted"
DECLINED: Final = "declined"
CANCELLED: Final = "cancelled"
LAPSED: Final = "lapsed"
RUNNING: Final = "running"
OVER: Final = "over"

#: What everybody may see; the rest is between the two.
PUBLIC: Final = (ACCEPTED, RUNNING, OVER)


class UnknownContest(RiviereError):
    """This creator has no contest {contest}; list their contests, or correct the id."""

    code = "unknown_contest"


class OwnRival(RiviereError):
    """A contest is between two creators; invite somebody else."""

    code = "own_rival"


class BadContestTime(RiviereError):
    """A contest starts within {ahead} days from now and lasts from {shortest} minute to {longest} hours; correct it."""

    code = "bad_contest_time"


class ContestOverlap(RiviereError):
    """One of the two has another contest at that time; choose a time at which both are free."""

    code = "contest_overlap"


class TooManyInvitations(RiviereError):
    """A creator has {most} invitations without an answer at the most; wait, or cancel one."""

    code = "too_many_invitations"


class ContestMoved(RiviereError):
    """This contest is {state}, and it is too late or not yours to change that."""

    code = "contest_moved"


class Contest(msgspec.Struct, frozen=True):
    """A contest: `creator` invited `rival`, by our ids. Scores are thousandths of diamonds."""

    id: UUID
    title: str
    state: str
    starts_at: datetime
    ends_at: datetime
    invited_at: datetime
    creator: int
    rival: int
    score: int
    rival_score: int

    @property
    def winner(self) -> int | None:
        """Who has more once it is over; None where it is a draw, or not over."""
        if self.state != OVER or self.score == self.rival_score:
            return None
        return self.creator if self.score > self.rival_score else self.rival


def timed(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    """Raises BadContestTime."""
    if not (now < starts_at <= now + AHEAD and SHORTEST <= ends_at - starts_at <= LONGEST):
        minute, hour = timedelta(minutes=1), timedelta(hours=1)
        raise BadContestTime(ahead=AHEAD.days, shortest=SHORTEST // minute, longest=LONGEST // hour)


def answered(contest: Contest, by: int, *, accept: bool, now: datetime) -> str:
    """The state after an answer: of the invited, before the start. Raises ContestMoved."""
    if contest.state != INVITED or by != contest.rival or now >= contest.starts_at:
        raise ContestMoved(state=contest.state)
    return ACCEPTED if accept else DECLINED


def cancelled(contest: Contest, by: int, now: datetime) -> str:
    """The state after somebody calls it off: who invited, or either once it is accepted. Raises ContestMoved."""
    may = contest.state == ACCEPTED or (contest.state == INVITED and by == contest.creator)
    if not may or now >= contest.starts_at:
        raise ContestMoved(state=contest.state)
    return CANCELLED
