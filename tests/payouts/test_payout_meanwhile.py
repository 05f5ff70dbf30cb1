"""What happens to a payout while somebody else is at it: a second clerk, a creator, an operator, whoever tampers."""

from typing import Any

import pytest
from payees import LEASE, SETTLED, Payees

from riviere.payouts import redemptions, store
from riviere.payouts.model import State
from riviere.payouts.provider import Refused
from riviere.payouts.redemptions import Redemption

SUBMITTED = ["requested", "held", "approved", "submitted"]


def test_a_provider_that_answers_after_the_lease_is_over_is_asked_twice_and_pays_once(
    payees: Payees, asked: Redemption, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = payees.bank.submit

    def slow(batch: str, items: Any) -> str:
        monkeypatch.undo()
        payees.rounds(seconds=LEASE)  # another process, meanwhile
        return real(batch, items)

    monkeypatch.setattr(payees.bank, "submit", slow)
    payees.rounds()
    assert len(payees.bank.asked) == 2
    assert len(payees.bank.batches) == 1
    payees.rounds(minutes=1)
    assert payees.money() == SETTLED


def test_a_provider_that_takes_what_was_given_up_meanwhile_calls_a_person(
    payees: Payees, asked: Redemption, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = payees.bank.submit

    def slow(batch: str, items: Any) -> str:
        monkeypatch.undo()
        payees.bank.answers = [Refused(reason="busy")]
        payees.rounds(seconds=LEASE)
        run = (payees.connection, payees.writer, asked.id, "olga", "never paid, says the bank", payees.world.now)
        assert redemptions.never_paid(*run).state == State.FAILED
        return real(batch, items)

    monkeypatch.setattr(payees.bank, "submit", slow)
    payees.rounds()
    assert payees.course(asked) == [*SUBMITTED, "submitted", "failed", "failed"]
    assert "took the payout after" in payees.last(asked)
    payees.rounds(minutes=1)
    assert "after it had said otherwise" in payees.last(asked)
    assert payees.money() == {}


def test_what_is_cancelled_while_the_clerk_looks_for_a_provider_stays_cancelled(
    payees: Payees, asked: Redemption
) -> None:
    class Phone(dict[str, Any]):
        """A list of providers that takes its time."""

        def get(self, method: str, default: Any = None) -> Any:
            run = (payees.connection, payees.writer, "jo", asked.id)
            redemptions.cancel(*run, "jo", "too slow", payees.world.now)
            return super().get(method, default)

    payees.rounds(Phone())
    assert payees.course(asked) == ["requested", "held", "approved", "cancelled"]
    again = payees.redeem()
    asked = again
    payees.rounds(Phone(paypal=payees.bank))
    assert payees.course(again) == ["requested", "held", "approved", "cancelled"]
    assert payees.bank.asked == []


def test_a_reason_of_any_length_and_kind_is_kept(payees: Payees, asked: Redemption) -> None:
    payees.bank.answers = [Refused(reason="\0" + "🎁" * 5_000)]
    payees.rounds()
    assert 1_900 < len(payees.last(asked)) <= 2_000


def test_a_tampered_hold_is_left_for_a_person(payees: Payees, asked: Redemption) -> None:
    """The ledger says no to a settlement: nothing is retried for ever, and somebody is called."""
    from riviere.ids import request_digest, system_id
    from riviere.ledger.model import Receipt, Release
    from riviere.payouts.books import hold_id

    payees.rounds()
    hold = hold_id(asked.id)
    ids = system_id("release", hold), request_digest("release", hold)
    (given_back,) = payees.writer.write([Release(payees.world.id("jo"), *ids, payees.world.now, hold)])
    assert isinstance(given_back, Receipt)
    payees.rounds(minutes=1)
    assert "The ledger refused to book paid" in payees.last(asked)
    assert payees.rounds(days=1) == 0
    # Nobody paid: ended by a person, the release is the one that stands.
    run = (payees.connection, payees.writer, asked.id)
    assert redemptions.never_paid(*run, "olga", "stopped at the bank", payees.world.now).state == State.FAILED


def test_who_asks_for_a_redemption_that_is_not_there_is_told(payees: Payees) -> None:
    from uuid import UUID

    for call in (redemptions.approve, redemptions.reject):
        with pytest.raises(store.UnknownRedemption):
            call(payees.connection, payees.writer, UUID(int=1), "olga", "why not", payees.world.now)
    assert payees.rounds(minutes=1) == 0
