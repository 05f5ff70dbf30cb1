"""For `riviere verify`: every refund against what the ledger has frozen, paid back and put back for it."""

from riviere.database.connection import Connection
from riviere.ledger.verify import Check
from riviere.ledger.verify.model import named
from riviere.payments.refunds.refunds import SQL


def check_refunds(connection: Connection) -> Check:
    """Each refund is where the journal says; no coins are frozen that nobody asked to give back."""
    rows, broken, first = connection.execute(SQL["wrong_refunds_kept"]).fetchone() or (0, 0, "")
    more = f" (and {broken - 1:,} more)" if broken > 1 else ""
    said = named(first.partition("|")[2]) + more if broken else "every refund's coins and money are where it says"
    return Check("refunds-asked", not broken, rows, said)
