"""Gifts between the web server's thread and the writer's: together there, together back, none forgotten."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

import pytest

from riviere.economy.gifts import GiftRequest
from riviere.http import tray
from riviere.http.tray import Tray
from riviere.ledger.batch_writer import Answered, QueueFull
from riviere.ledger.model import Receipt
from riviere.ledger.refusals import NotEnoughCoins

#: The tray hands receipts on and looks into none.
STANDS = [cast("Receipt", object()) for _ in range(100)]
REFUSED = NotEnoughCoins(needed=5, held=1)


class Desk:
    """A desk that notes what is handed in, and answers when it is told to."""

    def __init__(self) -> None:
        self.groups: list[tuple[list[str], Answered]] = []
        self.full = False

    def submit(self, requests: Sequence[GiftRequest], answered: Answered) -> None:
        if self.full:
            raise QueueFull
        self.groups.append(([request.key for request in requests], answered))

    @property
    def keys(self) -> list[list[str]]:
        return [keys for keys, _ in self.groups]

    def answer(self) -> None:
        """Answers every group: what ends in `no` is refused, a number gets the receipt of that number."""
        for keys, answered in self.groups:
            answered([REFUSED if key.endswith("no") else STANDS[int(key)] for key in keys])
        self.groups.clear()


def gift(key: object) -> GiftRequest:
    return GiftRequest(key=str(key), sender="mira", creator="aurora", gift="rose", stream="live")


def play(scene: Callable[[Desk, Tray], Awaitable[None]]) -> None:
    """Plays a scene in an event loop of its own."""

    async def played() -> None:
        desk = Desk()
        await scene(desk, Tray(cast("Any", desk)))

    asyncio.run(played())


async def elsewhere(work: Callable[[], object]) -> None:
    """Does something in another thread, as the writer does."""
    await asyncio.to_thread(work)


def test_what_is_asked_in_one_turn_is_handed_in_together_and_each_gets_their_own_answer() -> None:
    async def scene(desk: Desk, tray: Tray) -> None:
        asked = [asyncio.ensure_future(tray.send(gift(key))) for key in [*range(50), "no"]]
        while not desk.groups:
            await asyncio.sleep(0)
        assert desk.keys == [[*map(str, range(50)), "no"]]
        late = asyncio.ensure_future(tray.send(gift(99)))
        while len(desk.groups) < 2:
            await asyncio.sleep(0)
        await elsewhere(desk.answer)
        assert await asyncio.gather(*asked[:-1]) == STANDS[:50]
        assert await late is STANDS[99]
        with pytest.raises(NotEnoughCoins):
            await asked[-1]

    play(scene)


def test_a_batch_of_many_groups_wakes_the_loop_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(desk: Desk, tray: Tray) -> None:
        heard: list[int] = []
        for number in range(20):
            tray.submit([gift(number)], lambda answers: heard.append(STANDS.index(cast("Receipt", answers[0]))))
        loop, woken = asyncio.get_running_loop(), 0
        wake = loop.call_soon_threadsafe

        def counted(*what: Any) -> Any:
            nonlocal woken
            woken += what[0] == tray._hand_out
            return wake(*what)

        monkeypatch.setattr(loop, "call_soon_threadsafe", counted)
        # The loop's own thread plays the writer, so that nothing is handed out before all of them are answered.
        desk.answer()
        await asyncio.sleep(0)
        assert heard == list(range(20))
        tray.submit([gift(20)], lambda _: heard.append(20))
        desk.answer()
        await asyncio.sleep(0)
        assert heard == list(range(21))
        assert woken == 2

    play(scene)


def test_more_than_a_batch_takes_is_handed_in_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tray, "LARGEST_BATCH", 3)

    async def scene(desk: Desk, tray: Tray) -> None:
        asked = [asyncio.ensure_future(tray.send(gift(key))) for key in range(8)]
        while len(desk.groups) < 3:
            await asyncio.sleep(0)
        assert [len(keys) for keys in desk.keys] == [3, 3, 2]
        await elsewhere(desk.answer)
        assert await asyncio.gather(*asked) == STANDS[:8]

    play(scene)


def test_where_there_is_no_room_everybody_is_told_and_the_next_one_may_find_some() -> None:
    async def scene(desk: Desk, tray: Tray) -> None:
        desk.full = True
        told = await asyncio.gather(*(tray.send(gift(key)) for key in range(3)), return_exceptions=True)
        assert [type(one) for one in told] == [QueueFull] * 3
        desk.full = False
        asked = asyncio.ensure_future(tray.send(gift(3)))
        while not desk.groups:
            await asyncio.sleep(0)
        await elsewhere(desk.answer)
        assert await asked is STANDS[3]

    play(scene)


def test_who_stopped_waiting_is_in_nobodys_way() -> None:
    async def scene(desk: Desk, tray: Tray) -> None:
        gone, stays = (asyncio.ensure_future(tray.send(gift(key))) for key in range(2))
        while not desk.groups:
            await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        await elsewhere(desk.answer)
        assert await stays is STANDS[1]
        assert gone.cancelled()

    play(scene)


def test_an_answer_that_comes_when_the_server_is_gone_breaks_nothing() -> None:
    desks: list[Desk] = []

    async def scene(desk: Desk, tray: Tray) -> None:
        tray.submit([gift(0)], lambda _: None)
        desks.append(desk)

    play(scene)
    writer = threading.Thread(target=desks[0].answer)
    writer.start()
    writer.join()
    assert desks[0].groups == [], "it went to its end"


def test_none_is_forgotten_whatever_the_threads_do() -> None:
    async def scene(desk: Desk, tray: Tray) -> None:
        over = threading.Event()

        def write() -> None:
            while not over.is_set() or desk.groups:
                if desk.groups:
                    keys, answered = desk.groups.pop(0)
                    answered([STANDS[int(key) % 100] for key in keys])

        writer = threading.Thread(target=write)
        writer.start()

        async def viewer(number: int) -> None:
            for turn in range(50):
                key = number * 50 + turn
                assert await tray.send(gift(key)) is STANDS[key % 100]

        await asyncio.wait_for(asyncio.gather(*map(viewer, range(40))), 60)
        over.set()
        writer.join()

    play(scene)
