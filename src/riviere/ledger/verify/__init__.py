"""`riviere verify`: recomputes whatever the ledger claims, from the journal up, and names what does not hold.

Everything runs on one snapshot, so it can run while gifts arrive. Each check stands alone: one that breaks, or cannot
even finish on rows that somebody altered, does not keep the others from running.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from psycopg import Connection, IsolationLevel
from psycopg.pq import TransactionStatus

from riviere.ledger.evidence import Signer
from riviere.ledger.verify import accounts, chains, coins, creators, law, orders
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
    "messages": orders.messages,
    "references": orders.references,
    "earnings": creators.earnings,
    "maturity": creators.maturity,
    "settlements": creators.settlements,
    "provenance": coins.provenance,
    "batches": chains.batches,
    "heads": chains.heads,
}


def verify(
    connection: Connection[Any],
    signer: Signer | None,
    extra: Sequence[Callable[[Connection[Any]], Check]] = (),
    progress: Progress | None = None,
) -> Report:
    """Checks every invariant on one snapshot and changes nothing.

    In a transaction that has begun it sees what that sees, and leaves it as it was. `signer` is the installation's
    key: without it, heads are only held against the key they name. `extra` are checks of what lies above the ledger.
    `progress` is told (check, rows done, rows in all). Raises what psycopg raises when the connection is lost.
    """
    begun = time.perf_counter()
    with _snapshot(connection):
        connection.execute(SQL["plan_for_all"])
        row = connection.execute(SQL["count_entries"]).fetchone()
        entries: int = row[0] if row else 0
        checks = []
        for name, check in _CHECKS.items():
            advance = _teller(progress, name, entries)
            advance(0)
            checks.append(_run(name, check, Look(connection, signer, entries, advance)))
            advance(entries)
        checks += [_run_extra(check, connection) for check in extra]
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


def _teller(progress: Progress | None, name: str, entries: int) -> Callable[[int], None]:
    return (lambda done: progress(name, done, entries)) if progress else (lambda _: None)


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
