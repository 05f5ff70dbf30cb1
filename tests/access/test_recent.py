"""What the gate remembers: for so long, so many, and never ahead of the clock."""

from datetime import UTC, datetime, timedelta

from riviere.access.recent import Recent

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SOON = NOW + timedelta(seconds=5)


def test_what_is_kept_is_found_until_its_time_is_over() -> None:
    recent: Recent[str, int] = Recent(10)
    recent.keep("a", 1, NOW, SOON)
    assert recent.get("a", NOW) == recent.get("a", SOON - timedelta(microseconds=1)) == 1
    assert recent.get("a", SOON) is None
    assert recent.get("b", NOW) is None


def test_a_clock_that_is_set_back_makes_nothing_last_longer() -> None:
    recent: Recent[str, int] = Recent(10)
    recent.keep("a", 1, NOW, SOON)
    assert recent.get("a", NOW - timedelta(hours=1)) is None


def test_what_was_kept_first_makes_room_and_the_same_name_takes_no_second_place() -> None:
    recent: Recent[str, int] = Recent(2)
    for number, name in enumerate("abb"):
        recent.keep(name, number, NOW, SOON)
    assert [recent.get(name, NOW) for name in "ab"] == [0, 2]
    recent.keep("c", 3, NOW, SOON)
    assert [recent.get(name, NOW) for name in "abc"] == [None, 2, 3]
