"""The ground that every bench stands on: a database that is thrown away, and what its server says of itself."""

import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from cyclopts import Parameter
from psycopg import errors

from riviere.cli.bench.machine import Machine
from riviere.cli.common import Common, err, progress
from riviere.database.connection import connect
from riviere.database.sql import load
from riviere.errors import RiviereError
from riviere.ledger.verify import Report
from riviere.services import Riviere
from riviere.settings import Settings

SQL = load("riviere.cli.bench")


class DatabaseUsed(RiviereError):
    """The database has entries already; name a fresh one, since a bench fills it with made-up gifts."""

    code = "database_used"


class BenchRefused(RiviereError):
    """A bench sent gifts that were refused ({reason}), so its figures would mean nothing; report this."""

    code = "bench_refused"


@Parameter(name="*")
@dataclass(frozen=True)
class Bench:
    """Options of every bench."""

    json: Annotated[bool, Parameter(negative=(), help="One JSON object on standard output.")] = False
    database_url: Annotated[
        str | None,
        Parameter(help="A fresh database on your own server, which is left full; else one of its own, thrown away."),
    ] = None

    @contextmanager
    def settings(self) -> Iterator[Settings]:
        """Settings of a Riviere in a temporary folder. Raises DatabaseUsed.

        A bench that is told to stop ends as if Ctrl-C had been pressed, and leaves no folder and no server behind.
        """
        usual = signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            if self.database_url is not None:
                _insist_on_fresh(self.database_url)
            with tempfile.TemporaryDirectory(prefix="riviere-bench-") as folder:
                # No quota ends a bench.
                yield Settings(Path(folder), self.database_url, key_quota=2**31 - 1)
        finally:
            signal.signal(signal.SIGTERM, usual)

    @contextmanager
    def riviere(self) -> Iterator[Riviere]:
        """A Riviere on such settings."""
        with self.settings() as settings, Riviere(settings) as opened:
            yield opened

    def answer(self, figures: object, *shown: object) -> None:
        """Prints the figures as JSON, or what is shown to people."""
        Common(json=self.json).answer(figures, *shown)


#: No option was given.
NOTHING_SAID: Final = Bench()


def _insist_on_fresh(url: str) -> None:
    """Looks before anything is migrated there."""
    with connect(url, autocommit=True) as connection:
        try:
            used = connection.execute(SQL["any_entry"]).fetchone()
        except errors.UndefinedTable:
            return
    if used is not None:
        raise DatabaseUsed


def say(text: str) -> None:
    """Tells on standard error what goes on, where somebody looks."""
    if err.is_terminal:
        err.print(text, markup=False)


class Server(msgspec.Struct, frozen=True):
    """Settings that durability and speed rest on, as the server reports them."""

    fsync: str
    synchronous_commit: str
    full_page_writes: str
    wal_compression: str
    shared_buffers: str
    max_wal_size: str
    checkpoint_timeout: str
    version: str


def server(riviere: Riviere) -> Server:
    """What the server reports."""
    return Server(*_row(riviere, "server_settings"))


def told(server: Server, where: Machine) -> list[tuple[str, str]]:
    """Both as rows of a table for people."""
    memory = f", {where.memory_mb:,} MB" if where.memory_mb else ""
    durable = (
        f"fsync {server.fsync}, synchronous_commit {server.synchronous_commit}, "
        f"full_page_writes {server.full_page_writes}"
    )
    return [
        ("server", f"PostgreSQL {server.version}, {durable}"),
        ("", f"shared_buffers {server.shared_buffers}, max_wal_size {server.max_wal_size}"),
        ("machine", f"{where.cores} cores of {where.cpu}{memory}, data on {where.file_system}"),
        ("", f"{where.kernel}, Python {where.python}"),
    ]


class Space(msgspec.Struct, frozen=True):
    """Bytes of each table with its indexes, of the write-ahead log so far, and checkpoints so far."""

    tables: dict[str, int]
    wal: int
    checkpoints: int

    def since(self, before: "Space") -> "Space":
        """What was added; only tables that grew."""
        grown = {name: size - before.tables.get(name, 0) for name, size in self.tables.items()}
        return Space(
            {name: size for name, size in sorted(grown.items()) if size > 0},
            self.wal - before.wal,
            self.checkpoints - before.checkpoints,
        )


def space(riviere: Riviere) -> Space:
    """What the database takes at this moment."""
    tables: dict[str, int] = dict(riviere.connection.execute(SQL["table_sizes"]).fetchall())
    return Space(tables, *_row(riviere, "wal_and_checkpoints"))


class Batches(msgspec.Struct, frozen=True):
    """Transactions that booked gifts: how many, and the entries of one."""

    count: int
    mean: float
    largest: int


def batches(riviere: Riviere, since: object) -> Batches:
    """Those booked after `since`, a time of the server's own clock."""
    count, entries, largest = _row(riviere, "batches_since", {"since": since})
    return Batches(count, round(entries / max(count, 1), 1), largest)


def server_time(riviere: Riviere) -> object:
    """What the server's clock says."""
    return _row(riviere, "server_time")[0]


def verify(riviere: Riviere) -> Report:
    """Whether the books hold after all that; shows how far it is."""
    with progress() as bar:
        task = bar.add_task("verify", total=None, rate="")
        return riviere.verify(lambda name, done, total: bar.update(task, description=name, completed=done, total=total))


def checkpoint(riviere: Riviere) -> None:
    """Writes everything to its place, so that what was done before does not slow what is measured.

    A database of one's own may not allow that; then it is left out.
    """
    with riviere.database.connect_owner(autocommit=True) as connection:
        try:
            connection.execute(SQL["checkpoint"])
        except errors.InsufficientPrivilege:
            say("the server allows no checkpoint; figures may hold some work of the preparations")


def _row(riviere: Riviere, query: str, parameters: dict[str, Any] | None = None) -> tuple[Any, ...]:
    row = riviere.connection.execute(SQL[query], parameters).fetchone()
    assert row is not None
    return row
