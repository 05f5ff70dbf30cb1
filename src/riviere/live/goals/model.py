"""What a goal is, how it stands, and what can be wrong with asking for one. Pure."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from riviere import money
from riviere.errors import RiviereError

#: Goals that a creator may have open at once, and characters of a title (migration 0012).
MOST_OPEN: Final = 5
LONGEST_TITLE: Final = 100

OPEN: Final = "open"
REACHED: Final = "reached"
CLOSED: Final = "closed"


class UnknownGoal(RiviereError):
    """This creator has no goal {goal}; list their goals, or correct the id."""

    code = "unknown_goal"


class TooManyGoals(RiviereError):
    """A creator has {most} goals open at the most; close one and open this one then."""

    code = "too_many_goals"


class OneTarget(RiviereError):
    """A goal counts either diamonds or pieces of one gift: send `diamonds`, or `gift` and `pieces`."""

    code = "one_target"


class GoalStreamOver(RiviereError):
    """The stream {stream!r} ended at {ended_at}; set a goal for one that is live, or for none."""

    code = "goal_stream_over"


class Goal(msgspec.Struct, frozen=True):
    """A row of `goal` with the gift's code.

    `target` and `progress` are thousandths of diamonds where `gift` is None, or else pieces of that gift.
    """

    creator: int
    id: UUID
    place: int | None
    gift: str | None
    title: str
    target: int
    progress: int
    opened_at: datetime
    reached_at: datetime | None
    closed_at: datetime | None

    @property
    def state(self) -> str:
        """OPEN, REACHED (it stays so, whatever is undone later) or CLOSED."""
        if self.closed_at is not None:
            return CLOSED
        return OPEN if self.reached_at is None else REACHED

    def counted(self, more: int, now: datetime) -> "Goal":
        """The goal with so much more, or less where gifts were undone; reached once, the first time that it is."""
        progress = self.progress + more
        reached_at = now if self.reached_at is None and progress >= self.target else self.reached_at
        return msgspec.structs.replace(self, progress=progress, reached_at=reached_at)


class Told(msgspec.Struct, frozen=True):
    """The data of a goal's notices: the goal as it stood then. Figures are as people read them."""

    id: UUID
    title: str
    gift: str | None
    target: str
    progress: str


def told(goal: Goal) -> Told:
    """A goal as its notices have it."""
    return Told(goal.id, goal.title, goal.gift, figure(goal, goal.target), figure(goal, goal.progress))


def figure(goal: Goal, units: int) -> str:
    """Diamonds with their decimals, or pieces."""
    return money.plain(units, money.DIAMOND) if goal.gift is None else str(units)
