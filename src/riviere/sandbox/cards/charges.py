"""Charges: one try to take money from a card."""

from typing import Any

from riviere.sandbox.cards import numbers
from riviere.sandbox.cards.call import Call, new_id


def charge_made(call: Call, intent: dict[str, Any], method: dict[str, Any]) -> dict[str, Any]:
    """Money taken for a PaymentIntent."""
    made = _blank(call, intent, method)
    made |= {"status": "succeeded", "paid": True, "captured": True, "amount_captured": made["amount"]}
    made["outcome"] = _outcome("approved_by_network", "authorized", "Payment complete.")
    call.store.put_object(made)
    return made


def charge_failed(call: Call, intent: dict[str, Any], method: dict[str, Any], card: numbers.Card) -> dict[str, Any]:
    """A try that the card's bank has declined."""
    made = _blank(call, intent, method)
    said = numbers.SENTENCES[str(card.code)]
    made |= {"status": "failed", "failure_code": card.code, "failure_message": said}
    made["outcome"] = _outcome("declined_by_network", "issuer_declined", "The bank did not say more.")
    made["outcome"]["reason"] = card.reason or card.code
    call.store.put_object(made)
    return made


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
