"""Figures of this server for Prometheus.

Requests are counted here and not by prometheus_client's own counters, which look labels up under a lock each time: all
of it happens in the server's one thread, so a dictionary will do.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from riviere.http.tray import Tray
from riviere.office import Office

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

#: Seconds: from a read out of memory to a request that waited for a crowded database.
_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
_BOUNDS: Final = [*map(str, _BUCKETS), "+Inf"]


class _Times:
    """How long requests took: how many of them up to each bound, and all together."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * len(_BOUNDS)
        self.total = 0.0


class Metrics:
    """Counters of one server process, for its thread alone."""

    def __init__(self, office: Office, tray: Tray) -> None:
        self._office = office
        self._tray = tray
        self._requests: Counter[tuple[str, int]] = Counter()
        self._seconds: defaultdict[str, _Times] = defaultdict(_Times)
        self._lines: Counter[int] = Counter()
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def answered(self, operation: str, status: int, seconds: float) -> None:
        """One request was answered."""
        self._requests[operation, status] += 1
        times = self._seconds[operation]
        times.counts[bisect_left(_BUCKETS, seconds)] += 1
        times.total += seconds

    def line(self, status: int) -> None:
        """One line of a bulk request was answered."""
        self._lines[status] += 1

    def text(self) -> str:
        """Everything, in Prometheus's text format."""
        return generate_latest(self._registry).decode()

    def collect(self) -> Iterator[Metric]:
        """Everything, as prometheus_client asks for it."""
        requests = CounterMetricFamily("riviere_requests", "Requests answered.", labels=("operation", "status"))
        for (operation, status), many in self._requests.items():
            requests.add_metric((operation, str(status)), many)
        yield requests
        seconds = HistogramMetricFamily("riviere_request_seconds", "Time to answer.", labels=("operation",))
        for operation, times in self._seconds.items():
            buckets = list(zip(_BOUNDS, accumulate(times.counts), strict=True))
            seconds.add_metric((operation,), buckets, times.total)
        yield seconds
        lines = CounterMetricFamily("riviere_bulk_lines", "Lines of bulk requests answered.", labels=("status",))
        for status, many in self._lines.items():
            lines.add_metric((str(status),), many)
        yield lines
        yield GaugeMetricFamily("riviere_gifts_waiting", "Gifts that wait to be durable.", self._tray.under_way)
        yield GaugeMetricFamily("riviere_followers", "Clients that follow a feed.", self._office.feed.followers)
        yield GaugeMetricFamily("riviere_waiting", "Orders that wait to be written.", self._office.writer.waiting())
