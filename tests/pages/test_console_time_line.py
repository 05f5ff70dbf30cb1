"""The time line of policies: whatever was announced for whenever, each figure has its place on it."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from riviere.pages.console.policies import lines
from riviere.wire.policies import Policy

NOW = datetime(2026, 1, 31, 20, 15, tzinfo=UTC)
TIMES = st.datetimes(datetime(2000, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is given


def _policies(starts: list[datetime]) -> list[Policy]:
    """One figure after the other, each from a time on; the last one without an end."""
    spans = list(zip(starts, [*starts[1:], None], strict=True))
    return [
        Policy(
            id=number,
            name="minimum",
            scope="",
            amount=str(number),
            share=None,
            fixed=None,
            figure=f"{number} diamonds",
            in_force=begin <= NOW and (end is None or end > NOW),
            starts_at=begin,
            ends_at=end,
            announced_at=NOW,
            announced_by="operator ada",
        )
        for number, (begin, end) in enumerate(spans, 1)
    ]


@given(st.lists(TIMES, min_size=1, max_size=8, unique=True).map(sorted))
def test_figures_lie_in_order_the_past_before_now_and_what_comes_behind_it(starts: list[datetime]) -> None:
    (line,) = lines(_policies(starts), NOW)
    assert 0 < line.now < 1000
    assert [span.x for span in line.spans] == sorted(span.x for span in line.spans)
    for span in line.spans:
        assert 0 <= span.x <= 1000
        assert span.width >= 3, "it can be seen"
        if span.when == "past":
            assert span.x <= line.now
        elif span.when == "coming":
            assert span.x >= line.now
        else:
            assert span.x <= line.now <= span.x + span.width + 3
    assert [row.starts_at > NOW for row in line.coming] == [True] * sum(begin > NOW for begin in starts)
    assert (line.in_force is None) == (starts[0] > NOW)


def test_where_nothing_was_announced_there_is_no_line() -> None:
    assert lines([], NOW) == []
