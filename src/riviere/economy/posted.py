"""What was booked under one id, and all that explains it: what it was, what priced it, what proves it.

For whoever asks "why this amount?". An entry is found by its owner and id, or as a line of anybody's account.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from psycopg.rows import class_row

from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.economy import checks, people, sent
from riviere.economy.gifts import undo
from riviere.economy.policy import Policy
from riviere.economy.sent import Sent
from riviere.economy.telling import about
from riviere.ledger.evidence import head_over
from riviere.ledger.journal import legs, line
from riviere.ledger.law import GIFTS, Kind
from riviere.ledger.model import Entry, Receipt
from riviere.ledger.proof import SignedHead
from riviere.ledger.refusals import UnknownEntry
from riviere.ledger.writer import Writes

SQL = load("riviere.economy")


class Undoing(NamedTuple):
    """Who undid a gift, why, and when they said so."""

    actor: str
    reason: str
    at: datetime


class Posted(msgspec.Struct, frozen=True):
    """Everything under one (owner, id): its legs in order and in words, and how people are called.

    `policies` has those that the legs name, by id; `gift` is there where it is one, `undone` where it was undone with a
    reason. `head` is None until the first signed head covers it.
    """

    owner: int
    legs: list[Entry]
    words: list[str]
    names: dict[int, str]
    policies: dict[int, Policy]
    gift: Sent | None
    undone: Undoing | None
    head: SignedHead | None


def find(connection: Connection, owner: int, entry: UUID) -> Posted:
    """What was booked under an id that concerns this user (our id). Raises UnknownEntry."""
    booked = legs(connection, owner, entry)
    if not booked:
        raise UnknownEntry(what="entry", id=entry)
    users = {owner, *(leg.debit_user for leg in booked), *(leg.credit_user for leg in booked)} - {None}
    is_gift = any(leg.route in GIFTS for leg in booked)
    last = booked[-1]
    return Posted(
        owner,
        booked,
        about(connection, booked),
        people.names(connection, sorted(user for user in users if user is not None)),
        _policies(connection, [leg.policy for leg in booked if leg.policy is not None]),
        sent.find(connection, owner, entry) if is_gift else None,
        _undoing(connection, owner, entry) if is_gift else None,
        head_over(connection, last.writer, last.batch),
    )


def of_line(connection: Connection, user: int, kind: Kind, seq: int) -> Posted:
    """The entry behind the `seq`-th line of an account, whoever it concerns. Raises UnknownEntry."""
    found = line(connection, user, kind, seq)
    if found is None:
        raise UnknownEntry(what="line", id=seq)
    return find(connection, found.owner, found.id)


def undo_because(
    connection: Connection, writer: Writes, owner: int, gift: UUID, actor: str, reason: str, now: datetime
) -> Receipt:
    """Undoes a gift and keeps who did and why. Asked again it changes nothing, and the first reason stays.

    Raises UnknownEntry, ImportedGift, TooLarge or BadText.
    """
    checks.text(reason, "The reason", 500)
    # Said after the reversal stands: what is refused leaves no reason behind, and who asks again completes it.
    receipt = undo(writer, owner, gift, now)
    row = {"owner": owner, "gift": gift, "actor": actor, "reason": reason, "at": now}
    connection.execute(SQL["add_undoing"], row)
    return receipt


def _policies(connection: Connection, ids: list[int]) -> dict[int, Policy]:
    with connection.cursor(row_factory=class_row(Policy)) as cursor:
        rows = cursor.execute(SQL["name_policies"], {"ids": sorted(set(ids))}).fetchall()
    return {row.id: row for row in rows}


def _undoing(connection: Connection, owner: int, gift: UUID) -> Undoing | None:
    row = connection.execute(SQL["read_undoing"], {"owner": owner, "gift": gift}).fetchone()
    return None if row is None else Undoing(*row)
