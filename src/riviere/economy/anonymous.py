"""Gifts whose sender viewers are not told: a wish that is kept with the gift, in the same transaction.

Whoever shows gifts to viewers asks here first. The creator's own statement, the platform's servers and its operators
see who paid all the same.
"""

from collections.abc import Set as AbstractSet
from uuid import UUID

from riviere.database.connection import Connection
from riviere.database.sql import load

SQL = load("riviere.economy")

#: A sender and their gift, by our ids.
Pair = tuple[int, UUID]


def anonymous_among(connection: Connection, gifts: AbstractSet[Pair]) -> set[Pair]:
    """Those of the gifts whose sender is not to be named."""
    if not gifts:
        return set()
    asked = {"owners": [owner for owner, _ in gifts], "ids": [gift for _, gift in gifts]}
    return {(owner, gift) for owner, gift in connection.execute(SQL["read_anonymous"], asked)}
