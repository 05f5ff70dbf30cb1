"""`riviere verify` notices whatever somebody does to redemptions behind Riviere's back."""

from itertools import permutations

import pytest
from payees import Payees
from psycopg import sql

from riviere.database.connection import Connection
from riviere.ledger.law import Route
from riviere.payouts import redemptions
from riviere.payouts.books import hold_id
from riviere.payouts.checking import check_redemptions
from riviere.payouts.model import State
from riviere.payouts.provider import Standing
from riviere.payouts.redemptions import Redemption

TRIGGERED = ("redemption_step", "quote", "entry")


@pytest.fixture
def one_of_each(payees: Payees) -> dict[str, Redemption]:
    """A redemption in every state in which it can stay, by state."""
    payees.creator(diamonds=400_000)
    made = {}

    def ask(state: str, diamonds: int = 10_000) -> None:
        made[state] = payees.redeem("jo", diamonds)

    ask("returned")
    payees.rounds()
    payees.rounds(minutes=1)
    payees.bank.says = Standing.RETURNED
    payees.rounds(days=1)
    ask("failed")
    payees.rounds()
    payees.rounds(minutes=1)
    payees.bank.says = Standing.PAID
    ask("paid")
    payees.rounds()
    payees.rounds(minutes=1)
    payees.bank.says = None
    ask("submitted")
    payees.rounds()
    ask("in_review", 120_000)
    ask("cancelled")
    run = (payees.connection, payees.writer)
    redemptions.cancel(*run, "jo", made["cancelled"].id, "jo", "", payees.world.now)
    ask("approved")
    with pytest.raises(Exception, match="at least"):
        payees.redeem("jo", 1_000, "refused")
    listed = redemptions.listed(payees.connection, "jo", None, 10)
    made["refused"] = next(one for one in listed if one.state == State.REFUSED)
    for state, redemption in made.items():
        assert payees.course(redemption)[-1] == state
    return made


def problem(connection: Connection) -> str | None:
    with connection.transaction():
        check = check_redemptions(connection)
    return None if check.ok else check.detail


def test_a_redemption_in_every_state_is_in_order(payees: Payees, one_of_each: dict[str, Redemption]) -> None:
    with payees.connection.transaction():
        check = check_redemptions(payees.connection)
    assert (check.name, check.ok, check.rows) == ("redemptions", True, len(one_of_each))


def tampered(payees: Payees, statement: str, *values: object) -> str:
    """What is found wrong after the owner of the tables has had their way, in a transaction that is undone."""
    with payees.world.database.connect_owner() as owner:
        for table in TRIGGERED:
            owner.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER append_only").format(sql.Identifier(table)))
        assert owner.execute(statement.encode(), values).rowcount > 0
        found = problem(owner)
        owner.rollback()
    assert found is not None, statement
    return found


def test_a_state_that_its_steps_do_not_say_is_found(payees: Payees, one_of_each: dict[str, Redemption]) -> None:
    for state, other in permutations(one_of_each, 2):
        found = tampered(payees, "UPDATE redemption SET state = %s WHERE id = %s", other, one_of_each[state].id)
        assert f"is {other}, its last step says {state}" in found


#: States between which the ledger sees no difference; what leads to them does.
ALIKE = ({"in_review", "approved", "submitted"}, {"failed", "cancelled"})

FORGE = """
    WITH forged AS (
        UPDATE redemption_step SET state = %s WHERE redemption = %s
        AND number = (SELECT max(number) FROM redemption_step WHERE redemption = %s)
    )
    UPDATE redemption SET state = %s WHERE id = %s
"""


def test_a_state_that_was_forged_with_its_step_is_found(payees: Payees, one_of_each: dict[str, Redemption]) -> None:
    for state, other in permutations(one_of_each, 2):
        if not any({state, other} <= alike for alike in ALIKE):
            redemption = one_of_each[state].id
            found = tampered(payees, FORGE, other, redemption, redemption, other, redemption)
            assert str(redemption)[:8] in found


ROWS = [
    ("DELETE FROM redemption_step WHERE redemption = %s AND number = 2", "has steps"),
    ("UPDATE redemption_step SET number = number + 1 WHERE redemption = %s AND number > 4", "has steps"),
    ("DELETE FROM redemption_step WHERE redemption = %s", "has steps none"),
    ("UPDATE redemption SET step = 9 WHERE id = %s", "expected 1 to 9"),
    ("UPDATE redemption_step SET state = 'held' WHERE redemption = %s AND number = 1", "begins as held"),
    (
        "UPDATE redemption_step SET state = 'cancelled' WHERE redemption = %s AND number = 2",
        "went from requested to cancelled, which no redemption may",
    ),
    ("UPDATE redemption SET payments = 0 WHERE id = %s", "counts 0 payments, its steps 1"),
    ("UPDATE redemption SET attempt = 2 WHERE id = %s", "counts 2 attempts and 1 payouts, its steps 1"),
    ("DELETE FROM payout WHERE redemption = %s", "counts 1 attempts and 0 payouts"),
    ("UPDATE payout SET attempt = 7 WHERE redemption = %s", "attempts and 1 payouts"),
    ("DELETE FROM redemption WHERE id = %s", "has steps and is not there"),
    ("DELETE FROM quote WHERE id = (SELECT quote FROM redemption WHERE id = %s)", "has no quote"),
]


def test_what_somebody_did_to_the_rows_of_a_payout_is_found(payees: Payees, one_of_each: dict[str, Redemption]) -> None:
    for statement, finding in ROWS:
        assert finding in tampered(payees, statement, one_of_each["paid"].id)


TERMS = [
    ("gross = gross + 1", "gross should be 5,001 in the ledger, and is 5,000"),
    ("fee = fee - 1", "fee should be 84 in the ledger, and is 85"),
    ("diamonds = diamonds - 1", "held should be 9,999,999 in the ledger, and is 10,000,000"),
    ("currency = 'EUR'", "another currency or under other policies"),
    ("rate_policy = 1", "another currency or under other policies"),
    ("fee_policy = 1", "another currency or under other policies"),
]


def test_a_quote_that_was_changed_is_not_what_was_settled(payees: Payees, one_of_each: dict[str, Redemption]) -> None:
    for change, finding in TERMS:
        statement = f"UPDATE quote SET {change} WHERE id = (SELECT quote FROM redemption WHERE id = %s)"
        assert finding in tampered(payees, statement, one_of_each["paid"].id)


ENTRIES = [
    ("in_review", Route.REDEEM_HOLD, "held should be 120,000,000 in the ledger, and is 0"),
    ("cancelled", Route.REDEEM_RELEASE, "released should be 10,000,000 in the ledger, and is 0"),
    ("paid", Route.REDEEM_SETTLE, "settled should be 10,000,000 in the ledger, and is 0"),
    ("paid", Route.REDEEM_FEE, "fee should be 85 in the ledger, and is 0"),
    ("paid", Route.REDEEM_PAYOUT, "paid should be 4,915 in the ledger, and is 0"),
    ("returned", Route.REDEEM_RETURN, "returned should be 4,915 in the ledger, and is 0"),
]


def test_an_entry_that_is_gone_is_missed(payees: Payees, one_of_each: dict[str, Redemption]) -> None:
    for state, route, finding in ENTRIES:
        hold = hold_id(one_of_each[state].id)
        statement = "DELETE FROM entry WHERE route = %s AND (id = %s OR cause = %s)"
        assert finding in tampered(payees, statement, route.value, hold, hold)


def test_a_hold_of_no_redemption_is_found(payees: Payees, one_of_each: dict[str, Redemption]) -> None:
    forget = (
        "WITH step AS (DELETE FROM redemption_step WHERE redemption = %s), "
        "payout AS (DELETE FROM payout WHERE redemption = %s) DELETE FROM redemption WHERE id = %s"
    )
    for state in ("in_review", "paid", "cancelled"):
        assert "belongs to no redemption" in tampered(payees, forget, *[one_of_each[state].id] * 3)


def test_what_is_being_booked_may_be_in_the_ledger_already_and_nothing_else(
    payees: Payees, one_of_each: dict[str, Redemption]
) -> None:
    redemption = one_of_each["cancelled"].id
    with payees.world.database.connect_owner() as owner:
        owner.execute("ALTER TABLE redemption_step DISABLE TRIGGER append_only")
        owner.execute("DELETE FROM redemption_step WHERE redemption = %s AND state = 'cancelled'", [redemption])
        begun = (
            "UPDATE redemption SET state = 'approved', step = 3, booking = %s, actor = 'jo', reason = '' WHERE id = %s"
        )
        owner.execute(begun, ["cancelled", redemption])
        assert problem(owner) is None
        owner.execute(begun, ["paid", redemption])
        assert problem(owner) is not None
        owner.rollback()
