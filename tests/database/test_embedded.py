import os
import signal
import subprocess
import sys
import time
import traceback
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from riviere.database import embedded
from riviere.database.connection import DatabaseUnreachable
from riviere.database.database import open_database
from riviere.database.embedded import SETTINGS, OtherPostgres, ServerFailed, SocketTaken
from riviere.database.folder import DataFolder
from riviere.settings import Settings

OPEN = """
import sys
from pathlib import Path
from riviere.database.connection import DatabaseUnreachable
from riviere.database.database import open_database
from riviere.settings import Settings
with open_database(Settings(Path(sys.argv[1]), None)) as database, database.connect() as connection:
    print(connection.execute("SELECT pg_postmaster_start_time()::text").fetchone()[0], flush=True)
    sys.stdin.readline()
"""


@contextmanager
def another_process(folder):
    """Another Riviere that opens `folder`, says when its server began, and closes at a line of input."""
    process = subprocess.Popen(
        [sys.executable, "-c", OPEN, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        yield process
        process.kill()


def began(database):
    with database.connect() as connection:
        return connection.execute("SELECT pg_postmaster_start_time()::text").fetchone()[0]


def server_pid(path):
    return int((path / "postgres" / "postmaster.pid").read_text().split()[0])


def connect_until_refused(database):
    while True:
        database.connect_owner().close()


def until_gone(processes):
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{number}").exists() for number in processes):
        assert time.monotonic() < deadline, "a backend outlives its server"
        time.sleep(0.01)


def opened(path):
    return open_database(Settings(path, None))


def test_what_was_written_is_there_after_a_restart(data_folder):
    with opened(data_folder) as database:
        first = began(database)
        with database.connect_owner() as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    assert not (data_folder / "postgres" / "postmaster.pid").exists()
    with opened(data_folder) as database, database.connect_owner() as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
        assert began(database) != first


def test_the_server_is_durable_and_deaf_to_the_network(data_folder, monkeypatch):
    monkeypatch.setenv("PGPORT", "6000")
    monkeypatch.setenv("PGTZ", "Asia/Tokyo")
    names = ("fsync", "synchronous_commit", "data_checksums", "listen_addresses", "server_encoding", "TimeZone")
    with opened(data_folder) as database, database.connect() as connection:
        found = [connection.execute("SELECT current_setting(%s)", [name]).fetchone()[0] for name in names]
        sockets = connection.info.host
        assert found == ["on", "on", "on", "", "UTF8", "UTC"]
        told = {name: connection.execute("SELECT current_setting(%s)", [name]).fetchone()[0] for name in SETTINGS}
        assert told == SETTINGS
        assert connection.info.port == 5432
        assert Path(sockets).stat().st_mode & 0o777 == 0o700
        assert Path(sockets).stat().st_uid == (data_folder / "postgres").stat().st_uid
    assert not Path(sockets).exists()


def test_two_processes_that_start_at_once_start_one_server(data_folder):
    with another_process(data_folder) as one, another_process(data_folder) as two:
        first, second = one.stdout.readline(), two.stdout.readline()
        assert first == second != ""
        one.communicate("\n")
        with opened(data_folder) as database:
            assert began(database) == first.strip()  # it outlives who came first
        two.communicate("\n")
    assert one.returncode == two.returncode == 0
    assert not (data_folder / "postgres" / "postmaster.pid").exists()


def test_a_server_whose_starter_was_killed_is_joined_and_then_stopped(data_folder):
    with another_process(data_folder) as starter:
        first = starter.stdout.readline().strip()
        starter.send_signal(signal.SIGKILL)
        starter.wait()
    with opened(data_folder) as database:
        assert began(database) == first
    assert not (data_folder / "postgres" / "postmaster.pid").exists()


def test_a_killed_server_recovers(data_folder):
    with opened(data_folder) as database:
        with database.connect_owner() as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        os.kill(server_pid(data_folder), signal.SIGKILL)
        with pytest.raises(DatabaseUnreachable):
            connect_until_refused(database)
        with opened(data_folder) as again, again.connect_owner() as another:
            assert another.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_whoever_connects_next_starts_a_dead_server_again(data_folder):
    with opened(data_folder) as database:
        first = began(database)
        os.kill(server_pid(data_folder), signal.SIGKILL)
        with pytest.raises(DatabaseUnreachable):
            connect_until_refused(database)
        assert began(database) != first


def test_readers_find_at_once_that_all_their_connections_were_lost(data_folder):
    with opened(data_folder) as database, database.pool(6) as pool:
        with ExitStack() as taken:
            backends = [taken.enter_context(pool.connection()).info.backend_pid for _ in range(6)]
        os.kill(server_pid(data_folder), signal.SIGKILL)
        # Each backend ends by itself once it notices; one that has not yet would still pass for a sound connection.
        until_gone(backends)
        with pytest.raises(DatabaseUnreachable):
            connect_until_refused(database)
        for _ in range(6):
            with pool.connection() as connection:
                assert connection.execute("SELECT 42").fetchone() == (42,)
        assert pool.get_stats().get("requests_errors", 0) == 0


def test_a_process_number_that_another_program_has_since_the_crash_does_not_hold_up_the_start(data_folder, monkeypatch):
    monkeypatch.setattr(embedded, "_SILENCE", 0.3)
    with opened(data_folder):
        stale = (data_folder / "postgres" / "postmaster.pid").read_text().splitlines()
    with subprocess.Popen(["sleep", "600"], user=(data_folder / "postgres").stat().st_uid) as stranger:
        stale[0] = str(stranger.pid)
        (data_folder / "postgres" / "postmaster.pid").write_text("\n".join([*stale, ""]))
        with opened(data_folder) as database:
            assert began(database)
            assert server_pid(data_folder) != stranger.pid
        assert stranger.poll() is None
        stranger.kill()


@pytest.mark.parametrize("words", ["", "torn"])
def test_a_torn_process_number_does_not_hold_up_the_start(data_folder, words):
    opened(data_folder).close()
    (data_folder / "postgres" / "postmaster.pid").write_text(words)
    opened(data_folder).close()


def test_a_first_start_that_was_killed_half_way_is_begun_anew(data_folder):
    with another_process(data_folder) as starter:
        deadline = time.monotonic() + 30
        while not list(data_folder.glob("postgres.new-*/base")) and time.monotonic() < deadline:
            time.sleep(0.005)
        starter.send_signal(signal.SIGKILL)
        starter.wait()
    assert not (data_folder / "postgres").exists()
    with opened(data_folder) as database:
        assert began(database)


def test_data_of_another_postgresql_is_named(data_folder):
    opened(data_folder).close()
    (data_folder / "postgres" / "PG_VERSION").write_text("17\n")
    with pytest.raises(OtherPostgres, match="made by PostgreSQL 17, this Riviere brings 18"):
        opened(data_folder)


def test_a_server_that_does_not_start_says_why_and_where_to_read_on(data_folder):
    opened(data_folder).close()
    with (data_folder / "postgres" / "postgresql.conf").open("a") as file:
        file.write("shared_buffers = 'many'\n")
    with pytest.raises(ServerFailed) as raised:
        opened(data_folder)
    message = str(raised.value)
    assert "\n" not in message
    assert "FATAL" in message
    assert message.endswith(f"(its log is {data_folder}/postgres/server.log).")
    with DataFolder.open(data_folder) as folder:
        assert folder.last_one_out()  # the failed attempt gave the folder back


def test_a_deep_folder_with_odd_characters_works(data_folder):
    path = data_folder / ("deep " * 20) / 'it\'s, "quoted" $HOME' / "ünï"
    with opened(path) as database:
        assert began(database)


def test_a_socket_place_that_somebody_took_first_is_refused(data_folder):
    with opened(data_folder) as database, database.connect() as connection:
        place = Path(connection.info.host)
    place.symlink_to(data_folder)
    try:
        with pytest.raises(SocketTaken, match="belongs to another user"):
            opened(data_folder)
    finally:
        place.unlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_an_ordinary_user_needs_no_root(data_folder):
    nobody = 65534
    os.chown(data_folder, nobody, nobody)
    child = os.fork()
    if not child:
        try:
            os.setgroups([])
            os.setgid(nobody)
            os.setuid(nobody)
            with opened(data_folder) as database:
                os._exit(0 if began(database) else 1)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert (data_folder / "postgres").stat().st_uid == nobody
    with opened(data_folder) as database:  # and root, who comes later, leaves it that user's
        assert began(database)
    assert (data_folder / "postgres").stat().st_uid == nobody
