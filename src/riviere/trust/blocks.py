"""Viewers whom a creator does not want to hear from: what they wrote is hidden, what they write is not shown."""

from datetime import datetime
from typing import NamedTuple

from riviere.database.connection import Connection
from riviere.economy import people
from riviere.trust import lists, words
from riviere.trust.model import OwnBlock
from riviere.trust.words import SQL


class Block(NamedTuple):
    """Who is blocked, by our id and the platform's, and since when."""

    viewer: int
    name: str
    at: datetime


def block(connection: Connection, creator: int, viewer: int, by: str, now: datetime) -> None:
    """Blocks a viewer: all that they wrote to this creator is hidden. The second time it does nothing. Raises OwnBlock.

    Gifts of theirs are gifts as before; only their words are not shown.
    """
    if creator == viewer:
        raise OwnBlock
    who = {"creator": creator, "viewer": viewer}
    with connection.transaction():
        lists.hold(connection, creator)
        if not connection.execute(SQL["block"], who | {"at": now, "by": by}).rowcount:
            return
        rows = connection.execute(SQL["withhold_all"], {"creator": creator, "author": viewer, "at": now, "by": by})
        hidden = [words.Changed(creator, *row) for row in rows]
        words.tell(connection, hidden, now, shown=False)


def unblock(connection: Connection, creator: int, viewer: int) -> None:
    """Lets a viewer be heard again. What was hidden stays hidden; one who is not blocked stays as they are."""
    connection.execute(SQL["unblock"], {"creator": creator, "viewer": viewer})


def listed(connection: Connection, creator: int, before: tuple[datetime, int] | None, most: int) -> list[Block]:
    """Up to `most` viewers whom a creator has blocked, the latest first, behind the given one."""
    at, viewer = before or (None, None)
    asked = {"creator": creator, "at": at, "viewer": viewer, "most": most}
    rows = connection.execute(SQL["page_blocked"], asked).fetchall()
    names = people.names(connection, [viewer for viewer, _ in rows])
    return [Block(viewer, names[viewer], at) for viewer, at in rows]
