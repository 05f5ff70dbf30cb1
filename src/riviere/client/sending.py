"""How calls are sent and answered: once for programs that wait, once for those that do not."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import replace
from typing import Any, Final, Generic, Self, TypeVar

import httpx2
import msgspec

from riviere import __version__, ids
from riviere.client.call import Answer, Call
from riviere.client.errors import BadAddress, BadClientKey, NoAnswer, ProblemError, StrangeAnswer
from riviere.client.tries import Outcome, Tries
from riviere.wire.common import Page, Problem

Item = TypeVar("Item")

#: Seconds that one try may take, tries of one call at the most, and seconds for all of them.
TIMEOUT: Final = 10
ATTEMPTS: Final = 6
DEADLINE: Final = 60


class Terms:
    """Where a client sends its calls, as whom, and with how much patience."""

    def __init__(
        self, url: str, key: str, *, timeout: int = TIMEOUT, attempts: int = ATTEMPTS, deadline: int = DEADLINE
    ) -> None:
        """`key` is an API key or a user's token. `timeout` is in seconds for one try, `deadline` for all.

        Raises BadAddress or BadClientKey.
        """
        try:
            address = httpx2.URL(url.rstrip("/"))
        except httpx2.InvalidURL:
            raise BadAddress(got=repr(url)[:100]) from None
        if address.scheme not in ("http", "https") or not address.host:
            raise BadAddress(got=repr(url)[:100])
        word = key.strip()
        if not (word.isascii() and word.isprintable()) or not word or " " in word:
            raise BadClientKey
        self.url: Final = str(address).rstrip("/")
        #: Whom to trust takes a while to read, and nobody asks on a plain connection.
        self.encrypted: Final = address.scheme == "https"
        self.timeout: Final = timeout
        self.attempts: Final = attempts
        self.deadline: Final = deadline
        self.headers: Final = {"Authorization": f"Bearer {word}", "User-Agent": f"riviere-python/{__version__}"}

    def tries(self, call: Call[Any]) -> Tries:
        """The tries of a call."""
        return Tries(call, self.attempts, self.deadline * 1000, lambda: int.from_bytes(ids.salt(2)))

    def request(self, call: Call[Any]) -> dict[str, Any]:
        """The arguments of the HTTP library."""
        return {
            "method": call.method,
            "url": self.url + call.path,
            "params": call.query or None,
            "headers": call.headers(),
            "content": call.content(),
        }

    def result(self, call: Call[Answer], outcome: Outcome) -> Answer:
        """The answer. Raises ProblemError, NoAnswer or StrangeAnswer."""
        if isinstance(outcome, httpx2.RequestError):
            reason = str(outcome) or type(outcome).__name__
            raise NoAnswer(self.url, reason, call.key, repeatable=call.repeatable) from outcome
        if outcome.is_success:
            try:
                return call.decoded(outcome.content)
            except ValueError as wrong:
                raise StrangeAnswer(self.url, str(wrong), call.key) from wrong
        try:
            problem = msgspec.json.decode(outcome.content, type=Problem)
        except ValueError:
            raise StrangeAnswer(self.url, f"status {outcome.status_code}", call.key) from None
        raise ProblemError(problem, call.key)


def passed(since: float) -> int:
    """Milliseconds since then."""
    return int((time.monotonic() - since) * 1000)


class Sender(Terms):
    """Sends calls and waits for their answers. Threads may share one. Close it, or use it as a context manager."""

    def __init__(
        self, url: str, key: str, *, timeout: int = TIMEOUT, attempts: int = ATTEMPTS, deadline: int = DEADLINE
    ) -> None:
        super().__init__(url, key, timeout=timeout, attempts=attempts, deadline=deadline)
        self._http = httpx2.Client(headers=self.headers, timeout=timeout, verify=self.encrypted)

    def do(self, call: Call[Answer]) -> Answer:
        """The answer to a call, tried again as needed. Raises ProblemError, NoAnswer or StrangeAnswer."""
        request, tries, begun = self.request(call), self.tries(call), time.monotonic()
        while True:
            outcome: Outcome
            try:
                outcome = self._http.request(**request)
            except httpx2.RequestError as lost:
                outcome = lost
            wait = tries.wait(outcome, passed(begun))
            if wait is None:
                return self.result(call, outcome)
            time.sleep(wait / 1000)

    def streaming(self, **request: Any) -> AbstractContextManager[httpx2.Response]:
        """An answer that is read as it comes, tried once."""
        return self._http.stream(**request)

    def close(self) -> None:
        """Gives the connections back."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncSender(Terms):
    """Sends calls for one event loop. Close it, or use it as an asynchronous context manager."""

    def __init__(
        self, url: str, key: str, *, timeout: int = TIMEOUT, attempts: int = ATTEMPTS, deadline: int = DEADLINE
    ) -> None:
        super().__init__(url, key, timeout=timeout, attempts=attempts, deadline=deadline)
        self._http = httpx2.AsyncClient(headers=self.headers, timeout=timeout, verify=self.encrypted)

    async def do(self, call: Call[Answer]) -> Answer:
        """The answer to a call, tried again as needed. Raises ProblemError, NoAnswer or StrangeAnswer."""
        request, tries, begun = self.request(call), self.tries(call), time.monotonic()
        while True:
            outcome: Outcome
            try:
                outcome = await self._http.request(**request)
            except httpx2.RequestError as lost:
                outcome = lost
            wait = tries.wait(outcome, passed(begun))
            if wait is None:
                return self.result(call, outcome)
            await asyncio.sleep(wait / 1000)

    def streaming(self, **request: Any) -> AbstractAsyncContextManager[httpx2.Response]:
        """An answer that is read as it comes, tried once."""
        return self._http.stream(**request)

    async def close(self) -> None:
        """Gives the connections back."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class Pages(Generic[Item]):
    """A list: iterate over it for everything, or ask for a `page` to hand on to somebody who reads it in parts."""

    def __init__(self, sender: Sender, call: Call[Page[Item]]) -> None:
        self._sender = sender
        self._call = call

    def page(self) -> Page[Item]:
        """The first page, from the query's cursor on; its `next` is the cursor of the one after it."""
        return self._sender.do(self._call)

    def __iter__(self) -> Iterator[Item]:
        call: Call[Page[Item]] | None = self._call
        while call is not None:
            page = self._sender.do(call)
            yield from page.data
            call = _after(call, page)


class AsyncPages(Generic[Item]):
    """A list: iterate over it for everything, or ask for a `page` to hand on to somebody who reads it in parts."""

    def __init__(self, sender: AsyncSender, call: Call[Page[Item]]) -> None:
        self._sender = sender
        self._call = call

    async def page(self) -> Page[Item]:
        """The first page, from the query's cursor on; its `next` is the cursor of the one after it."""
        return await self._sender.do(self._call)

    async def __aiter__(self) -> AsyncIterator[Item]:
        call: Call[Page[Item]] | None = self._call
        while call is not None:
            page = await self._sender.do(call)
            for item in page.data:
                yield item
            call = _after(call, page)


def _after(call: Call[Page[Item]], page: Page[Item]) -> Call[Page[Item]] | None:
    """The call for the page after this one, if there is one."""
    return None if page.next is None else replace(call, query={**call.query, "cursor": page.next})
