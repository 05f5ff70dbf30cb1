"""Coins bought, and the bonus coins beside them that expire.

The processor is asked before the ledger: a crash between the two leaves a charge without coins, and the same request
again finds that charge by its key and books it. A viewer's own limit (`spending.py`) is asked before both.
"""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from psycopg.rows import class_row

from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.economy import people
from riviere.economy.catalogue import Catalogue
from riviere.economy.gifts import write_one
from riviere.errors import RiviereError
from riviere.ids import BadKey, client_id, request_digest, system_id
from riviere.ledger import provenance
from riviere.ledger.law import Kind
from riviere.ledger.model import Buy, Expire, Receipt, Totals
from riviere.ledger.refusals import KeyReused, NothingToExpire
from riviere.ledger.store import read_known, read_queue
from riviere.ledger.writer import Writes
from riviere.payments import spending
from riviere.payments.sandbox import Charge, ChargeConflict, Processor

SQL = load("riviere.payments")


class UnknownPurchase(RiviereError):
    """This user bought nothing under the key {key!r}; correct it, or buy now."""

    code = "unknown_purchase"


class Bought(msgspec.Struct, frozen=True):
    """A purchase that stands: `coins` for `price` minor units of `currency`, and `bonus` coins beside them.

    `id` is the entry, `seq` its number in the account of coins, `pack` the pack's code.
    """

    id: UUID
    pack: str
    coins: int
    bonus: int
    bonus_expires_at: datetime | None
    price: int
    currency: str
    booked_at: datetime
    seq: int


def buy(
    connection: Connection,
    writer: Writes,
    processor: Processor,
    catalogue: Catalogue,
    *,
    user: str,
    pack: str,
    key: str,
    card: str,
    now: datetime,
) -> Receipt:
    """Sells a pack to a user, both by their external ids; the same key again charges nothing and answers the same.

    Raises UnknownUser, UnknownPack, PackNotSold, OverOwnLimit, BadKey, KeyReused, TooLarge, or why the processor
    refuses the card.
    """
    buyer = people.find(connection, user).id
    purchase, request = client_id(key), request_digest("buy", user, pack)
    known = read_known(connection, [(buyer, purchase)]).get((buyer, purchase))
    if known is not None:
        if known.request != request:
            raise KeyReused
        sold, charge = catalogue.packs(pack)[-1], Charge("", "", 0, "")
    else:
        sold = catalogue.pack(pack, now)
        spending.hold(connection, buyer, purchase, sold.price, sold.currency, now)
        try:
            charge = processor.charge(f"{buyer}:{purchase}", sold.price, sold.currency, card)
        except ChargeConflict:
            raise  # money was taken under this key before: it still counts
        except RiviereError:
            spending.let_go(connection, buyer, purchase)
            raise
    order = Buy(
        buyer,
        purchase,
        request,
        now,
        sold.coins,
        sold.bonus,
        sold.price,
        sold.currency,
        sold.id,
        now + timedelta(days=sold.bonus_days),
        charge.processor,
        charge.reference,
    )
    receipt = write_one(writer, order)
    spending.let_go(connection, buyer, purchase)
    return receipt


def find(connection: Connection, user: int, key: str) -> Bought:
    """The purchase that a user made under a key. Raises UnknownPurchase."""
    try:
        purchase = client_id(key)
    except BadKey:
        raise UnknownPurchase(key=key) from None
    with connection.cursor(row_factory=class_row(Bought)) as cursor:
        found = cursor.execute(SQL["read_purchase"], {"user": user, "id": purchase}).fetchone()
    if found is None:
        raise UnknownPurchase(key=key)
    return found


def listed(connection: Connection, user: int, before: int | None, most: int) -> list[Bought]:
    """Up to `most` of a user's purchases, the latest first, numbered below `before` if given."""
    asked = {"user": user, "before": before, "most": most}
    with connection.cursor(row_factory=class_row(Bought)) as cursor:
        return cursor.execute(SQL["page_purchases"], asked).fetchall()


def expire_due(connection: Connection, writer: Writes, now: datetime) -> int:
    """Takes back bonus coins that are past their time and unspent; answers how many. Safe to run at any time, often."""
    orders = []
    for user, *totals in connection.execute(SQL["read_due"], {"now": now}).fetchall():
        queue = read_queue(connection, user, Kind.BONUS, Totals(*totals))
        for grant in queue.credits:
            if grant.expires_at is not None and grant.expires_at <= now and provenance.unspent(queue, grant):
                what = ("expire", grant.entry, grant.leg)
                orders.append(Expire(user, system_id(*what), request_digest(*what), now, grant.entry, grant.leg))
    expired = 0
    for answer in writer.write(orders):
        if isinstance(answer, Receipt):
            expired += sum(entry.debit_amount for entry in answer.entries)
        elif not isinstance(answer, NothingToExpire):
            # A gift that came in between may have spent the coins; nothing else may be wrong.
            raise answer
    return expired
