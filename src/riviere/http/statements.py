"""Statements that an outsider can check: every line of an account between two balances, with proofs, signed."""

from datetime import timedelta
from typing import Final

from riviere import clock
from riviere.clock import BadPeriod, BadTime, FutureTime
from riviere.economy import people
from riviere.errors import RiviereError
from riviere.http.accounts import meant
from riviere.http.operation import EXAMPLE_TIME, Call, operation
from riviere.ledger.proof import Statement
from riviere.ledger.statement import StatementTooLong, burden, prove, settled, statement
from riviere.wire.statements import StatementQuery

#: Days and lines of one statement, and entries committed together with them, which its proofs read: a year, and a few
#: seconds' work.
MOST_DAYS: Final = 366
MOST_LINES: Final = 10_000
MOST_ENTRIES: Final = 100_000


class PeriodTooLong(RiviereError):
    """A statement covers {most} days at the most; ask for one after the other."""

    code = "period_too_long"


@operation(
    "GET",
    "/v1/users/{user}/statement",
    id="getStatement",
    tag="Wallets",
    scope="statements:read",
    owner="user",
    raises=(people.UnknownUser, BadPeriod, BadTime, FutureTime, PeriodTooLong, StatementTooLong),
    answer=Statement(
        version=1,
        user=3141592653589793238,
        kind="diamonds",
        since=EXAMPLE_TIME - timedelta(days=30),
        until=EXAMPLE_TIME,
        opening=8420000,
        closing=8420000,
        lines=[],
        public_key=bytes(32),
        signature=bytes(64),
    ),
)
def get_statement(call: Call, query: StatementQuery) -> Statement:
    """Get a statement with its proofs, signed by this installation.

    Whoever has the answer, kept as it is, can check it alone with `riviere check-statement`: that no line was altered
    or left out, and that each lies under a signed head. Amounts are in the asset's smallest unit (thousandths of a
    diamond, whole coins); ids are of 63 bits, so read them as such. It ends when the account was last still, if `until`
    is later than that.
    """
    since, until = clock.period(query.since, query.until, call.now)
    assert since is not None, "the query insists on it"
    with call.reading() as connection:
        user = people.find(connection, call.path["user"]).id
        kind = meant(connection, user, query.account)
        # What is signed must stay true, so it ends before anything that is still under way.
        still = settled(connection, user, kind)
        until = still if until is None else min(until, still)
        if until <= since:
            raise BadPeriod(since=since.isoformat(), until=until.isoformat())
        if until - since > timedelta(days=MOST_DAYS):
            raise PeriodTooLong(most=MOST_DAYS)
        document = statement(connection, user, kind, since, until, MOST_LINES)
        if burden(connection, document) > MOST_ENTRIES:
            raise StatementTooLong(most=MOST_ENTRIES, what="entries in the batches of its lines")
        prove(connection, call.office.signer, document, call.now)
    return document
