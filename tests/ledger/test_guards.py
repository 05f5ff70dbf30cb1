"""What one writer decided on and another has changed since: nothing of it is written, and the second try sees it.

Two batches are read one after the other and written in turn, so that the race is lost every time, not by chance.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from riviere import ids
from riviere.clock import hour_of
from riviere.database.database import Database
from riviere.ledger.batch import Batch, OutOfDate
from riviere.ledger.law import Kind, is_users
from riviere.ledger.model import Buy, Expire, Freeze, Gift, Hold, Order, Receipt, Refund, Release, Reverse, Thaw
from riviere.ledger.posting import Posting
from riviere.ledger.refusals import AlreadyRefunded, AlreadyThawed, NotEnoughCoins, NotMatured
from riviere.ledger.rules import decide
from riviere.ledger.writer import Writer

AT = datetime(2026, 3, 1, tzinfo=UTC)
SOON, NEVER = AT + timedelta(days=1), datetime(2999, 1, 1, tzinfo=UTC)
VIEWER, CREATOR = 11, 22


def key(name: str) -> tuple:
    return ids.client_id(name), ids.request_digest(name), AT


def buy(name: str, coins: int = 100, bonus: int = 0) -> Buy:
    return Buy(VIEWER, *key(name), coins, bonus, 99, "USD", 1, SOON, "sandbox", f"charge-{name}")


def gift(name: str, count: int, *, combo: bool = False) -> Gift:
    return Gift(VIEWER, *key(name), CREATOR, count, combo, 1, None, 1_000, 1, 1, 1, None, False)


def reverse(given: Gift) -> Reverse:
    entry = ids.system_id("reverse", given.id)
    return Reverse(VIEWER, entry, ids.request_digest(entry), AT, given.id, SOON)


def hold(name: str, diamonds: int, immature_from: datetime = NEVER) -> Hold:
    return Hold(CREATOR, *key(name), diamonds, immature_from)


def freeze(name: str, bought: Buy, coins: int | None = None) -> Freeze:
    return Freeze(VIEWER, *key(name), bought.id, coins)


def thaw(frozen: Freeze) -> Thaw:
    entry = ids.system_id("thaw", frozen.id)
    return Thaw(VIEWER, entry, ids.request_digest(entry), AT, frozen.id, SOON)


def refund(frozen: Freeze, amount: int) -> Refund:
    entry = ids.system_id("refund", frozen.id)
    return Refund(VIEWER, entry, ids.request_digest(entry), AT, frozen.id, amount, "USD")


def expire(bought: Buy) -> Expire:
    entry = ids.system_id("expire", bought.id, 1)
    return Expire(VIEWER, entry, ids.request_digest(entry), NEVER, bought.id, 1)


def release(held: Hold) -> Release:
    entry = ids.system_id("release", held.id)
    return Release(CREATOR, entry, ids.request_digest(entry), AT, held.id)


@pytest.fixture
def writer(database: Database) -> Iterator[Writer]:
    with database.connect() as connection:
        # Accounts are made on first use; a slow writer that has made one would hold up the fast one, and us with it.
        connection.execute(
            "INSERT INTO account (user_id, kind) SELECT u, k FROM unnest(%s::bigint[]) u, unnest(%s::smallint[]) k",
            ([VIEWER, CREATOR], [kind for kind in Kind if is_users(kind)]),
        )
    with Writer(database.connect) as opened:
        yield opened


def overtaken(database: Database, writer: Writer, slow: Order, *fast: Order) -> None:
    """What was decided on is no longer so: writing it is given up."""
    with pytest.raises(OutOfDate):
        written_after(database, writer, slow, *fast)


def written_after(database: Database, writer: Writer, slow: Order, *fast: Order) -> Posting:
    """Reads and decides `slow`, lets `fast` be written by another writer, and writes `slow`."""
    with Writer(database.connect) as other:
        connection, tip = other._ready()
        batch = Batch(connection)
        batch.ask([slow])
        batch.read()
        posting = decide(batch, slow)
        assert all(isinstance(answer, Receipt) for answer in writer.write(fast))
        batch.accept(slow, posting)
        try:
            batch.move(connection)
            batch.store(tip, other._row_type)
            batch.end()
        finally:
            batch.drop()
    return posting


def test_two_gifts_of_the_last_coins(database: Database, writer: Writer) -> None:
    writer.write([buy("b", 10)])
    overtaken(database, writer, gift("slow", 10), gift("fast", 1))
    assert isinstance(writer.write([gift("slow", 10)])[0], NotEnoughCoins)


def test_two_holds_of_what_has_matured_while_more_is_maturing(database: Database, writer: Writer) -> None:
    # The floor would let both pass: there are diamonds enough, but not matured ones.
    writer.write([buy("b"), gift("g", 100)])
    with database.connect_owner() as connection:
        connection.execute("UPDATE earning SET hour = hour - interval '9 days'")
    writer.write([buy("c"), gift("h", 100)])
    cut = hour_of(datetime.now(UTC)) - timedelta(days=7)
    overtaken(database, writer, hold("slow", 100_000, cut), hold("fast", 100_000, cut))
    assert isinstance(writer.write([hold("slow", 100_000, cut)])[0], NotMatured)


def test_a_popular_creators_hold_is_not_overtaken_by_gifts(database: Database, writer: Writer) -> None:
    writer.write([buy("b"), gift("g", 50)])
    (entry,) = written_after(database, writer, hold("slow", 50_000), gift("fast", 50)).receipt.entries
    assert entry.debit_balance == 50_000  # with the gift that came in between


@pytest.mark.parametrize("between", ["gift", "buy", "reversal"])
def test_a_reversal_plans_on_the_queue_as_it_read_it(database: Database, writer: Writer, between: str) -> None:
    first, second = gift("first", 10), gift("second", 10)
    writer.write([buy("b"), first, second])
    fast = {"gift": gift("third", 1), "buy": buy("c"), "reversal": reverse(second)}[between]
    overtaken(database, writer, reverse(first), fast)
    assert isinstance(writer.write([reverse(first)])[0], Receipt)


def test_a_bonus_that_is_spent_while_it_expires(database: Database, writer: Writer) -> None:
    bought = buy("b", bonus=20)
    writer.write([bought])
    overtaken(database, writer, expire(bought), gift("g", 5))


@pytest.mark.parametrize("between", ["gift", "buy", "reversal", "freeze", "thaw"])
def test_coins_are_set_aside_as_the_queue_was_read(database: Database, writer: Writer, between: str) -> None:
    bought, given = buy("b", bonus=10), gift("g", 5)
    early = freeze("early", bought, 5)
    writer.write([bought, given, early])
    fast = {
        "gift": gift("third", 1),
        "buy": buy("c"),
        "reversal": reverse(given),
        "freeze": freeze("fast", bought, 5),
        "thaw": thaw(early),
    }[between]
    overtaken(database, writer, freeze("slow", bought, 10), fast)
    assert isinstance(writer.write([freeze("slow", bought, 10)])[0], Receipt)


def test_coins_that_are_paid_back_and_thawed_at_once_go_one_way(database: Database, writer: Writer) -> None:
    bought, frozen = buy("b"), freeze("f", buy("b"))
    writer.write([bought, frozen])
    overtaken(database, writer, refund(frozen, 99), thaw(frozen))
    assert isinstance(writer.write([refund(frozen, 99)])[0], AlreadyThawed)


def test_coins_that_are_thawed_and_paid_back_at_once_go_one_way(database: Database, writer: Writer) -> None:
    bought, frozen = buy("b"), freeze("f", buy("b"))
    writer.write([bought, frozen])
    overtaken(database, writer, thaw(frozen), refund(frozen, 99))
    assert isinstance(writer.write([thaw(frozen)])[0], AlreadyRefunded)


def test_a_combo_that_is_reversed_while_it_goes_on(database: Database, writer: Writer) -> None:
    begun = gift("combo", 1, combo=True)
    writer.write([buy("b"), begun])
    overtaken(database, writer, gift("combo", 5, combo=True), reverse(begun))


def test_a_hold_released_twice_at_once(database: Database, writer: Writer) -> None:
    held = hold("h", 10_000)
    writer.write([buy("b"), gift("g", 50), held])
    overtaken(database, writer, release(held), release(held))
    assert [answer.repeated for answer in writer.write([release(held)])] == [True]


def test_an_expiry_that_somebody_else_wrote_meanwhile_is_a_repeat(
    database: Database, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    bought = buy("b", bonus=20)
    writer.write([bought])
    real = Batch.queue

    def written_first(batch: Batch, owner: int, axis: int) -> object:
        monkeypatch.undo()
        writer.write([expire(bought)])
        return real(batch, owner, axis)

    monkeypatch.setattr(Batch, "queue", written_first)
    with Writer(database.connect) as slow:
        assert [answer.repeated for answer in slow.write([expire(bought)])] == [True]
