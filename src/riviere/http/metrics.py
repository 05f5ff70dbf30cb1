"""Figures of this server for Prometheus."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from riviere.office import Office

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

#: Seconds: from a read out of memory to a request that waited for a crowded database.
_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class Metrics:
    """Counters of one server process, in a registry of their own."""

    def __init__(self, office: Office) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "riviere_requests", "Requests answered.", ("operation", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "riviere_request_seconds", "Time to answer.", ("operation",), buckets=_BUCKETS, registry=self._registry
        )
        self._lines = Counter(
            "riviere_bulk_lines", "Lines of bulk requests answered.", ("status",), registry=self._registry
        )
        waiting = Gauge(
            "riviere_waiting",
            "Gifts that wait to be priced, orders that wait to be written.",
            ("where",),
            registry=self._registry,
        )
        waiting.labels("desk").set_function(office.desk.waiting)
        waiting.labels("writer").set_function(office.writer.waiting)

    def answered(self, operation: str, status: int, seconds: float) -> None:
        """One request was answered."""
        self._requests.labels(operation, status).inc()
        self._seconds.labels(operation).observe(seconds)

    def line(self, status: int) -> None:
        """One line of a bulk request was answered."""
        self._lines.labels(status).inc()

    def text(self) -> str:
        """Everything, in Prometheus's text format."""
        return generate_latest(self._registry).decode()
