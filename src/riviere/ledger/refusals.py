"""Why the ledger books nothing: one class a reason."""

from riviere.errors import RiviereError


class NotEnoughCoins(RiviereError):
    """Not enough coins: this costs {needed} and the wallet holds {held}; buy coins and send it again."""

    code = "not_enough_coins"


class KeyReused(RiviereError):
    """This idempotency key was used for another request; send a new request with a new key."""

    code = "key_reused"


class SelfGift(RiviereError):
    """Nobody gifts themselves."""

    code = "self_gift"


class TooLarge(RiviereError):
    """{what} would pass the largest amount the ledger keeps (9,223,372,036,854,775,807)."""

    code = "too_large"


class GiftReversed(RiviereError):
    """This combo was reversed; start a new one with a new key."""

    code = "gift_reversed"


class UnknownEntry(RiviereError):
    """There is no {what} {id} of this user."""

    code = "unknown_entry"


class ImportedGift(RiviereError):
    """A gift that an import brought in cannot be reversed here: it was paid for elsewhere."""

    code = "imported_gift"


class NotMatured(RiviereError):
    """Only {matured} thousandths of a diamond have matured and are free; {asked} were asked for."""

    code = "not_matured"


class HoldSettled(RiviereError):
    """Hold {hold} was paid out, so its diamonds cannot be given back; a payment that comes back is owed in money."""

    code = "hold_settled"


class HoldReleased(RiviereError):
    """Hold {hold} was given back to the creator, so it cannot be paid out; hold diamonds anew."""

    code = "hold_released"


class NotReturned(RiviereError):
    """Payment {number} of hold {hold} has not come back; only what came back is paid again."""

    code = "not_returned"


class ReturnMismatch(RiviereError):
    """Payment {number} of hold {hold} was {paid} minor units of {paid_in}, not {amount} of {currency}."""

    code = "return_mismatch"


class NotBacked(RiviereError):
    """{asked} thousandths of a diamond were to be released, but only {unbacked} wait for money behind them."""

    code = "not_backed"


class ChargeTaken(RiviereError):
    """The processor's charge {charge} already paid for another purchase."""

    code = "charge_taken"


class NothingToExpire(RiviereError):
    """Nothing of those bonus coins is left to expire, or their time has not come."""

    code = "nothing_to_expire"


class NotRefundable(RiviereError):
    """Only {refundable} coins of this purchase can be given back now, and {asked} were asked for."""

    code = "not_refundable"


class AlreadyRefunded(RiviereError):
    """The coins of freeze {freeze} were paid back, so they cannot be spent again."""

    code = "already_refunded"


class AlreadyThawed(RiviereError):
    """The coins of freeze {freeze} went back to the wallet, so they cannot be paid back; freeze coins anew."""

    code = "already_thawed"


class RefundMismatch(RiviereError):
    """The coins of freeze {freeze} cost {price} minor units of {priced_in}, not {amount} of {currency}."""

    code = "refund_mismatch"
