"""Amounts as people write them, and as the ledger keeps them."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from riviere import money
from riviere.money import COIN, DIAMOND, LARGEST, BadAmount, BadFigure, UnknownCurrency


@pytest.mark.parametrize(
    ("text", "asset", "units"),
    [
        ("0.75", DIAMOND, 750),
        ("10000", DIAMOND, 10_000_000),
        ("4.99", "USD", 499),
        ("70", COIN, 70),
        ("500", "JPY", 500),
    ],
)
def test_what_people_write_becomes_the_smallest_unit(text: str, asset: str, units: int) -> None:
    assert money.parse(text, asset) == units


@pytest.mark.parametrize(
    "text",
    ["", "0", "-1", "1E5", "1E999999", "1e-3", "0.0001", "1.", ".5", "1,000", "٣", "NaN", "Infinity", " 1", "9" * 30],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(BadFigure):
        money.parse(text, DIAMOND)


def test_a_currency_nobody_keeps_books_in() -> None:
    with pytest.raises(UnknownCurrency):
        money.parse("1", "XYZ")


@pytest.mark.parametrize("value", [0, -1, LARGEST + 1, True, 1.0, "1", None])
def test_an_amount_is_a_whole_number_that_fits(value: object) -> None:
    with pytest.raises(BadAmount):
        money.amount(value)


@given(units=st.integers(0, LARGEST), asset=st.sampled_from([COIN, DIAMOND, "USD", "JPY", "KWD"]))
def test_what_is_shown_reads_back(units: int, asset: str) -> None:
    assert money.parse(money.plain(units, asset), asset, least=0) == units
    assert money.parse(money.grouped(units, asset).replace(",", ""), asset, least=0) == units
