"""`riviere verify`: recomputes whatever the ledger claims, from the journal up, and names what does not hold.

Everything runs on one snapshot, so it can run while gifts arrive. Each check stands alone: one that breaks, or cannot
even finish on rows that somebody altered, does not keep the others from running.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any, Final

from psycopg import Connection, IsolationLevel
from psycopg.pq import TransactionStatus

from riviere.ledger.evidence import Signer
from riviere.ledger.verify import accounts, chains, coins, creators, law, orders
from riviere.ledger.verify.beside import beside
from riviere.ledger.verify.model import SQL, Check, Found, Look, Progress, Report

__all__ = ["Check", "Report", "verify"]

_CHECKS: dict[str, Callable[[Look], Found]] = {
    "law": law.law,
    "roles": law.roles,
    "migrations": law.migrations,
    "accounts": accounts.accounts,
    "running-balances": accounts.running_balances,
    "books": accounts.books,
    "idempotency": orders.idempotency,
    "combos": orders.combos,
    "prices": orders.prices,
    "imports": orders.imports,
    "charges": orders.charges,
    "refunds": orders.refunds,
    "messages": orders.messages,
    "references": orders.references,
    "earnings": creators.earnings,
    "maturity": creators.maturity,
    "settlements": creators.settlements,
    "provenance": coins.provenance,
    "batches": chains.batches,
    "heads": chains.heads,
}

#: What needs this process more than the database, and so runs beside the others.
_BESIDE: Final = "batches"


def verify(
    connection: Connection[Any],
    signer: Signer | None,
    extra: Sequence[Callable[[Connection[Any]], Check]] = (),
    progress: Progress | None = None,
    connect: Callable[[], Connection[Any]] | None = None,
) -> Report:
    """Checks every invariant on one snapshot and changes nothing.

    In a transaction that has begun it sees what that sees, and leaves it as it was. `signer` is the installation's
    key: without it, heads are only held against the key they name. `extra` are checks of what lies above the ledger.
    `progress` is told (check, rows done, rows in all), and what it raises breaks everything off. `connect` opens a
    second connection to the same database, for the check that runs beside the others; without it, and in a
    transaction that has begun, they run one after the other. Raises what psycopg raises when a connection is lost,
    and what `connect` raises.
    """
    begun = time.perf_counter()
    if connection.info.transaction_status != TransactionStatus.IDLE:
        connect = None
    with _snapshot(connection):
        connection.execute(SQL["plan_for_all"])
        row = connection.execute(SQL["count_entries"]).fetchone()
        entries: int = row[0] if row else 0

        def run(name: str, on: Connection[Any], advance: Callable[[int], None]) -> Check:
            return _run(name, _CHECKS[name], Look(on, signer, entries, advance))

        found: dict[str, Check] = {}
        with beside(connection, connect, partial(run, _BESIDE)) if connect else nullcontext() as other:
            for name in _CHECKS:
                if not (other and name == _BESIDE):
                    with _told(progress, name, entries) as advance:
                        found[name] = run(name, connection, advance)
            more = [_run_extra(check, connection) for check in extra]
            if other:
                with _told(progress, _BESIDE, entries) as advance:
                    found[_BESIDE] = other.result(advance)
        checks = [found[name] for name in _CHECKS] + more
    return Report(all(check.ok for check in checks), entries, round(time.perf_counter() - begun, 3), checks)


@contextmanager
def _snapshot(connection: Connection[Any]) -> Iterator[None]:
    """One view of everything, in which nothing can be changed; a transaction that has begun is left as it is."""
    if connection.info.transaction_status != TransactionStatus.IDLE:
        with connection.transaction(force_rollback=True):
            yield
        return
    before = connection.isolation_level, connection.read_only
    connection.isolation_level, connection.read_only = IsolationLevel.REPEATABLE_READ, True
    try:
        with connection.transaction(force_rollback=True):
            yield
    finally:
        if not connection.closed:
            connection.isolation_level, connection.read_only = before


@contextmanager
def _told(progress: Progress | None, name: str, entries: int) -> Iterator[Callable[[int], None]]:
    """Tells `progress` of the beginning and the end of a check, and gives the check what tells of the rest."""

    def advance(done: int) -> None:
        if progress:
            progress(name, done, entries)

    advance(0)
    yield advance
    advance(entries)


def _run(name: str, check: Callable[[Look], Found], look: Look) -> Check:
    try:
        with look.connection.transaction(force_rollback=True):
            found = check(look)
    except Exception as error:
        return _unfinished(name, error, look.connection)
    return Check(name, found.problem is None, found.rows, found.problem or found.detail)


def _run_extra(check: Callable[[Connection[Any]], Check], connection: Connection[Any]) -> Check:
    try:
        with connection.transaction(force_rollback=True):
            return check(connection)
    except Exception as error:
        name = getattr(check, "__name__", "extra")
        return _unfinished(name.replace("_", "-") if name.isidentifier() else "extra", error, connection)


def _unfinished(name: str, error: Exception, connection: Connection[Any]) -> Check:
    """A check that could not finish, which altered rows can bring about. A lost connection says nothing of the rows."""
    if connection.closed:
        raise error
    reason = (str(error).strip().splitlines() or [""])[0]
    return Check(name, False, 0, f"could not be finished: {type(error).__name__}: {reason}")
