"""What PayPal demands of a batch before it takes it: pure, one list of everything that is wrong.

Lengths come from PayPal's OpenAPI document 1.9, sentences from its sandbox's answers where somebody has published them.
"""

import re
from collections.abc import Iterator
from typing import Any

from riviere.sandbox.answers import NEGATIVE_TESTS, Wrong, invalid, issue, malformed

MOST_ITEMS = 15_000

#: Currencies the sandbox's account holds: those PayPal pays out in, and how many decimals a value may have
#: (PayPal's currency codes: HUF, JPY and TWD take none).
HELD = {
    "AUD": 2, "CAD": 2, "CHF": 2, "CZK": 2, "DKK": 2, "EUR": 2, "GBP": 2, "HKD": 2, "HUF": 0, "ILS": 2, "JPY": 0,
    "MXN": 2, "NOK": 2, "NZD": 2, "PHP": 2, "PLN": 2, "SEK": 2, "SGD": 2, "THB": 2, "TWD": 0, "USD": 2,
}  # fmt: skip

_TYPES = {
    "EMAIL": re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+"),
    "PHONE": re.compile(r"\+?[0-9][0-9 .()-]{5,20}"),
    "PAYPAL_ID": re.compile(r"[A-Z0-9]{13}"),
    "USER_HANDLE": re.compile(r"[\w-]{5,30}"),
}
_LENGTHS = {"note": 4000, "sender_item_id": 63}
_RECEIVER = "Receiver is invalid or does not match with type"


def checked(body: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The header and the items of a create request, or the error that PayPal answers it with (Wrong)."""
    header, items = (body.get("sender_batch_header"), body.get("items")) if isinstance(body, dict) else (None, None)
    if not isinstance(header, dict) or not isinstance(items, list) or not all(isinstance(one, dict) for one in items):
        raise malformed()
    note = items[0].get("note") if items else None
    if isinstance(note, str) and note in NEGATIVE_TESTS:
        raise Wrong(*NEGATIVE_TESTS[note])
    wrong = list(_of_batch(header, items))
    for place, item in enumerate(items[:MOST_ITEMS]):
        item.setdefault("recipient_type", header.get("recipient_type"))
        wrong += _of_item(f"items[{place}]", item)
    if wrong:
        raise invalid(wrong)
    if items[0]["amount"]["currency"] not in HELD:
        message = "As your PayPal balance is not held in this currency, you'll not be able to send Payouts."
        raise Wrong(400, "NON_HOLDING_CURRENCY", message)
    return header, items


def _of_batch(header: dict[str, Any], items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    sender = header.get("sender_batch_id")
    if sender is not None and not (isinstance(sender, str) and 0 < len(sender) <= 256):
        yield issue("sender_batch_header.sender_batch_id", "Value is invalid (must be 1 to 256 characters)")
    if not 0 < len(items) <= MOST_ITEMS:
        yield issue("items", f"Number of items is invalid (must be 1 to {MOST_ITEMS})")
    amounts = [item.get("amount") for item in items]
    if len({str(amount.get("currency")) for amount in amounts if isinstance(amount, dict)}) > 1:
        yield issue("items", "Multiple currencies within a batch is not allowed")


def _of_item(where: str, item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    form, receiver = _TYPES.get(str(item["recipient_type"])), item.get("receiver")
    if not (form and isinstance(receiver, str) and len(receiver) <= 127 and form.fullmatch(receiver)):
        yield issue(f"{where}.receiver", _RECEIVER)
    for name, longest in _LENGTHS.items():
        value = item.get(name, "")
        if not isinstance(value, str) or len(value) > longest:
            yield issue(f"{where}.{name}", f"Length of {name} is invalid (must be at most {longest} characters)")
    amount = item.get("amount")
    if not isinstance(amount, dict) or not re.fullmatch(r"[A-Z]{3}", str(amount.get("currency"))):
        yield issue(f"{where}.amount.currency", "Currency code is invalid")
        return
    value, decimals = amount.get("value"), HELD.get(amount["currency"], 2)
    form = re.compile(r"[0-9]{1,7}" + (rf"(\.[0-9]{{1,{decimals}}})?" if decimals else ""))
    if not (isinstance(value, str) and form.fullmatch(value) and value.strip("0.")):
        yield issue(f"{where}.amount.value", "Currency value is invalid")
