"""Spending over HTTP: what a viewer spends on coins, and the limit that they set themselves."""

from typing import Final

from riviere import money
from riviere.economy import people
from riviere.http.operation import EXAMPLE_TIME, Call, operation
from riviere.payments import spending
from riviere.payments.spending import Window
from riviere.wire.spending import CoinsGiven, ComingLimit, SetSpendingLimit, Spending, SpendingWindow

_SPENT: Final = Spending(
    windows=[
        SpendingWindow(currency="USD", span="day", spent="7.99", limit=None, left=None),
        SpendingWindow(
            currency="USD",
            span="month",
            spent="15.98",
            limit="50.00",
            left="34.02",
            coming=ComingLimit(amount="80.00", holds_from=EXAMPLE_TIME),
        ),
    ],
    coins_given=CoinsGiven(day=299, month=1204),
)


@operation(
    "GET",
    "/v1/users/{user}/spending",
    id="getSpending",
    tag="Purchases",
    scope="purchases:read",
    owner="user",
    raises=(people.UnknownUser,),
    answer=_SPENT,
)
def get_spending(call: Call) -> Spending:
    """Get what a viewer spent on coins in the last day and month, what their own limits leave, and coins given."""
    with call.reading() as connection:
        return _spending(spending.read(connection, people.find(connection, call.path["user"]).id, call.now))


@operation(
    "PUT",
    "/v1/users/{user}/spending-limit",
    id="setSpendingLimit",
    tag="Purchases",
    scope="purchases:write",
    owner="user",
    raises=(people.UnknownUser, money.UnknownCurrency, money.BadFigure),
    asked=SetSpendingLimit(currency="USD", span="month", amount="50.00"),
    answer=_SPENT,
)
def set_spending_limit(call: Call, body: SetSpendingLimit) -> Spending:
    """Set the most that a viewer wants to spend on coins in a day or a month, in one currency.

    A purchase beyond it is refused. A stricter limit holds at once; one that is raised or taken away (`amount` null)
    holds after 24 hours, and a new decision takes the place of one that does not hold yet.
    """
    most = None if body.amount is None else money.parse(body.amount, body.currency, "A limit", least=0)
    with call.reading() as connection:
        user = people.find(connection, call.path["user"]).id
        spending.set_limit(connection, user, body.currency, body.span, most, call.actor, call.now)
        return _spending(spending.read(connection, user, call.now))


def _spending(found: spending.Spending) -> Spending:
    given = CoinsGiven(day=found.given["day"], month=found.given["month"])
    return Spending(windows=[_window(window) for window in found.windows], coins_given=given)


def _window(window: Window) -> SpendingWindow:
    coming = window.limit.coming
    return SpendingWindow(
        currency=window.currency,
        span=window.span,
        spent=money.plain(window.spent, window.currency),
        limit=_amount(window.limit.amount, window.currency),
        left=_amount(window.left, window.currency),
        coming=coming and ComingLimit(amount=_amount(coming.amount, window.currency), holds_from=coming.holds_from),
    )


def _amount(units: int | None, currency: str) -> str | None:
    return None if units is None else money.plain(units, currency)
