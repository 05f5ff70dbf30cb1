"""Times of many gifts or requests, and the quantiles that people compare."""

from collections.abc import Iterable
from typing import Final

import msgspec

#: So many milliseconds, and how often.
Times = list[tuple[float, int]]

P50: Final = 500
P99: Final = 990
P999: Final = 999


class Latency(msgspec.Struct, frozen=True):
    """Milliseconds that half of them did not exceed, and 99 in a hundred."""

    p50_ms: float
    p99_ms: float


def quantile(times: Iterable[tuple[float, int]], permille: int) -> float:
    """The milliseconds that so many in a thousand did not exceed (nearest rank); 0 where there are none."""
    ordered = sorted(times)
    rank = -(-sum(many for _, many in ordered) * permille // 1000)
    for milliseconds, many in ordered:
        rank -= many
        if rank <= 0:
            return round(milliseconds, 3)
    return 0.0


def latency(times: Times) -> Latency:
    """The two quantiles of them."""
    return Latency(quantile(times, P50), quantile(times, P99))


def median(values: Iterable[float]) -> float:
    """The middle one; of an even number the lower of the two."""
    return quantile(((value, 1) for value in values), P50)
