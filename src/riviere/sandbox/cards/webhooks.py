"""Webhooks: events on their way to the account's endpoints, signed, tried until one answers 2xx, in their own order.

The signature is Stripe's (docs.stripe.com/webhooks): `Stripe-Signature: t=…,v1=…`, where v1 is the HMAC-SHA256 of
`{t}.{body}` under the endpoint's secret.
"""

import asyncio
import hashlib
import hmac
from typing import Any, Final

import aiohttp
import msgspec

from riviere import clock
from riviere.sandbox.cards.store import Delivered, Delivery, Endpoint, Store

#: Seconds before the first repetition, which double up to the longest. Stripe waits for hours and goes on for up to
#: three days; who tries things out on their own machine would not.
FIRST_PAUSE: Final = 0.25
LONGEST_PAUSE: Final = 60.0
#: Seconds that an endpoint may take, and webhooks that are sent at once.
PATIENCE: Final = 10.0
AT_ONCE: Final = 10


class Webhooks:
    """What sends them: a task beside the server."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._news = asyncio.Event()
        self._http: aiohttp.ClientSession | None = None

    async def run(self) -> None:
        """Sends what is due until it is cancelled."""
        timeout = aiohttp.ClientTimeout(total=PATIENCE)
        async with aiohttp.ClientSession(timeout=timeout) as self._http:
            while True:
                self._news.clear()
                waiting = [one for one in self._store.every(Delivery) if not one.held]
                now = clock.now().timestamp()
                due = [one for one in waiting if one.due <= now][:AT_ONCE]
                await asyncio.gather(*[self.deliver(one) for one in due])
                if not due:
                    soonest = min((one.due - now for one in waiting), default=LONGEST_PAUSE)
                    try:
                        await asyncio.wait_for(self._news.wait(), soonest)
                    except TimeoutError:
                        continue

    def wake(self) -> None:
        """There may be something new to send."""
        self._news.set()

    async def deliver(self, delivery: Delivery) -> int | None:
        """Sends one and writes down what came of it: the status, or nothing where nobody answered."""
        event = self._store.object("event", delivery.event)
        endpoint = self._store.get(Endpoint, delivery.endpoint)
        assert event is not None, "a delivery is kept together with its event"
        if endpoint is not None:
            body = written(event)
            delivery.status = await self.post(endpoint.url, body, signature(body, endpoint.secret))
            delivery.tries += 1
            delivery.held = False
            pause = min(FIRST_PAUSE * 2 ** min(delivery.tries - 1, 20), LONGEST_PAUSE)
            delivery.due = clock.now().timestamp() + pause
        over = endpoint is None or (delivery.status is not None and 200 <= delivery.status < 300)
        with self._store.transaction():
            if over:
                self._store.drop(Delivery, delivery.id)
                self._store.put(Delivered(**msgspec.structs.asdict(delivery)))
            else:
                self._store.put(delivery)
        return delivery.status

    async def post(self, url: str, body: bytes, signed: str | None) -> int | None:
        """Sends a body, and answers the status that came back, if one did."""
        assert self._http is not None, "webhooks are sent while they run"
        headers = {"content-type": "application/json; charset=utf-8", "user-agent": "Stripe/1.0"}
        if signed is not None:
            headers["stripe-signature"] = signed
        try:
            async with self._http.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                return answer.status
        except (aiohttp.ClientError, TimeoutError):
            return None


def written(event: dict[str, Any]) -> bytes:
    """An event as it is sent."""
    return msgspec.json.format(msgspec.json.encode(event), indent=2)


def signature(body: bytes, secret: str, age: int = 0) -> str:
    """The header over a body, made `age` seconds ago."""
    at = int(clock.now().timestamp()) - age
    made = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={made}"
