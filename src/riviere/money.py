"""Amounts: whole numbers, each with its asset, and how people write them.

COIN has scale 0, DIAMOND scale 3 (thousandths), money the minor units of its ISO 4217 currency. No float touches an
amount: text goes through `decimal.Decimal` and must fit the scale exactly.
"""

import re
from decimal import Decimal
from typing import Final

from riviere.errors import RiviereError

COIN: Final = "COIN"
DIAMOND: Final = "DIAMOND"

#: The largest amount the ledger's bigint columns hold.
LARGEST: Final = 2**63 - 1

#: Minor-unit digits of the currencies Riviere pays in and out (ISO 4217, table A.1).
CURRENCIES: Final = {
    "AUD": 2, "BRL": 2, "CAD": 2, "CHF": 2, "CNY": 2, "CZK": 2, "DKK": 2, "EUR": 2, "GBP": 2, "HUF": 2, "INR": 2,
    "JPY": 0, "KRW": 0, "KWD": 3, "MXN": 2, "NOK": 2, "NZD": 2, "PLN": 2, "SEK": 2, "SGD": 2, "TRY": 2, "USD": 2,
}  # fmt: skip


_WRITTEN = re.compile(r"[0-9]{1,24}(\.[0-9]{1,12})?")


class UnknownCurrency(RiviereError):
    """Currency {currency!r} is not one Riviere keeps books in."""

    code = "unknown_currency"


class BadAmount(RiviereError):
    """{what} must be a whole number of {unit} from {least} to 9,223,372,036,854,775,807, not {got}."""

    code = "bad_amount"


class BadFigure(RiviereError):
    """{what} must be a plain number of {asset} with at most {digits} decimals, above zero and not huge, not {got}."""

    code = "bad_figure"


def scale(asset: str) -> int:
    """Digits after the point of `asset`: 0 for COIN, 3 for DIAMOND, the minor units of a currency.

    Raises UnknownCurrency.
    """
    if asset == COIN:
        return 0
    if asset == DIAMOND:
        return 3
    try:
        return CURRENCIES[asset]
    except KeyError:
        raise UnknownCurrency(currency=asset) from None


def amount(value: object, what: str = "The amount", *, least: int = 1, unit: str = "units") -> int:
    """`value` as an amount in its asset's smallest unit.

    Raises BadAmount for what is not a whole number, below `least` or beyond 2^63 - 1.
    """
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= LARGEST:
        return value
    raise BadAmount(what=what, unit=unit, least=least, got=shown(value))


def shown(value: object) -> str:
    """`value` as a message shows it: short, whatever was sent."""
    text = "nothing" if value is None or value == "" else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def parse(text: str, asset: str, what: str = "The amount", *, least: int = 1) -> int:
    """What people write ("0.75", "10000") in the smallest units of `asset`.

    Raises BadFigure where it is no plain number, is finer than the asset's scale, is under `least` units or too large.
    """
    digits = scale(asset)
    # No exponents: "1E999999" is a number that nobody writes and few can afford.
    units = Decimal(text).scaleb(digits) if _WRITTEN.fullmatch(text) else Decimal(-1)
    if units != int(units) or not least <= units <= LARGEST:
        raise BadFigure(what=what, asset=asset, digits=digits, got=shown(text))
    return int(units)


def plain(units: int, asset: str) -> str:
    """`units` as a decimal string without grouping and without trailing zeros: 343000 DIAMOND is "343"."""
    if asset == COIN:
        return str(units)
    digits = scale(asset)
    if asset == DIAMOND:
        whole, rest = divmod(units, 1000)
        if rest == 0:  # most of them, and a quarter of the time
            return str(whole)
        return f"{Decimal(units).scaleb(-digits):f}".rstrip("0")
    return f"{Decimal(units).scaleb(-digits):.{digits}f}"


def grouped(units: int, asset: str) -> str:
    """`units` for a person's eye: 8420500 DIAMOND is "8,420.5"."""
    text = plain(units, asset)
    whole, point, rest = text.partition(".")
    sign = "-" if whole.startswith("-") else ""
    return f"{sign}{int(whole.lstrip('-')):,}{point}{rest}"
