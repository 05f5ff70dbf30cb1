"""Where the bars of a chart stand, and how dark the hours of a week are. Pure; a drawing is 1,000 wide and 200 high."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

WIDTH: Final = 1_000
HEIGHT: Final = 200

#: Shades of the week beside none.
SHADES: Final = 4


class Bar(NamedTuple):
    """One bar: its left edge, its top, its width and height."""

    x: int
    y: int
    width: int
    height: int


class Pair(NamedTuple):
    """One step: when it begins, its part of the drawing, and what it and that of the period before came to."""

    begins: datetime
    x: int
    width: int
    value: Decimal
    earlier: Decimal
    bar: Bar
    pale: Bar


def pairs(
    steps: Sequence[datetime],
    now: Mapping[datetime, Decimal],
    steps_before: Sequence[datetime],
    before: Mapping[datetime, Decimal],
) -> list[Pair]:
    """The bars of a period, each beside the one of the period before; the highest reaches the top."""
    values = [now.get(step, Decimal()) for step in steps]
    # Months differ: the 31st has no day beside it.
    earlier = [before.get(step, Decimal()) for step in [*steps_before, *steps][: len(steps)]]
    top = max([*values, *earlier, Decimal(1)])
    wide = WIDTH // len(steps)
    thick = max(2, wide * 2 // 5)
    return [
        Pair(
            step,
            wide * number,
            wide,
            value,
            old,
            _bar(wide * number + wide // 2, thick, value / top),
            _bar(wide * number + wide // 2 - thick, thick, old / top),
        )
        for number, (step, value, old) in enumerate(zip(steps, values, earlier, strict=True))
    ]


def shades(week: Mapping[int, Decimal]) -> list[int]:
    """For each hour of the week from Monday on how dark it is: 0 for nothing, SHADES for the most."""
    top = max(week.values(), default=Decimal())
    return [_shade(week.get(hour, Decimal()), top) for hour in range(168)]


def _shade(value: Decimal, top: Decimal) -> int:
    return 0 if value <= 0 else max(1, -int(-value * SHADES // top))


def _bar(x: int, width: int, part: Decimal) -> Bar:
    # What is there at all is seen: two units high at least.
    height = max(2, int(part * HEIGHT)) if part > 0 else 0
    return Bar(x, HEIGHT - height, width, height)
