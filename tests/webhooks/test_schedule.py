"""When a delivery is tried again: by the specification's schedule, spread, and never sooner than it says."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from hypothesis import given
from hypothesis import strategies as st

from riviere.webhooks.schedule import DELAYS, JITTER, LONGEST_WAIT, next_try

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_the_delays_are_those_of_the_specification() -> None:
    words = "0:00:00 0:00:05 0:05:00 0:30:00 2:00:00 5:00:00 10:00:00 14:00:00 20:00:00 1 day, 0:00:00"
    assert " ".join(map(str, DELAYS)) == words
    assert next_try("evt_1", 9, None, NOW) is not None
    assert next_try("evt_1", 10, None, NOW) is None


@given(st.text(max_size=20), st.integers(1, 9), st.none() | st.text(max_size=40) | st.integers().map(str))
def test_a_wait_is_never_shorter_than_the_schedule_and_never_endless(
    event: str, failures: int, asked: str | None
) -> None:
    again = next_try(event, failures, asked, NOW)
    assert again is not None
    longest = max(DELAYS[failures] * (100 + JITTER) / 100, LONGEST_WAIT)
    assert DELAYS[failures] <= again - NOW <= longest
    assert again == next_try(event, failures, asked, NOW)


def test_many_that_failed_together_come_back_spread() -> None:
    again = {next_try(f"evt_{number}", 2, None, NOW) for number in range(1_000)}
    assert len(again) > 300
    times = sorted(at for at in again if at)
    assert times[-1] - times[0] > timedelta(seconds=25)


def test_retry_after_may_be_a_date() -> None:
    until = NOW + timedelta(hours=3)
    assert next_try("evt_1", 1, format_datetime(until, usegmt=True), NOW) == until
    assert next_try("evt_1", 1, "7200", NOW) == NOW + timedelta(hours=2)
    assert next_try("evt_1", 1, format_datetime(NOW + timedelta(days=300), usegmt=True), NOW) == NOW + LONGEST_WAIT
