"""Which purchase paid for a gift, asked of the journal."""

from collections.abc import Iterator
from typing import Any

import pytest
from small_ledger import FACTS, MINA, OTTO, buy, gift, imported, reverse, write

from riviere.database.database import Database
from riviere.ids import client_id
from riviere.ledger.journal import Paid, count_entries, legs, paid_by
from riviere.ledger.refusals import UnknownEntry


@pytest.fixture
def connection(database: Database) -> Iterator[Any]:
    with database.connect_owner() as owner:
        owner.execute(FACTS)
    with database.connect(autocommit=True) as opened:
        yield opened


def told(paid: list[Paid]) -> list[tuple[str, object, int | None, int, int]]:
    return [(part.account, part.purchase, part.pack, part.first, part.coins) for part in paid]


def test_bonus_coins_pay_first_and_then_purchases_in_their_order(database: Database, connection: Any) -> None:
    # Pack 1 is 70 coins, pack 2 is 1,000 and 100 for nothing; a crown is 300.
    first, second = client_id("b1"), client_id("b2")
    write(database, buy(MINA, "b1", 1), buy(MINA, "b2", 2), gift(MINA, "g", crown=True))
    assert told(paid_by(connection, MINA, client_id("g"))) == [
        ("coins.bonus", second, 2, 0, 100),
        ("coins", first, 1, 0, 70),
        ("coins", second, 2, 0, 130),
    ]


def test_the_steps_of_a_combo_that_spend_one_purchase_are_one_row(database: Database, connection: Any) -> None:
    steps = [gift(MINA, "c", count, combo=True) for count in (1, 4, 6)]
    write(database, buy(MINA, "b", 1), gift(MINA, "g", 2), *steps)
    assert told(paid_by(connection, MINA, client_id("c"))) == [("coins", client_id("b"), 1, 10, 30)]


def test_coins_that_came_back_are_still_their_purchases(database: Database, connection: Any) -> None:
    write(database, buy(MINA, "b", 1), gift(MINA, "g", 14), reverse(MINA, "g"), gift(MINA, "again", 2))
    assert told(paid_by(connection, MINA, client_id("again"))) == [("coins", client_id("b"), 1, 0, 10)]
    assert told(paid_by(connection, MINA, client_id("g"))) == [("coins", client_id("b"), 1, 0, 70)]


def test_an_imported_gift_was_paid_by_its_own_record(database: Database, connection: Any) -> None:
    write(database, imported(OTTO, "i", 4))
    assert told(paid_by(connection, OTTO, client_id("i"))) == [("coins.imported", client_id("i"), None, 0, 20)]


def test_only_gifts_of_that_user_have_something_that_paid_for_them(database: Database, connection: Any) -> None:
    write(database, buy(MINA, "b", 1), gift(MINA, "g"))
    for owner, key in ((OTTO, "g"), (MINA, "b"), (MINA, "nothing")):
        with pytest.raises(UnknownEntry):
            paid_by(connection, owner, client_id(key))


def test_entries_are_counted_and_found_by_their_id(database: Database, connection: Any) -> None:
    assert count_entries(connection) == 0
    write(database, buy(MINA, "b", 2), gift(MINA, "g"))
    assert count_entries(connection) == 3
    assert [leg.credit_amount for leg in legs(connection, MINA, client_id("b"))] == [1000, 100]
    assert legs(connection, MINA, client_id("other")) == []
