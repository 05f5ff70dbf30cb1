"""One way to connect, whoever connects: schema riviere, UTC, no JIT, and an error of one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import IsolationLevel
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from riviere.errors import RiviereError

Connection = psycopg.Connection[tuple[Any, ...]]

_TIMEOUT = 10  # seconds to reach the server


class DatabaseUnreachable(RiviereError):
    """The database cannot be reached ({reason}); check that the server runs and what RIVIERE_DATABASE_URL says."""

    code = "database_unreachable"


class BadDatabaseUrl(RiviereError):
    """RIVIERE_DATABASE_URL is not a PostgreSQL address; it looks like postgresql://user:password@host:5432/name."""

    code = "bad_database_url"


def address(dsn: str, role: str | None = None) -> str:
    """`dsn` with search_path riviere, times in UTC and no JIT, after SET ROLE where `role` is given.

    Raises BadDatabaseUrl for a `dsn` that libpq cannot read (its words could show a password).
    """
    try:
        given = conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        raise BadDatabaseUrl from None
    # Compiling a statement takes longer than any read of ours that a person waits for.
    options = [str(given.get("options") or ""), "-c search_path=riviere -c timezone=UTC -c jit=off"]
    if role is not None:
        options.append(f"-c role={role}")
    given |= {"options": " ".join(options).strip(), "application_name": "riviere"}
    given.setdefault("connect_timeout", _TIMEOUT)
    return make_conninfo("", **given)


def connect(dsn: str, *, role: str | None = None, autocommit: bool = False) -> Connection:
    """A connection to `dsn` as `address` makes it. Raises DatabaseUnreachable and BadDatabaseUrl."""
    where = address(dsn, role)
    try:
        connection = psycopg.connect(where, autocommit=autocommit)
    except psycopg.OperationalError as error:
        raise DatabaseUnreachable(reason=first_line(error)) from error
    insist_on_utc(connection)
    return connection


def first_line(error: psycopg.Error) -> str:
    """The first line of what the database said, without a full stop."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def insist_on_utc(connection: Connection) -> None:
    """PGTZ in the environment beats the options of a connection; the server has already told us whether it did."""
    if connection.info.parameter_status("TimeZone") != "UTC":
        connection.execute("SET timezone = 'UTC'")
        if not connection.autocommit:
            connection.commit()


@contextmanager
def snapshot(connection: Connection) -> Iterator[None]:
    """One view of everything for the statements of the block, which may change nothing, on one in autocommit."""
    connection.isolation_level, connection.read_only = IsolationLevel.REPEATABLE_READ, True
    try:
        with connection.transaction():
            yield
    finally:
        if not connection.closed:
            connection.isolation_level = connection.read_only = None
