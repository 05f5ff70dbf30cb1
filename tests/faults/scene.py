"""What fault tests share: a large gift log, a `riviere` process to kill, and what must stand in the books after it."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from riviere.connectors.replay import CHUNK
from riviere.database.embedded import NAME, OWNER

#: Rows that a replay books in one transaction.
BATCH = CHUNK

MAIN = "from riviere.cli.main import main; main()"

EARNED = """
SELECT p.external_id, count(*), sum(e.debit_amount)::bigint, sum(e.credit_amount)::bigint
FROM riviere.entry AS e JOIN riviere.person AS p ON p.user_id = e.credit_user
WHERE e.route = 13 GROUP BY p.external_id
"""


class Log(NamedTuple):
    """A gift log and what it adds up to: coins by creator."""

    path: Path
    coins: dict[str, int]
    gifts: dict[str, int]


def row(number: int, chance: random.Random) -> dict[str, Any]:
    """One gift from three hundred viewers, whom five creators share."""
    return {
        "id": f"gift-{number}",
        "at": 1_714_557_600_000 + number * 100,
        "sender": f"viewer-{chance.randrange(300)}",
        "creator": f"creator-{chance.randrange(5)}",
        "item": "rose",
        "unit_coins": 1,
        "count": chance.randint(1, 9),
        "stream": "live",
    }


def gift_log(path: Path, rows: int) -> Log:
    """Writes a log that is the same in every run."""
    chance = random.Random(7)
    made = [row(number, chance) for number in range(rows)]
    path.write_text("".join(json.dumps(gift) + "\n" for gift in made))
    coins: Counter[str] = Counter()
    for gift in made:
        coins[gift["creator"]] += gift["count"]
    return Log(path, dict(coins), dict(Counter(gift["creator"] for gift in made)))


def begin(*arguments: object) -> subprocess.Popen[str]:
    """`riviere` with these arguments, in a process group of its own."""
    command = [sys.executable, "-c", MAIN, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def serve(folder: Path, port: int = 0) -> tuple[subprocess.Popen[str], str]:
    """A server on a port (0: any that is free), and its address once it answers there."""
    process = begin("up", "--data", folder, "--port", port, "--json")
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, ended(process).err
    return process, json.loads(line)["url"]


class Said(NamedTuple):
    """How a process ended."""

    status: int
    out: str
    err: str


def ended(process: subprocess.Popen[str]) -> Said:
    """Waits for the end of a process."""
    out, err = process.communicate(timeout=120)
    return Said(process.returncode, out, err)


def run(*arguments: object) -> Said:
    """Runs `riviere` to its end."""
    return ended(begin(*arguments))


def kill(process: subprocess.Popen[str]) -> bool:
    """kill -9; answers whether it hit a running process."""
    hit = process.poll() is None
    process.kill()
    process.communicate()
    return hit


def postmaster(folder: Path) -> int:
    """The process number of the folder's server."""
    return int((folder / "postgres" / "postmaster.pid").read_text().split()[0])


def kill_postmaster(folder: Path) -> None:
    """kill -9 of PostgreSQL's first process; the others then end by themselves."""
    os.kill(postmaster(folder), signal.SIGKILL)


def ask(folder: Path, statement: str) -> list[tuple[Any, ...]]:
    """Asks the folder's running server as the owner, past Riviere and its locks."""
    sockets = (folder / "postgres" / "postmaster.pid").read_text().splitlines()[4]
    with psycopg.connect(host=sockets, port=5432, user=OWNER, dbname=NAME, autocommit=True) as connection:
        return connection.execute(statement).fetchall()


def count(folder: Path, statement: str) -> int:
    """A single number, or 0 while there is no server or no such table."""
    with suppress(psycopg.Error, FileNotFoundError, IndexError):
        return int(ask(folder, statement)[0][0])
    return 0


def batches(folder: Path) -> int:
    """Batches that are durable."""
    return count(folder, "SELECT coalesce(sum(number), 0) FROM riviere.writer")


def booked(folder: Path) -> int:
    """Gifts that are durable."""
    return count(folder, "SELECT count(*) FROM riviere.entry WHERE route IN (11, 12, 13)")


def wait_for(what: Callable[[], bool], process: subprocess.Popen[str], seconds: float = 60) -> None:
    """Waits until something holds or the process has ended."""
    deadline = time.monotonic() + seconds
    while not what() and process.poll() is None:
        assert time.monotonic() < deadline, "nothing happened for a minute"
        time.sleep(0.002)


def everything_stands(folder: Path, log: Log, before: int) -> None:
    """Replays once more, to the end: `before` gifts were durable, the rest is new, and all of it adds up."""
    done = run("replay", log.path, "--data", folder, "--json")
    assert done.status == 0, done.err
    answer = json.loads(done.out)
    total = sum(log.coins.values())
    assert (answer["gifts"], answer["coins"], answer["diamonds"]) == (sum(log.gifts.values()), total, str(total))
    assert answer["new"] == answer["gifts"] - before
    assert (answer["rejected"], answer["verified"]) == (0, True)


def each_creator_has_theirs(folder: Path, log: Log) -> None:
    """Gifts, coins and diamonds of every creator are those of the log; a server must be running."""
    expected = {name: (log.gifts[name], coins, coins * 1_000) for name, coins in log.coins.items()}
    assert {name: tuple(rest) for name, *rest in ask(folder, EARNED)} == expected
