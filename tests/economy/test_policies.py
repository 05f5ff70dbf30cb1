"""Figures are announced ahead, hold from their day on, and round as they say."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riviere.economy import policies, policy
from riviere.economy.checks import BadText
from riviere.economy.dated import StartsInPast
from riviere.economy.policies import NoPolicy, PolicyOverlap
from riviere.economy.policy import BadPolicy, BadRate, Policy, fee, rate_from_text, redeemable
from riviere.ledger.evidence import facts_digest, last_head
from riviere.money import LARGEST, BadAmount, UnknownCurrency
from world import World


def announce(world: World, name: str, scope: str, amount: int, days: int = 0, **how: Any) -> Policy:
    starts_at = world.now + timedelta(days=days)
    return policies.announce(
        world.connection, world.signer, name, scope, amount, starts_at=starts_at, by="ops", now=world.now, **how
    )


def announced(world: World, now: datetime) -> list[Policy]:
    """What has been announced and has not begun, as the list of all policies shows it."""
    return sorted(
        (row for row in policies.listed(world.connection) if row.starts_at > now), key=lambda row: row.starts_at
    )


def test_a_new_economy_starts_with_the_figures_of_the_trade_once(world: World) -> None:
    figures = {(row.name, row.scope): (row.amount, row.share) for row in policies.listed(world.connection)}
    assert figures == {
        ("diamonds_per_coin", ""): (1_000, 0),
        ("money_per_diamond", "USD"): (500_000, 0),
        ("minimum", ""): (10_000_000, 0),
        ("fee", "paypal:USD"): (10, 15_000),
        ("fee", "bank:USD"): (290, 0),
        ("daily_cap", "USD"): (100_000, 0),
        ("maturity_days", ""): (7, 0),
        ("review_over", "USD"): (50_000, 0),
        ("quote_minutes", ""): (15, 0),
        ("refund_days", ""): (14, 0),
    }
    world.later(days=1)
    announce(world, "minimum", "", 5_000_000)
    before = policies.listed(world.connection), last_head(world.connection)
    policies.defaults(world.connection, world.signer, world.later(days=1))
    assert (policies.listed(world.connection), last_head(world.connection)) == before


def test_a_figure_announced_for_tomorrow_holds_from_tomorrow_on(world: World) -> None:
    lower = announce(world, "money_per_diamond", "USD", 400_000, days=1)

    def rate(at: datetime) -> int:
        return policies.in_force(world.connection, "money_per_diamond", "USD", at).amount

    assert announced(world, world.now) == [lower]
    assert rate(lower.starts_at - timedelta(microseconds=1)) == 500_000
    assert rate(lower.starts_at) == 400_000
    assert (lower.announced_at, lower.announced_by, lower.ends_at) == (world.now, "ops", None)
    head = last_head(world.connection)
    assert head is not None
    assert head.facts == facts_digest(world.connection)
    assert announced(world, lower.starts_at) == []


def test_two_announcements_may_follow_each_other(world: World) -> None:
    first, second = announce(world, "minimum", "", 1, days=1), announce(world, "minimum", "", 2, days=3)
    history = policies.history(world.connection, "minimum", "")
    assert [(row.amount, row.ends_at) for row in history] == [
        (10_000_000, first.starts_at), (1, second.starts_at), (2, None),
    ]  # fmt: skip
    assert announced(world, world.now) == [history[1], second]


def test_overlapping_figures_are_refused_with_what_to_do(world: World) -> None:
    announced = announce(world, "minimum", "", 1, days=5)
    for days in (3, 5):
        with pytest.raises(PolicyOverlap) as refused:
            announce(world, "minimum", "", 2, days=days)
        begin = announced.starts_at.isoformat()
        assert str(refused.value) == (
            f"Policy minimum '' has another figure from {begin} on; start after {begin}, or end by {begin}."
        )
    with pytest.raises(PolicyOverlap, match=r"to .*; start at"):
        announce(world, "minimum", "", 2, days=3, until=announced.starts_at)
    assert len(policies.history(world.connection, "minimum", "")) == 2


def test_a_figure_for_a_time_ends_the_one_before_and_leaves_room_for_the_next(world: World) -> None:
    end = world.now + timedelta(days=2)
    announce(world, "daily_cap", "EUR", 5, days=1, until=end)
    with pytest.raises(NoPolicy, match="daily_cap 'EUR' is in force at"):
        policies.in_force(world.connection, "daily_cap", "EUR", end)
    announce(world, "daily_cap", "EUR", 6, days=2)
    announce(world, "daily_cap", "EUR", 4, until=world.now + timedelta(days=1))
    history = policies.history(world.connection, "daily_cap", "EUR")
    assert [row.amount for row in history] == [4, 5, 6]


def test_scopes_are_apart(world: World) -> None:
    announce(world, "diamonds_per_coin", "import:7", 750)
    assert policies.in_force(world.connection, "diamonds_per_coin", "", world.now).amount == 1_000
    with pytest.raises(NoPolicy):
        policies.in_force(world.connection, "money_per_diamond", "EUR", world.now)


def test_bad_figures_are_refused(world: World) -> None:
    before = policies.listed(world.connection)
    bad: list[tuple[type[Exception], str, str, int, dict[str, Any]]] = [
        (BadPolicy, "discount", "", 1, {}),
        (BadPolicy, "minimum", "USD", 1, {}),
        (BadPolicy, "fee", "USD", 1, {}),
        (BadPolicy, "fee", "PayPal:USD", 1, {}),
        (BadPolicy, "diamonds_per_coin", "imports", 1, {}),
        (BadPolicy, "diamonds_per_coin", "import:", 1, {}),
        (BadPolicy, "minimum", "", 1, {"share": 1}),
        (BadPolicy, "fee", "bank:USD", 1, {"share": 1_000_001}),
        (BadPolicy, "fee", "bank:USD", 1, {"share": -1}),
        (BadPolicy, "maturity_days", "", 3_651, {}),
        (BadPolicy, "quote_minutes", "", 1_441, {}),
        (BadAmount, "quote_minutes", "", 0, {}),
        (UnknownCurrency, "review_over", "AAA", 1, {}),
        (BadPolicy, "daily_cap", "EUR", 1, {"until": datetime(2020, 1, 1, tzinfo=UTC)}),
        (UnknownCurrency, "daily_cap", "AAA", 1, {}),
        (UnknownCurrency, "fee", "bank:AAA", 1, {}),
        (BadAmount, "diamonds_per_coin", "", 0, {}),
        (BadAmount, "money_per_diamond", "USD", 0, {}),
        (BadAmount, "minimum", "", -1, {}),
        (BadAmount, "minimum", "", 0.5, {}),
        (BadAmount, "minimum", "", LARGEST + 1, {}),
        (StartsInPast, "minimum", "", 1, {"days": -1}),
    ]
    for error, name, scope, amount, how in bad:
        with pytest.raises(error):
            announce(world, name, scope, amount, **how)
    assert policies.listed(world.connection) == before


def test_whoever_announces_a_figure_has_a_name(world: World) -> None:
    with pytest.raises(BadText, match="Who announces"):
        policies.announce(
            world.connection, world.signer, "minimum", "", 1, starts_at=world.now, by="", now=world.now
        )  # fmt: skip


def test_defaults_say_whose_they_are_and_keep_to_their_law() -> None:
    for row in policy.DEFAULTS:
        policy.check(row.name, row.scope, row.amount, row.share)
        assert row.source
    assert {row.name for row in policy.DEFAULTS} == set(policy.LAW)


@pytest.mark.parametrize(
    ("diamonds", "rate", "expected"),
    [
        (10_000_000, 500_000, (5_000, 10_000_000)),
        (10_001_000, 500_000, (5_000, 10_000_000)),
        (10_002_000, 500_000, (5_001, 10_002_000)),
        (1_999, 500_000, (0, 0)),
        (1_000, 333_333, (0, 0)),
        (10_000, 333_333, (3, 9_001)),
        (0, 500_000, (0, 0)),
    ],
)
def test_diamonds_bring_whole_minor_units_and_the_rest_stays(
    diamonds: int, rate: int, expected: tuple[int, int]
) -> None:
    assert redeemable(diamonds, rate) == expected


@given(st.integers(0, LARGEST), st.integers(1, 10**12))
def test_a_redemption_takes_the_fewest_thousandths_that_buy_its_minor_units(diamonds: int, rate: int) -> None:
    minor_units, used = redeemable(diamonds, rate)
    minor_unit = Fraction(rate, 10**9)  # of one thousandth
    assert used <= diamonds
    assert diamonds * minor_unit < minor_units + 1
    assert used * minor_unit >= minor_units
    assert minor_units == 0 or (used - 1) * minor_unit < minor_units


@pytest.mark.parametrize(
    ("minor_units", "share", "fixed", "expected"),
    [
        (10_000, 50_000, 0, 500),
        (10_000, 15_000, 10, 160),
        (0, 15_000, 10, 10),
        (33, 15_000, 0, 0),
        (34, 15_000, 0, 1),
        (100, 5_000, 0, 1),
        (5_000, 0, 290, 290),
    ],
)
def test_a_fee_rounds_half_up(minor_units: int, share: int, fixed: int, expected: int) -> None:
    assert fee(minor_units, share, fixed) == expected


@given(st.integers(0, LARGEST), st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_fee_is_within_half_a_minor_unit_of_its_share(minor_units: int, share: int, fixed: int) -> None:
    over = fee(minor_units, share, fixed) - fixed - Fraction(minor_units * share, 10**6)
    assert Fraction(-1, 2) < over <= Fraction(1, 2)


@given(st.integers(1, 10**12))
def test_every_rate_that_can_be_kept_can_be_written(rate: int) -> None:
    whole, thousandths = divmod(rate, 1_000)
    assert rate_from_text(f"{whole}.{thousandths:03}") == rate
    assert rate_from_text(f"{whole}.{thousandths:03}000") == rate


@pytest.mark.parametrize(("text", "rate"), [("1", 1_000), ("0.75", 750), ("0.5", 500), ("2.0", 2_000), (".001", None)])
def test_rates_as_people_write_them(text: str, rate: int | None) -> None:
    if rate is None:
        with pytest.raises(BadRate):
            rate_from_text(text)
    else:
        assert rate_from_text(text) == rate


@pytest.mark.parametrize(
    "text", ["", "0", "0.000", "-1", "+1", "0.7505", "1e3", "NaN", "inf", "1,5", "1_0", " 1", "1.", "１", "9" * 16]
)
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(BadRate, match="three decimals"):
        rate_from_text(text)
