"""For `riviere verify`: every redemption against its steps, its payouts and what the ledger has booked for its hold."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID

from riviere.database.connection import Connection
from riviere.ids import shown
from riviere.ledger.verify import Check
from riviere.payouts.books import Booked, booked, hold_id
from riviere.payouts.methods import SQL
from riviere.payouts.model import FIRST, State, may

#: Rows that come from the database at a time.
_AT_ONCE = 2_000


class _Kept(NamedTuple):
    """A redemption as its rows have it; None where only its steps are left."""

    creator: int
    id: UUID
    state: str | None
    step: int
    booking: str | None
    payments: int
    attempt: int
    diamonds: int | None
    gross: int
    fee: int
    currency: str
    rate_policy: int
    fee_policy: int
    numbers: list[int] | None
    states: list[str] | None
    payouts: int
    last_payout: int


class _Journal(NamedTuple):
    """What the journal says of a hold, and the currencies and policies that its entries name."""

    booked: Booked
    currencies: list[str] | None
    rate_policy: int | None
    fee_policy: int | None


def check_redemptions(connection: Connection) -> Check:
    """Each redemption is where its last step says, came there by lawful steps, and the ledger agrees."""
    holds = {
        (owner, hold): _Journal(Booked(*rest[: len(Booked._fields)]), *rest[len(Booked._fields) :])
        for owner, hold, *rest in connection.execute(SQL["all_holds"])
    }
    rows, problem = 0, None
    with connection.cursor(name="verify_redemptions") as cursor:
        cursor.itersize = _AT_ONCE
        for values in cursor.execute(SQL["all_redemptions"]):
            rows += 1
            row = _Kept(*values)
            journal = holds.pop((row.creator, hold_id(row.id)), None)
            wrong = _steps(row) or _ledger(row, journal)
            if wrong and problem is None:
                problem = f"redemption {str(row.id)[:8]} of {shown('u', row.creator)} {wrong}"
    if holds and problem is None:
        owner, hold = min(holds)
        problem = f"hold {str(hold)[:8]} of {shown('u', owner)} belongs to no redemption"
    detail = (
        "states follow from lawful steps; holds, releases, settlements, payments and returns are those of the states"
    )
    return Check("redemptions", problem is None, rows, problem or detail)


def _steps(row: _Kept) -> str | None:
    """What is wrong with the steps of a redemption, if anything."""
    if row.state is None:
        return "has steps and is not there"
    if row.diamonds is None:
        return "has no quote"
    if row.numbers != list(range(1, row.step + 1)):
        return f"has steps {row.numbers or 'none'}, expected 1 to {row.step}"
    assert row.states, "as many as numbers"
    if row.states[-1] != row.state:
        return f"is {row.state}, its last step says {row.states[-1]}"
    if row.states[0] not in FIRST:
        return f"begins as {row.states[0]}"
    return _course([State(state) for state in row.states], row)


def _course(states: Sequence[State], row: _Kept) -> str | None:
    """The same of what follows what: a step that repeats the state moves nothing."""
    payments = attempts = 0
    for before, after in pairwise(states):
        if before == after:
            continue
        if not may(before, after, payments):
            return f"went from {before} to {after}, which no redemption may"
        payments += after == State.PAID
        attempts += after == State.SUBMITTED
    if payments != row.payments:
        return f"counts {row.payments} payments, its steps {payments}"
    if not attempts == row.attempt == row.payouts == row.last_payout:
        return f"counts {row.attempt} attempts and {row.payouts} payouts, its steps {attempts}"
    return None


def _ledger(row: _Kept, journal: _Journal | None) -> str | None:
    """What is wrong between a redemption and the journal, if anything."""
    state, terms = State(row.state or ""), (row.diamonds or 0, row.gross, row.fee)
    expected = [booked(state, row.payments, *terms)]
    if row.booking is not None:
        # What is being written may be there already: the step comes after it.
        then = State(row.booking)
        expected.append(booked(then, row.payments + (then == State.PAID), *terms))
    there = journal.booked if journal else Booked()
    if there not in expected:
        name, is_there, should = next(
            (name, now, then) for name, now, then in zip(Booked._fields, there, expected[0], strict=True) if now != then
        )
        return f"is {state}, so {name} should be {should:,} in the ledger, and is {is_there:,}"
    if journal and there.settled:
        fee_policy = row.fee_policy if row.fee else None
        named = (journal.currencies, journal.rate_policy, journal.fee_policy)
        if named != ([row.currency], row.rate_policy, fee_policy):
            return "was settled in another currency or under other policies than its quote names"
    return None
