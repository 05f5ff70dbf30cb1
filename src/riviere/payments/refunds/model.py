"""What a refund is and what a processor says of it. Pure."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

import msgspec

from riviere.errors import RiviereError


class State(StrEnum):
    """Where a refund stands."""

    ASKED = "asked"
    REFUSED = "refused"
    FROZEN = "frozen"
    PAID = "paid"
    FAILED = "failed"


class Row(msgspec.Struct, frozen=True):
    """A refund as it is kept. `id` follows from the buyer's key and is the entry that freezes the coins.

    `asked` coins (None: all that may be) of the entry `purchase`; `coins`, `bonus` and `amount` (minor units of
    `currency`) are what that came to, and 0 before. `charge` is what the processor took the money under, `reference`
    what it calls the refund.
    """

    user_id: int
    id: UUID
    request: UUID
    purchase: UUID
    asked: int | None
    state: State
    processor: str
    charge: str
    coins: int
    bonus: int
    amount: int
    currency: str
    reference: str | None
    tries: int
    reason: str
    asked_at: datetime
    ended_at: datetime | None

    @classmethod
    def of_row(cls, *, state: str, **others: Any) -> "Row":
        """The refund of a row, which has its state as text."""
        return cls(state=State(state), **others)


class Given(msgspec.Struct, frozen=True):
    """A refund as the processor has it: done, failed (`reason` says why), or neither yet."""

    reference: str
    amount: int
    currency: str
    done: bool
    failed: bool
    reason: str


class Giver(Protocol):
    """Whoever took the money and can give it back."""

    def give_back(self, tag: str, tries: int, charge: str, amount: int, currency: str) -> Given:
        """Gives back `amount` minor units of a charge, once for each `tag` however often it is asked.

        `tries` counts what was asked in vain before. Raises ProcessorRefused and ProcessorUnsure.
        """

    def given(self, reference: str) -> Given:
        """The refund as it is now. Raises ProcessorRefused and ProcessorUnsure."""


class TooLateToRefund(RiviereError):
    """Coins can be given back for {days} days; these were bought on {bought}."""

    code = "too_late_to_refund"


class UnknownRefund(RiviereError):
    """This user asked for no refund under the key {key!r}; correct it, or ask for one."""

    code = "unknown_refund"
