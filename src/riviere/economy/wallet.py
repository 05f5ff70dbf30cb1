"""What one person's accounts hold."""

from datetime import datetime

import msgspec

from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.ledger import provenance
from riviere.ledger.law import Kind
from riviere.ledger.model import Totals
from riviere.ledger.posting import balance
from riviere.ledger.store import read_queue

SQL = load("riviere.economy")


class Expiring(msgspec.Struct, frozen=True):
    """Bonus coins that are gone at `expires_at` unless they are spent before."""

    coins: int
    expires_at: datetime


class Wallet(msgspec.Struct, frozen=True):
    """What one person's accounts hold: coins as a viewer, diamonds (thousandths) as a creator.

    `bonus` is spent before `coins`, in the order of `expiring`; `frozen` coins wait for their refund. `owed` is taken
    off at the next redemption; `unbacked` came from imports and has no way out yet.
    """

    coins: int
    bonus: int
    expiring: list[Expiring]
    frozen: int
    diamonds: int
    held: int
    owed: int
    unbacked: int


def wallet(connection: Connection, user: int) -> Wallet:
    """The balances of a user (by our id) now; all 0 for one who never had any."""
    accounts = totals(connection, user)

    def held(kind: Kind) -> int:
        return balance(kind, accounts.get(kind, Totals()))

    return Wallet(
        held(Kind.COINS),
        held(Kind.BONUS),
        _expiring(connection, user, accounts[Kind.BONUS]) if held(Kind.BONUS) else [],
        held(Kind.FROZEN),
        held(Kind.DIAMONDS),
        held(Kind.HELD),
        held(Kind.OWED),
        held(Kind.UNBACKED),
    )


def totals(connection: Connection, user: int) -> dict[int, Totals]:
    """The accounts that a user has, by Kind."""
    rows = connection.execute(SQL["read_wallet"], {"user": user})
    return {kind: Totals(*figures) for kind, *figures in rows}


def _expiring(connection: Connection, user: int, bonus: Totals) -> list[Expiring]:
    """What is left of each grant of bonus coins, in the order in which they are spent."""
    queue = read_queue(connection, user, Kind.BONUS, bonus)
    left = [
        (sum(piece.hi - piece.lo for piece in provenance.unspent(queue, grant)), grant.expires_at)
        for grant in queue.credits
    ]
    return [Expiring(coins, expires_at) for coins, expires_at in left if coins and expires_at is not None]
