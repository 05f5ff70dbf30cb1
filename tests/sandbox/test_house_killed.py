"""The stand-in is killed in the middle of whatever it does: what it answered stays so, and is done once."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import stripe

from house_bench import Account, Hook, standing, until


class Buyer(threading.Thread):
    """Buys one thing after the other, gives every third back; asks again, with the same key, until it is answered."""

    def __init__(self, account: Account) -> None:
        super().__init__()
        self._ask = account.stripe
        self.enough = False
        self.sent = 0
        #: By order: the PaymentIntent, and the refund if it was given back, as they were answered.
        self.answered: dict[str, tuple[str, str | None]] = {}

    def run(self) -> None:
        while not self.enough:
            number = len(self.answered)
            self.answered[f"order-{number}"] = self._bought(f"order-{number}", back=number % 3 == 0)

    def _bought(self, order: str, *, back: bool) -> tuple[str, str | None]:
        asked: Any = {"amount": 499, "currency": "usd", "metadata": {"order": order}}
        made = self._heard(lambda key: self._ask.payment_intents.create(asked, key), order)
        card: Any = {"payment_method": "pm_card_visa"}
        self._heard(lambda key: self._ask.payment_intents.confirm(made.id, card, key), f"{order}-paid")
        if not back:
            return made.id, None
        refunded: Any = {"payment_intent": made.id}
        return made.id, self._heard(lambda key: self._ask.refunds.create(refunded, key), f"{order}-back").id

    def _heard(self, ask: Callable[[Any], Any], key: str) -> Any:
        while True:
            self.sent += 1
            try:
                return ask({"idempotency_key": key})
            except stripe.APIConnectionError:
                time.sleep(0.01)


@contextmanager
def buying(account: Account) -> Iterator[Buyer]:
    buyer = Buyer(account)
    buyer.start()
    try:
        yield buyer
    finally:
        buyer.enough = True
        buyer.join()


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_killed_at_any_moment_it_has_done_what_it_answered_once(tmp_path: Path, kills: int) -> None:
    hook = Hook()
    with standing(tmp_path, hook) as (house, account):
        with buying(account) as buyer:
            for kill in range(kills):
                soon = buyer.sent + 4 + kill % 7
                until(lambda: buyer.sent >= soon, "more to be asked")  # noqa: B023 -- awaited in this turn
                house.kill()
                house.start()
            until(lambda: len(buyer.answered) > 3, "a few orders to be answered")
        intents = [*account.stripe.payment_intents.list({"limit": 100}).auto_paging_iter()]
        by_order = {one.to_dict()["metadata"]["order"]: one for one in intents}
        assert len(by_order) == len(intents)
        for order, (intent, refund) in buyer.answered.items():
            assert (by_order[order].id, by_order[order].status) == (intent, "succeeded")
            (charge,) = account.stripe.charges.list({"payment_intent": intent}).data
            assert charge.amount_refunded == (499 if refund else 0)
            assert [one.id for one in account.stripe.refunds.list({"charge": charge.id}).data] == [refund][
                : bool(refund)
            ]
        moved = [*account.stripe.balance_transactions.list({"limit": 100}).auto_paging_iter()]
        refunds = [refund for _, refund in buyer.answered.values() if refund]
        assert sorted(one.type for one in moved) == ["charge"] * len(buyer.answered) + ["refund"] * len(refunds)
        happened = {one.id for one in account.stripe.events.list({"limit": 100}).auto_paging_iter()}
        until(lambda: {one.id for one in hook.events()} == happened, "every event to be told")
    hook.close()


def test_webhooks_that_wait_are_told_after_a_kill(tmp_path: Path) -> None:
    hook = Hook()
    with standing(tmp_path, hook) as (house, account):
        account.steer("webhooks/hold", holding=True)
        paid = account.bought()
        house.kill()
        house.start()
        assert hook.heard == []
        account.steer("webhooks/hold", holding=False)
        until(lambda: len(hook.types(paid.id)) == 2, "what waited")
        assert account.stripe.payment_intents.retrieve(paid.id).status == "succeeded"
        named = account.stripe.payment_intents.create(
            {"amount": 500, "currency": "usd", "payment_method": str(paid.payment_method)}
        )
        assert account.stripe.payment_intents.confirm(named.id).status == "succeeded"
    hook.close()


def test_it_ends_with_whoever_started_it(tmp_path: Path) -> None:
    with standing(tmp_path) as (house, account):
        process: Any = house._process
        assert account.stripe.balance.retrieve().livemode is False
        process.stdin.close()
        assert process.wait(20) == 0
