"""For `riviere verify`: how far goals have come, added up anew from the journal."""

from riviere.database.connection import Connection
from riviere.ledger.verify import Check
from riviere.ledger.verify.model import named
from riviere.live.goals import SQL


def check_goals(connection: Connection) -> Check:
    """Every goal, open or closed, has come as far as the journal says up to its marks; no mark is ahead."""
    rows, wrong, first = connection.execute(SQL["wrong_goals"]).fetchone() or (0, 0, None)
    detail = "goals have come as far as the gifts between their opening and their marks brought them"
    return Check("goals", not wrong, rows, named(first) if wrong else detail)
