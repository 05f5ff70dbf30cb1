"""The queue before the writer: whatever waits is written together, and whoever asks is answered."""

import threading
from collections.abc import Iterator, Sequence

import pytest
from test_guards import buy, gift

from riviere.database.database import Database
from riviere.ledger.model import NotEnoughCoins, Order, Receipt
from riviere.ledger.writer import Answer, BatchWriter, DatabaseGone, QueueFull, Writer, WriterClosed


class Slow(Writer):
    """A writer that waits for a sign, and remembers how many orders came together."""

    def __init__(self, database: Database) -> None:
        super().__init__(database.connect)
        self.go, self.sizes = threading.Event(), []

    def write(self, orders: Sequence[Order]) -> list[Answer]:
        self.go.wait()
        self.sizes.append(len(orders))
        return super().write(orders)


@pytest.fixture
def slow(database: Database) -> Iterator[Slow]:
    writer = Slow(database)
    yield writer
    writer.go.set()


def test_what_waits_is_written_together_and_each_is_answered(slow: Slow) -> None:
    with BatchWriter(slow) as desk:
        first = desk.submit(buy("b", 10))
        while desk._queue.qsize():
            pass
        waiting = [desk.submit(gift(f"g{number}", 4)) for number in range(3)]
        slow.go.set()
        assert first.result().known.legs == 1
        assert [future.result().known.coins for future in waiting[:2]] == [4, 4]
        assert isinstance(waiting[2].exception(), NotEnoughCoins)
    assert slow.sizes[:2] == [1, 3]


def test_a_full_queue_refuses_and_loses_nothing(slow: Slow) -> None:
    with BatchWriter(slow, room=2) as desk:
        futures = [desk.submit(buy("b"))]
        while desk._queue.qsize():
            pass
        futures += [desk.submit(gift(f"g{number}", 1)) for number in range(2)]
        with pytest.raises(QueueFull):
            desk.submit(gift("one too many", 1))
        slow.go.set()
        assert all(future.result().known.legs == 1 for future in futures)


def test_a_closed_writer_has_written_what_waited_and_takes_no_more(slow: Slow) -> None:
    slow.go.set()
    desk = BatchWriter(slow)
    future = desk.submit(buy("b"))
    desk.close()
    assert future.result().known.legs == 1
    with pytest.raises(WriterClosed):
        desk.submit(gift("late", 1))
    desk.close()


def test_whoever_waits_hears_of_what_broke(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Writer, orders: Sequence[Order]) -> list[Answer]:
        raise OSError("no space left")

    monkeypatch.setattr(Writer, "write", broken)
    slow.go.set()
    with BatchWriter(slow) as desk, pytest.raises(OSError, match="no space left"):
        desk.submit(buy("b")).result()


def test_many_orders_are_answered_in_their_order_as_a_writer_answers_them(slow: Slow) -> None:
    slow.go.set()
    with BatchWriter(slow, room=2) as desk:
        answers = desk.write([buy("b", 10), gift("g1", 8), gift("g2", 8), gift("g3", 1), gift("g1", 8)])
    assert [type(answer) for answer in answers] == [Receipt, Receipt, NotEnoughCoins, Receipt, Receipt]
    assert [answer.repeated for answer in answers if isinstance(answer, Receipt)] == [False, False, False, True]
    assert sum(slow.sizes) == 5


def test_nothing_of_what_has_no_room_is_queued(slow: Slow) -> None:
    with BatchWriter(slow, room=3) as desk:
        first = desk.submit(buy("b"))
        while desk._queue.qsize():
            pass
        waiting = [desk.submit(gift(f"g{number}", 1)) for number in range(2)]
        with pytest.raises(QueueFull):
            desk.write([gift("g8", 1), gift("g9", 1)])
        slow.go.set()
        assert all(future.result().known.legs == 1 for future in (first, *waiting))
    assert sum(slow.sizes) == 3


def test_what_kept_the_writer_from_answering_is_raised_and_no_refusal(
    slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(self: Writer, orders: Sequence[Order]) -> list[Answer]:
        raise DatabaseGone(seconds=60)

    monkeypatch.setattr(Writer, "write", gone)
    slow.go.set()
    with BatchWriter(slow) as desk, pytest.raises(DatabaseGone):
        desk.write([buy("b")])


def test_whoever_gives_up_waiting_does_not_stop_the_writer(slow: Slow) -> None:
    with BatchWriter(slow) as desk:
        taken_back = desk.submit(buy("b", 10)).cancel()
        slow.go.set()
        assert not taken_back
        assert desk.submit(gift("g", 4)).result().known.coins == 4
