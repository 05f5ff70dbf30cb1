"""Webhooks as they arrive: whether it was Riviere that sent one, and what it says."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook, WebhookVerificationError

from riviere.errors import RiviereError
from riviere.wire import webhooks as wire


class BadWebhook(RiviereError):
    """This is no webhook of ours ({reason}); answer it with 400 and do nothing."""

    code = "bad_webhook"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """What happened. The same `id` means the same event, however often it arrives."""

    id: str
    type: str
    timestamp: datetime
    data: dict[str, Any]


def verify(secret: str | Sequence[str], headers: Mapping[str, str], body: bytes) -> Event:
    """The event of a request, once its signature holds and is not older than five minutes (Standard Webhooks 1.0).

    `body` is the bytes as they came, before anybody read them as JSON. While a secret is being changed, give both.
    Raises BadWebhook.
    """
    named = {name.lower(): value for name, value in headers.items()}
    reason = "no secret was given"
    for each in [secret] if isinstance(secret, str) else secret:
        try:
            Webhook(each).verify(body, named, json_parse=False)
            content = msgspec.json.decode(body, type=wire.Event)
        except (WebhookVerificationError, EmptyWebhookSecretError, ValueError) as wrong:
            reason = str(wrong).lower()
        else:
            return Event(id=named["webhook-id"], type=content.type, timestamp=content.timestamp, data=content.data)
    raise BadWebhook(reason=reason)
