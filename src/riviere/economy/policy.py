"""The figures that can change: what each is called, its unit and its scope, and how amounts are worked out with them.

Pure. A share is in millionths. Where a default is somebody else's figure, its row says whose.
"""

import re
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from riviere import money
from riviere.errors import RiviereError

DIAMONDS_PER_COIN: Final = "diamonds_per_coin"
MONEY_PER_DIAMOND: Final = "money_per_diamond"
MINIMUM: Final = "minimum"
FEE: Final = "fee"
DAILY_CAP: Final = "daily_cap"
MATURITY_DAYS: Final = "maturity_days"
REVIEW_OVER: Final = "review_over"
QUOTE_MINUTES: Final = "quote_minutes"
REFUND_DAYS: Final = "refund_days"

#: A share of one, and the steps in which fee shares and prices of diamonds are told.
MILLION: Final = 1_000_000
#: Thousandths of a diamond times millionths of a minor unit, in one minor unit.
_STEPS: Final = 1_000 * MILLION

_RATE = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,3})0*)?")


class BadPolicy(RiviereError):
    """{detail}."""

    code = "bad_policy"


class BadRate(RiviereError):
    """A rate is diamonds for a coin: a positive number with at most three decimals (0.75), not {got}."""

    code = "bad_rate"


class PolicyLaw(NamedTuple):
    """What one name of policy means: the unit of its amount, the form of its scope, the least and most it may be."""

    unit: str
    scope: re.Pattern[str]
    scope_words: str
    least: int
    most: int = money.LARGEST


_CURRENCY = re.compile("(?P<currency>[A-Z]{3})")

LAW: Final[dict[str, PolicyLaw]] = {
    DIAMONDS_PER_COIN: PolicyLaw(
        "thousandths of a diamond a coin",
        re.compile(r"(import:\S{1,100})?"),
        "empty, or import: and the import's id",
        1,
    ),
    MONEY_PER_DIAMOND: PolicyLaw("millionths of a minor unit a diamond", _CURRENCY, "a currency", 1),
    MINIMUM: PolicyLaw("thousandths of a diamond", re.compile(""), "empty", 0),
    FEE: PolicyLaw(
        "minor units, and a share in millionths",
        re.compile("[a-z][a-z0-9_]{0,39}:(?P<currency>[A-Z]{3})"),
        "a payout method and a currency (paypal:USD)",
        0,
    ),
    DAILY_CAP: PolicyLaw("minor units a UTC day", _CURRENCY, "a currency", 0),
    MATURITY_DAYS: PolicyLaw("days", re.compile(""), "empty", 0, 3_650),
    REVIEW_OVER: PolicyLaw("minor units", _CURRENCY, "a currency", 0),
    QUOTE_MINUTES: PolicyLaw("minutes", re.compile(""), "empty", 1, 1_440),
    REFUND_DAYS: PolicyLaw("days", re.compile(""), "empty", 0, 3_650),
}


class Policy(msgspec.Struct, frozen=True):
    """One dated figure. `amount` is in the unit of its name (LAW), `share` in millionths and of fees only."""

    id: int
    name: str
    scope: str
    amount: int
    share: int
    starts_at: datetime
    ends_at: datetime | None
    announced_at: datetime
    announced_by: str


class Default(NamedTuple):
    """A figure that a new economy starts with, and whose it is."""

    name: str
    scope: str
    amount: int
    share: int
    source: str


#: What a new economy starts with.
DEFAULTS: Final = (
    Default(DIAMONDS_PER_COIN, "", 1_000, 0, "TikTok, as its unofficial libraries tell it: 1 coin, 1 diamond"),
    Default(MONEY_PER_DIAMOND, "USD", 500_000, 0, "TikTok, as its unofficial libraries tell it: $0.005 a diamond"),
    Default(MINIMUM, "", 10_000_000, 0, "the product's founding article: 10,000 diamonds"),
    Default(FEE, "paypal:USD", 10, 15_000, "TikTok's help pages: PayPal 1.5 % and $0.10"),
    Default(FEE, "bank:USD", 290, 0, "TikTok's help pages: bank transfer $2.90"),
    Default(DAILY_CAP, "USD", 100_000, 0, "TikTok's help pages: $1,000 a day"),
    Default(MATURITY_DAYS, "", 7, 0, "ours: a week to notice what went wrong"),
    Default(REVIEW_OVER, "USD", 50_000, 0, "ours: a person looks at a payout of more than $500"),
    Default(QUOTE_MINUTES, "", 15, 0, "ours: long enough to read a quote, too short to bet on the rate"),
    Default(REFUND_DAYS, "", 14, 0, "TikTok, in Europe: unused coins, 14 days (Virtual Items Policy, February 2026)"),
)


def check(name: str, scope: str, amount: int, share: int) -> None:
    """Whether a figure of that name may say this. Raises BadPolicy, BadAmount or UnknownCurrency."""
    law = LAW.get(name)
    if law is None:
        raise BadPolicy(detail=f"There is no policy {name!r}; there are {', '.join(LAW)}")
    match = law.scope.fullmatch(scope)
    if match is None:
        raise BadPolicy(detail=f"The scope of {name} is {law.scope_words}, not {scope!r}")
    if "currency" in match.groupdict():
        money.scale(match["currency"])
    money.amount(amount, f"The figure of {name}", least=law.least, unit=law.unit)
    if amount > law.most:
        raise BadPolicy(detail=f"{name} is {law.most:,} {law.unit} at the most, not {amount:,}")
    if name != FEE and share:
        raise BadPolicy(detail=f"Only a fee has a share, not {name}")
    if not isinstance(share, int) or isinstance(share, bool) or not 0 <= share <= MILLION:
        raise BadPolicy(detail=f"A share is 0 to 1,000,000 millionths, not {money.shown(share)}")


def redeemable(diamonds: int, rate: int) -> tuple[int, int]:
    """What `diamonds` (thousandths) bring at `rate` (millionths of a minor unit a diamond), and how many that takes.

    Answers (whole minor units, the fewest thousandths that buy them): 10,001 diamonds at $0.005 bring 5,000 cents for
    10,000 diamonds, and one is left.
    """
    minor_units = diamonds * rate // _STEPS
    return minor_units, -(-minor_units * _STEPS // rate)


def worth(diamonds: int, rate: int) -> int:
    """The whole minor units that cover `diamonds` (thousandths) at `rate` (millionths of a minor unit a diamond)."""
    return -(-diamonds * rate // _STEPS)


def fee(minor_units: int, share: int, fixed: int) -> int:
    """The fee on an amount: a share of it (millionths; half a minor unit rounds up) and a fixed part (minor units)."""
    return (minor_units * share + MILLION // 2) // MILLION + fixed


def rate_from_text(text: str) -> int:
    """Thousandths of a diamond a coin, out of "0.75" (750). Raises BadRate."""
    match = _RATE.fullmatch(text)
    rate = int(match[1]) * 1_000 + int((match[2] or "").ljust(3, "0")) if match else 0
    if not rate:
        raise BadRate(got=money.shown(text))
    return rate
