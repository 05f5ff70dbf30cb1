"""A statement in words: what each line was, and who was on the other side of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from riviere import money
from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.economy import people
from riviere.economy.catalogue import Catalogue
from riviere.ledger.journal import legs
from riviere.ledger.law import GIFTS, REVERSALS, ROUTES, Kind, Route
from riviere.ledger.model import Entry
from riviere.ledger.proof import Line

SQL = load("riviere.economy")

#: The accounts a person asks about first: what they earned, else what they can spend.
_FIRST: Final = (Kind.DIAMONDS, Kind.UNBACKED, Kind.COINS, Kind.IMPORTED)


class Told(msgspec.Struct, frozen=True):
    """One line: `amount` and `balance` in the account's smallest unit; `who` is empty where nobody else took part.

    `at` is when it happened, `booked_at` when it was committed, `id` the entry.
    """

    seq: int
    booked_at: datetime
    at: datetime
    route: str
    what: str
    who: str
    amount: int
    balance: int
    id: UUID


def usual_account(connection: Connection, user: int) -> Kind:
    """The account that is meant where none is named: the first of diamonds, unbacked ones and coins that ever moved."""
    rows = connection.execute(SQL["read_wallet"], {"user": user}).fetchall()
    moved = {kind for kind, *_, seq, _ in rows if seq}
    return next((kind for kind in _FIRST if kind in moved), Kind.COINS)


def tell(connection: Connection, user: int, lines: Sequence[Line]) -> list[Told]:
    """The lines of a user's statement, which must not have been made ready to be handed over yet."""
    others = {line.seq: _other(line.entry, user) for line in lines}
    named = people.names(connection, sorted({other for other in others.values() if other is not None}))
    things = _Things(connection)
    return [
        Told(
            line.seq,
            line.entry.booked_at,
            line.entry.at,
            ROUTES[Route(line.entry.route)].name,
            things.name(line.entry),
            named.get(others[line.seq] or 0, ""),
            line.amount,
            line.balance,
            line.entry.id,
        )
        for line in lines
    ]


def about(connection: Connection, rows: Sequence[Entry]) -> list[str]:
    """What each of these entries was, in a few words."""
    things = _Things(connection)
    return [things.name(row) for row in rows]


def _other(entry: Entry, user: int) -> int | None:
    return next((side for side in (entry.debit_user, entry.credit_user) if side not in (None, user)), None)


#: Where what the law notes about a route is not what somebody who reads their own entries would call it.
_WORDS: Final = {
    Route.COINS_EXPIRE: "bonus coins that were not spent in time",
    Route.COINS_FREEZE: "set aside for a refund",
    Route.COINS_FREEZE_BONUS: "bonus set aside with a refund",
    Route.COINS_THAW: "back from a refund that came to nothing",
    Route.COINS_THAW_BONUS: "bonus back from a refund that came to nothing",
    Route.COINS_REFUND: "paid back",
    Route.COINS_WITHDRAW: "bonus of coins that were paid back",
    Route.REDEEM_NET: "taken off for gifts undone",
    Route.REDEEM_HOLD: "held for a redemption",
    Route.REDEEM_RELEASE: "back from a redemption",
    Route.REDEEM_FEE: "fee of a redemption",
    Route.REDEEM_PAYOUT: "paid out",
    Route.REDEEM_RETURN: "payment that came back",
}


class _Things:
    """What entries were about, by the catalogue's names."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        catalogue = Catalogue.load(connection)
        self._gifts = {version.id: version.name for version in catalogue.every_version()}
        self._packs = {pack.id: pack.code for pack in catalogue.every_pack()}

    def name(self, entry: Entry) -> str:
        """One entry in a few words."""
        if entry.route in GIFTS:
            # The second leg of a gift pays for pieces that the first one counted.
            how_many = f" ×{entry.count:,}" if entry.count > 1 else ""
            return self._gifts[entry.item or 0] + (how_many if entry.count else " (rest)")
        if entry.route in REVERSALS and entry.cause is not None:
            undone = legs(self._connection, entry.owner, entry.cause)
            return f"{self._gifts[undone[0].item or 0]} undone"
        if entry.route == Route.COINS_BUY and entry.currency is not None:
            price = money.grouped(entry.debit_amount, entry.currency)
            return f"{self._packs[entry.item or 0]} for {price} {entry.currency}"
        if entry.route == Route.REDEEM_SETTLE and entry.currency is not None:
            return f"redeemed for {money.grouped(entry.credit_amount, entry.currency)} {entry.currency} before the fee"
        if entry.route == Route.COINS_BONUS:
            return f"bonus of {self._packs[entry.item or 0]}"
        return _WORDS.get(Route(entry.route)) or ROUTES[Route(entry.route)].note
