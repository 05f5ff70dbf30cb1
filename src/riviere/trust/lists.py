"""Word lists and the wish to look at everything first: of each creator, and of the platform for all of them.

Connections are in autocommit; a function that writes opens its own transaction. A list holds for what is judged from
then on: what is shown stays so until somebody hides it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.trust import word_filter

SQL = load("riviere.trust")

#: Whose list the platform's is: no user has this id.
PLATFORM: Final = 0


class Rule(msgspec.Struct, frozen=True):
    """The entries of a list, and whether a creator looks at every text before others see it."""

    entries: Sequence[str] = ()
    review: bool = False

    def finds(self, text: str) -> bool:
        """Whether an entry of the list is in a text."""
        return word_filter.found(self.entries, text) is not None


def read(connection: Connection, creator: int = PLATFORM) -> Rule:
    """A creator's rule as it is, or the platform's; empty where nobody has made one."""
    row = connection.execute(SQL["read_rule"], {"creator": creator}).fetchone()
    return Rule() if row is None else Rule(*row)


def replace(
    connection: Connection,
    entries: Iterable[str],
    by: str,
    now: datetime,
    creator: int = PLATFORM,
    *,
    review: bool = False,
) -> Rule:
    """Puts a rule in the place of the one before. Raises BadEntry and TooManyEntries."""
    rule = Rule(word_filter.checked(entries), review)
    with connection.transaction():
        hold(connection, creator)
        row = {"creator": creator, "entries": rule.entries, "review": rule.review, "at": now, "by": by}
        connection.execute(SQL["change_rule"], row)
    return rule


def share(connection: Connection, creators: Iterable[int]) -> Mapping[int, Rule]:
    """The rules of creators and the platform's, which nobody changes until the caller's transaction ends."""
    wanted = sorted({PLATFORM, *creators})
    connection.execute(SQL["add_rules"], {"creators": wanted})
    rows = connection.execute(SQL["share_rules"], {"creators": wanted})
    return {creator: Rule(entries, review) for creator, entries, review in rows}


def hold(connection: Connection, creator: int) -> None:
    """Has whoever judges this creator's words wait until the caller's transaction ends."""
    connection.execute(SQL["add_rules"], {"creators": [creator]})
    connection.execute(SQL["lock_rule"], {"creator": creator})
