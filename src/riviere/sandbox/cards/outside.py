"""What happens without a call of the account's: cardholders and banks make up their minds, people use the dashboard.

Tests and the demo ask for it; riviere.sandbox.cards.control says how.
"""

from typing import Any, Literal

import msgspec

from riviere.sandbox.cards import balance, charges, disputes, intents, numbers, refunds
from riviere.sandbox.cards.answers import Answer, nowhere, refused
from riviere.sandbox.cards.call import Call


class _Dispute(msgspec.Struct, forbid_unknown_fields=True):
    charge: str
    amount: int | None = None
    reason: str = "fraudulent"
    inquiry: bool = False


class _Refund(msgspec.Struct, forbid_unknown_fields=True):
    charge: str
    amount: int | None = None
    reason: str | None = None


class _Warning(msgspec.Struct, forbid_unknown_fields=True):
    charge: str


class _Turn(msgspec.Struct, forbid_unknown_fields=True):
    status: str


class _Settle(msgspec.Struct, forbid_unknown_fields=True):
    status: Literal["succeeded", "failed"]


class _Slow(msgspec.Struct, forbid_unknown_fields=True):
    times: int


class _Movement(msgspec.Struct, forbid_unknown_fields=True):
    type: Literal["stripe_fee", "adjustment"]
    amount: int
    currency: str
    description: str | None = None


class _Payout(msgspec.Struct, forbid_unknown_fields=True):
    currency: str


def happen(call: Call, method: str, path: list[str], body: Any) -> Answer:
    """Lets one of these things happen, and answers the object that it happened to. Raises Wrong for anything else."""
    match method, path:
        case "POST", ["disputes"]:
            asked = msgspec.convert(body, _Dispute)
            charge = _charge(call, asked.charge)
            return Answer(200, disputes.open_dispute(call, charge, asked.amount, asked.reason, asked.inquiry))
        case "POST", ["disputes", name]:
            return Answer(200, disputes.turn(call, name, msgspec.convert(body, _Turn).status))
        case "POST", ["refunds"]:
            back = msgspec.convert(body, _Refund)
            charge = _charge(call, back.charge)
            return Answer(200, refunds.give_back(call, charge["id"], back.amount, back.reason, {}))
        case "POST", ["refunds", name]:
            return Answer(200, refunds.turn(call, name, msgspec.convert(body, _Turn).status))
        case "POST", ["warnings"]:
            charge = _charge(call, msgspec.convert(body, _Warning).charge)
            return Answer(200, charges.warn(call, charge, "made_with_stolen_card"))
        case "POST", ["slow"]:
            steered = call.store.steered()
            steered.slow = msgspec.convert(body, _Slow).times
            call.store.put(steered)
            return Answer(200, {})
        case "POST", ["intents", name]:
            good = msgspec.convert(body, _Settle).status == "succeeded"
            return Answer(200, intents.settle(call, name, numbers.GOOD if good else numbers.DECLINED))
        case "POST", ["balance"]:
            moved = msgspec.convert(body, _Movement)
            what = moved.description
            return Answer(200, balance.booked(call, moved.type, moved.amount, moved.currency, None, description=what))
        case "POST", ["payouts"]:
            return balance.pay_out(call, msgspec.convert(body, _Payout).currency)
    raise nowhere(method, "/_sandbox/" + "/".join(path))


def _charge(call: Call, name: str) -> dict[str, Any]:
    """A charge by its own id or by its PaymentIntent's."""
    if not name.startswith("pi_"):
        return call.find("charge", name)
    intent = call.find("payment_intent", name)
    if intent["latest_charge"] is None:
        raise refused(f"Nothing was paid for {name}.", "charge_not_found")
    return call.find("charge", intent["latest_charge"])
