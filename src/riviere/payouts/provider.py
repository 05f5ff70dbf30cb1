"""What Riviere asks of whoever moves the money: take a batch of payouts, and say later what became of each.

The port that payouts/paypal.py implements. Nothing here knows a wire format or a database.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, Protocol

import msgspec

from riviere.errors import RiviereError

#: Characters that an item's id and its receiver may have (PayPal Payouts v1: sender_item_id, receiver).
LONGEST_ITEM_ID: Final = 63
LONGEST_RECEIVER: Final = 127


class Refused(RiviereError):
    """The payout provider refused this payout: {reason}."""

    # Definite: nothing was taken and nothing will be.
    code = "payout_refused"


class Unsure(RiviereError):
    """The payout provider gave no clear answer ({reason}); it is asked again with the same id."""

    # It may or may not have been taken: only the same id asked again will tell.
    code = "payout_unsure"


class Item(msgspec.Struct, frozen=True):
    """One payout to make: `amount` in minor units of `currency`, to `receiver` as the provider addresses people.

    `id` is ours and at most LONGEST_ITEM_ID characters; `note` is what the receiver reads.
    """

    id: str
    receiver: str
    amount: int
    currency: str
    note: str


class Standing(StrEnum):
    """What became of an item, whatever words its provider has for it."""

    WAITING = "waiting"
    PAID = "paid"
    FAILED = "failed"  # never paid: the money is still ours
    RETURNED = "returned"  # paid or on its way, and came back


class ItemStatus(msgspec.Struct, frozen=True):
    """An item as the provider has it: our `id`, its own `reference`, its own word `status`, `amount` in minor units.

    `reason` says why it failed or came back, in the provider's words, where it gives any.
    """

    id: str
    reference: str
    standing: Standing
    status: str
    amount: int
    currency: str
    receiver: str
    reason: str | None


class Provider(Protocol):
    """Who pays creators. Every call may raise Refused (definite) or Unsure (ask again with the same ids)."""

    name: str

    def submit(self, batch: str, items: Sequence[Item]) -> str:
        """Asks for these payouts; answers the provider's reference of the batch, the first one for a repeated id."""

    def items(self, reference: str) -> list[ItemStatus]:
        """What the provider says of every item of a batch that it gave this reference."""

    def cancel(self, item_reference: str) -> ItemStatus:
        """Takes back an item that nobody has claimed, by the provider's reference; it ends as RETURNED."""
