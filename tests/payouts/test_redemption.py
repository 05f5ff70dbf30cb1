"""Redemptions that go well or are taken back, and what people are shown of them."""

from datetime import timedelta

import pytest
from payees import SETTLED, Payees

from riviere.economy import people
from riviere.economy.policies import NoPolicy
from riviere.ids import BadKey
from riviere.ledger.law import Route
from riviere.ledger.refusals import KeyReused
from riviere.money import BadAmount
from riviere.payouts import redemptions
from riviere.payouts.model import OUTLOOK, State, UnknownRedemption, WrongState
from riviere.payouts.refusals import (
    NoPayoutMethod,
)

WAY_TO_PAID = ["requested", "held", "approved", "submitted", "paid"]


def test_ten_thousand_diamonds_become_money_and_every_step_is_told(payees: Payees) -> None:
    payees.creator()
    asked = payees.redeem()
    assert (asked.state, asked.receiver) == (State.APPROVED, "j…@example.com")
    wallet = payees.world.wallet("jo")
    assert (wallet.diamonds, wallet.held) == (0, 10_000_000)
    payees.rounds()
    waiting = payees.get("jo", asked.id)
    assert (waiting.state, waiting.outlook) == (State.SUBMITTED, OUTLOOK[State.SUBMITTED])
    assert payees.money() == {}
    payees.rounds(seconds=15)
    done = payees.get("jo", asked.id)
    assert payees.course(asked) == WAY_TO_PAID
    assert [step.actor for step in done.steps] == ["jo", "jo", "riviere", "riviere", "bank"]
    assert (done.gross, done.fee, done.net, done.currency) == (5_000, 85, 4_915, "USD")
    assert payees.money() == SETTLED
    assert payees.world.wallet("jo").held == 0
    assert payees.bank.asked == [(f"{asked.id.hex}-1", payees.bank.asked[0][1])]
    told = payees.told()
    assert [kind for kind, _ in told] == WAY_TO_PAID
    assert told[-1][1]["net"] == {"amount": "49.15", "currency": "USD"}
    assert (told[-1][1]["creator"], told[-1][1]["redemption"], told[-1][1]["number"]) == ("jo", str(asked.id), 5)


def test_the_routes_of_a_settlement_are_those_of_the_law(payees: Payees) -> None:
    payees.creator()
    payees.redeem()
    payees.rounds()
    payees.rounds(minutes=1)
    routes = payees.connection.execute("SELECT route FROM entry WHERE route > 20 ORDER BY route").fetchall()
    assert [row[0] for row in routes] == [
        Route.REDEEM_HOLD,
        Route.REDEEM_SETTLE,
        Route.REDEEM_FEE,
        Route.REDEEM_PAYOUT,
    ]


def test_five_percent_of_a_hundred_dollars_is_shown_before_and_ninety_five_arrive(payees: Payees) -> None:
    payees.creator(diamonds=20_000)
    payees.figure("fee", "paypal:USD", 0, 50_000)
    quote = payees.quote("jo", 20_000)
    assert (quote.gross, quote.fee, quote.net, quote.refusals) == (10_000, 500, 9_500, ())
    payees.request("jo", quote)
    payees.rounds()
    assert payees.bank.asked[0][1].amount == 9_500


def test_what_buys_no_whole_cent_stays(payees: Payees) -> None:
    payees.creator(diamonds=10_001)
    quote = payees.quote("jo", 10_001)
    assert (quote.gross, quote.diamonds, quote.left) == (5_000, 10_000_000, 1_000)
    assert quote.expires_at == payees.world.now + timedelta(minutes=15)
    payees.request("jo", quote)
    wallet = payees.world.wallet("jo")
    assert (wallet.held, wallet.diamonds) == (10_000_000, 1_000)


def test_a_quote_keeps_its_rate_and_fee_when_both_change(payees: Payees) -> None:
    payees.creator(diamonds=20_000)
    quote = payees.quote("jo", 10_000)
    payees.world.later(minutes=1)
    payees.figure("money_per_diamond", "USD", 250_000)
    payees.figure("fee", "paypal:USD", 0, 500_000)
    lower = payees.quote("jo", 10_000)
    assert (lower.gross, lower.fee) == (2_500, 1_250)
    assert lower.rate_policy != quote.rate_policy
    assert payees.world.wallet("jo").diamonds == 20_000_000
    payees.request("jo", quote)
    payees.rounds()
    payees.rounds(minutes=1)
    assert payees.money() == SETTLED


def test_the_same_request_again_answers_what_stands(payees: Payees) -> None:
    payees.creator(diamonds=20_000)
    quote, other = payees.quote("jo", 10_000), payees.quote("jo", 10_000)
    first = payees.request("jo", quote, "k")
    payees.world.later(days=3)
    assert payees.request("jo", quote, "k") == first
    with pytest.raises(KeyReused):
        payees.request("jo", other, "k")
    with pytest.raises(BadKey):
        payees.request("jo", other, "\n")
    assert payees.world.wallet("jo").held == 10_000_000


def test_two_creators_may_use_the_same_key(payees: Payees) -> None:
    payees.creator("jo")
    payees.creator("kim")
    assert payees.redeem("jo", key="k").id != payees.redeem("kim", key="k").id


def test_a_redemption_of_somebody_else_is_unknown(payees: Payees) -> None:
    payees.creator("jo")
    payees.creator("kim")
    asked = payees.redeem("jo")
    with pytest.raises(UnknownRedemption):
        payees.get("kim", asked.id)
    with pytest.raises(UnknownRedemption):
        redemptions.cancel(payees.connection, payees.writer, "kim", asked.id, "kim", "", payees.world.now)


def test_a_quote_needs_diamonds_and_a_method_with_a_fee(payees: Payees) -> None:
    payees.creator()
    with pytest.raises(BadAmount):
        payees.quote("jo", 0)
    with pytest.raises(NoPolicy):
        payees.quote("jo", 1, "pigeon")


def test_a_list_is_read_a_page_at_a_time_newest_first(payees: Payees) -> None:
    payees.creator(diamonds=60_000)
    ids = []
    for _ in range(5):
        ids.append(payees.redeem("jo", 10_000).id)
        payees.world.later(minutes=1)
    first = redemptions.listed(payees.connection, "jo", None, 2)
    second = redemptions.listed(payees.connection, "jo", (first[-1].requested_at, first[-1].id), 10)
    assert [one.id for one in first + second] == ids[::-1]


def test_somebody_forgotten_is_shown_under_a_number(payees: Payees) -> None:
    payees.creator()
    asked = payees.redeem()
    people.forget(payees.connection, "jo")
    payees.rounds()
    (kind, told), *_ = payees.told()[::-1]
    assert (kind, told["redemption"]) == ("submitted", str(asked.id))
    assert told["creator"].startswith("u_")


def test_a_creator_takes_a_redemption_back_until_a_provider_is_asked(payees: Payees) -> None:
    payees.creator()
    asked = payees.redeem()

    def cancel() -> redemptions.Redemption:
        return redemptions.cancel(
            payees.connection, payees.writer, "jo", asked.id, "jo", "changed my mind", payees.world.now
        )

    done = cancel()
    assert (done.state, done.steps[-1].reason) == (State.CANCELLED, "changed my mind")
    wallet = payees.world.wallet("jo")
    assert (wallet.diamonds, wallet.held) == (10_000_000, 0)
    assert cancel() == done
    again = payees.redeem()
    payees.rounds()
    with pytest.raises(WrongState, match="this one is submitted"):
        redemptions.cancel(payees.connection, payees.writer, "jo", again.id, "jo", "", payees.world.now)


def test_a_large_payout_waits_for_a_person(payees: Payees) -> None:
    payees.creator(diamonds=400_000)
    payees.figure("fee", "paypal:USD", 0, 0)
    exactly = payees.redeem("jo", 100_000)
    assert exactly.state == State.APPROVED
    payees.world.later(days=1)
    over = payees.redeem("jo", 100_002)
    assert (over.state, over.net) == (State.IN_REVIEW, 50_001)
    payees.rounds()
    assert payees.get("jo", over.id).state == State.IN_REVIEW
    assert [one.id for one in redemptions.to_review(payees.connection, None, 10)] == [over.id]
    run = (payees.connection, payees.writer, over.id)
    done = redemptions.approve(*run, "olga", "looks right", payees.world.now)
    assert (done.state, done.steps[-1].actor) == (State.APPROVED, "olga")
    assert redemptions.approve(*run, "olga", "looks right", payees.world.now) == done
    with pytest.raises(WrongState):
        redemptions.reject(*run, "otto", "not so fast", payees.world.now)
    payees.rounds(minutes=1)
    payees.rounds(minutes=1)
    assert payees.get("jo", over.id).state == State.PAID


def test_a_payout_that_a_person_rejects_gives_the_diamonds_back_with_the_reason(payees: Payees) -> None:
    payees.creator(diamonds=150_000)
    asked = payees.redeem("jo", 150_000)
    run = (payees.connection, payees.writer, asked.id)
    done = redemptions.reject(*run, "olga", "the gifts come from one card", payees.world.now)
    assert (done.state, done.steps[-1].reason) == (State.CANCELLED, "the gifts come from one card")
    assert payees.world.wallet("jo").diamonds == 150_000_000
    assert redemptions.reject(*run, "olga", "the gifts come from one card", payees.world.now) == done


def test_in_a_currency_without_a_figure_for_review_a_person_sees_every_payout(payees: Payees) -> None:
    payees.creator()
    payees.figure("money_per_diamond", "EUR", 400_000)
    payees.figure("fee", "paypal:EUR", 0)
    payees.figure("daily_cap", "EUR", 100_000)
    asked = payees.quote("jo", 10_000, currency="EUR")
    with pytest.raises(NoPayoutMethod, match="is paypal in USD, not paypal in EUR"):
        payees.request("jo", asked)
    payees.pay_to("jo", "jo@example.com", "EUR")
    assert payees.request("jo", asked).state == State.IN_REVIEW
