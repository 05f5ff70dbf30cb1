"""Stripe as a card processor: PaymentIntents and their events, by Stripe's own package, which nothing else knows."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final, TypeVar

import msgspec

from riviere.payments.checkout.model import (
    BadEvent,
    BadSignature,
    Event,
    Payment,
    ProcessorRefused,
    ProcessorUnsure,
)
from riviere.payments.refunds.model import Given
from riviere.settings import StripeKeys

Shape = TypeVar("Shape")

#: Where a payment says which checkout it is of, and a refund which of ours it is.
_TAG: Final = "riviere"

#: Events that tell of a payment's end (docs.stripe.com/api/events/types).
ENDS: Final = frozenset({"payment_intent.succeeded", "payment_intent.canceled"})

#: Events that tell what became of a refund.
REFUNDS: Final = frozenset({"refund.updated", "refund.failed"})

#: Seconds until a connection and until an answer; calls at once, and seconds that one more waits for its turn.
_TIMEOUT: Final = (5, 30)
_CALLS: Final = 3
_PATIENCE: Final = 5

#: Stripe repeats a failure that it kept, under the same key: after so many vain tries another key is used.
_TRIES_A_KEY: Final = 3

#: Seconds after which a signature is too old (docs.stripe.com/webhooks: the packages' own tolerance).
TOLERANCE: Final = 300

#: Currencies without minor units that Stripe counts in hundredths all the same (docs.stripe.com/currencies).
_HUNDREDTHS: Final = frozenset({"ISK", "UGX"})


class _Intent(msgspec.Struct):
    """What we read of a PaymentIntent."""

    id: str
    amount: int
    currency: str
    status: str
    amount_received: int = 0
    client_secret: str | None = None
    metadata: dict[str, str] = {}


class _Refund(msgspec.Struct):
    """What we read of a Refund."""

    id: str
    amount: int
    currency: str
    status: str | None = None
    failure_reason: str | None = None
    metadata: dict[str, str] | None = None


class _Refunds(msgspec.Struct):
    data: list[_Refund]


class _Data(msgspec.Struct):
    object: msgspec.Raw


class _Envelope(msgspec.Struct):
    """What we read of an event."""

    id: str
    type: str
    created: int
    data: _Data


class StripeAccount:
    """Implements CardProcessor, and Giver of refunds. Safe between threads."""

    name = "stripe"

    def __init__(self, keys: StripeKeys) -> None:
        self._keys: Final = keys
        self.publishable: Final = keys.publishable_key
        self._turns: Final = threading.BoundedSemaphore(_CALLS)
        self._opening: Final = threading.Lock()

    @cached_property
    def _package(self) -> Any:
        # 0.4 s and 30 MB, which only those who take cards need.
        import stripe

        return stripe

    @cached_property
    def _client(self) -> Any:
        client = self._package.StripeClient(
            self._keys.secret_key,
            base_addresses={"api": self._keys.url},
            http_client=self._package.RequestsClient(timeout=_TIMEOUT),
            max_network_retries=0,
        )
        return client.v1

    def ask(self, tag: str, key: str, amount: int, currency: str) -> Payment:
        """CardProcessor."""
        asked = {
            "amount": amount * (100 if currency in _HUNDREDTHS else 1),
            "currency": currency.lower(),
            "metadata": {_TAG: tag},
            "automatic_payment_methods": {"enabled": True},
        }
        return _payment(self._call(_Intent, lambda v1: v1.payment_intents.create(asked, {"idempotency_key": key})))

    def look(self, reference: str) -> Payment:
        """CardProcessor."""
        return _payment(self._call(_Intent, lambda v1: v1.payment_intents.retrieve(reference)))

    def cancel(self, reference: str) -> Payment:
        """CardProcessor."""
        why = {"cancellation_reason": "abandoned"}
        return _payment(self._call(_Intent, lambda v1: v1.payment_intents.cancel(reference, why)))

    def give_back(self, tag: str, tries: int, charge: str, amount: int, currency: str) -> Given:
        """Giver. Before a second try it is looked up: a key that Stripe has forgotten would pay back twice."""
        if tries:
            page = self._call(_Refunds, lambda v1: v1.refunds.list({"payment_intent": charge, "limit": 100}))
            for one in page.data:
                if (one.metadata or {}).get(_TAG) == tag:
                    return _given(one)
        asked = {
            "payment_intent": charge,
            "amount": amount * (100 if currency in _HUNDREDTHS else 1),
            "reason": "requested_by_customer",
            "metadata": {_TAG: tag},
        }
        key = {"idempotency_key": f"{tag}:{tries // _TRIES_A_KEY}"}
        return _given(self._call(_Refund, lambda v1: v1.refunds.create(asked, key)))

    def given(self, reference: str) -> Given:
        """Giver."""
        return _given(self._call(_Refund, lambda v1: v1.refunds.retrieve(reference)))

    def heard(self, body: bytes, signature: str) -> Event:
        """CardProcessor. One of the webhook secrets must have signed it: during a rotation there are two."""
        verify = self._package.WebhookSignature.verify_header
        try:
            text = body.decode()
        except UnicodeDecodeError:
            raise BadSignature from None
        for secret in self._keys.webhook_secrets:
            try:
                verify(text, signature, secret, TOLERANCE)
            except self._package.SignatureVerificationError:
                continue
            return self.read(text)
        raise BadSignature

    def read(self, body: str) -> Event:
        """CardProcessor. Raises BadEvent."""
        try:
            event = msgspec.json.decode(body, type=_Envelope)
            payment = _payment(msgspec.json.decode(event.data.object, type=_Intent)) if event.type in ENDS else None
            refund = msgspec.json.decode(event.data.object, type=_Refund) if event.type in REFUNDS else None
            created_at = datetime.fromtimestamp(event.created, UTC)
        except (msgspec.DecodeError, OverflowError, ValueError) as wrong:
            raise BadEvent(reason=str(wrong)[:200].rstrip(".")) from None
        tag = (refund.metadata or {}).get(_TAG, "") if refund else ""
        return Event(event.id, event.type, created_at, body, payment, tag, bool(refund and _given(refund).failed))

    def _call(self, shape: type[Shape], call: Callable[[Any], Any]) -> Shape:
        with self._turn():
            errors = self._package
            try:
                return msgspec.convert(call(self._client).to_dict(), shape, strict=False)
            except (errors.CardError, errors.InvalidRequestError, errors.IdempotencyError) as wrong:
                raise ProcessorRefused(reason=_words(wrong)) from None
            except errors.StripeError as wrong:
                raise ProcessorUnsure(reason=_words(wrong)) from None
            except msgspec.ValidationError as wrong:
                raise ProcessorUnsure(reason=f"an answer that is not Stripe's: {wrong}") from None

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """A turn to call: Stripe refuses who calls too often, and one that is slow must not take every thread."""
        if not self._turns.acquire(timeout=_PATIENCE):
            raise ProcessorUnsure(reason="too many calls at once")
        try:
            yield
        finally:
            self._turns.release()


def _payment(intent: _Intent) -> Payment:
    currency = intent.currency.upper()
    unit = 100 if currency in _HUNDREDTHS else 1
    return Payment(
        intent.id,
        intent.metadata.get(_TAG, ""),
        intent.amount // unit,
        intent.amount_received // unit,
        currency,
        intent.status == "succeeded",
        intent.status == "canceled",
        intent.client_secret or "",
    )


def _given(refund: _Refund) -> Given:
    currency = refund.currency.upper()
    return Given(
        refund.id,
        refund.amount // (100 if currency in _HUNDREDTHS else 1),
        currency,
        refund.status == "succeeded",
        refund.status in ("failed", "canceled"),
        refund.failure_reason or "",
    )


def _words(wrong: Any) -> str:
    """What Stripe says was wrong, for people; never our keys, which it may quote."""
    return str(wrong.code or type(wrong).__name__)[:200]
