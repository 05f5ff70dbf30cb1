"""Many gifts in one request: how a test asks for them and reads the answer."""

import json
import time
from collections.abc import Callable, Iterable
from typing import Any

import httpx2
import msgspec
from front import Front

from riviere.wire.gifts import BulkAnswer

NDJSON = {"Content-Type": "application/x-ndjson"}


def set_up(front: Front) -> Front:
    front.viewer("mira")
    front.creator("aurora")
    front.buy("mira", 100_000)
    return front


def line(key: str, **other: Any) -> bytes:
    """A rose from Mira, unless `other` says something else."""
    usual = {"key": key, "sender": "mira", "creator": "aurora", "gift": "rose", "stream": "live"}
    return json.dumps(usual | other).encode()


def send(front: Front, body: bytes | Iterable[bytes], client: httpx2.Client | None = None) -> list[BulkAnswer]:
    """What a bulk request is answered with, line by line."""
    client = client or front.client("gifts:write")
    response = client.post("/v1/gifts/bulk", content=body, headers=NDJSON, timeout=120)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == NDJSON["Content-Type"]
    return [msgspec.json.decode(one, type=BulkAnswer) for one in response.content.splitlines()]


def codes(answers: Iterable[BulkAnswer]) -> list[str]:
    return [answer.problem.code if answer.problem else "booked" for answer in answers]


def earned(front: Front) -> int:
    return front.wallet("aurora").diamonds // 1_000


def soon(true: Callable[[], bool]) -> None:
    """Waits until it is true."""
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)
