"""Rows that are dated and never edited: how one begins where another ends, and how a head vouches for them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol, TypeVar

from riviere.database.connection import Connection
from riviere.economy.revision import changed
from riviere.errors import RiviereError
from riviere.ledger.evidence import Signer, sign_head
from riviere.ledger.store import SQL


class StartsInPast(RiviereError):
    """What is past stays as it was: {what} cannot change at {at}; choose {now} or later."""

    code = "starts_in_past"


class Dated(Protocol):
    """A row in force from `starts_at` on, and before `ends_at` where that is known."""

    @property
    def starts_at(self) -> datetime: ...  # noqa: D102
    @property
    def ends_at(self) -> datetime | None: ...  # noqa: D102


Row = TypeVar("Row", bound=Dated)


@contextmanager
def changing(connection: Connection, signer: Signer, now: datetime) -> Iterator[None]:
    """A transaction that changes dated or reference rows: one at a time, and ended by a head that vouches for them."""
    with connection.transaction():
        # Signing takes this lock in any case. Taken first, nobody else changes what the block reads and decides on.
        connection.execute(SQL["lock_heads"])
        yield
        sign_head(connection, signer, now)
        changed(connection, "prices")


def not_past(at: datetime, now: datetime, what: str) -> datetime:
    """`at`, unless it lies before `now`: then StartsInPast is raised."""
    if at < now:
        raise StartsInPast(what=what, at=at.isoformat(), now=now.isoformat())
    return at


def in_force(rows: Iterable[Row], at: datetime) -> Row | None:
    """The row that holds at an instant; of rows that do not overlap there is at most one."""
    for row in rows:
        if row.starts_at <= at and (row.ends_at is None or at < row.ends_at):
            return row
    return None


def room(rows: Iterable[Row], starts_at: datetime, ends_at: datetime | None = None) -> tuple[Row | None, Row | None]:
    """What a new row from `starts_at` on, before `ends_at` where that is given, meets among those there are.

    Answers (the row without an end that holds then, to be ended where the new one begins; the last row that would
    overlap all the same). The new row has room if there is none of the second kind.
    """
    before = clash = None
    for row in rows:
        if (ends_at is None or row.starts_at < ends_at) and (row.ends_at is None or starts_at < row.ends_at):
            if row.ends_at is None and row.starts_at < starts_at:
                before = row
            else:
                clash = row
    return before, clash


def span(row: Dated) -> str:
    """When a row holds, for a message."""
    until = "on" if row.ends_at is None else f"to {row.ends_at.isoformat()}"
    return f"from {row.starts_at.isoformat()} {until}"


def beyond(row: Dated) -> str:
    """When another row may start, for a message: one without an end is ended by what starts after it."""
    return f"after {row.starts_at.isoformat()}" if row.ends_at is None else f"at {row.ends_at.isoformat()} or later"


def end(row: Dated) -> str:
    """When a row stops holding, for a message."""
    return "some day" if row.ends_at is None else row.ends_at.isoformat()
