"""The stand-in for Stripe as a process, an account there, and an endpoint that hears its webhooks."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import stripe

from riviere.sandbox.cards import PUBLISHABLE_KEY, SECRET_KEY, StripeHouse

#: What the endpoints of tests sign with.
WEBHOOK_SECRET = "whsec_of_a_test"
#: Long enough for a busy machine, in seconds.
PATIENCE = 20


class Hook:
    """An endpoint for webhooks: remembers what came, and answers the next of `statuses`, or else 200."""

    def __init__(self) -> None:
        self.heard: list[tuple[str | None, bytes]] = []
        self.statuses: list[int] = []
        hook = self

        class Answering(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                hook.heard.append((self.headers["stripe-signature"], body))
                self.send_response(hook.statuses.pop(0) if hook.statuses else 200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing: the tests look at what was heard."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/stripe"

    def events(self) -> list[stripe.Event]:
        """What came, each with a true signature of ours."""
        return [stripe.Webhook.construct_event(body, signed, WEBHOOK_SECRET) for signed, body in [*self.heard]]

    def types(self, about: str | None = None) -> list[str]:
        """The types of what came, in order; of one object, if it is named."""
        return [one.type for one in self.events() if about is None or one.data.object["id"] == about]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Account:
    """Somebody who has an account there: calls by Stripe's own package, which repeats none, and the steering."""

    def __init__(self, house: StripeHouse) -> None:
        self.url = house.url
        self._transport = stripe.RequestsClient(timeout=PATIENCE)
        self.stripe = stripe.StripeClient(
            SECRET_KEY, base_addresses={"api": house.url}, http_client=self._transport, max_network_retries=0
        ).v1
        self.http = httpx2.Client(base_url=house.url, timeout=PATIENCE)
        self.secret = SECRET_KEY
        self._secret = {"authorization": f"Bearer {SECRET_KEY}"}

    def close(self) -> None:
        self._transport.close()
        self.http.close()

    def steer(self, path: str, **body: Any) -> Any:
        """Has the stand-in do something, and answers what it answered."""
        answer = self.http.post(f"/_sandbox/{path}", json=body, headers=self._secret)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def seen(self, path: str) -> list[dict[str, Any]]:
        """What the stand-in knows of what was asked, or of its webhooks."""
        found: list[dict[str, Any]] = self.http.get(f"/_sandbox/{path}", headers=self._secret).json()
        return found

    def by_page(self, method: str, intent: str, step: str = "", **fields: str) -> httpx2.Response:
        """A call of a page, with the publishable key."""
        said = {"key": PUBLISHABLE_KEY, **fields}
        path = f"/v1/payment_intents/{intent}{step}"
        return self.http.get(path, params=said) if method == "GET" else self.http.post(path, data=said)

    def bought(self, card: str = "pm_card_visa", amount: int = 499, **more: Any) -> stripe.PaymentIntent:
        """A PaymentIntent, confirmed at once with a card."""
        return self.stripe.payment_intents.create(
            {"amount": amount, "currency": "usd", "confirm": True, "payment_method": card, **more}
        )


def until(true: Callable[[], object], what: str) -> None:
    """Waits for something that another process does."""
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < PATIENCE, f"in vain: {what}"
        time.sleep(0.01)


@contextmanager
def standing(folder: Path, hook: Hook | None = None) -> Iterator[tuple[StripeHouse, Account]]:
    """A stand-in that keeps its state in `folder`, and somebody with an account there."""
    house = StripeHouse(folder, [(hook.url, WEBHOOK_SECRET)] if hook else []).start()
    account = Account(house)
    try:
        yield house, account
    finally:
        account.close()
        house.stop()
