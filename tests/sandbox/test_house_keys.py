"""An idempotency key is answered as Stripe documents it: the first result again, whatever it was, for a day."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import stripe

from house_bench import Account, until

ASKED: Any = {"amount": 499, "currency": "usd", "metadata": {"a": "1", "b": "2"}}
CREATE = "payment_intents.create"


def create(account: Account, key: str, **more: Any) -> stripe.PaymentIntent:
    return account.stripe.payment_intents.create({**ASKED, **more}, {"idempotency_key": key})


def intents(account: Account, order: str) -> int:
    """How many PaymentIntents there are for an order."""
    listed = account.stripe.payment_intents.list({"limit": 100}).auto_paging_iter()
    return sum(one.to_dict()["metadata"].get("order") == order for one in listed)


def asked(account: Account, key: str) -> list[tuple[bool, int | None]]:
    """What was asked with a key: whether it was a repetition, and how it was answered."""
    return [(one["replayed"], one["status"]) for one in account.seen("asked") if one["key"] == key]


def test_the_same_key_is_answered_the_same(account: Account) -> None:
    first, again = create(account, "same"), create(account, "same")
    assert again.to_dict() == first.to_dict()
    told: Any = again.last_response
    assert told.headers["idempotent-replayed"] == "true"
    assert told.headers["original-request"] == first.last_response.request_id
    account.stripe.payment_intents.confirm(first.id, {"payment_method": "pm_card_visa"})
    assert create(account, "same").status == "requires_payment_method"
    assert asked(account, "same") == [(False, 200), (True, 200), (True, 200)]


def test_the_same_key_with_something_else_is_an_error(account: Account) -> None:
    made = create(account, "other")
    for other in ({"amount": 500}, {"metadata": {"a": "1", "b": "3"}}, {"description": "more"}):
        with pytest.raises(stripe.IdempotencyError) as refused:
            create(account, "other", **other)
        assert refused.value.http_status == 400
    with pytest.raises(stripe.IdempotencyError):
        account.stripe.payment_intents.cancel(made.id, {}, {"idempotency_key": "other"})
    with pytest.raises(stripe.IdempotencyError, match="255"):
        create(account, "k" * 256)


def test_a_declined_card_is_a_result_and_a_wrong_parameter_is_none(account: Account) -> None:
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            create(account, "declined", confirm=True, payment_method="pm_card_chargeDeclined")
    assert asked(account, "declined") == [(False, 402), (True, 402)]
    with pytest.raises(stripe.InvalidRequestError):
        create(account, "mended", amount=1)
    assert create(account, "mended").amount == 499


def test_a_500_is_kept_and_a_429_is_not(account: Account) -> None:
    account.steer("faults", operation=CREATE, kind="error", status=429)
    with pytest.raises(stripe.RateLimitError):
        create(account, "hurried", metadata={"order": "hurried"})
    assert create(account, "hurried", metadata={"order": "hurried"}).amount == 499
    account.steer("faults", operation=CREATE, kind="error")
    for _ in range(3):
        with pytest.raises(stripe.APIError):
            create(account, "broken", metadata={"order": "broken"})
    assert asked(account, "broken") == [(False, 500), (True, 500), (True, 500)]
    assert intents(account, "broken") == 0
    assert create(account, "broken, second try", metadata={"order": "broken"}).amount == 499


def test_what_failed_may_have_been_done(account: Account) -> None:
    account.steer("faults", operation=CREATE, kind="failed")
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            create(account, "done", metadata={"order": "done"})
    assert intents(account, "done") == 1


@pytest.mark.parametrize(("kind", "made"), [("lost", 1), ("dropped", 0), ("nonsense", 0)])
def test_an_answer_that_is_not_heard_is_asked_for_again(account: Account, kind: str, made: int) -> None:
    account.steer("faults", operation=CREATE, kind=kind)
    with pytest.raises((stripe.APIConnectionError, stripe.APIError)):
        create(account, kind, metadata={"order": kind})
    assert intents(account, kind) == made
    assert create(account, kind, metadata={"order": kind}).metadata["order"] == kind
    assert intents(account, kind) == 1
    assert asked(account, kind)[1][0] is (made == 1)


def test_two_at_once_are_one_and_a_conflict(account: Account) -> None:
    account.steer("faults", operation=CREATE, kind="late", milliseconds=60_000)
    with ThreadPoolExecutor(1) as elsewhere:
        first = elsewhere.submit(create, account, "twice")
        until(lambda: asked(account, "twice") == [(False, 200)], "the first to be under way")
        with pytest.raises(stripe.APIError) as refused:
            create(account, "twice")
        assert refused.value.http_status == 409
        assert refused.value.json_body["error"]["code"] == "idempotency_key_in_use"
        account.steer("faults/end")
        assert first.result().amount == 499
    assert create(account, "twice").id == first.result().id


def test_a_day_later_a_key_is_new(account: Account) -> None:
    first = create(account, "old")
    account.steer("clock", ahead=24 * 3600 - 60)
    assert create(account, "old").id == first.id
    account.steer("clock", ahead=24 * 3600)
    assert create(account, "old").id != first.id
    account.steer("clock", ahead=0)
    account.steer("keys/forget")
    assert create(account, "old").id != first.id


def test_a_repeated_payment_takes_the_money_once(account: Account) -> None:
    for _ in range(3):
        create(account, "paid", confirm=True, payment_method="pm_card_visa", metadata={"order": "paid"})
    assert intents(account, "paid") == 1
    (made,) = {one["id"]: one for one in account.stripe.charges.list({"limit": 1}).to_dict()["data"]}.values()
    assert made["metadata"]["order"] == "paid"
