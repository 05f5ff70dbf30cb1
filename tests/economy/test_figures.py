"""Policies as people write and read them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from riviere.economy import figures
from riviere.economy.policy import DEFAULTS, BadPolicy, Policy
from riviere.money import LARGEST, UnknownCurrency

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "share", "fixed", "meant"),
    [
        ("diamonds_per_coin 0.45", None, None, ("", 450, 0)),
        ("diamonds_per_coin import:3 1", None, None, ("import:3", 1_000, 0)),
        ("money_per_diamond USD 0.005", None, None, ("USD", 500_000, 0)),
        ("money_per_diamond JPY 0.7", None, None, ("JPY", 700_000, 0)),
        ("minimum 10000", None, None, ("", 10_000_000, 0)),
        ("daily_cap USD 1000", None, None, ("USD", 100_000, 0)),
        ("maturity_days 7", None, None, ("", 7, 0)),
        ("review_over USD 500", None, None, ("USD", 50_000, 0)),
        ("quote_minutes 15", None, None, ("", 15, 0)),
        ("refund_days 14", None, None, ("", 14, 0)),
        ("fee paypal:USD", "1.5%", "0.10", ("paypal:USD", 10, 15_000)),
        ("fee bank:USD", None, "2.9", ("bank:USD", 290, 0)),
        ("fee card:KWD", "0.0001 %", None, ("card:KWD", 0, 1)),
    ],
)
def test_what_is_typed_is_read_exactly(
    typed: str, share: str | None, fixed: str | None, meant: tuple[str, int, int]
) -> None:
    name, *words = typed.split()
    assert figures.read(name, words, share, fixed) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "nothing 1",
        "diamonds_per_coin",
        "diamonds_per_coin 0.4567",
        "diamonds_per_coin -1",
        "diamonds_per_coin 1e3",
        "diamonds_per_coin 1_000",
        "diamonds_per_coin NaN",
        "diamonds_per_coin ٣",
        "diamonds_per_coin 9223372036854775.808",
        "diamonds_per_coin elsewhere 1",
        "diamonds_per_coin import:1 1 2",
        "money_per_diamond 0.005",
        "money_per_diamond usd 0.005",
        "money_per_diamond USD 0.000000001",
        "minimum 1.0001",
        "minimum USD 1",
        "maturity_days 1.5",
        "review_over 500",
        "quote_minutes USD 15",
        "maturity_days 7 --share",
        "fee paypal:USD",
        "fee paypal:USD 5 --share",
        "fee PayPal --share",
    ],
)
def test_what_cannot_be_meant_is_refused(typed: str) -> None:
    name, *words = typed.removesuffix(" --share").split()
    with pytest.raises(BadPolicy):
        figures.read(name, words, "1%" if typed.endswith("--share") else None, None)


@pytest.mark.parametrize("share", ["1.5", "", "-1%", "1.00001%", "1,5%", "%"])
def test_a_share_has_a_percent_sign_and_fits_in_millionths(share: str) -> None:
    with pytest.raises(BadPolicy):
        figures.read("fee", ["paypal:USD"], share, None)


def test_a_currency_nobody_keeps_is_refused() -> None:
    for name, words in (("money_per_diamond", ["ABC", "1"]), ("daily_cap", ["ABC", "1"]), ("fee", ["bank:ABC"])):
        with pytest.raises(UnknownCurrency):
            figures.read(name, words, None, "1" if name == "fee" else None)


@given(some.integers(0, LARGEST), some.integers(0, 9))
def test_a_number_that_was_shown_is_read_as_it_was(units: int, digits: int) -> None:
    assert figures.exact(figures.decimal(units, digits), digits, "It") == units


def test_the_figures_of_a_new_economy_are_told_with_their_units() -> None:
    rows = [Policy(1, row.name, row.scope, row.amount, row.share, NOW, None, NOW, "riviere") for row in DEFAULTS]
    assert [figures.shown(row) for row in rows] == [
        "1 diamond a coin",
        "0.005 USD a diamond",
        "10,000 diamonds",
        "1.5 % and 0.10 USD",
        "0 % and 2.90 USD",
        "1,000.00 USD a day",
        "7 days",
        "over 500.00 USD",
        "15 minutes",
        "14 days",
    ]
