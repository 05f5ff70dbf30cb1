"""`verify` with a second connection: the journal is hashed beside the other checks, and both see one state."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
import small_ledger as small
from psycopg.pq import TransactionStatus
from small_ledger import OTTO, SIGNER
from test_verify import NAMES, looked_at, sound

from riviere.database.connection import Connection, DatabaseUnreachable
from riviere.database.database import Database
from riviere.ledger.verify import Report, verify

Connect = Callable[[], Connection]


def beside(database: Database, connect: Connect | None = None, progress: Any = None) -> Report:
    """The report; whatever comes of it, the first connection can be used on and no thread is left behind."""
    threads = threading.active_count()
    with database.connect() as connection:
        try:
            return verify(connection, SIGNER, progress=progress, connect=connect or database.connect)
        finally:
            assert connection.info.transaction_status == TransactionStatus.IDLE
            assert threading.active_count() == threads


@contextmanager
def nobody_reads_batches(database: Database) -> Iterator[Connection]:
    """The owner keeps the table to himself, so that its check hangs in a statement. Only heads look there beside it."""
    with database.connect_owner() as owner:
        owner.execute("LOCK TABLE batch")
        yield owner
        owner.rollback()


def test_it_says_the_same_with_one_connection_and_with_two(database: Database) -> None:
    small.build(database)
    sound(beside(database))
    with database.connect() as connection:
        assert verify(connection, SIGNER).checks == beside(database).checks


def test_a_named_server_has_two_connections_too(database: Database) -> None:
    small.build(database)
    named = Database(database.folder, database.owner_dsn, is_embedded=False)
    assert sound(beside(named)) == sound(beside(database))


def test_what_is_booked_while_the_second_connection_opens_is_seen_on_neither(database: Database) -> None:
    small.build(database)
    before = looked_at(database)

    def late() -> Connection:
        small.write(database, small.gift(OTTO, "late"))
        return database.connect()

    report = beside(database, late)
    assert report.entries == before.entries
    assert sound(report) == sound(before)
    assert beside(database).entries == before.entries + 1


def test_who_waits_hears_of_every_check_in_his_own_thread(database: Database) -> None:
    small.build(database)
    told: list[tuple[int, str, int, int]] = []
    report = beside(database, progress=lambda *step: told.append((threading.get_ident(), *step)))
    assert {thread for thread, *_ in told} == {threading.get_ident()}
    names = list(dict.fromkeys(name for _, name, *_ in told))
    assert names == [*(name for name in NAMES if name != "batches"), "batches"], "it is waited for last"
    assert [step[1:] for step in told[-1:]] == [("batches", report.entries, report.entries)]


def test_what_was_altered_is_found_beside_the_others(database: Database) -> None:
    small.build(database)
    with database.connect_owner() as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute("UPDATE entry SET at = at - interval '1 hour' WHERE route = 12")
    report = beside(database)
    assert [check.name for check in report.checks if not check.ok] == ["batches"]
    assert [check.name for check in report.checks] == NAMES
    assert not report.ok


@pytest.mark.parametrize("name", ["law", "books", "batches"])
def test_it_is_broken_off_whatever_it_does(database: Database, name: str) -> None:
    class Enough(Exception):
        pass

    def progress(check: str, *_: int) -> None:
        if check == name:
            raise Enough

    with nobody_reads_batches(database), pytest.raises(Enough):
        beside(database, progress=progress)
    assert sound(beside(database))


def test_a_second_connection_that_is_lost_says_nothing_of_the_rows(database: Database) -> None:
    second: list[int] = []

    def connect() -> Connection:
        connection = database.connect()
        second.append(connection.info.backend_pid)
        return connection

    with nobody_reads_batches(database) as owner:

        def progress(check: str, *_: int) -> None:
            if check == "batches":
                owner.execute("SELECT pg_terminate_backend(%s)", second)

        with pytest.raises(psycopg.OperationalError):
            beside(database, connect, progress)


def test_without_a_second_connection_nothing_is_verified(database: Database) -> None:
    def connect() -> Connection:
        raise DatabaseUnreachable(reason="too many clients")

    with pytest.raises(DatabaseUnreachable):
        beside(database, connect)


def test_in_a_transaction_that_has_begun_no_second_connection_could_see_its_rows(database: Database) -> None:
    def connect() -> Connection:
        raise AssertionError

    with database.connect_owner() as owner:
        owner.execute("ALTER TABLE gift DISABLE TRIGGER append_only")
        report = verify(owner, None, connect=connect)
        assert [check.name for check in report.checks if not check.ok] == ["roles"]
        owner.rollback()
