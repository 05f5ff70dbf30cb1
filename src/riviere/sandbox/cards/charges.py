"""Charges: one try to take money from a card."""

from typing import Any

from riviere.sandbox.cards import numbers
from riviere.sandbox.cards.balance import charged
from riviere.sandbox.cards.call import Call, new_id
from riviere.sandbox.cards.disputes import open_dispute


def begin(call: Call, intent: dict[str, Any], method: dict[str, Any]) -> dict[str, Any]:
    """The card's bank is asked for a PaymentIntent's money."""
    made = _blank(call, intent, method)
    call.store.put_object(made)
    return made


def pay(call: Call, made: dict[str, Any], card: numbers.Card) -> None:
    """The bank has given it; what such a card brings with it follows at once."""
    made |= {"status": "succeeded", "paid": True, "captured": True, "amount_captured": made["amount"]}
    made["outcome"] = _outcome("approved_by_network", "authorized", "Payment complete.")
    made["balance_transaction"] = charged(call, made)
    call.store.put_object(made)
    call.tell("charge.succeeded", made)
    if card.warned:
        warn(call, made, "made_with_stolen_card")
    if card.disputed is not None:
        open_dispute(call, made, None, card.disputed, card.inquiry)


def decline(call: Call, made: dict[str, Any], card: numbers.Card) -> None:
    """The bank has not."""
    made |= {"status": "failed", "failure_code": card.code, "failure_message": numbers.said_of(card)}
    made["outcome"] = _outcome("declined_by_network", "issuer_declined", "The bank did not say more.")
    made["outcome"]["reason"] = card.reason or card.code
    call.store.put_object(made)
    call.tell("charge.failed", made)


def warn(call: Call, made: dict[str, Any], kind: str) -> dict[str, Any]:
    """The card's bank says that a charge looks like fraud: a dispute may follow."""
    warning = {
        "id": new_id("issfr"),
        "object": "radar.early_fraud_warning",
        "actionable": not made["refunded"] and not made["disputed"],
        "charge": made["id"],
        "created": call.now,
        "fraud_type": kind,
        "livemode": False,
        "payment_intent": made["payment_intent"],
    }
    call.store.put_object(warning)
    call.tell("radar.early_fraud_warning.created", warning)
    return warning


def _outcome(network: str, kind: str, said: str) -> dict[str, Any]:
    risk = {"risk_level": "normal", "risk_score": 20}
    return {"network_status": network, "reason": None, **risk, "seller_message": said, "type": kind}


def _blank(call: Call, intent: dict[str, Any], method: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": new_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": {"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
        "calculated_statement_descriptor": "RIVIERE",
        "captured": False,
        "created": call.now,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "on_behalf_of": None,
        "outcome": None,
        "paid": False,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {"card": method["card"], "type": "card"},
        "radar_options": {},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": "pending",
        "transfer_data": None,
        "transfer_group": intent["transfer_group"],
    }
