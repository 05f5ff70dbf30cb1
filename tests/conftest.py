"""What all tests share: a PostgreSQL server a worker, a fresh database a test, and how long property tests run."""

import gc
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from psycopg.conninfo import make_conninfo

from riviere.database import embedded
from riviere.database.connection import Connection, connect
from riviere.database.database import Database
from riviere.database.folder import DataFolder
from riviere.database.migrate import migrate

SLOW = os.environ.get("RIVIERE_SLOW") == "1"

_PATIENT = [HealthCheck.too_slow]  # the machine may be busy with other things
settings.register_profile("fast", deadline=None, max_examples=50, suppress_health_check=_PATIENT)
settings.register_profile("slow", deadline=None, max_examples=2000, suppress_health_check=_PATIENT)
settings.load_profile("slow" if SLOW else "fast")


def pytest_configure() -> None:
    # Where the tests run in the background, Ctrl-C is ignored, and what they start would ignore it as well.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # What takes longest lies in this folder itself: it comes first, so that no worker is left alone with it at the end.
    items.sort(key=lambda item: item.path.parent != Path(__file__).parent)
    if not SLOW:
        skip = pytest.mark.skip(reason="a long run of the same rules: make test-slow, or RIVIERE_SLOW=1")
        for item in items:
            if "slow" in item.keywords:
                item.add_marker(skip)


def pytest_collection_finish() -> None:
    # What was imported stays: without this a tenth of all the time goes into looking whether it is garbage.
    gc.freeze()


def _memory() -> str | None:
    """A folder in memory, where a database is cloned in 0.03 s and not 0.3, if there is room for many."""
    there = os.access("/dev/shm", os.W_OK) and shutil.disk_usage("/dev/shm").free > 2**31
    return "/dev/shm" if there else None


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    # Not pytest's tmp_path: every run of pytest closes that tree to others, and root's server is another user.
    path = Path(tempfile.mkdtemp(prefix="riviere-test-", dir=_memory()))
    try:
        yield path
    finally:
        if (path / "postgres").exists():
            with DataFolder.open(path) as folder:
                embedded.stop(folder)
        shutil.rmtree(path)


@pytest.fixture
def data_folder() -> Iterator[Path]:
    """An empty folder; a server that a test leaves running in it is stopped."""
    with _temporary_folder() as path:
        yield path


@pytest.fixture(scope="module")
def lasting_folder() -> Iterator[Path]:
    """The same for all tests of a module, one after the other."""
    with _temporary_folder() as path:
        yield path


@pytest.fixture(scope="session")
def _server() -> Iterator[tuple[Path, str]]:
    """A data folder and its owner's DSN, the database `riviere` migrated and free of connections."""
    with _temporary_folder() as path, DataFolder.open(path) as folder:
        dsn = embedded.start(folder)
        with connect(make_conninfo(dsn, dbname="postgres"), autocommit=True) as connection:
            # The tests' own data may be lost in a crash of the machine.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        migrate(dsn)
        yield path, dsn


@pytest.fixture
def database(_server: tuple[Path, str]) -> Iterator[Database]:
    """A migrated database of the test's own, on a server that is shared."""
    path, dsn = _server
    name = f"test_{uuid4().hex}"
    with connect(make_conninfo(dsn, dbname="postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {embedded.NAME} STRATEGY file_copy")
        with Database(DataFolder.open(path), make_conninfo(dsn, dbname=name), is_embedded=True) as database:
            yield database
        _wait_until_left(connection, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _wait_until_left(connection: Connection, name: str) -> None:
    """The server sees some milliseconds later that a connection was closed; DROP would look again after 100 of them."""
    for _ in range(20):
        if not connection.execute("SELECT FROM pg_stat_activity WHERE datname = %s", [name]).fetchall():
            break
        time.sleep(0.002)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of recorded data, which lies beside the repository and is no part of it."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    path = Path(os.environ.get("RIVIERE_SHARED") or beside)
    if not path.is_dir():
        pytest.skip(f"no recorded data at {path}; RIVIERE_SHARED names its folder")
    return path
