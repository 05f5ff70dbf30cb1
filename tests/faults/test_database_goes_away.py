"""The database goes away in mid-batch and comes back, or does not: nothing is lost, and nothing is there twice."""

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from pathlib import Path

import pytest
from scene import batches, kill_postmaster
from shop import Shop, once_each, stands

import riviere.ledger.writer as of_writer
from riviere.database.connection import Connection, DatabaseUnreachable
from riviere.database.database import Database
from riviere.ledger.evidence import Signer
from riviere.ledger.writer import LARGEST_BATCH, DatabaseGone, Writer
from riviere.services import Riviere
from riviere.settings import Settings

GIFTS = 20_000
#: Two seconds in which a server process looks at nothing else, not even at whether its server still lives.
BUSY = "DO $$ BEGIN WHILE clock_timestamp() < statement_timestamp() + interval '2 s' LOOP END LOOP; END $$"
SIGNER = Signer(bytes(range(32)))


@pytest.fixture
def shop(data_folder: Path) -> Iterator[Shop]:
    with Riviere(Settings(data_folder, None)) as riviere:
        made = Shop(riviere.database, riviere.signer)
        made.stock_up()
        yield made


def test_a_server_killed_twice_in_mid_load_loses_nothing(shop: Shop, data_folder: Path) -> None:
    orders = shop.gifts(range(GIFTS))
    chance, kills = random.Random(11), 0
    with ThreadPoolExecutor(1) as pool, Writer(shop.database.connect) as writer:
        written = pool.submit(writer.write, orders)
        for wanted in (3, 6):
            while batches(data_folder) < wanted and not written.done():
                time.sleep(0.002)
            time.sleep(chance.uniform(0, 0.05))
            kills += not written.done()
            kill_postmaster(data_folder)
        for answer in written.result(timeout=60):
            stands(answer)
    assert kills == 2
    assert shop.booked() == once_each(orders)
    shop.balances()


def test_connections_cut_again_and_again_lose_nothing(database: Database) -> None:
    shop = Shop(database, SIGNER)
    shop.stock_up()
    orders = shop.gifts(range(GIFTS))
    chance, cut = random.Random(12), 0
    with ThreadPoolExecutor(1) as pool, Writer(database.connect) as writer:
        written = pool.submit(writer.write, orders)
        with database.connect_owner(autocommit=True) as owner:
            while cut < 6 and not written.done():
                time.sleep(chance.uniform(0.05, 0.2))
                cut += cut_others(owner)
        for answer in written.result(timeout=60):
            stands(answer)
    assert cut >= 4
    assert shop.booked() == once_each(orders)
    shop.balances()


def cut_others(owner: Connection) -> int:
    """Ends every other connection to this database; answers how many."""
    ended = owner.execute(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    ).fetchone()
    assert ended is not None
    return int(ended[0])


def test_a_database_that_stays_away_is_given_up_and_nothing_is_half_done(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_writer, "PATIENCE", 0.5)
    shop = Shop(database, SIGNER)
    shop.stock_up()
    orders = shop.gifts(range(GIFTS))
    away = threading.Event()

    def connect() -> Connection:
        if away.is_set():
            raise DatabaseUnreachable(reason="it is away")
        return database.connect()

    with ThreadPoolExecutor(1) as pool, Writer(connect) as writer, database.connect_owner(autocommit=True) as owner:
        written = pool.submit(writer.write, orders)
        while not shop.booked():
            time.sleep(0.01)
        away.set()
        cut_others(owner)
        with pytest.raises(DatabaseGone) as gone:
            written.result(timeout=30)
        assert "send the same requests again" in str(gone.value)
        there = shop.booked()
        # Whole batches and nothing of the next one.
        assert 0 < len(there) < GIFTS
        assert len(there) % LARGEST_BATCH == 0
        assert there == once_each(orders[: len(there)])
        shop.balances()
        away.clear()
        answers = [stands(answer) for answer in writer.write(orders)]
    assert [answer.repeated for answer in answers] == [number < len(there) for number in range(GIFTS)]
    assert shop.booked() == once_each(orders)
    shop.balances()


def test_a_server_comes_back_although_an_old_process_of_it_is_still_busy(shop: Shop, data_folder: Path) -> None:
    """PostgreSQL refuses to start beside what is left of a killed server; that is waited for, not an error."""
    orders = shop.gifts(range(100))
    with (
        ThreadPoolExecutor(1) as pool,
        Writer(shop.database.connect) as writer,
        closing(shop.database.connect()) as other,
    ):
        busy = pool.submit(other.execute, BUSY)
        time.sleep(0.3)
        assert not busy.done()
        kill_postmaster(data_folder)
        for answer in writer.write(orders):
            stands(answer)
        wait([busy], timeout=30)
    assert "pre-existing shared memory block" in (data_folder / "postgres" / "server.log").read_text()
    assert shop.booked() == once_each(orders)
    shop.balances()
