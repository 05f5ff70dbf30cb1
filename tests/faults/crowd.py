"""A crowd before the API: many clients at once, each noting what it sent and what was answered."""

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from urllib.parse import urlsplit

from shop import CREATORS, VIEWERS

#: Seconds that a client waits for an answer: far more than any takes.
_PATIENCE = 30


class Crowd:
    """`size` clients that send single roses, each under a key of its own, until the server is gone or they are stopped.

    `sent` and `answered` are numbers of gifts; `wrong` is whatever was answered that is neither a gift nor "later".
    """

    def __init__(self, url: str, key: str, size: int, numbers: Iterator[int] | None = None) -> None:
        self._where = urlsplit(url).netloc
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._numbers = numbers or count()
        self._stop = threading.Event()
        self.sent: set[int] = set()
        self.answered: set[int] = set()
        self.wrong: list[str] = []
        self._threads = [threading.Thread(target=self._client, daemon=True) for _ in range(size)]
        for thread in self._threads:
            thread.start()

    def gone(self) -> None:
        """Waits until every client has noticed that nobody answers any more."""
        self._stop.set()
        self.finished()

    def finished(self) -> None:
        """Waits until every number is sent."""
        for thread in self._threads:
            thread.join(_PATIENCE * 2)
            assert not thread.is_alive(), "a client hangs"

    def _client(self) -> None:
        connection = http.client.HTTPConnection(self._where, timeout=_PATIENCE)
        with suppress(OSError, http.client.HTTPException):
            for number in self._numbers:
                if self._stop.is_set():
                    break
                self._send(connection, number)
        connection.close()

    def _send(self, connection: http.client.HTTPConnection, number: int) -> None:
        asked = {
            "sender": VIEWERS[number % len(VIEWERS)],
            "creator": CREATORS[number % len(CREATORS)],
            "gift": "rose",
            "stream": "live",
        }
        self.sent.add(number)
        headers = self._headers | {"Idempotency-Key": f"gift-{number}"}
        connection.request("POST", "/v1/gifts", json.dumps(asked), headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status == 200:
            self.answered.add(number)
        elif answer.status != 503:
            self.wrong.append(f"{number}: {answer.status} {body.decode()}")
