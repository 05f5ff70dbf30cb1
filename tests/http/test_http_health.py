"""Whether the server lives, whether it can work, what it has done; and how it comes back when its database died."""

import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
from front import Front, problem
from prometheus_client.parser import text_string_to_metric_families

from riviere import __version__
from riviere.access import keys
from riviere.clock import now
from riviere.database import embedded
from riviere.database.folder import DataFolder
from riviere.economy import offers, people, places, policies
from riviere.economy.catalogue import Catalogue
from riviere.http.app import create_app
from riviere.http.serve import Server
from riviere.ledger.writer import Answer, Draft, Writer
from riviere.office import Office
from riviere.payments import purchases
from riviere.services import Riviere
from riviere.settings import Settings

ASKED = {"sender": "mira", "creator": "aurora", "gift": "rose", "stream": "live"}


def test_a_server_says_that_it_lives_and_can_work(front: Front) -> None:
    stranger = front.stranger()
    assert stranger.get("/v1/health").json() == {"status": "ok", "version": __version__}
    ready = stranger.get("/v1/ready")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    assert ready.json()["database"].startswith("PostgreSQL 1")
    for path in ("/v1/health", "/v1/ready"):
        problem(stranger.get(f"{path}?verbose=1"), 400, "invalid_query")
        problem(stranger.post(path), 405, "method_not_allowed")


def figures(client: httpx2.Client) -> dict[tuple[str, ...], float]:
    """The samples by name and labels."""
    response = client.get("/v1/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def test_every_request_is_counted_by_operation_and_status(front: Front) -> None:
    front.viewer("mira")
    front.creator("aurora")
    front.buy("mira", 10)
    client, reader = front.client("gifts:write"), front.client("ledger:read")
    for number in range(3):
        client.post("/v1/gifts", json=ASKED, headers={"Idempotency-Key": f"k{number}"})
    client.post("/v1/gifts", json=ASKED | {"gift": "moon"}, headers={"Idempotency-Key": "moon"})
    lines = '{"key":"a","sender":"mira","creator":"aurora","gift":"rose","stream":"live"}\n{\n{\n'
    client.post("/v1/gifts/bulk", content=lines, headers={"Content-Type": "application/x-ndjson"})
    seen = figures(reader)
    assert seen["riviere_requests_total", "sendGift", "200"] == 3
    assert seen["riviere_requests_total", "sendGift", "404"] == 1
    assert seen["riviere_requests_total", "sendGifts", "200"] == 1
    assert seen["riviere_bulk_lines_total", "200"] == 1
    assert seen["riviere_bulk_lines_total", "400"] == 2
    assert seen["riviere_request_seconds_count", "sendGift"] == 4
    buckets = [many for name, many in seen.items() if name[0].endswith("_bucket") and "sendGift" in name]
    assert buckets == sorted(buckets)
    assert (len(buckets), buckets[-1]) == (13, 4)
    assert 0 < seen["riviere_request_seconds_sum", "sendGift"] < 60
    assert seen["riviere_waiting",] == 0
    assert ("riviere_requests_total", "getMetrics", "200") not in seen, "the one that is being answered"
    assert figures(reader)["riviere_requests_total", "getMetrics", "200"] == 1


def test_what_waits_is_seen_while_it_waits(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    front.viewer("mira")
    front.creator("aurora")
    front.buy("mira", 100)
    real, taken, go = Writer.keep, threading.Event(), threading.Event()

    def slow(self: Writer, draft: Draft) -> Sequence[Answer]:
        taken.set()
        assert go.wait(20)
        return real(self, draft)

    reader = front.client("ledger:read")
    assert figures(reader)["riviere_waiting",] == 0
    monkeypatch.setattr(Writer, "keep", slow)
    futures = front.giving([front.asked("mira", "aurora")])
    assert taken.wait(20)
    # One is being written; those behind wait.
    futures += front.giving(front.asked("mira", "aurora") for _ in range(5))
    assert figures(reader)["riviere_waiting",] == 5
    go.set()
    for future in futures:
        future.result(20)
    seen = figures(reader)
    assert seen["riviere_waiting",] == 0


def test_only_who_may_see_the_ledger_sees_the_figures(front: Front) -> None:
    front.viewer("mira")
    problem(front.stranger().get("/v1/metrics"), 401, "missing_credentials")
    problem(front.as_user("mira").get("/v1/metrics"), 403, "scope_too_small")
    problem(front.client("gifts:read").get("/v1/metrics"), 403, "scope_too_small")


class Alone:
    """A whole Riviere on an embedded database of its own, which may be killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.riviere = Riviere(Settings(folder, None))
        self.office = Office(self.riviere)
        key = self._open()
        self.server = Server(create_app(self.office), "127.0.0.1", 0)
        self.server.start()
        headers = {"Authorization": f"Bearer {key}"}
        self.client = httpx2.Client(
            base_url=self.server.url, headers=headers, timeout=60, trust_env=False, verify=False
        )

    def _open(self) -> str:
        """Mira has a thousand coins, Aurora is live; answers the key of a back end."""
        at = now()
        connection, signer = self.riviere.connection, self.riviere.signer
        policies.defaults(connection, signer, at)
        offers.add_gift(connection, signer, "rose", "Rose", 1, starts_at=at, now=at)
        terms: dict[str, Any] = {"coins": 1_000, "bonus": 0, "bonus_days": 1, "price": 1_000, "currency": "USD"}
        offers.add_pack(connection, signer, "pack", **terms, starts_at=at, now=at)
        people.register(connection, signer, "mira", now=at)
        aurora = people.register(connection, signer, "aurora", now=at)
        places.open_place(connection, signer, aurora.id, "stream", "live", at)
        office, catalogue = self.office, Catalogue.load(connection)
        buyer: dict[str, Any] = {"user": "mira", "pack": "pack", "key": "coins", "card": "card-ok", "now": at}
        purchases.buy(connection, office.writer, office.processor, catalogue, **buyer)
        return keys.create(connection, "shop", ["gifts:write", "wallets:read"], by="tests", now=at)[1]

    def give(self, key: str) -> httpx2.Response:
        return self.client.post("/v1/gifts", json=ASKED, headers={"Idempotency-Key": key})

    def kill(self) -> None:
        """Kills the database server as a machine out of memory does."""
        os.kill(int((self.folder / "postgres" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)

    def close(self) -> None:
        self.client.close()
        self.server.stop()
        self.office.close()
        self.riviere.close()


@pytest.fixture
def alone(data_folder: Path) -> Iterator[Alone]:
    with closing(Alone(data_folder)) as made:
        yield made


def ready_again(alone: Alone) -> None:
    """Nobody but load balancers asks, and it comes back all the same."""
    deadline = time.monotonic() + 60
    while (response := alone.client.get("/v1/ready")).status_code != 200:
        problem(response, 503, "busy")
        assert response.headers["retry-after"] == "1"
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_database_that_was_killed_is_started_again_though_only_readiness_asks(alone: Alone) -> None:
    assert alone.give("before").status_code == 200
    for _ in range(2):
        alone.kill()
        ready_again(alone)
    assert alone.give("before").json()["repeated"] is True
    assert alone.give("after").status_code == 200
    assert alone.client.get("/v1/users/aurora/wallet").json()["diamonds"] == "2"


def test_gifts_under_way_when_the_database_is_killed_are_booked_once(alone: Alone) -> None:
    def give(number: int) -> int:
        return alone.give(f"k{number}").status_code

    with ThreadPoolExecutor(16) as pool:
        asked = [pool.submit(give, number) for number in range(200)]
        while not asked[40].done():
            time.sleep(0.001)
        alone.kill()
        first = [future.result(60) for future in asked]
    assert set(first) <= {200, 503}
    again = [give(number) for number in range(200)]
    assert again == [200] * 200
    assert alone.client.get("/v1/users/aurora/wallet").json()["diamonds"] == "200"
    assert alone.riviere.verify().ok


def test_while_the_database_is_away_readiness_says_so_within_seconds_and_health_goes_on(
    alone: Alone, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(folder: DataFolder) -> str:
        raise embedded.ServerFailed(reason="no space left", log="server.log")

    monkeypatch.setattr(embedded, "start", fails)
    alone.kill()
    begun = time.monotonic()
    document = problem(alone.client.get("/v1/ready"), 503, "busy")
    assert time.monotonic() - begun < 15
    assert "no space left" not in document.detail, "what the server says about itself is for its log"
    assert alone.client.get("/v1/health").status_code == 200
    problem(alone.client.get("/v1/users/aurora/wallet"), 503, "busy")
    time.sleep(2)
    monkeypatch.undo()
    back = time.monotonic()
    ready_again(alone)
    assert time.monotonic() - back < 15, "the longer it was away the longer it takes to be noticed"
    assert alone.give("after").status_code == 200
