"""Creators, operators, two clerks and a provider that fails, dawdles, repeats itself and lies, in any order.

The provider is the sandbox behind its wire, and counts for itself what it has paid. Whatever happens, no diamond is
lost or made, and no payout is paid twice; what should happen is said again in redemption_model.py.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from typing import Any, TypeVar

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import initialize, rule, run_state_machine_as_test
from redemption_model import BACK, Creator, Offer, Payment, follows, resumed
from redemption_town import GIFTS, Died, Office, Town, refused

from riviere.database.database import Database
from riviere.economy.seals import check_seals
from riviere.ledger.evidence import sign_head
from riviere.ledger.verify import verify
from riviere.payouts import clerk, quotes, redemptions
from riviere.payouts.checking import check_redemptions
from sandbox_bench import Door, door

__all__ = ["door"]

#: What people may decide about a redemption, and when.
DECISIONS: dict[str, Callable[[Creator, Payment], bool]] = {
    "cancel": lambda _, one: one.state in ("in_review", "approved") and not one.payments,
    "approve": lambda _, one: one.state == "in_review",
    "reject": lambda _, one: one.state == "in_review",
    "pay again": lambda by, one: one.state == "returned" and by.paid_in == "USD" and not by.suspended,
    "have paid again": lambda by, one: one.state == "returned" and by.paid_in == "USD",
}
AMOUNTS = [None, 9_999_000, 10_000_000, 10_000_000, 20_001_000, 20_001_000, 60_000_000, 120_000_000]
Wait = dict[str, int] | None
WAITS = [{"seconds": 20}, {"minutes": 3}, {"hours": 7}, {"days": 1}, {"days": 1}]
RECEIVERS = [
    *["ana"] * 3,
    *["returned-later"] * 3,
    "refunded-later",
    "unclaimed",
    "held",
    "blocked",
    "fails",
    "returned",
]
CHANGES = {
    "rate": [400_000, 500_000, 650_000],
    "fee": [(10, 15_000), (0, 50_000), (6_000, 0)],
    "minimum": [10_000_000, 20_000_000],
    "cap": [15_000, 40_000, 300_000],
    "review_over": [0, 50_000],
    "maturity_days": [0, 7, 3_650],
}
FAILURES = [
    *[("create", "lost"), ("create", "error"), ("create", "dropped"), ("create", "turned down")],
    *[("show", "lost"), ("show", "error"), ("show", "double"), ("token", "error")],
    *[("create", "lost"), ("server", "before"), ("server", "after")],
]
TURNS = {
    "PENDING": ["SUCCESS", "FAILED"],
    "UNCLAIMED": ["SUCCESS", "RETURNED"],
    "ONHOLD": ["SUCCESS", "FAILED", "RETURNED"],
    "BLOCKED": ["SUCCESS", "RETURNED"],
    "SUCCESS": ["RETURNED", "REFUNDED", "REVERSED"],
}


#: Which of what there is by then: what is drawn must not depend on what happened, which two clerks do by chance.
PICK = st.integers(0, 999)
#: How long until the next round, if there is one.
THEN = st.sampled_from([None, *WAITS])
Option = TypeVar("Option")


def pick(options: Sequence[Option], number: int) -> Option:
    """One of the options."""
    return options[number % len(options)]


class Redeeming(Town):
    """Everything that anybody may do next."""

    def quote(self, creator: Creator, diamonds: int) -> None:
        now = self.world.now
        quote = quotes.quote(self.world.connection, creator.name, diamonds, "paypal", "USD", now)
        offer = Offer(quote.name, diamonds, *creator.offered(diamonds, self.figures), now + timedelta(minutes=15))
        assert (quote.diamonds, quote.gross, quote.fee) == (offer.diamonds, offer.gross, offer.fee)
        assert creator.unsettled or (not quote.refusals) == creator.accepts(offer, "", self.figures, now), quote
        creator.offers.append(offer)

    @initialize(
        receivers=st.tuples(st.sampled_from(RECEIVERS), st.sampled_from(RECEIVERS)),
        waits=st.lists(st.sampled_from(WAITS), max_size=4),
    )
    def open(self, receivers: tuple[str, str], waits: list[dict[str, int]]) -> None:
        """Both creators have asked once, and their payouts have got somewhere."""
        self.settle_in()
        for who, receiver in enumerate(receivers):
            self.a_creator_redeems(who, 20_001_000, receiver, 0, None)
        self.rounds_run(waits, 1)

    @rule(who=PICK, diamonds=st.sampled_from(AMOUNTS), receiver=st.sampled_from(RECEIVERS), which=PICK, then=THEN)
    def a_creator_redeems(self, who: int, diamonds: int | None, receiver: str, which: int, then: Wait) -> None:
        """Asks for so many diamonds by a new quote, or by one of the last, under a new key or an old one."""
        creator = pick(self.creators, who)
        if diamonds is not None:
            self.pay_to(creator, "USD", f"{receiver}@example.com")
            self.quote(creator, diamonds)
        offer = pick(creator.offers[-2:], which) if diamonds is None else creator.offers[-1]
        again = [one.key for one in creator.payments.values() if one.state == "refused" or one.offer is offer]
        key = pick([self.world.key(), *again], which)
        mine, anything = creator.payments.get(key), creator.unsettled
        accepted = creator.accepts(offer, key, self.figures, self.world.now)
        goes_on = {"requested", "in_review" if self.reviewed(offer) else "approved"}
        if mine is None or mine.state == "refused":
            name = redemptions.redemption_id(creator.id, key)
            creator.payments[key] = mine = Payment(key, name, offer, self.world.now.date())
        else:
            accepted, goes_on = True, resumed(mine)  # it is answered what the first request came to
        may = (goes_on if accepted or anything else set()) | ({"refused"} if not accepted or anything else set())
        asked = (creator.name, offer.name, key, creator.name, self.world.now)
        problem = refused(lambda: redemptions.request(self.world.connection, self.office.writers[0], *asked))
        assert anything or isinstance(problem, Died) or (problem is None) == accepted, (
            f"{offer} of {creator}: {problem}"
        )
        self.look(lambda one: may if one is mine else {one.state})
        self.go_on(then)

    def reviewed(self, offer: Offer) -> bool:
        return offer.gross - offer.fee > self.figures.review_over

    @rule(which=PICK, fitting=st.sampled_from([True, True, False]), then=THEN)
    def somebody_decides(self, which: int, fitting: bool, then: Wait) -> None:
        every = [(creator, mine, how) for creator, mine in self.all for how in DECISIONS]
        fits = [(creator, mine, how) for creator, mine, how in every if DECISIONS[how](creator, mine)]
        creator, mine, how = pick(fits if fits and fitting else every, which)
        words = (mine.id, "somebody", f"because of {self.world.key()}", self.world.now)
        books = (self.world.connection, self.office.writers[0])
        calls: dict[str, tuple[str, Callable[[], object]]] = {
            "cancel": ("cancelled", lambda: redemptions.cancel(*books, creator.name, *words)),
            "approve": ("approved", lambda: redemptions.approve(*books, *words)),
            "reject": ("cancelled", lambda: redemptions.reject(*books, *words)),
            "pay again": ("approved", lambda: redemptions.pay_again(*books, creator.name, *words)),
            "have paid again": ("approved", lambda: redemptions.pay_again(*books, None, *words)),
        }
        to, call = calls[how]
        before, begun = mine.state, mine.booking
        problem = refused(call)
        if not (begun or isinstance(problem, Died)):
            assert (problem is None) == DECISIONS[how](creator, mine), f"{how} of {mine}: {problem}"
        possible = {before if problem else to} | ({*resumed(mine), "cancelled"} if begun else set())
        self.look(lambda one: possible if one is mine else {one.state})
        self.go_on(then)

    @rule(
        what=st.sampled_from(["gift", "undone", "method", "standing", "policy", "time"]),
        who=PICK,
        which=PICK,
        how=PICK,
        then=THEN,
    )
    def life_goes_on(self, what: str, who: int, which: int, how: int, then: Wait) -> None:
        creator = pick(self.creators, who)
        if what == "gift":
            self.earn(creator, pick(list(GIFTS), which))
        elif what == "undone":
            gift = pick(creator.gifts, which)
            self.world.reverse(self.fan, gift.key)
            gift.undone = True
        elif what == "method":
            self.pay_to(creator, pick(["USD", "USD", "USD", "EUR"], how), f"{pick(RECEIVERS, which)}@example.com")
        elif what == "standing":
            self.verify(creator, pick([True, True, False], which))
            self.suspend(creator, pick([False, False, True], how))
        elif what == "policy":
            name = pick(list(CHANGES), which)
            self.announce(name, pick(CHANGES[name], how))
        else:
            passed = pick([{"minutes": 16}, {"days": 1}, {"days": 27}][: 2 if self.long_waits else 3], which)
            self.long_waits += passed == {"days": 27}
            self.world.later(**passed)
        self.go_on(then)

    # What the provider does

    @rule(what=st.sampled_from(FAILURES), times=st.integers(1, 2))
    def something_fails(self, what: tuple[str, str], times: int) -> None:
        where, how = what
        if where == "server":
            self.office.writers[times - 1].dies = how
        elif how != "turned down":
            self.bench.steering.fault(where, how, times=times, status=503)
        elif not any(one.state == "submitted" for _, one in self.all):
            # A provider that turns down what it has taken would be beyond anybody's help.
            self.bench.steering.fault("create", "error", status=400)
            self.refused = True

    @rule(
        how=st.sampled_from(["goes on", "goes on", "amount", "currency", "receiver", "nothing"]),
        which=PICK,
        turn=PICK,
        then=THEN,
    )
    def the_provider_goes_on_or_lies(self, how: str, which: int, turn: int, then: Wait) -> None:
        if not self.items():
            return
        item = pick(self.items(), which)
        amount, now = item["payout_item"]["amount"], item["history"][-1]
        lies: dict[str, dict[str, Any]] = {
            "amount": {"amount": amount | {"value": "1.00"}},
            "currency": {"amount": amount | {"currency": "EUR"}},
            "receiver": {"receiver": "eve@example.com"},
            "nothing": {},
        }
        if how == "goes on":
            (mine,) = [one for _, one in self.all if one.has(item)]
            # Money that came back and is paid after all, or went out though it was said that it never did.
            mine.contradicted |= now in BACK
            self.bench.steering.turn(item["payout_item_id"], pick(TURNS.get(now, ["SUCCESS"]), turn))
        else:
            self.bench.steering.lie(item["payout_item_id"], **lies[how])
        self.items(anew=True)
        self.go_on(then)

    @rule(waits=st.lists(st.sampled_from(WAITS), min_size=1, max_size=3), clerks=st.sampled_from([1, 1, 2]))
    def rounds_run(self, waits: list[dict[str, int]], clerks: int) -> None:
        for passed in waits:
            self.world.later(**passed)
            self.a_round(clerks)

    def go_on(self, then: Wait) -> None:
        if then is not None:
            self.rounds_run([then], 1)

    def a_round(self, clerks: int) -> None:
        def work(number: int) -> None:
            books = (self.office.connections[number], self.office.writers[number])
            problem = refused(lambda: clerk.advance_due(*books, {"paypal": self.bench.paypal}, self.world.now))
            assert problem is None or isinstance(problem, Died), problem

        if clerks == 1:
            work(0)
        else:
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(work, range(2)))
        items = self.items(anew=True)

        def last(one: Payment) -> list[dict[str, Any]]:
            names = (one.batch(one.attempt), one.batch(one.attempt + 1))
            return [item for item in items if item["payout_item"]["sender_item_id"] in names]

        self.look(lambda one: follows(one, last(one), self.refused))


def run(database: Database, door: Door, examples: int, steps: int) -> None:
    with closing(Office(database, door)) as office:
        machine = type("Machine", (Redeeming,), {"office": office})
        told = settings(max_examples=examples, stateful_step_count=steps, deadline=None)
        run_state_machine_as_test(machine, settings=told)  # type: ignore[no-untyped-call]
        world = office.world
        with world.connection.transaction():
            sign_head(world.connection, world.signer, world.now)
        extra = [lambda connection: check_seals(connection, world.signer), check_redemptions]
        report = verify(world.connection, world.signer, extra)
        assert [f"{check.name}: {check.detail}" for check in report.checks if not check.ok] == []


@pytest.mark.no_cover  # scenarios run the same lines, and counting lines takes longer than the histories
def test_whatever_a_provider_does_no_diamond_is_lost_and_nothing_is_paid_twice(database: Database, door: Door) -> None:
    run(database, door, 30, 30)


@pytest.mark.slow
def test_the_same_in_200_longer_histories(database: Database, door: Door) -> None:
    run(database, door, 200, 50)
