"""Forgetting a user: who they were, and what they wrote, asked, announced, reported and wished."""

from datetime import datetime
from typing import Final

from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.economy import people
from riviere.trust import words

SQL = load("riviere.audience")

_ERASED: Final = ("erase_questions", "erase_voices", "erase_reminders", "erase_announcements")


def forget(connection: Connection, external_id: str, now: datetime) -> None:
    """Erases who a user is and what they wrote, all or nothing. Their entries stay and name nobody.

    Raises UnknownUser.
    """
    with connection.transaction():
        user = people.find(connection, external_id).id
        words.erase(connection, user, now)
        for statement in _ERASED:
            connection.execute(SQL[statement], {"user": user})
        people.forget(connection, external_id)
