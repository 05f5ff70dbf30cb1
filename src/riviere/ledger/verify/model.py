"""What a verification answers, and what every check is given."""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from psycopg import Connection

from riviere.database.sql import load
from riviere.ids import shown
from riviere.ledger.evidence import Signer

SQL = load("riviere.ledger.verify")

#: Told what is being checked, and how many rows of how many are done.
Progress = Callable[[str, int, int], None]


class Check(msgspec.Struct, frozen=True):
    """One invariant: whether it holds, how many rows were looked at, and what was checked or what is wrong first."""

    name: str
    ok: bool
    rows: int
    detail: str


class Report(msgspec.Struct, frozen=True):
    """The whole verification: `ok` if every check is; `entries` in the journal; `seconds` it took."""

    ok: bool
    entries: int
    seconds: float
    checks: list[Check]


class Found(NamedTuple):
    """What a check found: rows looked at, the first thing that is wrong if any, and what is said when nothing is."""

    rows: int
    problem: str | None
    detail: str


class Look(NamedTuple):
    """What a check may use. `entries` counts the journal; `advance` is told how many entries are done."""

    connection: Connection[Any]
    signer: Signer | None
    entries: int
    advance: Callable[[int], None]


def find(look: Look, detail: str, *statements: str) -> Found:
    """Runs statements that each answer (rows, broken rows, first broken row as "order|text") and joins the answers."""
    rows, problem = 0, None
    for statement in statements:
        seen, broken, first = look.connection.execute(statement).fetchone() or (0, 0, "")
        rows += seen
        if broken and problem is None:
            more = f" (and {broken - 1:,} more)" if broken > 1 else ""
            problem = named(first.partition("|")[2]) + more
    return Found(rows, problem, detail)


def named(text: str) -> str:
    """`text` with each <number> as the id of a user that people see."""
    head, *rest = text.split("<")
    for part in rest:
        number, _, after = part.partition(">")
        head += shown("u", int(number)) + after
    return head


def short(entry: object) -> str:
    """The first eight digits of an entry's id, which is how a detail names it."""
    return str(entry)[:8]
