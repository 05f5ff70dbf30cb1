"""For `riviere verify`: the scores of contests, added up anew from the journal."""

from riviere.database.connection import Connection
from riviere.ledger.verify import Check
from riviere.ledger.verify.model import named
from riviere.live.contests import SQL


def check_contests(connection: Connection) -> Check:
    """Each side's score is what was booked in the contest's time up to its marks; what is over has counted it all."""
    rows, wrong, first = connection.execute(SQL["wrong_contests"]).fetchone() or (0, 0, None)
    detail = "scores are what was booked in each contest's time; those that are over have counted all of it"
    return Check("contests", not wrong, rows, named(first) if wrong else detail)
