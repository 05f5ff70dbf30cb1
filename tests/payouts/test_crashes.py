"""A process dies at every act of a redemption's life in turn; the next round finishes it, and nothing is done twice."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from crashing import crashing_after
from payees import LEASE, Payees

from riviere.payouts import redemptions
from riviere.payouts.model import State
from riviere.payouts.provider import Refused, Standing
from riviere.payouts.redemptions import Redemption

SUBMITTED = ["requested", "held", "approved", "submitted"]


#: Every act takes a minute; every seventh is enough to notice a change.
STEPS = pytest.mark.parametrize("every", [7, pytest.param(1, marks=pytest.mark.slow)])


def at_every_act(payees: Payees, every: int, life: Callable[[str], None], check: Callable[[str], None]) -> int:
    """Lives `life` by a creator of its own and dies at one in `every` of its acts; lets others finish, and checks."""
    acts = 0
    while True:
        acts += every
        name = payees.creator(f"creator-{acts}")
        with crashing_after(payees, acts) as fuse:
            life(name)
        for _ in range(4):
            payees.rounds(seconds=LEASE)
        check(name)
        payees.bank.says, payees.bank.answers = Standing.PAID, []
        # What has ended is not watched any more: the next life is the only one that moves.
        payees.connection.execute("UPDATE redemption SET due_at = NULL")
        if fuse.left > 0:
            return acts


def only(payees: Payees, name: str) -> Redemption | None:
    """The redemption of somebody who has at most one."""
    found = redemptions.listed(payees.connection, name, None, 10)
    assert len(found) <= 1
    return found[0] if found else None


def booked(payees: Payees, name: str) -> Counter[str]:
    """How often each route of a redemption was taken for a creator."""
    rows = payees.connection.execute(
        "SELECT r.name FROM entry e JOIN route r ON r.code = e.route WHERE e.owner = %s AND e.route BETWEEN 21 AND 27",
        [payees.world.id(name)],
    )
    return Counter(row[0] for row in rows)


PAID = Counter(["redeem.hold", "redeem.settle", "redeem.fee", "redeem.payout"])


def batches(payees: Payees, redemption: Redemption) -> Counter[str]:
    """How often the provider was asked under each batch id."""
    return Counter(batch for batch, _ in payees.bank.asked if batch.startswith(redemption.id.hex))


@STEPS
def test_dying_anywhere_on_the_way_to_paid_ends_at_paid_once(payees: Payees, every: int) -> None:
    def life(name: str) -> None:
        payees.redeem(name, key="k")
        payees.rounds()
        payees.rounds(seconds=15)

    def check(name: str) -> None:
        found = only(payees, name)
        if found is None:
            assert booked(payees, name) == Counter()
            # Nobody heard an answer, so the same is asked again: and goes through.
            payees.redeem(name, key="k")
            payees.rounds()
            payees.rounds(seconds=15)
            found = only(payees, name)
        assert found is not None
        assert payees.course(found) == [*SUBMITTED, "paid"]
        assert booked(payees, name) == PAID
        assert set(batches(payees, found)) == {f"{found.id.hex}-1"}

    assert at_every_act(payees, every, life, check) > 80
    events = Counter(kind for kind, _ in payees.told())
    assert len(set(events.values())) == 1


@STEPS
def test_dying_anywhere_while_it_is_cancelled_ends_at_one_or_the_other(payees: Payees, every: int) -> None:
    ends = Counter[str]()

    def life(name: str) -> None:
        asked = payees.redeem(name, key="k")
        redemptions.cancel(payees.connection, payees.writer, name, asked.id, name, "no", payees.world.now)

    def check(name: str) -> None:
        found = only(payees, name)
        if found is None:
            return
        ends[found.state] += 1
        held = booked(payees, name)
        if found.state == State.CANCELLED:
            assert held == Counter(["redeem.hold", "redeem.release"])
            assert not batches(payees, found)
        else:
            assert found.state == State.PAID
            assert held == PAID

    at_every_act(payees, every, life, check)
    assert set(ends) == {"cancelled", "paid"}


@STEPS
def test_dying_anywhere_while_it_fails_gives_the_diamonds_back_once(payees: Payees, every: int) -> None:
    bank = payees.bank

    def life(name: str) -> None:
        bank.answers = [Refused(reason="blocked")] * 9
        payees.redeem(name, key="k")
        payees.rounds()

    def check(name: str) -> None:
        found = only(payees, name)
        if found is not None and found.state == State.SUBMITTED:
            # Nobody heard what the first try came to: only a person can say that it was never paid.
            assert found.attention is not None
            run = (payees.connection, payees.writer, found.id, "olga", "never paid, says the bank", payees.world.now)
            assert redemptions.never_paid(*run).state == State.FAILED
        elif found is not None:
            assert payees.course(found) == [*SUBMITTED, "failed"]
        if found is not None:
            assert booked(payees, name) == Counter(["redeem.hold", "redeem.release"])
        assert payees.world.wallet(name).diamonds == 10_000_000

    assert at_every_act(payees, every, life, check) > 80


@STEPS
def test_dying_anywhere_on_the_way_back_and_out_again_pays_again_once(payees: Payees, every: int) -> None:
    bank = payees.bank

    def life(name: str) -> None:
        bank.says = Standing.RETURNED
        payees.rounds(days=2)
        bank.says = Standing.PAID
        found = only(payees, name)
        assert found is not None
        run = (payees.connection, payees.writer, name, found.id, name)
        redemptions.pay_again(*run, "corrected", payees.world.now)
        payees.rounds()
        payees.rounds(seconds=15)

    def check(name: str) -> None:
        found = only(payees, name)
        assert found is not None
        ends[len(found.steps)] += 1
        if found.state == State.RETURNED:
            # Nobody heard whether it is to be paid again: it is not.
            assert booked(payees, name) == PAID + Counter(["redeem.return"])
            return
        assert payees.course(found)[5:] == ["returned", "approved", "submitted", "paid"]
        assert booked(payees, name) == PAID + Counter(["redeem.return", "redeem.payout"])
        assert set(batches(payees, found)) == {f"{found.id.hex}-1", f"{found.id.hex}-2"}

    ends = Counter[int]()
    paid = payees.creator

    def creator(name: str = "jo", diamonds: int = 10_000, *, ready: bool = True) -> str:
        paid(name, diamonds, ready=ready)
        payees.redeem(name)
        payees.rounds()
        payees.rounds(seconds=15)
        return name

    mine: Any = payees
    mine.creator = creator
    assert at_every_act(payees, every, life, check) > 80
    assert set(ends) == {6, 9}
