"""Refunds: money that goes back to a card, or is on its way, or comes home because the card's bank did not take it."""

from typing import Any, Final

from riviere.sandbox.cards.answers import Answer, invalid, refused
from riviere.sandbox.cards.balance import booked
from riviere.sandbox.cards.behind import behaviour
from riviere.sandbox.cards.call import Call, new_id
from riviere.sandbox.cards.form import Form

#: Why an account refunds (docs.stripe.com/api/refunds/create), and why a bank refuses it.
REASONS: Final = ("duplicate", "fraudulent", "requested_by_customer")
_RETURNED: Final = "lost_or_stolen_card"
#: Statuses that a refund may still turn to from another.
_TURNS: Final = {
    "pending": ("succeeded", "failed", "canceled", "requires_action"),
    "requires_action": ("succeeded", "failed", "canceled"),
    "succeeded": ("failed",),
}


def create(call: Call, said: Form) -> Answer:
    """Gives back a charge or a part of it."""
    charge, intent, amount = said.text("charge"), said.text("payment_intent"), said.whole("amount")
    reason, metadata = said.one_of("reason", REASONS), said.metadata()
    said.skip("refund_application_fee", "reverse_transfer")
    said.done()
    if (charge is None) == (intent is None):
        message = "One of the following params should be provided for this request: payment_intent or charge."
        raise invalid(message)
    return Answer(200, give_back(call, charge or _charge_of(call, str(intent)), amount, reason, metadata))


def give_back(
    call: Call, name: str, amount: int | None, reason: str | None, metadata: dict[str, str]
) -> dict[str, Any]:
    """A refund of a charge; all that is left of it where no amount is named. Raises Wrong as Stripe does."""
    charge = call.find("charge", name, "charge")
    left = charge["amount_captured"] - charge["amount_refunded"]
    if charge["status"] != "succeeded":
        raise refused(f"This charge ({name}) has not been paid and cannot be refunded.", "charge_not_refundable")
    if charge["disputed"] and any(
        one["charge"] == name and not one["is_charge_refundable"] for one in call.store.objects("dispute")
    ):
        raise refused(f"Charge {name} has been charged back; cannot issue a refund.", "charge_disputed")
    if left == 0:
        raise refused(f"Charge {name} has already been refunded.", "charge_already_refunded")
    amount = left if amount is None else amount
    if amount < 1:
        raise invalid("This value must be greater than or equal to 1.", "amount", "parameter_invalid_integer")
    if amount > left:
        message = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
        raise refused(message, "amount_too_large", param="amount")
    fate = behaviour(charge["payment_method_details"]["card"]).refund
    made = _blank(call, charge, amount, reason, metadata)
    made["status"] = "pending" if fate == "pending" else "succeeded"
    made["balance_transaction"] = booked(call, "refund", -amount, charge["currency"], made["id"])["id"]
    call.store.put_object(made)
    call.tell("refund.created", made)
    _returned(call, charge, amount)
    if fate == "failed":
        turn(call, made["id"], "failed")
    return made


def turn(call: Call, name: str, status: str) -> dict[str, Any]:
    """The card's bank has taken a refund, or would not: what was given back then comes home."""
    made = call.find("refund", name)
    before = made["status"]
    if status not in _TURNS.get(before, ()):
        raise refused(f"A refund that is {before} does not become {status}.", "refund_unexpected_state")
    made["status"] = status
    if status in ("failed", "canceled"):
        charge = call.find("charge", made["charge"])
        back = booked(call, "refund_failure", made["amount"], made["currency"], made["id"])
        made["failure_balance_transaction"] = back["id"]
        made["failure_reason"] = _RETURNED if status == "failed" else None
        charge["amount_refunded"] -= made["amount"]
        charge["refunded"] = False
        call.store.put_object(charge)
    call.store.put_object(made)
    call.tell("refund.updated", made, {"status": before})
    call.tell("charge.refund.updated", made, {"status": before})
    if status == "failed":
        call.tell("refund.failed", made)
    return made


def _charge_of(call: Call, intent: str) -> str:
    found = call.find("payment_intent", intent, "payment_intent")
    if found["latest_charge"] is None:
        message = f"This PaymentIntent ({intent}) does not have a successful charge to refund."
        raise refused(message, "payment_intent_unexpected_state")
    charge: str = found["latest_charge"]
    return charge


def _returned(call: Call, charge: dict[str, Any], amount: int) -> None:
    before = charge["amount_refunded"]
    charge["amount_refunded"] = before + amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    call.store.put_object(charge)
    call.tell("charge.refunded", charge, {"amount_refunded": before})


def _blank(
    call: Call, charge: dict[str, Any], amount: int, reason: str | None, metadata: dict[str, str]
) -> dict[str, Any]:
    card = {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"}
    return {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": call.now,
        "currency": charge["currency"],
        "destination_details": {"card": card, "type": "card"},
        "metadata": metadata,
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending",
        "transfer_reversal": None,
    }
