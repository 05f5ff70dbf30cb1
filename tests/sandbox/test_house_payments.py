"""A payment at the stand-in goes as it goes at Stripe, as Stripe's own package sees it."""

import subprocess
import sys
from typing import Any

import pytest
import stripe

from house_bench import Account, Hook, until
from riviere.sandbox.cards import PUBLISHABLE_KEY

ASKED: Any = {
    "amount": 499,
    "currency": "usd",
    "metadata": {"order": "7"},
    "automatic_payment_methods": {"enabled": True},
}


def typed(number: str, **other: str) -> dict[str, str]:
    """What a page sends of a card."""
    card = {"number": number, "exp_month": "12", "exp_year": "2034", "cvc": "123", **other}
    return {"payment_method_data[type]": "card"} | {f"payment_method_data[card][{k}]": v for k, v in card.items()}


def test_a_page_pays_with_the_client_secret_and_no_more(account: Account, hook: Hook) -> None:
    made = account.stripe.payment_intents.create(ASKED)
    assert (made.status, made.latest_charge, made.livemode) == ("requires_payment_method", None, False)
    assert str(made.client_secret).startswith(f"{made.id}_secret_")
    paid = account.by_page(
        "POST", made.id, "/confirm", client_secret=str(made.client_secret), **typed("4242424242424242")
    )
    assert paid.headers["access-control-allow-origin"] == "*"
    assert (paid.json()["status"], paid.json()["amount"]) == ("succeeded", 499)
    assert "metadata" not in paid.json()
    assert account.by_page("GET", made.id, client_secret=str(made.client_secret)).json() == paid.json()

    found = account.stripe.payment_intents.retrieve(made.id, {"expand": ["latest_charge.balance_transaction"]})
    charge: Any = found.latest_charge
    assert (found.status, found.amount_received, found.metadata["order"]) == ("succeeded", 499, "7")
    assert (charge.status, charge.amount_captured, charge.payment_method_details.card.last4) == (
        "succeeded",
        499,
        "4242",
    )
    assert (charge.balance_transaction.amount, charge.balance_transaction.fee) == (499, 44)
    until(lambda: "payment_intent.succeeded" in hook.types(made.id), "the payment's webhook")
    assert "payment_intent.created" in hook.types(made.id)


def test_a_page_may_do_nothing_else(account: Account) -> None:
    made, other = (account.stripe.payment_intents.create(ASKED) for _ in range(2))
    for secret in ("", "guess", str(other.client_secret)):
        assert account.by_page("GET", made.id, client_secret=secret).status_code == 401
        confirmed = account.by_page("POST", made.id, "/confirm", client_secret=secret, **typed("4242424242424242"))
        assert confirmed.status_code == 401
    for step in ("/cancel", ""):
        assert account.by_page("POST", made.id, step, client_secret=str(made.client_secret)).status_code == 401
    assert account.http.get("/v1/payment_intents", params={"key": PUBLISHABLE_KEY}).status_code == 401
    assert account.http.post("/_sandbox/clock", json={"ahead": 1}).status_code == 401
    assert account.stripe.payment_intents.retrieve(made.id).status == "requires_payment_method"


@pytest.mark.parametrize(
    ("card", "code", "reason"),
    [
        ("4000000000000002", "card_declined", "generic_decline"),
        ("4000000000009995", "card_declined", "insufficient_funds"),
        ("4000000000000069", "expired_card", None),
        ("4000000000000127", "incorrect_cvc", None),
        ("4000000000000119", "processing_error", None),
        ("4111111111111111", "card_declined", "test_mode_live_card"),
    ],
)
def test_a_declined_card_says_why_and_another_may_be_tried(
    account: Account, card: str, code: str, reason: str | None
) -> None:
    made = account.stripe.payment_intents.create(ASKED)
    with pytest.raises(stripe.CardError) as declined:
        account.stripe.payment_intents.confirm(
            made.id,
            {
                "payment_method_data": {
                    "type": "card",
                    "card": {"number": card, "exp_month": 12, "exp_year": 34, "cvc": "123"},
                }
            },
        )
    assert (declined.value.http_status, declined.value.code) == (402, code)
    error: Any = declined.value.error
    assert error.decline_code == reason
    assert error.payment_intent.status == "requires_payment_method"
    found: Any = account.stripe.payment_intents.retrieve(made.id, {"expand": ["latest_charge"]})
    assert (found.last_payment_error.code, found.payment_method) == (code, None)
    assert (found.latest_charge.status, found.latest_charge.failure_code) == ("failed", code)
    again = account.stripe.payment_intents.confirm(made.id, {"payment_method": "pm_card_visa"})
    assert (again.status, again.last_payment_error) == ("succeeded", None)
    assert len(account.stripe.charges.list({"payment_intent": made.id}).data) == 2


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"number": "4242424242424241"}, "incorrect_number"),
        ({"number": "4242"}, "incorrect_number"),
        ({"exp_year": "2020"}, "invalid_expiry_year"),
        ({"exp_month": "13"}, "invalid_expiry_month"),
        ({"cvc": "12"}, "invalid_cvc"),
    ],
)
def test_a_card_that_is_mistyped_is_no_try(account: Account, wrong: dict[str, str], code: str) -> None:
    made = account.stripe.payment_intents.create(ASKED)
    said = typed(**{"number": "4242424242424242", **wrong})
    refused = account.by_page("POST", made.id, "/confirm", client_secret=str(made.client_secret), **said)
    assert (refused.status_code, refused.json()["error"]["code"]) == (402, code)
    assert account.stripe.payment_intents.retrieve(made.id).latest_charge is None


@pytest.mark.parametrize(("success", "status"), [("true", "succeeded"), ("false", "requires_payment_method")])
def test_a_bank_that_asks_is_answered_first(account: Account, success: str, status: str) -> None:
    made = account.bought("pm_card_threeDSecure2Required")
    assert (made.status, made.latest_charge) == ("requires_action", None)
    assert made.next_action is not None
    secret = str(made.client_secret)
    then = account.by_page("POST", made.id, "/_authenticate", client_secret=secret, success=success).json()
    assert (then["status"], then["next_action"]) == (status, None)
    again = account.by_page("POST", made.id, "/_authenticate", client_secret=secret, success="true")
    assert again.json()["error"]["code"] == "payment_intent_unexpected_state"


@pytest.mark.parametrize("status", ["succeeded", "failed"])
def test_a_payment_may_take_its_time(account: Account, hook: Hook, status: str) -> None:
    account.steer("slow", times=1)
    made = account.bought()
    assert (made.status, made.amount_received) == ("processing", 0)
    with pytest.raises(stripe.InvalidRequestError, match="status of processing"):
        account.stripe.payment_intents.cancel(made.id)
    account.steer(f"intents/{made.id}", status=status)
    found = account.stripe.payment_intents.retrieve(made.id)
    assert found.status == ("succeeded" if status == "succeeded" else "requires_payment_method")
    last = "payment_intent.succeeded" if status == "succeeded" else "payment_intent.payment_failed"
    until(lambda: last in hook.types(made.id), last)
    assert "payment_intent.processing" in hook.types(made.id)


def test_what_is_cancelled_or_paid_stays_so(account: Account) -> None:
    made = account.stripe.payment_intents.create(ASKED)
    gone = account.stripe.payment_intents.cancel(made.id, {"cancellation_reason": "abandoned"})
    assert (gone.status, gone.cancellation_reason) == ("canceled", "abandoned")
    assert gone.canceled_at is not None
    with pytest.raises(stripe.InvalidRequestError, match="been canceled") as refused:
        account.stripe.payment_intents.confirm(made.id, {"payment_method": "pm_card_visa"})
    assert refused.value.code == "payment_intent_unexpected_state"
    paid = account.bought()
    with pytest.raises(stripe.InvalidRequestError, match="status of succeeded"):
        account.stripe.payment_intents.cancel(paid.id)
    with pytest.raises(stripe.InvalidRequestError, match="already succeeded"):
        account.stripe.payment_intents.confirm(paid.id, {"payment_method": "pm_card_visa"})


@pytest.mark.parametrize(
    ("wrong", "param", "code"),
    [
        ({"amount": 49}, "amount", "amount_too_small"),
        ({"amount": 100_000_000}, "amount", "amount_too_large"),
        ({"amount": "4.99"}, "amount", "parameter_invalid_integer"),
        ({"currency": ""}, "currency", "parameter_missing"),
        ({"currency": "dollars"}, "currency", None),
        ({"metadata": {"k" * 41: "v"}}, f"metadata[{'k' * 40}]", None),
        ({"colour": "red"}, "colour", "parameter_unknown"),
        ({"payment_method": "pm_nobody"}, "payment_method", "resource_missing"),
        ({"payment_method_types": ["card"]}, None, None),
        ({"expand": ["colour"]}, "expand", None),
    ],
)
def test_a_wrong_parameter_is_named(account: Account, wrong: Any, param: str | None, code: str | None) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        account.stripe.payment_intents.create({**ASKED, **wrong})
    assert (refused.value.param, refused.value.code) == (param, code)
    assert refused.value.http_status in (400, 404)


def test_a_wrong_key_and_a_wrong_address_are_told(account: Account) -> None:
    wrong = account.http.get("/v1/payment_intents", headers={"authorization": "Bearer sk_test_somebody_elses_key"})
    assert wrong.status_code == 401
    assert wrong.json()["error"]["message"] == "Invalid API Key provided: sk_test_********_key"
    assert account.http.get("/v1/payment_intents").status_code == 401
    for ask in (account.stripe.prices.list, lambda: account.stripe.charges.create({"amount": 499, "currency": "usd"})):
        with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL") as nowhere:
            ask()
        assert nowhere.value.http_status == 404
    with pytest.raises(stripe.InvalidRequestError, match="No such payment_intent: 'pi_nobody'"):
        account.stripe.payment_intents.retrieve("pi_nobody")


def test_lists_are_read_a_page_at_a_time_newest_first(account: Account) -> None:
    made = [account.stripe.payment_intents.create({**ASKED, "customer": "cus_reader"}).id for _ in range(5)]
    read = account.stripe.payment_intents.list({"customer": "cus_reader", "limit": 2})
    assert [one.id for one in read.auto_paging_iter()] == made[::-1]
    back = account.stripe.payment_intents.list({"customer": "cus_reader", "limit": 2, "ending_before": made[0]})
    assert ([one.id for one in back.data], back.has_more) == ([made[2], made[1]], True)
    with pytest.raises(stripe.InvalidRequestError):
        account.stripe.payment_intents.list({"limit": 101})


def test_what_ours_does_not_answer_localstripe_does(account: Account) -> None:
    somebody = account.stripe.customers.create({"email": "viewer@example.com"})
    assert account.stripe.customers.retrieve(somebody.id).email == "viewer@example.com"


def test_riviere_itself_loads_neither_stripes_package_nor_localstripe() -> None:
    program = "import sys, riviere.cli.main, riviere.sandbox.cards; print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    loaded = set(ended.stdout.split())
    assert "riviere.sandbox.cards.house" in loaded
    assert not {"stripe", "aiohttp", "localstripe"} & loaded
