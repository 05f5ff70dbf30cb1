"""Where a creator wants to be paid: every version kept, the last one holds, and nobody is shown the whole address."""

import re
from datetime import datetime
from typing import Final

import msgspec
from psycopg.rows import class_row

from riviere import money
from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.economy import checks, people
from riviere.errors import RiviereError
from riviere.payouts.model import masked
from riviere.payouts.provider import LONGEST_RECEIVER
from riviere.payouts.refusals import NoPayoutProvider

SQL = load("riviere.payouts")

#: Characters that a stated reason may have.
LONGEST_REASON: Final = 500

#: The payout methods that Riviere has a provider for, and the form of their receivers.
METHODS: Final = {"paypal": re.compile(r"[^@\s]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")}


class BadReceiver(RiviereError):
    """{method} pays to an e-mail address of at most {most} characters, and this is none; correct it."""

    code = "bad_receiver"


class NothingSet(RiviereError):
    """This creator has not said where to be paid; set a payout method."""

    code = "no_payout_method_set"


class Method(msgspec.Struct, frozen=True):
    """A version of a creator's payout method. `receiver` is for the provider only; people see `masked`."""

    number: int
    method: str
    currency: str
    receiver: str
    at: datetime
    actor: str

    @property
    def masked(self) -> str:
        """The receiver as people are shown it: "a…@example.com"."""
        return masked(self.receiver)


def set_method(
    connection: Connection, creator: str, method: str, currency: str, receiver: str, actor: str, now: datetime
) -> Method:
    """Changes where a creator (by external id) is paid from the next request on; what is on its way goes where it went.

    Raises UnknownUser, NoPayoutProvider, UnknownCurrency, BadReceiver or BadText.
    """
    if method not in METHODS:
        raise NoPayoutProvider(method=money.shown(method), methods=", ".join(METHODS))
    if currency not in money.CURRENCIES:
        raise money.UnknownCurrency(currency=currency)
    if not checks.is_text(receiver, LONGEST_RECEIVER) or not METHODS[method].fullmatch(receiver):
        raise BadReceiver(method=method, most=LONGEST_RECEIVER)
    checks.text(actor, "Who changes a payout method", checks.LONGEST_ID)
    user = people.find(connection, creator).id
    with connection.transaction():
        lock_creator(connection, user)
        before = method_of(connection, user)
        if before is not None and (before.method, before.currency, before.receiver) == (method, currency, receiver):
            return before
        made = Method(before.number + 1 if before else 1, method, currency, receiver, now, actor)
        connection.execute(SQL["add_method"], {"creator": user} | msgspec.structs.asdict(made))
    return made


def method_of(connection: Connection, creator: int) -> Method | None:
    """Where a creator (by our id) is paid now; None where nothing was ever set."""
    with connection.cursor(row_factory=class_row(Method)) as cursor:
        return cursor.execute(SQL["read_method"], {"creator": creator}).fetchone()


def lock_creator(connection: Connection, creator: int) -> None:
    """Takes the creator's row: whatever decides on their payouts happens one after the other."""
    connection.execute(SQL["lock_creator"], {"creator": creator})
