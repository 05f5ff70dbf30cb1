"""A process dies at every act of a purchase by card in turn; the next one finishes it, and nothing is done twice."""

from typing import Any

import pytest
from buyers import Till
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuses import Crash, CrashingConnection, CrashingWriter, Fuse
from riviere.payments.checkout.model import CheckoutOver, State


class CrashingCards:
    """Dies before the processor is asked, or after it answered."""

    name = "stripe"

    def __init__(self, real: Any, fuse: Fuse) -> None:
        self._real, self._fuse = real, fuse

    def __getattr__(self, name: str) -> Any:
        def asked(*arguments: Any) -> Any:
            self._fuse.burn()
            answer = getattr(self._real, name)(*arguments)
            self._fuse.burn()
            return answer

        return asked


def live(till: Till, fuse: Fuse, key: str, *, webhook: bool) -> None:
    """One purchase from order to coins, until the process dies: paid, if the buyer was told how."""
    kept = till.connection, till.writer, till.cards
    till.connection = CrashingConnection(till.connection, fuse)
    till.writer = CrashingWriter(till.writer, fuse)
    till.cards = CrashingCards(till.cards, fuse)
    try:
        checkout, _ = till.start(key=key)
        till.pay(checkout)
        if webhook:
            till.hear(*till.told(checkout))
        else:
            till.round(minutes=2)
    except Crash:
        pass
    finally:
        till.connection, till.writer, till.cards = kept


@pytest.mark.parametrize("webhook", [True, False], ids=["told", "asked"])
def test_dying_anywhere_on_the_way_to_the_coins_ends_with_the_coins_once(till: Till, webhook: bool) -> None:
    acts = 0
    while True:
        acts += 1
        key = f"life {acts}"
        fuse = Fuse(acts)
        live(till, fuse, key, webhook=webhook)
        # The browser asks again, and Stripe sends again what was not answered.
        checkout, secret = till.start(key=key)
        assert len(till.intents(checkout)) == 1
        if secret:
            till.pay(checkout)
        till.hear(*till.told(checkout))
        till.round(minutes=5)
        assert till.found(key=key).state == State.PAID
        assert till.world.wallet("mia").coins == 700 * acts
        assert till.attention() == []
        till.sound()
        if fuse.left > 0:
            break
    assert acts > 10


def test_dying_anywhere_while_nobody_pays_ends_it_once(till: Till) -> None:
    acts = 0
    while True:
        acts += 1
        key = f"life {acts}"
        till.start(key=key)
        fuse = Fuse(acts)
        kept = till.connection, till.cards
        till.connection = CrashingConnection(till.connection, fuse)
        till.cards = CrashingCards(till.cards, fuse)
        try:
            till.round(hours=25)
        except Crash:
            pass
        finally:
            till.connection, till.cards = kept
        till.round(hours=60)
        assert till.found(key=key).state == State.CANCELLED
        with pytest.raises(CheckoutOver):
            till.start(key=key)
        if fuse.left > 0:
            return


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(["told", "told", "again", "round", "order"]), st.integers(0, 2), st.integers(0, 5)),
        max_size=14,
    ),
    st.sets(st.integers(0, 2)),
)
def test_any_order_loss_and_repetition_credits_what_stripe_took_once(
    till: Till, happens: list[tuple[str, int, int]], paid: set[int]
) -> None:
    """Events of three purchases arrive in any order, some never, some often; some of the purchases are paid."""
    before = till.world.wallet("mia").coins
    keys = [till.world.key() for _ in range(3)]
    orders = [till.start(key=key)[0] for key in keys]
    for which in paid:
        till.pay(orders[which])
    events = [till.told(orders[which]) for which in sorted(paid)]
    for what, which, minutes in happens:
        if what in ("told", "again") and events:
            till.hear(*events[which % len(events)])
        elif what == "round":
            till.round(minutes=minutes)
        elif what == "order":
            till.start(key=keys[which])
    till.round(minutes=30)
    till.round(minutes=90)
    states = {which for which, key in enumerate(keys) if till.found(key=key).state == State.PAID}
    assert states == paid
    assert till.world.wallet("mia").coins == before + 700 * len(paid)
    till.sound()
