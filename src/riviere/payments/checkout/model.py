"""What a checkout is, what a card processor says of its payment, and what can be wrong with either. Pure."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

import msgspec

from riviere.errors import RiviereError
from riviere.payments.refunds.model import Giver


class State(StrEnum):
    """Where a checkout stands."""

    OPEN = "open"
    PAID = "paid"
    CANCELLED = "cancelled"


class Checkout(msgspec.Struct, frozen=True):
    """What somebody ordered: `coins` and `bonus` for `price` minor units of `currency`. `user_id` is ours.

    `id` follows from the buyer's key and is the entry of the purchase; `pack` the version that was on sale, `code` its
    name. `reference` is what the processor calls the payment, once it was asked; `tries` how often it was in vain.
    """

    user_id: int
    id: UUID
    request: UUID
    pack: int
    code: str
    coins: int
    bonus: int
    bonus_days: int
    price: int
    currency: str
    state: State
    reference: str | None
    tries: int
    started_at: datetime
    ended_at: datetime | None

    @classmethod
    def of_row(cls, *, state: str, **others: Any) -> "Checkout":
        """The checkout of a row, which has its state as text."""
        return cls(state=State(state), **others)


class Payment(msgspec.Struct, frozen=True):
    """A payment as the processor has it: `amount` asked for and `received`, in minor units of `currency`.

    `tag` is what we called the checkout when we asked for it, empty for payments that are not ours. `secret` lets a
    browser pay it; empty where the processor does not say.
    """

    reference: str
    tag: str
    amount: int
    received: int
    currency: str
    paid: bool
    cancelled: bool
    secret: str


class Event(msgspec.Struct, frozen=True):
    """Something that the processor told: `payment` where it is about one whose end we follow, `body` as it came.

    `refund` is what we call the refund that it is about, empty for others, and `refund_failed` what became of it.
    """

    id: str
    type: str
    created_at: datetime
    body: str
    payment: Payment | None
    refund: str
    refund_failed: bool


class CardProcessor(Giver, Protocol):
    """Whoever takes money from cards, and says later what became of it."""

    @property
    def name(self) -> str:
        """What charges are booked under."""

    @property
    def publishable(self) -> str:
        """What a browser opens its pages with."""

    def ask(self, tag: str, key: str, amount: int, currency: str) -> Payment:
        """A payment to be made; the same `key` answers the same one. Raises ProcessorRefused and ProcessorUnsure."""

    def look(self, reference: str) -> Payment:
        """The payment as it is now. Raises ProcessorRefused and ProcessorUnsure."""

    def cancel(self, reference: str) -> Payment:
        """Ends a payment that nobody made. Raises ProcessorRefused, where it cannot be ended any more, and Unsure."""

    def heard(self, body: bytes, signature: str) -> Event:
        """An event that was sent to us. Raises BadSignature and BadEvent."""

    def read(self, body: str) -> Event:
        """An event that was heard before, and kept."""


class NoCardAccount(RiviereError):
    """No account of a card processor is set; whoever runs this sets RIVIERE_STRIPE_SECRET_KEY and its companions."""

    code = "no_card_account"


class ProcessorRefused(RiviereError):
    """The card processor refused: {reason}."""

    # Definite: nothing was done.
    code = "processor_refused"


class ProcessorUnsure(RiviereError):
    """The card processor gave no clear answer ({reason}); send the same request again."""

    # It may or may not have been done: asking again with the same key will tell.
    code = "processor_unsure"


class BadSignature(RiviereError):
    """This event is not signed by the card processor, or too long ago."""

    code = "bad_signature"


class BadEvent(RiviereError):
    """This is no event as the card processor sends them: {reason}."""

    code = "bad_event"


class UnknownCheckout(RiviereError):
    """This user has no checkout under the key {key!r}; correct it, or start one."""

    code = "unknown_checkout"


class CheckoutOver(RiviereError):
    """This checkout was cancelled and cannot be paid any more; start another one with a new key."""

    code = "checkout_over"


class Misfit(RiviereError):
    """{reason}."""

    # A payment that is not what was ordered: nothing is credited, and a person has to look at it.
    code = "misfit"
