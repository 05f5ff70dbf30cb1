"""A program that follows a feed hears everything once, through breaks, and is told when it may not."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from itertools import islice
from urllib.parse import urlsplit

import pytest
from front import Front

from riviere.access import keys
from riviere.client import AsyncClient, Client, ProblemError
from riviere.wire.feed import FeedQuery, Happening

START = FeedQuery(after="0.0")


@pytest.fixture
def key(front: Front) -> str:
    """A key that opens the feed; mira has given one, two and three roses to aurora."""
    front.creator("aurora")
    front.viewer("mira")
    front.buy("mira", 1_000)
    for count in (1, 2, 3):
        front.give("mira", "aurora", "rose", count)
    return keys.create(front.connection, "program", ["feed:read"], by="tests", now=front.now)[1]


def counts(events: list[Happening]) -> list[int]:
    """The gifts' numbers of pieces."""
    return [getattr(event, "count", 0) for event in events]


def test_a_feed_is_gone_through_and_gone_on_with_another_day(front: Front, key: str) -> None:
    with Client(front.url, key) as riviere:
        feed = riviere.follow_stream("aurora", "live", START)
        first = list(islice(feed, 4))
        assert counts(first) == [0, 1, 2, 3]
        front.give("mira", "aurora", "rose", 4)
        later = riviere.follow_creator("aurora", FeedQuery(after=feed.last))
        assert counts([next(iter(later))]) == [4]


def test_a_program_of_one_event_loop_follows_too(front: Front, key: str) -> None:
    async def follow() -> list[Happening]:
        heard = []
        async with AsyncClient(front.url, key) as riviere:
            async for event in riviere.follow_stream("aurora", "live", START):
                heard.append(event)
                if len(heard) == 4:
                    break
        return heard

    assert counts(asyncio.run(follow())) == [0, 1, 2, 3]


def test_a_connection_that_breaks_in_a_message_is_made_up_for(front: Front, key: str) -> None:
    with breaking(front.url, after=2_500) as (url, broken), Client(url, key) as riviere:
        heard = []
        for event in riviere.follow_stream("aurora", "live", START):
            heard.append(event)
            if len(heard) == 10:
                break
            if len(heard) >= 4:
                front.give("mira", "aurora", "rose", len(heard))
    assert counts(heard) == [*range(10)]
    assert broken, "nothing broke"


def test_who_may_not_follow_is_told_so(front: Front, key: str) -> None:
    with Client(front.url, key) as riviere, pytest.raises(ProblemError) as refused:
        next(iter(riviere.follow_stream("aurora", "another")))
    assert refused.value.problem.code == "unknown_place"


@contextmanager
def breaking(url: str, *, after: int) -> Iterator[tuple[str, list[int]]]:
    """Another way to a server, which breaks each connection once it has carried so many bytes of answers."""
    there = urlsplit(url)
    broken: list[int] = []
    with closing(socket.create_server(("127.0.0.1", 0))) as door:

        def carry(here: socket.socket) -> None:
            with closing(here), closing(socket.create_connection((there.hostname or "", there.port or 0))) as beyond:
                beyond.sendall(here.recv(65_536))
                left = after
                while left and (some := beyond.recv(left)):
                    here.sendall(some)
                    left -= len(some)
                broken.append(after - left)

        def let_in() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=carry, args=(door.accept()[0],), daemon=True).start()

        threading.Thread(target=let_in, daemon=True).start()
        yield f"http://127.0.0.1:{door.getsockname()[1]}", broken
