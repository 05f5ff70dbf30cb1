"""Redemptions that are refused by themselves: each says why and what to do, and nothing moves."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from payees import Payees

from riviere.ids import BadId
from riviere.ledger.model import Order
from riviere.ledger.writer import Answer
from riviere.payouts import redemptions, standing
from riviere.payouts.model import State
from riviere.payouts.refusals import (
    BelowMinimum,
    IdentityUnverified,
    ImportNotBacked,
    NoPayoutMethod,
    NoPayoutProvider,
    NotEnoughDiamonds,
    NothingArrives,
    OverDailyCap,
    PayoutsSuspended,
    QuoteExpired,
    QuoteUsed,
    StillMaturing,
    UnknownQuote,
)


def test_nine_thousand_nine_hundred_and_ninety_nine_are_refused_and_nothing_moves(payees: Payees) -> None:
    payees.creator(diamonds=10_000)
    entries = payees.connection.execute("SELECT count(*) FROM entry").fetchone()
    quote = payees.quote("jo", 9_999)
    assert [refusal.code for refusal in quote.refusals] == ["below_minimum"]
    assert "10,000 diamonds at least, and 9,999 were asked for" in quote.refusals[0].sentence
    with pytest.raises(BelowMinimum):
        payees.request("jo", quote, "k")
    assert payees.connection.execute("SELECT count(*) FROM entry").fetchone() == entries
    (kept,) = redemptions.listed(payees.connection, "jo", None, 10)
    assert (kept.state, kept.steps[0].reason) == (State.REFUSED, quote.refusals[0].sentence)
    # Asked again under the same key, with what is enough, it goes on.
    assert payees.redeem("jo", 10_000, "k").id == kept.id
    assert payees.course(kept) == ["refused", "requested", "held", "approved"]


def refused(payees: Payees, error: type[Exception], name: str = "jo", diamonds: int = 10_000) -> str:
    """The sentence of the one reason for which a request is refused, told by the quote as well."""
    quote = payees.quote(name, diamonds)
    wallet = payees.world.wallet(name)
    with pytest.raises(error) as raised:
        payees.request(name, quote)
    assert [refusal.sentence for refusal in quote.refusals] == [str(raised.value)]
    assert payees.world.wallet(name) == wallet
    return str(raised.value)


def test_diamonds_that_have_not_matured_are_refused(payees: Payees) -> None:
    payees.creator(diamonds=4_000)
    payees.world.now -= timedelta(days=8)
    payees.earn("jo", 6_000)
    assert "0 diamonds are matured, 10,000 were asked for; gifts mature in 7 days" in refused(payees, StillMaturing)
    payees.world.later(days=8)
    assert payees.redeem().state == State.APPROVED


def test_with_no_days_of_maturity_what_came_just_now_is_redeemed(payees: Payees) -> None:
    payees.creator(diamonds=1)
    payees.world.now -= timedelta(days=8)
    payees.world.now = payees.world.later(minutes=1)
    payees.figure("maturity_days", "", 0)
    payees.earn("jo", 9_999)
    assert payees.redeem().state == State.APPROVED


def test_imported_diamonds_without_backing_are_refused(payees: Payees) -> None:
    payees.creator(diamonds=9_000)
    payees.imported("jo", 1_000)
    assert "1,000 diamonds come from imports" in refused(payees, ImportNotBacked)


def test_more_than_there_is_is_refused(payees: Payees) -> None:
    payees.creator(diamonds=10_000)
    assert "10,001 diamonds were asked for, and 10,000 are free" in refused(payees, NotEnoughDiamonds, "jo", 10_001)


def test_what_is_owed_is_not_free(payees: Payees) -> None:
    payees.creator(diamonds=10_500)
    world = payees.world
    world.viewer("mia")
    world.buy("mia", 1_000)
    world.give("mia", "jo", "rose", 1_000, key="wrong")
    world.later(days=8)
    world.reverse("mia", "wrong")
    assert world.wallet("jo").owed == 1_000_000
    refused(payees, NotEnoughDiamonds, "jo", 11_000)
    assert payees.redeem("jo", 10_500).state == State.APPROVED
    assert (world.wallet("jo").diamonds, world.wallet("jo").owed) == (0, 0)


def test_the_daily_cap_counts_the_utc_day_and_says_what_is_left(payees: Payees) -> None:
    payees.creator(diamonds=500_000)
    payees.world.now = payees.world.later(days=1).replace(hour=23, minute=50)
    first = payees.redeem("jo", 180_000)
    assert "Of 1,000.00 USD a day, 100.00 are left today (UTC), and this redeems 150.00" in refused(
        payees, OverDailyCap, "jo", 30_000
    )
    assert payees.redeem("jo", 20_000).state == State.APPROVED
    payees.world.later(minutes=20)
    assert payees.redeem("jo", 200_000).state == State.IN_REVIEW
    refused(payees, OverDailyCap, "jo", 10_000)
    assert first.state == State.IN_REVIEW


def test_what_was_cancelled_or_refused_does_not_count_against_the_cap(payees: Payees) -> None:
    payees.creator(diamonds=400_000)
    first = payees.redeem("jo", 200_000)
    redemptions.cancel(payees.connection, payees.writer, "jo", first.id, "jo", "", payees.world.now)
    refused(payees, BelowMinimum, "jo", 9_000)
    assert payees.redeem("jo", 200_000).state == State.IN_REVIEW


@pytest.mark.parametrize("state", [state for state in standing.Identity if state != standing.Identity.VERIFIED])
def test_without_a_verified_identity_nothing_is_redeemed(payees: Payees, state: standing.Identity) -> None:
    payees.creator()
    payees.verify("jo", state)
    assert state.replace("_", " ") in refused(payees, IdentityUnverified)


def test_a_new_creator_is_told_everything_that_is_missing_at_once(payees: Payees) -> None:
    payees.world.creator("new")
    codes = [refusal.code for refusal in payees.quote("new", 1).refusals]
    assert codes == [
        "identity_unverified",
        "no_payout_method",
        "below_minimum",
        "nothing_arrives",
        "not_enough_diamonds",
    ]
    with pytest.raises(IdentityUnverified):
        payees.redeem("new", 1)
    (kept,) = redemptions.listed(payees.connection, "new", None, 10)
    assert "Identity must be verified" in kept.steps[0].reason
    assert "payout method" in kept.steps[0].reason


def test_without_a_payout_method_in_the_currency_nothing_is_redeemed(payees: Payees) -> None:
    payees.creator(ready=False)
    payees.verify("jo")
    assert "is none, not paypal in USD" in refused(payees, NoPayoutMethod)


def test_a_method_without_a_provider_is_refused(payees: Payees) -> None:
    payees.creator()
    quote = payees.quote("jo", 10_000, "bank")
    with pytest.raises(NoPayoutProvider, match="choose one of paypal"):
        payees.request("jo", quote)


def test_the_suspended_are_told_why(payees: Payees) -> None:
    payees.creator()
    standing.suspend(payees.connection, "jo", "ops", "gifts from stolen cards", payees.world.now)
    assert "gifts from stolen cards" in refused(payees, PayoutsSuspended)
    standing.reinstate(payees.connection, "jo", "ops", "it was somebody else", payees.world.now)
    assert payees.redeem().state == State.APPROVED
    marks = standing.standing_of(payees.connection, payees.world.id("jo"))
    assert [(mark.state, mark.actor) for mark in marks] == [("suspended", "ops"), ("active", "ops")]


def test_a_fee_that_takes_everything_is_refused(payees: Payees) -> None:
    payees.creator()
    payees.figure("fee", "paypal:USD", 5_000, 0)
    assert payees.quote("jo", 10_000).net == 0
    refused(payees, NothingArrives)


def test_a_quote_is_good_for_fifteen_minutes_and_not_a_moment_longer(payees: Payees) -> None:
    payees.creator(diamonds=20_000)
    first, second = payees.quote("jo", 10_000), payees.quote("jo", 10_000)
    payees.world.now = first.expires_at - timedelta(microseconds=1)
    payees.request("jo", first)
    payees.world.now = first.expires_at
    with pytest.raises(QuoteExpired):
        payees.request("jo", second)


def test_a_quote_is_used_once(payees: Payees) -> None:
    payees.creator(diamonds=20_000)
    quote = payees.quote("jo", 10_000)
    first = payees.request("jo", quote)
    with pytest.raises(QuoteUsed, match=str(first.id)):
        payees.request("jo", quote)
    assert payees.world.wallet("jo").held == 10_000_000


def test_a_quote_of_somebody_else_is_as_unknown_as_one_that_never_was(payees: Payees) -> None:
    payees.creator("jo")
    payees.creator("kim")
    quote = payees.quote("kim", 10_000)
    with pytest.raises(UnknownQuote):
        payees.request("jo", quote)
    for wrong in ("q_", "u" + quote.name[1:], quote.name.upper(), "1"):
        with pytest.raises(BadId):
            redemptions.request(payees.connection, payees.writer, "jo", wrong, "k", "jo", payees.world.now)
    assert redemptions.listed(payees.connection, "jo", None, 10) == []


def test_diamonds_that_are_taken_back_between_the_check_and_the_hold_are_refused_by_the_ledger(payees: Payees) -> None:
    world = payees.world
    payees.creator(diamonds=9_000)
    world.viewer("mia")
    world.buy("mia", 1_000)
    world.give("mia", "jo", "rose", 1_000, key="wrong")
    world.later(days=8)

    class Late:
        """A writer before whom somebody undoes a gift."""

        def write(self, orders: Sequence[Order]) -> list[Answer]:
            world.reverse("mia", "wrong")
            return world.writer.write(orders)

    quote = payees.quote("jo", 10_000)
    with pytest.raises(NotEnoughDiamonds, match="10,000 diamonds were asked for, and 9,000 are free") as raised:
        redemptions.request(payees.connection, Late(), "jo", quote.name, "k", "jo", world.now)
    (kept,) = redemptions.listed(payees.connection, "jo", None, 10)
    assert [(step.state, step.reason) for step in kept.steps] == [("requested", ""), ("refused", str(raised.value))]
    # With diamonds enough it goes on, under the same key.
    world.viewer("ben")
    world.buy("ben", 2_000)
    world.give("ben", "jo", "rose", 2_000)
    world.later(days=8)
    assert payees.redeem("jo", 10_000, "k").state == State.APPROVED
