"""One call under way: what it works on, when it came, and what is told about it."""

from typing import Any

import msgspec

from riviere import ids
from riviere.sandbox.cards.answers import missing
from riviere.sandbox.cards.store import Delivery, Endpoint, Store

#: The version of Stripe's API that objects and events are shaped like: that of the stripe package 16.1.
API_VERSION = "2026-10-28.endive"


class Call(msgspec.Struct, frozen=True):
    """A request to Stripe: the account's store, the time (seconds since 1970), Stripe's id of it, its idempotency key.

    What a test steers, and what a bank does by itself, are calls without a `request`.
    """

    store: Store
    now: int
    request: str | None = None
    key: str | None = None

    def find(self, kind: str, name: str, param: str = "id") -> dict[str, Any]:
        """Stripe's object of that kind and id. Raises Wrong (resource_missing)."""
        found = self.store.object(kind, name)
        if found is None:
            raise missing(kind, name, param)
        return found

    def tell(self, happened: str, told: dict[str, Any], before: dict[str, Any] | None = None) -> None:
        """Makes an event of the type `happened`, about `told` as it now is, and puts it on its way to every endpoint.

        `before` has the fields that changed, as they were.
        """
        changed = {} if before is None else {"previous_attributes": before}
        self.send(
            {
                "id": new_id("evt"),
                "object": "event",
                "api_version": API_VERSION,
                "created": self.now,
                "data": {"object": told, **changed},
                "livemode": False,
                "pending_webhooks": 0,
                "request": {"id": self.request, "idempotency_key": self.key},
                "type": happened,
            }
        )

    def send(self, event: dict[str, Any]) -> None:
        """Keeps an event, with a delivery for each endpoint that wants its type."""
        wanting = [one for one in self.store.every(Endpoint) if {"*", event["type"]} & {*one.events}]
        event["pending_webhooks"] = len(wanting)
        self.store.put_object(event)
        held = self.store.steered().holding
        for endpoint in wanting:
            self.store.put(Delivery(f"{event['id']}:{endpoint.id}", event["id"], endpoint.id, 0.0, held=held))


def new_id(prefix: str) -> str:
    """An id like Stripe's: a prefix and 26 characters that nobody guesses."""
    return ids.shown(prefix, ids.random_id()) + ids.shown("", ids.random_id())[1:]
