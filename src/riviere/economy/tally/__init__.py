"""Tallies: what gifts brought each creator, added up behind the gifts, so that nobody adds up ten million to show ten.

The tables `tally` and `tally_mark` of 0009_tally.sql are derived: the tallies of a creator hold their entries up to the
marks, one mark an account, and `earned` reads the tallies and the entries behind the marks in one statement. So
what it answers is exact whether tallies were brought up to date or not; only its speed depends on that. A creator with
few gifts has no tallies at all, and costs nothing.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.ids import shown
from riviere.ledger.verify import Check
from riviere.ledger.verify.model import named

SQL = load("riviere.economy.tally")

#: Entries behind a creator's marks from which on they are tallied: a read finds so many in a millisecond or two.
LEAST: Final = 500

#: Entries that one transaction adds up, and (but for a last batch) searches for creators; and batches of one chain.
MOST_ENTRIES: Final = 50_000
MOST_BATCHES: Final = 5_000


class _Range(NamedTuple):
    """Entries of one account of a creator's, numbered from `counted` (without it) to `upto`."""

    creator: int
    kind: int
    counted: int
    upto: int


def count_up(connection: Connection, least: int = LEAST) -> bool:
    """Tallies a bite of what creators were given since the last time; whether there is more to do at once.

    Only creators with `least` entries behind their marks are tallied. Sums, marks and cursors move in one transaction,
    so it may be killed at any moment; while another process is at it, nothing is done.
    """
    with connection.transaction():
        if connection.execute(SQL["try_tally"]).fetchone() != (True,):
            return False
        connection.execute(SQL["add_tally_cursors"])
        asked = {"batches": MOST_BATCHES, "entries": MOST_ENTRIES}
        spans = connection.execute(SQL["next_spans"], asked).fetchall()
        if not spans:
            return False
        writers, passed, upto = (list(column) for column in zip(*spans, strict=True))
        span = {"writers": writers, "passed": passed, "upto": upto}
        due = [_Range(*row) for row in connection.execute(SQL["read_due"], span | {"least": least})]
        bite = _bite(due)
        if bite:
            ranges = {field: [getattr(one, field) for one in bite] for field in _Range._fields}
            asked_for = {"creators": ranges["creator"], "kinds": ranges["kind"], "upto": ranges["upto"]}
            connection.execute(SQL["add_tallies"], asked_for | {"counted": ranges["counted"]})
            connection.execute(SQL["move_marks"], asked_for)
        if bite == due:
            # Else the same span is searched again, and what is still due is found once more.
            connection.execute(SQL["move_tally_cursors"], {"writers": writers, "upto": upto})
    return True


def catch_up(connection: Connection) -> None:
    """Tallies all that there is to tally, bite by bite."""
    while count_up(connection):
        pass


def _bite(due: Sequence[_Range]) -> list[_Range]:
    """The first of these ranges that have no more than MOST_ENTRIES together; the last one may be cut."""
    bite = []
    room = MOST_ENTRIES
    for one in due:
        if not room:
            break
        cut = one._replace(upto=min(one.upto, one.counted + room))
        room -= cut.upto - cut.counted
        bite.append(cut)
    return bite


_AXES: Final = ("in all", "in hour", "for gift", "in place", "from supporter")


def check_tallies(connection: Connection) -> Check:
    """Every tally, added up anew from the journal, and that no mark or cursor lies behind what there is."""
    rows, wrong, first = connection.execute(SQL["wrong_tallies"]).fetchone() or (0, 0, None)
    ahead = connection.execute(SQL["wrong_marks"]).fetchone()
    problem = None
    if ahead is not None:
        problem = named(ahead[0])
    elif wrong:
        creator, axis, key = first
        problem = f"what gifts brought {shown('u', creator)} {_AXES[axis]} {key} is not what the journal says"
    return Check(
        "tallies", problem is None, rows, problem or "what is tallied is what the gifts up to the marks brought"
    )
