"""Webhooks over HTTP: who is told, what was delivered, and sending it again."""

from collections.abc import Sequence
from typing import Final

from riviere.access.scopes import Scope
from riviere.clock import BadTime
from riviere.economy import checks
from riviere.http import cursors, problems
from riviere.http.operation import EXAMPLE_TIME, Call, operation
from riviere.webhooks import addresses, endpoints, model
from riviere.webhooks.endpoints import OVERLAP
from riviere.wire import webhooks as wire
from riviere.wire.common import Page

#: The scope that it takes to have a family of events sent to an endpoint.
SCOPE_OF: Final[dict[str, Scope]] = {
    "gift": "gifts:read",
    "combo": "gifts:read",
    "purchase": "purchases:read",
    "user": "users:read",
    "policy": "policies:read",
    "redemption": "redemptions:read",
}

_ENDPOINT: Final = wire.Endpoint(
    id="whe_3f9k2m7q0x8wt",
    url="https://example.com/riviere",
    kinds=["gift.sent", "redemption.*"],
    description="The app's own server",
    state="on",
    since=EXAMPLE_TIME,
    failing_since=None,
    created_at=EXAMPLE_TIME,
    created_by="key app",
)
_SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - the one of Standard Webhooks' own example
_DELIVERY: Final = wire.Delivery(
    event="evt_3f9k2m7q0x8wt",
    kind="user.level",
    subject="user/mira",
    state="delivered",
    created_at=EXAMPLE_TIME,
    done_at=EXAMPLE_TIME,
    body='{"type":"user.level","timestamp":"2026-01-31T20:15:00Z","data":{"user":"mira","level":8}}',
    attempts=[wire.Attempt(at=EXAMPLE_TIME, ms=42, status=204, answer="")],
)


@operation(
    "POST",
    "/v1/webhooks",
    id="addWebhook",
    tag="Webhooks",
    scope="webhooks:write",
    status=201,
    raises=(addresses.BadUrl, addresses.InternalAddress, model.UnknownKind, checks.BadText),
    asked=wire.AddEndpoint(
        url="https://example.com/riviere", kinds=["gift.sent", "redemption.*"], description="The app's own server"
    ),
    answer=wire.NewEndpoint(endpoint=_ENDPOINT, secret=_SECRET),
)
def add_webhook(call: Call, body: wire.AddEndpoint) -> wire.NewEndpoint:
    """Add an endpoint: an address of yours that is told what happens from now on.

    Events are sent as Standard Webhooks has it: POST, signed with the secret, the same `webhook-id` on every try, any
    2xx is an answer. They arrive at least once, and in order within a subject. What fails is tried again for three
    days; an answer of 410 ends it. What you want to be told takes the scope to read it: `gifts:read` for gifts.
    """
    _may_hear(call, body.kinds)
    with call.reading() as connection:
        made, secret = endpoints.create(
            connection,
            body.url,
            body.kinds,
            body.description or "",
            call.actor,
            call.now,
            allow_local=call.office.settings.local_webhooks,
        )
    return wire.NewEndpoint(endpoint=_endpoint(made), secret=secret)


@operation(
    "GET",
    "/v1/webhooks",
    id="listWebhooks",
    tag="Webhooks",
    scope="webhooks:read",
    answer=Page(data=[_ENDPOINT]),
)
def list_webhooks(call: Call) -> Page[wire.Endpoint]:
    """List every endpoint, oldest first."""
    with call.reading() as connection:
        return Page(data=[_endpoint(one) for one in endpoints.listed(connection)])


@operation(
    "GET",
    "/v1/webhooks/{id}",
    id="getWebhook",
    tag="Webhooks",
    scope="webhooks:read",
    raises=(model.UnknownEndpoint,),
    answer=_ENDPOINT,
)
def get_webhook(call: Call) -> wire.Endpoint:
    """Get an endpoint and how it is doing."""
    with call.reading() as connection:
        return _endpoint(endpoints.find(connection, call.path["id"]))


@operation(
    "PATCH",
    "/v1/webhooks/{id}",
    id="changeWebhook",
    tag="Webhooks",
    scope="webhooks:write",
    raises=(model.UnknownEndpoint,),
    asked=wire.ChangeEndpoint(state="off"),
    answer=_ENDPOINT,
)
def change_webhook(call: Call, body: wire.ChangeEndpoint) -> wire.Endpoint:
    """Switch an endpoint off, or on again, also after it was disabled by itself.

    What happens while it is off or failing waits, for 30 days; after an answer of 410 nothing was kept for it. One that
    is failing or gone is off already, and stays as it is when it is switched off.
    """
    change = endpoints.enable if body.state == "on" else endpoints.disable
    with call.reading() as connection:
        return _endpoint(change(connection, call.path["id"], call.now))


@operation(
    "DELETE",
    "/v1/webhooks/{id}",
    id="removeWebhook",
    tag="Webhooks",
    scope="webhooks:write",
    status=204,
    raises=(model.UnknownEndpoint,),
)
def remove_webhook(call: Call) -> None:
    """Remove an endpoint, and all that was delivered to it or waits for it."""
    with call.reading() as connection:
        endpoints.delete(connection, call.path["id"])


@operation(
    "POST",
    "/v1/webhooks/{id}/rotate",
    id="rotateWebhookSecret",
    tag="Webhooks",
    scope="webhooks:write",
    raises=(model.UnknownEndpoint,),
    answer=wire.NewSecret(secret=_SECRET, both_until=EXAMPLE_TIME),
)
def rotate_webhook_secret(call: Call) -> wire.NewSecret:
    """Make a new secret. For a day both sign, so that no event arrives without a signature that you know."""
    with call.reading() as connection:
        secret = endpoints.rotate(connection, call.path["id"], call.now)
    return wire.NewSecret(secret=secret, both_until=call.now + OVERLAP)


@operation(
    "POST",
    "/v1/webhooks/{id}/test",
    id="testWebhook",
    tag="Webhooks",
    scope="webhooks:write",
    status=202,
    raises=(model.UnknownEndpoint,),
    answer=wire.TestSent(event="evt_3f9k2m7q0x8wt"),
)
def test_webhook(call: Call) -> wire.TestSent:
    """Send a `webhook.test` event to this endpoint; its deliveries show what came of it."""
    with call.reading() as connection:
        return wire.TestSent(event=endpoints.send_test(connection, call.path["id"], call.now))


@operation(
    "POST",
    "/v1/webhooks/{id}/replay",
    id="replayWebhook",
    tag="Webhooks",
    scope="webhooks:write",
    status=202,
    raises=(model.UnknownEndpoint, BadTime),
    asked=wire.ReplaySince(since=EXAMPLE_TIME),
    answer=wire.Replayed(deliveries=12),
)
def replay_webhook(call: Call, body: wire.ReplaySince) -> wire.Replayed:
    """Send all that happened since a time again, each subject's events in order, under their old ids."""
    with call.reading() as connection:
        again = endpoints.replay_since(connection, call.path["id"], call.instant(body.since), call.now)
    return wire.Replayed(deliveries=again)


@operation(
    "GET",
    "/v1/webhooks/{id}/deliveries",
    id="listDeliveries",
    tag="Webhooks",
    scope="webhooks:read",
    raises=(model.UnknownEndpoint,),
    answer=Page(data=[_DELIVERY]),
)
def list_deliveries(call: Call, query: wire.DeliveriesQuery) -> Page[wire.Delivery]:
    """List what was or is to be delivered to an endpoint, newest first, with every try. It is kept for 30 days."""
    before = cursors.read(query.cursor, tuple[cursors.Number, str])
    with call.reading() as connection:
        found = endpoints.deliveries(
            connection, call.path["id"], state=query.state, before=before, limit=query.limit + 1
        )
    return cursors.page(found, query.limit, _delivery, lambda delivery: (delivery.number, delivery.event))


@operation(
    "GET",
    "/v1/webhooks/{id}/deliveries/{event}",
    id="getDelivery",
    tag="Webhooks",
    scope="webhooks:read",
    raises=(model.UnknownEndpoint, model.UnknownDelivery),
    answer=_DELIVERY,
)
def get_delivery(call: Call) -> wire.Delivery:
    """Get one delivery with every try."""
    with call.reading() as connection:
        return _delivery(endpoints.delivery(connection, call.path["id"], call.path["event"]))


@operation(
    "POST",
    "/v1/webhooks/{id}/deliveries/{event}/replay",
    id="replayDelivery",
    tag="Webhooks",
    scope="webhooks:write",
    status=202,
    raises=(model.UnknownEndpoint, model.UnknownDelivery),
    answer=_DELIVERY,
)
def replay_delivery(call: Call) -> wire.Delivery:
    """Send one event again, under its old id; at once if it waits."""
    endpoint, event = call.path["id"], call.path["event"]
    with call.reading() as connection:
        endpoints.replay(connection, endpoint, event, call.now)
        return _delivery(endpoints.delivery(connection, endpoint, event))


@operation(
    "POST",
    "/v1/webhooks/{id}/deliveries/{event}/skip",
    id="skipDelivery",
    tag="Webhooks",
    scope="webhooks:write",
    raises=(model.UnknownEndpoint, model.UnknownDelivery, model.NotWaiting),
    answer=_DELIVERY,
)
def skip_delivery(call: Call) -> wire.Delivery:
    """Give up an event that waits, so that its subject goes on with the next one."""
    endpoint, event = call.path["id"], call.path["event"]
    with call.reading() as connection:
        endpoints.skip(connection, endpoint, event, call.now)
        return _delivery(endpoints.delivery(connection, endpoint, event))


def _may_hear(call: Call, kinds: Sequence[str]) -> None:
    """Nobody has others told what they may not see themselves. Raises ScopeTooSmall."""
    for kind in model.KINDS:
        scope = SCOPE_OF.get(kind.partition(".")[0])
        if scope is not None and model.wants(kinds, kind) and scope not in call.caller.scopes:
            raise problems.ScopeTooSmall(scope=scope)


def _endpoint(endpoint: model.Endpoint) -> wire.Endpoint:
    return wire.Endpoint(
        id=endpoint.id,
        url=endpoint.url,
        kinds=endpoint.kinds,
        description=endpoint.description,
        state=endpoint.state,
        since=endpoint.state_at,
        failing_since=endpoint.failing_since,
        created_at=endpoint.created_at,
        created_by=endpoint.created_by,
    )


def _delivery(delivery: model.Delivery) -> wire.Delivery:
    return wire.Delivery(
        event=delivery.event,
        kind=delivery.kind,
        subject=delivery.subject,
        state=delivery.state,
        created_at=delivery.created_at,
        done_at=delivery.done_at,
        body=delivery.body,
        attempts=[
            wire.Attempt(at=tried.at, ms=tried.ms, status=tried.status, answer=tried.answer)
            for tried in delivery.attempts
        ],
    )
