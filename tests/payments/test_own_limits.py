"""What decisions about a limit come to, and what fits into it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riviere.payments.limits import PATIENCE, SPANS, Decided, OverOwnLimit, Spent, check, decide, in_force, spent_in

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)

amounts = st.one_of(st.none(), st.integers(0, 1_000))
steps = st.lists(st.tuples(st.integers(0, 40), amounts), max_size=12)


def decided(made: list[tuple[int, int | None]]) -> list[Decided]:
    """Decisions, each so many hours after the one before."""
    found: list[Decided] = []
    now = BEGIN
    for hours, amount in made:
        now += timedelta(hours=hours)
        found.append(decide(in_force(found, now), amount, now))
    return found


@given(steps, st.integers(0, 1_000), st.integers(0, 40))
def test_a_lower_limit_holds_from_the_moment_it_is_set(
    made: list[tuple[int, int | None]], low: int, hours: int
) -> None:
    before = decided(made)
    now = (before[-1].set_at if before else BEGIN) + timedelta(hours=hours)
    limit = in_force(before, now).amount
    if limit is None or low <= limit:
        assert in_force([*before, decide(in_force(before, now), low, now)], now) == (low, None)


@given(steps)
def test_nothing_ever_rises_within_a_day_of_its_decision(made: list[tuple[int, int | None]]) -> None:
    found = decided(made)
    for number in range(1, len(found) + 1):
        last = found[number - 1]
        before = in_force(found[: number - 1], last.set_at).amount
        soon = in_force(found[:number], last.set_at + PATIENCE - timedelta(seconds=1)).amount
        if before is not None:
            assert soon is not None
            assert soon <= before


@given(steps)
def test_the_last_decision_holds_in_the_end(made: list[tuple[int, int | None]]) -> None:
    found = decided(made)
    if found:
        assert in_force(found, found[-1].set_at + PATIENCE) == (found[-1].amount, None)


def test_what_is_decided_meanwhile_takes_the_place_of_what_was_to_come() -> None:
    found = decided([(0, 100), (1, 500), (1, 200)])
    now = found[-1].set_at
    assert in_force(found, now).amount == 100
    assert in_force(found, found[1].holds_from).amount == 100, "the 500 never come"
    assert in_force(found, now + PATIENCE).amount == 200


purchases = st.lists(st.tuples(st.integers(0, 50 * 60), st.integers(1, 500)), max_size=10)


@given(purchases, st.integers(0, 1_000), st.integers(1, 1_000), st.sampled_from([*SPANS]))
def test_what_is_refused_fits_when_it_is_said_to_and_not_before(
    made: list[tuple[int, int]], limit: int, price: int, span: str
) -> None:
    now = BEGIN + timedelta(days=30)
    spent = sorted(Spent(now - timedelta(minutes=ago), amount) for ago, amount in made)
    try:
        check(limit, span, spent, price, "USD", now)  # type: ignore[arg-type]
    except OverOwnLimit as refused:
        assert spent_in(spent, span, now) + price > limit  # type: ignore[arg-type]
        free_at = refused.facts["frees_at"]
        if free_at is None:
            assert price > limit
            return
        at = datetime.fromisoformat(str(free_at))
        check(limit, span, spent, price, "USD", at)  # type: ignore[arg-type]
        with pytest.raises(OverOwnLimit):
            check(limit, span, spent, price, "USD", at - timedelta(microseconds=1))  # type: ignore[arg-type]
    else:
        assert spent_in(spent, span, now) + price <= limit  # type: ignore[arg-type]
