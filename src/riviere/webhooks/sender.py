"""One try: the signed request, to an address that was looked up and checked, and what came back of it.

Proxies and redirects are not followed. The name is looked up once a connection and the connection goes to the address
that was checked, so a name that changes in between changes nothing; Host and the certificate's name stay the URL's.
"""

import asyncio
import socket
import time
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager, suppress
from datetime import datetime
from typing import Any, Final, Self

import httpcore2
import httpx2
import msgspec
from standardwebhooks import Webhook

from riviere import __version__
from riviere.webhooks import addresses

#: Seconds for a whole try, from the look-up of the name to the status line (Standard Webhooks: 15 to 30).
TIMEOUT: Final = 15
#: Seconds and bytes more that are spent to see what a receiver says beside its status.
_LISTENING: Final = 1
_HEARD: Final = 2_000
#: Characters of it that are kept.
_KEPT: Final = 200


class Letter(msgspec.Struct, frozen=True):
    """What is to be sent: the head of a lane. `failures` is how often in a row it failed, newest secret first."""

    endpoint: str
    subject: str
    failures: int
    event: str
    body: str
    url: str
    secrets: list[str]


class Outcome(msgspec.Struct, frozen=True):
    """What came of a try at `at`: HTTP status, or None where there was no answer, and why in `answer`."""

    letter: Letter
    at: datetime
    ms: int
    status: int | None
    answer: str
    retry_after: str | None

    @property
    def taken(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and 200 <= self.status <= 299


class Sender:
    """Connections to endpoints, some kept open. Use it as an asynchronous context manager."""

    def __init__(self, *, allow_local: bool) -> None:
        """`allow_local` admits addresses of this machine."""
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=httpx2.create_ssl_context(),
            max_connections=None,
            max_keepalive_connections=100,
            keepalive_expiry=30,
            network_backend=_Checked(allow_local=allow_local),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._pool.aclose()

    async def send(self, letter: Letter, at: datetime) -> Outcome:
        """Tries once, signed as of `at`. Whatever goes wrong is in the outcome."""
        begun = time.perf_counter_ns()
        status, trouble, retry_after = None, "", None
        heard = bytearray()
        try:
            async with asyncio.timeout(TIMEOUT) as limit, self._post(letter, at) as response:
                status = response.status
                retry_after = _header(response, b"retry-after")
                limit.reschedule(asyncio.get_running_loop().time() + _LISTENING)
                async for part in response.aiter_stream():
                    heard += part
                    if len(heard) >= _HEARD:
                        break
        except TimeoutError:
            trouble = f"no answer within {TIMEOUT} seconds"
        except Exception as failed:
            # Whatever a receiver, its name or its certificate does is a try that failed, and must not stop the others.
            trouble = f"{type(failed).__name__}: {failed}"
        ms = (time.perf_counter_ns() - begun) // 1_000_000
        # Once the status is there the receiver has spoken, whatever becomes of the rest.
        answer = trouble if status is None else heard.decode("utf-8", "replace")
        return Outcome(letter, at, ms, status, _clean(answer), retry_after)

    def _post(self, letter: Letter, at: datetime) -> AbstractAsyncContextManager[httpcore2.Response]:
        return self._pool.stream("POST", letter.url, headers=headers(letter, at), content=letter.body.encode())


def headers(letter: Letter, at: datetime) -> list[tuple[bytes | str, bytes | str]]:
    """The headers of a try, signed with every secret that holds, newest first."""
    signatures = [Webhook(secret).sign(letter.event, at, letter.body) for secret in letter.secrets]
    return [
        ("content-type", "application/json"),
        ("user-agent", f"Riviere/{__version__}"),
        ("webhook-id", letter.event),
        ("webhook-timestamp", str(int(at.timestamp()))),
        ("webhook-signature", " ".join(signatures)),
    ]


def _header(response: httpcore2.Response, wanted: bytes) -> str | None:
    return next((value.decode("latin-1") for name, value in response.headers if name.lower() == wanted), None)


def _clean(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text[: 2 * _KEPT]).strip()[:_KEPT]


class _Checked(httpcore2.AsyncNetworkBackend):
    """Opens connections to checked addresses only."""

    def __init__(self, *, allow_local: bool) -> None:
        self._allow_local = allow_local
        self._network = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """As httpcore has it, with the look-up and the check before it. Every address of the name must be public."""
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        ips = list(dict.fromkeys(str(address[0]) for *_, address in found))
        for ip in ips:
            addresses.check(ip, allow_local=self._allow_local)
        for ip in ips[:-1]:
            with suppress(httpcore2.ConnectError):
                return await self._network.connect_tcp(ip, port, timeout, local_address, socket_options)
        return await self._network.connect_tcp(ips[-1], port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        """As httpcore has it."""
        await self._network.sleep(seconds)
