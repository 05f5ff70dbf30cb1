"""For `riviere verify`: what is kept of supporters, added up anew from the journal."""

from riviere.database.connection import Connection
from riviere.ids import shown
from riviere.ledger.verify import Check
from riviere.ledger.verify.model import named
from riviere.live.supporters import KEPT, SQL

_AXES = {0: "stream", 1: "hour"}


def check_supporters(connection: Connection) -> Check:
    """Every row of `support` is what the journal says up to its creator's marks; none is missing, no mark is ahead."""
    rows, wrong, first = connection.execute(SQL["wrong_support"], {"kept": KEPT}).fetchone() or (0, 0, None)
    ahead = connection.execute(SQL["wrong_support_marks"]).fetchone()
    problem = None
    if ahead is not None:
        problem = named(ahead[0])
    elif wrong:
        creator, axis, key, supporter = first
        giver = shown("u", supporter) if supporter else "nobody by name"
        where = f"{_AXES.get(axis, f'axis {axis}')} {key}"
        problem = f"what {giver} gave {shown('u', creator)} in {where} is not what the journal says"
    detail = "what supporters gave, by stream and by hour, is what the gifts up to the marks brought"
    return Check("supporters", problem is None, rows, problem or detail)
