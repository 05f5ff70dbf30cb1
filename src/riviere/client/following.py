"""A feed as a program follows it: events one after the other, through breaks and restarts of the server.

    for event in client.follow_stream("aurora", "live"):
        ...

Each message says which one came before it, so nothing is passed over unseen. Whoever wants to go on another day keeps
the feed's `last`, and gives it as `FeedQuery(after=...)`.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any, Final

import httpx2

from riviere.client.call import Call
from riviere.client.errors import StrangeAnswer
from riviere.client.sending import AsyncSender, Sender, Terms, passed
from riviere.client.tries import FIRST, Outcome
from riviere.wire.feed import EVENT_STREAM, Frame, Happening

#: Seconds without a byte after which a connection is taken for dead: every 15 a quiet feed says that it is there.
SILENCE: Final = 45
#: It comes back as long as the client's deadline lets it: a server that starts anew takes more than a few tries.
_ATTEMPTS: Final = 1_000


class _Following:
    """How far a feed was read, and whether to come back after a break."""

    def __init__(self, terms: Terms, call: Call[Frame]) -> None:
        self._terms = terms
        self._call = call
        #: The id of the last message that was read: what to go on from.
        self.last: str | None = call.query.get("after")
        self._id = ""
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._tries, self._begun = replace(self._terms.tries(self._call), attempts=_ATTEMPTS), time.monotonic()

    def _request(self) -> dict[str, Any]:
        request = self._terms.request(self._call)
        request["headers"] |= {"Accept": EVENT_STREAM} | ({} if self.last is None else {"Last-Event-ID": self.last})
        return request | {"timeout": httpx2.Timeout(self._terms.timeout, read=SILENCE)}

    def _heard(self, line: str) -> list[Happening]:
        """The events of a message, when the line with its data comes. Raises StrangeAnswer where one is missing."""
        name, _, value = line.partition(": ")
        if name == "id":
            self._id = value
        if name != "data":
            return []
        try:
            frame = self._call.decoded(value.encode())
        except ValueError as wrong:
            raise StrangeAnswer(self._terms.url, str(wrong), None) from wrong
        if self.last not in (None, frame.after):
            raise StrangeAnswer(self._terms.url, f"a message after {frame.after} came after {self.last}", None)
        self.last = self._id
        self._begin_anew()
        return frame.events

    def _pause(self, outcome: Outcome) -> float:
        """Seconds until it comes back. Raises what a call does where that would not help."""
        if isinstance(outcome, httpx2.Response) and outcome.is_success:
            return FIRST / 1000
        wait = self._tries.wait(outcome, passed(self._begun))
        if wait is None:
            self._terms.result(self._call, outcome)
            raise AssertionError("a call that failed has an error")
        return wait / 1000


class Feed(_Following):
    """Events as they happen, for a program that waits for them. Iterate over it; `last` says how far it is."""

    def __init__(self, sender: Sender, call: Call[Frame]) -> None:
        super().__init__(sender, call)
        self._sender = sender

    def __iter__(self) -> Iterator[Happening]:
        """Raises ProblemError, NoAnswer or StrangeAnswer, where coming back does not help."""
        while True:
            outcome: Outcome
            try:
                with self._sender.streaming(**self._request()) as answer:
                    outcome = answer
                    if answer.is_success:
                        for line in answer.iter_lines():
                            yield from self._heard(line)
                    else:
                        answer.read()
            except httpx2.RequestError as lost:
                outcome = lost
            time.sleep(self._pause(outcome))


class AsyncFeed(_Following):
    """Events as they happen, for a program of one event loop. Iterate over it; `last` says how far it is."""

    def __init__(self, sender: AsyncSender, call: Call[Frame]) -> None:
        super().__init__(sender, call)
        self._sender = sender

    async def __aiter__(self) -> AsyncIterator[Happening]:
        """Raises ProblemError, NoAnswer or StrangeAnswer, where coming back does not help."""
        while True:
            outcome: Outcome
            try:
                async with self._sender.streaming(**self._request()) as answer:
                    outcome = answer
                    if answer.is_success:
                        async for line in answer.aiter_lines():
                            for event in self._heard(line):
                                yield event
                    else:
                        await answer.aread()
            except httpx2.RequestError as lost:
                outcome = lost
            await asyncio.sleep(self._pause(outcome))
