"""The machine that the figures are of, and what a process and its children used of it; all out of Linux's /proc.

Elsewhere, and for a server on another machine, there is no telling: the figures are None.
"""

import os
import platform
import sys
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from riviere.database.connection import Connection

_PROC: Final = Path("/proc")
_KIB: Final = 1024


class Machine(msgspec.Struct, frozen=True):
    """Where it was measured. `file_system` is that of the data folder: on tmpfs nothing is durable."""

    cores: int
    cpu: str
    memory_mb: int | None
    kernel: str
    python: str
    file_system: str


def machine(data: Path) -> Machine:
    """This machine, with its data in the folder `data`."""
    memory = _line("meminfo", "MemTotal")
    return Machine(
        os.cpu_count() or 1,
        _line("cpuinfo", "model name") or platform.machine(),
        int(memory.split()[0]) * _KIB // 10**6 if memory else None,
        f"{platform.system()} {platform.release()}",
        platform.python_version(),
        _file_system(data),
    )


def _line(file: str, name: str) -> str:
    """What stands behind `name` in a file of /proc."""
    try:
        lines = (_PROC / file).read_text().splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")


def _file_system(path: Path) -> str:
    """The kind of the mount that `path` lies on: the last one with the longest name that contains it."""
    try:
        mounts = [line.split() for line in (_PROC / "self/mounts").read_text().splitlines()]
    except OSError:
        return "unknown"
    there = path.resolve()
    found = [(len(at), number, kind) for number, (_, at, kind, *_) in enumerate(mounts) if there.is_relative_to(at)]
    return max(found)[2] if found else "unknown"


class _Stat(NamedTuple):
    """Of one process: its name, its parent, and clock ticks of itself and of the children that ended."""

    name: str
    parent: int
    own: int
    ended: int


def _stat(pid: int) -> _Stat | None:
    """https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html counts the fields from 1; the name is the second."""
    try:
        begin, _, rest = (_PROC / str(pid) / "stat").read_text().rpartition(")")
    except OSError:
        return None
    fields = rest.split()
    utime, stime, cutime, cstime = map(int, fields[11:15])
    return _Stat(begin.partition("(")[2], int(fields[1]), utime + stime, cutime + cstime)


def _children(pid: int) -> list[int]:
    numbers = [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdecimal()]
    return [number for number in numbers if (stat := _stat(number)) is not None and stat.parent == pid]


def postmaster(connection: Connection) -> int | None:
    """The number of the server's first process; None where the server is not on this machine."""
    if not sys.platform.startswith("linux") or not (connection.info.host or "/").startswith(("/", "127.", "localhost")):
        return None
    stat = _stat(connection.info.backend_pid)
    return stat.parent if stat is not None and stat.name.startswith("postgres") else None


def cpu_seconds(parent: int | None) -> float | None:
    """CPU seconds of a process, of its children and of those that ended."""
    first = None if parent is None else _stat(parent)
    if parent is None or first is None:
        return None
    stats = [first, *(stat for child in _children(parent) if (stat := _stat(child)) is not None)]
    return sum(stat.own + stat.ended for stat in stats) / os.sysconf("SC_CLK_TCK")


def less(after: float | None, before: float | None) -> float | None:
    """The difference of two such figures."""
    return None if after is None or before is None else after - before


def resident_mb(parent: int) -> float | None:
    """Resident memory of a process and its children, in millions of bytes; what they share counts for each of them."""
    return _sum_mb(parent, "status", "VmRSS")


def proportional_mb(parent: int | None) -> float | None:
    """Memory of a process and its children, each shared page counted once in all, in millions of bytes."""
    return None if parent is None else _sum_mb(parent, "smaps_rollup", "Pss:")


def _sum_mb(parent: int, file: str, name: str) -> float | None:
    said = [_line(f"{pid}/{file}", name) for pid in (parent, *_children(parent))]
    if not any(said):
        return None
    return round(sum(int(text.split()[0]) for text in said if text) * _KIB / 10**6, 1)
