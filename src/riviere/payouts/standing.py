"""Who may be paid: whether their identity is verified, and whether payouts to them are suspended, with the reason.

Every change is a row with time, actor and reason; the last one holds. Functions take people by their external ids.
"""

from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec
from psycopg.rows import class_row

from riviere.database.connection import Connection
from riviere.economy import checks, people
from riviere.payouts.methods import LONGEST_REASON, SQL, lock_creator


class Identity(StrEnum):
    """What is known of who somebody is."""

    NOT_STARTED = "not_started"
    PENDING = "pending"
    VERIFIED = "verified"
    REJECTED = "rejected"
    EXPIRED = "expired"


ACTIVE: Final = "active"
SUSPENDED: Final = "suspended"


class Mark(msgspec.Struct, frozen=True):
    """A state that somebody was given: of identity or of standing."""

    state: str
    at: datetime
    actor: str
    reason: str


def set_identity(connection: Connection, user: str, state: Identity, actor: str, reason: str, now: datetime) -> Mark:
    """Records what an identity check came to; the reason may be empty. Raises UnknownUser or BadText."""
    if reason:
        checks.text(reason, "A reason", LONGEST_REASON)
    return _add(connection, "add_identity", user, Mark(Identity(state), now, actor, reason))


def suspend(connection: Connection, user: str, actor: str, reason: str, now: datetime) -> Mark:
    """Stops new redemptions of somebody, for a reason that they are told. Raises UnknownUser or BadText."""
    checks.text(reason, "A reason", LONGEST_REASON)
    return _add(connection, "add_standing", user, Mark(SUSPENDED, now, actor, reason))


def reinstate(connection: Connection, user: str, actor: str, reason: str, now: datetime) -> Mark:
    """Lets somebody redeem again. Raises UnknownUser or BadText."""
    checks.text(reason, "A reason", LONGEST_REASON)
    return _add(connection, "add_standing", user, Mark(ACTIVE, now, actor, reason))


def identity_of(connection: Connection, user: int) -> list[Mark]:
    """Every state of a user's identity (by our id), the one that holds last; none says not started."""
    return _read(connection, "read_identity", user)


def standing_of(connection: Connection, user: int) -> list[Mark]:
    """Every suspension and reinstatement of a user (by our id), the one that holds last; none says active."""
    return _read(connection, "read_standing", user)


def _add(connection: Connection, query: str, user: str, mark: Mark) -> Mark:
    checks.text(mark.actor, "Who decides", checks.LONGEST_ID)
    found = people.find(connection, user).id
    with connection.transaction():
        lock_creator(connection, found)
        connection.execute(SQL[query], {"user": found} | msgspec.structs.asdict(mark))
    return mark


def _read(connection: Connection, query: str, user: int) -> list[Mark]:
    with connection.cursor(row_factory=class_row(Mark)) as cursor:
        return cursor.execute(SQL[query], {"user": user}).fetchall()
