"""Webhooks of a platform on this machine: its admin over HTTP, and a receiver that listens."""

from collections.abc import Iterator
from typing import Any

import pytest
from front import Front, opened
from office import Office
from receiver import Receiver

from riviere.database.database import Database


class Hooks:
    """What the admin asks for, and what arrives."""

    def __init__(self, front: Front, receiver: Receiver) -> None:
        self.front, self.receiver, self.admin = front, receiver, front.as_operator("admin", "ada")
        self.office = Office(front)

    def add(self, *kinds: str) -> str:
        """A new endpoint at the receiver, for all kinds where none is named; its id."""
        asked = {"url": self.receiver.url, "kinds": list(kinds or ("*",))}
        said = self.admin.post("/v1/webhooks", json=asked)
        assert said.status_code == 201, said.text
        self.secret = str(said.json()["secret"])
        return str(said.json()["endpoint"]["id"])

    def ask(self, method: str, address: str, **body: Any) -> dict[str, Any]:
        """Something about endpoints that is done."""
        said = self.admin.request(method, f"/v1/webhooks/{address}", json=body or None)
        assert said.status_code in (200, 202), said.text
        answer: dict[str, Any] = said.json()
        return answer

    def deliveries(self, endpoint: str, **asked: Any) -> list[dict[str, Any]]:
        """What was or is to be delivered, newest first."""
        data: list[dict[str, Any]] = self.admin.get(f"/v1/webhooks/{endpoint}/deliveries", params=asked).json()["data"]
        return data

    def tell(self, subject: str, *numbers: int) -> None:
        """Events that are sent at once, each a second after the one before it."""
        for number in numbers:
            self.front.later(seconds=1)
            self.office.tell(subject, number)
        self.office.send()

    def numbers(self) -> list[int]:
        """Of the events that the receiver took."""
        return [heard.told["data"]["n"] for heard in self.receiver.taken]


@pytest.fixture
def hooks(database: Database) -> Iterator[Hooks]:
    """An API that lets webhooks go to this machine."""
    with Receiver() as receiver, opened(database, local_webhooks=True) as front:
        yield Hooks(front, receiver)
