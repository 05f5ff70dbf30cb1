"""What a batch of entries comes to beside themselves: running balances set right, and what creators earned. Pure."""

from collections.abc import Iterable

from riviere.ledger.law import DEBTS, Route
from riviere.ledger.model import Entry, Totals

#: Routes whose diamonds count as earned in the hour in which they are booked.
EARNING = (Route.GIFT, Route.GIFT_BONUS, Route.IMPORT_RELEASE)


def earned(entries: Iterable[Entry]) -> dict[int, tuple[int, int]]:
    """Thousandths of a diamond by creator: what they earned, and what imports brought that has no money behind it."""
    found: dict[int, tuple[int, int]] = {}
    for entry in entries:
        creator = entry.credit_user
        if creator is None:
            continue
        if entry.route in EARNING:
            own, unbacked = found.get(creator, (0, 0))
            found[creator] = (own + entry.credit_amount, unbacked)
        elif entry.route == Route.GIFT_IMPORTED:
            own, unbacked = found.get(creator, (0, 0))
            found[creator] = (own, unbacked + entry.credit_amount)
    return found


def shift(entries: Iterable[Entry], shifts: dict[tuple[int, int], Totals]) -> None:
    """Moves running balances by what others added to an account while this batch was decided, or before it was."""
    for entry in entries:
        if entry.debit_user is not None:
            by = shifts.get((entry.debit_user, entry.debit_kind))
            if by is not None:
                entry.debit_start, entry.debit_balance, entry.debit_seq = _shifted(
                    entry.debit_start, by.debits, entry.debit_balance, entry.debit_kind, by, entry.debit_seq
                )
        if entry.credit_user is not None:
            by = shifts.get((entry.credit_user, entry.credit_kind))
            if by is not None:
                entry.credit_start, entry.credit_balance, entry.credit_seq = _shifted(
                    entry.credit_start, by.credits, entry.credit_balance, entry.credit_kind, by, entry.credit_seq
                )


def _shifted(
    start: int | None, further: int, balance: int | None, kind: int, by: Totals, seq: int | None
) -> tuple[int, int, int]:
    assert start is not None
    assert balance is not None
    assert seq is not None
    difference = by.credits - by.debits
    return start + further, balance + (-difference if kind in DEBTS else difference), seq + by.seq
