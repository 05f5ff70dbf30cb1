"""The desk where gifts queue: priced together, booked in order, each answered, whatever goes away meanwhile."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, wait
from functools import partial

import pytest

from riviere.database.connection import Connection, DatabaseUnreachable
from riviere.economy import gifts
from riviere.economy.catalogue import UnknownGift
from riviere.economy.checks import BadNumber, BadText
from riviere.economy.desk import GiftDesk
from riviere.economy.gifts import GiftRequest
from riviere.economy.people import UnknownUser
from riviere.errors import RiviereError
from riviere.ids import BadKey
from riviere.ledger.batch_writer import BatchWriter, Outcome, QueueFull, WriterClosed
from riviere.ledger.model import Receipt
from riviere.ledger.refusals import NotEnoughCoins
from riviere.ledger.writer import Writer
from world import World


class Pricing:
    """Stands before gifts.price: waits for a sign where one is wanted, and remembers how many came together."""

    def __init__(self) -> None:
        self.begun, self.go, self.sizes = threading.Event(), threading.Event(), list[int]()
        self._real = gifts.price
        self.go.set()

    def __call__(
        self, connection: Connection, remembered: object, requests: Sequence[GiftRequest], now: object
    ) -> object:
        self.sizes.append(len(requests))
        self.begun.set()
        assert self.go.wait(20)
        return self._real(connection, remembered, requests, now)  # type: ignore[arg-type]


@pytest.fixture
def pricing(monkeypatch: pytest.MonkeyPatch) -> Pricing:
    made = Pricing()
    monkeypatch.setattr(gifts, "price", made)
    return made


class Stage:
    """Mia with 1,000 coins, Jo who is live, and a desk before a writer."""

    def __init__(self, world: World, room: int = 8_000) -> None:
        self.world = world
        world.viewer("mia")
        world.creator("jo")
        world.buy("mia", 1_000)
        self.connected = 0
        self.away = False
        self.writer = BatchWriter(Writer(world.database.connect), room=room)
        self.desk = GiftDesk(self.connect, self.writer)

    def connect(self) -> Connection:
        if self.away:
            raise DatabaseUnreachable(reason="nobody there")
        self.connected += 1
        return self.world.database.connect(autocommit=True)

    def send(self, gift: str = "rose", count: int = 1, **how: object) -> Future[Receipt]:
        future: Future[Receipt] = Future()
        request = self.world.asked(how.pop("sender", "mia"), "jo", gift, count, **how)  # type: ignore[arg-type]
        self.desk.submit([request], partial(_hear, future))
        return future

    def earned(self) -> int:
        """Jo's diamonds."""
        return self.world.wallet("jo").diamonds // 1_000

    def close(self) -> None:
        self.writer.close()
        self.desk.close()


def _hear(future: Future[Receipt], outcomes: Sequence[Outcome]) -> None:
    (outcome,) = outcomes
    if isinstance(outcome, Receipt):
        future.set_result(outcome)
    else:
        future.set_exception(outcome)


@pytest.fixture
def stage(world: World) -> Iterator[Stage]:
    made = Stage(world)
    yield made
    made.close()


def blocked(stage: Stage, pricing: Pricing) -> Future[Receipt]:
    """A gift that is being priced until `pricing.go`: whatever comes now, queues."""
    pricing.begun.clear()
    pricing.go.clear()
    first = stage.send()
    assert pricing.begun.wait(20)
    return first


def test_what_waits_is_priced_together_and_each_is_answered(stage: Stage, pricing: Pricing) -> None:
    first = blocked(stage, pricing)
    others = [stage.send("ring", count=2) for _ in range(3)]
    assert stage.writer.waiting() == 3
    pricing.go.set()
    assert [future.result(20).known.coins for future in (first, *others)] == [1, 60, 60, 60]
    assert pricing.sizes == [1, 3]
    assert stage.writer.waiting() == 0


def test_a_gift_that_is_refused_does_not_harm_its_neighbours(stage: Stage, pricing: Pricing) -> None:
    first = blocked(stage, pricing)
    strange: dict[type[RiviereError], Future[Receipt]] = {
        UnknownUser: stage.send(sender="nobody"),
        UnknownGift: stage.send("\ud800"),
        BadNumber: stage.send(count=2**40),
        BadText: stage.send(message="\x00"),
        BadKey: stage.send(key="\udfff"),
        NotEnoughCoins: stage.send("comet", count=4),
    }
    odd = [stage.send(sender="\ud800"), stage.send(stream="\x00"), stage.send(paid=-1), stage.send(stream="x" * 10**6)]
    last = stage.send()
    pricing.go.set()
    assert {type(future.exception(20)) for future in strange.values()} == set(strange)
    assert all(isinstance(future.exception(20), RiviereError) for future in odd)
    assert first.result(20).known.legs == last.result(20).known.legs == 1
    assert stage.earned() == 2


def test_a_full_desk_refuses_at_the_door_and_loses_nobody(world: World, pricing: Pricing) -> None:
    stage = Stage(world, room=2)
    futures = [blocked(stage, pricing), stage.send(), stage.send()]
    with pytest.raises(QueueFull):
        stage.send()
    pricing.go.set()
    assert [future.result(20).known.coins for future in futures] == [1, 1, 1]
    stage.close()
    assert stage.earned() == 3


def test_a_crowd_is_answered_in_the_order_of_its_gifts(stage: Stage) -> None:
    requests = [stage.world.asked("mia", "jo", "rose", number % 3 + 1) for number in range(50)]
    requests[7] = stage.world.asked("nobody", "jo")
    outcomes = stage.desk.send(requests)
    paid = [outcome.known.coins if isinstance(outcome, Receipt) else type(outcome) for outcome in outcomes]
    assert paid == [UnknownUser if number == 7 else number % 3 + 1 for number in range(50)]
    assert stage.earned() == sum(number % 3 + 1 for number in range(50) if number != 7)


def test_a_connection_that_was_cut_is_opened_again_and_nobody_notices(stage: Stage) -> None:
    assert stage.send().result(20)
    cut_all(stage.world)
    assert stage.send().result(20).known.coins == 1
    assert stage.connected == 2
    assert stage.earned() == 2


def test_while_the_database_is_away_everybody_is_told_and_then_it_goes_on(stage: Stage) -> None:
    stage.away = True
    with pytest.raises(DatabaseUnreachable):
        stage.send().result(20)
    stage.away = False
    assert stage.send().result(20)
    stage.away = True
    cut_all(stage.world)
    for _ in range(2):
        with pytest.raises(DatabaseUnreachable):
            stage.send().result(20)
    stage.away = False
    assert stage.send().result(20)
    assert stage.earned() == 2


def cut_all(world: World) -> None:
    """Ends every connection to this database but the one that asks for it."""
    with world.database.connect_owner(autocommit=True) as owner:
        owner.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    world.connection.close()
    world.connection = world.database.connect(autocommit=True)


def test_whatever_breaks_is_heard_by_all_who_wait_and_the_desk_goes_on(
    stage: Stage, pricing: Pricing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr(gifts, "price", broken)
    with pytest.raises(ZeroDivisionError):
        stage.send().result(20)
    monkeypatch.setattr(gifts, "price", pricing)
    assert stage.send().result(20)
    assert stage.earned() == 1


def test_the_steps_of_a_combo_are_booked_in_their_order(stage: Stage) -> None:
    steps = [stage.send(count=count, combo=True, key="streak") for count in range(1, 301)]
    assert [future.result(20).known.upto for future in steps] == [*range(1, 301)]
    assert not any(future.result().repeated for future in steps), "an overtaken step would have found its count booked"
    assert stage.earned() == 300


def test_closing_books_what_waits_and_lets_nobody_in(world: World, pricing: Pricing) -> None:
    stage = Stage(world)
    waiting = [blocked(stage, pricing), *(stage.send() for _ in range(50))]
    closing = threading.Thread(target=stage.close)
    closing.start()
    while not stage.writer._closed:
        pass
    with pytest.raises(WriterClosed):
        stage.send()
    pricing.go.set()
    closing.join(20)
    assert all(future.result(20).known.coins == 1 for future in waiting)
    assert stage.earned() == 51


def test_a_full_desk_can_be_closed(world: World, pricing: Pricing) -> None:
    stage = Stage(world, room=1)
    waiting = [blocked(stage, pricing), stage.send()]
    closing = threading.Thread(target=stage.close)
    closing.start()
    pricing.go.set()
    closing.join(20)
    assert not closing.is_alive()
    assert all(future.result(20) for future in waiting)


def test_a_closed_writer_is_told_to_whoever_waits(stage: Stage) -> None:
    stage.writer.close()
    with pytest.raises(WriterClosed):
        stage.send().result(20)


def test_a_crowd_at_the_door_while_it_closes_each_is_answered_or_turned_away(world: World) -> None:
    stage = Stage(world)
    let_in: list[Future[Receipt]] = []
    turned_away: list[Exception] = []
    ready = threading.Barrier(9)

    def crowd() -> None:
        ready.wait(20)
        for _ in range(20):
            try:
                let_in.append(stage.send())
            except WriterClosed as closed:
                turned_away.append(closed)

    people = [threading.Thread(target=crowd) for _ in range(8)]
    for one in people:
        one.start()
    ready.wait(20)
    threading.Event().wait(0.005)
    stage.close()
    for one in people:
        one.join(20)
    done, pending = wait(let_in, 20)
    assert not pending
    assert len(let_in) + len(turned_away) == 160
    assert all(future.result().known.coins == 1 for future in done)
    assert stage.earned() == len(let_in)
