"""Endpoints, deliveries and the kinds of event: pure types, and what may be wrong with them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, Literal

import msgspec

from riviere.errors import RiviereError

GIFT_SENT: Final = "gift.sent"
GIFT_REVERSED: Final = "gift.reversed"
COMBO_FINISHED: Final = "combo.finished"
PURCHASE_COMPLETED: Final = "purchase.completed"
DISABLED: Final = "webhook.disabled"
TEST: Final = "webhook.test"

#: What is told, its subject, and when. The first four are gathered from the journal, the others put into the outbox.
KINDS: Final = {
    GIFT_SENT: "gifts that landed in a stream or on a post, up to some 40 in an event (stream/CREATOR/STREAM)",
    GIFT_REVERSED: "a gift was undone (the subject of its gift)",
    COMBO_FINISHED: "a combo has been quiet for five seconds; a later step tells again (the subject of its gifts)",
    PURCHASE_COMPLETED: "coins were bought (user/USER)",
    "user.level": "a user's level changed (user/USER)",
    "reminder.due": "a stream begins in ten minutes: viewers who asked to be told (announcement/ID)",
    "policy.announced": "a figure will change (policy/NAME/SCOPE)",
    "redemption.requested": "a creator asked to redeem diamonds (redemption/ID, as for all its steps)",
    "redemption.refused": "the request was refused, with the reason",
    "redemption.held": "its diamonds are set aside",
    "redemption.in_review": "a person looks at it",
    "redemption.approved": "it will be paid",
    "redemption.submitted": "the provider was asked to pay it",
    "redemption.paid": "the provider paid it",
    "redemption.failed": "the provider did not pay; the diamonds are the creator's again",
    "redemption.cancelled": "it was taken back; the diamonds are the creator's again",
    "redemption.returned": "the money came back and is owed to the creator",
    DISABLED: "an endpoint was disabled because it failed for days or answered 410 (webhook/ENDPOINT)",
    TEST: "a person asked for it, for one endpoint only (webhook/ENDPOINT/test)",
}
JOURNAL_KINDS: Final = frozenset({GIFT_SENT, GIFT_REVERSED, COMBO_FINISHED, PURCHASE_COMPLETED})

LONGEST_DESCRIPTION: Final = 200

#: Whether an endpoint is told: `off` by a person, `failing` after days of failures, `gone` after an answer of 410.
State = Literal["on", "off", "failing", "gone"]


class UnknownKind(RiviereError):
    """{got} names no kind of event; use "*", the beginning of some ("redemption.*"), or one of {kinds}."""

    code = "unknown_event_kind"


class UnknownEndpoint(RiviereError):
    """There is no webhook endpoint {endpoint!r}."""

    code = "unknown_endpoint"


class UnknownDelivery(RiviereError):
    """Endpoint {endpoint!r} has no delivery of {event!r}; they are kept for 30 days."""

    code = "unknown_delivery"


class NotWaiting(RiviereError):
    """The delivery of {event!r} is {state}; only one that waits can be skipped."""

    code = "not_waiting"


class Endpoint(msgspec.Struct, frozen=True):
    """An address that is told of the events that `kinds` names. `state_at` is when its state was last changed."""

    id: str
    url: str
    kinds: list[str]
    description: str
    created_at: datetime
    created_by: str
    state: State
    state_at: datetime
    failing_since: datetime | None


class Attempt(msgspec.Struct, frozen=True):
    """One try: when, how long it took in milliseconds, the HTTP status (None: no answer) and what came back.

    `answer` is the first 200 characters of the answer, or why there was none.
    """

    at: datetime
    ms: int
    status: int | None
    answer: str


class Delivery(msgspec.Struct, frozen=True):
    """One event for one endpoint, with its tries. `event` is the webhook-id, `body` what is sent."""

    event: str
    subject: str
    number: int
    kind: str
    body: str
    created_at: datetime
    state: Literal["waiting", "delivered", "given_up", "skipped"]
    done_at: datetime | None
    attempts: list[Attempt]


def checked_kinds(kinds: Iterable[str]) -> list[str]:
    """What an endpoint wants, in order, each once. Raises UnknownKind, also for nothing at all."""
    wanted = sorted(set(kinds))
    for pattern in wanted or [""]:
        if not any(wants([pattern], kind) for kind in KINDS):
            raise UnknownKind(got=repr(pattern)[:60], kinds=", ".join(KINDS))
    return wanted


def wants(patterns: Sequence[str], kind: str) -> bool:
    """Whether an endpoint with these patterns is told of `kind`."""
    return any(
        pattern in ("*", kind) or (pattern.endswith(".*") and kind.startswith(pattern[:-1])) for pattern in patterns
    )
