"""Which of Stripe's calls are answered here, by method and path; localstripe answers the others."""

import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from riviere.sandbox.cards import balance, disputes, events, intents, listing, refunds
from riviere.sandbox.cards.answers import Answer
from riviere.sandbox.cards.behind import Behind
from riviere.sandbox.cards.call import Call
from riviere.sandbox.cards.form import Form

Handler = Callable[[Call, Behind, str, Form], Answer]


class Route(NamedTuple):
    """A call: its name, how it is answered, the object's id, and whether a page may make it.

    A page has the publishable key, and must show the client secret of the PaymentIntent that it is about.
    """

    name: str
    handler: Handler
    id: str
    open: bool


def _retrieve(kind: str, param: str = "id") -> Handler:
    def handler(call: Call, _behind: Behind, name: str, said: Form) -> Answer:
        said.skip("client_secret")
        said.done()
        return Answer(200, call.find(kind, name, param))

    return handler


def _list(kind: str, url: str, *filters: str) -> Handler:
    def handler(call: Call, _behind: Behind, _name: str, said: Form) -> Answer:
        return listing.page(call, kind, url, said, filters)

    return handler


#: Name, method, path, handler; the last three are what a page may do.
_TABLE: Final[list[tuple[str, str, str, Handler]]] = [
    ("payment_intents.create", "POST", "/v1/payment_intents", lambda c, b, _, f: intents.create(c, b, f)),
    ("payment_intents.list", "GET", "/v1/payment_intents", _list("payment_intent", "/v1/payment_intents", "customer")),
    ("payment_intents.cancel", "POST", "/v1/payment_intents/{id}/cancel", lambda c, _, n, f: intents.cancel(c, n, f)),
    ("charges.list", "GET", "/v1/charges", _list("charge", "/v1/charges", "payment_intent", "customer")),
    ("charges.retrieve", "GET", "/v1/charges/{id}", _retrieve("charge", "charge")),
    ("refunds.create", "POST", "/v1/refunds", lambda c, _b, _n, f: refunds.create(c, f)),
    ("refunds.list", "GET", "/v1/refunds", _list("refund", "/v1/refunds", "charge", "payment_intent")),
    ("refunds.retrieve", "GET", "/v1/refunds/{id}", _retrieve("refund")),
    ("disputes.list", "GET", "/v1/disputes", _list("dispute", "/v1/disputes", "charge", "payment_intent")),
    ("disputes.retrieve", "GET", "/v1/disputes/{id}", _retrieve("dispute", "dispute")),
    ("disputes.update", "POST", "/v1/disputes/{id}", lambda c, _, n, f: disputes.update(c, n, f)),
    ("disputes.close", "POST", "/v1/disputes/{id}/close", lambda c, _, n, f: disputes.close(c, n, f)),
    (
        "early_fraud_warnings.list",
        "GET",
        "/v1/radar/early_fraud_warnings",
        _list("radar.early_fraud_warning", "/v1/radar/early_fraud_warnings", "charge", "payment_intent"),
    ),
    ("balance.retrieve", "GET", "/v1/balance", lambda c, _b, _n, _f: balance.balance(c)),
    ("balance_transactions.list", "GET", "/v1/balance_transactions", lambda c, _b, _n, f: balance.transactions(c, f)),
    (
        "balance_transactions.retrieve",
        "GET",
        "/v1/balance_transactions/{id}",
        lambda c, _b, n, _f: balance.transaction(c, n),
    ),
    ("payouts.list", "GET", "/v1/payouts", _list("payout", "/v1/payouts", "status")),
    ("payouts.retrieve", "GET", "/v1/payouts/{id}", _retrieve("payout", "payout")),
    ("events.list", "GET", "/v1/events", lambda c, _b, _n, f: events.page(c, f)),
    ("events.retrieve", "GET", "/v1/events/{id}", lambda c, _b, n, _f: events.one(c, n)),
    ("payment_intents.retrieve", "GET", "/v1/payment_intents/{id}", _retrieve("payment_intent", "intent")),
    ("payment_intents.confirm", "POST", "/v1/payment_intents/{id}/confirm", intents.confirm),
    ("payment_intents.authenticate", "POST", "/v1/payment_intents/{id}/_authenticate", intents.authenticate),
]
_OF_PAGES: Final = {name for name, *_ in _TABLE[-3:]}

_COMPILED: Final = [
    (method, re.compile(path.replace("{id}", "(?P<id>[A-Za-z0-9_]+)")), name, handler)
    for name, method, path, handler in _TABLE
]


def route(method: str, path: str) -> Route | None:
    """Who answers, if anybody here does."""
    for wanted, pattern, name, handler in _COMPILED:
        if wanted == method and (match := pattern.fullmatch(path)):
            return Route(name, handler, match.groupdict().get("id", ""), name in _OF_PAGES)
    return None


def expanded(call: Call, told: Any, paths: list[str]) -> Any:
    """`told` with the objects that are asked for in place of their ids: `latest_charge`, `data.charge`."""
    for path in paths:
        told = listing.expand(call, told, path.split("."))
    return told
