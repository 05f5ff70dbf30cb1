"""What a viewer spends on coins, and the limit that they have set themselves.

A purchase of somebody with a limit is noted before the processor is asked for money, while the buyer's row is locked:
of purchases at the same time each sees the others. What is noted counts until it is booked or refused; a crash in
between leaves it standing, for the money may be gone, and the same request again goes on with it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from riviere import money
from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.payments import limits
from riviere.payments.limits import SPANS, Decided, Limit, Span, Spent

SQL = load("riviere.payments")

_LONGEST: Final = max(SPANS.values())


class Window(NamedTuple):
    """A currency and a span of time: minor units spent in it, and the limit."""

    currency: str
    span: Span
    spent: int
    limit: Limit

    @property
    def left(self) -> int | None:
        """Minor units that the limit leaves; None where there is no limit."""
        return None if self.limit.amount is None else max(0, self.limit.amount - self.spent)


class Spending(NamedTuple):
    """What somebody spent in each currency that they paid in or have a limit in, and coins that they gave."""

    windows: Sequence[Window]
    given: Mapping[Span, int]


def read(connection: Connection, user: int, now: datetime) -> Spending:
    """What a user (our id) spent in the last day and month, and what their limits leave."""
    decided = _limits(connection, user)
    spent = _spent(connection, user, now)
    currencies = sorted({currency for currency, _ in decided} | spent.keys())
    windows = [
        Window(
            currency,
            span,
            limits.spent_in(spent.get(currency, ()), span, now),
            limits.in_force(decided.get((currency, span), ()), now),
        )
        for currency in currencies
        for span in SPANS
    ]
    return Spending(windows, {span: _given(connection, user, now - back) for span, back in SPANS.items()})


def set_limit(
    connection: Connection, user: int, currency: str, span: Span, amount: int | None, by: str, now: datetime
) -> None:
    """Sets the most (minor units; None: no limit) that a user wants to spend in a span of time.

    It holds at once where it is stricter than the limit in force, else after 24 hours. Raises UnknownCurrency.
    """
    money.scale(currency)
    with connection.transaction():
        connection.execute(SQL["lock_buyer"], {"user": user})
        before = _limits(connection, user, currency).get((currency, span), [])
        decided = limits.decide(limits.in_force(before, now), amount, now)
        row = {"user": user, "currency": currency, "span": span, "number": len(before) + 1, "by": by}
        connection.execute(SQL["add_limit"], row | decided._asdict())


def hold(connection: Connection, user: int, purchase: UUID, price: int, currency: str, now: datetime) -> None:
    """Notes that a purchase is about to take money, where its buyer has a limit. Raises OverOwnLimit."""
    which = {"user": user, "purchase": purchase}
    with connection.transaction():
        connection.execute(SQL["lock_buyer"], {"user": user})
        decided = _limits(connection, user, currency)
        inside = {span: limits.in_force(decided.get((currency, span), ()), now).amount for span in SPANS}
        known = connection.execute(SQL["read_hold"], which).fetchone()
        if known is not None or not any(amount is not None for amount in inside.values()):
            return
        spent = _spent(connection, user, now).get(currency, [])
        for span, amount in inside.items():
            if amount is not None:
                limits.check(amount, span, spent, price, currency, now)
        connection.execute(SQL["hold"], which | {"currency": currency, "amount": price, "at": now})


def let_go(connection: Connection, user: int, purchase: UUID) -> None:
    """Forgets what was noted of a purchase: it is booked and counts by itself, or took nothing."""
    connection.execute(SQL["let_go"], {"user": user, "purchase": purchase})


def _limits(connection: Connection, user: int, currency: str | None = None) -> dict[tuple[str, Span], list[Decided]]:
    found: dict[tuple[str, Span], list[Decided]] = defaultdict(list)
    for of, span, _, *decided in connection.execute(SQL["read_limits"], {"user": user, "currency": currency}):
        found[of, span].append(Decided(*decided))
    return found


def _spent(connection: Connection, user: int, now: datetime) -> dict[str, list[Spent]]:
    found: dict[str, list[Spent]] = defaultdict(list)
    for currency, at, amount in connection.execute(SQL["read_spent"], {"user": user, "since": now - _LONGEST}):
        found[currency].append(Spent(at, amount))
    return found


def _given(connection: Connection, user: int, since: datetime) -> int:
    row = connection.execute(SQL["read_given"], {"user": user, "since": since}).fetchone()
    assert row is not None
    return max(0, int(row[0]))
