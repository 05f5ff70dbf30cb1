"""Which of Stripe's calls are answered here, by method and path; localstripe answers the others."""

import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from riviere.sandbox.cards import intents, listing
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


_TABLE: Final[list[tuple[str, str, str, Handler, bool]]] = [
    (
        "POST",
        "/v1/payment_intents",
        "payment_intents.create",
        lambda call, behind, _, said: intents.create(call, behind, said),
        False,
    ),
    (
        "GET",
        "/v1/payment_intents",
        "payment_intents.list",
        _list("payment_intent", "/v1/payment_intents", "customer"),
        False,
    ),
    ("GET", "/v1/payment_intents/{id}", "payment_intents.retrieve", _retrieve("payment_intent", "intent"), True),
    ("POST", "/v1/payment_intents/{id}/confirm", "payment_intents.confirm", intents.confirm, True),
    ("POST", "/v1/payment_intents/{id}/_authenticate", "payment_intents.authenticate", intents.authenticate, True),
    (
        "POST",
        "/v1/payment_intents/{id}/cancel",
        "payment_intents.cancel",
        lambda call, _, name, said: intents.cancel(call, name, said),
        False,
    ),
    ("GET", "/v1/charges", "charges.list", _list("charge", "/v1/charges", "payment_intent", "customer"), False),
    ("GET", "/v1/charges/{id}", "charges.retrieve", _retrieve("charge", "charge"), False),
    ("GET", "/v1/events", "events.list", _list("event", "/v1/events", "type"), False),
    ("GET", "/v1/events/{id}", "events.retrieve", _retrieve("event"), False),
]

_COMPILED: Final = [
    (method, re.compile(path.replace("{id}", "(?P<id>[A-Za-z0-9_]+)")), name, handler, is_open)
    for method, path, name, handler, is_open in _TABLE
]


def route(method: str, path: str) -> Route | None:
    """Who answers, if anybody here does."""
    for wanted, pattern, name, handler, is_open in _COMPILED:
        if wanted == method and (match := pattern.fullmatch(path)):
            return Route(name, handler, match.groupdict().get("id", ""), is_open)
    return None


def expanded(call: Call, told: Any, paths: list[str]) -> Any:
    """`told` with the objects that are asked for in place of their ids: `latest_charge`, `data.charge`."""
    for path in paths:
        told = listing.expand(call, told, path.split("."))
    return told
