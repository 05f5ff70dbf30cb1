"""The account's balance: a transaction for all that comes and goes, the sums of them, and payouts to the bank.

Fees are those of Stripe's standard pricing in the United States (stripe.com/pricing, read 2026-07; the dispute fee as
platforms.md of that month reports it: kept by Stripe whoever wins).
"""

from typing import Any, Final

from riviere.sandbox.cards.answers import Answer, refused
from riviere.sandbox.cards.call import Call, new_id
from riviere.sandbox.cards.form import Form
from riviere.sandbox.cards.listing import page
from riviere.sandbox.cards.store import PaidOut

#: Of a charge: hundredths of a percent and smallest units. Of a dispute: smallest units.
FEE_SHARE: Final = 290
FEE_FIXED: Final = 30
DISPUTE_FEE: Final = 1500
#: Seconds until money may be paid out.
AVAILABLE_AFTER: Final = 2 * 24 * 3600

#: What finance calls a type (docs.stripe.com/reports/reporting-categories), where it is not the type itself.
_CATEGORIES: Final = {"stripe_fee": "fee"}


def charged(call: Call, charge: dict[str, Any]) -> str:
    """Money from a card, less the fee; the transaction's id."""
    fee = (charge["amount"] * FEE_SHARE + 5_000) // 10_000 + FEE_FIXED
    return str(booked(call, "charge", charge["amount"], charge["currency"], charge["id"], fee)["id"])


def booked(
    call: Call,
    kind: str,
    amount: int,
    currency: str,
    source: str | None,
    fee: int = 0,
    category: str | None = None,
    description: str | None = None,
) -> dict[str, Any]:
    """A transaction of the account: `amount` in smallest units, below 0 for what goes."""
    said = "Dispute fee" if source and source.startswith("du_") else "Stripe processing fees"
    detail = {"amount": fee, "application": None, "currency": currency, "description": said, "type": "stripe_fee"}
    made = {
        "id": new_id("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": call.now + AVAILABLE_AFTER,
        "balance_type": "payments",
        "created": call.now,
        "currency": currency,
        "description": description,
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [detail] if fee else [],
        "net": amount - fee,
        "reporting_category": category or _CATEGORIES.get(kind, kind),
        "source": source,
        "status": "pending",
        "type": kind,
    }
    call.store.put_object(made)
    return made


def transactions(call: Call, said: Form) -> Answer:
    """A page of them, also those of one payout."""
    payout = said.text("payout")
    within = {one.id for one in call.store.every(PaidOut) if one.payout == payout}
    told = page(
        call,
        "balance_transaction",
        "/v1/balance_transactions",
        said,
        ("type", "source", "currency"),
        lambda one: payout is None or one["id"] in within,
    )
    told.body["data"] = [_as_of(call, one) for one in told.body["data"]]
    return told


def transaction(call: Call, name: str) -> Answer:
    """One of them."""
    return Answer(200, _as_of(call, call.find("balance_transaction", name)))


def balance(call: Call) -> Answer:
    """What may be paid out and what not yet, by currency."""
    paid = {one.id for one in call.store.every(PaidOut)}
    sums: dict[str, dict[str, int]] = {"available": {}, "pending": {}}
    for one in call.store.objects("balance_transaction"):
        if one["id"] not in paid:
            by_currency = sums[_as_of(call, one)["status"]]
            by_currency[one["currency"]] = by_currency.get(one["currency"], 0) + one["net"]
    told = {
        state: [
            {"amount": amount, "currency": currency, "source_types": {"card": amount}}
            for currency, amount in sorted(of_state.items())
        ]
        for state, of_state in sums.items()
    }
    return Answer(200, {"object": "balance", "livemode": False, **told})


def pay_out(call: Call, currency: str) -> Answer:
    """Everything available in a currency goes to the bank, as Stripe does it every day."""
    paid = {one.id for one in call.store.every(PaidOut)}
    taken = [
        one
        for one in call.store.objects("balance_transaction")
        if one["currency"] == currency and one["id"] not in paid and one["available_on"] <= call.now
    ]
    amount = sum(one["net"] for one in taken)
    if amount <= 0:
        raise refused("You have insufficient funds in your Stripe account for this transfer.", "balance_insufficient")
    made = _payout(call, amount, currency)
    moved = booked(call, "payout", -amount, currency, made["id"], description="STRIPE PAYOUT")
    made["balance_transaction"] = moved["id"]
    call.store.put_object(made)
    call.store.put(*[PaidOut(one["id"], made["id"]) for one in (*taken, moved)])
    call.tell("payout.created", made)
    made["status"] = "paid"
    call.store.put_object(made)
    call.tell("payout.paid", made, {"status": "in_transit"})
    return Answer(200, made)


def _payout(call: Call, amount: int, currency: str) -> dict[str, Any]:
    return {
        "id": new_id("po"),
        "object": "payout",
        "amount": amount,
        "arrival_date": call.now,
        "automatic": True,
        "balance_transaction": None,
        "created": call.now,
        "currency": currency,
        "description": "STRIPE PAYOUT",
        "destination": None,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": {},
        "method": "standard",
        "reconciliation_status": "completed",
        "source_type": "card",
        "statement_descriptor": None,
        "status": "in_transit",
        "type": "bank_account",
    }


def _as_of(call: Call, one: dict[str, Any]) -> dict[str, Any]:
    return {**one, "status": "available" if one["available_on"] <= call.now else "pending"}
