"""Creators who redeem over HTTP, and the sandbox that pays them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from front import Front

from riviere.http.serve import Server
from riviere.payouts.checking import check_redemptions
from riviere.payouts.clerk import advance_due
from riviere.payouts.paypal import PayPal
from riviere.sandbox.app import create_sandbox

#: One currency, one method, a fee of 1.5 % and $0.10: the figures that a new economy starts with.
ASKED = {"method": "paypal", "currency": "USD"}


class Cashier:
    """What creators and the platform do about payouts, each over HTTP."""

    def __init__(self, front: Front, paypal: PayPal, sandbox: httpx2.Client) -> None:
        self.front, self._paypal, self._sandbox = front, paypal, sandbox
        self.backend = front.client("users:read", "identity:write", "policies:write", "purchases:write", "gifts:write")

    def creator(self, name: str, diamonds: int, receiver: str = "") -> httpx2.Client:
        """A verified creator with so many matured diamonds and a payout method, speaking for themselves."""
        self.front.creator(name)
        self.earn(name, diamonds)
        self.front.later(days=8)
        self.identify(name, "verified")
        speaking = self.front.as_user(name)
        self.pay_to(speaking, name, receiver or f"{name}@example.com")
        return speaking

    def identify(self, name: str, state: str) -> None:
        """Says what an identity check came to."""
        assert self.backend.put(f"/v1/users/{name}/identity", json={"state": state}).status_code == 200

    def earn(self, name: str, diamonds: int) -> None:
        """Roses from a new fan, who bought the coins for them."""
        fan = f"fan {self.front.key()}"
        self.front.viewer(fan)
        self.front.buy(fan, diamonds)
        self.front.give(fan, name, "rose", diamonds)

    def pay_to(self, creator: httpx2.Client, name: str, receiver: str) -> None:
        """Sets where a creator is paid."""
        said = creator.put(f"/v1/users/{name}/payout-method", json={**ASKED, "receiver": receiver})
        assert said.status_code == 200, said.text

    def quote(self, creator: httpx2.Client, name: str, diamonds: str) -> dict[str, Any]:
        """Asks what diamonds bring."""
        said = creator.post(f"/v1/users/{name}/quotes", json={**ASKED, "diamonds": diamonds})
        assert said.status_code == 201, said.text
        answer: dict[str, Any] = said.json()
        return answer

    def ask(self, creator: httpx2.Client, name: str, quote: dict[str, Any], key: str | None = None) -> httpx2.Response:
        """Accepts a quote."""
        headers = {"Idempotency-Key": key or self.front.key()}
        return creator.post(f"/v1/users/{name}/redemptions", json={"quote": quote["id"]}, headers=headers)

    def follow(self, creator: httpx2.Client, name: str, redemption: str) -> dict[str, Any]:
        """A redemption as its creator sees it."""
        said = creator.get(f"/v1/users/{name}/redemptions/{redemption}")
        assert said.status_code == 200, said.text
        answer: dict[str, Any] = said.json()
        return answer

    def rounds(self, times: int = 3) -> None:
        """Lets the clerk work, with enough time between for whatever it waits for."""
        for _ in range(times):
            self.front.now += timedelta(hours=7)
            advance_due(
                self.front.connection, self.front.office.writer, {self._paypal.name: self._paypal}, self.front.now
            )

    def redeem(self, creator: httpx2.Client, name: str, diamonds: str = "10000", key: str | None = None) -> str:
        """Quote and request in one; the redemption's id."""
        said = self.ask(creator, name, self.quote(creator, name, diamonds), key)
        assert said.status_code == 201, said.text
        return str(said.json()["id"])

    def course(self, creator: httpx2.Client, name: str, redemption: str) -> list[str]:
        """The states that a redemption went through."""
        return [step["state"] for step in self.follow(creator, name, redemption)["steps"]]

    def items(self) -> list[dict[str, Any]]:
        """What the sandbox truly has."""
        found: list[dict[str, Any]] = self._sandbox.get("/_sandbox/items").json()
        return found

    def steer(self, path: str, **told: Any) -> None:
        """Has the sandbox fail or lie (src/riviere/sandbox/control.py)."""
        assert self._sandbox.post(f"/_sandbox/{path}", json=told).status_code == 200

    def wallet(self, creator: httpx2.Client, name: str) -> dict[str, Any]:
        """Their balances."""
        answer: dict[str, Any] = creator.get(f"/v1/users/{name}/wallet").json()
        return answer

    def announce(self, name: str, scope: str, **figure: str) -> None:
        """A policy from now on."""
        said = self.backend.post("/v1/policies", json={"name": name, "scope": scope, **figure})
        assert said.status_code == 201, said.text


@contextmanager
def cashier(front: Front, folder: Path) -> Iterator[Cashier]:
    """A cashier with a sandbox of its own. Whatever happens, redemptions and ledger agree at the end."""
    with ExitStack() as opened:
        sandbox = Server(
            create_sandbox(folder / "sandbox.sqlite", "riviere", "secret", lambda: front.now), "127.0.0.1", 0
        )
        sandbox.start()
        opened.callback(sandbox.stop)
        steering = httpx2.Client(base_url=sandbox.url, auth=("riviere", "secret"), trust_env=False, verify=False)
        paypal = opened.enter_context(PayPal(sandbox.url, "riviere", "secret"))
        yield Cashier(front, paypal, opened.enter_context(steering))
        with front.connection.transaction():
            checked = check_redemptions(front.connection)
        assert checked.ok, checked.detail


@pytest.fixture
def payouts(front: Front, tmp_path: Path) -> Iterator[Cashier]:
    """A cashier in front of an API that nobody has used yet."""
    with cashier(front, tmp_path) as made:
        yield made
