"""The database of one run: the embedded server of a data folder, or the one that RIVIERE_DATABASE_URL names."""

from pathlib import Path
from typing import Final, Self

from psycopg import OperationalError
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool

from riviere.clock import now
from riviere.database import embedded
from riviere.database.connection import Connection, DatabaseUnreachable, address, connect, insist_on_utc
from riviere.database.folder import DataFolder
from riviere.database.migrate import migrate
from riviere.errors import RiviereError
from riviere.settings import Settings

#: Who the running server is: it may add to the journal and has no right to change it.
SERVER_ROLE: Final = "riviere_server"

#: Seconds that a request waits for a connection of the pool: past that the database is away, or far too slow.
_POOL_PATIENCE: Final = 5

#: Seconds after which the pool stops waiting longer from try to try: it tries again when somebody asks. With the usual
#: five minutes, a database that was away for two of them is noticed up to two more later.
_POOL_RETRIES: Final = 1


class FolderBusy(RiviereError):
    """{path} is in use by another Riviere process; stop it first."""

    code = "folder_busy"


class Database:
    """An open database beside its data folder. Use it as a context manager, or close it.

    `migrated` names the migrations that opening it applied.
    """

    def __init__(self, folder: DataFolder, owner_dsn: str, *, is_embedded: bool) -> None:
        self.folder: Final = folder
        self.owner_dsn: Final = owner_dsn
        self.is_embedded: Final = is_embedded
        self.migrated: list[str] = []

    def connect(self, *, autocommit: bool = False) -> Connection:
        """A connection as the server's role. An embedded server that died is started again.

        Raises DatabaseUnreachable, and the errors of riviere.database.embedded.
        """
        if not self.is_embedded:
            return connect(self.owner_dsn, role=SERVER_ROLE, autocommit=autocommit)
        try:
            return connect(make_conninfo(self.owner_dsn, user=SERVER_ROLE), autocommit=autocommit)
        except DatabaseUnreachable:
            embedded.start(self.folder)
            return connect(make_conninfo(self.owner_dsn, user=SERVER_ROLE), autocommit=autocommit)

    def pool(self, size: int) -> ConnectionPool[Connection]:
        """Up to `size` connections as the server's role, in autocommit, each asked whether it still lives before use.

        The caller closes it. An embedded server that died is started again.
        """

        def where() -> str:
            """Asked before each new connection: one that was lost, or the first."""
            if not self.is_embedded:
                return address(self.owner_dsn, SERVER_ROLE)
            embedded.start(self.folder)
            return address(make_conninfo(self.owner_dsn, user=SERVER_ROLE))

        def alive(connection: Connection) -> None:
            """Asked before each use.

            One that was lost says that the others are: left to find them one by one, the pool waits twice as long
            from each to the next, and runs out of patience with the fourth.
            """
            try:
                ConnectionPool.check_connection(connection)
            except OperationalError:
                made.drain()
                raise

        made = ConnectionPool(
            where,
            kwargs={"autocommit": True},
            min_size=1,
            max_size=size,
            timeout=_POOL_PATIENCE,
            reconnect_timeout=_POOL_RETRIES,
            configure=insist_on_utc,
            check=alive,
            name="riviere",
            open=True,
        )
        return made

    def connect_owner(self, *, autocommit: bool = False) -> Connection:
        """A connection as the owner of the tables, for migrations and upkeep. Raises DatabaseUnreachable."""
        return connect(self.owner_dsn, autocommit=autocommit)

    def kind(self) -> str:
        """What answers, as people say it: "PostgreSQL 18.6 embedded"."""
        with self.connect() as connection:
            version = connection.info.parameter_status("server_version") or ""
        where = "embedded" if self.is_embedded else "named by RIVIERE_DATABASE_URL"
        return f"PostgreSQL {version.partition(' ')[0]} {where}"

    def close(self) -> None:
        """Give the folder back; the last process to do so stops the embedded server."""
        try:
            if self.is_embedded and self.folder.last_one_out():
                embedded.stop(self.folder)
        finally:
            self.folder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def set_aside(path: Path) -> Path | None:
    """Renames a data folder, server stopped, so that a fresh one can take its place; None where there is none.

    Raises FolderBusy while another process uses it, and the errors of riviere.database.folder.
    """
    path = path.expanduser().resolve()
    if not path.exists():
        return None
    with DataFolder.open(path) as folder:
        if not folder.last_one_out():
            raise FolderBusy(path=path)
        embedded.stop(folder)
        aside = path.with_name(f"{path.name}.{now():%Y%m%dT%H%M%S.%f}")
        return path.rename(aside)


def open_database(settings: Settings) -> Database:
    """The database that `settings` name: folder opened, server started where it is ours, migrations applied.

    Raises the errors of riviere.database.folder, .embedded, .programs, .connection and .migrate.
    """
    folder = DataFolder.open(settings.data)
    is_embedded = settings.database_url is None
    try:
        owner_dsn = settings.database_url or embedded.start(folder)
        database = Database(folder, owner_dsn, is_embedded=is_embedded)
    except BaseException:
        folder.close()
        raise
    try:
        database.migrated = migrate(owner_dsn)
    except BaseException:
        database.close()
        raise
    return database
