"""What a gift costs the database, in statements and rows and not in seconds, so that no slow way creeps back in."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import psycopg
import pytest

from riviere.database.database import Database
from riviere.economy.desk import GiftDesk
from riviere.economy.gifts import GiftRequest
from riviere.ledger.batch import ROWS_AT_ONCE
from riviere.ledger.batch_writer import BatchWriter
from riviere.ledger.model import Receipt
from riviere.ledger.store import SQL
from riviere.ledger.writer import LARGEST_BATCH, Writer
from world import World

VIEWERS, CREATORS = 50, 10

#: Statements that a batch of gifts takes, transactions not counted: whether what is remembered still holds, accounts,
#: keys; the balances, the rows, the end of the batch. And one more for every ROWS_AT_ONCE rows after the first.
MOST_STATEMENTS = 6

COMMIT = SQL["commit"]

#: Seconds from one look at the counts to the next.
LOOK = 0.1


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Statements that this process sends from now on, each by its first words."""
    sent: Counter[str] = Counter()
    for name in ("execute", "executemany", "copy"):
        usual = getattr(psycopg.Cursor, name)

        def counted(self: Any, query: str, *more: Any, usual: Any = usual, **how: Any) -> Any:
            if query != COMMIT:
                sent[" ".join(query.split())[:60]] += 1
            return usual(self, query, *more, **how)

        monkeypatch.setattr(psycopg.Cursor, name, counted)
    return sent


@contextmanager
def open_desk(database: Database) -> Iterator[GiftDesk]:
    """A desk as a server has it."""
    writer = BatchWriter(Writer(database.connect))
    desk = GiftDesk(partial(database.connect, autocommit=True), writer)
    try:
        yield desk
    finally:
        writer.close()
        desk.close()


@pytest.fixture
def crowd(world: World) -> World:
    """Viewers with coins, and creators who are live."""
    for number in range(CREATORS):
        world.creator(f"creator {number}")
    for number in range(VIEWERS):
        world.viewer(f"viewer {number}")
        world.buy(f"viewer {number}", 1_000)
    return world


def gifts(world: World, many: int) -> list[GiftRequest]:
    return [world.asked(f"viewer {number % VIEWERS}", f"creator {number % CREATORS}") for number in range(many)]


def written(database: Database, entries: int) -> dict[str, tuple[int, int, int]]:
    """Rows inserted, updated and deleted of each table so far, once the server has counted so many entries.

    Each connection tells its counts when it gets to it, up to a second later (PostgreSQL, "The Cumulative Statistics
    System"): all have when as many people are counted as there are, and nothing was added for longer than that.
    """
    counted: dict[str, tuple[int, int, int]] = {}
    still = 0
    with database.connect_owner(autocommit=True) as connection:
        for _ in range(200):
            rows = connection.execute(
                "SELECT relname, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_user_tables WHERE schemaname = 'riviere'"
            )
            found = {name: (inserted, updated, deleted) for name, inserted, updated, deleted in rows}
            still = still + 1 if found == counted else 0
            counted = found
            if counted["entry"][0] >= entries and counted["person"][0] >= VIEWERS + CREATORS and still * LOOK >= 1.2:
                return counted
            time.sleep(LOOK)
    raise AssertionError(f"the server has counted {counted['entry'][0]} of {entries} entries")


@pytest.mark.parametrize("many", [1, 100, LARGEST_BATCH])
def test_a_batch_takes_the_same_few_statements_however_many_gifts_are_in_it(
    database: Database, crowd: World, statements: Counter[str], many: int
) -> None:
    with open_desk(database) as desk:
        desk.send(gifts(crowd, VIEWERS))  # everybody is known from now on, and every account is there
        statements.clear()
        answers = desk.send(gifts(crowd, many))
        assert [answer for answer in answers if not isinstance(answer, Receipt)] == []
    assert 0 < statements.total() <= MOST_STATEMENTS + (many - 1) // ROWS_AT_ONCE, dict(statements)


def test_a_gift_writes_one_row_and_moves_each_balance_once_a_batch(database: Database, crowd: World) -> None:
    many = 500
    with open_desk(database) as desk:
        desk.send(gifts(crowd, VIEWERS))
    before = written(database, 2 * VIEWERS)
    with open_desk(database) as desk:
        desk.send(gifts(crowd, many))
        desk.send(gifts(crowd, many))
    after = written(database, 2 * VIEWERS + 2 * many)
    grown = {
        name: tuple(now - then for now, then in zip(rows, before[name], strict=True)) for name, rows in after.items()
    }
    # Inserted, updated and deleted. At the turn of an hour creators get a new row of earnings.
    inserted, updated, deleted = grown.pop("earning")
    assert (inserted + updated, deleted) == (2 * CREATORS, 0)
    assert {name: rows for name, rows in grown.items() if any(rows)} == {
        "entry": (2 * many, 0, 0),
        "account": (0, 2 * (VIEWERS + CREATORS), 0),
        "batch": (2, 0, 0),
        "writer": (0, 2, 0),
    }
