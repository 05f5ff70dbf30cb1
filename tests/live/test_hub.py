"""Everyone who follows hears everything once, in order: whoever drops off and comes back, on whichever server."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import ExitStack, aclosing
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from watcher import Watcher, sent

from riviere.live import channel, hub
from riviere.live.hub import Hub
from riviere.live.position import Position
from world import World

#: Servers beside each other.
SERVERS = 2

Scenario = Callable[[list[Hub]], Coroutine[Any, Any, None]]


@pytest.fixture
def play(world: World) -> Iterator[Callable[[Scenario], None]]:
    """Plays a scenario in an event loop, with hubs of two servers on one database."""
    world.creator("aurora")
    world.stream("aurora", "other")
    world.viewer("mira")
    world.buy("mira", 10_000)

    def run(scenario: Scenario) -> None:
        with ExitStack() as opened:
            pools = [opened.enter_context(world.database.pool(3)) for _ in range(SERVERS)]

            async def whole() -> None:
                hubs = [Hub(pool) for pool in pools]
                try:
                    await asyncio.wait_for(scenario(hubs), 30)
                finally:
                    for one in hubs:
                        one.close()
                    await asyncio.sleep(0)

            asyncio.run(whole())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hub, "LOOK_EVERY", 0.005)
        yield run


def follow(at: Hub, world: World, last: str | None = None, stream: str | None = "live") -> AsyncIterator[bytes]:
    creator = world.id("aurora")
    place = None if stream is None else world.stream("aurora", stream).id
    return at.follow(creator, place, None if last is None else Position.read(last))


async def give(world: World, count: int, **how: Any) -> None:
    await asyncio.to_thread(world.give, "mira", "aurora", "rose", count, **how)


def test_who_follows_a_stream_hears_of_it_and_who_follows_a_creator_of_all(
    world: World, play: Callable[[Scenario], None]
) -> None:
    async def scenario(hubs: list[Hub]) -> None:
        stream, creator = Watcher(), Watcher()
        async with aclosing(follow(hubs[0], world)) as live, aclosing(follow(hubs[0], world, stream=None)) as both:
            for watcher, messages in ((stream, live), (creator, both)):
                while watcher.last is None:
                    watcher.hear(await anext(messages))
            await give(world, 1)
            await give(world, 2, stream="other")
            await give(world, 3)
            await stream.until(live, 2)
            await creator.until(both, 3)
        assert sent(stream.events) == ["gift mira 1 rose", "gift mira 3 rose"]
        assert sent(creator.events) == ["gift mira 1 rose", "gift mira 2 rose", "gift mira 3 rose"]
        assert hubs[0].followers == 0

    play(scenario)


def test_who_drops_off_goes_on_where_they_were_on_another_server(
    world: World, play: Callable[[Scenario], None]
) -> None:
    async def scenario(hubs: list[Hub]) -> None:
        watcher = Watcher()
        async with aclosing(follow(hubs[0], world)) as messages:
            while watcher.last is None:
                watcher.hear(await anext(messages))
            await give(world, 1)
            await watcher.until(messages, 1)
        await give(world, 2)
        await give(world, 3)
        async with aclosing(follow(hubs[1], world, watcher.last)) as messages:
            await watcher.until(messages, 3)
            await give(world, 4)
            await watcher.until(messages, 4)
        assert [event["count"] for event in watcher.events] == [1, 2, 3, 4]

    play(scenario)


def test_a_server_that_has_not_looked_yet_does_not_repeat_what_another_told(
    world: World, play: Callable[[Scenario], None]
) -> None:
    async def scenario(hubs: list[Hub]) -> None:
        early = Watcher()
        async with aclosing(follow(hubs[1], world)) as messages:
            while early.last is None:
                early.hear(await anext(messages))
            # Elsewhere the creator gets on, in another stream: this channel stays where it is.
            await give(world, 1, stream="other")
            async with aclosing(follow(hubs[0], world)) as others:
                ahead = Watcher()
                while ahead.last is None:
                    ahead.hear(await anext(others))
            assert ahead.last != early.last
            async with aclosing(follow(hubs[1], world, ahead.last)) as back:
                await give(world, 2)
                await ahead.until(back, 1)
        assert [event["count"] for event in ahead.events] == [2]

    play(scenario)


def test_who_reads_too_slowly_is_let_go_and_holds_back_nobody(
    world: World, play: Callable[[Scenario], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "FRAMES_KEPT", 2)

    async def scenario(hubs: list[Hub]) -> None:
        slow, quick = Watcher(), Watcher()
        async with aclosing(follow(hubs[0], world)) as waiting, aclosing(follow(hubs[0], world)) as reading:
            for watcher, messages in ((slow, waiting), (quick, reading)):
                while watcher.last is None:
                    watcher.hear(await anext(messages))
            await give(world, 1)
            await slow.until(waiting, 1)
            for count in range(2, 6):
                await give(world, count)
                await quick.until(reading, count)
            with pytest.raises(StopAsyncIteration):
                await slow.until(waiting, 5)
        async with aclosing(follow(hubs[0], world, slow.last)) as back:
            await slow.until(back, 5)
        assert slow.events == quick.events

    play(scenario)


@st.composite
def evenings(draw: st.DrawFn) -> list[tuple[int, int, int, int]]:
    """Connections one after the other: the server, gifts meanwhile, gifts heard by its end, gifts while away.

    They are drawn before a server runs: Hypothesis draws badly beside threads that use `random` as well.
    """
    evening, so_far = [], 0
    for _ in range(draw(st.integers(1, 5), "connections")):
        gifts = draw(st.integers(0, 4), "gifts")
        so_far += gifts
        heard = draw(st.integers(0, so_far), "heard")
        away = draw(st.integers(0, 3), "gifts while away")
        so_far += away
        evening.append((draw(st.integers(0, SERVERS - 1), "server"), gifts, heard, away))
    return evening


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(evenings())
def test_however_often_somebody_drops_off_they_hear_everything_once(
    world: World, play: Callable[[Scenario], None], evening: list[tuple[int, int, int, int]]
) -> None:
    async def scenario(hubs: list[Hub]) -> None:
        watcher, sent_so_far = Watcher(), 0

        async def give_more(gifts: int) -> None:
            nonlocal sent_so_far
            for _ in range(gifts):
                sent_so_far += 1
                await give(world, sent_so_far)

        for server, gifts, heard, away in evening:
            async with aclosing(follow(hubs[server], world, watcher.last)) as messages:
                while watcher.last is None:
                    watcher.hear(await anext(messages))
                await give_more(gifts)
                await watcher.until(messages, heard)
            await give_more(away)
        async with aclosing(follow(hubs[0], world, watcher.last)) as messages:
            await watcher.until(messages, sent_so_far)
        assert [event["count"] for event in watcher.events] == [*range(1, sent_so_far + 1)]

    play(scenario)
