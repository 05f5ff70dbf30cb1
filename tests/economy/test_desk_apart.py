"""A gift desk in a process of its own books what one here would; however it ends, nothing is lost or done twice."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

import pytest

from riviere.economy.apart import desk as apart
from riviere.economy.apart.desk import DeskApart
from riviere.economy.apart.link import DeskAway
from riviere.economy.gifts import GiftRequest
from riviere.economy.people import UnknownUser
from riviere.ledger.batch_writer import QueueFull
from riviere.ledger.model import Booked
from riviere.ledger.refusals import NotEnoughCoins
from world import World

Outcomes = Sequence[Booked | Exception]


class Stage:
    """Mia with 20,000 coins, Jo who is live, and a desk apart."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.viewer("mia")
        world.creator("jo")
        world.buy("mia", 20_000)
        self.desk = DeskApart(world.database)

    @property
    def pid(self) -> int:
        """The number of the desk's process."""
        return self.desk._process.pid

    def asked(self, many: int, **how: object) -> list[GiftRequest]:
        return [self.world.asked("mia", "jo", **how) for _ in range(many)]  # type: ignore[arg-type]

    def hand_in(self, requests: Sequence[GiftRequest]) -> "asyncio.Future[Outcomes]":
        future: asyncio.Future[Outcomes] = asyncio.get_running_loop().create_future()
        self.desk.submit(requests, future.set_result)
        return future

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def earned(self) -> int:
        return self.world.wallet("jo").diamonds // 1_000

    def play(self, scene: Callable[[], Awaitable[None]]) -> None:
        """Plays a scene in an event loop, which is that of the desk."""

        async def played() -> None:
            await asyncio.wait_for(scene(), 60)

        asyncio.run(played())


@pytest.fixture
def stage(world: World) -> Iterator[Stage]:
    made = Stage(world)
    yield made
    made.desk.close()
    gone(made.pid)


def gone(pid: int) -> None:
    """Waits until there is no such process, nor its zombie."""
    deadline = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline, "it is still there"
        time.sleep(0.01)


async def until(true: Callable[[], bool]) -> None:
    while not true():
        await asyncio.sleep(0.01)


def stood(outcomes: Outcomes) -> list[bool]:
    """Of each gift whether it is a repeat; all of them stand."""
    assert all(isinstance(one, Booked) for one in outcomes), outcomes
    return [one.repeated for one in outcomes if isinstance(one, Booked)]


def test_gifts_are_booked_and_refused_in_their_places_and_booked_once(stage: Stage) -> None:
    async def scene() -> None:
        asked = [*stage.asked(2), *stage.asked(1, count=1_000_000), stage.world.asked("nobody", "jo")]
        one, two, poor, unknown = await stage.hand_in(asked)
        assert stood([one, two]) == [False, False]
        assert isinstance(poor, NotEnoughCoins)
        assert poor.facts == {"needed": 1_000_000, "held": 19_998}
        assert isinstance(unknown, UnknownUser)
        assert str(unknown) == str(UnknownUser(user="nobody"))
        assert stood((await stage.hand_in(asked))[:2]) == [True, True]
        assert stage.earned() == 2

    stage.play(scene)


def test_whoever_waits_when_the_process_is_killed_is_told_and_asks_again(stage: Stage) -> None:
    async def scene() -> None:
        before = stage.asked(3)
        assert stood(await stage.hand_in(before)) == [False] * 3
        stage.signal(signal.SIGSTOP)
        waiting = [stage.asked(2), stage.asked(5)]
        futures = [stage.hand_in(asked) for asked in waiting]
        killed = stage.pid
        stage.signal(signal.SIGKILL)
        told = [one for future in futures for one in await future]
        assert [type(one) for one in told] == [DeskAway] * 7
        assert stage.desk.away
        with pytest.raises(DeskAway):
            stage.hand_in(stage.asked(1))
        await until(lambda: not stage.desk.away)
        assert stage.pid != killed
        assert stood(await stage.hand_in([*before, *waiting[0], *waiting[1]])) == [True] * 3 + [False] * 7
        assert stage.earned() == 10

    stage.play(scene)


def test_a_process_that_is_killed_before_the_first_gift_is_begun_again(stage: Stage) -> None:
    async def scene() -> None:
        killed = stage.pid
        stage.signal(signal.SIGKILL)
        await until(lambda: stage.pid != killed and not stage.desk.away)
        assert stood(await stage.hand_in(stage.asked(1))) == [False]

    stage.play(scene)


def test_a_process_that_cannot_live_is_not_begun_all_the_time(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        begun = []
        real = stage.desk._begin
        monkeypatch.setattr(stage.desk, "_begin", lambda: begun.append(1) or real())
        with monkeypatch.context() as patch:
            patch.setattr(apart, "_MODULE", "riviere.economy.apart.nothing")
            stage.signal(signal.SIGKILL)
            await until(lambda: len(begun) == 3)
        assert len(begun) == 3
        tried = time.monotonic()
        await until(lambda: len(begun) == 4 and not stage.desk.away)
        assert time.monotonic() - tried > 0.3, "each pause is twice as long"
        assert stood(await stage.hand_in(stage.asked(1))) == [False]

    stage.play(scene)


def test_where_nobody_takes_them_gifts_wait_up_to_a_bound(stage: Stage) -> None:
    async def scene() -> None:
        assert stood(await stage.hand_in(stage.asked(1))) == [False]
        stage.signal(signal.SIGSTOP)
        words = "x" * 200
        futures = [stage.hand_in(stage.asked(1_000, message=words)) for _ in range(apart.ROOM // 1_000)]
        with pytest.raises(QueueFull):
            stage.hand_in(stage.asked(1))
        stage.signal(signal.SIGCONT)
        for future in futures:
            assert stood(await future) == [False] * 1_000
        assert stood(await stage.hand_in(stage.asked(1))) == [False]
        assert stage.earned() == apart.ROOM + 2

    stage.play(scene)


def test_a_server_that_does_not_listen_holds_back_nothing_but_its_own_answers(stage: Stage) -> None:
    async def scene() -> None:
        futures = [stage.hand_in(stage.asked(1_000)) for _ in range(apart.ROOM // 1_000)]
        time.sleep(2)  # the event loop does nothing else meanwhile
        for future in futures:
            assert stood(await future) == [False] * 1_000
        assert stage.earned() == apart.ROOM

    stage.play(scene)


def test_what_was_taken_is_booked_though_the_server_is_gone(stage: Stage) -> None:
    async def scene() -> None:
        assert stood(await stage.hand_in(stage.asked(1))) == [False]
        stage.signal(signal.SIGSTOP)
        future = stage.hand_in(stage.asked(500))
        closing_down = threading.Thread(target=stage.desk.close)
        closing_down.start()
        assert [type(one) for one in await future] == [DeskAway] * 500
        assert stage.earned() == 1
        stage.signal(signal.SIGCONT)
        await asyncio.to_thread(closing_down.join)
        assert stage.earned() == 501

    stage.play(scene)


def test_ctrl_c_and_a_polite_kill_are_for_the_server_alone(stage: Stage) -> None:
    async def scene() -> None:
        assert stood(await stage.hand_in(stage.asked(1))) == [False]
        stage.signal(signal.SIGINT)
        stage.signal(signal.SIGTERM)
        assert os.getpgid(stage.pid) != os.getpgid(0)
        assert stood(await stage.hand_in(stage.asked(1))) == [False]

    stage.play(scene)


def test_a_connection_that_is_lost_is_opened_again(stage: Stage) -> None:
    world = stage.world
    others = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"

    async def scene() -> None:
        before = {pid for (pid,) in world.connection.execute(others)}
        assert stood(await stage.hand_in(stage.asked(1))) == [False]
        with world.database.connect_owner(autocommit=True) as owner:
            theirs = {pid for (pid,) in world.connection.execute(others)} - before - {owner.info.backend_pid}
            assert theirs
            for pid in theirs:
                owner.execute("SELECT pg_terminate_backend(%s)", [pid])
        assert stood(await stage.hand_in(stage.asked(3))) == [False] * 3

    stage.play(scene)


def test_what_breaks_there_is_told_and_its_log_says_why(stage: Stage, capfd: pytest.CaptureFixture[str]) -> None:
    stage.desk.close()
    stage.desk = DeskApart(stage.world.database)  # one that writes where this test reads

    async def scene() -> None:
        with stage.world.database.connect_owner(autocommit=True) as owner:
            owner.execute("ALTER TABLE person RENAME TO hidden")
            broken = (await stage.hand_in(stage.asked(1)))[0]
            owner.execute("ALTER TABLE hidden RENAME TO person")
        assert isinstance(broken, RuntimeError)
        assert "UndefinedTable" in str(broken)
        assert stood(await stage.hand_in(stage.asked(1))) == [False]

    stage.play(scene)
    said = capfd.readouterr().err
    assert "Traceback" in said
    assert 'relation \\"person\\" does not exist' in said


def test_no_password_is_where_others_may_see_it(stage: Stage) -> None:
    there = Path(f"/proc/{stage.pid}")
    shown = (there / "cmdline").read_bytes() + (there / "environ").read_bytes()
    assert stage.world.database.owner_dsn.encode() not in shown
    assert b"RIVIERE_DATABASE_URL" not in shown
