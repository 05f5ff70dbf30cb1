"""Questions to the ledger: what was booked under an id, which purchases paid for a gift, what has matured."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg import Connection
from psycopg.rows import class_row

from riviere.ledger import provenance
from riviere.ledger.law import GIFTS, KINDS, Kind
from riviere.ledger.model import Entry, Totals
from riviere.ledger.posting import balance
from riviere.ledger.refusals import UnknownEntry
from riviere.ledger.store import SQL, read_queue


class Paid(msgspec.Struct, frozen=True):
    """Coins of one purchase that a gift spent: `coins` from the `first`-th on (counted from 0) of what it brought.

    `account` is the kind of coins, `purchase` the entry that brought them, at `at`: of a pack, whose version is `pack`,
    or with a record (None).
    """

    account: str
    purchase: UUID
    at: datetime
    pack: int | None
    first: int
    coins: int


def legs(connection: Connection[Any], owner: int, entry: UUID) -> list[Entry]:
    """The rows booked under an id, in order; none where there is no such entry."""
    with connection.cursor(row_factory=class_row(Entry)) as cursor:
        return cursor.execute(SQL["read_legs"], {"owner": owner, "id": entry}).fetchall()


def line(connection: Connection[Any], user: int, kind: Kind, seq: int) -> Entry | None:
    """The row behind the `seq`-th entry of a user's account, if there is one."""
    parameters = {"user": user, "kind": kind, "after": seq - 1, "upto": seq}
    with connection.cursor(row_factory=class_row(Entry)) as cursor:
        return cursor.execute(SQL["read_lines"], parameters).fetchone()


def paid_by(connection: Connection[Any], owner: int, gift: UUID) -> list[Paid]:
    """The coins behind every leg of a gift, in the order they were spent; neighbours of one purchase are one row.

    Raises UnknownEntry where the owner sent no such gift.
    """
    given = [leg for leg in legs(connection, owner, gift) if leg.route in GIFTS]
    if not given:
        raise UnknownEntry(what="gift", id=gift)
    # What paid for a gift never changes, and an account's totals play no part in it.
    queues = {axis: read_queue(connection, owner, axis, Totals()) for axis in {leg.debit_kind for leg in given}}
    brought: dict[UUID, list[Entry]] = {}
    found: list[Paid] = []
    for leg in given:
        for piece in provenance.funding(queues[leg.debit_kind], leg.debit_start or 0, leg.debit_amount):
            if piece.purchase not in brought:
                brought[piece.purchase] = legs(connection, owner, piece.purchase)
            credit = next(row for row in brought[piece.purchase] if row.credit_kind == leg.debit_kind)
            account = KINDS[Kind(leg.debit_kind)].name
            paid = Paid(account, piece.purchase, credit.at, credit.item, piece.k, piece.hi - piece.lo)
            before = found[-1] if found else None
            if before and _follows(before, paid):
                found[-1] = msgspec.structs.replace(before, coins=before.coins + paid.coins)
            else:
                found.append(paid)
    return found


def matured(connection: Connection[Any], creator: int, immature_from: datetime) -> int:
    """Diamonds (thousandths) that could be redeemed: beyond debts, and earned before the hour `immature_from`.

    What riviere.ledger.redeeming.hold would find.
    """
    rows = connection.execute(SQL["read_hold"], {"creator": creator, "hour": immature_from}).fetchall()
    accounts = {kind: balance(kind, Totals(*totals)) for _, kind, *totals, _ in rows}
    recent = rows[0][-1] if rows else 0
    return max(0, accounts.get(Kind.DIAMONDS, 0) - accounts.get(Kind.OWED, 0) - recent)


def count_entries(connection: Connection[Any]) -> int:
    """How many rows the journal has, as the chains of its writers count them."""
    return sum(entries for *_, entries in connection.execute(SQL["read_tips"]))


def _follows(before: Paid, after: Paid) -> bool:
    """Whether these are the next coins of the same purchase."""
    same = (before.account, before.purchase) == (after.account, after.purchase)
    return same and before.first + before.coins == after.first
