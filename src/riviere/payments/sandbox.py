"""A card processor that takes no real money, for demos and tests: what its cards do is in their names."""

from typing import Final, Protocol

import msgspec

from riviere.errors import RiviereError
from riviere.ids import request_digest
from riviere.payments.checkout.model import ProcessorRefused
from riviere.payments.refunds.model import Given


class CardDeclined(RiviereError):
    """The card was declined; nothing was charged, try another one."""

    code = "card_declined"


class CardExpired(RiviereError):
    """The card has expired; nothing was charged, try another one."""

    code = "card_expired"


class UnknownCard(RiviereError):
    """There is no card {card!r}; the sandbox knows card-ok, card-declined and card-expired."""

    code = "unknown_card"


class ChargeConflict(RiviereError):
    """The processor has charged another amount under this key; send a new request with a new key."""

    code = "charge_conflict"


class Charge(msgspec.Struct, frozen=True):
    """Money that a processor has taken: its own reference, and `amount` in minor units of `currency`."""

    reference: str
    processor: str
    amount: int
    currency: str


class Processor(Protocol):
    """What takes money from cards."""

    def charge(self, key: str, amount: int, currency: str, card: str) -> Charge:
        """Takes `amount` minor units, once however often it is asked under the same key.

        Raises CardDeclined, CardExpired, UnknownCard or ChargeConflict, and then nothing was taken.
        """


_REFUSED: Final[dict[str, type[RiviereError]]] = {"card-declined": CardDeclined, "card-expired": CardExpired}


class SandboxProcessor:
    """Implements Processor, and Giver of refunds. A charge's reference follows from its key: a crash loses none."""

    def __init__(self) -> None:
        self._charges: dict[str, Charge] = {}

    def charge(self, key: str, amount: int, currency: str, card: str) -> Charge:
        """Processor."""
        if key not in self._charges:
            if card in _REFUSED:
                raise _REFUSED[card]
            if card != "card-ok":
                raise UnknownCard(card=card)
            reference = f"sandbox_{request_digest('charge', key).hex}"
            self._charges[key] = Charge(reference, "sandbox", amount, currency)
        charge = self._charges[key]
        if (charge.amount, charge.currency) != (amount, currency):
            raise ChargeConflict
        return charge

    def give_back(self, tag: str, tries: int, charge: str, amount: int, currency: str) -> Given:  # noqa: ARG002
        """Giver of refunds: there never was any money, so it is given back at once."""
        return Given(f"sandbox_{request_digest('refund', tag).hex}", amount, currency, True, False, "")

    def given(self, reference: str) -> Given:
        """Giver: nothing here is ever under way."""
        raise ProcessorRefused(reason=f"the sandbox has no refund {reference} under way")
