"""Policies as people write and read them: 0.45 diamonds a coin, $0.005 a diamond, 1.5 % and $0.10. Pure."""

import re
from collections.abc import Sequence
from typing import Final

from riviere import money
from riviere.economy import policy
from riviere.economy.policy import BadPolicy, Policy

#: Digits that a price of one diamond has beyond its currency's: it is kept in millionths of a minor unit.
_FINER: Final = 6

_NUMBER = re.compile(r"([0-9]{1,19})(?:\.([0-9]{1,19}))?")
_SHARE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,4})?) ?%")


def read(name: str, words: Sequence[str], share: str | None, fixed: str | None) -> tuple[str, int, int]:
    """Scope, amount and share of a policy, in its units (riviere.economy.policy.LAW), out of what was typed.

    `words` are scope and amount; a policy without a scope needs the amount only, a fee only its scope: it has a `share`
    ("1.5%") and a `fixed` part ("0.10"). Raises BadPolicy or UnknownCurrency.
    """
    if name not in policy.LAW:
        raise BadPolicy(detail=f"There is no policy {name!r}; there are {', '.join(policy.LAW)}")
    if name == policy.FEE:
        if len(words) != 1 or (share is None and fixed is None):
            raise BadPolicy(
                detail="A fee is a payout method with a share, a fixed part or both: paypal:USD, 1.5%, 0.10"
            )
        _matched(name, words[0])
        digits = money.scale(_currency(words[0]))
        minor_units = exact("0" if fixed is None else fixed, digits, "The fixed part of a fee")
        return words[0], minor_units, _millionths("0%" if share is None else share)
    if share is not None or fixed is not None:
        raise BadPolicy(detail=f"Only a fee has a share and a fixed part, not {name}")
    *scopes, amount = words or [""]
    scope = scopes[0] if len(scopes) == 1 else ""
    needs_scope = name in (policy.MONEY_PER_DIAMOND, policy.DAILY_CAP, policy.REVIEW_OVER)
    if len(scopes) > 1 or (needs_scope and not scope):
        law = policy.LAW[name]
        raise BadPolicy(detail=f"{name} takes a scope ({law.scope_words}) where it has one, and one amount after it")
    _matched(name, scope)
    return scope, exact(amount, _digits(name, scope), f"The figure of {name}"), 0


def shown(row: Policy) -> str:
    """A policy's figure for a person's eye, with its unit."""
    number = amount(row)
    if row.name == policy.FEE:
        currency = _currency(row.scope)
        return f"{decimal(row.share, 4)} % and {money.grouped(row.amount, currency)} {currency}"
    if row.name == policy.DIAMONDS_PER_COIN:
        return f"{number} {'diamond' if number == '1' else 'diamonds'} a coin"
    if row.name == policy.MONEY_PER_DIAMOND:
        return f"{number} {row.scope} a diamond"
    if row.name == policy.DAILY_CAP:
        return f"{money.grouped(row.amount, row.scope)} {row.scope} a day"
    if row.name == policy.REVIEW_OVER:
        return f"over {money.grouped(row.amount, row.scope)} {row.scope}"
    if row.name == policy.QUOTE_MINUTES:
        return f"{number} minutes"
    if row.name == policy.MINIMUM:
        return f"{money.grouped(row.amount, money.DIAMOND)} diamonds"
    return f"{number} days"


def amount(row: Policy) -> str:
    """A policy's amount as `read` takes it: of a fee its fixed part."""
    return decimal(row.amount, _digits(row.name, row.scope))


def share(row: Policy) -> str:
    """A fee's share as `read` takes it: "1.5%"."""
    return f"{decimal(row.share, 4)}%"


def exact(text: str, digits: int, what: str) -> int:
    """A number that people write, in units of its last digit: "0.45" with 3 digits is 450. Raises BadPolicy."""
    match = _NUMBER.fullmatch(text)
    decimals = (match[2] or "").rstrip("0") if match else ""
    units = int(match[1] + decimals.ljust(digits, "0")) if match and len(decimals) <= digits else money.LARGEST + 1
    if units > money.LARGEST:
        kept = f"a number with at most {digits} decimals" if digits else "a whole number"
        raise BadPolicy(detail=f"{what} is {kept}, 0 or more, not {money.shown(text)}")
    return units


def decimal(units: int, digits: int) -> str:
    """The reverse of `exact`, without zeros at the end."""
    text = f"{units:0{digits + 1}}"
    return f"{text[: len(text) - digits]}.{text[len(text) - digits :]}".rstrip("0").rstrip(".") if digits else text


def _digits(name: str, scope: str) -> int:
    """How many decimals the amount of a policy has as people write it."""
    if name in (policy.DIAMONDS_PER_COIN, policy.MINIMUM):
        return money.scale(money.DIAMOND)
    if name in (policy.MATURITY_DAYS, policy.QUOTE_MINUTES, policy.REFUND_DAYS):
        return 0
    return money.scale(_currency(scope)) + (_FINER if name == policy.MONEY_PER_DIAMOND else 0)


def _matched(name: str, scope: str) -> None:
    if not policy.LAW[name].scope.fullmatch(scope):
        raise BadPolicy(detail=f"The scope of {name} is {policy.LAW[name].scope_words}, not {scope!r}")


def _currency(scope: str) -> str:
    return scope.rpartition(":")[2]


def _millionths(share: str) -> int:
    match = _SHARE.fullmatch(share)
    if not match:
        raise BadPolicy(detail=f"A share is a number with a percent sign (1.5%), not {money.shown(share)}")
    return exact(match[1], 4, "A share")
