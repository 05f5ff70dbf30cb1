"""What Stripe says of a card as it was typed, before any bank is asked: pure."""

import re
from datetime import UTC, datetime

from riviere.sandbox.cards.answers import Wrong, invalid
from riviere.sandbox.cards.form import Form

_NUMBER = re.compile(r"[0-9]{16}")
_CODE = re.compile(r"[0-9]{3}")


def checked(said: Form, now: int) -> dict[str, str]:
    """Number, date and code of a card that may be asked about at `now` (seconds since 1970). Raises Wrong."""
    said.one_of("type", ["card"])
    said.skip("billing_details", "allow_redisplay", "metadata")
    card = said.inner("card")
    if card is None:
        raise invalid("Missing required param: card.", "card", "parameter_missing")
    fields = {name: card.need(name).replace(" ", "") for name in ("number", "exp_month", "exp_year", "cvc")}
    said.done()
    if not (_NUMBER.fullmatch(fields["number"]) and _adds_up(fields["number"])):
        raise _wrong("incorrect_number", "number", "Your card number is incorrect.")
    today = datetime.fromtimestamp(now, UTC)
    month, year = _number(fields["exp_month"]), _number(fields["exp_year"])
    year += 2000 if 0 < year < 100 else 0
    if not today.year <= year < today.year + 50:
        raise _wrong("invalid_expiry_year", "exp_year", "Your card's expiration year is invalid.")
    if not 1 <= month <= 12 or (year, month) < (today.year, today.month):
        raise _wrong("invalid_expiry_month", "exp_month", "Your card's expiration month is invalid.")
    if not _CODE.fullmatch(fields["cvc"]):
        raise _wrong("invalid_cvc", "cvc", "Your card's security code is invalid.")
    return fields


def _adds_up(number: str) -> bool:
    """The last digit guards the others (ISO/IEC 7812, the Luhn formula)."""
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(number)))
    return sum(digit - 9 if digit > 9 else digit for digit in doubled) % 10 == 0


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else -1


def _wrong(code: str, param: str, message: str) -> Wrong:
    return Wrong(402, "card_error", message, began=False, code=code, param=param)
