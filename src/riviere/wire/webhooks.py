"""Webhooks on the wire: endpoints, what was delivered to them, and what an event looks like when it arrives."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from riviere.wire.common import Instant, Paged, Reply, Request

EndpointId = Annotated[str, Meta(description="The endpoint's id.", examples=["whe_3f9k2m7q0x8wt"])]
EventId = Annotated[
    str, Meta(description="The event's id, sent as `webhook-id` with every try.", examples=["evt_3f9k2m7q0x8wt"])
]
Kind = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=60,
        description='A kind of event ("gift.sent"), the beginning of some ("redemption.*"), or "*" for all.',
        examples=["gift.sent"],
    ),
]
Secret = Annotated[
    str, Meta(description="Signs what is sent; shown this once.", examples=["whsec_C2FVsBQIhrscChlQIMV-b5sSYspob7oD"])
]
EndpointState = Annotated[
    Literal["on", "off", "failing", "gone"],
    Meta(description="`off` by a person, `failing` after days of failures, `gone` after an answer of 410."),
]
DeliveryState = Annotated[
    Literal["waiting", "delivered", "given_up", "skipped"],
    Meta(description="`given_up` after the last retry, `skipped` by a person."),
]


class AddEndpoint(Request, frozen=True, kw_only=True):
    """An address that shall be told."""

    url: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=2000,
            description="HTTPS, and reachable from outside: addresses of internal networks are refused.",
            examples=["https://example.com/riviere"],
        ),
    ]
    kinds: Annotated[list[Kind], Meta(min_length=1, max_length=50, description="What it wants to be told.")]
    description: Annotated[str | None, Meta(description="What it is for.")] = None


class ChangeEndpoint(Request, frozen=True, kw_only=True):
    """Whether it is told."""

    state: Annotated[Literal["on", "off"], Meta(description="What happens while it is off waits, for 30 days.")]


class Endpoint(Reply, frozen=True, kw_only=True):
    """An address that is told."""

    id: EndpointId
    url: Annotated[str, Meta(description="Where it is.", examples=["https://example.com/riviere"])]
    kinds: Annotated[list[str], Meta(description="What it is told.")]
    description: Annotated[str, Meta(description="What it is for.")]
    state: EndpointState
    since: Annotated[Instant, Meta(description="Since when it is in this state.")]
    failing_since: Annotated[Instant | None, Meta(description="Since when every try has failed; null while they go.")]
    created_at: Instant
    created_by: Annotated[str, Meta(description="Who added it.", examples=["key app"])]


class NewEndpoint(Reply, frozen=True, kw_only=True):
    """An endpoint and its secret."""

    endpoint: Endpoint
    secret: Secret


class NewSecret(Reply, frozen=True, kw_only=True):
    """A secret in the place of another, which signs too for a day."""

    secret: Secret
    both_until: Annotated[Instant, Meta(description="Until then the old one signs too.")]


class Attempt(Reply, frozen=True, kw_only=True):
    """One try to deliver."""

    at: Instant
    ms: Annotated[int, Meta(ge=0, description="How long it took.")]
    status: Annotated[int | None, Meta(description="The HTTP status; null where nobody answered.")]
    answer: Annotated[str, Meta(description="The beginning of the answer, or why there was none.")]


class Delivery(Reply, frozen=True, kw_only=True):
    """One event for one endpoint."""

    event: EventId
    kind: Annotated[str, Meta(description="What happened.", examples=["gift.sent"])]
    subject: Annotated[
        str, Meta(description="What it is about: events of one subject arrive in order.", examples=["user/mira"])
    ]
    state: DeliveryState
    created_at: Instant
    done_at: Annotated[Instant | None, Meta(description="When it was delivered or given up.")]
    body: Annotated[str, Meta(description="What is sent, as it is signed.")]
    attempts: Annotated[list[Attempt], Meta(description="Every try, oldest first.")]


class DeliveriesQuery(Paged, frozen=True, kw_only=True):
    """Which deliveries are wanted."""

    state: DeliveryState | None = None


class ReplaySince(Request, frozen=True, kw_only=True):
    """From when on events are sent again."""

    since: Instant


class Replayed(Reply, frozen=True, kw_only=True):
    """How much is sent again."""

    deliveries: Annotated[int, Meta(ge=0, description="Events that are sent again.")]


class TestSent(Reply, frozen=True, kw_only=True):
    """A test that is on its way."""

    event: EventId


class Event(Reply, frozen=True, kw_only=True):
    """What arrives: the body of a webhook, as Standard Webhooks has it."""

    type: Annotated[str, Meta(description="What happened.", examples=["gift.sent"])]
    timestamp: Instant
    data: Annotated[dict[str, Any], Meta(description="The facts; which ones depends on the type.")]
