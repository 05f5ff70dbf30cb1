"""A read of one account looks at little more of the journal than it gives, however much its user's others moved.

The indexes are those of 0008_numbered.sql.
"""

from typing import Any, NamedTuple

import pytest
from small_ledger import CREATOR, FACTS, MINA, OTHER, buy, expire, gift, hold, write

from riviere import clock
from riviere.database.database import Database
from riviere.database.sql import load
from riviere.ledger.store import SQL
from riviere.ledger.writer import Writer

ECONOMY, PAYMENTS = load("riviere.economy"), load("riviere.payments")

#: Gifts that the creator got; the numbers that his coins and his bonus coins have come to.
GOT, COINS, BONUS = 900, 23, 23
#: Accounts of his that have moved: each has a row of a number at the most.
KINDS = 4


class Read(NamedTuple):
    """A statement, what it is given, and how many rows of the journal it may look at."""

    sql: str
    given: dict[str, object]
    most: int


def reads() -> dict[str, Read]:
    """Whatever is asked of one user's accounts, of a creator who buys coins and gives, too."""
    coins: dict[str, object] = {"user": CREATOR, "kind": 1}
    diamonds: dict[str, object] = {"user": CREATOR, "kind": 11}
    now = {"instant": clock.now()}
    sent: dict[str, object] = {
        "sender": CREATOR,
        "kinds": [1, 2, 3],
        "after": [COINS - 10, 0, 0],
        "before": [COINS - 4, BONUS + 1, 1],
    }
    return {
        "all lines of coins": Read(SQL["read_lines"], coins | {"after": 0, "upto": COINS}, COINS * KINDS),
        "a page of coins": Read(SQL["read_lines"], coins | {"after": 4, "upto": 9}, 5 * KINDS),
        "a page of diamonds": Read(SQL["read_lines"], diamonds | {"after": 700, "upto": 800}, 100),
        "coins at a past time": Read(SQL["read_past"], coins | now, COINS.bit_length() * KINDS),
        "diamonds at a past time": Read(SQL["read_past"], diamonds | now, GOT.bit_length()),
        "what brought coins": Read(SQL["read_credits"], {"owner": CREATOR, "axis": 1}, 3),
        "what brought bonus coins": Read(SQL["read_credits"], {"owner": CREATOR, "axis": 2}, 2),
        "what brought imported coins": Read(SQL["read_credits"], {"owner": CREATOR, "axis": 3}, 0),
        "what expired": Read(SQL["read_removals"], {"owner": CREATOR, "axis": 2}, 1),
        "gifts sent": Read(ECONOMY["walk_sent"], sent, (5 + BONUS) * 2),
        "purchases": Read(PAYMENTS["page_purchases"], {"user": CREATOR, "before": None, "most": 2}, 3 * 2),
        "bonus coins past their time": Read(PAYMENTS["read_due"], {"now": clock.now()}, 2 + 5),
    }


@pytest.mark.parametrize("known", [False, True], ids=["without statistics", "with statistics"])
def test_a_creator_of_many_gifts_who_buys_and_gives_is_read_by_numbers(database: Database, known: bool) -> None:
    with database.connect_owner() as owner:
        owner.execute(FACTS)
    write(database, buy(CREATOR, "small", 1), buy(CREATOR, "lapsed", expires=clock.now()), expire(CREATOR, "lapsed"))
    write(database, buy(CREATOR, "large"), *(buy(MINA, f"b{number}") for number in range(5)))
    with Writer(database.connect) as writer:
        writer.write([gift(CREATOR, f"from {number}", creator=OTHER) for number in range(40)])
        for batch in range(9):
            writer.write([gift(MINA, f"to {batch} {number}") for number in range(GOT // 9)])
    write(database, hold(CREATOR, "out", 1_000))
    with database.connect_owner(autocommit=True) as owner:
        moved: dict[int, int] = dict(
            owner.execute("SELECT kind, seq FROM account WHERE user_id = %s AND seq > 0", [CREATOR]).fetchall()
        )
        assert moved == {1: COINS, 2: BONUS, 11: GOT + 1, 12: 1}
        if known:
            owner.execute("ANALYZE")
        owner.execute("SET enable_seqscan = off")  # so short a journal would else be read from end to end
        for name, read in reads().items():
            plan = owner.execute(f"EXPLAIN (ANALYZE, FORMAT json) {read.sql}", read.given).fetchone()
            assert plan is not None
            assert looked_at(plan[0][0]["Plan"]) <= read.most, name


def test_a_gift_is_written_to_four_indexes(database: Database) -> None:
    """Each one more costs every gift some 40 bytes and a tenth of its time."""
    with database.connect_owner() as owner:
        owner.execute(FACTS)
    write(database, buy(MINA, "b"), gift(MINA, "g"))
    with database.connect_owner() as owner:
        indexes = owner.execute(
            "SELECT indexrelid::regclass::text, coalesce(pg_get_expr(indpred, indrelid), 'true') "
            "FROM pg_index WHERE indrelid = 'entry'::regclass"
        ).fetchall()
        written = {
            name
            for name, condition in indexes
            if owner.execute(f"SELECT 1 FROM entry WHERE route IN (11, 12) AND ({condition})").fetchone()
        }
    assert written == {"entry_pkey", "entry_by_debit", "entry_by_credit", "entry_by_batch"}


def looked_at(plan: dict[str, Any]) -> float:
    """Rows of the journal that a plan came upon, whether it used them or not."""
    seen = sum(plan.get(rows, 0) for rows in ("Actual Rows", "Rows Removed by Filter")) * plan["Actual Loops"]
    own = seen if plan.get("Relation Name") == "entry" else 0
    return own + sum(looked_at(part) for part in plan.get("Plans", []))
