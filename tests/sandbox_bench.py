"""An ASGI application behind a real socket on this machine, for as long as a test needs it."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn

from riviere.payouts.paypal import PayPal
from riviere.sandbox.app import create_sandbox

CLIENT, SECRET = "client", "secret that nobody may read"
#: Long enough for a busy machine, short enough for a test that waits for it.
QUICK = httpx2.Timeout(5, read=5)


@contextmanager
def served(app: Any) -> Iterator[str]:
    """The address that `app` answers at."""
    config = uvicorn.Config(app, port=0, log_config=None, log_level="critical", access_log=False, loop="asyncio")
    config.timeout_graceful_shutdown, config.lifespan = 1, "off"
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.005)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


class Steering:
    """The sandbox's other door: what a test makes it do, and what is true in it."""

    def __init__(self, address: str) -> None:
        self._http = httpx2.Client(base_url=address, auth=(CLIENT, SECRET), timeout=QUICK)

    def close(self) -> None:
        self._http.close()

    def fault(self, operation: str, kind: str, **how: int) -> None:
        """The next calls of an operation go wrong."""
        self._post("faults", {"operation": operation, "kind": kind, **how})

    def turn(self, item: str, status: str) -> None:
        """Gives an item another status, by PayPal's id."""
        self._post(f"items/{item}", {"status": status})

    def lie(self, item: str, **fields: Any) -> None:
        """Says something else of an item than what is true."""
        self._post(f"items/{item}", {"told": fields})

    def batch(self, batch: str, status: str) -> None:
        """Gives a batch a status."""
        self._post(f"batches/{batch}", {"status": status})

    def items(self) -> list[dict[str, Any]]:
        """Every item as it truly is."""
        answer = self._http.get("/_sandbox/items")
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()
        return found

    def _post(self, path: str, body: Any) -> None:
        answer = self._http.post(f"/_sandbox/{path}", json=body)
        assert answer.status_code == 200, answer.text


class Door:
    """A served address behind which every test puts an application of its own: servers are slow to start and stop."""

    address: str
    behind: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.behind(scope, receive, send)


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    """The door of a file of tests."""
    made = Door()
    with served(made) as made.address:
        yield made


class Bench:
    """A client of whatever sandbox is behind a door, and its steering."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.paypal = PayPal(address, CLIENT, SECRET, QUICK)
        self.steering = Steering(address)

    def close(self) -> None:
        self.paypal.close()
        self.steering.close()


@contextmanager
def standing_behind(door: Door, path: Path, **how: Any) -> Iterator[None]:
    """A sandbox whose state is in `path`, behind the door until the end of the block."""
    with closing(create_sandbox(path, CLIENT, SECRET, **how)) as door.behind:
        yield


@contextmanager
def bench(door: Door, path: Path, **how: Any) -> Iterator[Bench]:
    """The same with somebody to use it."""
    with standing_behind(door, path, **how), closing(Bench(door.address)) as made:
        yield made
