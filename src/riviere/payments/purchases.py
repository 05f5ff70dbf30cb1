"""Coins bought, and the bonus coins beside them that expire.

The processor is asked before the ledger: a crash between the two leaves a charge without coins, and the same request
again finds that charge by its key and books it.
"""

from datetime import datetime, timedelta

from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.economy import people
from riviere.economy.catalogue import Catalogue
from riviere.economy.gifts import write_one
from riviere.ids import client_id, request_digest, system_id
from riviere.ledger import provenance
from riviere.ledger.law import Kind
from riviere.ledger.model import Buy, Expire, KeyReused, NothingToExpire, Receipt, Totals
from riviere.ledger.store import read_known, read_queue
from riviere.ledger.writer import Writer
from riviere.payments.sandbox import Charge, Processor

SQL = load("riviere.payments")


def buy(
    connection: Connection,
    writer: Writer,
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

    Raises UnknownUser, UnknownPack, PackNotSold, BadKey, KeyReused, TooLarge, or why the processor refuses the card.
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
        charge = processor.charge(f"{buyer}:{purchase}", sold.price, sold.currency, card)
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
    return write_one(writer, order)


def expire_due(connection: Connection, writer: Writer, now: datetime) -> int:
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
