"""The data folder: how Riviere knows it for its own, and how several processes share it.

Sharing rests on flock, which the kernel gives back however a process ends, so nothing goes stale after kill -9.
`lock` is held shared by every process that has the folder open; who can make it exclusive is alone. `up.lock` is held
by the one `riviere up`. `start.lock` (riviere.database.embedded) is held while the server is started or stopped.
"""

import fcntl
import os
import time
from pathlib import Path
from typing import Final, Self

import msgspec

from riviere.errors import RiviereError

FORMAT: Final = 1
_MARKER: Final = "riviere.json"


class NotOurs(RiviereError):
    """{path} holds other files and no riviere.json, so it is not a Riviere folder; choose an empty one with --data."""

    code = "folder_not_ours"


class NewerData(RiviereError):
    """{path} was made by a newer Riviere (format {found}, this one knows {known}); use that version."""

    code = "folder_newer"


class BrokenMarker(RiviereError):
    """{path} cannot be read as Riviere's marker; restore it, or choose another folder with --data."""

    code = "folder_marker_broken"


class NotAFolder(RiviereError):
    """{path} is a file or lies under one; choose a folder with --data."""

    code = "folder_is_file"


class NotWritable(RiviereError):
    """{path} cannot be written ({reason}); change that, or choose another folder with --data."""

    code = "folder_not_writable"


class FolderInUse(RiviereError):
    """{path} is in use by riviere up (process {pid}); stop it, or choose another folder with --data."""

    code = "folder_in_use"


class _Marker(msgspec.Struct):
    product: str
    format: int


class DataFolder:
    """An open data folder. Made by `open`; closing it gives back every lock."""

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        self.postgres: Final = path / "postgres"
        self.keys: Final = path / "keys"
        self.rejects: Final = path / "rejects"
        self._lock = open_lock(path / "lock")
        self._up: int | None = None
        # Waits only while the last process before us is stopping the server.
        fcntl.flock(self._lock, fcntl.LOCK_SH)

    @classmethod
    def open(cls, path: Path) -> Self:
        """The folder at `path`, made (mode 0700) where there is none.

        Raises NotOurs, NewerData, BrokenMarker, NotAFolder or NotWritable.
        """
        path = path.expanduser().resolve()
        try:
            _claim(path)
            for part in ("keys", "rejects"):
                (path / part).mkdir(mode=0o700, exist_ok=True)
            return cls(path)
        except (FileExistsError, NotADirectoryError):
            raise NotAFolder(path=path) from None
        except OSError as error:
            raise NotWritable(path=path, reason=error.strerror) from error

    def claim_up(self) -> None:
        """Be the one `riviere up` of this folder until it is closed. Raises FolderInUse when another is."""
        lock = open_lock(self.path / "up.lock")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _number_in(lock)
            os.close(lock)
            raise FolderInUse(path=self.path, pid=holder) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        self._up = lock

    def last_one_out(self) -> bool:
        """Whether no other process has the folder open. Newcomers then wait until this one closes it.

        Only for who is about to close: where the answer is no, the shared lock is gone too.
        """
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Give back the locks. Closing twice is fine."""
        for lock in (self._up, self._lock):
            if lock is not None and lock >= 0:
                os.close(lock)
        self._up, self._lock = None, -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_lock(path: Path) -> int:
    """A descriptor of the lock file at `path`, which is made where missing and never removed."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _claim(path: Path) -> None:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    names = os.listdir(path)  # noqa: PTH208 (one reading, so that a marker made meanwhile cannot be missed)
    marker = path / _MARKER
    if _MARKER in names:
        _check(marker)
    elif any(not name.startswith(f".{_MARKER}") for name in names):
        raise NotOurs(path=path)
    else:
        path.chmod(0o700)
        # Written aside and renamed: a kill in between leaves an empty folder, never half a marker.
        aside = path / f".{_MARKER}.{os.getpid()}"
        aside.write_bytes(msgspec.json.encode(_Marker("riviere", FORMAT)))
        aside.replace(marker)


def _check(marker: Path) -> None:
    try:
        found = msgspec.json.decode(marker.read_bytes(), type=_Marker)
    except msgspec.DecodeError:
        raise BrokenMarker(path=marker) from None
    if found.product != "riviere" or found.format < 1:
        raise BrokenMarker(path=marker)
    if found.format > FORMAT:
        raise NewerData(path=marker.parent, found=found.format, known=FORMAT)


def _number_in(lock: int) -> str:
    """The process number in a lock file; its holder writes it a moment after taking the lock."""
    for _ in range(20):
        if text := os.pread(lock, 20, 0).decode("ascii", "replace"):
            return text
        time.sleep(0.01)
    return "unknown"
