"""Endpoints that are told what happens, and what was delivered to them."""

from riviere.client.call import Call, fields, path
from riviere.client.methods import asked, listed
from riviere.wire.common import Page
from riviere.wire.webhooks import (
    AddEndpoint,
    ChangeEndpoint,
    DeliveriesQuery,
    Delivery,
    Endpoint,
    NewEndpoint,
    NewSecret,
    Replayed,
    ReplaySince,
    TestSent,
)

_ONE = "/v1/webhooks/{id}"
_DELIVERY = "/v1/webhooks/{id}/deliveries/{event}"


class WebhookCalls:
    """Webhooks; `riviere.client.webhooks.verify` checks one that arrived."""

    @asked
    def add_webhook(self, endpoint: AddEndpoint) -> Call[NewEndpoint]:
        """Add an endpoint that is told what happens from now on; its secret is in this answer and never again."""
        return Call("POST", "/v1/webhooks", NewEndpoint, endpoint)

    @listed
    def list_webhooks(self) -> Call[Page[Endpoint]]:
        """Every endpoint, oldest first."""
        return Call("GET", "/v1/webhooks", Page[Endpoint])

    @asked
    def get_webhook(self, endpoint: str) -> Call[Endpoint]:
        """An endpoint and how it is doing."""
        return Call("GET", path(_ONE, id=endpoint), Endpoint)

    @asked
    def change_webhook(self, endpoint: str, change: ChangeEndpoint) -> Call[Endpoint]:
        """Switch an endpoint off, or on again."""
        return Call("PATCH", path(_ONE, id=endpoint), Endpoint, change)

    @asked
    def remove_webhook(self, endpoint: str) -> Call[None]:
        """Remove an endpoint, and all that was delivered to it or waits for it."""
        return Call("DELETE", path(_ONE, id=endpoint), type(None))

    @asked
    def rotate_webhook_secret(self, endpoint: str) -> Call[NewSecret]:
        """Make a new secret; for a day both sign."""
        return Call("POST", path(_ONE + "/rotate", id=endpoint), NewSecret)

    @asked
    def test_webhook(self, endpoint: str) -> Call[TestSent]:
        """Send a `webhook.test` event to this endpoint."""
        return Call("POST", path(_ONE + "/test", id=endpoint), TestSent)

    @asked
    def replay_webhook(self, endpoint: str, since: ReplaySince) -> Call[Replayed]:
        """Send all that happened since a time again, under the old ids."""
        return Call("POST", path(_ONE + "/replay", id=endpoint), Replayed, since)

    @listed
    def list_deliveries(self, endpoint: str, query: DeliveriesQuery | None = None) -> Call[Page[Delivery]]:
        """What was or is to be delivered to an endpoint, newest first, with every try."""
        return Call("GET", path(_ONE + "/deliveries", id=endpoint), Page[Delivery], query=fields(query))

    @asked
    def get_delivery(self, endpoint: str, event: str) -> Call[Delivery]:
        """One delivery with every try."""
        return Call("GET", path(_DELIVERY, id=endpoint, event=event), Delivery)

    @asked
    def replay_delivery(self, endpoint: str, event: str) -> Call[Delivery]:
        """Send one event again, under its old id."""
        return Call("POST", path(_DELIVERY + "/replay", id=endpoint, event=event), Delivery, once=True)

    @asked
    def skip_delivery(self, endpoint: str, event: str) -> Call[Delivery]:
        """Give up an event that waits, so that its subject goes on with the next one."""
        return Call("POST", path(_DELIVERY + "/skip", id=endpoint, event=event), Delivery)
