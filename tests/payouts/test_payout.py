"""What becomes of a payout with providers that fail, are slow, answer twice, forget, or do not tell the truth."""

from typing import Any

import pytest
from payees import SETTLED, Payees

from riviere.payouts import methods, redemptions, standing
from riviere.payouts.model import ASK_AGAIN, WATCHED, WITH_A_PERSON, State, WrongState
from riviere.payouts.provider import Refused, Standing, Unsure
from riviere.payouts.redemptions import Redemption
from riviere.payouts.refusals import NoPayoutMethod, PayoutsSuspended

SUBMITTED = ["requested", "held", "approved", "submitted"]


def pay_again(payees: Payees, asked: Redemption, creator: str | None = "jo", reason: str = "") -> Redemption:
    run = (payees.connection, payees.writer)
    return redemptions.pay_again(*run, creator, asked.id, creator or "olga", reason, payees.world.now)


def returned(payees: Payees, asked: Redemption) -> None:
    """Paid, and then it comes back."""
    payees.rounds()
    payees.rounds(minutes=1)
    payees.bank.says = Standing.RETURNED
    payees.rounds(days=2)
    assert payees.course(asked) == [*SUBMITTED, "paid", "returned"]


def test_a_refusal_of_the_provider_gives_the_diamonds_back_as_matured_as_they_were(
    payees: Payees, asked: Redemption
) -> None:
    payees.bank.answers = [Refused(reason="RECEIVER_UNREGISTERED")]
    payees.rounds()
    assert payees.course(asked) == [*SUBMITTED, "failed"]
    assert "RECEIVER_UNREGISTERED" in payees.last(asked)
    assert payees.world.wallet("jo").diamonds == 10_000_000
    assert payees.redeem().state == State.APPROVED
    assert payees.rounds(days=100) == 1


@pytest.mark.parametrize("words", ["lost on the way", "lost after it was taken"])
def test_an_unclear_answer_is_asked_again_by_the_same_id_with_longer_and_longer_waits(
    payees: Payees, asked: Redemption, words: str
) -> None:
    payees.bank.answers = [Unsure(reason=words) for _ in range(4)]
    payees.rounds()
    assert payees.course(asked) == SUBMITTED
    assert payees.rounds(seconds=2) == 0
    assert payees.rounds(seconds=1) == 1
    assert payees.rounds(seconds=5) == 0
    for seconds in (1, 12, 24):
        assert payees.rounds(seconds=seconds) == 1
    assert len(payees.bank.asked) == 5
    assert {batch for batch, _ in payees.bank.asked} == {f"{asked.id.hex}-1"}
    payees.rounds(minutes=1)
    assert payees.money() == SETTLED
    assert payees.course(asked) == [*SUBMITTED, "paid"]


@pytest.mark.parametrize("taken", [True, False])
def test_a_refusal_after_an_unclear_answer_is_for_a_person_to_judge(
    payees: Payees, asked: Redemption, taken: bool
) -> None:
    lost = "lost after it was taken" if taken else "lost on the way"
    payees.bank.answers = [Unsure(reason=lost), Refused(reason="VALIDATION_ERROR"), Refused(reason="VALIDATION_ERROR")]
    for _ in range(3):
        payees.rounds(hours=7)
    assert payees.course(asked) == [*SUBMITTED, "submitted"]
    assert payees.world.wallet("jo").held == 10_000_000
    attention = payees.get("jo", asked.id).attention
    assert attention is not None
    assert "VALIDATION_ERROR" in attention
    if taken:
        # By the same id it is the same payment: it is found, and settled once.
        payees.rounds(hours=7)
        payees.rounds(hours=7)
        assert payees.course(asked)[-1] == "paid"
        assert payees.money() == SETTLED
    else:
        run = (payees.connection, payees.writer, asked.id, "olga", "the bank has no such payment", payees.world.now)
        assert redemptions.never_paid(*run).state == State.FAILED
        assert payees.world.wallet("jo").diamonds == 10_000_000


def test_what_a_provider_may_have_forgotten_is_not_asked_again(payees: Payees, asked: Redemption) -> None:
    payees.bank.answers = [Unsure(reason="lost on the way")] * 2
    payees.rounds()
    payees.world.now += ASK_AGAIN
    payees.rounds()
    assert len(payees.bank.asked) == 2
    payees.rounds(seconds=30)
    assert len(payees.bank.asked) == 2
    assert payees.course(asked) == [*SUBMITTED, "submitted"]
    assert "not asked again" in payees.last(asked)
    shown = payees.get("jo", asked.id)
    assert (shown.outlook, shown.attention) == (WITH_A_PERSON, payees.last(asked))
    assert [one.id for one in redemptions.to_review(payees.connection, None, 10)] == [asked.id]
    assert payees.rounds(days=100) == 0
    assert payees.world.wallet("jo").held == 10_000_000
    # To have looked is not enough: it calls again until somebody knows.
    redemptions.attended(payees.connection, asked.id, "olga", "seen", payees.world.now)
    assert redemptions.to_review(payees.connection, None, 10) == []
    payees.rounds()
    assert [one.id for one in redemptions.to_review(payees.connection, None, 10)] == [asked.id]
    run = (payees.connection, payees.writer, asked.id)
    done = redemptions.never_paid(*run, "olga", "not in the bank's statement", payees.world.now)
    assert (done.state, done.attention) == (State.FAILED, None)
    assert payees.world.wallet("jo").diamonds == 10_000_000


def test_only_what_calls_for_a_person_is_ended_by_one(payees: Payees, asked: Redemption) -> None:
    run = (payees.connection, payees.writer, asked.id)
    with pytest.raises(WrongState):
        redemptions.never_paid(*run, "olga", "no", payees.world.now)
    payees.bank.says = None
    payees.rounds()
    with pytest.raises(WrongState):
        redemptions.never_paid(*run, "olga", "no", payees.world.now)
    with pytest.raises(WrongState):
        redemptions.attended(payees.connection, asked.id, "olga", "seen", payees.world.now)


def test_a_slow_provider_is_waited_for(payees: Payees, asked: Redemption) -> None:
    payees.bank.says = None
    payees.rounds()
    for says in (None, Standing.WAITING, Standing.WAITING):
        payees.bank.says = says
        payees.rounds(hours=6)
    payees.bank.silent = True
    payees.rounds(hours=6)
    assert payees.course(asked) == SUBMITTED
    payees.bank.silent, payees.bank.says = False, Standing.PAID
    payees.rounds(hours=6)
    assert payees.course(asked) == [*SUBMITTED, "paid"]


@pytest.mark.parametrize("says", [Standing.FAILED, Standing.RETURNED])
def test_what_was_never_paid_gives_the_diamonds_back(payees: Payees, asked: Redemption, says: Standing) -> None:
    payees.bank.says = says
    payees.rounds()
    payees.rounds(minutes=1)
    assert payees.course(asked) == [*SUBMITTED, "failed"]
    assert payees.last(asked) == f"bank: {says.upper()}, the account is closed"
    assert (payees.money(), payees.world.wallet("jo").diamonds) == ({}, 10_000_000)


@pytest.mark.parametrize("says", [Standing.PAID, Standing.FAILED, Standing.RETURNED])
@pytest.mark.parametrize("lie", [{"amount": 4_914}, {"currency": "EUR"}, {"receiver": "eve@example.com"}])
def test_an_answer_about_another_payment_moves_nothing_and_calls_a_person(
    payees: Payees, asked: Redemption, says: Standing, lie: dict[str, Any]
) -> None:
    payees.rounds()
    payees.bank.says, payees.bank.lies = says, lie
    payees.rounds(minutes=1)
    payees.rounds(hours=1)
    payees.rounds(hours=6)
    assert payees.course(asked) == [*SUBMITTED, "submitted"]
    assert "49.15 USD to j…@example.com was asked for; nothing was booked" in payees.last(asked)
    assert payees.money() == {}
    assert [one.id for one in redemptions.to_review(payees.connection, None, 10)] == [asked.id]
    payees.bank.lies, payees.bank.says = {"receiver": "JO@example.com"}, Standing.PAID
    payees.rounds(hours=6)
    assert payees.course(asked) == [*SUBMITTED, "submitted", "paid"]
    assert payees.get("jo", asked.id).attention is None


def test_two_answers_at_once_that_differ_move_nothing(
    payees: Payees, asked: Redemption, monkeypatch: pytest.MonkeyPatch
) -> None:
    payees.rounds()
    (item,) = payees.bank.batches[f"{asked.id.hex}-1"]
    paid = payees.bank.status(item)
    payees.bank.says = Standing.FAILED
    both = [paid, payees.bank.status(item)]
    monkeypatch.setattr(payees.bank, "items", lambda _: both)
    payees.rounds(minutes=1)
    assert "different things" in payees.last(asked)
    monkeypatch.setattr(payees.bank, "items", lambda _: [paid, paid])
    payees.rounds(minutes=1)
    assert payees.course(asked) == [*SUBMITTED, "submitted", "paid"]
    assert payees.money() == SETTLED


def test_a_provider_that_will_not_tell_calls_a_person(
    payees: Payees, asked: Redemption, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: str) -> list[Any]:
        raise Refused(reason="no such batch")

    payees.rounds()
    monkeypatch.setattr(payees.bank, "items", refuse)
    payees.rounds(minutes=1)
    payees.rounds(minutes=1)
    assert payees.course(asked) == [*SUBMITTED, "submitted"]
    assert "no such batch" in payees.last(asked)


@pytest.mark.parametrize("says", [Standing.RETURNED, Standing.FAILED])
def test_what_comes_back_after_it_was_paid_is_owed_in_money_and_never_diamonds(
    payees: Payees, asked: Redemption, says: Standing
) -> None:
    payees.rounds()
    payees.rounds(minutes=1)
    payees.bank.says = says
    payees.rounds(days=2)
    assert payees.course(asked) == [*SUBMITTED, "paid", "returned"]
    assert payees.money() == SETTLED | {"redeem.return": 4_915}
    wallet = payees.world.wallet("jo")
    assert (wallet.diamonds, wallet.held) == (0, 0)
    with pytest.raises(WrongState):
        redemptions.cancel(payees.connection, payees.writer, "jo", asked.id, "jo", "", payees.world.now)


def test_what_came_back_is_paid_again_to_the_corrected_address(payees: Payees, asked: Redemption) -> None:
    returned(payees, asked)
    payees.pay_to("jo", "jolene@example.org")
    payees.bank.says = Standing.PAID
    again = pay_again(payees, asked)
    assert (again.state, again.receiver, again.quote) == (State.APPROVED, "j…@example.org", asked.quote)
    assert pay_again(payees, asked) == again
    with pytest.raises(redemptions.PaidOutOnce):
        redemptions.cancel(payees.connection, payees.writer, "jo", asked.id, "jo", "", payees.world.now)
    payees.rounds()
    batch, item = payees.bank.asked[-1]
    assert (batch, item.receiver, item.amount) == (f"{asked.id.hex}-2", "jolene@example.org", 4_915)
    assert payees.money()["redeem.payout"] == 4_915
    payees.rounds(minutes=1)
    assert payees.course(asked)[5:] == ["returned", "approved", "submitted", "paid"]
    assert payees.money() == SETTLED | {"redeem.payout": 9_830, "redeem.return": 4_915}


@pytest.mark.parametrize("how", ["refused", "failed", "returned"])
def test_a_second_payment_that_fails_leaves_the_money_owed_and_a_third_may_succeed(
    payees: Payees, asked: Redemption, how: str
) -> None:
    returned(payees, asked)
    pay_again(payees, asked)
    if how == "refused":
        payees.bank.answers = [Refused(reason="blocked")]
    else:
        payees.bank.says = Standing(how)
    payees.rounds()
    payees.rounds(minutes=1)
    assert payees.course(asked)[6:] == ["approved", "submitted", "returned"]
    assert payees.money() == SETTLED | {"redeem.return": 4_915}
    payees.bank.says = Standing.PAID
    pay_again(payees, asked, None, "the bank is right again")
    payees.rounds()
    payees.rounds(minutes=1)
    assert payees.course(asked)[9:] == ["approved", "submitted", "paid"]
    payees.bank.says = Standing.RETURNED
    payees.rounds(days=2)
    assert payees.money() == SETTLED | {"redeem.payout": 9_830, "redeem.return": 9_830}


def test_the_suspended_are_paid_again_by_an_operator_only(payees: Payees, asked: Redemption) -> None:
    returned(payees, asked)
    standing.suspend(payees.connection, "jo", "olga", "under investigation", payees.world.now)
    with pytest.raises(PayoutsSuspended):
        pay_again(payees, asked)
    payees.pay_to("jo", "jo@example.com", "EUR")
    with pytest.raises(NoPayoutMethod):
        pay_again(payees, asked, None)
    payees.pay_to("jo", "jo@example.com")
    assert pay_again(payees, asked, None, "cleared").steps[-1].actor == "olga"


def test_a_provider_that_changes_its_mind_about_a_failure_calls_a_person(payees: Payees, asked: Redemption) -> None:
    payees.bank.says = Standing.FAILED
    payees.rounds()
    payees.rounds(minutes=1)
    payees.bank.says = Standing.PAID
    payees.rounds(days=1)
    payees.rounds(days=1)
    assert payees.course(asked) == [*SUBMITTED, "failed", "failed"]
    assert "after it had said otherwise; nothing was booked" in payees.last(asked)
    assert payees.money() == {}
    done = redemptions.attended(payees.connection, asked.id, "olga", "asked the bank: a mistake", payees.world.now)
    assert (done.attention, done.steps[-1].actor) == (None, "olga")
    assert redemptions.to_review(payees.connection, None, 10) == []
    assert payees.rounds(days=100) == 0


def test_what_has_ended_is_watched_for_two_months_and_then_left(payees: Payees, asked: Redemption) -> None:
    payees.rounds()
    payees.rounds(minutes=1)
    looked_at = 0
    for _ in range(100):
        looked_at += payees.rounds(days=1)
    assert looked_at == WATCHED.days
    assert payees.course(asked) == [*SUBMITTED, "paid"]


def test_without_a_provider_a_payout_waits_and_calls_a_person(payees: Payees, asked: Redemption) -> None:
    payees.rounds({})
    assert payees.course(asked) == ["requested", "held", "approved", "approved"]
    assert "no provider for payouts by paypal" in payees.last(asked)
    payees.rounds(minutes=1)
    payees.rounds(minutes=1)
    assert payees.course(asked)[-1] == "paid"
    assert payees.rounds({}, days=1) == 1
    assert payees.course(asked)[-1] == "paid"


def test_a_payout_goes_where_the_creator_wanted_it_when_they_asked(payees: Payees, asked: Redemption) -> None:
    payees.pay_to("jo", "eve@example.com")
    payees.rounds()
    assert payees.bank.asked[0][1].receiver == "jo@example.com"


def test_the_same_payout_method_again_is_no_new_version(payees: Payees) -> None:
    payees.creator()
    first = methods.method_of(payees.connection, payees.world.id("jo"))
    payees.pay_to("jo", "jo@example.com")
    assert methods.method_of(payees.connection, payees.world.id("jo")) == first
