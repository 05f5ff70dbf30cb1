"""Two processes redeem one hold at the same moment: it is settled or given back, once, and no payment goes out twice.

The second process writes at two moments that could hurt: after the first one has read what it decides on, and after it
has decided. So the race is lost every time, not by chance.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from desk import Desk

from riviere.clock import now
from riviere.database.database import Database
from riviere.ledger import writer
from riviere.ledger.law import Kind
from riviere.ledger.model import Hold, Order, Receipt
from riviere.ledger.posting import Posting, State
from riviere.ledger.refusals import HoldReleased, HoldSettled, NotReturned, UnknownEntry
from riviere.ledger.rules import decide
from riviere.ledger.writer import Answer, Writer

CREATOR = 3


class Race:
    """A creator with a hold, and two processes that write."""

    def __init__(self, one: Writer, other: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
        self.desk = Desk()
        self.desk.now = now() - timedelta(hours=1)
        self._one, self._other, self._patch = one, other, monkeypatch
        self.hold: Hold = self.desk.hold(CREATOR, 10_000, now() + timedelta(hours=2))
        # There is as much held beside it: no floor keeps one hold from ending twice.
        self.second: Hold = self.desk.hold(CREATOR, 10_000, now() + timedelta(hours=2))
        self.stands(self.desk.buy(1, 50), self.desk.gift(1, 20), self.hold, self.second)
        self.settle, self.release = self.desk.settle(self.hold, 500, 18), self.desk.release(self.hold)
        self.returned, self.again = self.desk.come_back(self.hold, 1, 482), self.desk.pay_again(self.hold, 2, 482)

    def stands(self, *orders: Order) -> None:
        assert all(isinstance(answer, Receipt) for answer in self._one.write(orders))

    def overtaken(self, slow: Order, *fast: Order, after: str) -> Answer:
        """What the slow one is answered when the other process writes `fast` amid its work."""
        waiting = [*fast]

        def writes() -> None:
            if waiting:
                orders = [*waiting]
                waiting.clear()
                assert all(isinstance(answer, Receipt) for answer in self._other.write(orders))

        def decided(state: State, order: Order) -> Posting:
            if order is not slow:
                return decide(state, order)
            if after == "reading":
                writes()
            try:
                return decide(state, order)
            finally:
                if after == "deciding":
                    writes()

        with self._patch.context() as patch:
            patch.setattr(writer, "decide", decided)
            (answer,) = self._one.write([slow])
        assert not waiting
        return answer


@pytest.fixture
def race(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Race]:
    with Writer(database.connect) as one, Writer(database.connect) as other:
        made = Race(one, other, monkeypatch)
        yield made
    with database.connect() as connection:
        rows: Any = connection.execute(
            "SELECT coalesce(sum(CASE credit_kind WHEN %(owed)s THEN credit_amount ELSE -debit_amount END), 0)"
            " FROM entry WHERE %(owed)s IN (credit_kind, debit_kind)",
            {"owed": Kind.PAYABLE},
        )
        assert rows.fetchone()[0] in (0, 482), "more went out or came back than was settled"


@pytest.fixture(params=["reading", "deciding"])
def after(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_hold_is_given_back_while_it_is_settled(race: Race, after: str) -> None:
    assert isinstance(race.overtaken(race.settle, race.release, after=after), HoldReleased)


def test_a_hold_is_settled_while_it_is_given_back(race: Race, after: str) -> None:
    assert isinstance(race.overtaken(race.release, race.settle, after=after), HoldSettled)


def test_a_hold_is_settled_by_both(race: Race, after: str) -> None:
    answer = race.overtaken(race.settle, race.settle, after=after)
    assert isinstance(answer, Receipt)
    assert answer.repeated


def test_another_hold_is_settled_meanwhile_and_both_stand(race: Race, after: str) -> None:
    answer = race.overtaken(race.settle, race.desk.settle(race.second, 200, 5), after=after)
    assert isinstance(answer, Receipt)
    assert [entry.debit_balance for entry in answer.entries] == [0, None, None]
    race.stands(race.returned)
    assert isinstance(race.overtaken(race.desk.come_back(race.second, 1, 195), race.again, after=after), Receipt)
    race.stands(race.desk.pay_again(race.second, 2, 195))


def test_a_payment_that_came_back_is_booked_by_both(race: Race, after: str) -> None:
    race.stands(race.settle)
    answer = race.overtaken(race.returned, race.returned, after=after)
    assert isinstance(answer, Receipt)
    assert answer.repeated


def test_a_payment_comes_back_before_its_settlement_is_seen(race: Race, after: str) -> None:
    answer = race.overtaken(race.returned, race.settle, after=after)
    assert isinstance(answer, UnknownEntry if after == "deciding" else Receipt)


def test_what_came_back_is_paid_again_by_both(race: Race, after: str) -> None:
    race.stands(race.settle, race.returned)
    answer = race.overtaken(race.again, race.again, after=after)
    assert isinstance(answer, Receipt)
    assert answer.repeated


def test_what_came_back_is_paid_again_and_comes_back_meanwhile(race: Race, after: str) -> None:
    race.stands(race.settle, race.returned)
    second = race.desk.come_back(race.hold, 2, 482)
    answer = race.overtaken(race.again, race.again, second, after=after)
    assert isinstance(answer, Receipt)
    assert answer.repeated
    assert isinstance(race.overtaken(second, race.desk.pay_again(race.hold, 3, 482), after=after), Receipt)


def test_nothing_is_paid_again_that_is_only_coming_back(race: Race, after: str) -> None:
    race.stands(race.settle)
    answer = race.overtaken(race.again, race.returned, after=after)
    assert isinstance(answer, NotReturned if after == "deciding" else Receipt)
