"""The queue before the writer: whatever waits is written together, and whoever asks is answered."""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future

import pytest
from test_guards import CREATOR, VIEWER, buy, gift, reverse

from riviere.database.database import Database
from riviere.ledger import batch_writer
from riviere.ledger.batch import Batch
from riviere.ledger.batch_writer import BatchWriter, QueueFull, WriterClosed
from riviere.ledger.model import Order, Receipt
from riviere.ledger.refusals import NotEnoughCoins, TooLarge
from riviere.ledger.writer import Answer, DatabaseGone, Draft, Writer


class Slow(Writer):
    """A writer that waits for a sign before it writes, and remembers how many orders came together.

    `stood` says of each batch whether it was written as it had been decided, `ahead` whether it had been decided while
    the one before was being written.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(database.connect)
        self.go, self.sizes = threading.Event(), list[int]()
        self.stood, self.ahead = list[bool](), list[bool]()
        self._over: list[Draft] = []

    def decide(self, draft: Draft) -> None:
        super().decide(draft)
        if draft.before is not None and draft.batch is not None:
            self._over.append(draft)

    def move(self, draft: Draft) -> None:
        assert self.go.wait(20)
        super().move(draft)

    def keep(self, draft: Draft) -> list[Answer]:
        self.sizes.append(len(draft.orders))
        answers = super().keep(draft)
        self.stood.append(draft.stands)
        self.ahead.append(draft.stands and draft in self._over)
        return answers


def asked(writer: BatchWriter, *orders: Order) -> "Future[Sequence[Answer]]":
    """A group, and what it will be answered."""
    future: Future[Sequence[Answer]] = Future()
    writer.submit(orders, future.set_result)
    return future


def taken(writer: BatchWriter) -> None:
    """Waits until nothing waits: all of it is being decided or written."""
    while writer.waiting():
        time.sleep(0.001)


def legs(waiting: "Future[Sequence[Answer]]") -> list[object]:
    """How many legs each order has, or what it was refused for."""
    return [answer.known.legs if isinstance(answer, Receipt) else type(answer) for answer in waiting.result(20)]


@pytest.fixture
def slow(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    monkeypatch.setattr(batch_writer, "WORTH_A_BATCH", 1)
    with database.connect() as connection:
        # A creator's first gift is decided twice: accounts are made on first use.
        connection.execute("INSERT INTO account (user_id, kind) VALUES (%s, 1), (%s, 11)", (VIEWER, CREATOR))
    writer = Slow(database)
    yield writer
    writer.go.set()


def test_what_waits_is_written_together_and_each_is_answered(slow: Slow) -> None:
    with BatchWriter(slow) as writer:
        first = asked(writer, buy("b", 20))
        taken(writer)
        waiting = [asked(writer, gift(f"g{number}", 4)) for number in range(1, 4)]
        slow.go.set()
        assert [legs(group) for group in (first, *waiting)] == [[1]] * 4
    assert slow.sizes == [1, 3]


def test_what_is_decided_ahead_stands_on_what_is_still_being_written(slow: Slow) -> None:
    with BatchWriter(slow) as writer:
        slow.go.set()
        assert legs(asked(writer, buy("b", 20))) == [1]
        slow.go.clear()
        first = asked(writer, gift("g1", 6))
        taken(writer)
        second = asked(writer, gift("g1", 6), gift("g2", 4), gift("g2", 4), gift("g3", 10))
        slow.go.set()
        assert (legs(first), legs(second)) == ([1], [1, 1, 1, 1])
        receipts = [answer for answer in second.result() if isinstance(answer, Receipt)]
        assert [receipt.repeated for receipt in receipts] == [True, False, True, False]
        assert [receipt.known.booked_at for receipt in receipts[:1]] == [
            answer.known.booked_at for answer in first.result() if isinstance(answer, Receipt)
        ]
    assert slow.ahead == [False, False, True]


def test_a_combo_goes_on_while_its_last_step_is_being_written(slow: Slow) -> None:
    with BatchWriter(slow) as writer:
        slow.go.set()
        assert legs(asked(writer, buy("b", 10))) == [1]
        slow.go.clear()
        groups = [asked(writer, gift("c", 2, combo=True))]
        taken(writer)
        groups.append(asked(writer, *[gift("c", count, combo=True) for count in (5, 5, 9)]))
        slow.go.set()
        assert [legs(group) for group in groups] == [[1], [2, 2, 3]]
        receipts = [answer for group in groups for answer in group.result() if isinstance(answer, Receipt)]
        assert [receipt.known.coins for receipt in receipts] == [2, 5, 5, 9]
        assert len({receipt.known.booked_at for receipt in receipts}) == 1, "a combo was booked when it began"
    assert slow.ahead[-1]


def test_where_somebody_else_was_faster_what_was_decided_ahead_is_decided_anew(slow: Slow, database: Database) -> None:
    with Writer(database.connect) as other, BatchWriter(slow) as writer:
        slow.go.set()
        assert legs(asked(writer, buy("b", 10))) == [1]
        slow.go.clear()
        groups = [asked(writer, gift("g0", 4))]
        taken(writer)
        groups += [asked(writer, gift("g1", 4)), asked(writer, gift("g2", 4))]
        assert isinstance(other.write([gift("fast", 3)])[0], Receipt)
        slow.go.set()
        assert [legs(group) for group in groups] == [[1], [NotEnoughCoins], [NotEnoughCoins]]
        assert legs(asked(writer, gift("g4", 3))) == [1]
    assert False in slow.stood
    assert slow.stood[-1]


def test_coins_that_another_process_sold_are_seen_at_once(slow: Slow, database: Database) -> None:
    with Writer(database.connect) as other, BatchWriter(slow) as writer:
        slow.go.set()
        assert legs(asked(writer, buy("b", 10), gift("g0", 1))) == [1, 1]
        slow.go.clear()
        first = asked(writer, gift("g1", 9))
        taken(writer)
        assert isinstance(other.write([buy("elsewhere", 50)])[0], Receipt)
        second = asked(writer, gift("g2", 50))
        slow.go.set()
        assert (legs(first), legs(second)) == ([1], [1])


def test_a_full_queue_refuses_and_loses_nothing(slow: Slow) -> None:
    with BatchWriter(slow, room=2) as writer:
        groups = [asked(writer, buy("b"))]
        taken(writer)
        groups += [asked(writer, gift(f"g{number}", 1)) for number in (1, 2)]
        assert writer.waiting() == 2
        with pytest.raises(QueueFull):
            asked(writer, gift("one too many", 1))
        with pytest.raises(QueueFull):
            writer.write([gift("g8", 1)])
        slow.go.set()
        assert [legs(group) for group in groups] == [[1]] * 3
    assert sum(slow.sizes) == 3


def test_of_a_group_that_has_no_room_nothing_is_taken(slow: Slow) -> None:
    with BatchWriter(slow, room=3) as writer:
        first = asked(writer, buy("b"))
        with pytest.raises(QueueFull):
            asked(writer, *[gift(f"g{number}", 1) for number in range(4)])
        slow.go.set()
        assert legs(first) == [1]
    assert sum(slow.sizes) == 1


def test_a_closed_writer_has_written_what_waited_and_takes_no_more(slow: Slow) -> None:
    slow.go.set()
    writer = BatchWriter(slow)
    groups = [asked(writer, buy("b")), asked(writer, gift("g", 1))]
    writer.close()
    assert [legs(group) for group in groups] == [[1], [1]]
    with pytest.raises(WriterClosed):
        asked(writer, gift("late", 1))
    writer.close()


def test_whoever_waits_hears_of_what_broke(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Batch) -> None:
        raise OSError("no space left")

    slow.go.set()
    with BatchWriter(slow) as writer:
        with monkeypatch.context() as patch:
            patch.setattr(Batch, "end", broken)
            with pytest.raises(OSError, match="no space left"):
                writer.write([buy("b")])
        assert legs(asked(writer, buy("b"))) == [1], "and the next is written"


def test_many_orders_are_answered_in_their_order_as_a_writer_answers_them(slow: Slow) -> None:
    slow.go.set()
    with BatchWriter(slow, room=2) as writer:
        answers = writer.write([buy("b", 10), gift("g1", 8), gift("g2", 8), gift("g3", 1), gift("g1", 8)])
    assert [type(answer) for answer in answers] == [Receipt, Receipt, NotEnoughCoins, Receipt, Receipt]
    assert [answer.repeated for answer in answers if isinstance(answer, Receipt)] == [False, False, False, True]


def test_what_kept_the_writer_from_answering_is_raised_and_no_refusal(
    slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(self: Writer, draft: Draft) -> list[Answer]:
        raise DatabaseGone(seconds=60)

    slow.go.set()
    monkeypatch.setattr(Slow, "keep", gone)
    with BatchWriter(slow) as writer, pytest.raises(DatabaseGone):
        writer.write([buy("b")])


def test_a_creator_whose_account_is_full_is_read_and_only_what_is_too_large_refused(
    slow: Slow, database: Database
) -> None:
    slow.go.set()
    with BatchWriter(slow) as writer:
        assert legs(asked(writer, buy("b", 10), gift("g0", 1))) == [1, 1]
        with database.connect_owner(autocommit=True) as owner:
            nearly = 2**63 - 1 - 2_000
            owner.execute("UPDATE account SET credits = %s, debits = %s WHERE kind = 11", (nearly, nearly - 1_000))
        assert legs(asked(writer, gift("g1", 2), gift("g2", 1))) == [1, TooLarge]


def test_too_little_for_a_batch_waits_for_the_one_before(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_writer, "WORTH_A_BATCH", 3)
    with BatchWriter(slow) as writer:
        groups = [asked(writer, buy("b", 20))]
        taken(writer)
        groups += [asked(writer, gift(f"g{number}", 1)) for number in range(2)]
        slow.go.set()
        assert [legs(group) for group in groups] == [[1]] * 3
    assert (slow.sizes, slow.ahead) == ([1, 2], [False, False])


def test_an_exceptional_order_waits_for_what_is_being_written(slow: Slow) -> None:
    with BatchWriter(slow) as writer:
        slow.go.set()
        assert legs(asked(writer, buy("b", 10))) == [1]
        slow.go.clear()
        groups = [asked(writer, gift("g1", 10))]
        taken(writer)
        groups.append(asked(writer, reverse(gift("g1", 10))))
        groups.append(asked(writer, gift("g2", 10)))
        slow.go.set()
        assert [legs(group) for group in groups] == [[1]] * 3
