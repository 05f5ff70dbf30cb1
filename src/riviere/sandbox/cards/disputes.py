"""Disputes: a cardholder tells their bank that a payment was not theirs, and the money goes until that is settled.

Statuses, events and their order follow docs.stripe.com/disputes (2026): a dispute takes the money when it is opened
(`funds_withdrawn`), an inquiry (`warning_…`) takes none until it becomes a dispute. The fee is not given back.
"""

from typing import Any, Final

from riviere.sandbox.cards.answers import Answer, invalid, refused
from riviere.sandbox.cards.balance import DISPUTE_FEE, booked
from riviere.sandbox.cards.call import Call, new_id
from riviere.sandbox.cards.form import Form

#: Why a cardholder disputes (docs.stripe.com/disputes/categories).
REASONS: Final = (
    "bank_cannot_process", "check_returned", "credit_not_processed", "customer_initiated", "debit_not_authorized",
    "duplicate", "fraudulent", "general", "incorrect_account_details", "insufficient_funds", "noncompliant",
    "product_not_received", "product_unacceptable", "subscription_canceled", "unrecognized",
)  # fmt: skip

#: Which status may follow which.
TURNS: Final = {
    "warning_needs_response": ("warning_under_review", "warning_closed", "needs_response"),
    "warning_under_review": ("warning_closed", "needs_response"),
    "needs_response": ("under_review", "won", "lost", "prevented"),
    "under_review": ("won", "lost"),
}
_CLOSED: Final = ("won", "lost", "warning_closed", "prevented")
_GIVEN_BACK: Final = ("won", "prevented")

#: Seconds that an account has to answer a dispute: seven days is the least that Stripe gives.
_RESPONSE: Final = 7 * 24 * 3600
#: What Stripe's test mode takes as evidence that wins or loses (docs.stripe.com/testing).
_VERDICTS: Final = {"winning_evidence": "won", "losing_evidence": "lost"}


def open_dispute(call: Call, charge: dict[str, Any], amount: int | None, reason: str, inquiry: bool) -> dict[str, Any]:
    """A cardholder disputes a charge, all that is left of it where no amount is named."""
    left = charge["amount_captured"] - charge["amount_refunded"]
    amount = left if amount is None else amount
    if charge["status"] != "succeeded" or not 0 < amount <= charge["amount_captured"]:
        raise refused("Nobody can dispute that.", "charge_not_disputable")
    made = _blank(call, charge, amount, reason)
    made["status"] = "warning_needs_response" if inquiry else "needs_response"
    made["is_charge_refundable"] = inquiry
    charge["disputed"] = True
    call.store.put_object(charge)
    call.store.put_object(made)
    call.tell("charge.dispute.created", made)
    if not inquiry:
        _withdraw(call, made)
    return made


def turn(call: Call, name: str, status: str) -> dict[str, Any]:
    """A dispute goes on to another status, with what that does to the money."""
    made = call.find("dispute", name)
    before = made["status"]
    if status not in TURNS.get(before, ()):
        raise refused(f"A dispute that is {before} does not become {status}.", "dispute_unexpected_state")
    made["status"] = status
    call.store.put_object(made)
    if status == "needs_response":
        made["is_charge_refundable"] = False
        call.tell("charge.dispute.updated", made, {"status": before})
        _withdraw(call, made)
    elif status in _CLOSED:
        made["evidence_details"]["due_by"] = None
        made["is_charge_refundable"] = status != "lost"
        if status in _GIVEN_BACK:
            _reinstate(call, made)
        call.store.put_object(made)
        call.tell("charge.dispute.closed", made, {"status": before})
    else:
        call.tell("charge.dispute.updated", made, {"status": before})
    return made


def update(call: Call, name: str, said: Form) -> Answer:
    """The account answers with evidence; `submit` hands it in."""
    made = call.find("dispute", name, "dispute")
    evidence, submit, metadata = said.inner("evidence"), said.yes("submit"), said.metadata()
    said.done()
    if made["status"] in _CLOSED:
        raise invalid("This dispute is already closed", "dispute")
    made["metadata"] |= metadata
    if evidence is not None:
        made["evidence"] |= {field: evidence.free(field) for field in evidence.names()}
        made["evidence_details"]["has_evidence"] = True
    call.store.put_object(made)
    if submit is False or evidence is None:
        call.tell("charge.dispute.updated", made)
        return Answer(200, made)
    made["evidence_details"]["submission_count"] += 1
    call.store.put_object(made)
    warning = made["status"].startswith("warning_")
    review = "warning_under_review" if warning else "under_review"
    if made["status"] != review:
        made = turn(call, name, review)
    told = dict(made)
    verdict = _VERDICTS.get(made["evidence"].get("uncategorized_text", ""))
    if verdict is not None:
        turn(call, name, "warning_closed" if warning else verdict)
    return Answer(200, told)


def close(call: Call, name: str, said: Form) -> Answer:
    """The account gives in."""
    said.done()
    call.find("dispute", name, "dispute")
    return Answer(200, turn(call, name, "lost"))


def _withdraw(call: Call, made: dict[str, Any]) -> None:
    said = f"Chargeback withdrawal for {made['charge']}"
    _moved(call, made, -made["amount"], DISPUTE_FEE, "dispute", said)
    call.tell("charge.dispute.funds_withdrawn", made)


def _reinstate(call: Call, made: dict[str, Any]) -> None:
    _moved(call, made, made["amount"], 0, "dispute_reversal", f"Chargeback reversal for {made['charge']}")
    call.tell("charge.dispute.funds_reinstated", made)


def _moved(call: Call, made: dict[str, Any], amount: int, fee: int, category: str, said: str) -> None:
    moved = booked(call, "adjustment", amount, made["currency"], made["id"], fee, category, said)
    made["balance_transactions"].append(moved)
    call.store.put_object(made)


def _blank(call: Call, charge: dict[str, Any], amount: int, reason: str) -> dict[str, Any]:
    details = {
        "due_by": call.now + _RESPONSE,
        "enhanced_eligibility": {},
        "has_evidence": False,
        "past_due": False,
        "submission_count": 0,
    }
    card = {"brand": "visa", "case_type": "chargeback", "network_reason_code": "10.4"}
    return {
        "id": new_id("du"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": call.now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {},
        "evidence_details": details,
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "network_reason_code": "10.4",
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {"card": card, "type": "card"},
        "reason": reason,
        "status": "needs_response",
    }
