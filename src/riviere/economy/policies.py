"""Policies as the database keeps them: announced ahead, in force for a time, never edited.

Connections are in autocommit; a function that writes opens its own transaction.
"""

from datetime import datetime
from typing import Any

import msgspec
from psycopg.rows import class_row

from riviere import outbox
from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.economy import checks, dated, policy
from riviere.economy.policy import Policy
from riviere.errors import RiviereError
from riviere.ledger.evidence import Signer

SQL = load("riviere.economy")

#: Who announced what a new economy starts with.
FOUNDER = "riviere"


class NoPolicy(RiviereError):
    """No figure of {name} {scope!r} is in force at {at}; announce one that is, and try again."""

    code = "no_policy"


class PolicyOverlap(RiviereError):
    """Policy {name} {scope!r} has another figure {during}; start {beyond}, or end by {begin}."""

    code = "policy_overlap"


def announce(
    connection: Connection,
    signer: Signer,
    name: str,
    scope: str,
    amount: int,
    *,
    share: int = 0,
    starts_at: datetime,
    until: datetime | None = None,
    by: str,
    now: datetime,
) -> Policy:
    """A figure from `starts_at` on; one without an end ends there. After `until`, if given, nothing holds yet.

    Units: riviere.economy.policy.LAW. Tells "policy.announced". Raises BadPolicy, BadAmount, UnknownCurrency,
    BadText, StartsInPast or PolicyOverlap.
    """
    policy.check(name, scope, amount, share)
    checks.text(by, "Who announces a policy", checks.LONGEST_ID)
    dated.not_past(starts_at, now, f"policy {name}")
    if until is not None and until <= starts_at:
        raise policy.BadPolicy(detail=f"A policy ends after it starts: {until.isoformat()} is too early")
    announced = Policy(0, name, scope, amount, share, starts_at, until, now, by)
    with dated.changing(connection, signer, now):
        before, clash = dated.room(history(connection, name, scope), starts_at, until)
        if clash is not None:
            words = {"during": dated.span(clash), "beyond": dated.beyond(clash), "begin": clash.starts_at.isoformat()}
            raise PolicyOverlap(name=name, scope=scope, **words)
        if before is not None:
            connection.execute(SQL["end_policy"], {"id": before.id, "at": starts_at})
        added = _add(connection, announced)
        told = {
            field: getattr(added, field) for field in ("id", "name", "scope", "amount", "share", "starts_at", "ends_at")
        }
        told |= {"unit": policy.LAW[name].unit}
        outbox.put(connection, "policy.announced", f"policy/{name}/{scope}", told, now)
        return added


def history(connection: Connection, name: str, scope: str) -> list[Policy]:
    """Every figure of one policy, past, present and announced, in order."""
    return _read(connection, "read_policies", name=name, scope=scope)


def listed(connection: Connection) -> list[Policy]:
    """Every figure of every policy, by name, scope and time."""
    return _read(connection, "list_policies")


def page(
    connection: Connection, name: str | None, scope: str | None, after: tuple[str, str, datetime] | None, most: int
) -> list[Policy]:
    """Up to `most` figures in the order of `listed`, of one name or scope if given, behind `after` in that order."""
    behind = dict(zip(("after_name", "after_scope", "after_start"), after or (None, None, None), strict=True))
    return _read(connection, "page_policies", name=name, scope=scope, most=most, **behind)


def in_force(connection: Connection, name: str, scope: str, at: datetime) -> Policy:
    """The figure that holds at an instant. Raises NoPolicy."""
    return holding(history(connection, name, scope), name, scope, at)


def holding(rows: list[Policy], name: str, scope: str, at: datetime) -> Policy:
    """The one of `rows` that holds at an instant. Raises NoPolicy."""
    found = dated.in_force(rows, at)
    if found is None:
        raise NoPolicy(name=name, scope=scope, at=at.isoformat())
    return found


def defaults(connection: Connection, signer: Signer, now: datetime) -> None:
    """The figures that a new economy starts with, from now on. What ever had a figure is left as it is."""
    if not _lacking(connection):
        return
    with dated.changing(connection, signer, now):
        for row in _lacking(connection):
            _add(connection, Policy(0, row.name, row.scope, row.amount, row.share, now, None, now, FOUNDER))


def _lacking(connection: Connection) -> list[policy.Default]:
    there = {(row.name, row.scope) for row in listed(connection)}
    return [row for row in policy.DEFAULTS if (row.name, row.scope) not in there]


def _add(connection: Connection, row: Policy) -> Policy:
    added = connection.execute(SQL["add_policy"], msgspec.structs.asdict(row)).fetchone()
    assert added is not None
    return msgspec.structs.replace(row, id=added[0])


def _read(connection: Connection, query: str, **parameters: Any) -> list[Policy]:
    with connection.cursor(row_factory=class_row(Policy)) as cursor:
        return cursor.execute(SQL[query], parameters).fetchall()
