"""Notices: what happens around a creator beside gifts, for whoever follows live (`riviere.live`).

A notice is written in the transaction of what it tells, so both stand or neither does.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from riviere.database.connection import Connection
from riviere.database.sql import load

SQL = load("riviere.notices")

STREAM_STARTED: Final = "stream.started"
STREAM_ENDED: Final = "stream.ended"
COMBO_FINISHED: Final = "combo.finished"
WORDS_SHOWN: Final = "words.shown"
WORDS_WITHHELD: Final = "words.withheld"
QUESTION_ASKED: Final = "question.asked"
QUESTION_ANSWERED: Final = "question.answered"
QUESTION_HIDDEN: Final = "question.hidden"
ANNOUNCEMENT_MADE: Final = "announcement.made"
ANNOUNCEMENT_CHANGED: Final = "announcement.changed"
ANNOUNCEMENT_CANCELLED: Final = "announcement.cancelled"
ANNOUNCEMENT_DUE: Final = "announcement.due"
GOAL_OPENED: Final = "goal.opened"
GOAL_PROGRESS: Final = "goal.progress"
GOAL_REACHED: Final = "goal.reached"
GOAL_CLOSED: Final = "goal.closed"
LEADERBOARD_CHANGED: Final = "leaderboard.changed"
CONTEST_INVITED: Final = "contest.invited"
CONTEST_STARTED: Final = "contest.started"
CONTEST_SCORE: Final = "contest.score"
CONTEST_OVER: Final = "contest.over"
OVERLAY_TESTED: Final = "overlay.tested"
OVERLAY_CHANGED: Final = "overlay.changed"
OVERLAY_CLOSED: Final = "overlay.closed"


def put(
    connection: Connection,
    creator: int,
    place: int | None,
    kind: str,
    data: Mapping[str, Any] | msgspec.Struct,
    at: datetime,
    cause: UUID | None = None,
) -> None:
    """Tells of something in the caller's transaction: call it inside `connection.transaction()`.

    The creator's board is locked until that transaction ends, so a creator's notices are numbered in the order of
    commits; who tells of several creators at once takes them in order of their ids. `place` is the stream or post that
    it is about (None: the creator). `cause` names what must be told once only: a second notice of it breaks the
    transaction. `data` is JSON without floats, of 4,000 bytes at the most.
    """
    row = {"creator": creator, "place": place, "kind": kind, "at": at, "cause": cause}
    connection.execute(SQL["put"], row | {"data": msgspec.json.encode(data).decode()})
