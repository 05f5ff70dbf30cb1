import threading

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from riviere.database import migrate as module
from riviere.database.connection import connect
from riviere.database.migrate import (
    ChangedMigration,
    Migration,
    MigrationFailed,
    MissingMigration,
    NewerDatabase,
    migrate,
    shipped,
    status,
)


@pytest.fixture
def bare(database):
    """The DSN of a database that holds nothing, and of its owner."""
    with database.connect_owner(autocommit=True) as connection:
        connection.execute("CREATE DATABASE bare TEMPLATE template0")
    yield make_conninfo(database.owner_dsn, dbname="bare")
    with database.connect_owner(autocommit=True) as connection:
        connection.execute("DROP DATABASE bare WITH (FORCE)")


def tables(dsn):
    with connect(dsn) as connection:
        rows = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'riviere'::regnamespace"
        )
        return {name for (name,) in rows}


def test_every_migration_is_applied_once_and_then_there_is_nothing_to_do(bare):
    assert {applied for *_, applied in status(bare)} == {None}
    assert migrate(bare) == [migration.name for migration in shipped()]
    assert {"entry", "account", "migration"} <= tables(bare)
    assert migrate(bare) == []
    assert all(applied is not None for *_, applied in status(bare))


def test_two_who_migrate_at_once_do_it_once(bare):
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(migrate(bare))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [[], [], [migration.name for migration in shipped()]]


def test_a_migration_that_says_something_else_now_is_refused(database):
    with database.connect_owner() as connection:
        connection.execute("UPDATE migration SET checksum = 'other' WHERE number = 1")
    with pytest.raises(ChangedMigration, match="Migration 0001 ledger was applied in another wording"):
        migrate(database.owner_dsn)


def test_a_database_of_a_newer_version_is_refused(database):
    with database.connect_owner() as connection:
        connection.execute("INSERT INTO migration (number, name, checksum) VALUES (9001, 'holograms', '')")
    with pytest.raises(NewerDatabase, match="made by a newer Riviere: migration 9001 holograms"):
        migrate(database.owner_dsn)
    assert status(database.owner_dsn)[-1][:2] == (9001, "holograms")


def test_a_database_that_lost_a_migration_is_refused(database):
    with database.connect_owner() as connection:
        connection.execute("DELETE FROM migration WHERE number = 1")
    with pytest.raises(MissingMigration, match="Migration 0001 is missing in the database"):
        migrate(database.owner_dsn)


def shipping(monkeypatch, *more):
    files = [*shipped(), *more]
    monkeypatch.setattr(module, "shipped", lambda: files)


def test_a_migration_that_fails_leaves_nothing_behind_and_can_be_tried_again(database, monkeypatch):
    number = len(shipped()) + 1
    good = Migration(number, "good", "g", "CREATE TABLE made_by_good (x int)")
    bad = Migration(number + 1, "bad", "b", "CREATE TABLE half (x int); SELECT 1 / 0; CREATE TABLE rest (x int)")
    with monkeypatch.context() as patch:
        shipping(patch, good, bad)
        with pytest.raises(MigrationFailed, match=r"bad failed and nothing of it was kept: division by zero\."):
            migrate(database.owner_dsn)
    assert "made_by_good" in tables(database.owner_dsn)
    assert not {"half", "rest"} & tables(database.owner_dsn)
    shipping(monkeypatch, good, bad._replace(sql="CREATE TABLE half (x int)"))
    assert migrate(database.owner_dsn) == ["bad"]


def test_a_gap_in_the_shipped_files_is_found(monkeypatch, tmp_path):
    (tmp_path / "0001_a.sql").write_text("")
    (tmp_path / "0003_c.sql").write_text("")
    monkeypatch.setattr(module.resources, "files", lambda _: tmp_path)
    with pytest.raises(MissingMigration, match="Migration 0002 is missing in this version"):
        shipped()


def test_the_server_may_read_what_was_applied_but_not_write_it(database):
    with database.connect() as connection:
        assert connection.execute("SELECT count(*) FROM migration").fetchone() == (len(shipped()),)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM migration")
