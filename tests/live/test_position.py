"""How far somebody has read: what is written is read again, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riviere.live.position import BadPosition, Position

NUMBERS = st.integers(0, 2**63 - 1)


@given(NUMBERS, NUMBERS)
def test_a_position_comes_back_as_it_was_written(entry: int, notice: int) -> None:
    assert Position.read(str(Position(entry, notice))) == (entry, notice)


@pytest.mark.parametrize("text", ["", "7", "7.", ".7", "1.2.3", "-1.2", "01.2", "1.2 ", "¹.2", "1e3.0", f"{2**63}.0"])
def test_what_no_feed_ever_said_is_no_position(text: str) -> None:
    with pytest.raises(BadPosition):
        Position.read(text)


def test_one_position_covers_another_only_in_both_its_numbers() -> None:
    assert Position(3, 3).covers(Position(3, 2))
    assert not Position(3, 3).covers(Position(2, 4))
    assert not Position(3, 3).covers(Position(4, 2))
