"""Why an entry moved what it moved: the gift behind it, its coins, and the rate that priced them."""

from typing import Final
from uuid import UUID

import msgspec

from riviere.database.connection import Connection
from riviere.economy import policies
from riviere.economy.named import Names, Where
from riviere.economy.policy import Policy
from riviere.economy.telling import Told, tell
from riviere.ledger.journal import legs
from riviere.ledger.law import GIFTS, REVERSALS, Kind
from riviere.ledger.model import Entry
from riviere.ledger.refusals import UnknownEntry
from riviere.ledger.statement import entries

#: Digits of the largest number that an entry can have.
_LONGEST: Final = 18


class Explained(msgspec.Struct, frozen=True):
    """One line of an account, and what is behind it.

    `gift` (a code), `pieces`, `coins` and `place` are those of the gift that it books or takes back (`undoes`), and
    `rate` is the policy that priced it; None, and no pieces, where no gift is behind it.
    """

    told: Told
    gift: str | None
    pieces: int
    coins: int | None
    place: Where | None
    rate: Policy | None
    undoes: UUID | None


def explain(connection: Connection, user: int, kind: Kind, seq: str) -> Explained:
    """The entry of an account that has the number `seq`, as it is written. Raises UnknownEntry."""
    number = int(seq) if seq.isascii() and seq.isdigit() and len(seq) <= _LONGEST else 0
    lines = entries(connection, user, kind, number + 1, 1) if number else []
    if not lines or str(lines[0].seq) != seq:
        raise UnknownEntry(what="entry", id=seq[:60])
    entry, (told,) = lines[0].entry, tell(connection, user, lines)
    gift = _gift(connection, entry)
    if gift is None or gift.item is None:
        return Explained(told, None, 0, None, None, None, None)
    rate = next((one for one in policies.listed(connection) if one.id == gift.policy), None)
    names = Names.of_entries(connection, [gift])
    return Explained(
        told,
        names.gifts[gift.item].code,
        gift.count,
        gift.debit_amount,
        names.place(gift.credit_user, gift.place),
        rate,
        entry.cause if entry.route in REVERSALS else None,
    )


def _gift(connection: Connection, entry: Entry) -> Entry | None:
    """The gift's leg that an entry is, or that it takes back."""
    if entry.route in GIFTS:
        return entry
    if entry.route in REVERSALS and entry.cause is not None:
        return next((leg for leg in legs(connection, entry.owner, entry.cause) if leg.leg == entry.leg), None)
    return None
