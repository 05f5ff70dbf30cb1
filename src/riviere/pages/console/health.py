"""Live health: this server's own figures, in words and numbers. Others have their own; Prometheus adds them up."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from riviere.http.dispatch import worked
from riviere.pages.page import Shown, page
from riviere.pages.visit import Visit


class Operation(NamedTuple):
    """What this server did of one operation since it started."""

    name: str
    requests: int
    refused: int
    broken: int
    milliseconds: float


class Measured(NamedTuple):
    """The figures that say how it goes: gifts that wait to be durable, orders at the writer, clients that follow."""

    gifts_waiting: int
    waiting: int
    followers: int
    requests: int
    broken: int
    lines: int
    operations: list[Operation]


@page("GET", "/console/health", who="operator", scope="ledger:read")
async def health(visit: Visit) -> Shown:
    """How this server does."""
    facts = {
        "measured": await measured(visit),
        "lives": await visit.ask_soon("getHealth"),
        "ready": await worked(visit.front, lambda: visit.ask("getReadiness")),
    }
    return Shown("console/health.html", facts)


async def measured(visit: Visit) -> Measured:
    """The figures out of Prometheus's text."""
    return read(await visit.ask_soon("getMetrics"))


def read(text: str) -> Measured:
    """The figures that matter, out of Prometheus's text."""
    single: dict[str, float] = defaultdict(float)
    by_operation: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            single[sample.name] += sample.value
            operation = sample.labels.get("operation")
            if operation is not None:
                by_operation[operation][_figure(sample.name, sample.labels)] += sample.value
    operations = [_operation(name, figures) for name, figures in by_operation.items()]
    return Measured(
        int(single["riviere_gifts_waiting"]),
        int(single["riviere_waiting"]),
        int(single["riviere_followers"]),
        sum(row.requests for row in operations),
        sum(row.broken for row in operations),
        int(single["riviere_bulk_lines_total"]),
        sorted(operations, key=lambda row: -row.requests),
    )


def _figure(name: str, labels: Mapping[str, str]) -> str:
    """Requests by the first digit of their status; the rest by their own name."""
    return labels["status"][:1] if name == "riviere_requests_total" else name


def _operation(name: str, figures: Mapping[str, Any]) -> Operation:
    requests = int(sum(figures.get(digit, 0) for digit in "12345"))
    seconds, counted = figures.get("riviere_request_seconds_sum", 0), figures.get("riviere_request_seconds_count", 0)
    took = round(1000 * seconds / counted, 1) if counted else 0.0
    return Operation(name, requests, int(figures.get("4", 0)), int(figures.get("5", 0)), took)
