"""Money goes back: refunds and disputes at the stand-in move the same sums, and tell the same, as at Stripe."""

from itertools import pairwise
from typing import Any

import pytest
import stripe

from house_bench import Account, Hook, until


def charge_of(account: Account, paid: stripe.PaymentIntent) -> stripe.Charge:
    return account.stripe.charges.retrieve(str(paid.latest_charge))


def moved(account: Account, source: str) -> list[tuple[str, str, int, int]]:
    """What a thing has moved, oldest first: type, category, amount and fee."""
    found = account.stripe.balance_transactions.list({"source": source}).data
    return [(one.type, one.reporting_category, one.amount, one.fee) for one in reversed(found)]


def told(account: Account, about: str, kind: str) -> list[str]:
    """The types of the events about an object, oldest first."""
    listed = account.stripe.events.list({"type": kind, "limit": 100}).auto_paging_iter()
    return [one.type for one in listed if one.data.object["id"] == about][::-1]


def test_a_payment_is_given_back_in_parts_and_no_more_than_it_was(account: Account, hook: Hook) -> None:
    paid = account.bought(amount=1000)
    first = account.stripe.refunds.create(
        {"payment_intent": paid.id, "amount": 300, "reason": "requested_by_customer", "metadata": {"why": "unused"}}
    )
    assert (first.status, first.amount, first.charge, first.payment_intent) == (
        "succeeded",
        300,
        paid.latest_charge,
        paid.id,
    )
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount on charge") as refused:
        account.stripe.refunds.create({"charge": str(paid.latest_charge), "amount": 701})
    assert refused.value.param == "amount"
    rest = account.stripe.refunds.create({"charge": str(paid.latest_charge)})
    assert rest.amount == 700
    with pytest.raises(stripe.InvalidRequestError) as over:
        account.stripe.refunds.create({"charge": str(paid.latest_charge)})
    assert over.value.code == "charge_already_refunded"
    charge = charge_of(account, paid)
    assert (charge.amount_refunded, charge.refunded) == (1000, True)
    assert [one.id for one in account.stripe.refunds.list({"payment_intent": paid.id}).data] == [rest.id, first.id]
    assert account.stripe.refunds.retrieve(first.id).metadata == first.metadata
    assert moved(account, first.id) == [("refund", "refund", -300, 0)]
    assert moved(account, charge.id) == [("charge", "charge", 1000, 59)]
    until(lambda: hook.types(charge.id).count("charge.refunded") == 2, "both refunds' webhooks")


def test_what_was_never_paid_is_not_given_back(account: Account) -> None:
    made = account.stripe.payment_intents.create({"amount": 499, "currency": "usd"})
    for asked in (
        {"payment_intent": made.id},
        {"charge": "ch_nobody"},
        {},
        {"charge": "ch_1", "payment_intent": "pi_1"},
    ):
        with pytest.raises(stripe.InvalidRequestError):
            account.stripe.refunds.create(asked)
    with pytest.raises(stripe.CardError):
        account.stripe.payment_intents.confirm(made.id, {"payment_method": "pm_card_chargeDeclined"})
    with pytest.raises(stripe.InvalidRequestError, match="has not been paid"):
        account.stripe.refunds.create({"payment_intent": made.id})


def test_a_refund_may_wait_and_then_be_taken(account: Account) -> None:
    paid = account.bought("pm_card_pendingRefund")
    back = account.stripe.refunds.create({"payment_intent": paid.id})
    assert (back.status, charge_of(account, paid).amount_refunded) == ("pending", 499)
    account.steer(f"refunds/{back.id}", status="succeeded")
    assert account.stripe.refunds.retrieve(back.id).status == "succeeded"
    assert told(account, back.id, "refund.*") == ["refund.created", "refund.updated"]


@pytest.mark.parametrize("card", ["pm_card_refundFail", "pm_card_visa"])
def test_a_refund_that_succeeded_may_fail_and_the_money_comes_home(account: Account, card: str) -> None:
    paid = account.bought(card)
    back = account.stripe.refunds.create({"payment_intent": paid.id})
    assert back.status == "succeeded"
    if card == "pm_card_visa":
        account.steer(f"refunds/{back.id}", status="failed")
    found = account.stripe.refunds.retrieve(back.id)
    assert (found.status, found.failure_reason) == ("failed", "lost_or_stolen_card")
    assert moved(account, back.id) == [("refund", "refund", -499, 0), ("refund_failure", "refund_failure", 499, 0)]
    assert charge_of(account, paid).amount_refunded == 0
    assert told(account, back.id, "refund.*") == ["refund.created", "refund.updated", "refund.failed"]


def test_somebody_refunds_by_hand_at_the_dashboard(account: Account) -> None:
    paid = account.bought()
    back = account.steer("refunds", charge=paid.id, amount=100, reason="duplicate")
    (created,) = [
        one for one in account.stripe.events.list({"type": "refund.created"}) if one.data.object["id"] == back["id"]
    ]
    assert created.request is not None
    assert (created.request.id, created.data.object["amount"]) == (None, 100)


@pytest.mark.parametrize(("end", "reinstated"), [("won", [400]), ("lost", [])])
def test_a_dispute_takes_the_money_and_only_winning_gives_it_back(
    account: Account, end: str, reinstated: list[int]
) -> None:
    paid = account.bought(amount=1000)
    opened = account.steer("disputes", charge=paid.id, amount=400, reason="product_not_received")
    name, charge = opened["id"], charge_of(account, paid)
    dispute = account.stripe.disputes.retrieve(name)
    assert (dispute.status, dispute.amount, dispute.reason) == ("needs_response", 400, "product_not_received")
    assert (dispute.charge, dispute.payment_intent, charge.disputed) == (charge.id, paid.id, True)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        account.stripe.refunds.create({"payment_intent": paid.id})
    assert refused.value.code == "charge_disputed"
    account.steer(f"disputes/{name}", status="under_review")
    account.steer(f"disputes/{name}", status=end)
    withdrawn = ("adjustment", "dispute", -400, 1500)
    given = [("adjustment", "dispute_reversal", amount, 0) for amount in reinstated]
    assert moved(account, name) == [withdrawn, *given]
    words = ["created", "funds_withdrawn", "updated", *(["funds_reinstated"] if given else []), "closed"]
    assert told(account, name, "charge.dispute.*") == [f"charge.dispute.{word}" for word in words]
    shown: Any = account.stripe.disputes.retrieve(name)
    assert shown.status == end
    assert [one.net for one in shown.balance_transactions] == [-1900, *reinstated]


def test_an_inquiry_takes_no_money_until_it_is_a_dispute(account: Account) -> None:
    closed, grown = account.bought(), account.bought("pm_card_createDisputeInquiry")
    first = account.steer("disputes", charge=closed.id, inquiry=True)["id"]
    account.steer(f"disputes/{first}", status="warning_closed")
    assert moved(account, first) == []
    assert told(account, first, "charge.dispute.*") == ["charge.dispute.created", "charge.dispute.closed"]
    (second,) = account.stripe.disputes.list({"payment_intent": grown.id}).data
    assert (second.status, second.is_charge_refundable) == ("warning_needs_response", True)
    account.steer(f"disputes/{second.id}", status="needs_response")
    assert moved(account, second.id) == [("adjustment", "dispute", -499, 1500)]


@pytest.mark.parametrize(("evidence", "end"), [("winning_evidence", "won"), ("losing_evidence", "lost")])
def test_evidence_is_judged_as_in_stripes_test_mode(account: Account, evidence: str, end: str) -> None:
    paid = account.bought("pm_card_createDispute")
    (opened,) = account.stripe.disputes.list({"charge": str(paid.latest_charge)}).data
    account.stripe.disputes.update(opened.id, {"evidence": {"customer_name": "Ana"}, "submit": False})
    assert account.stripe.disputes.retrieve(opened.id).status == "needs_response"
    handed_in = account.stripe.disputes.update(opened.id, {"evidence": {"uncategorized_text": evidence}})
    assert handed_in.status == "under_review"
    assert account.stripe.disputes.retrieve(opened.id).status == end
    with pytest.raises(stripe.InvalidRequestError):
        account.stripe.disputes.update(opened.id, {"evidence": {"uncategorized_text": evidence}})


def test_a_dispute_may_be_given_in_to(account: Account) -> None:
    paid = account.bought("pm_card_createDispute")
    (opened,) = account.stripe.disputes.list({"payment_intent": paid.id}).data
    assert account.stripe.disputes.close(opened.id).status == "lost"
    with pytest.raises(stripe.InvalidRequestError):
        account.stripe.disputes.close(opened.id)


def test_a_bank_warns_of_fraud_before_anybody_disputes(account: Account) -> None:
    warned, later = account.bought("pm_card_createIssuerFraudRecord"), account.bought()
    account.steer("warnings", charge=later.id)
    listed = account.stripe.radar.early_fraud_warnings.list({"limit": 2}).data
    assert [one.payment_intent for one in listed] == [later.id, warned.id]
    assert told(account, listed[0].id, "radar.*") == ["radar.early_fraud_warning.created"]


def test_the_balance_adds_up_is_paged_and_paid_out(account: Account) -> None:
    paid = account.bought(amount=10_000)
    account.steer("balance", type="stripe_fee", amount=-25, currency="usd", description="Radar")
    everything = [*account.stripe.balance_transactions.list({"limit": 3}).auto_paging_iter()]
    assert len({one.id for one in everything}) == len(everything)
    assert all(one.created >= other.created for one, other in pairwise(everything))
    assert (everything[0].type, everything[0].reporting_category, everything[0].net) == ("stripe_fee", "fee", -25)
    balance = account.stripe.balance.retrieve()
    (pending,) = balance.pending
    assert (pending.currency, pending.amount, balance.available) == ("usd", sum(one.net for one in everything), [])

    account.steer("clock", ahead=2 * 24 * 3600)
    payout = account.steer("payouts", currency="usd")
    assert (payout["amount"], payout["status"]) == (pending.amount, "paid")
    within = account.stripe.balance_transactions.list({"payout": payout["id"], "limit": 100}).auto_paging_iter()
    by_type = {one.type: one for one in within}
    assert by_type["payout"].net == -pending.amount
    assert account.stripe.balance.retrieve().available == []
    assert account.stripe.payouts.retrieve(payout["id"]).amount == pending.amount
    found = account.stripe.balance_transactions.retrieve(by_type["charge"].id, {"expand": ["source"]})
    assert (found.status, found.source) != ("pending", None)
    account.steer("clock", ahead=0)
    assert paid.amount == 10_000
