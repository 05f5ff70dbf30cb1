"""Two writers ask for the same thing, or for two things that exclude each other, at the same moment."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier

import pytest
from msgspec.structs import replace
from shop import CREATORS, VIEWERS, Shop, stands

from riviere.database.database import Database
from riviere.ids import request_digest
from riviere.ledger.batch import Batch
from riviere.ledger.evidence import Signer
from riviere.ledger.law import Kind
from riviere.ledger.model import Gift, Order, Receipt
from riviere.ledger.refusals import ChargeTaken, KeyReused, NotEnoughCoins, NotMatured
from riviere.ledger.writer import Answer, Writer

VIEWER, CREATOR = VIEWERS[0], CREATORS[0]
#: How often each pair meets: once proves little.
ROUNDS = range(len(CREATORS))


class Two:
    """Two writers of one shop, each with a thread and a connection of its own."""

    def __init__(self, shop: Shop, pool: ThreadPoolExecutor, writers: list[Writer]) -> None:
        self.shop, self._pool, self._writers = shop, pool, writers

    def at_once(self, *orders: Order) -> list[Answer]:
        """Writes one order each, from the same moment on."""
        ready = Barrier(len(orders))

        def write(writer: Writer, order: Order) -> Answer:
            ready.wait(10)
            return writer.write([order])[0]

        return [*self._pool.map(write, self._writers, orders)]

    def held(self, name: str, kind: Kind) -> int:
        with self.shop.database.connect() as connection:
            found = connection.execute(
                "SELECT credits - debits FROM account WHERE user_id = %s AND kind = %s", (self.shop.users[name], kind)
            ).fetchone()
        return int(found[0]) if found else 0


@pytest.fixture
def two(database: Database) -> Iterator[Two]:
    shop = Shop(database, Signer(bytes(range(32))))
    shop.stock_up()
    with ThreadPoolExecutor(2) as pool, ExitStack() as stack:
        yield Two(shop, pool, [stack.enter_context(Writer(database.connect)) for _ in range(2)])
    shop.balances()


def split(answers: list[Answer]) -> tuple[list[Receipt], list[Answer]]:
    """What stands, and what was refused."""
    return [a for a in answers if isinstance(a, Receipt)], [a for a in answers if not isinstance(a, Receipt)]


def given(two: Two, key: str, count: int = 5) -> Gift:
    gift = two.shop.gift(VIEWER, CREATOR, key, count)
    two.shop.write([gift])
    return gift


def test_the_same_gift_sent_twice_at_once_is_booked_once(two: Two) -> None:
    for number in ROUNDS:
        gift = two.shop.gift(VIEWER, CREATOR, f"gift-{number}", 5)
        answers = [stands(answer) for answer in two.at_once(gift, gift)]
        assert sorted(answer.repeated for answer in answers) == [False, True]
    assert two.held(CREATOR, Kind.DIAMONDS) == len(ROUNDS) * 5 * two.shop.rate.amount


def test_one_key_for_two_gifts_at_once_is_one_gift_and_one_refusal(two: Two) -> None:
    for number in ROUNDS:
        one = two.shop.gift(VIEWER, CREATOR, f"gift-{number}", 5)
        other = two.shop.gift(VIEWER, CREATORS[1], f"gift-{number}", 5)
        stood, refused = split(two.at_once(one, replace(other, request=request_digest("another"))))
        assert len(stood) == 1
        assert [type(answer) for answer in refused] == [KeyReused]


def test_the_same_purchase_twice_at_once_is_paid_and_booked_once(two: Two) -> None:
    before = two.held(VIEWER, Kind.COINS)
    for number in ROUNDS:
        purchase = two.shop.buy(VIEWER, f"again-{number}")
        answers = [stands(answer) for answer in two.at_once(purchase, purchase)]
        assert sorted(answer.repeated for answer in answers) == [False, True]
    assert two.held(VIEWER, Kind.COINS) == before + len(ROUNDS) * two.shop.pack.coins


def test_a_purchase_that_another_writer_books_amid_our_reading_is_a_repeat(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    purchase = two.shop.buy(VIEWER, "overtaken")

    def overtaken(batch: Batch) -> None:
        monkeypatch.undo()
        batch.read()
        two.shop.write([purchase])

    monkeypatch.setattr(Batch, "read", overtaken)
    (answer,) = two.at_once(purchase)
    assert stands(answer).repeated


def test_one_charge_pays_for_one_of_two_purchases(two: Two) -> None:
    for number in ROUNDS:
        purchases = [two.shop.buy(viewer, f"{viewer}-{number}", f"charge-{number}") for viewer in VIEWERS[:2]]
        stood, refused = split(two.at_once(*purchases))
        assert len(stood) == 1
        assert [type(answer) for answer in refused] == [ChargeTaken]


def test_the_last_coins_are_spent_once(two: Two) -> None:
    for number, viewer in enumerate(VIEWERS[: len(ROUNDS)]):
        everything = two.held(viewer, Kind.COINS) + two.held(viewer, Kind.BONUS)
        gifts = [two.shop.gift(viewer, creator, f"{creator}-{number}", everything) for creator in CREATORS[:2]]
        stood, refused = split(two.at_once(*gifts))
        assert len(stood) == 1
        assert [type(answer) for answer in refused] == [NotEnoughCoins]
        assert two.held(viewer, Kind.COINS) == two.held(viewer, Kind.BONUS) == 0


def test_a_gift_reversed_twice_at_once_is_reversed_once(two: Two) -> None:
    for number in ROUNDS:
        reversal = two.shop.reverse(given(two, f"gift-{number}"))
        answers = [stands(answer) for answer in two.at_once(reversal, reversal)]
        assert sorted(answer.repeated for answer in answers) == [False, True]
    assert two.held(CREATOR, Kind.DIAMONDS) + two.held(CREATOR, Kind.OWED) == 0


def test_two_gifts_of_one_viewer_are_reversed_at_once(two: Two) -> None:
    for number in ROUNDS:
        gifts = [given(two, f"{side}-{number}") for side in "ab"]
        for answer in two.at_once(*map(two.shop.reverse, gifts)):
            assert not stands(answer).repeated


def test_a_gift_is_reversed_while_its_viewer_sends_another(two: Two) -> None:
    for number in ROUNDS:
        reversal = two.shop.reverse(given(two, f"first-{number}"))
        for answer in two.at_once(reversal, two.shop.gift(VIEWER, CREATORS[1], f"next-{number}", 3)):
            stands(answer)


def test_of_two_holds_of_all_the_diamonds_one_passes(two: Two) -> None:
    for number in ROUNDS:
        given(two, f"gift-{number}")
        everything = two.held(CREATOR, Kind.DIAMONDS)
        stood, refused = split(
            two.at_once(*(two.shop.hold(CREATOR, f"{side}-{number}", everything) for side in ("one", "other")))
        )
        assert len(stood) == 1
        assert [type(answer) for answer in refused] == [NotMatured]
    assert two.held(CREATOR, Kind.DIAMONDS) == 0


def test_a_hold_meets_the_reversal_of_the_gift_it_is_made_of(two: Two) -> None:
    """The reversal always stands. The hold stands if it was first; then the creator owes what is held."""
    worth = 5 * two.shop.rate.amount
    for number, creator in zip(ROUNDS, CREATORS, strict=True):
        gift = two.shop.gift(VIEWER, creator, f"gift-{number}", 5)
        two.shop.write([gift])
        reversed_, held = two.at_once(two.shop.reverse(gift), two.shop.hold(creator, f"hold-{number}", worth))
        stands(reversed_)
        assert isinstance(held, Receipt | NotMatured)
        passed = worth if isinstance(held, Receipt) else 0
        assert (two.held(creator, Kind.HELD), -two.held(creator, Kind.OWED)) == (passed, worth)
        assert two.held(creator, Kind.DIAMONDS) == worth - passed
