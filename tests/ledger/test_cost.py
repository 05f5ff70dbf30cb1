"""What a gift costs the database, counted and not timed: look-ups and bytes. Statements and rows: test_gift_cost.py."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from test_guards import AT, key

from riviere.database.database import Database
from riviere.ledger.model import Buy, Gift, Order, Receipt
from riviere.ledger.writer import Draft, Writer

VIEWERS, CREATORS, GIFTS = 400, 20, 1_000


def purchases() -> list[Order]:
    return [
        Buy(viewer, *key(f"b{viewer}"), 100, 5, 99, "USD", 1, AT, "sandbox", f"charge-{viewer}")
        for viewer in range(1, VIEWERS + 1)
    ]


def gifts(first: int, number: int) -> list[Order]:
    return [
        Gift(
            1 + one % VIEWERS, *key(f"g{one}"), 10_000 + one % CREATORS, 1, False, 1, None, 1_000, 1, 1, 1, None, False
        )
        for one in range(first, first + number)
    ]


@contextmanager
def counted(database: Database) -> Iterator[Counter[str]]:
    """What the tables saw in the block, whose connections must have closed by its end."""
    before = _seen(database)
    found: Counter[str] = Counter()
    yield found
    found.update({name: number - before[name] for name, number in _seen(database).items() if number != before[name]})


def _seen(database: Database) -> Counter[str]:
    with database.connect_owner(autocommit=True) as owner:
        owner.execute("SELECT pg_sleep(0.05), pg_stat_clear_snapshot()")
        rows = owner.execute(
            "SELECT relname, n_tup_ins, n_tup_upd, n_tup_del, idx_scan, seq_scan FROM pg_stat_user_tables"
            " WHERE schemaname = 'riviere'"
        )
        return Counter(
            {
                f"{table} {what}": number
                for table, *numbers in rows
                for what, number in zip(("new", "moved", "gone", "looked up", "read whole"), numbers, strict=True)
                if number
            }
        )


def written(connect: Callable[[], psycopg.Connection[Any]], orders: list[Order]) -> None:
    with Writer(connect) as writer:
        assert all(isinstance(answer, Receipt) for answer in writer.write(orders))


def test_a_gift_looks_up_its_key_its_payer_and_what_it_moves(database: Database) -> None:
    written(database.connect, [*purchases(), *gifts(0, CREATORS)])
    with counted(database) as seen, Writer(database.connect) as writer:
        draft = Draft(gifts(1_000, GIFTS))
        for step in (writer.ask, writer.decide, writer.move, writer.store, writer.keep):
            step(draft)
        assert draft.stands
        writer.close()
    assert seen["entry looked up"] <= GIFTS
    assert seen["account looked up"] <= 2 * (VIEWERS + CREATORS), "read once, moved once"
    assert not [name for name in seen if name.endswith("read whole") and not name.startswith(("writer", "batch"))]


def test_a_gift_takes_less_than_400_bytes_with_all_its_indexes(database: Database) -> None:
    written(database.connect, [*purchases(), *gifts(0, 4_000)])
    with database.connect_owner(autocommit=True) as owner:
        size = "SELECT pg_table_size('entry') + pg_indexes_size('entry')"
        (before,) = owner.execute(size).fetchone() or (0,)
        written(database.connect, gifts(4_000, 8_000))
        (after,) = owner.execute(size).fetchone() or (0,)
    assert (after - before) / 8_000 <= 400
