"""Whether what a server keeps in memory of people, places and prices is still what the database says.

What is new needs no revision: nobody can have kept it. A change counts one up in its own transaction, so whoever reads
the revisions first and the rows after them never takes an old row for a new one.
"""

from collections.abc import Mapping
from typing import Literal

from riviere.database.connection import Connection
from riviere.database.sql import load

SQL = load("riviere.economy")

Name = Literal["people", "places", "prices"]


def changed(connection: Connection, name: Name) -> None:
    """Says that rows of this kind are changed by the transaction that is open; the last thing that it does."""
    connection.execute(SQL["count_revision"], {"name": name})


def revisions(connection: Connection) -> Mapping[str, int]:
    """How often each kind has changed."""
    return dict(connection.execute(SQL["read_revisions"]).fetchall())
