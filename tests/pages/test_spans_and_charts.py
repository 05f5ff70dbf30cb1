"""Periods follow each other without a gap, and bars stand where they belong."""

from datetime import UTC, date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riviere.pages import charts, spans

DATES = st.dates(date(1000, 1, 1), date(9000, 1, 1))
PERIODS = st.sampled_from(spans.PERIODS)
AMOUNTS = st.decimals(0, 10**12, places=3)


@given(PERIODS, DATES)
def test_a_span_holds_its_date_and_its_neighbours_touch_it(period: spans.Period, at: date) -> None:
    span = spans.span(period, at)
    assert span.since.date() <= at < span.until.date()
    assert (span.before.until, span.after.since) == (span.since, span.until)
    assert span.before.after == span


@given(PERIODS, DATES)
def test_its_steps_fill_it(period: spans.Period, at: date) -> None:
    span = spans.span(period, at)
    steps = span.steps
    assert steps[0] == span.since
    assert all(step.tzinfo is UTC for step in steps)
    assert len(steps) in {"day": {24}, "week": {7}, "month": {28, 29, 30, 31}, "year": {12}}[period]
    longest = {"hour": timedelta(hours=1), "day": timedelta(days=1), "month": timedelta(days=31)}[span.step]
    for begin, end in zip(steps, [*steps[1:], span.until], strict=True):
        assert timedelta() < end - begin <= longest


@pytest.mark.parametrize(
    ("period", "at"), [("decade", ""), ("day", "x"), ("year", "9999-01-01"), ("day", "2026-02-30")]
)
def test_an_address_that_names_no_span_is_refused(period: str, at: str) -> None:
    with pytest.raises(spans.BadSpan):
        spans.asked(period, at, date(2026, 1, 1))


@given(PERIODS, DATES, st.data())
def test_bars_stay_in_their_steps_and_higher_ones_are_more(period: spans.Period, at: date, data: st.DataObject) -> None:
    span = spans.span(period, at)
    now = {step: data.draw(AMOUNTS) for step in span.steps[::3]}
    before = {step: data.draw(AMOUNTS) for step in span.before.steps[::2]}
    pairs = charts.pairs(span.steps, now, span.before.steps, before)
    assert len(pairs) == len(span.steps)
    for pair in pairs:
        for bar, value in ((pair.bar, pair.value), (pair.pale, pair.earlier)):
            assert pair.x <= bar.x
            assert bar.x + bar.width <= pair.x + pair.width <= charts.WIDTH
            assert (bar.height > 0) == (value > 0)
            assert bar.y + bar.height == charts.HEIGHT
            assert bar.y >= 0
    ranked = sorted(pairs, key=lambda pair: pair.value)
    assert [pair.bar.height for pair in ranked] == sorted(pair.bar.height for pair in pairs)


@given(st.dictionaries(st.integers(0, 167), AMOUNTS))
def test_hours_are_shaded_by_what_they_brought(week: dict[int, Decimal]) -> None:
    shades = charts.shades(week)
    assert len(shades) == 168
    for hour, shade in enumerate(shades):
        assert 0 <= shade <= charts.SHADES
        assert (shade > 0) == (week.get(hour, Decimal()) > 0)
    if any(week.values()):
        assert shades[max(week, key=lambda hour: week[hour])] == charts.SHADES
