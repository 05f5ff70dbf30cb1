"""Quotas by the pure rule: a bucket that fills evenly, and many requests counted as one by one."""

from hypothesis import given
from hypothesis import strategies as st

from riviere.http.limits import Limiter, Quota

FEW = Quota("key", 6, 60)


def test_a_quota_is_used_up_and_comes_back_evenly() -> None:
    limiter = Limiter()
    assert [limiter.take("a", FEW, 0).remaining for _ in range(6)] == [5, 4, 3, 2, 1, 0]
    late = limiter.take("a", FEW, 0)
    assert (late.taken, late.remaining, late.reset, late.wait) == (0, 0, 60, 10)
    assert limiter.take("b", FEW, 0).taken == 1, "another one's quota is their own"
    assert (limiter.take("a", FEW, 9).wait, limiter.take("a", FEW, 10).taken) == (1, 1)
    assert limiter.take("a", FEW, 1_000).remaining == 5


def test_of_many_lines_those_that_fit_are_taken_and_the_next_one_is_told_when() -> None:
    limiter = Limiter()
    some = limiter.take("a", FEW, 0, 10)
    assert (some.taken, some.remaining, some.wait) == (6, 0, 10)
    assert limiter.take("a", FEW, 20, 2).taken == 2
    none = limiter.take("a", FEW, 20, 2)
    assert (none.taken, none.wait) == (0, 10)


@given(
    st.integers(1, 1_000_000),
    st.sampled_from([1, 60, 3_600]),
    st.lists(st.tuples(st.integers(0, 2_000), st.floats(0, 90)), max_size=12),
)
def test_many_at_once_are_as_many_as_one_by_one(quota: int, window: int, asked: list[tuple[int, float]]) -> None:
    together, apart, now = Limiter(), Limiter(), 1_000.0
    for many, passed in asked:
        now += passed
        at_once = together.take("a", Quota("key", quota, window), now, many).taken
        # Adding the same parts of a second in another order may come to one request less, or more.
        one_by_one = sum(apart.take("a", Quota("key", quota, window), now).taken for _ in range(many))
        assert abs(at_once - one_by_one) <= 1
        assert at_once <= many
