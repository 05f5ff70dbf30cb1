"""Migrations: numbered SQL files, each applied once, in order, whole or not at all."""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from importlib import resources
from typing import NamedTuple

import psycopg

from riviere.database.connection import Connection, connect, first_line
from riviere.database.sql import load
from riviere.errors import RiviereError

_SQL = load("riviere.database")
_FILE = re.compile(r"(\d{4})_(\w+)\.sql")


class ChangedMigration(RiviereError):
    """Migration {number:04} {name} was applied in another wording; restore the file that was applied."""

    code = "changed_migration"


class NewerDatabase(RiviereError):
    """The database was made by a newer Riviere: migration {number:04} {name} is not in this one; use that version."""

    code = "newer_database"


class MissingMigration(RiviereError):
    """Migration {number:04} is missing {where}, though later ones are there; restore it."""

    code = "missing_migration"


class MigrationFailed(RiviereError):
    """Migration {number:04} {name} failed and nothing of it was kept: {reason}."""

    code = "migration_failed"


class Migration(NamedTuple):
    """A file: its number, name, SHA-256 in hexadecimal, and SQL."""

    number: int
    name: str
    checksum: str
    sql: str


class Applied(NamedTuple):
    """A row of riviere.migration."""

    number: int
    name: str
    checksum: str
    applied_at: datetime


def migrate(dsn: str) -> list[str]:
    """Apply to `dsn`, as its owner, whatever it lacks; answers the names applied, none where nothing was to do.

    Raises ChangedMigration, NewerDatabase, MissingMigration, MigrationFailed or DatabaseUnreachable.
    """
    files = shipped()
    with connect(dsn, autocommit=True) as connection:
        if not missing(files, _applied(connection)):
            return []
        connection.execute(_SQL["lock"])  # held until this connection closes
        connection.execute(_SQL["be_brief"])
        connection.execute(_SQL["create_schema"])
        connection.execute(_SQL["create_migration"])
        todo = missing(files, _applied(connection))
        for migration in todo:
            _apply(connection, migration)
    return [migration.name for migration in todo]


def status(dsn: str) -> list[tuple[int, str, datetime | None]]:
    """Number and name of every migration that this version or the database knows, and when it was applied."""
    with connect(dsn, autocommit=True) as connection:
        applied = {row.number: row for row in _applied(connection)}
    names = {file.number: file.name for file in shipped()} | {row.number: row.name for row in applied.values()}
    return [(n, name, applied[n].applied_at if n in applied else None) for n, name in sorted(names.items())]


def size(dsn: str) -> int:
    """The bytes that the database takes on disk."""
    with connect(dsn, autocommit=True) as connection:
        row = connection.execute(_SQL["read_size"]).fetchone()
        assert row is not None
        return int(row[0])


def shipped() -> list[Migration]:
    """The migrations of this version, in order. Raises MissingMigration where a number is left out."""
    found = []
    for file in resources.files("riviere.database.migrations").iterdir():
        if named := _FILE.fullmatch(file.name):
            sql = file.read_text("utf-8")
            found.append(Migration(int(named[1]), named[2], hashlib.sha256(sql.encode()).hexdigest(), sql))
    found.sort()
    _without_gap([migration.number for migration in found], "in this version")
    return found


def missing(files: Sequence[Migration], applied: Sequence[Applied]) -> list[Migration]:
    """Which of `files` are still to apply.

    Raises NewerDatabase, ChangedMigration or MissingMigration where what was applied is not a beginning of `files`.
    """
    known = {file.number: file for file in files}
    for row in applied:
        if row.number not in known:
            raise NewerDatabase(number=row.number, name=row.name)
        if row.checksum != known[row.number].checksum:
            raise ChangedMigration(number=row.number, name=row.name)
    _without_gap([row.number for row in applied], "in the database")
    return list(files[len(applied) :])


def _without_gap(numbers: Sequence[int], where: str) -> None:
    for expected, number in enumerate(numbers, 1):
        if number != expected:
            raise MissingMigration(number=expected, where=where)


def _applied(connection: Connection) -> list[Applied]:
    there = connection.execute(_SQL["has_migration"]).fetchone()
    return [Applied(*row) for row in connection.execute(_SQL["applied"])] if there == (True,) else []


def _apply(connection: Connection, migration: Migration) -> None:
    row = {"number": migration.number, "name": migration.name, "checksum": migration.checksum}
    try:
        with connection.transaction():
            connection.execute(migration.sql)
            connection.execute(_SQL["record"], row)
            connection.execute(_SQL["grant_server"])
    except psycopg.Error as error:
        raise MigrationFailed(number=migration.number, name=migration.name, reason=first_line(error)) from error
