"""For `riviere verify`: what was ordered and paid against what the ledger has credited."""

from riviere.database.connection import Connection
from riviere.ledger.verify import Check
from riviere.ledger.verify.model import named
from riviere.payments.checkout.checkouts import SQL


def check_checkouts(connection: Connection) -> Check:
    """Each paid checkout was credited once as it was ordered, and nothing else of the processor's was."""
    rows, broken, first = connection.execute(SQL["wrong_checkouts"]).fetchone() or (0, 0, "")
    more = f" (and {broken - 1:,} more)" if broken > 1 else ""
    said = named(first.partition("|")[2]) + more if broken else "paid checkouts and purchases match, as ordered"
    return Check("checkouts", not broken, rows, said)
