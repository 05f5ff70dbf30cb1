"""Several processes at once: the cap is kept, a quote is used once, a payout is made once."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import Any

from payees import Payees

from riviere.errors import RiviereError
from riviere.ledger.writer import Writer
from riviere.payouts import clerk, redemptions
from riviere.payouts.model import State
from riviere.payouts.quotes import Quote

MANY = 4


def together(payees: Payees, act: Callable[[int, Any, Writer], Any]) -> list[Any]:
    """What several processes get that do `act` at the same moment; an error is an answer too."""
    gate = threading.Barrier(MANY)

    def run(number: int) -> Any:
        database = payees.world.database
        with closing(database.connect(autocommit=True)) as connection, Writer(database.connect) as writer:
            gate.wait(30)
            try:
                return act(number, connection, writer)
            except RiviereError as refusal:
                return refusal.code

    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(MANY))
        return list(pool.map(run, range(MANY)))


def asked_at_once(payees: Payees, quotes: list[Quote], keys: list[str]) -> Counter[str]:
    """Requests for these quotes under these keys at one moment: how they end."""

    def act(number: int, connection: Any, writer: Writer) -> str:
        quote, key = quotes[number % len(quotes)].name, keys[number % len(keys)]
        return redemptions.request(connection, writer, "jo", quote, key, "jo", payees.world.now).state

    return Counter(together(payees, act))


def test_one_quote_is_used_by_one_of_many(payees: Payees) -> None:
    payees.creator(diamonds=100_000)
    found = asked_at_once(payees, [payees.quote("jo", 10_000)], ["a", "b", "c", "d"])
    assert found == {"approved": 1, "quote_used": 3}
    assert payees.world.wallet("jo").held == 10_000_000


def test_one_key_asks_for_one_redemption(payees: Payees) -> None:
    payees.creator(diamonds=100_000)
    assert asked_at_once(payees, [payees.quote("jo", 10_000)], ["a"]) == {"approved": 4}
    assert payees.world.wallet("jo").held == 10_000_000


def test_the_daily_cap_is_kept_by_all_together(payees: Payees) -> None:
    payees.creator(diamonds=500_000)
    quotes = [payees.quote("jo", 90_000) for _ in range(MANY)]
    assert asked_at_once(payees, quotes, ["a", "b", "c", "d"]) == {"approved": 2, "over_daily_cap": 2}


def test_the_same_diamonds_are_held_once(payees: Payees) -> None:
    payees.creator(diamonds=10_000)
    quotes = [payees.quote("jo", 10_000) for _ in range(MANY)]
    assert asked_at_once(payees, quotes, ["a", "b", "c", "d"]) == {"approved": 1, "not_enough_diamonds": 3}
    refused = [one for one in redemptions.listed(payees.connection, "jo", None, 10) if one.state == State.REFUSED]
    assert len(refused) == 3
    assert all("10,000 diamonds were asked for, and 0 are free" in one.steps[-1].reason for one in refused)


def test_many_clerks_share_the_work_and_do_each_piece_once(payees: Payees) -> None:
    payees.creator(diamonds=200_000)
    for _ in range(12):
        payees.redeem("jo", 10_000)

    def act(_: int, connection: Any, writer: Writer) -> int:
        return clerk.advance_due(connection, writer, {"paypal": payees.bank}, payees.world.now)

    assert sum(together(payees, act)) == 12
    assert set(Counter(batch for batch, _ in payees.bank.asked).values()) == {1}
    payees.world.later(minutes=1)
    assert sum(together(payees, act)) == 12
    assert payees.money()["redeem.settle"] == 60_000


def test_a_redemption_is_cancelled_or_paid_and_never_both(payees: Payees) -> None:
    payees.creator(diamonds=100_000)
    for _ in range(6):
        asked = payees.redeem("jo", 10_000)

        def act(number: int, connection: Any, writer: Writer, asked: redemptions.Redemption = asked) -> Any:
            if number % 2:
                return clerk.advance_due(connection, writer, {"paypal": payees.bank}, payees.world.now)
            return redemptions.cancel(connection, writer, "jo", asked.id, "jo", "no", payees.world.now).state

        together(payees, act)
        payees.rounds(minutes=3)
        payees.rounds(minutes=3)
        sent = any(batch.startswith(asked.id.hex) for batch, _ in payees.bank.asked)
        assert payees.course(asked)[-1] == ("paid" if sent else "cancelled")
