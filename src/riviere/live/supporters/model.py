"""Ranks and streaks. Pure."""

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import pairwise

import msgspec


class Supporter(msgspec.Struct, frozen=True):
    """One row of a board: who gave how much. `rank` begins at 1; diamonds are thousandths."""

    rank: int
    supporter: str
    pieces: int
    coins: int
    diamonds: int


class Streak(msgspec.Struct, frozen=True):
    """How many days (UTC) in a row somebody gave: up to today, or yesterday where today is still to come; and ever."""

    current: int
    longest: int
    given_today: bool


class Standing(msgspec.Struct, frozen=True):
    """What one supporter gave a creator of all time. No rank for who gave nothing that stands."""

    rank: int | None
    pieces: int
    coins: int
    diamonds: int
    streak: Streak


class Leader(msgspec.Struct, frozen=True):
    """A row of a board as notices have it: our id in place of a name."""

    supporter: int
    pieces: int
    coins: int
    diamonds: int


class Leaderboard(msgspec.Struct, frozen=True):
    """The data of a notice: who leads in a stream, in order."""

    top: list[Leader]


_DAY = timedelta(days=1)


def streak(days: Iterable[date], today: date) -> Streak:
    """The streak that these days make, as it stands today."""
    given = sorted({*days})
    if not given:
        return Streak(0, 0, given_today=False)
    runs = [1]
    for before, after in pairwise(given):
        if after - before == _DAY:
            runs[-1] += 1
        else:
            runs.append(1)
    last = given[-1]
    return Streak(runs[-1] if today - last <= _DAY else 0, max(runs), given_today=last == today)
