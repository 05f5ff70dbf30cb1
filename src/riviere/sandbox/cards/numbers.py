"""What becomes of a payment, by the number of its card: Stripe's own test cards (docs.stripe.com/testing, 2026)."""

from typing import Final, NamedTuple


class Card(NamedTuple):
    """How a card behaves: declined with a code and maybe a reason, asked for 3-D Secure, disputed or refunded badly.

    `disputed` is the reason of a dispute that opens as soon as the payment has succeeded.
    """

    code: str | None = None
    reason: str | None = None
    asks: bool = False
    disputed: str | None = None
    inquiry: bool = False
    warned: bool = False
    refund: str = "succeeded"


_DECLINED: Final = "card_declined"

GOOD: Final = Card()
DECLINED: Final = Card(_DECLINED, "generic_decline")
#: Any other number: somebody's real card, which no test may charge.
REAL: Final = Card(_DECLINED, "test_mode_live_card")

NUMBERS: Final = {
    "4242424242424242": GOOD,
    "5555555555554444": GOOD,
    "4000000000000002": DECLINED,
    "4000000000009995": Card(_DECLINED, "insufficient_funds"),
    "4000000000009987": Card(_DECLINED, "lost_card"),
    "4000000000009979": Card(_DECLINED, "stolen_card"),
    "4000000000006975": Card(_DECLINED, "card_velocity_exceeded"),
    "4100000000000019": Card(_DECLINED, "fraudulent"),
    "4000000000000341": DECLINED,
    "4000000000000069": Card("expired_card"),
    "4000000000000127": Card("incorrect_cvc"),
    "4000000000000119": Card("processing_error"),
    "4000002500003155": Card(asks=True),
    "4000002760003184": Card(asks=True),
    "4000000000003220": Card(asks=True),
    "4000008400001629": Card(_DECLINED, "generic_decline", asks=True),
    "4000008260003178": Card(_DECLINED, "insufficient_funds", asks=True),
    "4000000000000259": Card(disputed="fraudulent"),
    "4000000000002685": Card(disputed="product_not_received"),
    "4000000000001976": Card(disputed="fraudulent", inquiry=True),
    "4000000000005423": Card(warned=True),
    "4000000000007726": Card(refund="pending"),
    "4000000000005126": Card(refund="failed"),
}

#: What a person reads of a code (docs.stripe.com/error-codes).
_SENTENCES: Final = {
    _DECLINED: "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "test_mode_live_card": "Your card was declined. Your request was in test mode, but used a non test card.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
}

#: Stripe's names for cards that a test need not type (docs.stripe.com/testing).
NAMED: Final = {
    "pm_card_visa": "4242424242424242",
    "pm_card_mastercard": "5555555555554444",
    "pm_card_visa_chargeDeclined": "4000000000000002",
    "pm_card_chargeDeclined": "4000000000000002",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_chargeDeclinedExpiredCard": "4000000000000069",
    "pm_card_chargeDeclinedIncorrectCvc": "4000000000000127",
    "pm_card_chargeDeclinedProcessingError": "4000000000000119",
    "pm_card_chargeCustomerFail": "4000000000000341",
    "pm_card_authenticationRequired": "4000002760003184",
    "pm_card_threeDSecure2Required": "4000000000003220",
    "pm_card_createDispute": "4000000000000259",
    "pm_card_createDisputeProductNotReceived": "4000000000002685",
    "pm_card_createDisputeInquiry": "4000000000001976",
    "pm_card_createIssuerFraudRecord": "4000000000005423",
    "pm_card_pendingRefund": "4000000000007726",
    "pm_card_refundFail": "4000000000005126",
}


def said_of(card: Card) -> str:
    """What a person reads where a card is declined."""
    return _SENTENCES.get(card.reason or "") or _SENTENCES[card.code or _DECLINED]
