"""localstripe, behind ours: its cards and customers, and whatever else of Stripe's API ours does not answer itself.

The only module that imports it. localstripe is under the GPL, so nothing but the stand-in's own process imports this.
Its objects live in memory; here they are kept with ours, where it would write a file of its own for the whole machine.
"""

import pickle
from typing import Any, Final

from aiohttp import web
from localstripe import resources

from riviere.sandbox.cards import numbers
from riviere.sandbox.cards.answers import missing
from riviere.sandbox.cards.store import Store

_KIND: Final = "localstripe"


class _Objects(resources.Store):  # type: ignore[misc]
    """localstripe's objects by name; knows which of them a request has touched."""

    def __init__(self) -> None:
        super().__init__()
        self.touched: set[str] = set()

    def dump_to_disk(self) -> None:
        """Nothing: `Behind.keep` does it, together with what ours has to keep."""

    def get(self, name: str, *other: Any) -> Any:
        """An object, which may be changed by whoever gets it."""
        self.touched.add(name)
        return super().get(name, *other)

    def __setitem__(self, name: str, value: Any) -> None:
        self.touched.add(name)
        super().__setitem__(name, value)

    def __delitem__(self, name: str) -> None:
        self.touched.add(name)
        super().__delitem__(name)


class Behind:
    """localstripe with its objects in our store. One a process: it keeps them in a variable of its module."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._objects = _Objects()
        resources.store = self._objects
        for body in store.every_raw(_KIND):
            name, value = pickle.loads(body)  # noqa: S301 -- written by `keep` below
            self._objects[name] = value
        self._objects.touched.clear()

    def application(self) -> web.Application:
        """Its routes, to be answered behind ours."""
        from localstripe import server  # takes the objects of `resources` as they are when it is imported

        made: web.Application = server.app
        return made

    def keep(self) -> None:
        """Writes down what has changed since the last time, inside the caller's transaction."""
        for name in self._objects.touched & self._objects.keys():
            self._store.put_raw(_KIND, name, pickle.dumps((name, self._objects[name])))
        self._objects.touched.clear()

    def card(self, fields: dict[str, str]) -> dict[str, Any]:
        """A payment method of a card's number, date and code: its id, and what Stripe shows of the card."""
        made = resources.PaymentMethod(type="card", card=dict(fields))
        return {"id": made.id, "card": dict(made.card)}

    def named(self, name: str) -> dict[str, Any]:
        """The payment method of that id; one of Stripe's names for a test card makes a new one. Raises Wrong."""
        if name in numbers.NAMED:
            return self.card({"number": numbers.NAMED[name], "exp_month": "12", "exp_year": "2034", "cvc": "123"})
        found = self._objects.get(f"payment_method:{name}")
        if found is None:
            raise missing("PaymentMethod", name, "payment_method")
        return {"id": found.id, "card": dict(found.card)}


def behaviour(card: dict[str, Any]) -> numbers.Card:
    """How a card behaves, by its fingerprint, which is all that Stripe shows of a number."""
    return _BY_FINGERPRINT.get(card["fingerprint"], numbers.REAL)


_BY_FINGERPRINT: Final = {resources.fingerprint(number): card for number, card in numbers.NUMBERS.items()}
